#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "feed/intake.h"
#include "tool/preview.h"
#include "tests/feed/ingest_bench.h"

/* Rows in tables leave out what they do not have. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define DAY INT64_C(86400)
#define LONG_AGO (NOW - 21 * DAY - 1)

struct side {
	const char *status, *phones, *client_ids, *client;
	int64_t revenue;
};

static const struct shown {
	const char *name;
	int64_t created;
	bool known;
	struct side was, is;
	enum record_kind kind;
	const char *want; /* kinds of findings */
} shown[] = {
	{ "new", NOW - DAY, false, .is = { "PAID", "7", NULL, NULL, 1 },
	    .want = "new" },
	{ "new, and too late", LONG_AGO, false,
	    .is = { "PAID", "7", NULL, NULL, 1 }, .want = "new late" },
	{ "new, and just in time", LONG_AGO + 1, false,
	    .is = { "PAID", "7", NULL, NULL, 1 }, .want = "new" },
	{ "a call is linked by no click", LONG_AGO, false,
	    .is = { NULL, "7", NULL, NULL, 1 }, .kind = RECORD_CALL,
	    .want = "new" },
	{ "as it was, long ago", LONG_AGO, true, { "PAID", "7", NULL, NULL, 1 },
	    { "PAID", "7", NULL, NULL, 1 }, .want = "" },
	{ "its first identifier, too late", LONG_AGO, true,
	    { "PAID", NULL, NULL, "c", 1 }, { "PAID", "7", NULL, "c", 1 },
	    .want = "gained late" },
	{ "its first identifier, in time", LONG_AGO + 1, true,
	    { "PAID", NULL, NULL, "c", 1 }, { "PAID", "7", NULL, "c", 1 },
	    .want = "gained" },
	{ "its second one", LONG_AGO, true, { "PAID", "7", NULL, NULL, 1 },
	    { "PAID", "7", "9", NULL, 1 }, .want = "gained" },
	{ "a phone is replaced", NOW, true, { "PAID", "7", NULL, NULL, 1 },
	    { "PAID", "8", NULL, NULL, 1 }, .want = "lost gained" },
	{ "one of two phones goes", NOW, true, { "PAID", "7,8", NULL, NULL, 1 },
	    { "PAID", "8", NULL, NULL, 1 }, .want = "lost" },
	{ "two phones change places", NOW, true,
	    { "PAID", "7,8", NULL, NULL, 1 }, { "PAID", "8,7", NULL, NULL, 1 },
	    .want = "" },
	{ "another status", NOW, true, { "PAID", "7", NULL, NULL, 1 },
	    { "CANCELLED", "7", NULL, NULL, 1 }, .want = "status" },
	{ "another revenue", NOW, true, { "PAID", "7", NULL, NULL, 1 },
	    { "PAID", "7", NULL, NULL, 2 }, .want = "revenue" },
};

static void
set(struct merge_order *o, const struct side *s, int64_t created)
{
	memset(o, 0, sizeof *o);
	conv_clear(&o->conv);
	conv_text(&o->conv, FIELD_ID) = slice_of("1");
	conv_text(&o->conv, FIELD_ORDER_STATUS) = slice_of(s->status);
	conv_text(&o->conv, FIELD_PHONES) = slice_of(s->phones);
	conv_text(&o->conv, FIELD_CLIENT_IDS) = slice_of(s->client_ids);
	conv_text(&o->conv, FIELD_CLIENT_UNIQ_ID) = slice_of(s->client);
	o->conv.number[FIELD_REVENUE] = s->revenue;
	o->conv.number[FIELD_CREATE_DATE_TIME] = created;
}

static void
found(char out[128], const struct preview *p)
{
	static const char *const name[PREVIEW_KINDS] = { "new", "status",
		"revenue", "lost", "gained", "shared", "late", "future",
		"outside", "rejected", "values" };

	out[0] = '\0';
	for (size_t i = 0; i < PREVIEW_KINDS; i++)
		if (p->list[i].n > 0)
			snprintf(out + strlen(out), 128 - strlen(out), "%s%s",
			    out[0] == '\0' ? "" : " ", name[i]);
}

