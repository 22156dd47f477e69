/*
 * What each process may do, from one table: Landlock paths, seccomp, rlimits,
 * no new privileges, no core dumps.  Degrades with one log line where the
 * kernel lacks something.
 */
#ifndef SERVER_SANDBOX_H
#define SERVER_SANDBOX_H

#include <stdbool.h>
#include "server/conf.h"
#include "server/err.h"

enum sandbox_role {
	SANDBOX_AUTH,
	SANDBOX_FILES,
	SANDBOX_INGEST,
	SANDBOX_HTTP,
	SANDBOX_SSH,       /* the accepting process */
	SANDBOX_SSH_CHILD, /* opens nothing at all */
	SANDBOX_FTP,       /* accepts, and makes listeners for its children */
	SANDBOX_FTP_CHILD, /* opens nothing at all */
	SANDBOX_ROLES
};

/* For good.  Everything the process needs besides is open already. */
int sandbox_enter(enum sandbox_role r, const struct conf *c, struct err *e);

/* The same in two steps, for who has threads.  They are begun between them: one
 * that was there before the first would go where the process may not (Landlock
 * is the calling thread's, and of those it begins); the second takes from all
 * threads, and none can be begun any more. */
int sandbox_paths(enum sandbox_role r, const struct conf *c, struct err *e);
int sandbox_calls(enum sandbox_role r, struct err *e);

#endif
