/*
 * What files.c (the process, its channels, what is read), files_list.c
 * (folders) and files_upload.c (what is written) share.
 */
#ifndef NET_FILES_PRIVATE_H
#define NET_FILES_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include "server/event.h"
#include "net/files.h"
#include "net/peers.h"
#include "net/pool.h"
#include "server/worker.h"
#include "net/tree.h"

/* What auth allowed.  The first channel that uses it keeps it. */
struct allowed {
	struct allowed *next; /* of its bucket */
	struct grant grant;
	uint64_t peer; /* number; 0: not used yet */
};
#define BUCKETS 1024

enum upload_state {
	UPLOAD_OPEN,    /* being written, in its hidden file */
	UPLOAD_SYNCING, /* its client said that it is whole */
	UPLOAD_THERE    /* renamed into the inbox; ingest may have taken it */
};

struct upload {
	struct upload *next;
	struct allowed *by; /* NULL: its login is over, it is being synced */
	uint64_t number;
	enum upload_state state;
	int fd;     /* -1 once it is THERE */
	int dir;    /* the folder's descriptor */
	int failed; /* an errno: over a limit; its bytes are gone */
	struct tree_place place; /* what its client sees */
	char hidden[64];         /* ".upload-…" */
	char name[256];          /* THERE: as it lies in the folder */
	uint64_t inode, device;
	struct files_stat stat; /* THERE */
};

struct pulling {
	struct pulling *next;
	uint64_t number;    /* in its channel */
	int64_t untold_ms;  /* since when ingest does not know; 0: it does */
	struct event begin; /* who, what; its end repeats it */
};

/* What files keeps of a channel. */
struct channel {
	struct upload *upload;
	size_t uploads; /* those not THERE yet */
	size_t kept;    /* all of them */
	struct pulling *pulling;
	size_t pulls;
};

struct lists { /* folders that are to be read, and how many are */
	struct listing *first, *last;
	unsigned running;
	int64_t told_ms; /* that one has too many */
};

struct files {
	struct worker *worker;
	const struct conf *conf;
	struct tree tree;
	struct peers peers;
	struct events *events;
	struct pool *pool; /* syncs, and reads folders */
	struct lists lists;
	struct peer *auth; /* also in peers; NULL when gone */
	struct allowed *bucket[BUCKETS];
	uint64_t last_pull; /* from a random one on: unique over restarts */
	size_t untold;      /* pulls that ingest does not know yet */
	size_t open_uploads;
	bool draining, stop;
};

/* One request on its way to an answer. */
struct request {
	struct files *f;
	struct peer *peer;
	struct channel *channel;
	struct allowed *by;
	const struct files_request *q;
	struct files_reply r;
	int fd;     /* to be passed, and closed here */
	bool later; /* answered by itself, when a thread is done with it */
};

/* Each is an errno, 0 for success. */
int upload_create(struct request *rq);
int upload_commit(struct request *rq);
int upload_abort(struct request *rq);
int upload_rename(struct request *rq);
int upload_remove(struct request *rq);
int list_begin(struct request *rq);

/* Answers when the task is a folder's. */
bool list_done(struct files *f, struct task *t);

/* One's own upload of that place, or NULL. */
struct upload *upload_find(struct channel *c, const struct allowed *by,
    const struct tree_place *place);
struct files_stat upload_stat(const struct upload *u);
/* For reading, as long as ingest has not taken it; -1 and errno. */
int upload_open(const struct upload *u);
/* Does that entry of its folder on the disk show it already? */
bool upload_is_entry(const struct upload *u);
/* The name it is shown by in that folder, or NULL when it is in another. */
const char *upload_name_in(const struct upload *u, const char *folder);

/* The channel closed, or the login ended: what is not THERE goes. */
void upload_drop_all(
    struct files *f, struct channel *c, const struct allowed *by);
void upload_synced(struct files *f); /* takes what the pool has finished */
void upload_police(struct files *f); /* limits, once a second */
/* At start: what earlier runs left behind more than a day ago. */
void upload_tidy(const struct files *f);

/* Is the login live? */
bool files_allows(struct files *f, const uint8_t handle[16]);
struct peer *files_peer(const struct files *f, uint64_t number); /* or NULL */
void files_answer(struct peer *p, const struct files_reply *r, int fd);
struct event files_event(
    enum event_kind kind, const struct grant *g, size_t feed, const char *path);

#endif