static void
an_order_is_found_for_what_changes(void **state)
{
	struct zone *utc = zone_utc();
	struct err e = ERR_EMPTY;
	struct bench b;

	(void)state;
	bench_open(&b, BENCH_CONF(""));
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		const struct shown *s = &shown[i];
		struct merge_order was, is;
		struct preview p;
		char got[128];

		assert_int_equal(preview_open(&p, b.inst.conf, b.feed, utc, NOW,
				     i % 2 == 0, &e),
		    0);
		p.kind = s->kind;
		set(&was, &s->was, s->created);
		set(&is, &s->is, s->created);
		preview_merged(&p, s->known ? &was : NULL, &is);
		found(got, &p);
		preview_close(&p);
		if (strcmp(got, s->want) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", s->name, got,
			    s->want);
	}
	bench_close(&b);
	zone_free(utc);
}

static const struct refusal {
	enum reject why;
	bool row;
	const char *want;
} refusals[] = {
	{ REJECT_DATE_OLD, true, "outside" },
	{ REJECT_DATE_FUTURE, true, "future" },
	{ REJECT_STATUS_EMPTY, true, "rejected" },
	{ REJECT_NO_IDENTIFIER, false, "values" },
};

static void
a_refusal_is_told_without_its_value(void **state)
{
	struct zone *utc = zone_utc();
	struct err e = ERR_EMPTY;
	struct bench b;

	(void)state;
	bench_open(&b, BENCH_CONF(""));
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct problem problem = { .reject = refusals[i].why,
			.field = FIELD_PHONES,
			.cell = 0,
			.value = slice_of("79991112233") };
		char got[128], *text = NULL;
		struct preview p;
		size_t n = 0;
		FILE *to = open_memstream(&text, &n);

		assert_int_equal(
		    preview_open(&p, b.inst.conf, b.feed, utc, NOW, true, &e),
		    0);
		assert_int_equal(preview_refused(&p, 7, refusals[i].row,
				     &problem, NULL, 0, &e),
		    0);
		found(got, &p);
		assert_string_equal(got, refusals[i].want);
		assert_int_equal(preview_json(to, &p, &e), 0);
		fclose(to);
		assert_non_null(strstr(text, "\"line\":7"));
		assert_null(strstr(text, "79991112233"));
		free(text);
		preview_close(&p);
	}
	bench_close(&b);
	zone_free(utc);
}

/* More pairs of statuses than are told apart. */
static void
memory_does_not_grow_with_the_dump(void **state)
{
	struct zone *utc = zone_utc();
	struct err e = ERR_EMPTY;
	struct preview p;
	struct bench b;

	(void)state;
	bench_open(&b, BENCH_CONF(""));
	assert_int_equal(
	    preview_open(&p, b.inst.conf, b.feed, utc, NOW, false, &e), 0);
	for (unsigned i = 0; i < 3000; i++) {
		char goal[32];
		struct side from = { "PAID", "7", NULL, NULL, 100 };
		struct side to = { goal, "7", NULL, NULL, 200 };
		struct merge_order was, is;

		snprintf(goal, sizeof goal, "goal%u", i);
		set(&was, &from, NOW);
		set(&is, &to, NOW);
		preview_merged(&p, &was, &is);
	}
	assert_int_equal(p.list[PREVIEW_STATUS].n, 3000);
	assert_int_equal(p.moves, 1000);
	assert_int_equal(p.other_moves, 2000);
	assert_int_equal(p.list[PREVIEW_REVENUE].was, 300000);
	assert_int_equal(p.list[PREVIEW_REVENUE].is, 600000);
	assert_non_null(p.list[PREVIEW_STATUS].shown[PREVIEW_SHOWN - 1]);
	preview_close(&p);
	bench_close(&b);
	zone_free(utc);
}

/* --- what is said and what is done ---------------------------------------- */

#define IDS 40
#define ROWS 25

struct dice {
	uint64_t s;
};

static unsigned
roll(struct dice *d, unsigned n)
{
	d->s = d->s * UINT64_C(6364136223846793005) +
	       UINT64_C(1442695040888963407);
	return (unsigned)(d->s >> 33) % n;
}

