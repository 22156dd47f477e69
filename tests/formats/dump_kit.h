/*
 * A dump in memory and what tests ask of it: open, read a record, read all.
 */
#ifndef TESTS_FORMATS_DUMP_KIT_H
#define TESTS_FORMATS_DUMP_KIT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/dump.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define PHONE "create_date_time;id;phones;order_status;revenue\n"

/* The dump, handed out in small pieces. */
struct source {
	struct slice rest;
	bool broken;
};

static inline ssize_t
read_source(void *ctx, void *buf, size_t n)
{
	struct source *s = ctx;
	size_t k = s->rest.n < 7 ? s->rest.n : 7;

	if (s->broken) {
		errno = EIO;
		return -1;
	}
	k = k < n ? k : n;
	memcpy(buf, s->rest.p, k);
	s->rest.p += k;
	s->rest.n -= k;
	return (ssize_t)k;
}

/* What a test works with. */
static struct settings *settings;
static struct zone *zone;
static struct source source;
static struct input input = { .read = read_source, .ctx = &source };
static struct dump *dump;
static struct record *rec;

static inline int
begin(void **state)
{
	(void)state;
	settings = settings_new();
	zone = zone_utc();
	dump = NULL;
	return 0;
}

static inline int
end(void **state)
{
	(void)state;
	dump_close(dump);
	dump = NULL;
	zone_free(zone);
	settings_free(settings);
	return 0;
}

static inline enum fmt_status
open_text(const char *text)
{
	dump_close(dump);
	dump = NULL;
	source = (struct source){ slice_of(text), false };
	return dump_open(&dump, &input, settings, zone, NULL);
}

/* One record; it must be there. */
static inline void
next(void)
{
	assert_int_equal(dump_next(dump, &rec), FMT_OK);
}

static inline enum reject
last_problem(void)
{
	return rec->problems.n == 0
		   ? REJECT_NONE
		   : rec->problems.p[rec->problems.n - 1].reject;
}

static inline const char *
text_of(enum field f)
{
	static char buf[8][300];
	static int i;
	char *p = buf[i++ & 7];

	snprintf(p, sizeof *buf, "%.*s", (int)conv_text(&rec->conv, f).n,
	    conv_text(&rec->conv, f).p);
	return p;
}

/* Reads to the end, checks that every record is counted in one bucket. */
static inline enum fmt_status
drain(unsigned long tally[3])
{
	const struct dump_facts *f;
	enum fmt_status st;

	memset(tally, 0, 3 * sizeof *tally);
	while ((st = dump_next(dump, &rec)) == FMT_OK)
		tally[rec->verdict]++;
	f = dump_facts(dump);
	assert_int_equal(f->records, tally[0] + tally[1] + tally[2]);
	assert_int_equal(f->skipped, tally[VERDICT_SKIP]);
	assert_int_equal(f->rejected, tally[VERDICT_REJECT]);
	return st;
}

/* What is left of it. */
static inline enum fmt_status
read_all(void)
{
	enum fmt_status st;

	while ((st = dump_next(dump, &rec)) == FMT_OK)
		continue;
	return st;
}

/* One that can be read. */
static inline void
open_fine(const char *text)
{
	assert_int_equal(open_text(text), FMT_OK);
}

#endif
