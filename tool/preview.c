/*
 * What a dump would change.  See preview.h.
 */
#include "tool/preview.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/errors.h"
#include "store/json_foreign.h"
#include "server/lang.h"
#include "server/log.h"
#include "store/temp.h"

#define MOVES_MAX 1000
#define DAY 86400

typedef unsigned long long ull;

/* Identifiers, as Direct takes them. */
static const enum field identifiers[] = { FIELD_CLIENT_IDS, FIELD_EMAILS,
	FIELD_PHONES, FIELD_EMAILS_MD5, FIELD_PHONES_MD5 };
#define IDENTIFIERS (sizeof identifiers / sizeof *identifiers)

/* --- open and close ------------------------------------------------------ */

static int
open_file(struct preview_list *l, struct err *e)
{
	int fd = temp_file(temp_folder());

	l->all = fd == -1 ? NULL : fdopen(fd, "w+");
	if (l->all != NULL)
		return 0;
	err_set(e, "make a temporary file in %s: %s", temp_folder(),
	    strerror(errno));
	if (fd != -1)
		close(fd);
	return -1;
}

int
preview_open(struct preview *p, const struct conf *c, const struct feed *f,
    const struct zone *zone, int64_t now, bool json, struct err *e)
{
	char path[PATH_MAX];

	*p = (struct preview){ .conf = c, .feed = f, .zone = zone, .now = now };
	for (size_t i = 0; json && i < PREVIEW_KINDS; i++)
		if (open_file(&p->list[i], e) == -1)
			return -1;
	if (c->feeds < 2)
		return 0;
	conf_path(path, c, "state", "store.db", NULL);
	return store_open(&p->others, path, true, e) == -1
		   ? -1
		   : store_begin(p->others, e);
}

void
preview_close(struct preview *p)
{
	for (size_t i = 0; i < PREVIEW_KINDS; i++) {
		for (size_t k = 0; k < PREVIEW_SHOWN; k++)
			free(p->list[i].shown[k]);
		if (p->list[i].all != NULL)
			fclose(p->list[i].all);
	}
	free(p->move);
	store_close(p->others);
	arena_free(&p->arena);
}

/* --- texts --------------------------------------------------------------- */

struct text {
	char s[160];
};

static struct text
safe(struct slice s)
{
	struct text t = { "" };

	log_safe(t.s, sizeof t.s, s.p == NULL ? "" : s.p, s.n);
	return t;
}

static struct text
money(int64_t n)
{
	ull u = n == CONV_NONE ? 0 : n < 0 ? 0 - (ull)n : (ull)n;
	const char *sign = n != CONV_NONE && n < 0 ? "-" : "";
	struct text t;

	if (u % 100 == 0)
		snprintf(t.s, sizeof t.s, "%s%llu", sign, u / 100);
	else
		snprintf(
		    t.s, sizeof t.s, "%s%llu.%02llu", sign, u / 100, u % 100);
	return t;
}

static struct text
when(const struct preview *p, int64_t t)
{
	struct text out = { "" };

	if (t != CONV_NONE)
		zone_write(p->zone, t, out.s);
	return out;
}

static json_t *
money_json(int64_t n)
{
	return n == CONV_NONE ? json_null() : json_real((double)n / 100);
}

static json_t *
slice_json(struct slice s)
{
	char *copy = mem_slice(s);
	json_t *j = json_foreign(copy);

	free(copy);
	return j;
}

/* --- findings ------------------------------------------------------------ */

/* Takes j, which is NULL unless all are kept; text is for the first few. */
static void
add(struct preview *p, enum preview_kind k, json_t *j, const char *text)
{
	struct preview_list *l = &p->list[k];

	if (l->all != NULL) {
		if (l->n > 0)
			fputs(",", l->all);
		json_dumpf(j, l->all, JSON_COMPACT | JSON_REAL_PRECISION(15));
		if (ferror(l->all) && p->error.text[0] == '\0')
			err_set(&p->error, "write a temporary file in %s: %s",
			    temp_folder(), strerror(errno));
	} else if (l->n < PREVIEW_SHOWN) {
		l->shown[l->n] = mem_string(text);
	}
	l->n++;
	json_decref(j);
}

