/*
 * I10: whatever happened to a feed (dumps taken, refused, held and approved,
 * two sources, settings changed in between, versions published and pulled,
 * dumps withdrawn and reprocessed, orders cancelled, released, fields
 * forgotten, persons erased, archives with several dumps, versions that the
 * shrink guard withholds), the archive and the ledger give the same orders and
 * the same bytes again; whatever the window and the steps of statuses were, and
 * although orders leave the window and clocks go back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "feed/deed.h"
#include "feed/person.h"
#include "feed/rebuild.h"
#include "feed/revise.h"
#include "store/tombstone.h"
#include "tests/feed/ingest_bench.h"
#include "tests/formats/make_zip.h"

enum {
	STEPS = 25,
	VERSIONS = 32
};

/* HISTORIES=500 FIRST=1000 tests/feed/test_rebuild: other ones, and more. */
static unsigned first = 1, histories = 24;
static struct bench b;
static uint64_t seed, seed_of; /* seed_of: the history */
static int64_t now;
static int64_t version[VERSIONS]; /* update times */
static size_t versions;
static uint64_t pulls;

static unsigned
roll(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)((seed >> 33) % n);
}

/* --- settings ----------------------------------------------------------- */

/* A goal that reads like a status, one that is a number, one in capitals. */
static void
configure(bool hash)
{
	static const char *const same_id[] = { "last", "first", "sum" };
	static const unsigned window[] = { 112, 112, 9, 4 };
	char text[2048];
	struct conf *c;

	snprintf(text, sizeof text,
	    "window_days = %u\n"
	    "feed \"main\" {\n"
	    " outputs = { \"conversion-center\", \"metrica-contacts\","
	    " \"metrica-calls\" }\n"
	    " calls_as_orders = \"%s\"\n"
	    " status_steps = %s\n pii = %s\n skip_known = %s\n same_id = %s\n "
	    "hold = %s\n shrink_rows = %u\n"
	    " status(\"*\", \"Лид\", \"goal:%s\")\n"
	    " status(\"*\", \"Мимо\", \"%s\")\n"
	    " column(\"Изменён\", \"update_date_time\")\n"
	    " source \"shop\" {\n"
	    "  id_prefix = \"%s-\"\n  source_timezone = \"%s\"\n"
	    "  default_status = \"%s\"\n"
	    " }\n}\n",
	    window[roll(4)], roll(2) ? "IN_PROGRESS" : "",
	    roll(4) < 2 ? "each" : "last", hash ? "hash" : "plain",
	    roll(2) ? "keep" : "CANCELLED", same_id[roll(3)],
	    roll(3) ? "no" : "yes", roll(3) ? 100u : 2u,
	    roll(3) == 0   ? "new"
	    : roll(2) == 0 ? "77"
			   : "Lead",
	    roll(2) ? "skip" : "SPAM", roll(2) ? "shop" : "web",
	    roll(2) ? "America/St_Johns" : "Asia/Yekaterinburg",
	    roll(2) ? "PAID" : "goal:new");
	if (b.inst.conf == NULL) {
		bench_open(&b, text);
		return;
	}
	if (conf_parse(&c, text, strlen(text),
		instance_path(&b.inst, "convdrop.conf"), &b.e) == -1)
		fail_msg("%s", b.e.text);
	conf_free(b.inst.conf);
	b.inst.conf = c;
	b.in.conf = c;
	b.feed = &c->feed[0];
}

/* --- what happens ------------------------------------------------------- */

static void
put_row(FILE *f, bool shop)
{
	static const char *const status[] = { "Новый", "Оплачен", "Отказ",
		"Лид", "Мимо", "", "Согласование" };
	static const char *const phone[] = { "8 (916) 123-45-6%u",
		"+7 916 123 45 6%u", "7,9E+10", "",
		"79261234500, 8916123450%u" };
	char id[16] = "", cell[64];

	if (roll(6) > 0)
		snprintf(id, sizeof id, "%u", 1001 + roll(7));
	fprintf(f, "%s;%02u.11.2026 0%u:%02u;", id, 10 + roll(11), roll(4),
	    roll(60));
	if (roll(2))
		fprintf(f, "2026-11-%02u 10:00:00", 10 + roll(11));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(cell, sizeof cell, phone[roll(5)], roll(4));
#pragma GCC diagnostic pop
	fprintf(f, ";%s;", cell);
	if (roll(3) > 0)
		fprintf(f, "%u", 5000 + roll(5));
	fprintf(f, ";Иван;%u,50", roll(4) * 100);
	if (!shop)
		fprintf(f, ";%s", status[roll(7)]);
	fputc('\n', f);
}

