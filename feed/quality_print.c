/*
 * Quality as a table of a spreadsheet, as JSON, and in words.  See quality.h.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/rejects.h"
#include "server/lang.h"
#include "store/mask.h"
#include "feed/quality.h"

#define BOM "\xef\xbb\xbf"
#define DAYS_SHOWN 14
#define PAIRS_SHOWN 10

/* --- values -------------------------------------------------------------- */

static const char *
money(char out[32], int64_t minor)
{
	if (minor % 100 == 0)
		snprintf(out, 32, "%lld", (long long)(minor / 100));
	else
		snprintf(out, 32, "%lld.%02lld", (long long)(minor / 100),
		    (long long)(minor % 100));
	return out;
}

static void
put_money(FILE *to, int64_t minor)
{
	char text[32];

	fputs(money(text, minor), to);
}

/* Tenths of a percent; 0 of nothing. */
static long long
tenths(uint64_t part, uint64_t whole)
{
	return whole == 0
		   ? 0
		   : (long long)((double)part * 1000 / (double)whole + 0.5);
}

static uint64_t
with_client_id(const uint64_t orders[QUALITY_CLASSES])
{
	return orders[QUALITY_MAXIMUM] + orders[QUALITY_GOOD];
}

static long long
revenue_tenths(const struct quality_count *c)
{
	return tenths((uint64_t)c->revenue[QUALITY_MAXIMUM] +
			  (uint64_t)c->revenue[QUALITY_GOOD],
	    (uint64_t)quality_revenue(c));
}

/* --- quality.csv --------------------------------------------------------- */

static void
put_cell(FILE *to, const char *s)
{
	bool formula = *s != '\0' && strchr("=+-@\t\r\n", *s) != NULL;

	if (!formula && strpbrk(s, ";\"\r\n") == NULL) {
		fputs(s, to);
		return;
	}
	fputs(formula ? "\"'" : "\"", to);
	for (; *s != '\0'; s++) {
		if (*s == '"')
			fputc('"', to);
		fputc(*s, to);
	}
	fputc('"', to);
}

static void
put_tenths(FILE *to, long long t)
{
	fprintf(to, "%lld.%lld", t / 10, t % 10);
}

static void
csv_line(
    FILE *to, const char *by, const char *name, const struct quality_count *c)
{
	fprintf(to, "%s;", by);
	put_cell(to, name);
	fprintf(to, ";%llu", (unsigned long long)quality_orders(c));
	for (int i = 0; i < QUALITY_CLASSES; i++)
		fprintf(to, ";%llu", (unsigned long long)c->orders[i]);
	fputc(';', to);
	put_tenths(to, tenths(with_client_id(c->orders), quality_orders(c)));
	fputc(';', to);
	put_money(to, quality_revenue(c));
	for (int i = 0; i < QUALITY_CLASSES; i++) {
		fputc(';', to);
		put_money(to, c->revenue[i]);
	}
	fputc(';', to);
	put_tenths(to, revenue_tenths(c));
	fputc('\n', to);
}

static void
csv_table(FILE *to, const char *by, const struct quality_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		csv_line(to, by, t->line[i].name, &t->line[i].count);
}

void
quality_csv(FILE *to, const struct quality *q)
{
	fputs(BOM "by;name;orders;maximum;good;medium;invalid;"
		  "client_id_percent;revenue;revenue_maximum;revenue_good;"
		  "revenue_medium;revenue_invalid;revenue_client_id_percent\n",
	    to);
	csv_line(to, "all", "", &q->all);
	csv_table(to, "day", &q->day);
	csv_table(to, "status", &q->status);
	csv_table(to, "source", &q->source);
}

/* --- JSON ---------------------------------------------------------------- */

static json_t *
count_json(const struct quality_count *c)
{
	json_t *o = json_object(), *revenue = json_object();

	json_object_set_new(
	    o, "orders", json_integer((json_int_t)quality_orders(c)));
	for (int i = 0; i < QUALITY_CLASSES; i++) {
		const char *name = quality_name((enum quality_class)i);

		json_object_set_new(
		    o, name, json_integer((json_int_t)c->orders[i]));
		json_object_set_new(
		    revenue, name, json_real((double)c->revenue[i] / 100));
	}
	json_object_set_new(
	    revenue, "all", json_real((double)quality_revenue(c) / 100));
	json_object_set_new(o, "revenue", revenue);
	return o;
}