static bool
wants(const struct preview *p, enum preview_kind k)
{
	return p->list[k].all != NULL || p->list[k].n < PREVIEW_SHOWN;
}

static json_t *
order_json(const struct preview *p, const struct conv *c)
{
	json_t *j;

	if (p->list[0].all == NULL)
		return NULL;
	j = json_object();
	json_object_set_new(j, "id", slice_json(conv_text(c, FIELD_ID)));
	return j;
}

static void
put(json_t *j, const char *key, json_t *value)
{
	if (j == NULL)
		json_decref(value);
	else
		json_object_set_new(j, key, value);
}

static int64_t
revenue_of(const struct conv *c)
{
	int64_t n = c->number[FIELD_REVENUE];

	return n == CONV_NONE ? 0 : n;
}

static void
see_new(struct preview *p, const struct conv *is)
{
	struct preview_list *l = &p->list[PREVIEW_NEW];
	int64_t created = is->number[FIELD_CREATE_DATE_TIME];
	char text[800] = "";
	json_t *j = order_json(p, is);

	l->is += revenue_of(is);
	if (j != NULL) {
		put(j, "status", slice_json(conv_text(is, FIELD_ORDER_STATUS)));
		put(j, "revenue", money_json(is->number[FIELD_REVENUE]));
		put(j, "created", json_string(when(p, created).s));
	} else if (wants(p, PREVIEW_NEW)) {
		snprintf(text, sizeof text, "%s  %s  %s  %s",
		    safe(conv_text(is, FIELD_ID)).s, when(p, created).s,
		    safe(conv_text(is, FIELD_ORDER_STATUS)).s,
		    money(is->number[FIELD_REVENUE]).s);
	}
	add(p, PREVIEW_NEW, j, text);
}

static struct preview_move *
find_move(struct preview *p, const char *from, const char *to)
{
	struct preview_move *m;

	for (size_t i = 0; i < p->moves; i++) {
		m = &p->move[i];
		if (strcmp(m->from, from) == 0 && strcmp(m->to, to) == 0)
			return m;
	}
	if (p->moves == MOVES_MAX)
		return NULL;
	if ((p->moves & (p->moves - 1)) == 0)
		p->move = mem_grow(
		    p->move, (p->moves == 0 ? 1 : p->moves * 2) * sizeof *m);
	m = &p->move[p->moves++];
	memset(m, 0, sizeof *m);
	snprintf(m->from, sizeof m->from, "%s", from);
	snprintf(m->to, sizeof m->to, "%s", to);
	return m;
}

static void
count_move(struct preview *p, const struct conv *was, const struct conv *is)
{
	char from[64], to[64];
	struct slice a = conv_text(was, FIELD_ORDER_STATUS);
	struct slice b = conv_text(is, FIELD_ORDER_STATUS);
	struct preview_move *m;

	log_safe(from, sizeof from, a.n == 0 ? "" : a.p, a.n);
	log_safe(to, sizeof to, b.n == 0 ? "" : b.p, b.n);
	m = find_move(p, from, to);
	if (m == NULL) {
		p->other_moves++;
		return;
	}
	m->n++;
	m->was += revenue_of(was);
	m->is += revenue_of(is);
}

static void
see_status(struct preview *p, const struct conv *was, const struct conv *is)
{
	struct slice from = conv_text(was, FIELD_ORDER_STATUS);
	struct slice to = conv_text(is, FIELD_ORDER_STATUS);
	char text[800] = "";
	json_t *j;

	if (slice_eq(from, to))
		return;
	count_move(p, was, is);
	j = order_json(p, is);
	if (j != NULL) {
		put(j, "from", slice_json(from));
		put(j, "to", slice_json(to));
		put(j, "revenue", money_json(is->number[FIELD_REVENUE]));
	} else if (wants(p, PREVIEW_STATUS)) {
		snprintf(text, sizeof text, "%s  %s -> %s  %s",
		    safe(conv_text(is, FIELD_ID)).s, safe(from).s, safe(to).s,
		    money(is->number[FIELD_REVENUE]).s);
	}
	add(p, PREVIEW_STATUS, j, text);
}