/* Orders that name their client, clients, calls; ids with zeros and without
 * are one another's variants. */
static void
put_other(FILE *f)
{
	static const char *const zeros[] = { "", "", "0", "00" };
	static const char *const head[] = {
		"id;client_uniq_id;client_type;create_date_time;order_status",
		"uniq_id,name,client_ids,phones",
		"ClientId,DateTime,TalkDuration,PhoneNumber",
	};
	unsigned kind = roll(3);

	fprintf(f, "%s\n", head[kind]);
	for (unsigned i = 0, rows = 1 + roll(6); i < rows; i++) {
		if (kind == 0)
			fprintf(f,
			    "%s%u;c%u;CONTACT;2026-11-%02u 10:00:00;%s\n",
			    zeros[roll(4)], 1005 + roll(6), roll(4),
			    10 + roll(11), roll(2) ? "PAID" : "IN_PROGRESS");
		else if (kind == 1)
			fprintf(f, "c%u,N%u,%s,7916000000%u\n", roll(4),
			    roll(3), roll(2) ? "5005" : "", roll(9));
		else
			fprintf(f, "%s,%u,5,7916000001%u\n",
			    roll(2) ? "6006" : "", 1794700000 + roll(3),
			    roll(9));
	}
}

static char *
make_dump(bool shop, bool other, bool bad)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (other) {
		put_other(f);
	} else {
		fprintf(f, "Номер;%s;Изменён;Телефон;ClientID;Имя;Сумма%s\n",
		    bad ? "Когда-то" : "Дата", shop ? "" : ";Статус");
		for (unsigned i = 0, rows = 1 + roll(12); i < rows; i++)
			put_row(f, shop);
	}
	fclose(f);
	return text;
}

static void
note_member(void *ctx, const char *name, const struct dump_entry *d, bool known)
{
	unsigned *members = ctx;

	(void)known;
	(*members)++;
	assert_int_equal(strncmp(name, "all.zip", 7), 0);
	assert_int_equal(d->tally.records,
	    d->tally.accepted + d->tally.unchanged + d->tally.superseded +
		d->tally.skipped + d->tally.rejected);
}

/* Some dumps of one source in an archive. */
static void
drop_zip(void)
{
	static const char *const name[] = { "a.csv", "b.csv", "c.csv" };
	struct zip_file_in file[3] = { { .name = NULL } };
	bool shop = roll(3) == 0;
	unsigned n = 1 + roll(3), members = 0;
	int fd = memfd_create("zip", MFD_CLOEXEC);
	struct slice zip;

	for (unsigned i = 0; i < n; i++) {
		file[i].name = name[i];
		file[i].bytes =
		    slice_of(make_dump(shop, roll(3) == 0, roll(8) == 0));
	}
	zip = make_zip(file, n);
	assert_true(fd != -1 && write(fd, zip.p, zip.n) == (ssize_t)zip.n);
	if (ingest_file(&b.in, b.feed, feed_source(b.feed, shop ? "shop" : ""),
		"all.zip", fd, now, note_member, &members, &b.e) == -1)
		fail_msg("%s", b.e.text);
	assert_int_equal(members, n);
	close(fd);
	for (unsigned i = 0; i < n; i++)
		free((void *)(uintptr_t)file[i].bytes.p);
	free((void *)(uintptr_t)zip.p);
}

/* Of the shop, of the CRM, or something else; now and then one that is
 * refused. */
static void
drop(void)
{
	bool other = roll(3) == 0;
	bool shop = roll(3) == 0, bad = !other && roll(8) == 0;
	char *text = make_dump(shop, other, bad), name[32];
	size_t n = strlen(text);
	int fd = memfd_create("dump", MFD_CLOEXEC);

	assert_true(fd != -1 && write(fd, text, n) == (ssize_t)n);
	snprintf(name, sizeof name, "dump-%u.csv", roll(5));
	if (ingest_dump(&b.in, b.feed, feed_source(b.feed, shop ? "shop" : ""),
		name, fd, now, &b.d, &b.known, &b.e) == -1)
		fail_msg("%s", b.e.text);
	if (b.d.state != DUMP_HELD &&
	    b.d.state != (bad ? DUMP_REFUSED : DUMP_MERGED))
		fail_msg("%s\n%s", b.d.reason, text);
	assert_int_equal(b.d.tally.records,
	    b.d.tally.accepted + b.d.tally.unchanged + b.d.tally.superseded +
		b.d.tally.skipped + b.d.tally.rejected);
	close(fd);
	free(text);
}

