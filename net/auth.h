/*
 * auth: the process that knows users, password hashes and tokens.  A network
 * process asks who someone is and gets a grant: what may be done, and a handle
 * of 128 random bits that proves it to `files`.  It limits guesses per address
 * and per account for all protocols together.
 */
#ifndef NET_AUTH_H
#define NET_AUTH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include "keys/users.h"
#include "server/conf.h"
#include "server/negotiated.h"
#include "server/protocol.h"
#include "server/wire.h"

enum peer_kind {
	PEER_SSH,       /* may introduce others by WIRE_CLIENT: */
	PEER_FTP,       /* each of them its children */
	PEER_NETWORK,   /* http with all its connections */
	PEER_SSH_CHILD, /* one connection, */
	PEER_FTP_CHILD, /* introduced by who accepted it */
	PEER_KINDS
};

struct grant {
	uint8_t handle[16];
	uint32_t roles; /* enum role, ORed */
	uint32_t protocol;
	struct in6_addr from;          /* IPv4 as ::ffff:a.b.c.d */
	char user[GRANT_USER_SIZE];    /* the name, or "token:NAME" */
	uint64_t feed[FEEDS_MAX / 64]; /* a bit per conf.feed[].index */
};
bool grant_has(const struct grant *g, unsigned roles, size_t feed);

enum auth_method {
	AUTH_PASSWORD,
	AUTH_TOKEN,
	AUTH_PUBKEY_OFFER,
	AUTH_PUBKEY
};
/*
 * AUTH_PUBKEY_OFFER asks whether a key would do and gives no grant.  A peer may
 * not say that its client speaks what it does not serve; a connection's process
 * logs in once, and from where the accepting process saw its client.
 *
 * AUTH_PUBKEY comes with a proof, which auth verifies by itself (keys/proof.h):
 * libssh verified it, too, but in a process that may have been taken over.  A
 * signature that the client made for another server is no proof here.  What
 * remains: whoever takes an ssh child over can steal the host key, too; if he
 * then stands between a client and us when it logs in with a public key, he can
 * hand its signature to a child of his and be that account.
 */

#define AUTH_SECRET_MAX 2048
struct auth_request { /* WIRE_AUTH */
	struct wire head;
	uint32_t method, protocol;
	struct in6_addr from;
	uint32_t user_n, secret_n; /* bytes, NULs count */
	char user[256];
	char secret[AUTH_SECRET_MAX]; /* password, token, or public key blob */
	struct negotiated how;
};

/* Three strings of bytes, one after another. */
struct auth_proof {
	uint32_t exchange_n, message_n, signature_n, pad; /* struct proof */
	uint8_t bytes[12288]; /* a key exchange is some 3 KB, 6 KB at most */
};

struct auth_pubkey { /* WIRE_PUBKEY: AUTH_PUBKEY and no other method */
	union {
		struct wire head;
		struct auth_request ask;
	};
	struct auth_proof proof;
};

enum auth_verdict {
	AUTH_YES,
	AUTH_NO,
	AUTH_WAIT /* too many guesses: retry_s; the password was not looked at
		   */
};

struct auth_reply { /* WIRE_GRANT */
	struct wire head;
	uint32_t verdict;
	uint32_t retry_s;
	struct grant grant; /* AUTH_YES */
};

/* To the process that got the grant, when a user or token was removed or
 * changed: end its session.  Sent back to auth, it says that the grant is no
 * longer needed (a logout). */
struct auth_revoked { /* WIRE_REVOKED */
	struct wire head;
	uint8_t handle[16];
};

struct auth_allow { /* WIRE_ALLOW, auth to files; files repeats it in answer
		     * before auth sends the grant out */
	struct wire head;
	uint32_t live; /* 1 begins, 0 ends */
	uint32_t pad;
	struct grant grant;
};

/* For a process that can wait (an ssh child): asks and waits for the answer.
 * -1 when auth is gone.  A WIRE_REVOKED that arrives meanwhile is answered by
 * *revoked = true. */
int auth_ask(int sock, const struct auth_request *q, struct auth_reply *r,
    bool *revoked);

/* Waits as AUTH_WAIT asks, two seconds at most and not beyond deadline (of
 * clock_ms), so that guessing takes its time. */
void auth_hold_back(uint32_t seconds, int64_t deadline);

struct worker;
int auth_main(struct worker *w);

#endif
