/*
 * The instance's folders, and whose they are: one table.
 *
 * Without accounts of their own (not started as root, or none configured) all
 * workers are one user, and only missing folders are made.  With accounts the
 * parent gives every folder its owner, group and mode at each start.
 */
#ifndef SERVER_LAYOUT_H
#define SERVER_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "server/conf.h"
#include "server/err.h"
#include "server/worker.h"

struct account {
	bool change; /* the worker becomes this user */
	uid_t uid;
	gid_t gid;
	gid_t group[4]; /* supplementary */
	size_t groups;
};

/* By enum role_id.  An account that does not exist is an error. */
int layout_accounts(
    struct account out[WORKER_ROLES], const struct conf *c, struct err *e);

int layout_prepare(const struct conf *c,
    const struct account account[WORKER_ROLES], struct err *e);

#endif