static void
publish(void)
{
	if (bench_publish(&b, now, NULL) == PUBLISH_DONE)
		version[versions++ % VERSIONS] =
		    bench_mtime(&b, "conversions.csv");
}

/* Of any version there was, complete or broken off. */
static void
pull(void)
{
	struct pull p = { .id = ++pulls,
		.begun = now,
		.feed = "main",
		.file = "conversions.csv" };
	size_t known = versions < VERSIONS ? versions : VERSIONS;

	if (known == 0)
		return;
	if (store_pull_begin(
		b.in.store, &p, version[roll((unsigned)known)], &b.e) == -1 ||
	    store_pull_end(b.in.store, p.id, now, 10, roll(3) > 0, &b.e) == -1)
		fail_msg("%s", b.e.text);
}

/* --- what people do ------------------------------------------------------ */

static int
do_deed(enum command_op op, int64_t dump, const char *argument)
{
	struct command c;
	struct answer a;

	WIRE_INIT(&c, WIRE_COMMAND);
	WIRE_INIT(&a, WIRE_ANSWER);
	c.op = op;
	c.dump = dump;
	snprintf(c.argument, sizeof c.argument, "%s", argument);
	snprintf(c.reason, sizeof c.reason, "why not");
	snprintf(c.actor, sizeof c.actor, "tester");
	a.status = 2;
	deeds[op](&b.in, b.feed, &c, &a);
	assert_string_not_equal(a.text, "");
	return a.status;
}

struct pick {
	enum dump_state state;
	unsigned n;
	int64_t id;
};

static bool
pick_dump(void *ctx, const struct dump_entry *d)
{
	struct pick *p = ctx;

	if (d->state == p->state && roll(++p->n) == 0)
		p->id = d->id;
	return true;
}

static int64_t
any_dump(enum dump_state state)
{
	struct pick p = { state, 0, 0 };

	assert_int_equal(
	    store_dumps(b.in.store, "main", 0, pick_dump, &p, &b.e), 0);
	return p.id;
}

static void
approve(void)
{
	int64_t id = any_dump(DUMP_HELD);

	if (id != 0)
		do_deed(COMMAND_APPROVE, id, "");
}

static void
decide(void)
{
	static const char *const verb[] = { "cancel", "cancel", "release",
		"forget" };
	static const char *const field[] = { "phones", "client_ids",
		"revenue" };
	unsigned v = roll(4);
	char text[64];

	snprintf(text, sizeof text, "%s\n%u\n%s", verb[v], 1001 + roll(10),
	    v < 2    ? (roll(2) ? "CANCELLED" : "SPAM")
	    : v == 3 ? field[roll(3)]
		     : "");
	do_deed(COMMAND_ORDER, 0, text);
}

static void
withdraw(void)
{
	int64_t id = any_dump(DUMP_MERGED);

	if (id != 0)
		do_deed(COMMAND_WITHDRAW, id, "");
}

static void
reprocess(void)
{
	int64_t id = any_dump(DUMP_MERGED);
	char text[32] = "";

	if (id == 0)
		return;
	if (roll(2))
		snprintf(text, sizeof text, "%lld", (long long)id);
	else if (roll(2))
		snprintf(text, sizeof text, "since %lld", (long long)now - 20);
	do_deed(COMMAND_REPROCESS, 0, text);
}

/* One whom dumps may bring back. */
static void
erase(void)
{
	struct person p = { .keys = 0 };
	char who[64], keys[sizeof((struct command *)0)->argument];
	int rc;

	if (roll(3) > 0) {
		snprintf(who, sizeof who, "+7916123456%u", roll(4));
		rc = person_add(&p, b.inst.conf, b.in.store, who, &b.e);
	} else {
		snprintf(who, sizeof who, "%u", 1001 + roll(7));
		rc = person_add_order(&p, b.inst.conf, "main", who, &b.e);
	}
	if (rc == -1 || person_command(&p, keys, sizeof keys) == -1)
		fail_msg("%s", b.e.text);
	assert_int_equal(do_deed(COMMAND_ERASE, 0, keys), 0);
	person_free(&p);
}

