/*
 * What auth.c (the process, grants, keys) and auth_login.c (who somebody is)
 * share.
 */
#ifndef NET_AUTH_PRIVATE_H
#define NET_AUTH_PRIVATE_H

#include <nettle/hmac.h>
#include <stdbool.h>
#include <stdint.h>
#include "keys/token.h"
#include "keys/users.h"
#include "net/auth.h"
#include "server/event.h"
#include "net/limit.h"
#include "net/outbox.h"
#include "net/peers.h"
#include "net/pool.h"
#include "server/worker.h"

/* A grant that is out, or that files has yet to acknowledge. */
struct live {
	struct live *next;
	struct grant grant;
	struct peer *peer;
	uint64_t ask;   /* the request it answers */
	uint64_t allow; /* the message that told files */
	bool announced; /* files knows it, the peer has it */
};

#define HASHERS 2 /* threads */

/* What was right lately: a keyed hash of it and nothing else. */
#define SEEN_MAX 4096
struct seen {
	uint8_t mac[32];
	int64_t until_ms; /* 0: free */
};

struct login; /* a password that waits for its hash */

struct auth {
	struct worker *worker;
	const struct conf *conf;
	struct peers peers;
	struct events *events;
	struct outbox
	    to_files; /* files may be behind, and we with its answers */
	struct limit *limit;
	struct pool *pool;
	struct users *users;
	struct tokens *tokens;
	uint64_t epoch; /* the reading of users and tokens; 0: none yet */
	struct live *live;
	size_t lives;
	uint64_t allows;
	struct wire_keys answer; /* owed to the parent after keys_allow */
	uint64_t keys_allow;     /* 0: none owed */
	struct hmac_sha256_ctx mac;
	struct seen seen[SEEN_MAX];
	struct login *first, **last; /* the queue before the pool */
	size_t waiting;
	bool draining, stop, broken;
};

/* A request; false when it is no request at all. */
bool auth_login(struct auth *a, struct peer *p, const struct auth_request *q);
void auth_login_done(struct auth *a);   /* takes what the pool has finished */
void auth_login_forget(struct auth *a); /* at the end */

/* What auth_login decides on: a fresh grant, or a refusal. */
struct identity {
	const char *name; /* "direct", "token:main" */
	unsigned roles;
	char *const *feed; /* "*" alone is all */
};
void auth_grant(struct auth *a, struct peer *p, const struct auth_request *q,
    const struct identity *who);
void auth_reply_to(
    struct peer *p, uint64_t ask, enum auth_verdict verdict, unsigned retry_s);

/* Was this (of this kind) noted within its time?  Notes it when note_ms > 0. */
bool auth_seen(struct auth *a, char kind, struct slice one, struct slice two,
    int64_t note_ms);

#endif
