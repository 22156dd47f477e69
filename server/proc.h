/*
 * The processes: one table row a role.  The parent forks and re-execs
 * `convdropd --role NAME`; the worker finds its control channel at descriptor
 * 3, is sent its configuration and descriptors over it, enters its sandbox and
 * answers WIRE_READY.
 */
#ifndef SERVER_PROC_H
#define SERVER_PROC_H

#include <stdbool.h>

/* The parent. */
int proc_run(const char *conf_path, bool check_only);
/* A worker: argv of `convdropd --role NAME`. */
int proc_worker(const char *role);

#endif