static const char *
one_of(struct dice *d, const char *const *list, unsigned n)
{
	return list[roll(d, n)];
}

static void
write_row(char *out, size_t size, struct dice *d)
{
	static const char *const day[] = { "2026-11-20", "2026-11-21",
		"2026-11-22", "2026-10-30", "2026-01-02", "2026-11-30",
		"yesterday" };
	static const char *const status[] = { "PAID", "PAID", "IN_PROGRESS",
		"CANCELLED", "SPAM", "", "who knows" };
	static const char *const revenue[] = { "", "100", "100", "99.50", "0",
		"-5", "1e5" };
	static const char *const phones[] = { "", "79991110001", "79991110002",
		"79991110001,79991110003", "7,9E+10" };
	static const char *const clients[] = { "", "1001", "1002",
		"1001,1002" };
	static const char *const changed[] = { "", "2026-11-22 10:00:00",
		"2026-11-21 10:00:00" };

	snprintf(out, size, "%s 10:0%u:00;%s%u;%s;%s;%s;%s;%s\n",
	    one_of(d, day, 7), roll(d, 3), roll(d, 30) == 0 ? "0" : "",
	    roll(d, IDS) + 1, one_of(d, clients, 4), one_of(d, phones, 5),
	    one_of(d, status, 7), one_of(d, revenue, 7), one_of(d, changed, 3));
}

static char *
write_dump(struct dice *d)
{
	char *text = mem_alloc(200 + ROWS * 200);
	size_t n = (size_t)sprintf(text,
	    "create_date_time;id;client_ids;phones;order_status;revenue;"
	    "update_date_time\n");

	/* so that damaged ones are never too many */
	for (unsigned i = 0; i < ROWS; i++) {
		write_row(text + n, 200, d);
		n += strlen(text + n);
	}
	return text;
}

/* All that the feed has, by id with and without a zero. */
struct orders {
	struct arena a;
	struct conv c[2 * IDS];
	bool has[2 * IDS];
};

static void
read_orders(struct orders *o, struct bench *b)
{
	memset(o, 0, sizeof *o);
	for (unsigned i = 0; i < 2 * IDS; i++) {
		char id[16];
		struct arena a = ARENA_EMPTY;
		int rc;

		snprintf(
		    id, sizeof id, "%s%u", i < IDS ? "" : "0", i % IDS + 1);
		rc = store_values(b->in.store, &a, "main", RECORD_ORDER,
		    slice_of(id), &o->c[i], &b->e);
		assert_int_not_equal(rc, -1);
		o->has[i] = rc == 1;
		if (rc == 1)
			conv_unpack(&o->c[i], conv_pack(&o->a, &o->c[i]));
		arena_free(&a);
	}
}

/* Values of a list that another has not. */
static bool
more(struct slice a, struct slice b)
{
	while (a.n > 0) {
		struct slice v = slice_cut(&a, ','), rest = b;
		bool found = false;

		while (rest.n > 0)
			found = slice_eq(slice_cut(&rest, ','), v) || found;
		if (!found)
			return true;
	}
	return false;
}

static bool
more_identifiers(const struct conv *a, const struct conv *b)
{
	static const enum field fields[] = { FIELD_CLIENT_IDS, FIELD_PHONES,
		FIELD_EMAILS, FIELD_PHONES_MD5, FIELD_EMAILS_MD5 };

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (more(conv_text(a, fields[i]), conv_text(b, fields[i])))
			return true;
	return false;
}

static int64_t
sum(const struct conv *c)
{
	int64_t n = c->number[FIELD_REVENUE];

	return n == CONV_NONE ? 0 : n;
}

/* What became of them, in the form of a preview. */
static void
compare(
    struct preview_list *l, const struct orders *was, const struct orders *is)
{
	for (unsigned i = 0; i < 2 * IDS; i++) {
		const struct conv *a = &was->c[i], *b = &is->c[i];

		if (!is->has[i])
			continue;
		if (!was->has[i]) {
			l[PREVIEW_NEW].n++;
			l[PREVIEW_NEW].is += sum(b);
			continue;
		}
		l[PREVIEW_STATUS].n +=
		    !slice_eq(conv_text(a, FIELD_ORDER_STATUS),
			conv_text(b, FIELD_ORDER_STATUS));
		if (a->number[FIELD_REVENUE] != b->number[FIELD_REVENUE]) {
			l[PREVIEW_REVENUE].n++;
			l[PREVIEW_REVENUE].was += sum(a);
			l[PREVIEW_REVENUE].is += sum(b);
		}
		l[PREVIEW_LOST].n += more_identifiers(a, b);
		l[PREVIEW_GAINED].n += more_identifiers(b, a);
	}
}

