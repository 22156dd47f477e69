/*
 * A dump is withdrawn, or dumps are read once more with today's settings
 * (revise.h).  Until the commit nothing is changed, and whoever stops or kills
 * it before has changed nothing.
 */
#include "feed/deed.h"

#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "store/json_foreign.h"
#include "server/lang.h"
#include "server/log.h"
#include "feed/report_stage.h"
#include "feed/restate.h"
#include "feed/revise.h"

struct revising {
	struct ingest *in;
	const struct command *c;
	struct answer *a;
	char dir[PATH_MAX];
	int64_t *dump;
	struct revise_how how;
	struct revise_tally tally;
	struct act act;
};

/* --- what was asked ------------------------------------------------------- */

/* "12 13 14", or "since 1795348800", or nothing for all. */
static void
read_dumps(struct revising *x)
{
	const char *p = x->c->argument;
	char *end;

	if (strncmp(p, "since ", 6) == 0) {
		x->how.since = strtoll(p + 6, NULL, 10);
		return;
	}
	x->dump = mem_alloc((strlen(p) / 2 + 1) * sizeof *x->dump);
	for (; *p != '\0'; p = end) {
		x->dump[x->how.dumps] = strtoll(p, &end, 10);
		if (end == p)
			break;
		x->how.dumps++;
	}
	x->how.dump = x->dump;
}

static void
begin(struct revising *x, struct ingest *in, const struct feed *f,
    const struct command *c, struct answer *a)
{
	memset(x, 0, sizeof *x);
	x->in = in;
	x->c = c;
	x->a = a;
	conf_path(x->dir, in->conf, "state", NULL);
	x->how = (struct revise_how){ .conf = in->conf,
		.feed = f,
		.store = in->store,
		.now = (int64_t)time(NULL),
		.reports = true,
		.dir = x->dir,
		.breathe = in->breathe,
		.ctx = in->ctx,
		.stop = &in->stop };
	if (c->op == COMMAND_WITHDRAW)
		x->how.withdraw = c->dump;
	else
		read_dumps(x);
	snprintf(x->act.op, sizeof x->act.op, "%s",
	    c->op == COMMAND_WITHDRAW ? "withdraw" : "reprocess");
	snprintf(x->act.actor, sizeof x->act.actor, "%s", c->actor);
	snprintf(x->act.reason, sizeof x->act.reason, "%s", c->reason);
}

/* Beside the store, and once more in its journal. */
static int
check_room(const struct revising *x, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;
	uint64_t bytes;
	struct err full = ERR_EMPTY;

	conf_path(path, x->in->conf, "state", "store.db", NULL);
	bytes = stat(path, &st) == 0 ? (uint64_t)st.st_size * 2 : 0;
	if (ingest_check_room(x->in->conf, bytes, &full) == 0)
		return 0;
	return err_set(e,
	    _("There is no room on the disk for the orders of the feed beside "
	      "the ones that are there: %llu MB must be free above what "
	      "reserve keeps."),
	    (unsigned long long)(bytes >> 20) + 1);
}

/* --- what is said --------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3)))
say(struct revising *x, const char *format, ...)
{
	size_t n = strlen(x->a->text);
	va_list ap;

	if (n > 0 && n + 1 < sizeof x->a->text)
		x->a->text[n++] = '\n';
	va_start(ap, format);
	vsnprintf(x->a->text + n, sizeof x->a->text - n, format, ap);
	va_end(ap);
}

static void
say_records(struct revising *x)
{
	const struct revise_tally *t = &x->tally;
	const uint64_t *n = t->fate;

	if (n[REVISE_GONE] > t->gone_pulled)
		say(x,
		    ngettext(
			"Gone, for no completed pull carried it: %llu record.",
			"Gone, for no completed pull carried them: %llu "
			"records.",
			n[REVISE_GONE] - t->gone_pulled),
		    (unsigned long long)(n[REVISE_GONE] - t->gone_pulled));
	if (t->gone_pulled > 0)
		say(x,
		    ngettext("Gone, although a completed pull carried it: %llu "
			     "contact, call or chat. Its file has no status "
			     "that would tell the destination; what it took of "
			     "it stays there.",
			"Gone, although a completed pull carried them: %llu "
			"contacts, calls or chats. Their files have no status "
			"that would tell the destination; what it took of them "
			"stays there.",
			t->gone_pulled),
		    (unsigned long long)t->gone_pulled);
	if (n[REVISE_CANCELLED] > 0)
		say(x,
		    ngettext("Published as CANCELLED until it leaves the "
			     "window, for a completed pull carried it: %llu "
			     "order. A goal that Direct has counted already "
			     "may not be taken back.",
			"Published as CANCELLED until they leave the window, "
			"for a completed pull carried them: %llu orders. Goals "
			"that Direct has counted already may not be taken "
			"back.",
			n[REVISE_CANCELLED]),
		    (unsigned long long)n[REVISE_CANCELLED]);
	if (n[REVISE_CHANGED] > 0)
		say(x,
		    ngettext("With other values than before: %llu record.",
			"With other values than before: %llu records.",
			n[REVISE_CHANGED]),
		    (unsigned long long)n[REVISE_CHANGED]);
	if (n[REVISE_NEW] > 0)
		say(x,
		    ngettext("New: %llu record.", "New: %llu records.",
			n[REVISE_NEW]),
		    (unsigned long long)n[REVISE_NEW]);
	if (t->dates_kept > 0)
		say(x,
		    _("Creation times that stay as Direct has them, for a "
		      "completed pull carried them: %llu."),
		    (unsigned long long)t->dates_kept);
	if (t->kept > 0)
		say(x,
		    ngettext("As it was, for only dumps whose archived copy is "
			     "past its time had it: %llu record.",
			"As they were, for only dumps whose archived copy is "
			"past its time had them: %llu records.",
			t->kept),
		    (unsigned long long)t->kept);
}

static void
say_dumps(struct revising *x)
{
	const struct revise_tally *t = &x->tally;

	if (x->how.withdraw != 0) {
		say(x, _("Dump %lld is withdrawn."),
		    (long long)x->how.withdraw);
		return;
	}
	say(x,
	    ngettext("Read once more with today's settings: %llu dump; the "
		     "settings of %llu of them have not changed.",
		"Read once more with today's settings: %llu dumps; the "
		"settings of %llu of them have not changed.",
		t->read),
	    (unsigned long long)t->read, (unsigned long long)t->same);
	if (t->hashed > 0)
		say(x,
		    _("Of %llu of them the archive has only hashed records: "
		      "statuses, columns, times and prefixes stay as they "
		      "were mapped when they were dropped."),
		    (unsigned long long)t->hashed);
	if (t->orphans > 0)
		say(x,
		    _("Dumps that stay as they were, for their source is no "
		      "longer in the configuration: %llu (source %s)."),
		    (unsigned long long)t->orphans, t->orphan);
}

static json_t *
event(const struct revising *x)
{
	const struct revise_tally *t = &x->tally;
	json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I,"
			      " s:I}",
	    "feed", x->act.feed, "op", x->act.op, "actor",
	    json_foreign(x->act.actor), "reason", json_foreign(x->act.reason),
	    "act", (json_int_t)x->act.id, "gone",
	    (json_int_t)t->fate[REVISE_GONE], "cancelled",
	    (json_int_t)t->fate[REVISE_CANCELLED], "changed",
	    (json_int_t)t->fate[REVISE_CHANGED], "new",
	    (json_int_t)t->fate[REVISE_NEW], "dates_kept",
	    (json_int_t)t->dates_kept);

	if (x->how.withdraw != 0)
		json_object_set_new(
		    o, "dump", json_integer((json_int_t)x->how.withdraw));
	else
		json_object_set_new(
		    o, "dumps", json_integer((json_int_t)t->read));
	return o;
}

/* --- doing it ------------------------------------------------------------- */

