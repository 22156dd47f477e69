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
	struct negotiated how;
};

/*
 * Passwords wait for their hash in lanes.  While many are wrong, those of
 * strangers go to a lane that takes little of a busy processor; whoever was
 * right from there lately finds the other one free.
 */
enum lane_id {
	LANE_QUICK,
	LANE_SLOW,
	LANES
};
struct login; /* a password that waits for its hash */
struct lane {
	struct pool *pool;
	struct login *first, **last; /* the queue before the pool */
	size_t waiting;
};
extern const struct lane_rule {
	size_t threads;
	int niceness;
} lane_rules[LANES];

/* Wrong logins of everybody, in this and the last stretch of time. */
struct flood {
	int64_t since_ms;
	unsigned now, before;
};

/* What was right lately: a keyed hash of it and nothing else. */
#define SEEN_MAX 4096
struct seen {
	uint8_t mac[32];
	int64_t until_ms; /* 0: free */
};

struct auth {
	struct worker *worker;
	const struct conf *conf;
	struct peers peers;
	struct events *events;
	struct outbox
	    to_files; /* files may be behind, and we with its answers */
	struct limit *limit;
	struct lane lane[LANES];
	struct flood flood;
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
	bool draining, stop, broken;
};

/* Does the peer serve one client?  Then it logs in once, from where the
 * accepting process said that its client is. */
bool auth_serves_one(const struct peer *p);

/* A request, with its proof if it is one by key; false when it is no request at
 * all. */
bool auth_login(struct auth *a, struct peer *p, const struct auth_request *q);
int auth_login_open(struct auth *a);  /* the lanes; -1: no threads */
void auth_login_done(struct auth *a); /* takes what the pools finished */
void auth_login_close(struct auth *a);

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
