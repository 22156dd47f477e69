/*
 * The line a dump travels, in its order: archived, read, merged, reported,
 * committed, audited.  The copy is written beside: what is done meanwhile goes
 * into temporary files and an open transaction, and nothing lasting is done
 * before it is in the archive.  Everything the store keeps of a dump is that
 * one transaction; the report is in place before the commit, so that whoever
 * sees the dump merged finds it.  The caller takes the dump out of the inbox
 * afterwards.
 */
#include "feed/ingest.h"

#include <errno.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "store/archive.h"
#include "server/bytes.h"
#include "feed/erase.h"
#include "feed/clockask.h"
#include "feed/intake.h"
#include "server/log.h"
#include "feed/report.h"
#include "feed/weigh.h"

/* One dump on its way. */
struct job {
	struct ingest *in;
	const struct feed *feed;
	const struct settings *source;
	const char *name;
	int fd;
	struct stat was; /* fd's, at first */
	struct dump_entry *d;
	char *settings;     /* the text that reads the archived copy again */
	char archived[65];  /* SHA-256 of the archived bytes */
	char unpacked[512]; /* where they lie when they are to be packed */
	struct archiving *archiving;
	int copy; /* without the erased; -1: it is archived as it is */
	struct report *report;
	struct intake intake;
	struct profile profile;
	struct weigh weigh;
	struct gate gate; /* why it must wait */
};

/* --- before anything else ------------------------------------------------ */

int
ingest_check_room(const struct conf *c, uint64_t bytes, struct err *e)
{
	uint64_t reserve = c->reserve_bytes, part, left;
	struct statvfs v;

	if (statvfs(c->dir, &v) == -1)
		return err_set(
		    e, "look at the disk of %s: %s", c->dir, strerror(errno));
	part = (uint64_t)v.f_blocks * v.f_frsize / 100 * c->reserve_percent;
	reserve = part < reserve ? part : reserve;
	left = (uint64_t)v.f_bavail * v.f_frsize;
	if (left >= reserve + bytes)
		return 0;
	return err_set(e,
	    "There is no room on the disk: %llu MB are free, and reserve keeps "
	    "%llu MB of them. The dump stays in the inbox until there is room.",
	    (unsigned long long)(left >> 20),
	    (unsigned long long)(reserve >> 20));
}

static json_t *
name_json(const char *name)
{
	char safe[1024];
	json_t *j = json_string(name);

	return j != NULL ? j
			 : json_string(
			       log_safe(safe, sizeof safe, name, strlen(name)));
}

static json_t *
event(const struct job *j)
{
	json_t *o = json_object();

	json_object_set_new(o, "feed", json_string(j->d->feed));
	json_object_set_new(o, "source", json_string(j->d->source));
	json_object_set_new(o, "name", name_json(j->name));
	json_object_set_new(o, "bytes", json_integer((json_int_t)j->d->bytes));
	return o;
}

static int
audit_event(const struct job *j, const char *what, json_t *o, struct err *e)
{
	return audit_add(j->in->audit, (int64_t)time(NULL), what, o, e);
}

static int
begin_copy(struct job *j, int fd, unsigned how, struct err *e)
{
	return archive_begin(&j->archiving, j->in->conf, j->feed->name,
	    how | ARCHIVE_STORABLE, fd, NULL, e);
}

static int
keep_original(struct job *j, struct err *e)
{
	j->settings = settings_text(j->source);
	if (j->source->pii == PII_HASH)
		return 0; /* its hashed records are kept instead */
	return begin_copy(j, j->fd, ARCHIVE_HASHED, e);
}

static int
keep_canonical(struct job *j, struct err *e)
{
	struct settings *s;
	int fd;

	if (j->source->pii != PII_HASH)
		return 0;
	fd = canon_end(j->intake.canon, e);
	if (fd == -1 || begin_copy(j, fd, ARCHIVE_DUMP, e) == -1)
		return -1;
	s = canon_settings(j->source, &j->intake.rules);
	free(j->settings);
	j->settings = settings_text(s);
	settings_free(s);
	return 0;
}

/* Somebody who was erased is in it: what is archived is the dump without him,
 * or nothing when it cannot be read. */
static int
keep_without(struct job *j, struct err *e)
{
	const struct sieve *s = &j->intake.sieve;
	char *text = NULL;
	bool keep;

	if (j->in->stones == NULL || j->source->pii == PII_HASH ||
	    (j->intake.status == FMT_END && s->dropped + s->changed == 0))
		return 0;
	if (erase_dump(j->in, j->source, j->fd, &j->copy, &text, &keep, e) ==
	    -1)
		return -1;
	if (keep && j->copy == -1)
		return 0;
	archive_cancel(j->archiving);
	j->archiving = NULL;
	if (!keep)
		return 0;
	free(j->settings);
	j->settings = text;
	snprintf(j->d->encoding, sizeof j->d->encoding, "utf-8");
	return begin_copy(j, j->copy, ARCHIVE_DUMP, e);
}

