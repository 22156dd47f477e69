/*
 * One pass over a dump: every record is put into its bucket here or handed to
 * the merge through the sorter; what is refused goes to the report as it
 * comes.  Memory does not grow with the dump.
 */
#include "feed/intake.h"
#include "server/bytes.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/errors.h"
#include "server/lang.h"
#include "store/merge.h"
#include "feed/unpack.h"

#define SORT_BYTES (16U << 20)
#define BREATH 2048 /* records between two breaths */

/* Called by the thread that reads ahead. */
static ssize_t
read_dump(void *ctx, void *buf, size_t n)
{
	struct intake *in = ctx;
	ssize_t k;

	do {
		k = read(in->fd, buf, n);
	} while (k == -1 && errno == EINTR);
	if (k > 0)
		atomic_fetch_add(&in->done, (uint64_t)k);
	return k;
}

static ssize_t
read_dump_at(void *ctx, void *buf, size_t n, uint64_t at)
{
	struct intake *in = ctx;
	ssize_t k;

	do
		k = pread(in->fd, buf, n, (off_t)at);
	while (k == -1 && errno == EINTR);
	return k;
}

static int
breathe(struct intake *in, struct err *e)
{
	if (++in->breaths % BREATH != 0)
		return 0;
	if (in->breathe != NULL)
		in->breathe(in->ctx);
	if (in->progress != NULL)
		in->progress(in->ctx, atomic_load(&in->done), in->bytes);
	if (in->stop != NULL && *in->stop)
		return err_set(e, "interrupted; it is read again later");
	return 0;
}

/* --- records ------------------------------------------------------------- */

static int
tell(struct intake *in, unsigned long line, bool row, const struct problem *p,
    const struct slice *cell, size_t cells, struct err *e)
{
	if (in->report != NULL &&
	    report_problem(in->report, line, row, p, cell, cells, e) == -1)
		return -1;
	return in->refused == NULL
		   ? 0
		   : in->refused(in->refused_ctx, line, row, p, cell, cells, e);
}

static int
report_record(struct intake *in, const struct record *r, struct err *e)
{
	size_t n = r->problems.n;

	for (size_t i = 0; i < n; i++) {
		bool row = r->verdict == VERDICT_REJECT && i + 1 == n;

		if (tell(in, r->line, row, &r->problems.p[i], r->cell, r->cells,
			e) == -1)
			return -1;
	}
	return 0;
}

static int
report_date(
    struct intake *in, const struct record *r, enum reject why, struct err *e)
{
	struct problem p = {
		.reject = why, .field = FIELD_CREATE_DATE_TIME, .cell = SIZE_MAX
	};

	return in->refuses_dates && in->refused != NULL
		   ? in->refused(in->refused_ctx, r->line, true, &p, r->cell,
			 r->cells, e)
		   : 0;
}

static enum same_id
choose_same_id(const struct settings *s, const struct dump_facts *facts)
{
	if (s->same_id != SAME_ID_PRESET)
		return s->same_id;
	return facts->same_id == SAME_ID_PRESET ? SAME_ID_LAST : facts->same_id;
}

void
intake_see_columns(struct merge_rules *r, const struct dump_facts *facts)
{
	r->has_status = facts->has_status && facts->kind == RECORD_ORDER;
}

void
intake_rules(struct merge_rules *r, const struct settings *s,
    const struct dump_facts *facts, int64_t now)
{
	bool order = facts->kind == RECORD_ORDER;
	bool contact = facts->kind == RECORD_CONTACT;

	*r = (struct merge_rules){ .kind = facts->kind,
		.feed = s->feed,
		.source = s->source,
		.now = now,
		.same_id = choose_same_id(s, facts),
		.has_status = facts->has_status && order,
		.skip_known = s->skip_known,
		.any_identifier = s->any_identifier,
		.joins_clients = facts->joins_clients,
		/* the hashed copy that a rebuild reads has it in the ids */
		.prefix =
		    contact || s->pii == PII_HASH ? 0 : strlen(s->id_prefix) };
}