static void
close_history(void)
{
	tombstones_free(b.in.stones);
	b.in.stones = NULL;
	bench_close(&b);
}

/* --- the same again ----------------------------------------------------- */

static int
note(void *ctx, const struct order *o, struct err *e)
{
	FILE *f = ctx;
	struct arena a = ARENA_EMPTY;
	struct slice packed = conv_pack(&a, &o->conv);

	(void)e;
	fprintf(f, "%.*s %lld %d %lld ", (int)o->id.n, o->id.p,
	    (long long)o->create_time, o->frozen, (long long)o->dump);
	for (size_t i = 0; i < packed.n; i++)
		fprintf(f, "%02x", (unsigned char)packed.p[i]);
	fputc('\n', f);
	arena_free(&a);
	return 0;
}

static char *
orders(struct store *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		fprintf(f, "%s\n", record_kind_name(k));
		if (store_orders(s, "main", KIND_BIT(k), INT64_MIN, INT64_MAX,
			note, f, &b.e) == -1)
			fail_msg("%s", b.e.text);
	}
	fclose(f);
	return text;
}

/* Statuses that were shown for long enough give way first. */
static char *
orders_now(void)
{
	assert_int_equal(
	    store_steps_pass(b.in.store, "main", now, b.feed->each_step, &b.e),
	    0);
	return orders(b.in.store);
}

/* The first line that differs is said. */
static void
same(unsigned history, char *was, char *is)
{
	const char *a = was, *c = is;

	while (*a != '\0' && strcspn(a, "\n") == strcspn(c, "\n") &&
	       strncmp(a, c, strcspn(a, "\n") + 1) == 0) {
		a += strcspn(a, "\n") + 1;
		c += strcspn(c, "\n") + 1;
	}
	if (strcmp(a, c) != 0)
		fail_msg("history %u:\n%.*s\n%.*s", history,
		    (int)strcspn(a, "\n"), a, (int)strcspn(c, "\n"), c);
	free(was);
	free(is);
}

static void
check_rebuild(unsigned history)
{
	struct rebuild r;
	struct store *again;
	char *was, *is;

	assert_int_equal(mkdir(instance_path(&b.inst, "again"), 0700), 0);
	if (rebuild_feed(&r, b.inst.conf, b.feed, b.in.store,
		instance_path(&b.inst, "again"), &b.e) == -1)
		fail_msg("history %u: %s", history, b.e.text);
	if (r.differ != 0)
		fail_msg("history %u: the file differs", history);
	assert_int_equal(
	    store_open(
		&again, instance_path(&b.inst, "again/store.db"), true, &b.e),
	    0);
	was = orders(b.in.store);
	is = orders(again);
	same(history, was, is);
	store_close(again);
}

static void
begin(unsigned h, bool hash)
{
	seed = seed_of = h;
	now = NOW;
	versions = 0;
	b.inst.conf = NULL;
	configure(hash);
}

static void
happen(bool hash, bool pulled, bool acts)
{
	now += roll(8) > 0    ? 1 + roll(3)
	       : roll(4) == 0 ? -5
			      : (int64_t)roll(5) * 20000;
	switch (roll(acts ? 13 : 9)) {
	case 0:
		if (pulled)
			pull();
		break;
	case 1:
		configure(hash);
		break;
	case 2:
	case 3:
		publish();
		break;
	case 4:
		approve();
		break;
	case 9:
		decide();
		break;
	case 10:
		withdraw();
		break;
	case 11:
		reprocess();
		break;
	case 12:
		if (roll(3) == 0)
			erase();
		break;
	default:
		if (roll(5) == 0)
			drop_zip();
		else
			drop();
		break;
	}
}

static void
any_history_rebuilds_to_the_same_orders_and_bytes(void **state)
{
	(void)state;
	for (unsigned h = first; h < first + histories; h++) {
		bool hash = h % 2;

		begin(h, hash);
		for (int i = 0; i < STEPS; i++)
			happen(hash, true, h % 3 > 0);
		now += 5;
		publish();
		check_rebuild(h);
		close_history();
	}
}