/* Was it written to while it was read?  Then the archived copy may be another
 * one than what was read, and neither is the dump. */
static bool
is_unchanged(const struct job *j)
{
	struct stat now;

	return fstat(j->fd, &now) == 0 && now.st_size == j->was.st_size &&
	       now.st_mtim.tv_sec == j->was.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == j->was.st_mtim.tv_nsec;
}

/* Plain and read to its end, its contents are the bytes that were dropped. */
static void
note_hash(struct job *j)
{
	const struct intake *i = &j->intake;
	bool plain = i->status == FMT_END && i->facts->compression[0] == '\0';

	snprintf(j->archived, sizeof j->archived, "%s", plain ? i->sha256 : "");
}

/* It is in the archive, and it is in the audit that it is there. */
static int
kept(struct job *j, struct err *e)
{
	struct archiving *a = j->archiving;
	bool stored;
	json_t *o;

	if (a == NULL)
		return audit_event(j, "dropped", event(j), e);
	if (archive_wait(a, j->in->breathe, j->in->ctx, &j->in->stop, e) == -1)
		return -1;
	if (!is_unchanged(j))
		return err_set(e,
		    "It was written to while it was read. It stays in the "
		    "inbox and is read again.");
	j->archiving = NULL;
	note_hash(j);
	stored = archive_is_stored(a);
	if (archive_end(a, j->d->archive, j->archived, j->name, j->d->at, e) ==
	    -1)
		return -1;
	if (stored)
		memcpy(j->unpacked, j->d->archive, sizeof j->unpacked);
	o = event(j);
	json_object_set_new(o, "archive", name_json(j->d->archive));
	json_object_set_new(o, "sha256", json_string(j->archived));
	return audit_event(j, "dropped", o, e);
}

static int
read_it(struct job *j, struct err *e)
{
	struct intake *i = &j->intake;

	i->conf = j->in->conf;
	i->settings = j->source;
	i->at = j->d->at;
	i->report = j->report;
	i->profile = &j->profile;
	i->stones = j->in->stones;
	i->want_canon = j->source->pii == PII_HASH;
	i->breathe = j->in->breathe;
	i->progress = j->in->progress;
	i->ctx = j->in->ctx;
	i->stop = &j->in->stop;
	if (store_has_variants(
		j->in->store, j->feed->name, &i->has_variants, e) == -1)
		return -1;
	if (intake_read(i, j->fd, e) == -1)
		return -1;
	profile_member(&j->profile, j->name);
	snprintf(j->d->sha256, sizeof j->d->sha256, "%s", i->sha256);
	if (i->facts != NULL && i->facts->preset != NULL)
		snprintf(
		    j->d->preset, sizeof j->d->preset, "%s", i->facts->preset);
	if (i->facts != NULL && i->facts->encoding != NULL)
		snprintf(j->d->encoding, sizeof j->d->encoding, "%s",
		    i->facts->encoding);
	return 0;
}

/* --- what becomes of it -------------------------------------------------- */

static int
begin(struct job *j, struct err *e)
{
	if (store_begin(j->in->store, e) == -1)
		return -1;
	j->in->in_transaction = true;
	return 0;
}

static void
rollback(struct job *j)
{
	if (j->in->in_transaction)
		store_rollback(j->in->store);
	j->in->in_transaction = false;
}

static int
commit(struct job *j, struct err *e)
{
	if (store_commit(j->in->store, e) == -1)
		return -1;
	j->in->in_transaction = false;
	return 0;
}

static int
write_report(struct job *j, struct err *e)
{
	struct clock_warning clock[CLOCK_CODES];
	struct report *r = j->report;
	size_t clocks;

	if (clock_ask(&j->intake, j->in->store, j->d->id, clock, &clocks, e) ==
	    -1)
		return -1;
	report_clock(r, clock, clocks);
	j->report = NULL;
	return report_write(r, j->d, j->intake.facts, e);
}

/* When something was last dropped for the feed, whatever it was, and whether it
 * is to be packed. */
static int
note_drop(struct job *j, struct err *e)
{
	char key[FEED_NAME_MAX + 16], value[32];

	if (j->unpacked[0] != '\0' &&
	    store_unpacked_add(j->in->store, j->unpacked, 0, e) == -1)
		return -1;
	snprintf(key, sizeof key, "dropped.%s", j->feed->name);
	snprintf(value, sizeof value, "%lld", (long long)time(NULL));
	return store_set(j->in->store, key, value, e);
}