/* May the merge refuse it for its id?  A number may be another's variant once
 * one with zeros was seen, here or before; which came first decides. */
static bool
is_doubtful_id(struct intake *in, struct slice id)
{
	size_t prefix = in->rules.prefix;
	char buf[VARIANT_MAX];

	if (variant_canonical(buf, id, prefix).n > 0)
		in->has_variants = true;
	else if (!in->has_variants || !variant_is_plain(id, prefix))
		return false;
	return true;
}

/* May the merge refuse it: for want of something, for its id? */
static bool
is_doubtful(struct intake *in, const struct conv *c)
{
	return is_doubtful_id(in, conv_text(c, FIELD_ID)) ||
	       merge_wants(&in->rules, c) != REJECT_NONE;
}

static int
to_merge(struct intake *in, const struct record *r, struct err *e)
{
	struct merge_record m = { .line = r->line,
		.auto_id = r->auto_id,
		.skip_status = r->skip_status,
		.prefix = in->rules.prefix };

	arena_reset(&in->arena);
	m.conv = conv_pack(&in->arena, &r->conv);
	if ((in->report != NULL || in->refused != NULL) &&
	    is_doubtful(in, &r->conv))
		m.cells = report_pack_cells(&in->arena, r->cell, r->cells);
	if (in->canon != NULL &&
	    canon_add(in->canon, &r->conv, r->auto_id, e) == -1)
		return -1;
	return store_merge_add(
	    in->sorter, &m, conv_text(&r->conv, FIELD_ID), e);
}

static bool
is_too_old(const struct intake *in, const struct record *r)
{
	int64_t created = r->conv.number[FIELD_CREATE_DATE_TIME];

	return r->verdict == VERDICT_TAKE && created != CONV_NONE &&
	       created < in->oldest;
}

static int
take_record(struct intake *in, const struct record *r, struct err *e)
{
	int64_t created = r->conv.number[FIELD_CREATE_DATE_TIME];

	if (in->stones != NULL && sieve_drops(&in->sieve, r)) {
		in->tally.records++;
		in->tally.skipped++;
		in->tally.erased++;
		return 0;
	}
	if (in->shown != NULL) {
		in->tally.records++;
		return in->shown(in->shown_ctx, r, is_too_old(in, r), e);
	}
	if (r->verdict == VERDICT_TAKE && created > in->at)
		clock_see(&in->clock, in->at, created, in->facts, r->cell,
		    r->cells, in->source == NULL ? in->counter : in->source);
	in->tally.records++;
	if (in->report != NULL)
		report_see(in->report, r->line, r->cell, r->cells);
	if (report_record(in, r, e) == -1)
		return -1;
	if (r->verdict == VERDICT_REJECT) {
		in->tally.rejected++;
		return 0;
	}
	if (r->verdict == VERDICT_SKIP && !r->skip_status) {
		in->tally.skipped++;
		return 0;
	}
	if (in->profile != NULL)
		profile_see(in->profile, &r->conv);
	if (is_too_old(in, r)) {
		in->tally.skipped++;
		in->tally.too_old++;
		return report_date(in, r, REJECT_DATE_OLD, e);
	}
	if (created != CONV_NONE && created > in->at &&
	    report_date(in, r, REJECT_DATE_FUTURE, e) == -1)
		return -1;
	return to_merge(in, r, e);
}

/* --- the dump ------------------------------------------------------------ */

static int
refuse(struct intake *in, enum fmt_status st, struct err *e)
{
	size_t n;

	in->status = st;
	if (st == FMT_IO)
		return err_set(e, "read it: %s", strerror(errno));
	if (st == FMT_MISSING_COLUMN && in->facts != NULL &&
	    in->facts->missing != NULL)
		snprintf(in->reason, sizeof in->reason, _("%s Missing: %s."),
		    fmt_status_text(st), in->facts->missing);
	else if (st == FMT_DAMAGED && in->facts != NULL)
		snprintf(in->reason, sizeof in->reason,
		    _("%s Damaged are %lu of %lu records."),
		    fmt_status_text(st), in->facts->damaged,
		    in->facts->records);
	else
		snprintf(
		    in->reason, sizeof in->reason, "%s", fmt_status_text(st));
	if (st == FMT_PIPELINES)
		dump_pipelines(in->reason, sizeof in->reason, in->facts);
	n = strlen(in->reason);
	snprintf(in->reason + n, sizeof in->reason - n, " (%s)",
	    error_of_status(st)->code);
	return 0;
}

