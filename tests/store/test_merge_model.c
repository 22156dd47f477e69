/*
 * Random histories of dumps, publications and pulls, merged by the store and
 * by a naive model that remembers everything: every published version whole,
 * every cell's row.  Both must tell the same after every step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/store/merge_kit.h"

enum {
	CREATE,
	UPDATE,
	STATUS,
	REVENUE,
	COST,
	CIDS,
	PHONES,
	EMAILS,
	CELLS
};
enum {
	IDS = 160,
	VERSIONS = 64,
	ROWS = 40,
	STEPS = 12
};

struct cell {
	char v[128];
	int row; /* of the dump that is being merged; -1: known before */
};

struct known {
	char id[32];
	bool exists;
	struct cell cell[CELLS];
	bool frozen;
	long dump, line;
};

struct version {
	int64_t mtime, from, to;
	long create[IDS]; /* 0: it does not carry the order */
};

struct model {
	struct known order[IDS];
	int orders;
	struct version version[VERSIONS];
	int versions;
};

struct fates {
	int accepted, unchanged, superseded, skipped, rejected, dates_kept;
};

static unsigned long seed;

static unsigned
roll(unsigned n)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % n;
}

/* --- the model ----------------------------------------------------------- */

static struct known *
find(struct model *m, const char *id)
{
	for (int i = 0; i < m->orders; i++)
		if (strcmp(m->order[i].id, id) == 0)
			return &m->order[i];
	assert_true(m->orders < IDS);
	struct known *o = &m->order[m->orders++];
	memset(o, 0, sizeof *o);
	strcpy(o->id, id);
	return o;
}

static void
cell_number(char out[128], int64_t v)
{
	if (v == 0)
		out[0] = '\0';
	else
		snprintf(out, 128, "%lld", (long long)v);
}

static void
cells_of(char out[CELLS][128], const struct row *r)
{
	cell_number(out[CREATE], r->create);
	cell_number(out[UPDATE], r->update);
	cell_number(out[REVENUE], r->revenue);
	cell_number(out[COST], r->cost);
	strcpy(out[STATUS], r->status == NULL ? "" : r->status);
	strcpy(out[CIDS], r->client_ids == NULL ? "" : r->client_ids);
	strcpy(out[PHONES], r->phones == NULL ? "" : r->phones);
	strcpy(out[EMAILS], r->emails == NULL ? "" : r->emails);
}

static void
unite(char list[128], const char *more)
{
	char copy[128], *part, *save = NULL;

	strcpy(copy, more);
	for (part = strtok_r(copy, ",", &save); part != NULL;
	     part = strtok_r(NULL, ",", &save)) {
		char padded[512], look[512];

		snprintf(padded, sizeof padded, ",%s,", list);
		snprintf(look, sizeof look, ",%s,", part);
		if (strstr(padded, look) == NULL) {
			if (list[0] != '\0')
				strcat(list, ",");
			strcat(list, part);
		}
	}
}

static bool
is_newer(const struct known *o, char c[CELLS][128], long dump,
    const struct merge_rules *rules)
{
	long mine = atol(c[UPDATE]), its = atol(o->cell[UPDATE].v);

	if (mine != 0 && its != 0 && mine != its)
		return mine > its;
	if (o->dump != dump)
		return dump > o->dump;
	return rules->same_id != SAME_ID_FIRST;
}