static void
see_revenue(struct preview *p, const struct conv *was, const struct conv *is)
{
	struct preview_list *l = &p->list[PREVIEW_REVENUE];
	char text[800] = "";
	json_t *j;

	if (was->number[FIELD_REVENUE] == is->number[FIELD_REVENUE])
		return;
	l->was += revenue_of(was);
	l->is += revenue_of(is);
	j = order_json(p, is);
	if (j != NULL) {
		put(j, "was", money_json(was->number[FIELD_REVENUE]));
		put(j, "is", money_json(is->number[FIELD_REVENUE]));
	} else if (wants(p, PREVIEW_REVENUE)) {
		snprintf(text, sizeof text, "%s  %s -> %s",
		    safe(conv_text(is, FIELD_ID)).s,
		    money(was->number[FIELD_REVENUE]).s,
		    money(is->number[FIELD_REVENUE]).s);
	}
	add(p, PREVIEW_REVENUE, j, text);
}

/* Is there a value in the list a that b has not? */
static bool
has_more(struct slice a, struct slice b)
{
	while (a.n > 0) {
		struct slice value = slice_cut(&a, ','), rest = b;
		bool found = false;

		while (rest.n > 0 && !found)
			found = slice_eq(slice_cut(&rest, ','), value);
		if (!found)
			return true;
	}
	return false;
}

static void
see_identifiers(struct preview *p, enum preview_kind k, const struct conv *of,
    const struct conv *from, const struct conv *to)
{
	char text[800];
	json_t *j, *fields;
	size_t n = 0;
	bool any = false;

	for (size_t i = 0; i < IDENTIFIERS && !any; i++)
		any = has_more(conv_text(from, identifiers[i]),
		    conv_text(to, identifiers[i]));
	if (!any)
		return;
	j = order_json(p, of);
	fields = json_array();
	n = (size_t)snprintf(
	    text, sizeof text, "%s ", safe(conv_text(of, FIELD_ID)).s);
	for (size_t i = 0; i < IDENTIFIERS; i++) {
		const char *name = field_info[identifiers[i]].name;

		if (!has_more(conv_text(from, identifiers[i]),
			conv_text(to, identifiers[i])))
			continue;
		n += (size_t)snprintf(text + n, sizeof text - n, " %s", name);
		json_array_append_new(fields, json_string(name));
	}
	put(j, "fields", fields);
	add(p, k, j, text);
}

static void
see_shared(struct preview *p, const struct conv *is)
{
	struct slice id = conv_text(is, FIELD_ID);

	for (size_t i = 0; p->others != NULL && i < p->conf->feeds; i++) {
		const struct feed *f = &p->conf->feed[i];
		char text[800];
		struct conv c;
		json_t *j;
		int rc;

		if (f == p->feed)
			continue;
		arena_reset(&p->arena);
		rc = store_values(
		    p->others, &p->arena, f->name, p->kind, id, &c, &p->error);
		if (rc != 1)
			continue;
		j = order_json(p, is);
		put(j, "feed", json_string(f->name));
		snprintf(text, sizeof text, "%s  %s", safe(id).s, f->name);
		add(p, PREVIEW_SHARED, j, text);
	}
}

