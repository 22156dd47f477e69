/*
 * A generation: one configuration with its keys and sockets, and the workers
 * that run under it.  A reload starts a new one beside the old, which drains.
 *
 *      generation_read → generation_listen → generation_start → … → _free
 */
#ifndef SERVER_GENERATION_H
#define SERVER_GENERATION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "server/conf.h"
#include "server/err.h"
#include "server/keyset.h"
#include "server/layout.h"
#include "server/listen.h"
#include "server/worker.h"
#include "server/wire.h"

struct child {
	pid_t pid;         /* 0: none */
	int control;       /* -1 once closed */
	bool ready, quiet; /* it accepts; it was told to drain, and does not */
	uint64_t keys;     /* auth: the reading it last took */
	int64_t started_ms;
	int64_t again_ms; /* to be started then; 0: not */
	unsigned deaths;  /* one soon after the other */
};

enum generation_state {
	GEN_STARTING,
	GEN_LIVE,
	GEN_RETIRING
};

struct generation {
	struct generation *next;
	enum generation_state state;
	int64_t deadline_ms;        /* STARTING: ready; RETIRING: gone */
	int64_t ingest_deadline_ms; /* 0: not told to stop */
	struct conf *conf;
	char *path; /* of convdrop.conf, absolute */
	int text;   /* sealed memfd */
	size_t text_n;
	struct account account[WORKER_ROLES];
	struct pem_keys hostkeys, hostkey_halves, certificate;
	struct listening listening;
	struct child child[WORKER_ROLES];
};

/* What all generations share. */
struct shared {
	int events[2]; /* [0] is ingest's */
	int command;   /* state/control, listening */
	struct login_keys logins;
};

/* Configuration, accounts, and the keys of the services that are on. */
int generation_read(struct generation **out, const char *path, struct err *e);
int generation_listen(
    struct generation *g, const struct generation *old, struct err *e);
void generation_free(struct generation *g); /* NULL is fine */

/* All workers but ingest. */
int generation_start(struct generation *g, const struct shared *s,
    int64_t now_ms, struct err *e);
/* One of http, ssh (with new channels to the others) or ingest. */
int generation_spawn(struct generation *g, enum role_id role,
    const struct shared *s, int64_t now_ms, struct err *e);

bool generation_wants(const struct generation *g, enum role_id role);
bool generation_ready(const struct generation *g); /* all but ingest */
bool generation_quiet(const struct generation *g); /* accepts nobody */
bool generation_empty(const struct generation *g); /* no process left */

/* WIRE_DRAIN or _STOP; nothing when it does not run. */
void generation_tell(
    struct generation *g, enum role_id role, enum wire_type type);
void generation_kill(struct generation *g, enum role_id role);
int generation_send_keys(struct generation *g, const struct shared *s);

#endif
