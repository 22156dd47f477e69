/*
 * A worker: one process with one role, and what its parent gave it.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <stddef.h>
#include <stdint.h>
#include "server/conf.h"

enum role_id {
	WORKER_AUTH,
	WORKER_FILES,
	WORKER_INGEST,
	WORKER_HTTP,
	WORKER_SSH,
	WORKER_FTP,
	WORKER_ROLES
};

struct listener {
	int fd;            /* listening, non-blocking, close-on-exec */
	uint32_t protocol; /* enum protocol */
};

/* What a worker has when its main begins; -1 and NULL where not for it. */
struct worker {
	enum role_id role;
	const struct conf *conf;
	int control; /* to the parent: WIRE_DRAIN, _STOP, _CLIENT, _KEYS */
	int auth;    /* http, ssh, ftp: channel to auth; auth: to files is
		      * `files` */
	int files;   /* http, ssh, ftp, auth: channel to files */
	int events;  /* auth, files: write; ingest: read */
	int command; /* ingest: listening Unix socket state/control */
	struct listener listener[64];
	size_t listeners;
	char *pem[4]; /* ssh: host keys by enum hostkey_type; http, ftp: [0]
		       * chain, [1] key.  Wiped by the worker once loaded.
		       * auth: the public halves of the host keys, blobs. */
	size_t pem_n[4];
};

/* A session without a request may be ended then, when draining. */
#define DRAIN_IDLE_MS 2000

/* Tells the parent that the worker accepts, and that it does no more. */
void worker_ready(const struct worker *w);
void worker_quiet(const struct worker *w);

/* Keys and certificates are loaded: pem is wiped and gone. */
void worker_wipe_pem(struct worker *w);

#endif
