/*
 * ingest: the process that owns inbox, store, published files, reports,
 * archive and audit; it has no network.  ingest_dump is the one place that
 * knows the order of the line a dump travels.
 */
#ifndef FEED_INGEST_H
#define FEED_INGEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "formats/settings.h"
#include "store/audit.h"
#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"
#include "server/wire.h"

struct ingest {
	const struct conf *conf;
	struct store *store;
	struct audit *audit;
	void (*breathe)(void *ctx); /* called now and then in long work */
	void *ctx;
	void (*progress)(void *ctx, uint64_t done, uint64_t bytes);
	/* The archive that could not be taken to its end: it is kept, and so
	 * many of its members were taken; neither is done again
	 * (ingest_file). */
	struct half {
		bool kept;
		dev_t dev;
		ino_t ino;
		struct timespec changed;
		size_t members;
	} half;
	/* Who was erased; NULL: nobody (erase.h). */
	struct tombstones *stones;
	bool stop;           /* set while it breathes: come back soon, -1 */
	bool in_transaction; /* the store is not to be written by breathe */
};

/* 0: merged, or known already (*known, may be NULL); 1: refused, or held until
 * somebody approves it (*known: as an earlier dump that waits), and d->reason
 * says why, in plain words; -1: the world is bad, the dump stays where it is.
 * Killed anywhere and run again, it comes to the same. */
int ingest_dump(struct ingest *in, const struct feed *f,
    const struct settings *source, const char *name, int fd, int64_t at,
    struct dump_entry *d, bool *known, struct err *e);

/* Of settings_text (I7). */
void ingest_fingerprint(char out[65], const char *text);

/* Would so many bytes leave free what reserve_bytes and reserve_percent keep?
 * -1 when not. */
int ingest_check_room(const struct conf *c, uint64_t bytes, struct err *e);

/*
 * A file as it was dropped: the dump that it is, or every dump in the zip
 * archive that it is, in order of name, as "archive.zip/member.csv".  done is
 * told of each that was read.  0: the file is finished with; -1: the world is
 * bad, and it stays where it is.
 */
typedef void ingest_done(
    void *ctx, const char *name, const struct dump_entry *d, bool known);
int ingest_file(struct ingest *in, const struct feed *feed,
    const struct settings *source, const char *name, int fd, int64_t at,
    ingest_done *done, void *ctx, struct err *e);

/* Something in the inbox that was not opened (watch.h): a report and the audit
 * say so, and the ledger when it is out of the inbox. */
int ingest_refused(struct ingest *in, const struct feed *f,
    const struct settings *source, const char *name, int64_t at, bool out,
    const char *why, struct err *e);

/* convdrop to the running ingest, over state/control. */
enum command_op {
	COMMAND_PUBLISH,
	COMMAND_SYNC, /* answers when all that was settled is published */
	COMMAND_APPROVE,
	COMMAND_REJECT,
	COMMAND_WITHDRAW,
	COMMAND_REPROCESS,
	COMMAND_ORDER,
	COMMAND_ERASE,
	COMMAND_OPS
};
struct command { /* WIRE_COMMAND */
	struct wire head;
	uint32_t op;
	uint32_t force, touch, pad;
	int64_t dump;                 /* of approve, reject, withdraw */
	char argument[4096];          /* the deed's own (deed.h); a text */
	char feed[FEED_NAME_MAX + 1]; /* "" where it is about all feeds */
	char reason[256];
	char actor[64];
};
struct answer { /* WIRE_ANSWER */
	struct wire head;
	int32_t status; /* the exit status convdrop ends with */
	uint32_t pad;
	char text[4096];
};

/* What keeps ingest from working at the moment, one line; "" when nothing.  In
 * a file of its own, written in place, for the disk may be full. */
#define TROUBLE_BYTES 1024
void trouble_read(const struct conf *c, char out[TROUBLE_BYTES]);
void trouble_write(const struct conf *c, const char *text);

struct worker;
int ingest_main(struct worker *w);

#endif