static void
open_profile(struct intake *in)
{
	const struct feed *f = conf_feed(in->conf, in->settings->feed);

	if (in->profile != NULL)
		profile_open(in->profile, in->at,
		    f == NULL ? 0 : (int64_t)f->hold.future_minutes * 60,
		    in->counter, in->source);
}

static void
end_profile(struct intake *in)
{
	struct profile *p = in->profile;

	if (p == NULL)
		return;
	profile_columns(p, in->facts, in->settings->pii == PII_HASH);
	p->records = in->tally.records;
	p->skipped = in->tally.skipped;
	p->rejected = in->tally.rejected;
	p->too_old = in->tally.too_old;
	p->values_dropped = in->tally.values_dropped;
}

static int
read_records(struct intake *in, struct err *e)
{
	struct record *r;
	enum fmt_status st;

	while ((st = dump_next(in->dump, &r)) == FMT_OK) {
		intake_see_columns(&in->rules, in->facts);
		int rc = take_record(in, r, e);

		if (rc == 1)
			break;
		if (rc == -1 || breathe(in, e) == -1) {
			err_add(e, "line %lu", r->line);
			return -1;
		}
	}
	in->facts = dump_facts(in->dump);
	in->tally.values_dropped = in->facts->values_dropped;
	in->tally.other_currency = in->facts->other_currency;
	in->tally.cleared = in->sieve.changed;
	in->status = st;
	if (st == FMT_OK)
		return 0;
	if (st != FMT_END)
		return refuse(in, st, e);
	assert(in->tally.records == in->facts->records);
	end_profile(in);
	return sorter_sort(in->sorter, e);
}

/* A zone remembers what it was asked last, so each thread has its own. */
static int
open_zones(struct intake *in, struct err *e)
{
	const struct settings *s = in->settings;

	if (conf_zone(&in->counter, s->zone, e) == -1 ||
	    conf_zone(&in->its_counter, s->zone, e) == -1)
		return -1;
	if (s->source_zone[0] == '\0')
		return 0;
	return conf_zone(&in->source, s->source_zone, e) == -1
		   ? -1
		   : conf_zone(&in->its_source, s->source_zone, e);
}

static void
note_sha256(struct intake *in)
{
	uint8_t digest[32];

	dump_sha256(in->dump, digest);
	bytes_hex(in->sha256, digest, sizeof digest);
}

/* Rows created before are too old for any of the feed's outputs. */
static int64_t
oldest(const struct intake *in)
{
	unsigned days = in->settings->window_days;

	if (in->settings->any_age || in->facts == NULL ||
	    in->facts->kind == RECORD_CONTACT)
		return INT64_MIN;
	return zone_midnight(in->counter, in->at, -(int)days);
}

/* A workbook is archived in gzip, and may be dropped so; it is read as what it
 * unpacks to. */
static int
open_input(struct intake *in, int fd, const char *dir, enum fmt_status *status,
    struct err *e)
{
	struct unpack_how how = { .limits = &in->settings->limits,
		.dir = dir,
		.breathe = in->breathe,
		.ctx = in->ctx,
		.stop = in->stop };
	struct stat size;

	if (unpack_gzip(&in->unpacked, fd, &how, status, e) == -1)
		return -1;
	in->has_unpacked = in->unpacked != -1;
	in->fd = in->has_unpacked ? in->unpacked : fd;
	in->bytes = fstat(in->fd, &size) == 0 ? (uint64_t)size.st_size : 0;
	in->input = (struct input){ .read = read_dump,
		.ctx = in,
		.read_at = read_dump_at,
		.size = in->bytes,
		.ahead = true,
		.to_its_end = in->shown == NULL };
	if (lseek(in->fd, 0, SEEK_SET) == -1)
		return err_set(e, "read it: %s", strerror(errno));
	return 0;
}