/* Its click is more than 21 days old: Direct links it no more. */
static void
see_late(struct preview *p, const struct conv *was, const struct conv *is)
{
	int64_t created = is->number[FIELD_CREATE_DATE_TIME];
	bool first = conv_has_identifier(is) &&
		     (was == NULL || !conv_has_identifier(was));
	char text[800];
	json_t *j;

	if (p->kind != RECORD_ORDER || created == CONV_NONE ||
	    created >= p->now - PREVIEW_LINK_DAYS * DAY ||
	    (was != NULL && !first))
		return;
	j = order_json(p, is);
	put(j, "created", json_string(when(p, created).s));
	put(j, "new", json_boolean(was == NULL));
	snprintf(text, sizeof text, "%s  %s", safe(conv_text(is, FIELD_ID)).s,
	    when(p, created).s);
	add(p, PREVIEW_LATE, j, text);
}

void
preview_merged(
    void *ctx, const struct merge_order *was, const struct merge_order *is)
{
	struct preview *p = ctx;

	if (was == NULL) {
		see_new(p, &is->conv);
	} else {
		see_status(p, &was->conv, &is->conv);
		see_revenue(p, &was->conv, &is->conv);
		see_identifiers(
		    p, PREVIEW_LOST, &is->conv, &was->conv, &is->conv);
		see_identifiers(
		    p, PREVIEW_GAINED, &is->conv, &is->conv, &was->conv);
	}
	see_shared(p, &is->conv);
	see_late(p, was == NULL ? NULL : &was->conv, &is->conv);
}

static enum preview_kind
kind_of(enum reject why, bool row)
{
	if (why == REJECT_DATE_OLD)
		return PREVIEW_OUTSIDE;
	if (why == REJECT_DATE_FUTURE)
		return PREVIEW_FUTURE;
	return row ? PREVIEW_REJECTED : PREVIEW_VALUES;
}

int
preview_refused(void *ctx, unsigned long line, bool row,
    const struct problem *problem, const struct slice *cell, size_t cells,
    struct err *e)
{
	struct preview *p = ctx;
	enum preview_kind k = kind_of(problem->reject, row);
	const char *column =
	    problem->field < FIELD_COUNT ? field_info[problem->field].name : "";
	char why[400], text[600];
	json_t *j = NULL;

	(void)cell;
	(void)cells;
	(void)e;
	/* without the value, which may be somebody's phone */
	reject_text(why, sizeof why, problem->reject, column,
	    (struct slice){ NULL, 0 }, problem->hint);
	snprintf(text, sizeof text, _("line %lu: %s"), line, why);
	if (p->list[k].all != NULL) {
		j = json_object();
		put(j, "line", json_integer((json_int_t)line));
		put(j, "code",
		    json_string(error_of_reject(problem->reject)->code));
		put(j, "column", json_string(column));
		put(j, "text", json_foreign(why));
	}
	add(p, k, j, text);
	return 0;
}

/* --- as text ------------------------------------------------------------- */

static const struct {
	const char *key; /* in JSON */
	const char *rows;
	const char *heading;
} kinds[PREVIEW_KINDS] = {
	[PREVIEW_NEW] = { "new", "orders", N_("New") },
	[PREVIEW_STATUS] = { "statuses", "orders", N_("Another status") },
	[PREVIEW_REVENUE] = { "revenue", "orders", N_("Another revenue") },
	[PREVIEW_LOST] = { "lost", "orders",
	    N_("An identifier is replaced, and lost") },
	[PREVIEW_GAINED] = { "gained", "orders", N_("A new identifier") },
	[PREVIEW_SHARED] = { "shared", "orders",
	    N_("Another feed has an order of that id") },
	[PREVIEW_LATE] = { "too_late", "orders",
	    N_("Too late for Direct to link them: created more than 21 days "
	       "ago, and new or identified only now") },
	[PREVIEW_FUTURE] = { "future", "rows",
	    N_("Rows in the future, held back until their time is past") },
	[PREVIEW_OUTSIDE] = { "outside_window", "rows",
	    N_("Rows that are too old to be published, and left out") },
	[PREVIEW_REJECTED] = { "rejected", "rows", N_("Rows refused") },
	[PREVIEW_VALUES] = { "values", "rows",
	    N_("Values refused, whose rows are taken") },
};

