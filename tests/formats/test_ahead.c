/*
 * Rows read ahead by a thread: the same as without, wherever it ends.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/dump.h"

#define ROWS 5000
#define HEADER "create_date_time;id;phones;order_status;revenue;note\n"

/* A dump in memory that breaks off with an error behind so many bytes. */
struct source {
	struct slice rest;
	size_t breaks;
};

static ssize_t
read_source(void *ctx, void *buf, size_t n)
{
	struct source *s = ctx;
	size_t k = s->rest.n < 1000 ? s->rest.n : 1000;

	k = k < n ? k : n;
	if (k > s->breaks) {
		errno = EIO;
		return -1;
	}
	memcpy(buf, s->rest.p, k);
	s->rest = (struct slice){ s->rest.p + k, s->rest.n - k };
	s->breaks -= k;
	return (ssize_t)k;
}

struct seen {
	enum fmt_status end;
	int error;
	unsigned long records, rejected, blank, lines, last_line;
	unsigned long dropped, repeated;
	uint64_t sum; /* of all values, in their order */
};

static void
add(struct seen *s, const struct record *r)
{
	for (size_t i = 0; i < r->cells; i++)
		for (size_t k = 0; k < r->cell[i].n; k++)
			s->sum = s->sum * 31 + (unsigned char)r->cell[i].p[k];
	for (size_t i = 0; i < conv_text(&r->conv, FIELD_PHONES).n; i++)
		s->sum = s->sum * 31 +
			 (unsigned char)conv_text(&r->conv, FIELD_PHONES).p[i];
	s->sum = s->sum * 31 + (uint64_t)r->conv.number[FIELD_REVENUE];
	s->sum = s->sum * 31 + r->problems.n;
	for (size_t i = 0; i < r->problems.n; i++)
		s->sum = s->sum * 31 + r->problems.p[i].reject;
	s->records++;
	s->rejected += r->verdict == VERDICT_REJECT;
	s->last_line = r->line;
}

enum how {
	ALONE,
	AHEAD,
	JUDGED /* by another thread, too */
};

static struct seen
read_all(struct slice text, size_t breaks, unsigned long most, enum how how)
{
	struct source source = { text, breaks };
	struct input in = { .read = read_source,
		.ctx = &source,
		.ahead = how != ALONE,
		.to_its_end = how == JUDGED };
	struct settings *settings = settings_new();
	struct zone *zone = zone_utc();
	const struct dump_facts *f;
	struct dump *d;
	struct seen s = { .end = dump_open(&d, &in, settings, zone, NULL) };
	struct record *r;

	assert_int_equal(s.end, FMT_OK);
	while (s.records < most && (s.end = dump_next(d, &r)) == FMT_OK)
		add(&s, r);
	s.error = s.end == FMT_IO ? errno : 0;
	f = dump_facts(d);
	if (s.end != FMT_OK) { /* who stops before has no use for them */
		s.blank = f->blank_lines;
		s.lines = f->lines;
		s.dropped = f->values_dropped;
		s.repeated = f->repeated_headers;
	}
	dump_close(d);
	zone_free(zone);
	settings_free(settings);
	return s;
}

static char *
long_dump(const char *middle)
{
	char *text = malloc(ROWS * 100 + 100), *p = text;

	assert_non_null(text);
	p += sprintf(p, HEADER);
	for (int i = 0; i < ROWS; i++) {
		p += sprintf(p, "2026-11-%02d 10:00:00;%d;+7916%07d;PAID;%d;",
		    1 + i % 20, i, i, i);
		p += sprintf(p,
		    i % 9 == 0   ? "\"two\nlines\"\n\n"
		    : i % 7 == 0 ? "a \"\"quote\n"
				 : "%d\n",
		    i);
		if (i % 1000 == 500)
			p += sprintf(p, HEADER "too;few\n;;;;;\n");
		if (i == ROWS / 2)
			p += sprintf(p, "%s", middle);
	}
	return text;
}

static void
what_is_read_ahead_is_what_is_read(void **state)
{
	static const struct {
		const char *title;
		size_t breaks;      /* the bytes end in an error here */
		unsigned long most; /* the caller wants no more */
		enum fmt_status end;
		const char *middle;
	} row[] = {
		{ "to the end", SIZE_MAX, SIZE_MAX, FMT_END, "" },
		{ "an error in the middle", 200000, SIZE_MAX, FMT_IO, "" },
		{ "an error at once", 66000, SIZE_MAX, FMT_IO, "" },
		{ "left after a row", SIZE_MAX, 1, FMT_OK, "" },
		{ "left in the middle", SIZE_MAX, 2000, FMT_OK, "" },
		{ "left before a row", SIZE_MAX, 0, FMT_OK, "" },
		{ "another header in the middle", SIZE_MAX, SIZE_MAX,
		    FMT_HEADER_CHANGED,
		    "id;create_date_time;phones;order_status;revenue;note\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char *text = long_dump(row[i].middle);
		struct seen plain =
		    read_all(slice_of(text), row[i].breaks, row[i].most, ALONE);

		for (enum how how = AHEAD; how <= JUDGED; how++) {
			struct seen ahead = read_all(
			    slice_of(text), row[i].breaks, row[i].most, how);

			if (plain.end != row[i].end ||
			    memcmp(&plain, &ahead, sizeof plain) != 0)
				fail_msg("%s: %d, %lu records, %lu blank, "
					 "error %d; ahead %lu, %lu, %d",
				    row[i].title, (int)plain.end, plain.records,
				    plain.blank, plain.error, ahead.records,
				    ahead.blank, ahead.error);
		}
		free(text);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_ahead_is_what_is_read),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