/* All rows of one order in one dump, in the order of their lines. */
static void
model_order(struct known *target, const struct row **row, int rows, long dump,
    const struct merge_rules *rules, struct fates *f)
{
	bool was_known = target->exists, alive = was_known,
	     skipped_last = false;
	bool done[ROWS] = { false }, newer[ROWS], gave[ROWS] = { false };
	bool any_newer = false, kept = false, summed[2] = { false, false };
	int64_t sum[2] = { 0, 0 };
	struct known was = *target, o = was;
	int dropped = 0, alive_rows = 0;

	for (int c = 0; c < CELLS; c++)
		o.cell[c].row = -1;
	for (int i = 0; i < rows; i++) {
		char v[CELLS][128];

		cells_of(v, row[i]);
		newer[i] =
		    (!alive && !skipped_last) || is_newer(&o, v, dump, rules);
		if (row[i]->skip) {
			if (was_known && newer[i] &&
			    rules->skip_known == SKIP_KNOWN_CANCELLED) {
				strcpy(v[STATUS], "CANCELLED");
			} else {
				f->skipped++;
				done[i] = true;
				if (was_known || !newer[i] ||
				    rules->same_id == SAME_ID_SUM)
					continue;
				for (int k = 0; k < i; k++) {
					dropped += !done[k];
					done[k] = true;
				}
				memset(o.cell, 0, sizeof o.cell);
				for (int c = 0; c < CELLS; c++)
					o.cell[c].row = -1;
				strcpy(o.cell[UPDATE].v, v[UPDATE]);
				o.dump = dump;
				alive = false;
				alive_rows = 0;
				skipped_last = true;
				sum[0] = sum[1] = 0;
				summed[0] = summed[1] = false;
				continue;
			}
		}
		if (skipped_last && !newer[i]) {
			done[i] = true;
			dropped++;
			continue;
		}
		if (skipped_last)
			o.cell[UPDATE].v[0] = '\0';
		skipped_last = false;
		alive = true;
		alive_rows++;
		any_newer = any_newer || newer[i];
		if (newer[i]) {
			o.dump = dump;
			o.line = (long)row[i]->line;
		}
		for (int c = 0; c < CELLS; c++) {
			if (v[c][0] == '\0')
				continue;
			if (rules->same_id == SAME_ID_SUM &&
			    (c == REVENUE || c == COST)) {
				sum[c - REVENUE] += atol(v[c]);
				summed[c - REVENUE] = gave[i] = true;
				continue;
			}
			if (c == CREATE && o.frozen) {
				kept =
				    kept || (newer[i] &&
						strcmp(v[c], o.cell[c].v) != 0);
				continue;
			}
			if (!newer[i] &&
			    (o.cell[c].v[0] != '\0' || c == UPDATE))
				continue;
			if (c == CIDS)
				unite(o.cell[c].v, v[c]);
			else
				strcpy(o.cell[c].v, v[c]);
			o.cell[c].row = i;
		}
	}
	f->superseded += dropped;
	if (!alive)
		return;
	bool lacks =
	    !was_known &&
	    (o.cell[CREATE].v[0] == '\0' ||
		(o.cell[CIDS].v[0] == '\0' && o.cell[PHONES].v[0] == '\0' &&
		    o.cell[EMAILS].v[0] == '\0') ||
		(rules->has_status && o.cell[STATUS].v[0] == '\0'));
	if (lacks) {
		f->rejected += alive_rows;
		return;
	}
	bool took = false, amounts_new = false;
	for (int k = 0; k < 2; k++) {
		char *to = o.cell[REVENUE + k].v;

		if (summed[k] && (any_newer || to[0] == '\0')) {
			cell_number(o.cell[REVENUE + k].v, sum[k]);
			took = true;
		}
		amounts_new =
		    amounts_new || strcmp(to, was.cell[REVENUE + k].v) != 0;
	}
	bool changed = !was_known;
	for (int c = 0; c < CELLS; c++)
		changed = changed || strcmp(o.cell[c].v, was.cell[c].v) != 0;
	for (int i = 0; i < rows; i++) {
		bool owner = false, fresh = false, empty = true;
		char v[CELLS][128];

		if (done[i])
			continue;
		cells_of(v, row[i]);
		if (row[i]->skip)
			strcpy(v[STATUS], "CANCELLED");
		for (int c = 0; c < CELLS; c++) {
			bool mine = o.cell[c].row == i;

			owner = owner || mine;
			fresh = fresh || (mine && strcmp(o.cell[c].v,
						      was.cell[c].v) != 0);
			if (v[c][0] != '\0' && !(c == CREATE && was.frozen))
				empty = false;
		}
		if (fresh || (gave[i] && amounts_new && (took || owner)))
			f->accepted++;
		else if (owner || (newer[i] && empty) || (gave[i] && took))
			f->unchanged++;
		else
			f->superseded++;
	}
	f->dates_kept += kept;
	if (changed) {
		o.exists = true;
		*target = o;
	}
}