static void
print_moves(FILE *to, const struct preview *p)
{
	for (size_t i = 0; i < p->moves; i++) {
		const struct preview_move *m = &p->move[i];

		fprintf(to, _("  %s -> %s: %llu, revenue %s -> %s\n"),
		    m->from[0] == '\0' ? "-" : m->from, m->to, (ull)m->n,
		    money(m->was).s, money(m->is).s);
	}
	if (p->other_moves > 0)
		fprintf(to, _("  others: %llu\n"), (ull)p->other_moves);
}

static void
print_list(FILE *to, const struct preview *p, enum preview_kind k)
{
	const struct preview_list *l = &p->list[k];

	fprintf(to, "%s: %llu\n", _(kinds[k].heading), (ull)l->n);
	if (l->n == 0)
		return;
	if (k == PREVIEW_NEW)
		fprintf(to, _("  revenue %s\n"), money(l->is).s);
	if (k == PREVIEW_REVENUE)
		fprintf(to, _("  revenue %s -> %s\n"), money(l->was).s,
		    money(l->is).s);
	if (k == PREVIEW_STATUS)
		print_moves(to, p);
	for (size_t i = 0; i < PREVIEW_SHOWN && i < l->n; i++)
		fprintf(to, "    %s\n", l->shown[i]);
	if (l->n > PREVIEW_SHOWN)
		fprintf(
		    to, _("    and %llu more\n"), (ull)(l->n - PREVIEW_SHOWN));
}

void
preview_print(FILE *to, struct preview *p)
{
	for (enum preview_kind k = 0; k < PREVIEW_KINDS; k++)
		print_list(to, p, k);
}

/* --- as JSON ------------------------------------------------------------- */

static json_t *
moves_json(const struct preview *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->moves; i++) {
		const struct preview_move *m = &p->move[i];

		json_array_append_new(list,
		    json_pack("{s:o, s:o, s:I, s:o, s:o}", "from",
			json_foreign(m->from), "to", json_foreign(m->to),
			"count", (json_int_t)m->n, "revenue_was",
			money_json(m->was), "revenue", money_json(m->is)));
	}
	return list;
}

static json_t *
totals_json(const struct preview *p, enum preview_kind k)
{
	const struct preview_list *l = &p->list[k];
	json_t *o = json_object();

	put(o, "count", json_integer((json_int_t)l->n));
	if (k == PREVIEW_NEW)
		put(o, "revenue", money_json(l->is));
	if (k == PREVIEW_REVENUE) {
		put(o, "was", money_json(l->was));
		put(o, "is", money_json(l->is));
	}
	if (k == PREVIEW_STATUS) {
		put(o, "moves", moves_json(p));
		put(o, "other_moves", json_integer((json_int_t)p->other_moves));
	}
	return o;
}

/* The totals, and within their object the list, which may be long. */
static int
put_list(FILE *to, struct preview *p, enum preview_kind k, struct err *e)
{
	json_t *o = totals_json(p, k);
	char *totals = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(15));
	char buf[65536];
	size_t n;

	json_decref(o);
	if (totals == NULL)
		return err_set(e, "out of memory");
	fprintf(to, ",\"%s\":%.*s,\"%s\":[", kinds[k].key,
	    (int)strlen(totals) - 1, totals, kinds[k].rows);
	free(totals);
	rewind(p->list[k].all);
	while ((n = fread(buf, 1, sizeof buf, p->list[k].all)) > 0)
		fwrite(buf, 1, n, to);
	if (ferror(p->list[k].all))
		return err_set(e, "read a temporary file in %s: %s",
		    temp_folder(), strerror(errno));
	fputs("]}", to);
	return 0;
}

int
preview_json(FILE *to, struct preview *p, struct err *e)
{
	for (enum preview_kind k = 0; k < PREVIEW_KINDS; k++)
		if (put_list(to, p, k, e) == -1)
			return -1;
	return 0;
}
