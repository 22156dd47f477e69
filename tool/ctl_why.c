/*
 * convdrop why: the life of one order; or, after a whole dump was read in the
 * wrong time zone, the orders whose date went out wrongly.
 */
#include "tool/ctl_why.h"

#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "formats/zone.h"
#include "store/audit.h"
#include "server/conf.h"
#include "tool/frozen.h"
#include "store/json_foreign.h"
#include "server/lang.h"
#include "server/log.h"
#include "tool/trace.h"

struct why {
	const struct ctl *ctl;
	const struct conf *conf;
	const struct feed *feed;
	struct store *store;
	const char *name, *order, *kind, *shift;
	bool plain, frozen;
	bool terminal; /* standard error is one: progress is shown */
};

/* --- small things --------------------------------------------------------- */

static void
show_progress(void *ctx, size_t n, size_t of)
{
	const struct why *y = ctx;

	if (y->terminal)
		fprintf(stderr, "\r%s %zu/%zu ", _("dump"), n, of);
}

static void
end_progress(const struct why *y)
{
	if (y->terminal)
		fputs("\r\033[K", stderr);
}

static void
dump_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

/* Personal data was shown: the audit says to whom. */
static void
audit_plain(const struct why *y)
{
	struct audit *a = NULL;
	struct err e = ERR_EMPTY;
	char actor[64];
	json_t *o = json_object();

	ctl_actor(actor);
	json_object_set_new(o, "actor", json_foreign(actor));
	json_object_set_new(o, "feed", json_string(y->feed->name));
	json_object_set_new(o, "order", json_foreign(y->order));
	json_object_set_new(o, "command", json_string("why --plain"));
	if (audit_open(&a, y->conf, &e) == -1) {
		json_decref(o);
		fprintf(stderr,
		    _("convdrop: this is not in the audit, which cannot be "
		      "written from here: %s\n"),
		    e.text);
		return;
	}
	if (audit_add(a, (int64_t)time(NULL), "archive_read", o, &e) == -1)
		fprintf(stderr,
		    _("convdrop: this is not in the audit, which cannot be "
		      "written from here: %s\n"),
		    e.text);
	audit_close(a);
}

/* --- which order is meant ------------------------------------------------- */

/* 1, 0, -1. */
static int
has_order(
    const struct why *y, const char *feed, enum record_kind k, const char *id)
{
	struct arena a = ARENA_EMPTY;
	struct err e = ERR_EMPTY;
	struct order o;
	int found = store_order(y->store, &a, feed, k, slice_of(id), &o, &e);

	arena_free(&a);
	return found == -1 ? ctl_fail("%s", e.text), -1 : found;
}

/* The first kind that has such an id; that of orders when none does.  A call
 * that is an order goes by its own id as well. */
static int
choose_kind(const struct why *y, struct trace_what *w)
{
	size_t n = strlen(CALL_ORDER_PREFIX);

	w->id = y->order;
	for (w->kind = 0; w->kind < RECORD_KINDS; w->kind++) {
		int found = has_order(y, y->feed->name, w->kind, w->id);

		if (found != 0)
			return found;
	}
	w->kind = RECORD_ORDER;
	if (strncmp(y->order, CALL_ORDER_PREFIX, n) == 0) {
		int found =
		    has_order(y, y->feed->name, RECORD_CALL, y->order + n);

		if (found != 1)
			return found;
		w->kind = RECORD_CALL;
		w->id = y->order + n;
	}
	return 0;
}

/* --- near misses ---------------------------------------------------------- */

struct near {
	const struct why *y;
	json_t *list;
};

static void
try_one(struct near *n, const char *feed, const char *id)
{
	bool same =
	    strcmp(feed, n->y->feed->name) == 0 && strcmp(id, n->y->order) == 0;

	for (enum record_kind k = 0; !same && k < RECORD_KINDS; k++) {
		const json_t *o;
		bool known = false;
		size_t i;

		if (has_order(n->y, feed, k, id) != 1)
			continue;
		json_array_foreach(n->list, i, o) known =
		    known ||
		    (strcmp(json_string_value(json_object_get(o, "feed")),
			 feed) == 0 &&
			strcmp(json_string_value(json_object_get(o, "order")),
			    id) == 0);
		if (!known)
			json_array_append_new(n->list,
			    json_pack("{s:s, s:o, s:s}", "feed", feed, "order",
				json_foreign(id), "kind", record_kind_name(k)));
	}
}