static void
look(struct bench *b, struct preview *p, struct tally *t, const char *text,
    int64_t now)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);
	struct intake in = { .conf = b->inst.conf,
		.settings = b->feed->source[0],
		.at = now,
		.refused = preview_refused,
		.refused_ctx = p,
		.refuses_dates = true,
		.merged = preview_merged,
		.merged_ctx = p,
		.dry = true };

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(store_begin(b->in.store, &b->e), 0);
	assert_int_equal(
	    store_has_variants(b->in.store, "main", &in.has_variants, &b->e),
	    0);
	assert_int_equal(intake_read(&in, fd, &b->e), 0);
	assert_int_equal(in.status, FMT_END);
	assert_int_equal(intake_merge(&in, b->in.store, 1000, &b->e), 0);
	*t = in.tally;
	store_rollback(b->in.store);
	intake_close(&in);
	close(fd);
}

static void
same_totals(const struct preview_list *said, const struct preview_list *done,
    const char *text)
{
	static const enum preview_kind kinds[] = { PREVIEW_NEW, PREVIEW_STATUS,
		PREVIEW_REVENUE, PREVIEW_LOST, PREVIEW_GAINED };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct preview_list *a = &said[kinds[i]];
		const struct preview_list *b = &done[kinds[i]];

		if (a->n != b->n || a->was != b->was || a->is != b->is)
			fail_msg("kind %d: said %llu, %lld -> %lld; done %llu, "
				 "%lld -> %lld, by\n%s",
			    (int)kinds[i], (unsigned long long)a->n,
			    (long long)a->was, (long long)a->is,
			    (unsigned long long)b->n, (long long)b->was,
			    (long long)b->is, text);
	}
}

/* One more dump of a history: looked at, then dropped. */
static void
look_and_drop(struct bench *b, struct dice *d, int64_t now)
{
	struct preview_list done[PREVIEW_KINDS] = { 0 };
	struct orders was, still, is;
	struct zone *utc = zone_utc();
	char *text = write_dump(d);
	struct preview p;
	struct tally said;

	assert_int_equal(
	    preview_open(&p, b->inst.conf, b->feed, utc, now, false, &b->e), 0);
	read_orders(&was, b);
	look(b, &p, &said, text, now);
	read_orders(&still, b);
	compare(done, &was, &still);
	for (size_t i = 0; i < PREVIEW_KINDS; i++)
		assert_int_equal(done[i].n, 0);
	assert_int_equal(bench_drop(b, "d.csv", text, now), 0);
	read_orders(&is, b);
	compare(done, &was, &is);
	same_totals(p.list, done, text);
	assert_memory_equal(&said, &b->d.tally, sizeof said);
	assert_int_equal(p.list[PREVIEW_REJECTED].n, said.rejected);
	assert_int_equal(p.list[PREVIEW_OUTSIDE].n, said.too_old);
	assert_int_equal(p.list[PREVIEW_VALUES].n, said.values_dropped);
	preview_close(&p);
	arena_free(&was.a);
	arena_free(&still.a);
	arena_free(&is.a);
	zone_free(utc);
	free(text);
}

static void
what_is_said_of_any_history_is_what_is_done(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct dice d = { seed };
		struct bench b;

		bench_open(
		    &b, BENCH_CONF(" hold = no\n max_bad_percent = 100\n"));
		for (int i = 0; i < 8; i++)
			look_and_drop(&b, &d, NOW + i);
		bench_close(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_is_found_for_what_changes),
		cmocka_unit_test(a_refusal_is_told_without_its_value),
		cmocka_unit_test(memory_does_not_grow_with_the_dump),
		cmocka_unit_test(what_is_said_of_any_history_is_what_is_done),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