static json_t *
table_json(const char *name, const struct quality_table *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->n; i++) {
		json_t *o = count_json(&t->line[i].count);

		json_object_set_new(o, name, json_string(t->line[i].name));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
sum_json(const struct quality_sum *s)
{
	return json_pack("{s:I, s:f}", "orders", (json_int_t)s->orders,
	    "revenue", (double)s->revenue / 100);
}

static json_t *
leaving_json(const struct quality *q)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < q->leaving.ids; i++)
		json_array_append_new(ids, json_string(q->leaving.id[i]));
	return json_pack("{s:I, s:I, s:I, s:o}", "orders",
	    (json_int_t)q->leaving.orders, "no_client_id",
	    (json_int_t)q->leaving.no_client_id, "no_identifier",
	    (json_int_t)q->leaving.no_identifier, "ids", ids);
}

static json_t *
missed_json(const struct quality *q)
{
	json_t *pairs = json_array();

	for (size_t i = 0; i < q->missed_n; i++)
		json_array_append_new(
		    pairs, json_pack("{s:s, s:s, s:I}", "status",
			       q->missed[i].status, "next", q->missed[i].next,
			       "orders", (json_int_t)q->missed[i].n));
	return json_pack("{s:I, s:o}", "orders", (json_int_t)q->missed_orders,
	    "pairs", pairs);
}

/* Lives in the arena, or is the group's. */
static struct slice
value_of(struct arena *a, const struct shared_group *g, bool plain)
{
	/* hashes are masked alike */
	enum field f = g->md5 ? FIELD_PHONES_MD5 : g->field;
	struct slice value = slice_of(g->value);

	return plain ? value : mask_value(a, f, value);
}

static json_t *
shared_json(const struct quality *q, bool plain)
{
	json_t *list = json_array();
	struct arena a = ARENA_EMPTY;

	for (size_t i = 0; i < q->shared.groups; i++) {
		const struct shared_group *g = &q->shared.group[i];
		struct slice value = value_of(&a, g, plain);
		json_t *ids = json_array();

		for (size_t k = 0; k < SHARED_EXAMPLES; k++)
			if (g->order[k] != NULL)
				json_array_append_new(
				    ids, json_string(g->order[k]));
		json_array_append_new(
		    list, json_pack("{s:s, s:o, s:b, s:I, s:o}", "column",
			      field_info[g->field].name, "value",
			      json_stringn(value.p, value.n), "md5", g->md5,
			      "orders", (json_int_t)g->orders, "ids", ids));
	}
	arena_free(&a);
	return json_pack("{s:i, s:I, s:I, s:o}", "more_than", SHARED_MORE_THAN,
	    "identifiers", (json_int_t)q->shared.identifiers, "most",
	    (json_int_t)q->shared.most, "list", list);
}

json_t *
quality_json(const struct quality *q, bool plain)
{
	json_t *o = count_json(&q->all);

	json_object_set_new(o, "from", json_string(q->first_day));
	json_object_set_new(o, "to", json_string(q->last_day));
	json_object_set_new(o, "days", table_json("day", &q->day));
	json_object_set_new(o, "statuses", table_json("status", &q->status));
	json_object_set_new(o, "sources", table_json("source", &q->source));
	json_object_set_new(o, "waiting", json_integer((json_int_t)q->waiting));
	json_object_set_new(o, "leaving", leaving_json(q));
	json_object_set_new(o, "late", sum_json(&q->late));
	json_object_set_new(
	    o, "late_before_the_first_pull", sum_json(&q->before));
	json_object_set_new(o, "late_and_never_pulled", sum_json(&q->unseen));
	json_object_set_new(o, "missed", missed_json(q));
	json_object_set_new(o, "shared", shared_json(q, plain));
	return o;
}

/* --- the table in words -------------------------------------------------- */