/* A version stays the last one, for the act was not published, and the next
 * dump brought everything back. */
static void
what_came_back_after_an_act_is_compared_as_it_came_back(void **state)
{
	static const char dump[] =
	    HEADER "2026-11-20 10:00:00;1;17;;PAID;100\n";
	struct rebuild r;

	(void)state;
	bench_open(&b, BENCH_CONF(""));
	bench_drop(&b, "a.csv", dump, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_int_equal(do_deed(COMMAND_WITHDRAW, b.d.id, ""), 0);
	if (rebuild_feed(&r, b.inst.conf, b.feed, b.in.store, NULL, &b.e) == -1)
		fail_msg("%s", b.e.text);
	assert_int_equal(r.files, 0); /* nobody knows what it would be */
	bench_drop(&b, "a.csv", dump, NOW + 5);
	assert_int_equal(bench_publish(&b, NOW + 10, NULL), PUBLISH_SAME);
	if (rebuild_feed(&r, b.inst.conf, b.feed, b.in.store, NULL, &b.e) == -1)
		fail_msg("%s", b.e.text);
	assert_int_equal(r.files, 1);
	assert_int_equal(r.differ, 0);
	close_history();
}

static void
withdrawing_the_last_dump_is_never_having_dropped_it(void **state)
{
	(void)state;
	for (unsigned h = first; h < first + histories; h++) {
		char *was, *is;

		begin(h, h % 2);
		for (int i = 0; i < STEPS; i++)
			happen(h % 2, false, h % 3 == 0);
		now += 2;
		was = orders_now();
		do
			drop();
		while (b.d.state != DUMP_MERGED || b.known);
		if (roll(2))
			publish();
		do_deed(COMMAND_WITHDRAW, b.d.id, "");
		is = orders_now();
		same(h, was, is);
		now += 2;
		publish();
		check_rebuild(h);
		close_history();
	}
}

static void
reprocessing_under_unchanged_settings_moves_nothing(void **state)
{
	(void)state;
	for (unsigned h = first; h < first + histories; h++) {
		struct revise_how how = { .dir = "/tmp" };
		struct revise_tally t;
		struct act act = { .op = "reprocess" };
		struct revise *r = NULL;
		char *was, *is;

		begin(h, h % 2);
		for (int i = 0; i < STEPS; i++)
			happen(h % 2, true, h % 3 == 0);
		if (do_deed(COMMAND_REPROCESS, 0, "") != 0) {
			close_history();
			continue; /* a dump of which nothing would be left */
		}
		now += 10; /* later than any version, wherever clocks went */
		publish();
		was = orders(b.in.store);
		how.conf = b.inst.conf;
		how.feed = b.feed;
		how.store = b.in.store;
		how.now = now;
		if (revise_begin(&r, &how, &b.e) == -1 ||
		    revise_replay(r, &b.e) == -1 ||
		    store_begin(b.in.store, &b.e) == -1 ||
		    revise_settle(r, &act, &t, &b.e) == -1 ||
		    store_commit(b.in.store, &b.e) == -1)
			fail_msg("history %u: %s", h, b.e.text);
		revise_end(r);
		is = orders(b.in.store);
		same(h, was, is);
		assert_int_equal(t.read, t.same);
		if (t.rulings != 0)
			fail_msg("history %u: %llu rulings", h,
			    (unsigned long long)t.rulings);
		for (size_t i = 0; i < REVISE_FATES; i++)
			assert_int_equal(t.fate[i], 0);
		now += 2;
		assert_int_not_equal(
		    bench_publish(&b, now, NULL), PUBLISH_DONE);
		check_rebuild(h);
		close_history();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    any_history_rebuilds_to_the_same_orders_and_bytes),
		cmocka_unit_test(
		    what_came_back_after_an_act_is_compared_as_it_came_back),
		cmocka_unit_test(
		    withdrawing_the_last_dump_is_never_having_dropped_it),
		cmocka_unit_test(
		    reprocessing_under_unchanged_settings_moves_nothing),
	};

	if (getenv("HISTORIES") != NULL)
		histories = (unsigned)atoi(getenv("HISTORIES"));
	if (getenv("FIRST") != NULL)
		first = (unsigned)atoi(getenv("FIRST"));
	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
