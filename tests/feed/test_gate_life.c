/*
 * The hold gate in a shop's normal life: weeks of exports as CRMs make them,
 * of which none may wait, beside another shop that counts from the same number.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/feed/ingest_bench.h"

#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)
#define FROM (NOW / DAY * DAY - 70 * DAY) /* the first order's day */
#define A_DAY 8                           /* orders on a working day */

static const char *const conf = "feed \"main\" {\n}\nfeed \"other\" {\n}\n";

/* --- a shop -------------------------------------------------------------- */

struct sale {
	unsigned id;
	int64_t created, changed;
	const char *status;
	unsigned revenue;
};

static uint32_t
chance(uint32_t id, uint32_t what)
{
	uint32_t h = (id * 2654435761U) ^ (what * 40503U);

	h ^= h >> 15;
	h *= 2246822519U;
	return h ^ h >> 13;
}

static bool
is_weekend(int64_t day)
{
	time_t t = (time_t)(FROM + day * DAY);
	struct tm tm;

	gmtime_r(&t, &tm);
	return tm.tm_wday == 0 || tm.tm_wday == 6;
}

static void
change(struct sale *o, int64_t now, int64_t at, const char *status)
{
	if (at > now)
		return;
	o->changed = at;
	o->status = status;
}

/* The n-th one of a day as it is now; false when it is not there yet. */
static bool
order_at(struct sale *o, unsigned shop, int64_t day, unsigned n, int64_t now)
{
	uint32_t r;
	int64_t done;

	o->id = 1000 + (unsigned)day * A_DAY + n;
	r = chance(o->id, shop);
	o->created = FROM + day * DAY + 6 * HOUR + r % (14 * HOUR);
	o->changed = o->created;
	o->status = "IN_PROGRESS";
	o->revenue = 500 + r % 9000;
	done = o->created + HOUR + chance(o->id, 11) % (5 * DAY);
	change(
	    o, now, done, chance(o->id, 12) % 100 < 80 ? "PAID" : "CANCELLED");
	if (chance(o->id, 13) % 100 < 2) { /* opened again for a day */
		change(o, now, done + 2 * DAY, "IN_PROGRESS");
		change(o, now, done + 3 * DAY, "PAID");
	}
	if (chance(o->id, 14) % 100 < 1 && done + 6 * DAY <= now) {
		o->changed = done + 6 * DAY; /* sent back in part */
		o->revenue /= 2;
	}
	return o->created <= now;
}

/* --- its exports --------------------------------------------------------- */

static int64_t
month_of(int64_t t)
{
	time_t at = (time_t)t;
	struct tm tm;

	gmtime_r(&at, &tm);
	return tm.tm_mon;
}

static bool
all(const struct sale *o, int64_t now, int64_t before)
{
	(void)o;
	(void)now;
	(void)before;
	return true;
}

static bool
this_month(const struct sale *o, int64_t now, int64_t before)
{
	(void)before;
	return month_of(o->created) == month_of(now);
}

static bool
two_weeks(const struct sale *o, int64_t now, int64_t before)
{
	(void)before;
	return o->created > now - 14 * DAY;
}

static bool
changed(const struct sale *o, int64_t now, int64_t before)
{
	(void)now;
	return o->changed > before;
}

static bool
created(const struct sale *o, int64_t now, int64_t before)
{
	(void)now;
	return o->created > before;
}

#define COLUMNS "create_date_time;id;client_ids;phones;order_status;revenue"
/* The same one, as several hands save it. */
static const char *const same_header[] = { COLUMNS "\n", COLUMNS "\r\n",
	"\xef\xbb\xbf" COLUMNS "\n",
	"\"create_date_time\";\"id\";\"client_ids\";\"phones\";"
	"\"order_status\";\"revenue\"\n",
	"Create_Date_Time;ID;client_ids;Phones;ORDER_STATUS;Revenue\n",
	" create_date_time;id ;client_ids; phones ;order_status;revenue \n",
	COLUMNS ";;;\n" };
#define SAME_HEADERS (sizeof same_header / sizeof *same_header)

static void
write_time(char out[32], int64_t t)
{
	time_t at = (time_t)(t + 3 * HOUR);
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
}

static char *
make(unsigned shop, const char *header,
    bool (*wants)(const struct sale *o, int64_t now, int64_t before),
    int64_t now, int64_t before)
{
	size_t room = 1 << 20, n;
	char *text = mem_alloc(room);

	n = (size_t)snprintf(text, room, "%s", header);
	for (int64_t day = 0; day * DAY + FROM <= now; day++)
		for (unsigned k = 0; k < A_DAY && !is_weekend(day); k++) {
			struct sale o;
			char when[32];

			if (!order_at(&o, shop, day, k, now) ||
			    !wants(&o, now, before))
				continue;
			write_time(when, o.created);
			n += (size_t)snprintf(text + n, room - n,
			    "%s;%u;%u;;%s;%u\n", when, o.id, o.id + 100000,
			    o.status, o.revenue);
		}
	if (n == strlen(header))
		n += (size_t)snprintf(text + n, room - n, "\n");
	return text;
}

