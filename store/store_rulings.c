/*
 * What people decided about single records.  An act is one row and one event in
 * the history; its rulings are applied when it is done, and once more whenever
 * the history is replayed.  A status that was decided changes no record: it is
 * laid over it where records are read for publishing, and what dumps say goes
 * on beneath.
 *
 * The value of RULING_DATE, RULING_KEEP and RULING_GHOST is a record as it is
 * kept: numbers in a line (since, dump, line, then three for each time that was
 * carried), a line feed, and the packed values.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_ready.h"

#define CARRIED_TEXT 63 /* three numbers and their blanks */

/* --- a record in a ruling ------------------------------------------------- */

struct slice
ruling_value(struct arena *a, const struct kept *k)
{
	size_t room = 84 + k->carries * CARRIED_TEXT, n;
	struct slice conv = conv_pack(a, &k->conv);
	char *p = arena_alloc(a, room + conv.n);

	n = (size_t)snprintf(p, room, "%" PRId64 " %" PRId64 " %" PRId64,
	    k->since, k->dump, k->line);
	for (size_t i = 0; i < k->carries; i++)
		n += (size_t)snprintf(p + n, room - n,
		    " %" PRId64 " %" PRId64 " %" PRId64, k->carried[i].since,
		    k->carried[i].until, k->carried[i].create_time);
	p[n++] = '\n';
	memcpy(p + n, conv.p, conv.n);
	return (struct slice){ p, n + conv.n };
}

/* Numbers up to the line feed; false when there are others than want, or than
 * want and threes. */
static bool
read_numbers(struct slice line, struct arena *a, int64_t *first, size_t want,
    struct carried **list, size_t *n)
{
	char *text = arena_alloc(a, line.n + 1), *end;
	const char *p = text;
	size_t room = line.n / 6 + 1, got = 0;
	int64_t *number = arena_alloc(a, (want + 3 * room) * sizeof *number);

	memcpy(text, line.p, line.n);
	text[line.n] = '\0';
	for (; *p != '\0' && got < want + 3 * room; p = end) {
		number[got++] = strtoll(p, &end, 10);
		if (end == p)
			return false;
	}
	if (got < want || (got - want) % 3 != 0)
		return false;
	memcpy(first, number, want * sizeof *number);
	*n = (got - want) / 3;
	*list = arena_alloc(a, (*n + 1) * sizeof **list);
	for (size_t i = 0; i < *n; i++)
		(*list)[i] = (struct carried){ number[want + 3 * i],
			number[want + 3 * i + 1], number[want + 3 * i + 2] };
	return true;
}

static int
read_value(
    struct arena *a, const struct ruling *r, struct kept *out, struct err *e)
{
	const char *end = memchr(r->value.p, '\n', r->value.n);
	struct carried *list;
	int64_t n[3];
	size_t carries;

	if (end == NULL || !read_numbers((struct slice){ r->value.p,
					     (size_t)(end - r->value.p) },
			       a, n, 3, &list, &carries))
		return err_set(e, "a ruling of the store cannot be read");
	*out = (struct kept){ .since = n[0],
		.dump = n[1],
		.line = n[2],
		.carried = list,
		.carries = carries };
	return conv_unpack(&out->conv,
		   (struct slice){
		       end + 1, r->value.n - (size_t)(end + 1 - r->value.p) })
		   ? 0
		   : err_set(e, "a ruling of the store cannot be read");
}

/* --- acts ----------------------------------------------------------------- */

static int
add_act(struct store *s, struct act *a, struct err *e)
{
	if (store_run(s, SQL_ACT_ADD, e, "ssiiiissi", a->feed, a->op, a->dump,
		a->at, a->top, (int64_t)a->gone, a->actor, a->reason,
		a->id) == -1)
		return -1;
	a->id = sqlite3_last_insert_rowid(s->db);
	return store_event(s, a->feed, HISTORY_ACT, a->id, e);
}

int
store_act_add(struct store *s, struct act *a, struct err *e)
{
	if (store_ask(s, SQL_PUB_TOP, &a->top, e, "") == -1)
		return -1;
	a->id = 0;
	return add_act(s, a, e);
}

int
store_act_gone(struct store *s, const struct act *a, struct err *e)
{
	return store_run(s, SQL_ACT_GONE_SET, e, "ii", (int64_t)a->gone, a->id);
}