static void
model_merge(struct model *m, const struct row *row, int rows, long dump,
    const struct merge_rules *rules, struct fates *f)
{
	char id[ROWS][40];
	bool taken[ROWS] = { false };

	for (int i = 0; i < rows; i++) {
		int n = 1;

		for (int k = 0; k < i; k++)
			n += row[i].auto_id && row[k].auto_id &&
			     strcmp(row[i].id, row[k].id) == 0;
		if (n > 1)
			snprintf(id[i], sizeof id[i], "%s-%d", row[i].id, n);
		else
			snprintf(id[i], sizeof id[i], "%s", row[i].id);
	}
	for (int i = 0; i < rows; i++) {
		const struct row *of[ROWS];
		int n = 0;

		if (taken[i])
			continue;
		for (int k = i; k < rows; k++)
			if (strcmp(id[i], id[k]) == 0) {
				of[n++] = &row[k];
				taken[k] = true;
			}
		model_order(find(m, id[i]), of, n, dump, rules, f);
	}
}

static void
model_publish(struct model *m, int64_t mtime, int64_t from, int64_t to)
{
	struct version *v = &m->version[m->versions++];

	memset(v, 0, sizeof *v);
	v->mtime = mtime;
	for (int i = 0; i < m->orders; i++) {
		long t = atol(m->order[i].cell[CREATE].v);

		if (m->order[i].exists && t >= from && t <= to)
			v->create[i] = t;
	}
}

static void
model_pull(struct model *m, int which)
{
	const struct version *v = &m->version[which];

	for (int i = 0; i < m->orders; i++) {
		if (v->create[i] == 0 || m->order[i].frozen)
			continue;
		m->order[i].frozen = true;
		cell_number(m->order[i].cell[CREATE].v, v->create[i]);
	}
}

/* --- random histories ---------------------------------------------------- */

static void
random_row(struct row *r, int line)
{
	static const char *const ids[] = { "1", "2", "3", "12", "auto-a",
		"auto-b", "50", "51", "52", "53", "54", "55", "56", "57", "58",
		"59", "A", "B", "C", "D", "E", "F", "G", "H" };
	static const char *const status[] = { NULL, "NEW", "PAID", "SPAM" };
	static const char *const cids[] = { NULL, NULL, "11", "12", "11,13" };
	static const char *const phones[] = { NULL, "71", "72" };
	static const char *const emails[] = { NULL, NULL, "a@b", "c@d" };
	/* many rows of a few ids, and one or two of others */
	unsigned id = roll(2) ? roll(6) : roll(sizeof ids / sizeof *ids);

	*r = (struct row){ .line = (unsigned long)line,
		.id = ids[id],
		.auto_id = id == 4 || id == 5,
		.create = roll(4) == 0 ? 0 : 100 * (1 + roll(8)),
		.update = roll(2) == 0 ? 0 : 1 + roll(9),
		.status = status[roll(4)],
		.client_ids = cids[roll(5)],
		.phones = phones[roll(3)],
		.emails = emails[roll(4)],
		.revenue = roll(3),
		.cost = roll(3),
		.skip = roll(8) == 0 };
	if (r->skip)
		r->status = "skip";
}

static void
random_rules(struct merge_rules *r)
{
	static const enum same_id same[] = { SAME_ID_LAST, SAME_ID_FIRST,
		SAME_ID_SUM };

	r->same_id = same[roll(3)];
	r->has_status = roll(3) > 0;
	r->skip_known = roll(2) ? SKIP_KNOWN_KEEP : SKIP_KNOWN_CANCELLED;
}