/* A terminal's columns are letters, not bytes. */
static int
letters(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
put_left(FILE *to, const char *s, int width)
{
	fprintf(
	    to, "%s%*s", s, letters(s) < width ? width - letters(s) : 0, "");
}

static void
put_right(FILE *to, const char *s, int width)
{
	fprintf(
	    to, "%*s%s", letters(s) < width ? width - letters(s) : 0, "", s);
}

static void
put_share(FILE *to, uint64_t part, uint64_t whole)
{
	long long t = tenths(part, whole);

	fprintf(to, " %5lld.%lld%%", t / 10, t % 10);
}

static void
put_right_money(FILE *to, int64_t minor)
{
	fprintf(to, " %15lld", (long long)(minor / 100));
}

static void
text_all(FILE *to, const struct quality_count *c)
{
	static const char *const meaning[QUALITY_CLASSES] = {
		N_("maximum: ClientID, and phone or e-mail"),
		N_("good: ClientID alone"),
		N_("medium: phone or e-mail alone"),
		N_("invalid: nothing"),
	};
	uint64_t orders = quality_orders(c);

	put_left(to, "", 42);
	put_right(to, _("orders"), 18);
	put_right(to, _("revenue"), 24);
	fputc('\n', to);
	for (int i = 0; i < QUALITY_CLASSES; i++) {
		fputs("  ", to);
		put_left(to, _(meaning[i]), 40);
		fprintf(to, " %10llu", (unsigned long long)c->orders[i]);
		put_share(to, c->orders[i], orders);
		put_right_money(to, c->revenue[i]);
		put_share(
		    to, (uint64_t)c->revenue[i], (uint64_t)quality_revenue(c));
		fputc('\n', to);
	}
}

static void
text_table(
    FILE *to, const char *heading, const struct quality_table *t, size_t from)
{
	fprintf(to, "\n%s\n", heading);
	for (size_t i = from; i < t->n; i++) {
		const struct quality_count *c = &t->line[i].count;

		fputs("  ", to);
		put_left(
		    to, t->line[i].name[0] == '\0' ? "-" : t->line[i].name, 24);
		fprintf(to, " %10llu", (unsigned long long)quality_orders(c));
		for (int k = 0; k < QUALITY_CLASSES; k++)
			put_share(to, c->orders[k], quality_orders(c));
		put_right_money(to, quality_revenue(c));
		fputc('\n', to);
	}
}

void
quality_text(FILE *to, const struct quality *q)
{
	fprintf(to, _("Orders created from %s to %s: %llu\n\n"), q->first_day,
	    q->last_day, (unsigned long long)quality_orders(&q->all));
	if (quality_orders(&q->all) == 0)
		return;
	text_all(to, &q->all);
	text_table(to,
	    _("By status: orders; maximum, good, medium, invalid; revenue"),
	    &q->status, 0);
	text_table(to, _("By source:"), &q->source, 0);
	text_table(to,
	    q->day.n > DAYS_SHOWN ? _("By day (the last 14; --csv has all):")
				  : _("By day:"),
	    &q->day, q->day.n > DAYS_SHOWN ? q->day.n - DAYS_SHOWN : 0);
}

/* --- advice -------------------------------------------------------------- */

/* Some CRMs name an order by its client's phone. */
static void
put_ids(FILE *to, char *const *id, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(to, "%s%s", i == 0 ? "" : ", ",
		    rejects_is_contact(slice_of(id[i])) ? _("(hidden)")
							: id[i]);
}

static bool
say_leaving(FILE *to, const struct quality *q)
{
	if (q->leaving.no_identifier == 0)
		return false;
	fprintf(to,
	    _("Orders that are 21 days old tomorrow and have no identifier: "
	      "%llu. Direct links a conversion with a click only within 21 "
	      "days of its creation, so today is the last day: drop a dump "
	      "with the ClientID, phone or e-mail of their clients.\n"),
	    (unsigned long long)q->leaving.no_identifier);
	fputs("  ", to);
	put_ids(to, q->leaving.id, q->leaving.ids);
	fputs(q->leaving.no_identifier > q->leaving.ids ? ", …\n" : "\n", to);
	return true;
}

static bool
say_client_ids(FILE *to, const struct quality *q)
{
	uint64_t n = with_client_id(q->all.orders);

	if (quality_orders(&q->all) == 0)
		return false;
	if (n == quality_orders(&q->all))
		fputs(_("All orders have a ClientID. Direct warns of such a "
			"file: orders that were made offline, by phone or in a "
			"shop, are probably missing. Export them too, with the "
			"phone or e-mail of the client.\n"),
		    to);
	else if (n == 0)
		fputs(_("No order has a ClientID. Direct warns of such a file: "
			"orders that were made on the site will be linked with "
			"visits poorly. Let the site pass Metrica's ClientID "
			"(getClientID) to the CRM with every order and lead, "
			"and export it.\n"),
		    to);
	return n == 0 || n == quality_orders(&q->all);
}

static bool
say_waiting(FILE *to, const struct quality *q)
{
	if (q->waiting == 0)
		return false;
	fprintf(to,
	    _("Orders that name a client of whom no phone, e-mail or ClientID "
	      "is known: %llu. They are not published. Drop a dump of the "
	      "CRM's contacts.\n"),
	    (unsigned long long)q->waiting);
	return true;
}

static bool
say_late(FILE *to, const struct quality *q)
{
	char revenue[32];

	if (q->late.orders == 0)
		return false;
	fprintf(to,
	    _("Orders that were over 21 days old when they were pulled for "
	      "the first time: %llu, revenue: %s. Direct cannot link them with "
	      "a click any more. Usually an order is exported only once it is "
	      "paid: export it from the start, and map an early status to "
	      "IN_PROGRESS, so that Direct knows it in time and its PAID later "
	      "counts.\n"),
	    (unsigned long long)q->late.orders,
	    money(revenue, q->late.revenue));
	return true;
}

static bool
say_unseen(FILE *to, const struct quality *q)
{
	char revenue[32];

	if (q->unseen.orders == 0)
		return false;
	fprintf(to,
	    _("Orders that are over 21 days old and were never pulled: %llu, "
	      "revenue: %s. Direct will not link them with a click. Export "
	      "orders from the start, map an early status to IN_PROGRESS, and "
	      "see that Direct pulls daily.\n"),
	    (unsigned long long)q->unseen.orders,
	    money(revenue, q->unseen.revenue));
	return true;
}

static bool
say_missed(FILE *to, const struct quality *q)
{
	if (q->missed_orders == 0)
		return false;
	fprintf(to,
	    _("Statuses that came and went between two pulls, so that Direct "
	      "never saw them: %llu. Drop dumps more often, or let Direct pull "
	      "more often.\n"),
	    (unsigned long long)q->missed_orders);
	for (size_t i = 0; i < q->missed_n && i < PAIRS_SHOWN; i++)
		fprintf(to, _("  %s, then %s: %llu\n"), q->missed[i].status,
		    q->missed[i].next, (unsigned long long)q->missed[i].n);
	return true;
}

static bool
say_shared(FILE *to, const struct quality *q)
{
	if (q->shared.identifiers == 0)
		return false;
	fprintf(to,
	    _("Phones, e-mails and ClientIDs that more than 20 orders share: "
	      "%llu; one of them is in %llu orders. A phone of the office or a "
	      "test's e-mail glues strangers together. \"convdrop quality FEED "
	      "--shared\" lists them; put those that are nobody's own into the "
	      "file that ignore_identifiers names.\n"),
	    (unsigned long long)q->shared.identifiers,
	    (unsigned long long)q->shared.most);
	return true;
}

unsigned
quality_advice(FILE *to, const struct quality *q)
{
	static bool (*const say[])(
	    FILE * to, const struct quality *q) = { say_leaving, say_waiting,
		say_client_ids, say_late, say_unseen, say_missed, say_shared };
	char *text;
	unsigned n = 0;
	size_t size;

	for (size_t i = 0; i < sizeof say / sizeof *say; i++) {
		FILE *f = open_memstream(&text, &size);

		if (f == NULL)
			continue;
		if (say[i](f, q)) {
			fflush(f);
			fprintf(to, "%s%s", n++ == 0 ? "" : "\n", text);
		}
		fclose(f);
		free(text);
	}
	return n;
}

void
quality_shared(FILE *to, const struct quality *q, bool plain)
{
	struct arena a = ARENA_EMPTY;

	fprintf(to, _("Identifiers that more than %d orders share: %llu\n"),
	    SHARED_MORE_THAN, (unsigned long long)q->shared.identifiers);
	for (size_t i = 0; i < q->shared.groups; i++) {
		const struct shared_group *g = &q->shared.group[i];
		struct slice value = value_of(&a, g, plain);
		size_t ids = 0;

		while (ids < SHARED_EXAMPLES && g->order[ids] != NULL)
			ids++;
		fprintf(to, "%10llu  %-10s  %.*s%s  ",
		    (unsigned long long)g->orders, field_info[g->field].name,
		    (int)value.n, value.p, g->md5 ? " (MD5)" : "");
		put_ids(to, g->order, ids);
		fputs(", …\n", to);
	}
	arena_free(&a);
	if (q->shared.groups < q->shared.identifiers)
		fprintf(to, _("Only the %d most frequent ones are listed.\n"),
		    SHARED_LISTED);
}