/* Zeros in front, or ".0" behind, as spreadsheets put and take them. */
static void
try_zeros(struct near *n, const char *feed, const char *id)
{
	static const char zeros[] = "000000000000";
	size_t digits = strspn(id, "0123456789");
	char other[320];

	if (digits == 0 || strlen(id) > 64)
		return;
	if (id[digits] == '\0') {
		snprintf(other, sizeof other, "%s.0", id);
		try_one(n, feed, other);
	} else if (strcmp(id + digits, ".0") == 0) {
		snprintf(other, sizeof other, "%.*s", (int)digits, id);
		try_one(n, feed, other);
	}
	for (const char *p = id; *p == '0' && p[1] != '\0'; p++)
		try_one(n, feed, p + 1);
	for (size_t i = 0; i < sizeof zeros - 1; i++) {
		snprintf(other, sizeof other, "%s%s", zeros + i, id);
		try_one(n, feed, other);
	}
}

/* With and without what the sources put before their ids. */
static void
try_prefixes(struct near *n, const struct feed *f, const char *id)
{
	char other[320];

	for (size_t i = 0; i < f->sources; i++) {
		const char *prefix = f->source[i]->id_prefix;
		size_t k = strlen(prefix);

		if (k == 0)
			continue;
		snprintf(other, sizeof other, "%s%s", prefix, id);
		try_one(n, f->name, other);
		try_zeros(n, f->name, other + k);
		if (strncmp(id, prefix, k) == 0)
			try_one(n, f->name, id + k);
	}
}

/* Signs that people write before a number. */
static const char *
bare(const char *id)
{
	static const char *const sign[] = { "№", "#", " " };

	for (size_t i = 0; i < sizeof sign / sizeof *sign; i++) {
		size_t k = strlen(sign[i]);

		if (strncmp(id, sign[i], k) == 0)
			return bare(id + k);
	}
	return id;
}

static json_t *
near_misses(const struct why *y)
{
	struct near n = { .y = y, .list = json_array() };
	const char *id = bare(y->order);

	if (strlen(id) > 250)
		return n.list;
	for (size_t i = 0; i < y->conf->feeds; i++) {
		const struct feed *f = &y->conf->feed[i];

		try_one(&n, f->name, y->order);
		try_one(&n, f->name, id);
		try_zeros(&n, f->name, id);
		try_prefixes(&n, f, id);
	}
	return n.list;
}

static int
say_unknown(const struct why *y, json_t *trace)
{
	json_t *list = near_misses(y);
	const json_t *o;
	char safe[400];
	size_t i;

	if (y->ctl->json) {
		json_object_set_new(trace, "near", list);
		dump_json(trace);
		return CTL_FINDINGS;
	}
	printf(_("The feed %s knows no %s, and no archived dump has it.\n"),
	    y->feed->name,
	    log_safe(safe, sizeof safe, y->order, strlen(y->order)));
	if (json_array_size(list) > 0)
		puts(_("What is near:"));
	json_array_foreach(list, i, o) printf("  %s %s (%s)\n",
	    json_string_value(json_object_get(o, "feed")),
	    log_safe(safe, sizeof safe,
		json_string_value(json_object_get(o, "order")),
		strlen(json_string_value(json_object_get(o, "order")))),
	    json_string_value(json_object_get(o, "kind")));
	json_decref(list);
	json_decref(trace);
	return CTL_FINDINGS;
}

/* --- one order ------------------------------------------------------------ */

static int
show_order(struct why *y)
{
	struct trace_what w = { .conf = y->conf,
		.feed = y->feed,
		.store = y->store,
		.plain = y->plain,
		.progress = show_progress,
		.ctx = y };
	struct err e = ERR_EMPTY;
	json_t *trace = NULL;

	if (y->kind != NULL) {
		w.kind = record_kind_by_name(y->kind);
		w.id = y->order;
		if (w.kind == RECORD_KINDS)
			return ctl_fail("there is no kind '%s'; the kinds are "
					"order, contact, call and chat",
			    y->kind);
	} else if (choose_kind(y, &w) == -1) {
		return CTL_FAILED;
	}
	if (trace_order(&trace, &w, &e) == -1) {
		end_progress(y);
		return ctl_fail("%s", e.text);
	}
	end_progress(y);
	if (json_array_size(json_object_get(trace, "history")) == 0 &&
	    json_is_null(json_object_get(trace, "now")))
		return say_unknown(y, trace);
	if (y->plain)
		audit_plain(y);
	if (y->ctl->json) {
		dump_json(trace);
	} else {
		ctl_why_print(trace);
		json_decref(trace);
	}
	return CTL_FINE;
}

