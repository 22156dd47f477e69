/*
 * What becomes of a dump that waits (gate.h): approved, it is read again from
 * the archive with the settings that it came with, and merged as if it had
 * passed when it came, under its own number; rejected, it stays in the ledger
 * and the archive, and is tried again when it is dropped again.
 */
#include "feed/deed.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/archive.h"
#include "feed/clockask.h"
#include "store/json_foreign.h"
#include "server/lang.h"
#include "server/log.h"
#include "store/mask.h"
#include "feed/reread.h"

struct decision {
	struct ingest *in;
	const struct feed *feed;
	const struct command *c;
	struct dump_entry d;
	char *settings; /* of the ledger */
	bool hashed;    /* only its hashed records are in the archive */
	struct report *report;
	struct reread again;
	struct profile profile; /* as it is read again */
};

/* --- the dump ------------------------------------------------------------ */

/* False: a says why there is nothing to decide. */
static bool
find_held(struct decision *x, struct answer *a)
{
	struct err e = ERR_EMPTY;
	long long n = (long long)x->c->dump;
	int found =
	    store_dump_get(x->in->store, x->c->dump, &x->d, &x->settings, &e);

	if (found == -1)
		snprintf(a->text, sizeof a->text, "%s", e.text);
	else if (found == 0 || strcmp(x->d.feed, x->feed->name) != 0)
		snprintf(a->text, sizeof a->text,
		    _("The feed %s has no dump %lld. \"convdrop dumps %s\" "
		      "lists those it has."),
		    x->feed->name, n, x->feed->name);
	else if (x->d.state != DUMP_HELD)
		snprintf(a->text, sizeof a->text,
		    _("Dump %lld does not wait: it is %s."), n,
		    dump_state_name(x->d.state));
	else
		return true;
	return false;
}

static json_t *
event(const struct decision *x)
{
	json_t *o = json_object();

	json_object_set_new(o, "feed", json_string(x->d.feed));
	json_object_set_new(o, "source", json_string(x->d.source));
	json_object_set_new(o, "name", json_foreign(x->d.name));
	json_object_set_new(o, "dump", json_integer((json_int_t)x->d.id));
	json_object_set_new(o, "content_sha256", json_string(x->d.sha256));
	json_object_set_new(o, "actor", json_foreign(x->c->actor));
	json_object_set_new(o, "reason", json_foreign(x->c->reason));
	json_object_set_new(o, "held_for", json_foreign(x->d.reason));
	return o;
}

static int
open_report(struct decision *x, struct err *e)
{
	return report_open(&x->report, x->in->conf, x->feed, x->d.name, e);
}

/* Once more what is wrong with its times, unless only hashes are left of it. */
static int
report_times(struct decision *x, struct err *e)
{
	struct clock_warning clock[CLOCK_CODES];
	size_t clocks;

	if (x->again.in.profile == NULL)
		return 0;
	if (clock_ask(&x->again.in, x->in->store, x->d.id, clock, &clocks, e) ==
	    -1)
		return -1;
	report_clock(x->report, clock, clocks);
	return 0;
}

static int
write_report(struct decision *x, struct err *e)
{
	struct report *r = x->report;

	x->report = NULL;
	return report_write(r, &x->d, x->again.in.facts, e);
}

static int
begin(struct decision *x, struct err *e)
{
	if (store_begin(x->in->store, e) == -1)
		return -1;
	x->in->in_transaction = true;
	return 0;
}

/* The audit first: what happened must be in it. */
static int
commit(struct decision *x, const char *what, json_t *o, struct err *e)
{
	if (audit_add(x->in->audit, (int64_t)time(NULL), what, o, e) == -1 ||
	    store_commit(x->in->store, e) == -1)
		return -1;
	x->in->in_transaction = false;
	return 0;
}

static void
finish(struct decision *x)
{
	if (x->in->in_transaction)
		store_rollback(x->in->store);
	x->in->in_transaction = false;
	report_discard(x->report);
	profile_close(&x->profile);
	reread_close(&x->again);
	free(x->settings);
}

/* --- approved ------------------------------------------------------------ */

static int
note_pii(struct decision *x, struct err *e)
{
	struct settings *s = NULL;

	if (settings_parse(&s, x->settings) != FMT_OK)
		return err_set(e, "the ledger's settings cannot be read");
	x->hashed = s->pii == PII_HASH;
	settings_free(s);
	return 0;
}

/* What was read when it came, or what is left of it in the archive. */
static int
read_again(struct decision *x, struct err *e)
{
	struct intake *in = &x->again.in;
	int fd = archive_open(x->in->conf, x->d.archive, e), rc;

	if (fd == -1)
		return -1;
	in->stones = x->in->stones;
	in->report = x->hashed ? NULL : x->report;
	in->profile = x->hashed ? NULL : &x->profile;
	in->breathe = x->in->breathe;
	in->ctx = x->in->ctx;
	in->stop = &x->in->stop;
	rc = store_has_variants(
	    x->in->store, x->feed->name, &in->has_variants, e);
	if (rc == 0 && x->hashed)
		rc = report_take_over(x->report, x->d.id, e);
	if (rc == 0)
		rc = reread_read(
		    &x->again, x->in->conf, &x->d, x->settings, fd, e);
	close(fd);
	return rc;
}