struct comparing {
	struct model *m;
	int seen;
	int64_t last_time;
	char last_id[32];
};

static int
compare(void *ctx, const struct order *o, struct err *e)
{
	struct comparing *c = ctx;
	char id[32], want[1024], have[512];
	const struct known *k;

	(void)e;
	snprintf(id, sizeof id, "%.*s", (int)o->id.n, o->id.p);
	assert_true(
	    o->create_time > c->last_time ||
	    (o->create_time == c->last_time && strcmp(id, c->last_id) > 0));
	c->last_time = o->create_time;
	strcpy(c->last_id, id);
	k = find(c->m, id);
	assert_true(k->exists);
#define CELL(n) (k->cell[n].v[0] == '\0' ? "-" : k->cell[n].v)
	snprintf(want, sizeof want, "%s %s %s %s %s %s %s %s %ld:%ld%s", id,
	    CELL(CREATE), CELL(STATUS), CELL(REVENUE), CELL(COST), CELL(CIDS),
	    CELL(PHONES), CELL(EMAILS), k->dump, k->line,
	    k->frozen ? " frozen" : "");
	kit_text(have, o);
	assert_string_equal(have, want);
	c->seen++;
	return 0;
}

static void
compare_all(struct kit *k, struct model *m)
{
	struct comparing c = { .m = m, .last_time = -1 };
	struct err e = ERR_EMPTY;
	int exist = 0;

	if (store_orders(k->store, "main", KIND_BIT(RECORD_ORDER), 0, INT64_MAX,
		compare, &c, &e) != 0)
		fail_msg("%s", e.text);
	for (int i = 0; i < m->orders; i++)
		exist += m->order[i].exists;
	assert_int_equal(c.seen, exist);
}

static void
step_dump(struct kit *k, struct model *m)
{
	static struct row row[ROWS]; /* of the dump before, at first */
	static int rows;
	struct fates f = { 0 };
	char want[64], have[64];
	struct tally t;

	random_rules(&k->rules);
	k->sort_memory = 64 + roll(4000); /* most are spilled */
	if (roll(3) == 0) {               /* it comes again, nearly the same */
		for (int i = 0; i < rows; i++)
			if (roll(10) == 0)
				random_row(&row[i], i + 2);
	} else {
		rows = (int)roll(ROWS);
		for (int i = 0; i < rows; i++)
			random_row(&row[i], i + 2);
	}
	t = kit_merge(k, row, (size_t)rows);
	model_merge(m, row, rows, (long)k->dump, &k->rules, &f);
	snprintf(want, sizeof want, "%d %d %d %d %d", f.accepted, f.unchanged,
	    f.superseded, f.skipped, f.rejected);
	kit_buckets(have, &t);
	assert_string_equal(have, want);
	assert_int_equal(t.dates_kept, f.dates_kept);
}

static void
the_store_merges_as_the_rules_say(void **state)
{
	const char *wish = getenv("MERGE_HISTORIES");
	unsigned long histories = wish == NULL ? 40 : strtoul(wish, NULL, 10);

	(void)state;
	for (unsigned long n = 1; n <= histories; n++) {
		struct model *m = calloc(1, sizeof *m);
		struct kit k;

		seed = n;
		kit_open(&k);
		for (int step = 0; step < STEPS; step++) {
			int64_t from = 100 * (int64_t)roll(3);

			switch (roll(4)) {
			case 0:
				model_publish(m, 5000 + step, from, from + 600);
				kit_publish(&k, 5000 + step, from, from + 600);
				break;
			case 1:
				if (m->versions == 0)
					break;
				int which = (int)roll((unsigned)m->versions);
				model_pull(m, which);
				kit_pull(&k, m->version[which].mtime);
				break;
			default:
				step_dump(&k, m);
			}
			if (roll(5) == 0)
				kit_reopen(&k);
			compare_all(&k, m);
		}
		kit_close(&k);
		free(m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_store_merges_as_the_rules_say),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
