/*
 * The roles, and how a worker of each begins: the table, the parent's end of
 * the start (fork, re-exec, gifts) and the worker's.
 */
#ifndef SERVER_ROLE_H
#define SERVER_ROLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "net/auth.h"
#include "server/layout.h"
#include "server/worker.h"
#include "server/sandbox.h"
#include "server/wire.h"

struct worker_role {
	const char *name;
	int (*run)(struct worker *w);
	enum sandbox_role sandbox;
	bool network;        /* asks auth and files */
	enum peer_kind kind; /* as what, when network */
	uint32_t protocols;  /* whose listeners it gets: 1 << enum protocol */
};
extern const struct worker_role roles[WORKER_ROLES];

/* Starts `convdropd --role NAME`; *control is the parent's end, which does not
 * block.  The pid, or -1 and errno. */
pid_t role_spawn(const struct worker_role *r, int *control);

/* The first message, then any number of gifts, then WIRE_START. */
struct role_config {
	const char *path; /* of convdrop.conf, absolute */
	int text;         /* a sealed memfd */
	size_t text_n;
	const struct account *account;
};
int role_send_config(int control, const struct role_config *c);
int role_give(
    int control, enum wire_gift what, uint32_t number, int fd, uint64_t bytes);

#endif