/* An hour without anything is an empty dump, which is refused. */
static void
drop(struct bench *b, size_t feed, const char *name, const char *text,
    int64_t now, const char *what)
{
	b->feed = &b->inst.conf->feed[feed];
	if (bench_drop(b, name, text, now) == 1 && b->d.state == DUMP_HELD)
		fail_msg("%s: %lld days before the end: %s", what,
		    (long long)(NOW - now) / DAY, b->d.reason);
	if (strchr(strchr(text, '\n') + 1, ';') != NULL &&
	    (b->d.state != DUMP_MERGED || b->d.tally.rejected > 0))
		fail_msg("%s: %s: %s", what, name, b->d.reason);
}

static const struct life {
	const char *name;
	bool (*wants)(const struct sale *o, int64_t now, int64_t before);
	int64_t every;
	int dumps;
} lives[] = {
	{ "all of it, every night", all, DAY, 62 },
	{ "this month, every night", this_month, DAY, 62 },
	{ "two weeks, every night", two_weeks, DAY, 62 },
	{ "what changed, every night", changed, DAY, 62 },
	{ "what is new, every night", created, DAY, 62 },
	{ "what changed, every hour", changed, HOUR, 24 * 6 },
	{ "what is new, every hour", created, HOUR, 24 * 6 },
};

static void
nothing_of_a_normal_life_waits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
		const struct life *l = &lives[i];
		int64_t now = NOW - l->dumps * l->every;
		struct bench b;

		bench_open(&b, conf);
		for (size_t shop = 0; shop < 2; shop++) {
			char *text = make((unsigned)shop, same_header[0], all,
			    now - l->every, 0);

			drop(&b, shop, "first.csv", text, now - l->every,
			    l->name);
			free(text);
		}
		for (int k = 0; k < l->dumps; k++, now += l->every)
			/* the other one comes now and then */
			for (size_t shop = 0; shop < 1 + (k % 4 == 0); shop++) {
				char *text = make((unsigned)shop,
				    same_header[(size_t)k % SAME_HEADERS],
				    l->wants, now,
				    now - l->every * (shop == 0 ? 1 : 4));

				drop(
				    &b, shop, "orders.csv", text, now, l->name);
				free(text);
			}
		bench_close(&b);
	}
}

/* --- what comes together -------------------------------------------------- */

#define OTHERS "create_date_time;id;client_ids;comment;order_status;revenue\n"
#define LEADS "create_date_time;id;phones;order_status\n"

/* What an archive holds cannot have sources of its own. */
static void
members_of_an_archive_are_held_against_themselves(void **state)
{
	char name[64], old[256], when[32], *text;
	struct bench b;

	(void)state;
	bench_open(&b, conf);
	for (int64_t now = NOW - 9 * DAY; now <= NOW; now += DAY) {
		/* the first night somebody approves */
		b.inst.conf->feed[0].hold.on = now != NOW - 9 * DAY;
		text = make(0, same_header[0], two_weeks, now, 0);
		snprintf(name, sizeof name, "export-%lld.zip/deals-%lld.csv",
		    (long long)now, (long long)now);
		drop(&b, 0, name, text, now, name);
		free(text);
		/* hardly anybody asks: the last one is of long ago */
		write_time(when, NOW - 20 * DAY);
		snprintf(old, sizeof old, LEADS "%s;q1;79991112233;PAID\n%s",
		    when, now % 2 == 0 ? "" : "\n");
		snprintf(name, sizeof name, "export-%lld.zip/leads-%lld.csv",
		    (long long)now, (long long)now);
		drop(&b, 0, name, old, now, name);
	}
	text = make(0, OTHERS, two_weeks, NOW + 1, 0);
	b.feed = &b.inst.conf->feed[0];
	assert_int_equal(
	    bench_drop(&b, "export-1.zip/deals-1.csv", text, NOW + 1), 1);
	assert_int_equal(b.d.state, DUMP_HELD);
	assert_non_null(strstr(b.d.reason, "Its header is not that of dump"));
	free(text);
	bench_close(&b);
}

/* Two feeds of one CRM may get the same clients. */
static void
the_first_clients_after_orders_pass(void **state)
{
	static const char *const clients =
	    "uniq_id,name,phones\nc1,Anna,79991112233\nc2,Boris,79991112244\n"
	    "c3,Clara,79991112255\n";
	struct bench b;
	char *text;

	(void)state;
	bench_open(&b, conf);
	drop(&b, 1, "clients.csv", clients, NOW - 2, "elsewhere");
	text = make(0, same_header[0], two_weeks, NOW - 1, 0);
	drop(&b, 0, "orders.csv", text, NOW - 1, "orders");
	free(text);
	drop(&b, 0, "clients.csv", clients, NOW, "clients");
	assert_int_equal(b.d.state, DUMP_MERGED);
	assert_int_equal(b.d.tally.accepted, 3);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_of_a_normal_life_waits),
		cmocka_unit_test(
		    members_of_an_archive_are_held_against_themselves),
		cmocka_unit_test(the_first_clients_after_orders_pass),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
