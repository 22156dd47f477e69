/*
 * Blocks of records: whatever is put, sought and removed in whatever order,
 * they hold what a plain table of ids would.  And stores of older schemas, as
 * the versions that knew these left them (tests/data), are moved into blocks.
 */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "server/bytes.h"
#include "store/store_blocks.h"
#include "tests/store/merge_kit.h"

static struct err e;

/* --- against a table ------------------------------------------------------ */

enum {
	IDS = 900,
	ROUNDS = 60,
	FEED = 7
};

struct known {
	char id[16];
	bool there;
	int64_t create_time, line;
	size_t size; /* of its conv */
};

static struct known table[IDS], before[IDS];
static unsigned long seed;

static unsigned
roll(unsigned n)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % n;
}

static int
by_id(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* Numbers of one width, as an accounting system gives them, and others. */
static void
make_ids(void)
{
	for (int i = 0; i < IDS; i++) {
		memset(&table[i], 0, sizeof table[i]);
		if (i % 3 == 0)
			snprintf(table[i].id, sizeof table[i].id, "%09d", i);
		else
			snprintf(table[i].id, sizeof table[i].id, "%d%s", i,
			    i % 3 == 1 ? "" : "-x");
	}
	qsort(table, IDS, sizeof *table, by_id);
}

static const char filler[60000];

/* The line says what the bytes would. */
static struct entry
entry_for(const struct known *k)
{
	return (struct entry){ .id = slice_of(k->id),
		.create_time = k->create_time,
		.since = 3,
		.dump = 4,
		.line = k->line,
		.conv = { filler, k->size } };
}

static void
check(const struct known *k, const struct entry *n)
{
	assert_true(slice_is(n->id, k->id));
	assert_int_equal(n->create_time, k->create_time);
	assert_int_equal(n->line, k->line);
	assert_int_equal(n->since, 3);
	assert_int_equal(n->dump, 4);
	assert_int_equal(n->conv.n, k->size);
}

static void
change(struct blocks *b, struct known *k)
{
	struct entry n;
	unsigned what = roll(10);

	if (what < 4) {
		int found = blocks_find(b, slice_of(k->id), &n, &e);

		assert_int_equal(found, k->there);
		if (found == 1)
			check(k, &n);
	}
	if (what == 0) {
		assert_int_equal(blocks_remove(b, slice_of(k->id), &e), 0);
		k->there = false;
	} else if (what < 8) {
		k->there = true;
		k->line = roll(1000000);
		k->create_time = roll(50) == 0 ? CONV_NONE : roll(1000);
		k->size = roll(40) == 0 ? roll(sizeof filler) : roll(600);
		n = entry_for(k);
		assert_int_equal(blocks_put(b, &n, &e), 0);
	}
}

/* In their order, in that of their numbers, or in none. */
static void
change_some(struct blocks *b)
{
	unsigned how = roll(4), n = roll(IDS), first = roll(IDS);

	for (unsigned i = 0; i < n; i++) {
		unsigned at =
		    how < 2    ? (first + i) % IDS
		    : how == 2 ? i * 2 / 3 % 2 * (IDS / 2) + i / 3 % (IDS / 2)
			       : roll(IDS);

		change(b, &table[at]);
	}
}

static void
check_times(struct store *s)
{
	int64_t from = roll(1000), to = from + roll(300), due, want = INT64_MAX;
	uint64_t n, sum = 0;

	for (int i = 0; i < IDS; i++) {
		const struct known *k = &table[i];

		if (!k->there)
			continue;
		sum += from <= k->create_time && k->create_time <= to;
		if (k->create_time > from && k->create_time < want)
			want = k->create_time;
	}
	assert_int_equal(blocks_count(s, FEED, from, to, &n, &e), 0);
	assert_int_equal(n, sum);
	assert_int_equal(blocks_due(s, FEED, from, &due, &e), 0);
	assert_int_equal(due, want);
}

static void
check_all(struct store *s)
{
	struct block_walk w;
	struct entry n;
	uint64_t sum = 0, all;

	assert_int_equal(walk_begin(&w, s, FEED, INT64_MIN, INT64_MAX, &e), 0);
	for (int i = 0; i < IDS; i++) {
		if (!table[i].there)
			continue;
		assert_int_equal(walk_entry(&w, &n, &e), 1);
		check(&table[i], &n);
		sum++;
	}
	assert_int_equal(walk_entry(&w, &n, &e), 0);
	walk_finish(&w);
	assert_int_equal(
	    blocks_count(s, FEED, INT64_MIN, INT64_MAX, &all, &e), 0);
	assert_int_equal(all, sum);
	for (int i = 0; i < 30; i++) {
		const struct known *k = &table[roll(IDS)];
		int found = blocks_find(
		    blocks_reader(s, FEED), slice_of(k->id), &n, &e);

		assert_int_equal(found, k->there);
		if (found == 1)
			check(k, &n);
	}
	check_times(s);
}

static void
blocks_hold_what_a_table_would(void **state)
{
	(void)state;
	for (unsigned long run = 1; run <= 6; run++) {
		struct kit k;

		seed = run;
		make_ids();
		kit_open(&k);
		for (int round = 0; round < ROUNDS; round++) {
			struct blocks *b = blocks_open(k.store, FEED);
			bool breaks_off = roll(6) == 0;

			memcpy(before, table, sizeof table);
			assert_int_equal(store_begin(k.store, &e), 0);
			change_some(b);
			if (roll(2) == 0 || !breaks_off)
				assert_int_equal(blocks_end(b, &e), 0);
			blocks_close(b);
			if (breaks_off) {
				store_rollback(k.store);
				memcpy(table, before, sizeof table);
			} else {
				assert_int_equal(store_commit(k.store, &e), 0);
			}
			check_all(k.store);
		}
		kit_close(&k);
	}
}

/* --- how many there are --------------------------------------------------- */

static int64_t
ask(const struct kit *k, const char *sql)
{
	sqlite3_stmt *q;
	sqlite3 *db;
	char path[128];
	int64_t n;

	snprintf(path, sizeof path, "%s/store.db", k->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

/* Whether they come at once, a few a day, or all over: a block has many. */
static void
few_blocks_hold_many_records(void **state)
{
	static const struct {
		const char *name;
		int step, dumps;
	} cases[] = { { "at once", 1, 1 }, { "a few each", 1, 300 },
		{ "all over", 7919, 300 } };
	enum {
		RECORDS = 9000,
		SIZE = 100
	};

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		int64_t blocks, most;
		struct kit k;

		kit_open(&k);
		for (int i = 0; i < RECORDS;) {
			struct blocks *b = blocks_open(k.store, FEED);

			do {
				struct known r = { .size = SIZE };
				struct entry n;

				snprintf(r.id, sizeof r.id, "%07d",
				    (i * cases[c].step) % RECORDS);
				n = entry_for(&r);
				assert_int_equal(blocks_put(b, &n, &e), 0);
			} while (++i % (RECORDS / cases[c].dumps) != 0);
			assert_int_equal(blocks_end(b, &e), 0);
			blocks_close(b);
		}
		assert_int_equal(ask(&k, "SELECT sum(n) FROM blocks"), RECORDS);
		blocks = ask(&k, "SELECT count(*) FROM blocks");
		most = ask(&k, "SELECT max(length(orders)) FROM blocks");
		if (RECORDS / blocks < 80 || most > 40 << 10)
			fail_msg("%s: %d blocks, the largest of %d bytes",
			    cases[c].name, (int)blocks, (int)most);
		kit_close(&k);
	}
}

static void
a_block_that_is_no_block_is_said(void **state)
{
	struct known r = { .id = "1", .size = 10 };
	struct entry n = entry_for(&r);
	struct blocks *b;
	struct kit k;

	(void)state;
	kit_open(&k);
	b = blocks_open(k.store, FEED);
	assert_int_equal(blocks_put(b, &n, &e), 0);
	assert_int_equal(blocks_end(b, &e), 0);
	ask(&k, "UPDATE blocks SET orders = X'ffff' RETURNING 1");
	assert_int_equal(blocks_find(b, slice_of("1"), &n, &e), -1);
	assert_non_null(strstr(e.text, "cannot be read; restore it"));
	assert_non_null(strstr(e.text, k.dir));
	blocks_close(b);
	kit_close(&k);
}

/* --- older schemas -------------------------------------------------------- */

static void
load(const struct kit *k, int schema)
{
	char path[512], *sql;
	sqlite3 *db;
	size_t n;

	snprintf(path, sizeof path, "%s/tests/data/store-schema-%d.sql",
	    getenv("srcdir") == NULL ? "." : getenv("srcdir"), schema);
	if (bytes_read(&sql, &n, path, 1 << 20) == -1)
		fail_msg("%s cannot be read", path);
	snprintf(path, sizeof path, "rm -f %s/store.db*", k->dir);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof path, "%s/store.db", k->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	free(sql);
}

static void
check_order(struct kit *k, const char *id, const char *want)
{
	char text[512];

	kit_order(k, text, id);
	assert_string_equal(text, want);
}

static void
check_contacts(struct kit *k)
{
	k->rules.kind = RECORD_CONTACT;
	check_order(k, "u1", "u1 - - - - - 70 - 4:2");
	check_order(k, "u2", "u2 77 - - - - - x@y.z 4:3");
	k->rules.kind = RECORD_ORDER;
}

static void
a_store_of_an_older_schema_is_brought_up(void **state)
{
#define AGAIN(line_, id_)                                                      \
	{                                                                      \
		.line = line_, .id = id_, .create = 500, .status = "PAID",     \
		.phones = "1"                                                  \
	}
	static const struct row again[] = { AGAIN(2, "123"), AGAIN(3, "45"),
		AGAIN(4, "0"), AGAIN(5, "06"), AGAIN(6, "7") };
	static const struct {
		const char *id, *want;
	} orders[] = {
		{ "1", "1 100 PAID - - - 71 - 1:2 frozen" },
		{ "2", "2 260 PAID - - - 72 - 3:2" },
		{ "9", "9 950 PAID - - - 79 - 3:3" },
		{ "A-7", "A-7 400 SPAM 1050 7 11,22 - a@b.c 1:5" },
		{ "late", "late 5000000 PAID - - - 76 - 1:6" },
		{ "00123", "00123 300 PAID - - - 73 - 1:4" },
		{ "123", "none" },
	};

	(void)state;
	for (int schema = 1; schema <= 2; schema++) {
		struct publication p;
		struct kit k;
		char path[128];
		int64_t due;

		kit_open(&k);
		snprintf(path, sizeof path, "%s/store.db", k.dir);
		store_close(k.store);
		load(&k, schema);
		assert_int_equal(store_open(&k.store, path, true, &e), -1);
		assert_non_null(strstr(e.text, "older version"));
		assert_int_equal(store_open(&k.store, path, false, &e), 0);
		for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
			check_order(&k, orders[i].id, orders[i].want);
		assert_int_equal(
		    store_next_due(k.store, "main", 1000000, &due, &e), 0);
		assert_int_equal(due, 5000000);
		if (schema == 2)
			check_contacts(&k);
		assert_int_equal(store_publication_last(k.store, "main",
				     "conversions.csv", true, &p, &e),
		    1);
		assert_int_equal(p.kinds, KIND_BIT(RECORD_ORDER));

		/* what was carried is known, and which ids have zeros */
		kit_pull(&k, 3000);
		check_order(&k, "2", "2 250 PAID - - - 72 - 3:2 frozen");
		check_order(&k, "9", "9 900 PAID - - - 79 - 3:3 frozen");
		kit_merge(&k, again, 5);
		assert_string_equal(k.rejected,
		    "4:id_variant=000 2:id_variant=00123 3:id_variant=45.0 "
		    "5:id_variant=6");
		kit_reopen(&k);
		check_order(&k, "7",
		    schema == 1 ? "7 500 PAID - - - 1 - 4:6"
				: "7 500 PAID - - - 1 - 5:6");
		kit_close(&k);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_hold_what_a_table_would),
		cmocka_unit_test(few_blocks_hold_many_records),
		cmocka_unit_test(a_block_that_is_no_block_is_said),
		cmocka_unit_test(a_store_of_an_older_schema_is_brought_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