static json_t *
tally_json(const struct tally *t)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "records",
	    (json_int_t)t->records, "accepted", (json_int_t)t->accepted,
	    "unchanged", (json_int_t)t->unchanged, "superseded",
	    (json_int_t)t->superseded, "skipped", (json_int_t)t->skipped,
	    "rejected", (json_int_t)t->rejected);
}

static int
audit_ingested(struct job *j, bool known, struct err *e)
{
	json_t *o = event(j);

	json_object_set_new(o, "dump", json_integer((json_int_t)j->d->id));
	json_object_set_new(o, "content_sha256", json_string(j->d->sha256));
	json_object_set_new(o, "known", json_boolean(known));
	json_object_set_new(o, "tally", tally_json(&j->d->tally));
	return audit_event(j, "ingested", o, e);
}

static int
audit_rejected(const struct job *j, struct err *e)
{
	json_t *o = event(j);

	if (j->d->id != 0)
		json_object_set_new(
		    o, "dump", json_integer((json_int_t)j->d->id));
	json_object_set_new(o, "reason", name_json(j->d->reason));
	return audit_event(j, "rejected", o, e);
}

static int
audit_held(struct job *j, bool again, struct err *e)
{
	json_t *o = event(j), *codes = json_array();

	for (size_t i = 0; i < j->gate.n; i++)
		json_array_append_new(
		    codes, json_string(j->gate.reason[i].code));
	json_object_set_new(o, "dump", json_integer((json_int_t)j->d->id));
	json_object_set_new(o, "content_sha256", json_string(j->d->sha256));
	json_object_set_new(o, "again", json_boolean(again));
	json_object_set_new(o, "reasons", codes);
	json_object_set_new(o, "reason", name_json(j->d->reason));
	return audit_event(j, "held", o, e);
}

/* Whatever was thought of single records, all of them are rejected. */
static void
say_refused(struct job *j)
{
	uint64_t records = j->intake.tally.records;

	j->d->state = DUMP_REFUSED;
	j->d->tally = (struct tally){ .records = records, .rejected = records };
	snprintf(j->d->reason, sizeof j->d->reason, "%s", j->intake.reason);
}

static int
refuse(struct job *j, struct err *e)
{
	say_refused(j);
	if (begin(j, e) == -1 ||
	    store_dump_add(j->in->store, j->d, j->settings, e) == -1 ||
	    note_drop(j, e) == -1 || write_report(j, e) == -1 ||
	    commit(j, e) == -1)
		return -1;
	return audit_rejected(j, e) == -1 ? -1 : 1;
}

/* The same bytes under the same settings change nothing (I7). */
static int
leave(struct job *j, const struct dump_entry *known, struct err *e)
{
	if (kept(j, e) == -1)
		return -1;
	*j->d = *known;
	if (note_drop(j, e) == -1)
		return -1;
	if (!report_exists(j->report) && write_report(j, e) == -1)
		return -1;
	return audit_ingested(j, true, e);
}

static int
keep_profile(struct job *j, struct err *e)
{
	char *text = profile_text(&j->profile);
	int rc = store_profile_set(j->in->store, j->d->id, text, e);

	free(text);
	return rc;
}

/* Into the open transaction; the gate is told of every order meanwhile.  The
 * ledger comes last: a page that was written early and changes again makes
 * SQLite read all it wrote behind it once more. */
static int
merge(struct job *j, struct err *e)
{
	struct store *s = j->in->store;

	if (weigh_begin(&j->weigh, j->in->conf, j->feed, s, e) == -1)
		return -1;
	if (weigh_wants_orders(&j->weigh)) {
		j->intake.merged = weigh_merged;
		j->intake.merged_ctx = &j->weigh;
	}
	if (store_dump_next(s, &j->d->id, e) == -1 ||
	    intake_merge(&j->intake, s, j->d->id, e) == -1)
		return -1;
	j->d->tally = j->intake.tally;
	j->d->state = DUMP_HELD; /* until it passed */
	if (store_dump_add(s, j->d, j->settings, e) == -1)
		return -1;
	return weigh_judge(
	    &j->weigh, j->d->source, &j->profile, s, &j->gate, e);
}

static int
pass(struct job *j, struct err *e)
{
	j->d->state = DUMP_MERGED;
	if (store_dump_set(j->in->store, j->d, e) == -1 ||
	    keep_profile(j, e) == -1 || note_drop(j, e) == -1 ||
	    write_report(j, e) == -1 || commit(j, e) == -1)
		return -1;
	return audit_ingested(j, false, e);
}