int
intake_read(struct intake *in, int fd, struct err *e)
{
	const char *dir = in->dir;
	char state[PATH_MAX];
	enum fmt_status st;

	if (dir == NULL) {
		conf_path(state, in->conf, "state", NULL);
		dir = state;
	}
	if (open_zones(in, e) == -1 ||
	    sorter_open(&in->sorter, dir, SORT_BYTES, e) == -1 ||
	    (in->want_canon && canon_open(&in->canon, dir, e) == -1))
		return -1;
	if (open_input(in, fd, dir, &st, e) == -1)
		return -1;
	if (st == FMT_OK)
		st = dump_open(&in->dump, &in->input, in->settings,
		    in->its_counter, in->its_source);
	in->facts = in->dump == NULL ? NULL : dump_facts(in->dump);
	if (st != FMT_OK)
		return refuse(in, st, e);
	if (in->stones != NULL)
		sieve_attach(&in->sieve, in->stones, in->settings, in->dump);
	in->oldest = oldest(in);
	open_profile(in);
	intake_rules(&in->rules, in->settings, in->facts, in->at);
	in->same_id = in->rules.same_id;
	if (in->report != NULL && report_begin(in->report, in->facts,
				      in->settings->pii == PII_HASH, e) == -1)
		return -1;
	if (read_records(in, e) == -1)
		return -1;
	if (in->status == FMT_END)
		note_sha256(in);
	return 0;
}

/* --- the merge ----------------------------------------------------------- */

static void
rejected(void *ctx, const struct merge_record *r, enum reject why)
{
	struct intake *in = ctx;
	struct problem p = { .reject = why,
		.field = merge_field(why),
		.cell = SIZE_MAX,
		.value = r->known };
	struct slice *cell;
	size_t cells;

	if (in->report_error.text[0] != '\0' ||
	    (in->report == NULL && in->refused == NULL))
		return;
	arena_reset(&in->arena);
	cell = report_unpack_cells(&in->arena, r->cells, &cells);
	tell(in, r->line, true, &p, cell, cells, &in->report_error);
}

static void
breathe_merge(void *ctx)
{
	struct intake *in = ctx;

	if (in->breathe != NULL)
		in->breathe(in->ctx);
}

static void
merged(void *ctx, const struct merge_order *was, const struct merge_order *is)
{
	struct intake *in = ctx;

	clock_see_order(&in->clock, was, is);
	if (in->merged != NULL)
		in->merged(in->merged_ctx, was, is);
}

int
intake_merge(struct intake *in, struct store *s, int64_t dump, struct err *e)
{
	struct tally *t = &in->tally;

	in->rules.dump = dump;
	in->rules.rejected = rejected;
	in->rules.breathe = breathe_merge;
	in->rules.ctx = in;
	in->rules.merged = merged;
	in->rules.merged_ctx = in;
	in->rules.dry = in->dry;
	in->rules.again = in->again;
	in->rules.each_step = in->settings->each_step;
	if (store_merge(s, in->sorter, &in->rules, t, e) == -1)
		return -1;
	if (in->report_error.text[0] != '\0')
		return err_set(e, "%s", in->report_error.text);
	assert(t->records == t->accepted + t->unchanged + t->superseded +
				 t->skipped + t->rejected);
	return 0;
}

void
intake_close(struct intake *in)
{
	dump_close(in->dump);
	sieve_free(&in->sieve);
	sorter_close(in->sorter);
	canon_close(in->canon);
	zone_free(in->counter);
	zone_free(in->source);
	zone_free(in->its_counter);
	zone_free(in->its_source);
	arena_free(&in->arena);
	if (in->has_unpacked)
		close(in->unpacked);
}