/* --- dates that went out wrongly ------------------------------------------ */

struct wrong {
	struct why *y;
	struct zone *zone;
	json_t *list, *unread; /* --json */
	uint64_t n, without;   /* without revenue */
	int64_t revenue;
};

static void
utc(char out[24], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void
money(char out[40], int64_t minor)
{
	if (minor == CONV_NONE)
		snprintf(out, 40, "-");
	else
		snprintf(out, 40,
		    minor % 100 == 0 ? "%" PRId64 : "%" PRId64 ".%02d",
		    minor / 100, (int)(minor % 100));
}

static int
take_wrong(void *ctx, const struct frozen_order *o, struct err *e)
{
	struct wrong *l = ctx;
	char published[20], right[20], pulled[24], revenue[40], id[300];

	(void)e;
	zone_write(l->zone, o->published, published);
	zone_write(l->zone, o->right, right);
	utc(pulled, o->pulled);
	money(revenue, o->revenue);
	snprintf(id, sizeof id, "%.*s", (int)o->id.n, o->id.p);
	l->revenue += o->revenue == CONV_NONE ? 0 : o->revenue;
	l->without += o->revenue == CONV_NONE;
	if (l->list != NULL) {
		json_array_append_new(l->list,
		    json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:I, s:I}",
			"order", json_foreign(id), "kind",
			record_kind_name(o->kind), "published", published,
			"right", right, "first_pull",
			o->pulled == 0 ? json_null() : json_string(pulled),
			"revenue",
			o->revenue == CONV_NONE ? json_null()
						: json_string(revenue),
			"dump", (json_int_t)o->dump, "line",
			(json_int_t)o->line));
	} else {
		if (l->n == 0)
			puts(_("order  published  right  first pulled  "
			       "revenue"));
		printf("%.*s  %s  %s  %s  %s\n", (int)o->id.n, o->id.p,
		    published, right, o->pulled == 0 ? "-" : pulled, revenue);
	}
	l->n++;
	return 0;
}

static void
show_reading(void *ctx, size_t n, size_t of)
{
	const struct wrong *l = ctx;

	show_progress(l->y, n, of);
}

static void
take_unread(void *ctx, const struct dump_entry *d, const char *why)
{
	struct wrong *l = ctx;
	char name[1100];

	end_progress(l->y);
	if (l->unread != NULL)
		json_array_append_new(l->unread,
		    json_pack("{s:I, s:o, s:s}", "dump", (json_int_t)d->id,
			"name", json_foreign(d->name), "reason", message(why)));
	else
		fprintf(stderr,
		    _("convdrop: dump %lld, %s, was left out: %s\n"),
		    (long long)d->id,
		    log_safe(name, sizeof name, d->name, strlen(d->name)),
		    message(why));
}

static void
print_advice(void)
{
	puts(_("Direct keeps the creation date that it got first, so "
	       "publishing another one changes\nnothing there, and these "
	       "dates stay as they are here too. What can be done:\n"
	       "  - set source_timezone of the source right, so that new "
	       "orders are right;\n"
	       "  - leave these as they are: within the same day and campaign "
	       "attribution seldom\n    suffers from a few hours;\n"
	       "  - where the hours matter, cancel an order (\"convdrop order "
	       "cancel\") and send it\n    once more under another id; goals "
	       "that were counted may not be taken back."));
}

static void
tell_wrong(const struct wrong *l, int64_t shift)
{
	char total[40];

	money(total, l->revenue);
	if (l->list != NULL) {
		dump_json(json_pack("{s:s, s:I, s:s, s:I, s:s, s:I, s:O, s:O}",
		    "feed", l->y->feed->name, "shift", (json_int_t)shift,
		    "zone", l->y->feed->source[0]->zone, "count",
		    (json_int_t)l->n, "revenue", total, "without_revenue",
		    (json_int_t)l->without, "orders", l->list, "unread",
		    l->unread));
		return;
	}
	if (l->n == 0) {
		printf(_("No order of the feed %s went out with a creation "
			 "date that is off by %s hours.\n"),
		    l->y->feed->name, l->y->shift);
		return;
	}
	printf(_("\nOrders: %llu, with a revenue of %s; without one: %llu. "
		 "Dates are in %s.\n\n"),
	    (unsigned long long)l->n, total, (unsigned long long)l->without,
	    l->y->feed->source[0]->zone);
	print_advice();
}