/* Nothing of it is merged.  Its tally says what would become of its records. */
static int
hold(struct job *j, struct err *e)
{
	rollback(j);
	j->d->id = 0;
	gate_text(&j->gate, j->d->reason, sizeof j->d->reason);
	if (begin(j, e) == -1 ||
	    store_dump_add(j->in->store, j->d, j->settings, e) == -1 ||
	    keep_profile(j, e) == -1 || note_drop(j, e) == -1 ||
	    write_report(j, e) == -1 || commit(j, e) == -1)
		return -1;
	return audit_held(j, false, e) == -1 ? -1 : 1;
}

/* The same bytes again, and nobody has decided yet. */
static int
wait_on(struct job *j, const struct dump_entry *held, struct err *e)
{
	if (kept(j, e) == -1)
		return -1;
	*j->d = *held;
	if (note_drop(j, e) == -1 || write_report(j, e) == -1)
		return -1;
	return audit_held(j, true, e) == -1 ? -1 : 1;
}

static int
merge_or_hold(struct job *j, struct err *e)
{
	if (begin(j, e) == -1 || merge(j, e) == -1 || kept(j, e) == -1)
		return -1;
	return j->gate.n == 0 ? pass(j, e) : hold(j, e);
}

static int
decide(struct job *j, bool *known, struct err *e)
{
	struct dump_entry before;
	int found;

	*known = false;
	if (j->intake.status != FMT_END)
		return kept(j, e) == -1 ? -1 : refuse(j, e);
	found = store_dump_known(j->in->store, j->d->feed, j->d->source,
	    j->d->sha256, j->d->fingerprint, &before, e);
	if (found == 0)
		found = store_dump_waits(j->in->store, j->d->feed, j->d->source,
		    j->d->sha256, j->d->fingerprint, &before, e);
	if (found == -1)
		return -1;
	*known = found == 1;
	if (found == 0)
		return merge_or_hold(j, e);
	return before.state == DUMP_HELD ? wait_on(j, &before, e)
					 : leave(j, &before, e);
}

/* --- the line ------------------------------------------------------------ */

void
ingest_fingerprint(char out[65], const char *text)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, strlen(text), (const uint8_t *)text);
	sha256_digest(&sha, sizeof digest, digest);
	bytes_hex(out, digest, sizeof digest);
}

static void
describe(struct job *j, int64_t at)
{
	char *text = settings_text(j->source);

	memset(j->d, 0, sizeof *j->d);
	snprintf(j->d->feed, sizeof j->d->feed, "%s", j->feed->name);
	snprintf(j->d->source, sizeof j->d->source, "%s", j->source->source);
	snprintf(j->d->name, sizeof j->d->name, "%s", j->name);
	j->d->at = at;
	if (j->fd != -1 && fstat(j->fd, &j->was) == 0)
		j->d->bytes = (uint64_t)j->was.st_size;
	ingest_fingerprint(j->d->fingerprint, text);
	free(text);
}

static void
finish(struct job *j)
{
	rollback(j);
	archive_cancel(j->archiving);
	if (j->copy != -1)
		close(j->copy);
	report_discard(j->report);
	weigh_end(&j->weigh);
	profile_close(&j->profile);
	intake_close(&j->intake);
	free(j->settings);
}

int
ingest_dump(struct ingest *in, const struct feed *f,
    const struct settings *source, const char *name, int fd, int64_t at,
    struct dump_entry *d, bool *known, struct err *e)
{
	struct job j = { .in = in,
		.feed = f,
		.source = source,
		.name = name,
		.fd = fd,
		.copy = -1,
		.d = d };
	bool ignored;
	int rc = -1;

	describe(&j, at);
	if (ingest_check_room(in->conf, j.d->bytes, e) == 0 &&
	    keep_original(&j, e) == 0 &&
	    report_open(&j.report, in->conf, f, name, e) == 0 &&
	    read_it(&j, e) == 0 && keep_canonical(&j, e) == 0 &&
	    keep_without(&j, e) == 0)
		rc = decide(&j, known == NULL ? &ignored : known, e);
	finish(&j);
	return rc;
}

int
ingest_refused(struct ingest *in, const struct feed *f,
    const struct settings *source, const char *name, int64_t at, bool out,
    const char *why, struct err *e)
{
	struct dump_entry d;
	struct job j = { .in = in,
		.feed = f,
		.source = source,
		.name = name,
		.fd = -1,
		.copy = -1,
		.d = &d };
	int rc = -1;

	describe(&j, at);
	j.settings = settings_text(source);
	snprintf(j.intake.reason, sizeof j.intake.reason, "%s", why);
	say_refused(&j);
	if (report_open(&j.report, in->conf, f, name, e) == -1)
		goto out;
	if (out)
		rc = refuse(&j, e) == -1 ? -1 : 0;
	else if (write_report(&j, e) == 0)
		rc = audit_rejected(&j, e);
out:
	finish(&j);
	return rc;
}
