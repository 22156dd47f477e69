/*
 * See merge_kit.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/store/merge_kit.h"

static struct err e;

void
kit_reopen(struct kit *k)
{
	char path[128];

	store_close(k->store);
	snprintf(path, sizeof path, "%s/store.db", k->dir);
	if (store_open(&k->store, path, false, &e) == -1)
		fail_msg("%s", e.text);
}

static void
note_rejected(void *ctx, const struct merge_record *r, enum reject why)
{
	struct kit *k = ctx;
	size_t n = strlen(k->rejected);

	assert_true(r->cells.n == 3 && memcmp(r->cells.p, "raw", 3) == 0);
	snprintf(k->rejected + n, sizeof k->rejected - n, "%s%lu:%s",
	    n == 0 ? "" : " ", r->line, reject_code(why));
	n = strlen(k->rejected);
	if (r->known.n > 0)
		snprintf(k->rejected + n, sizeof k->rejected - n, "=%.*s",
		    (int)r->known.n, r->known.p);
}

void
kit_open(struct kit *k)
{
	memset(k, 0, sizeof *k);
	snprintf(k->dir, sizeof k->dir, "%s/kit-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(k->dir));
	k->sort_memory = 1 << 20;
	k->rules = (struct merge_rules){ .feed = "main",
		.source = "",
		.now = 1000000,
		.same_id = SAME_ID_LAST,
		.has_status = true,
		.skip_known = SKIP_KNOWN_KEEP,
		.rejected = note_rejected,
		.ctx = k };
	kit_reopen(k);
}

void
kit_close(struct kit *k)
{
	char command[128];

	store_close(k->store);
	snprintf(command, sizeof command, "rm -rf '%s'", k->dir);
	assert_int_equal(system(command), 0);
}

static struct slice
text(const char *s)
{
	return s == NULL ? slice_of("") : slice_of(s);
}

static void
add(struct sorter *to, const struct row *r, size_t prefix)
{
	struct arena a = ARENA_EMPTY;
	struct merge_record m = { .line = r->line,
		.cells = slice_of("raw"),
		.auto_id = r->auto_id,
		.skip_status = r->skip,
		.prefix = prefix };
	struct conv c;

	conv_clear(&c);
	if (r->create != 0)
		c.number[FIELD_CREATE_DATE_TIME] = r->create;
	if (r->update != 0)
		c.number[FIELD_UPDATE_DATE_TIME] = r->update;
	if (r->revenue != 0)
		c.number[FIELD_REVENUE] = r->revenue;
	if (r->cost != 0)
		c.number[FIELD_COST] = r->cost;
	conv_text(&c, FIELD_ID) = text(r->id);
	conv_text(&c, FIELD_ORDER_STATUS) =
	    r->skip ? slice_of("skip") : text(r->status);
	conv_text(&c, FIELD_CLIENT_IDS) = text(r->client_ids);
	conv_text(&c, FIELD_PHONES) = text(r->phones);
	conv_text(&c, FIELD_EMAILS) = text(r->emails);
	conv_text(&c, FIELD_CLIENT_UNIQ_ID) = text(r->client);
	conv_text(&c, FIELD_NAME) = text(r->name);
	m.conv = conv_pack(&a, &c);
	if (store_merge_add(to, &m, text(r->id), &e) == -1)
		fail_msg("%s", e.text);
	arena_free(&a);
}

/* Into the ledger first, as ingest does it: the id is the sequence. */
static void
enter(struct kit *k, struct dump_entry *d)
{
	memset(d, 0, sizeof *d);
	strcpy(d->feed, k->rules.feed);
	strcpy(d->source, k->rules.source);
	snprintf(d->name, sizeof d->name, "dump.csv");
	d->state = DUMP_HELD;
	assert_int_equal(store_dump_add(k->store, d, "{}", &e), 0);
	d->state = DUMP_MERGED;
}