int
store_act(struct store *s, int64_t id, struct act *out, struct err *e)
{
	sqlite3_stmt *q;
	int rc = store_seek(s, SQL_ACT_GET, id, &q, e);

	if (rc == 1) {
		memset(out, 0, sizeof *out);
		out->id = sqlite3_column_int64(q, 0);
		store_text(q, 1, out->feed, sizeof out->feed);
		store_text(q, 2, out->op, sizeof out->op);
		out->dump = sqlite3_column_int64(q, 3);
		out->at = sqlite3_column_int64(q, 4);
		out->top = sqlite3_column_int64(q, 5);
		out->gone = (uint64_t)sqlite3_column_int64(q, 6);
		store_text(q, 7, out->actor, sizeof out->actor);
		store_text(q, 8, out->reason, sizeof out->reason);
	}
	sqlite3_reset(q);
	return rc;
}

int
store_gone_since(struct store *s, const char *feed, int64_t publication,
    uint64_t *out, struct err *e)
{
	int64_t n;

	if (store_ask(s, SQL_ACT_GONE, &n, e, "si", feed, publication) == -1)
		return -1;
	*out = (uint64_t)n;
	return 0;
}

int
store_ruling_add(struct store *s, const struct ruling *r, struct err *e)
{
	return store_run(s, SQL_RULING_ADD, e, "iibib", r->act,
	    (int64_t)r->kind, r->id, (int64_t)r->what, r->value);
}

/* --- doing what they say -------------------------------------------------- */

/* Was one of its times carried by that publication?  Then it is its own. */
static bool
was_carried(struct kept *k, enum record_kind kind, const struct pulled *p)
{
	for (size_t i = 0; i < k->carries; i++) {
		const struct carried *c = &k->carried[i];

		if ((p->kinds & KIND_BIT(kind)) == 0 || p->id <= c->since ||
		    p->id > c->until || c->create_time < p->from ||
		    c->create_time > p->to)
			continue;
		k->conv.number[FIELD_CREATE_DATE_TIME] = c->create_time;
		k->since = c->since;
		k->carries = 0;
		return true;
	}
	return false;
}

/* Nobody has it any more: it is kept if it was pulled, and else remembered, for
 * a pull may yet end that began before. */
static int
apply_ghost(
    struct edit *w, enum record_kind kind, struct kept *k, struct err *e)
{
	const struct pulled_list *pulled = edit_pulled(w);
	bool is_pulled = false;

	for (size_t i = 0; i < pulled->n && !is_pulled; i++)
		is_pulled = was_carried(k, kind, &pulled->p[i]);
	return is_pulled ? edit_put(w, k, e) : edit_carried(w, k, e);
}

static int
apply_forget(
    struct edit *w, const struct ruling *r, struct kept *k, struct err *e)
{
	enum field f = field_by_name(r->value);

	if (f == FIELD_COUNT)
		return 0;
	if (f < FIELD_NUMBERS)
		k->conv.number[f] = CONV_NONE;
	else
		conv_text(&k->conv, f) = slice_of("");
	return edit_put(w, k, e);
}

static int
apply_date(struct edit *w, struct kept *is, const struct kept *k, struct err *e)
{
	is->conv.number[FIELD_CREATE_DATE_TIME] =
	    k->conv.number[FIELD_CREATE_DATE_TIME];
	is->since = k->since;
	is->carried = k->carried;
	is->carries = k->carries;
	return edit_put(w, is, e);
}

static int
apply(struct edit *w, const struct ruling *r, struct arena *a, struct err *e)
{
	struct kept is, k;
	int found;

	if (r->what == RULING_STATUS || r->what == RULING_RELEASE)
		return 0;
	found = edit_get(w, a, r->id, &is, e);
	if (found == -1)
		return -1;
	if (r->what == RULING_FORGET)
		return found == 0 ? 0 : apply_forget(w, r, &is, e);
	if (read_value(a, r, &k, e) == -1)
		return -1;
	if (r->what == RULING_KEEP)
		return edit_put(w, &k, e);
	if (r->what == RULING_GHOST)
		return found == 1 ? 0 : apply_ghost(w, r->kind, &k, e);
	return found == 0 ? 0 : apply_date(w, &is, &k, e);
}

/* Rulings come by kind, then by id. */
struct applying {
	struct store *s;
	const char *feed;
	struct edit *w;
	enum record_kind kind;
	struct arena a;
};

