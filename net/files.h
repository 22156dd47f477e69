/*
 * files: the process that opens things for the network side.  It honours only
 * handles that auth announced (WIRE_ALLOW), within that grant, and passes
 * descriptors.  Paths are the client's: "/main/conversions.csv",
 * "/inbox/main/deals.csv" (see tree.h).
 *
 * An upload lies in a hidden file until it is committed.  Within its channel
 * and grant it stays visible: STAT answers its size even after ingest took it,
 * LIST of an inbox shows one's own uploads only, RENAME works on them alone.
 */
#ifndef NET_FILES_H
#define NET_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include "net/auth.h"
#include "server/wire.h"

enum files_op {
	FILES_STAT,
	FILES_OPEN,   /* a file to read: descriptor */
	FILES_LIST,   /* a folder: a memfd of struct files_entry, at most
		       * FILES_LIST_MAX of them */
	FILES_CREATE, /* an upload begins: descriptor to write, upload id;
		       * truncates one's own upload of that name */
	FILES_COMMIT, /* it ended well: upload id */
	FILES_ABORT,  /* it broke off: upload id; the bytes are removed */
	FILES_RENAME, /* one's own upload; path to path2 */
	FILES_REMOVE, /* one's own upload, as long as ingest has not taken it */
	FILES_PULL_END, /* bytes delivered, complete or not */
	FILES_PULL_AT   /* bytes delivered so far: for the audit, if whoever
			 * pulls or serves it is killed.  Every FILES_AT_MS,
			 * while they grow */
};
#define FILES_AT_MS 2000
#define FILES_LIST_MAX 65536

/* As the id of a request: nobody waits for an answer, and there is none. */
#define FILES_UNANSWERED UINT64_MAX

#define FILES_PATH_MAX 1024

struct files_request { /* WIRE_FILE */
	struct wire head;
	uint8_t handle[16];
	uint32_t op;
	uint32_t complete; /* PULL_END: the whole of it was delivered */
	uint64_t number;   /* upload or pull id */
	uint64_t bytes;    /* PULL_END, _AT: delivered */
	uint64_t first;    /* OPEN: from which byte, if known, up to the end */
	char path[FILES_PATH_MAX]; /* terminated */
	char path2[FILES_PATH_MAX];
};

/*
 * http opens published files itself and tells of each pull what FILES_OPEN,
 * _PULL_AT and _PULL_END would.  It does so thousands of times a second: files
 * lets more of them come for a moment, and tells ingest of a pull that ended
 * meanwhile as a whole.
 */
enum files_pull_step {
	PULL_BEGINS,
	PULL_IS_AT,
	PULL_ENDS
};

struct files_pull { /* WIRE_PULL */
	struct wire head;
	uint8_t handle[16]; /* BEGINS; it may be over before the pull is */
	uint32_t step;
	uint32_t complete; /* ENDS: the whole of it was delivered */
	uint64_t number;   /* of the pull, chosen by who tells */
	uint64_t bytes;    /* IS_AT, ENDS: delivered */
	/* BEGINS: the version, and the part of it */
	int64_t mtime;
	uint64_t size, first, asked;
	uint32_t encoded; /* it is the sidecar, as the file's encoding */
	uint32_t pad;
	char path[FEED_NAME_MAX + 1 + 256]; /* terminated */
};

struct files_stat {
	uint64_t size;
	int64_t mtime; /* whole Unix seconds */
	uint32_t is_dir;
	uint32_t writable;
};

struct files_reply { /* WIRE_OPENED */
	struct wire head;
	int32_t error; /* 0 or an errno: ENOENT, EACCES, EEXIST, ENOSPC … */
	uint32_t entries; /* LIST */
	uint32_t cut;     /* LIST: the folder has more than these */
	uint32_t pad;
	uint64_t number; /* CREATE: upload id.  OPEN of a published file: a
			  * pull id, to be ended by PULL_END; else 0 */
	struct files_stat stat;
};

struct files_entry {
	struct files_stat stat;
	char name[256];
};

/* For a process that can wait: one request and its answer.  -1 when files is
 * gone; else 0, and r->error says.  *fd is -1 or the caller's. */
int files_ask(
    int sock, const struct files_request *q, struct files_reply *r, int *fd);

/*
 * What a protocol does for the audit of pulls: it asks FILES_OPEN before the
 * first byte goes out (the answer's number is the pull; or tells PULL_BEGINS),
 * FILES_PULL_AT while it lasts, FILES_PULL_END with the bytes that were
 * delivered and whether it was complete, also when its client vanished or it is
 * told to drain.  A pull that is never ended is recorded as incomplete, with
 * the bytes that the last FILES_PULL_AT said, when its channel closes, and at
 * the next start when the daemon was killed.
 */

struct worker;
int files_main(struct worker *w);

#endif