struct tally
kit_merge(struct kit *k, const struct row *row, size_t rows)
{
	struct tally t = { .records = rows };
	struct sorter *sorter;
	struct dump_entry d;

	k->rejected[0] = '\0';
	assert_int_equal(sorter_open(&sorter, k->dir, k->sort_memory, &e), 0);
	for (size_t i = 0; i < rows; i++)
		add(sorter, &row[i], k->rules.prefix);
	assert_int_equal(sorter_sort(sorter, &e), 0);
	assert_int_equal(store_begin(k->store, &e), 0);
	enter(k, &d);
	k->rules.dump = k->dump = d.id;
	if (store_merge(k->store, sorter, &k->rules, &t, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(t.records,
	    t.accepted + t.unchanged + t.superseded + t.skipped + t.rejected);
	d.tally = t;
	assert_int_equal(store_dump_set(k->store, &d, &e), 0);
	assert_int_equal(store_commit(k->store, &e), 0);
	sorter_close(sorter);
	return t;
}

void
kit_buckets(char out[64], const struct tally *t)
{
	snprintf(out, 64, "%d %d %d %d %d", (int)t->accepted, (int)t->unchanged,
	    (int)t->superseded, (int)t->skipped, (int)t->rejected);
}

static void
put(char out[512], const char *p, size_t n)
{
	size_t used = strlen(out);

	snprintf(out + used, 512 - used, "%s%.*s", used == 0 ? "" : " ",
	    n == 0 ? 1 : (int)n, n == 0 ? "-" : p);
}

static void
put_number(char out[512], int64_t v)
{
	char text_[32];

	snprintf(text_, sizeof text_, "%lld", (long long)v);
	put(out, text_, v == CONV_NONE ? 0 : strlen(text_));
}

void
kit_text(char out[512], const struct order *o)
{
	static const enum field texts[] = { FIELD_CLIENT_IDS, FIELD_PHONES,
		FIELD_EMAILS };
	char from[64];

	out[0] = '\0';
	put(out, o->id.p, o->id.n);
	assert_int_equal(
	    o->create_time, o->conv.number[FIELD_CREATE_DATE_TIME]);
	put_number(out, o->create_time);
	put(out, conv_text(&o->conv, FIELD_ORDER_STATUS).p,
	    conv_text(&o->conv, FIELD_ORDER_STATUS).n);
	put_number(out, o->conv.number[FIELD_REVENUE]);
	put_number(out, o->conv.number[FIELD_COST]);
	for (size_t i = 0; i < 3; i++)
		put(out, conv_text(&o->conv, texts[i]).p,
		    conv_text(&o->conv, texts[i]).n);
	snprintf(from, sizeof from, "%lld:%lu", (long long)o->dump, o->line);
	put(out, from, strlen(from));
	if (o->frozen)
		put(out, "frozen", 6);
}

void
kit_order(struct kit *k, char out[512], const char *id)
{
	struct arena a = ARENA_EMPTY;
	struct order o;
	int rc = store_order(
	    k->store, &a, k->rules.feed, k->rules.kind, slice_of(id), &o, &e);

	if (rc == -1)
		fail_msg("%s", e.text);
	if (rc == 1)
		kit_text(out, &o);
	else
		strcpy(out, "none");
	arena_free(&a);
}

int64_t
kit_publish(struct kit *k, int64_t mtime, int64_t from, int64_t to)
{
	struct publication p = { .mtime = mtime, .from = from, .to = to };

	strcpy(p.feed, k->rules.feed);
	strcpy(p.file, "conversions.csv");
	assert_int_equal(store_publication_plan(k->store, &p, &e), 0);
	assert_int_equal(store_publication_done(k->store, &p, &e), 0);
	return p.id;
}

void
kit_pull(struct kit *k, int64_t mtime)
{
	static uint64_t last = UINT64_C(1) << 63;
	uint64_t id = ++last;
	struct pull p = { .id = id, .begun = mtime + 1, .size = 10 };

	strcpy(p.feed, k->rules.feed);
	strcpy(p.file, "conversions.csv.gz");
	assert_int_equal(store_pull_begin(k->store, &p, mtime, &e), 0);
	assert_int_not_equal(p.publication, 0);
	assert_int_equal(
	    store_pull_end(k->store, p.id, mtime + 2, 10, true, &e), 0);
}