static int
apply_next(struct applying *x, const struct ruling *r, struct err *e)
{
	if (x->w != NULL && x->kind != r->kind) {
		struct edit *done = x->w;

		x->w = NULL;
		if (edit_end(done, e) == -1)
			return -1;
	}
	if (x->w == NULL && edit_begin(&x->w, x->s, x->feed, r->kind, e) == -1)
		return -1;
	x->kind = r->kind;
	arena_reset(&x->a);
	return apply(x->w, r, &x->a, e);
}

static int
apply_end(struct applying *x, int rc, struct err *e)
{
	int ended = edit_end(x->w, rc == -1 ? NULL : e);

	arena_free(&x->a);
	return rc == -1 ? -1 : ended;
}

static void
read_ruling(sqlite3_stmt *q, int at, struct ruling *r)
{
	r->kind = (enum record_kind)sqlite3_column_int(q, at);
	r->id = store_blob(q, at + 1);
	r->what = (enum ruling_what)sqlite3_column_int(q, at + 2);
	r->value = store_blob(q, at + 3);
}

/* The rulings of an act that from has, into s where it is another, and done
 * there. */
static int
do_act(
    struct store *s, struct store *from, const struct act *act, struct err *e)
{
	sqlite3_stmt *q = store_fresh(from, SQL_RULING_ACT, e);
	struct ruling r = { .act = act->id };
	struct applying x = { .s = s, .feed = act->feed };
	int rc = q == NULL ? -1 : 1;

	if (rc == 1)
		store_bind(q, "i", act->id);
	while (rc == 1 && (rc = store_step(from, q, e)) == 1) {
		read_ruling(q, 0, &r);
		if ((s != from && store_ruling_add(s, &r, e) == -1) ||
		    apply_next(&x, &r, e) == -1)
			rc = -1;
	}
	sqlite3_finalize(q);
	return apply_end(&x, rc, e);
}

static int
known_act(struct store *s, int64_t id, struct act *out, struct err *e)
{
	int found = store_act(s, id, out, e);

	return found == 0 ? err_set(e, "the ledger has no act %" PRId64, id)
			  : found;
}

int
store_act_apply(struct store *s, int64_t id, struct err *e)
{
	struct act act;

	return known_act(s, id, &act, e) == -1 ? -1 : do_act(s, s, &act, e);
}

int
store_act_again(struct store *s, struct store *from, int64_t id, struct err *e)
{
	struct act act;

	return known_act(from, id, &act, e) == -1 ||
		       add_act(s, &act, e) == -1 ||
		       do_act(s, from, &act, e) == -1
		   ? -1
		   : 0;
}

/* --- ghosts --------------------------------------------------------------- */

struct ghosts {
	struct arena a;
	struct ruling *r;
	size_t n, room;
};

static int
read_ghosts(struct store *s, const char *feed, const struct pulled *p,
    struct ghosts *l, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_RULING_LATENT, e);
	struct arena a = ARENA_EMPTY;
	struct ruling r = { 0 };
	struct kept k;
	int rc = q == NULL ? -1 : 1;

	if (rc == 1)
		store_bind(q, "sii", feed, p->id, (int64_t)RULING_GHOST);
	while (rc == 1 && (rc = store_step(s, q, e)) == 1) {
		read_ruling(q, 0, &r);
		arena_reset(&a);
		if (read_value(&a, &r, &k, e) == -1)
			rc = -1;
		if (rc == -1 || !was_carried(&k, r.kind, p))
			continue;
		if (l->n == l->room) {
			l->room = l->room == 0 ? 16 : l->room * 2;
			l->r = mem_grow(l->r, l->room * sizeof *l->r);
		}
		r.id = arena_copy(&l->a, r.id);
		r.value = arena_copy(&l->a, r.value);
		l->r[l->n++] = r;
	}
	if (q != NULL)
		sqlite3_reset(q);
	arena_free(&a);
	return rc;
}

int
store_ghosts(
    struct store *s, const char *feed, const struct pulled *p, struct err *e)
{
	struct ghosts l = { ARENA_EMPTY, NULL, 0, 0 };
	struct applying x = { .s = s, .feed = feed };
	int rc = read_ghosts(s, feed, p, &l, e);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = apply_next(&x, &l.r[i], e);
	rc = apply_end(&x, rc, e);
	arena_free(&l.a);
	free(l.r);
	return rc;
}

/* --- about one record ----------------------------------------------------- */

