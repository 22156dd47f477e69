/*
 * The audit: audit/YYYY-MM.jsonl, a JSON object a line, each with the SHA-256
 * of the line before it without its line break ("prev"; the first line of a
 * month carries on from the month before, the very first has 64 zeros).
 * Appended under a lock, synced, by ingest and by convdrop.  When the clock
 * went back over the turn of a month, the newest month goes on.
 *
 * An event that put a file into the archive has "archive", its path, and
 * "sha256", that of the bytes as dropped or as published; a later "expired"
 * event with the same "archive" says that it is gone on purpose.  An "erased"
 * event says that a person was taken out of it: "before" is the SHA-256 it had
 * until then, "sha256" the one it has now, or "into" and "into_sha256" what is
 * there in its stead; without either it is gone.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"

struct audit;

int audit_open(struct audit **out, const struct conf *c, struct err *e);
void audit_close(struct audit *a);

/*
 * event is one of design 6's words ("dropped", "pulled" …); fields is a JSON
 * object that becomes part of the line, and is consumed.  The line begins
 * {"time":"2026-11-22T09:15:00Z","event":"…", and ends with "prev".  A line cut
 * short by a crash is completed by a "recovered" event that names its length.
 */
int audit_add(struct audit *a, int64_t at, const char *event, json_t *fields,
    struct err *e);

/* Many small events may share one sync: audit_add syncs unless held.  From the
 * first of them until it is held no more everybody else waits who has one. */
void audit_hold(struct audit *a, bool hold);
int audit_sync(struct audit *a, struct err *e);

/* Removes months that ended more than keep_audit_days ago (archive_purge calls
 * it). */
int audit_purge(struct audit *a, int64_t now, struct err *e);

struct audit_finding {
	const char *file;
	unsigned long line; /* 0: an archived file, not a line */
	const char *text;
};
/* Checks the chain, and every archived file that an event names against its
 * hash; what expired or was erased with an event is no finding. */
int audit_verify(const struct conf *c,
    void (*found)(void *ctx, const struct audit_finding *f), void *ctx,
    uint64_t *lines, uint64_t *files, struct err *e);

/* The greatest "heard" of its lines: the number of an event of the network side
 * (spool.h), which are written in their order.  0: there is none. */
int audit_heard(const struct conf *c, uint64_t *out, struct err *e);

/* Lines whose fields match: each word is KEY=VALUE or a substring. */
int audit_log(const struct conf *c, const char *const *word, size_t words,
    void (*each)(void *ctx, const char *line), void *ctx, struct err *e);

#endif
