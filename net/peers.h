/*
 * The channels of auth and files: whom the parent, or a process that may,
 * introduced by WIRE_CLIENT.  Nothing a peer does can make them wait: a peer
 * that does not read what it is sent, or sends what is no message, is ended.
 */
#ifndef NET_PEERS_H
#define NET_PEERS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "net/auth.h"
#include "net/files.h"
#include "server/wire.h"

struct peer {
	int fd;
	enum peer_kind kind;
	uint64_t number;      /* never used again */
	struct in6_addr from; /* its client's, when it serves one; or :: */
	bool in;              /* auth: that client got its login */
	bool gone;            /* closed; freed at the end of peers_wait */
	int64_t rest_ms;      /* monotonic; see peers_rest */
	void *data;           /* the owner's */
};

union wire_any {
	struct wire head;
	struct wire_plain plain;
	struct wire_client client;
	struct wire_keys keys;
	struct auth_request auth;
	struct auth_pubkey pubkey;
	struct auth_revoked revoked;
	struct auth_allow allow;
	struct files_request file;
	struct files_pull pull;
	uint8_t bytes[WIRE_MAX];
};

struct peers {
	struct peer **peer;
	size_t n, room;
	uint64_t numbers;
	/* m is a whole message, but not WIRE_CLIENT; fd, if any, is closed
	 * afterwards.  False ends the peer. */
	bool (*message)(
	    void *ctx, struct peer *p, const union wire_any *m, int fd);
	void (*closed)(void *ctx, struct peer *p);
	void *ctx;
};

/* Takes fd over; NULL (fd closed) when there are too many.  from may be NULL.
 */
struct peer *peers_add(
    struct peers *ps, int fd, enum peer_kind kind, const struct in6_addr *from);

/* To a peer; one that is gone or does not read is ended. */
void peers_send(struct peer *p, const struct wire *m, int fd);

/* It has much to say, and none of it is urgent: once all that came is handled
 * it is not heard for a moment, so that more comes at once. */
void peers_rest(struct peer *p);
/* What those who serve many clients have said by now is handled; by is being
 * heard. */
void peers_catch_up(struct peers *ps, const struct peer *by);

/* Waits for peers and for what more holds, and handles what peers say;
 * more's revents are the caller's. */
void peers_wait(struct peers *ps, struct pollfd *more, size_t n, int timeout);

void peers_free(struct peers *ps);

/* To a channel that is trusted and must not be lost, such as from auth to
 * files: waits a second or two if it must.  -1 when it is gone. */
int peers_insist(int sock, const struct wire *m, int fd);

#endif