static int
approve(struct decision *x, struct err *e)
{
	json_t *o = event(x);
	int rc = -1;

	if (ingest_check_room(x->in->conf, x->d.bytes, e) == -1 ||
	    note_pii(x, e) == -1 || open_report(x, e) == -1 ||
	    read_again(x, e) == -1 || begin(x, e) == -1 ||
	    reread_merge_below(
		&x->again, x->in->store, x->in->conf, &x->d, e) == -1 ||
	    (x->hashed && reread_count_rest(x->in->store, &x->d, e) == -1))
		goto out;
	x->d.state = DUMP_MERGED;
	x->d.reason[0] = '\0';
	if (store_dump_set(x->in->store, &x->d, e) == 0 &&
	    report_times(x, e) == 0 && write_report(x, e) == 0)
		rc = commit(x, "approved", json_incref(o), e);
out:
	json_decref(o);
	return rc;
}

static void
say_taken(const struct decision *x, struct answer *a)
{
	const struct tally *t = &x->d.tally;
	char name[512];

	mask_name(name, sizeof name, x->d.name);
	log_info("%s: %s: dump %lld was approved by %s", x->feed->name, name,
	    (long long)x->d.id, x->c->actor);
	a->status = 0;
	snprintf(a->text, sizeof a->text,
	    ngettext("Dump %lld was taken: %llu record, %llu accepted, %llu "
		     "unchanged, %llu superseded, %llu skipped, %llu rejected.",
		"Dump %lld was taken: %llu records, %llu accepted, %llu "
		"unchanged, %llu superseded, %llu skipped, %llu rejected.",
		t->records),
	    (long long)x->d.id, (unsigned long long)t->records,
	    (unsigned long long)t->accepted, (unsigned long long)t->unchanged,
	    (unsigned long long)t->superseded, (unsigned long long)t->skipped,
	    (unsigned long long)t->rejected);
}

bool
deed_approve(struct ingest *in, const struct feed *f, const struct command *c,
    struct answer *a)
{
	struct decision x = {
		.in = in, .feed = f, .c = c, .again = REREAD_EMPTY
	};
	struct err e = ERR_EMPTY;
	bool done = false;

	if (f != NULL && find_held(&x, a)) {
		done = approve(&x, &e) == 0;
		if (done)
			say_taken(&x, a);
		else
			snprintf(a->text, sizeof a->text,
			    _("Dump %lld could not be taken and still waits: "
			      "%s. If its copy in the archive is gone, reject "
			      "it and drop the file again."),
			    (long long)x.d.id, e.text);
	}
	finish(&x);
	return done;
}

/* --- rejected ------------------------------------------------------------ */

/* What fills its room may end within a character. */
static void
cut_character(char *s, size_t size)
{
	size_t n = strlen(s);

	if (n + 1 < size)
		return;
	while (n > 0 && ((unsigned char)s[n - 1] & 0xc0) == 0x80)
		n--;
	s[n - (n > 0)] = '\0';
}

/* Its reason in the ledger: who, why, and what it had waited for. */
static void
say_rejected(struct decision *x)
{
	char *held_for = mem_string(x->d.reason), why[512];
	uint64_t records = x->d.tally.records;

	x->d.state = DUMP_REFUSED;
	x->d.tally = (struct tally){ .records = records, .rejected = records };
	log_safe(why, sizeof why, x->c->reason, strlen(x->c->reason));
	snprintf(x->d.reason, sizeof x->d.reason,
	    _("Rejected by %s: %s. It had waited for this: %s"), x->c->actor,
	    why, held_for);
	cut_character(x->d.reason, sizeof x->d.reason);
	free(held_for);
}

static int
reject(struct decision *x, struct err *e)
{
	json_t *o = event(x);
	int rc = -1;

	say_rejected(x);
	if (open_report(x, e) == 0 &&
	    report_take_over(x->report, x->d.id, e) == 0 && begin(x, e) == 0 &&
	    store_dump_set(x->in->store, &x->d, e) == 0 &&
	    write_report(x, e) == 0)
		rc = commit(x, "rejected", json_incref(o), e);
	json_decref(o);
	return rc;
}

bool
deed_reject(struct ingest *in, const struct feed *f, const struct command *c,
    struct answer *a)
{
	struct decision x = {
		.in = in, .feed = f, .c = c, .again = REREAD_EMPTY
	};
	struct err e = ERR_EMPTY;

	if (f != NULL && find_held(&x, a)) {
		if (reject(&x, &e) == 0) {
			a->status = 0;
			snprintf(a->text, sizeof a->text,
			    _("Dump %lld was rejected; nothing of it was "
			      "taken. Dropped again it is tried again."),
			    (long long)x.d.id);
		} else {
			snprintf(a->text, sizeof a->text,
			    _("Dump %lld could not be rejected and still "
			      "waits: %s"),
			    (long long)x.d.id, e.text);
		}
	}
	finish(&x);
	return false;
}