static int
show_frozen(struct why *y)
{
	struct wrong l = { .y = y };
	struct frozen_what w = { .conf = y->conf,
		.feed = y->feed,
		.store = y->store,
		.each = take_wrong,
		.unread = take_unread,
		.progress = show_reading,
		.ctx = &l };
	struct err e = ERR_EMPTY;
	int rc;

	if (!frozen_shift(y->shift, &w.shift))
		return ctl_fail("%s is no shift; write hours such as +2, -3 or "
				"+5:30",
		    y->shift);
	if (y->ctl->json) {
		l.list = json_array();
		l.unread = json_array();
	}
	rc = conf_zone(&l.zone, y->feed->source[0]->zone, &e);
	if (rc == 0)
		rc = frozen_wrong(&w, &e);
	end_progress(y);
	if (rc == 0)
		tell_wrong(&l, w.shift);
	json_decref(l.list);
	json_decref(l.unread);
	zone_free(l.zone);
	if (rc == -1)
		return ctl_fail("%s", e.text);
	return l.n > 0 ? CTL_FINDINGS : CTL_FINE;
}

/* --- the command ---------------------------------------------------------- */

static bool
take_arguments(struct why *y, int argc, char **argv)
{
	static const struct option option[] = {
		{ "kind", required_argument, NULL, 'k' },
		{ "plain", no_argument, NULL, 'p' },
		{ "frozen-wrong", no_argument, NULL, 'f' },
		{ "shift", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (c == 'k')
			y->kind = optarg;
		else if (c == 'p')
			y->plain = true;
		else if (c == 'f')
			y->frozen = true;
		else if (c == 's')
			y->shift = optarg;
		else
			return false;
	}
	if (y->frozen != (y->shift != NULL) ||
	    (y->frozen && (y->kind != NULL || y->plain)) ||
	    argc - optind != (y->frozen ? 1 : 2))
		return false;
	y->name = argv[optind];
	y->order = y->frozen ? NULL : argv[optind + 1];
	return true;
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	struct why y = { .ctl = ctl, .terminal = isatty(STDERR_FILENO) == 1 };
	struct err e = ERR_EMPTY;
	char path[PATH_MAX];
	struct conf *c;
	int rc;

	if (!take_arguments(&y, argc, argv))
		return ctl_usage(&ctl_why);
	c = ctl_conf(ctl);
	if (c == NULL)
		return CTL_FAILED;
	y.conf = c;
	y.feed = conf_feed(c, y.name);
	conf_path(path, c, "state", "store.db", NULL);
	if (y.feed == NULL)
		rc = ctl_fail(
		    "there is no feed '%s' in the configuration", y.name);
	else if (store_open(&y.store, path, true, &e) == -1)
		rc = ctl_fail("%s", e.text);
	else
		rc = y.frozen ? show_frozen(&y) : show_order(&y);
	store_close(y.store);
	conf_free(c);
	return rc;
}

const struct ctl_command ctl_why = {
	.name = "why",
	.synopsis = "why FEED ORDER [--kind KIND] [--plain] | why FEED "
		    "--frozen-wrong --shift HOURS",
	.help = N_(
	    "Tells the life of an order: every dump that had it with the line "
	    "and its cells, what\nthey became by which rule, what that changed "
	    "in the order, which published versions\ncarried it, which pulls "
	    "took those to Direct, and what it is now. Contacts, calls\nand "
	    "chats go by their ids likewise. Phones, e-mails and names are "
	    "masked.\n\n"
	    "  --kind KIND     order, contact, call or chat; default: the "
	    "first that has the id.\n"
	    "  --plain         Personal data as it stands; the audit says "
	    "that it was looked at.\n"
	    "  --frozen-wrong  Instead: the orders whose creation date a pull "
	    "took to Direct off by\n                  the shift, against what "
	    "the archived dumps say under today's settings.\n"
	    "  --shift HOURS   What was published minus what is right: +3, "
	    "-2, +5:30.\n\n"
	    "Exit status: 0 found (with --frozen-wrong: none is wrong), 1 no "
	    "such order (some are\nwrong), 2 wrong usage or failure."),
	.run = run,
};