/* The report says so too. */
static int
report_withdrawn(const struct revising *x, struct err *e)
{
	struct dump_entry d;

	if (x->how.withdraw == 0)
		return 0;
	return store_dump_get(x->in->store, x->how.withdraw, &d, NULL, e) == -1
		   ? -1
		   : restate_withdrawn(x->in->conf, x->how.feed, &d, e);
}

static int
settle(struct revising *x, struct revise *r, struct err *e)
{
	struct ingest *in = x->in;
	const char *word = x->how.withdraw != 0 ? "withdrawn" : "reprocessed";
	int rc = -1;

	if (store_begin(in->store, e) == -1)
		return -1;
	in->in_transaction = true;
	if (revise_settle(r, &x->act, &x->tally, e) == 0 &&
	    report_withdrawn(x, e) == 0 &&
	    report_stage_seal(in->conf, x->how.feed, x->act.id, e) == 0 &&
	    audit_add(in->audit, x->how.now, word, event(x), e) == 0 &&
	    store_commit(in->store, e) == 0)
		rc = 0;
	else
		store_rollback(in->store);
	in->in_transaction = false;
	return rc;
}

static int
end_reports(const struct revising *x, struct err *e)
{
	return report_stage_end(x->in->conf, x->how.feed, x->in->store, e);
}

static int
run(struct revising *x, struct err *e)
{
	struct revise *r = NULL;
	int rc = -1;

	/* those that could not be put in place the last time */
	if (end_reports(x, e) == 0 && check_room(x, e) == 0 &&
	    revise_begin(&r, &x->how, e) == 0 && revise_replay(r, e) == 0)
		rc = settle(x, r, e);
	revise_end(r);
	return rc;
}

static bool
revise(struct ingest *in, const struct feed *f, const struct command *c,
    struct answer *a)
{
	struct err e = ERR_EMPTY;
	struct revising x;
	bool done;

	begin(&x, in, f, c, a);
	done = run(&x, &e) == 0;
	if (done) {
		a->status = 0;
		say_dumps(&x);
		say_records(&x);
		if (end_reports(&x, &e) == -1) {
			log_error("%s: %s", f->name, e.text);
			say(&x,
			    _("Their reports are not in place yet; that is "
			      "tried again within an hour, and when the daemon "
			      "starts: %s"),
			    e.text);
		}
		log_info("%s: %s: %s", f->name, x.act.op,
		    x.how.withdraw != 0
			? "a dump is withdrawn"
			: "dumps are read with today's settings");
	} else {
		say(&x, "%s", e.text);
		say(&x, "%s", _("Nothing was changed."));
		if (end_reports(&x, &e) == -1)
			log_error("%s: %s", f->name, e.text);
	}
	free(x.dump);
	return done;
}

bool
deed_withdraw(struct ingest *in, const struct feed *f, const struct command *c,
    struct answer *a)
{
	return revise(in, f, c, a);
}

bool
deed_reprocess(struct ingest *in, const struct feed *f, const struct command *c,
    struct answer *a)
{
	return revise(in, f, c, a);
}
