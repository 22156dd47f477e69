/*
 * Messages between processes: fixed structs over SOCK_SEQPACKET, one packet
 * each, with at most one descriptor.  A packet of another length than its
 * type has, or of an unknown type, is a broken peer: -1.
 */
#ifndef SERVER_WIRE_H
#define SERVER_WIRE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_type {
	WIRE_NONE = 0,
	/* parent to any worker, and back */
	WIRE_READY,  /* worker: every listener accepts, sandbox is on */
	WIRE_DRAIN,  /* parent: accept no more, end when idle */
	WIRE_QUIET,  /* network: it accepts no more */
	WIRE_STOP,   /* parent: end at once */
	WIRE_CLIENT, /* struct wire_client, with a new peer's channel */
	WIRE_KEYS,   /* parent to auth: users in the descriptor (struct
		      * wire_keys says what); auth answers with the same */
	/* network to auth, and back */
	WIRE_AUTH,    /* struct auth_request */
	WIRE_PUBKEY,  /* struct auth_pubkey: such a request with its proof */
	WIRE_GRANT,   /* struct auth_reply */
	WIRE_REVOKED, /* struct auth_revoked: end what it allowed */
	/* auth to files */
	WIRE_ALLOW, /* struct auth_allow: a grant is live, or no longer */
	/* network to files, and back */
	WIRE_FILE,   /* struct files_request */
	WIRE_PULL,   /* struct files_pull; there is no answer */
	WIRE_OPENED, /* struct files_reply, perhaps with a descriptor */
	/* auth, files and http to ingest, one way */
	WIRE_EVENT, /* struct event */
	/* convdrop to ingest, and back */
	WIRE_COMMAND, /* struct command */
	WIRE_ANSWER,  /* struct answer */
	/* parent to a new worker, before anything else */
	WIRE_CONFIG, /* struct wire_config: the configuration's text in the
		      * descriptor, and who to be */
	WIRE_GIVE,   /* struct wire_give: one descriptor for struct worker */
	WIRE_START,  /* that was all: begin */
	/* an ftp child to the accepting process, and back */
	WIRE_PASSIVE, /* struct wire_passive; back with the listener */
	/* a connection's process to the one that accepted it */
	WIRE_IN, /* its client logged in */
	WIRE_TYPES
};

struct wire {
	uint32_t type; /* enum wire_type */
	uint32_t size; /* of the whole message, this head included */
	uint64_t id;   /* chosen by who asks, repeated by who answers */
};

/* All messages begin with a struct wire.  size must be m->size.  fd may be
 * -1; it stays the caller's.  0, or -1 with errno (EAGAIN when the socket does
 * not block and is full). */
int wire_send(int sock, const struct wire *m, int fd);

/*
 * One message into buf of size bytes (WIRE_MAX is enough for any).  *fd is the
 * descriptor that came along or -1; fd == NULL closes any.  Returns 1, 0 when
 * the peer is gone, -1 with errno (EPROTO for a broken message).
 */
#define WIRE_MAX 16384
int wire_recv(int sock, void *buf, size_t size, int *fd);

/* The length that messages of this type have; 0 for an unknown one. */
size_t wire_size(uint32_t type);

int wire_pair(int pair[2]); /* SOCK_SEQPACKET, close-on-exec */

/* What WIRE_READY, _DRAIN, _QUIET, _STOP, _IN and _START are. */
struct wire_plain {
	struct wire head;
};
int wire_send_plain(int sock, enum wire_type type);

struct wire_client { /* WIRE_CLIENT */
	struct wire head;
	uint32_t kind; /* enum peer_kind; said by the parent alone */
	uint32_t pad;
	struct in6_addr from; /* of the one client that it serves, or :: */
};
/* from may be NULL: it serves many. */
int wire_introduce(
    int sock, uint32_t kind, const struct in6_addr *from, int fd);

/* WIRE_KEYS: users and tokens follow one another in the memfd. */
struct wire_keys {
	struct wire head;
	uint64_t users_bytes, tokens_bytes;
	uint8_t sha256[32]; /* of both; what state/keys.loaded then says */
	uint32_t taken;     /* in the answer: 1 in force, 0 refused */
	uint32_t pad;
};

struct wire_config { /* WIRE_CONFIG */
	struct wire head;
	uint64_t bytes;  /* of the text */
	uint32_t change; /* 1: become uid, gid and groups */
	uint32_t uid, gid;
	uint32_t groups;   /* how many of group[] */
	uint32_t group[4]; /* supplementary */
	int32_t parent;    /* its pid: who must still be there */
	uint32_t pad;
	char path[4096]; /* of the file, absolute */
};

enum wire_gift {
	GIVE_AUTH,
	GIVE_FILES,
	GIVE_EVENTS,
	GIVE_COMMAND,
	GIVE_LISTENER, /* number: enum protocol */
	GIVE_PEM,      /* number: index in worker.pem; a memfd of bytes */
	GIVE_GIFTS
};
struct wire_give { /* WIRE_GIVE */
	struct wire head;
	uint32_t what; /* enum wire_gift */
	uint32_t number;
	uint64_t bytes;
};

struct wire_passive { /* WIRE_PASSIVE */
	struct wire head;
	uint32_t port; /* in the answer: the listener's, */
	int32_t error; /* or an errno: EADDRINUSE when all are taken */
};

#define WIRE_INIT(m, t)                                                        \
	do {                                                                   \
		memset((m), 0, sizeof *(m));                                   \
		(m)->head.type = (t);                                          \
		(m)->head.size = (uint32_t)sizeof *(m);                        \
	} while (0)

#endif