int
store_rulings(struct store *s, const char *feed, enum record_kind kind,
    struct slice id,
    int (*each)(
	void *ctx, const struct act *a, const struct ruling *r, struct err *e),
    void *ctx, struct err *e)
{
	sqlite3_stmt *q = store_fresh(s, SQL_RULING_OF, e);
	struct ruling r;
	struct act act;
	int rc = q == NULL ? -1 : 1;

	if (rc == 1)
		store_bind(q, "bis", id, (int64_t)kind, feed);
	while (rc == 1 && (rc = store_step(s, q, e)) == 1) {
		r.act = sqlite3_column_int64(q, 0);
		read_ruling(q, 1, &r);
		rc = known_act(s, r.act, &act, e);
		if (rc == 1 && each(ctx, &act, &r, e) == -1)
			rc = -1;
	}
	sqlite3_finalize(q);
	return rc;
}

struct last {
	struct act act;
	char *status;
	bool found;
};

static int
note_last(void *ctx, const struct act *a, const struct ruling *r, struct err *e)
{
	struct last *l = ctx;

	(void)e;
	if (r->what != RULING_STATUS && r->what != RULING_RELEASE)
		return 0;
	l->found = r->what == RULING_STATUS;
	l->act = *a;
	snprintf(l->status, 256, "%.*s", (int)r->value.n, r->value.p);
	return 0;
}

int
store_order_ruling(struct store *s, const char *feed, enum record_kind kind,
    struct slice id, struct act *out, char status[256], struct err *e)
{
	struct last l = { .status = status };

	status[0] = '\0';
	if (store_rulings(s, feed, kind, id, note_last, &l, e) == -1)
		return -1;
	*out = l.act;
	return l.found;
}

int
store_rulings_forget(struct store *s, const char *feed, enum record_kind kind,
    struct slice id, struct err *e)
{
	return store_run(
	    s, SQL_RULING_FORGET, e, "bis", id, (int64_t)kind, feed);
}

/* --- statuses for very many ----------------------------------------------- */

struct sticky {
	struct arena a;
	struct decided {
		enum record_kind kind;
		struct slice id, status;
		bool released;
	} * p; /* by id, then kind */
	size_t n, room;
};

static int
compare(enum record_kind k, struct slice id, const struct decided *d)
{
	int order = slice_cmp(id, d->id);

	return order != 0 ? order : (k > d->kind) - (k < d->kind);
}

/* A later one about the same record takes the place of the one before. */
static void
note_sticky(struct sticky *l, const struct ruling *r)
{
	struct decided *d = l->n == 0 ? NULL : &l->p[l->n - 1];

	if (d == NULL || compare(r->kind, r->id, d) != 0) {
		if (l->n == l->room) {
			l->room = l->room == 0 ? 16 : l->room * 2;
			l->p = mem_grow(l->p, l->room * sizeof *l->p);
		}
		d = &l->p[l->n++];
		d->kind = r->kind;
		d->id = arena_copy(&l->a, r->id);
	}
	d->released = r->what == RULING_RELEASE;
	d->status = arena_copy(&l->a, r->value);
}

int
store_sticky(
    struct sticky **out, struct store *s, const char *feed, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_RULING_STICKY, e);
	struct sticky *l = mem_alloc(sizeof *l);
	struct ruling r;
	int rc = q == NULL ? -1 : 1;

	if (rc == 1)
		store_bind(q, "s", feed);
	while (rc == 1 && (rc = store_step(s, q, e)) == 1) {
		read_ruling(q, 0, &r);
		note_sticky(l, &r);
	}
	if (q != NULL)
		sqlite3_reset(q);
	if (rc == -1 || l->n == 0) {
		sticky_free(l);
		l = NULL;
	}
	if (rc == 0)
		*out = l;
	return rc;
}

bool
sticky_status(const struct sticky *l, enum record_kind kind, struct slice id,
    struct slice *out)
{
	size_t low = 0, high = l == NULL ? 0 : l->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = compare(kind, id, &l->p[mid]);

		if (order == 0) {
			*out = l->p[mid].status;
			return !l->p[mid].released;
		}
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

void
sticky_free(struct sticky *l)
{
	if (l == NULL)
		return;
	arena_free(&l->a);
	free(l->p);
	free(l);
}

/* --- dumps ---------------------------------------------------------------- */

int
store_dump_revise(struct store *s, int64_t id, const char *settings,
    const char *fingerprint, struct err *e)
{
	return store_run(
	    s, SQL_DUMP_REVISE, e, "ssi", settings, fingerprint, id);
}
