/*
 * Erasing in the store: a record loses what is erased, as a row of a dump does
 * (sieve.c); one of which no identifier is left goes, and all that was kept
 * under its id.  Decisions about records (rulings) hold whole records, too.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/mention.h"
#include "feed/erase.h"

#define AT_ONCE 4096 /* records that are changed in one transaction */

/* --- one record ----------------------------------------------------------- */

static void
note(void *ctx, struct slice span)
{
	(void)span;
	*(bool *)ctx = true;
}

static bool
mentions(const struct tombstones *t, struct arena *a, struct slice text)
{
	bool hit = false;

	tombstones_mentioned(t, a, text, note, &hit);
	return hit;
}

static bool
has_value(const struct tombstones *t, enum field f, struct slice v)
{
	switch (field_info[f].kind) {
	case KIND_PHONES:
	case KIND_EMAILS:
		return tombstones_has_contact(t, v);
	case KIND_MD5S:
		return tombstones_has(t, TOMBSTONE_CONTACT, v);
	case KIND_CLIENT_IDS:
		return tombstones_has(t, TOMBSTONE_CLIENT_ID, v);
	default:
		return false;
	}
}

static bool
is_list(enum field f)
{
	enum field_kind k = field_info[f].kind;

	return k == KIND_PHONES || k == KIND_EMAILS || k == KIND_MD5S ||
	       k == KIND_CLIENT_IDS;
}

/* The list without what is erased. */
static bool
sift_list(const struct tombstones *t, struct arena *a, enum field f,
    struct slice *list)
{
	char *to = arena_alloc(a, list->n + 1), *begin = to;
	struct slice rest = *list;
	bool any = false;

	while (rest.n > 0) {
		struct slice v = slice_cut(&rest, ',');

		if (has_value(t, f, v)) {
			any = true;
			continue;
		}
		if (to > begin)
			*to++ = ',';
		memcpy(to, v.p, v.n);
		to += v.n;
	}
	if (any)
		*list = (struct slice){ begin, (size_t)(to - begin) };
	return any;
}

/* Is the record itself named? */
static bool
is_named(const struct tombstones *t, struct arena *a, const char *feed,
    enum record_kind kind, struct slice id)
{
	return tombstones_has_id(t,
		   kind == RECORD_CONTACT ? TOMBSTONE_CLIENT : TOMBSTONE_ORDER,
		   feed, id) ||
	       mentions(t, a, id);
}

/* 0: nobody is in it; 1: it lost something; 2: nothing is left of it. */
static int
sift_record(const struct tombstones *t, struct arena *a, const char *feed,
    enum record_kind kind, struct conv *c)
{
	struct slice id = conv_text(c, FIELD_ID);
	bool any = false;

	if (is_named(t, a, feed, kind, id))
		return 2;
	for (enum field f = FIELD_NUMBERS; f < FIELD_COUNT; f++) {
		struct slice *s = &conv_text(c, f);

		if (s->n == 0 || f == FIELD_ID)
			continue;
		if (is_list(f)) {
			any = sift_list(t, a, f, s) || any;
		} else if (mentions(t, a, *s) ||
			   (f == FIELD_CLIENT_UNIQ_ID &&
			       tombstones_has_id(
				   t, TOMBSTONE_CLIENT, feed, *s))) {
			*s = (struct slice){ "", 0 };
			any = true;
		}
	}
	if (!any)
		return 0;
	for (enum field f = FIELD_NUMBERS; f < FIELD_COUNT; f++)
		if (field_is_personal(f))
			conv_text(c, f) = (struct slice){ "", 0 };
	if (slice_starts(id, "auto-"))
		return 2;
	return conv_has_any_identifier(c) ||
		       (kind == RECORD_ORDER &&
			   conv_text(c, FIELD_CLIENT_UNIQ_ID).n > 0)
		   ? 1
		   : 2;
}

/* --- those of a feed ------------------------------------------------------ */

struct changed {
	struct slice id;     /* both in the arena of the list */
	struct slice packed; /* empty: it goes */
	struct kept kept;
	struct changed *next;
};

static void
note_order(struct erasing *x, const char *feed, enum record_kind kind,
    const struct conv *was, bool named, bool gone)
{
	struct slice id = conv_text(was, FIELD_ID);
	char key[512], shown[256];
	json_t *o;

	snprintf(shown, sizeof shown, "%.*s", named ? 0 : (int)id.n, id.p);
	snprintf(key, sizeof key, "%s/%s/%.*s", feed, record_kind_name(kind),
	    named ? 16 : 256, named ? "(the one named)" : shown);
	o = erase_note(x, "orders", key);
	if (o == NULL)
		return;
	json_object_set_new(o, "feed", json_string(feed));
	json_object_set_new(o, "kind", json_string(record_kind_name(kind)));
	json_object_set_new(o, "id", json_string(shown));
	json_object_set_new(o, "created",
	    json_integer((json_int_t)was->number[FIELD_CREATE_DATE_TIME]));
	json_object_set_new(o, "status",
	    json_stringn(conv_text(was, FIELD_ORDER_STATUS).p,
		conv_text(was, FIELD_ORDER_STATUS).n));
	if (was->number[FIELD_REVENUE] != CONV_NONE)
		json_object_set_new(o, "revenue",
		    json_integer((json_int_t)was->number[FIELD_REVENUE]));
	json_object_set_new(o, "gone", json_boolean(gone));
}

static struct changed *
keep_changed(
    struct arena *a, const struct kept *k, const struct conv *is, bool gone)
{
	struct changed *c = arena_alloc(a, sizeof *c);
	struct carried *list = arena_alloc(a, (k->carries + 1) * sizeof *list);

	if (k->carries > 0)
		memcpy(list, k->carried, k->carries * sizeof *list);
	c->id = arena_copy(a, conv_text(&k->conv, FIELD_ID));
	c->packed = gone ? (struct slice){ "", 0 } : conv_pack(a, is);
	c->kept = *k;
	c->kept.carried = list;
	c->next = NULL;
	return c;
}

/* Finds them, and keeps in list what is to be changed, so many at once: 1 when
 * there may be more. */
static int
look_at_kind(struct erasing *x, const char *feed, enum record_kind kind,
    struct arena *keep, struct changed **list, struct err *e)
{
	unsigned kept = 0;
	struct arena row = ARENA_EMPTY;
	struct walk *w = NULL;
	struct kept k;
	uint64_t n = 0;
	int rc = store_walk(&w, x->store, feed, kind, e);

	while (rc == 0 && kept < AT_ONCE && (rc = walk_next(w, &k, e)) == 1) {
		struct conv is = k.conv;
		int what;

		arena_reset(&row);
		rc = 0;
		what = sift_record(x->stones, &row, feed, kind, &is);
		if (x->breathe != NULL && ++n % 8192 == 0)
			x->breathe(x->ctx);
		if (what == 0)
			continue;
		note_order(x, feed, kind, &k.conv,
		    is_named(x->stones, &row, feed, kind,
			conv_text(&k.conv, FIELD_ID)),
		    what == 2);
		if (x->record != NULL)
			x->record(x->record_ctx, feed, kind, &k.conv,
			    what == 2 ? NULL : &is);
		if (x->audit == NULL)
			continue;
		*list = keep_changed(keep, &k, &is, what == 2);
		list = &(*list)->next;
		*list = NULL;
		kept++;
	}
	walk_end(w);
	arena_free(&row);
	return rc == 0 ? kept == AT_ONCE : rc;
}

static int
change(struct erasing *x, const char *feed, enum record_kind kind,
    struct changed *list, struct err *e)
{
	for (; list != NULL; list = list->next) {
		if (list->packed.n == 0) {
			if (store_kept_drop(
				x->store, feed, kind, list->id, e) == -1)
				return -1;
			continue;
		}
		if (!conv_unpack(&list->kept.conv, list->packed))
			return err_set(e, "a record cannot be read");
		conv_text(&list->kept.conv, FIELD_ID) = list->id;
		if (store_kept_put(x->store, feed, kind, &list->kept, e) == -1)
			return -1;
	}
	return 0;
}

/* --- rulings -------------------------------------------------------------- */

struct sifting {
	const struct tombstones *stones;
	const char *feed;
};

/* A ruling's value is a status, a field's name, or a whole record behind a
 * line of numbers. */
static int
sift_ruling(
    void *ctx, struct arena *a, const struct ruling *r, struct slice *value)
{
	const struct sifting *s = ctx;
	struct slice rest = r->value, head;
	struct conv c;
	char *p;
	int what;

	if (is_named(s->stones, a, s->feed, r->kind, r->id))
		return 2;
	if (r->what != RULING_KEEP && r->what != RULING_GHOST &&
	    r->what != RULING_DATE)
		return 0;
	head = slice_cut(&rest, '\n');
	if (!conv_unpack(&c, rest))
		return 0;
	what = sift_record(s->stones, a, s->feed, r->kind, &c);
	if (what != 1)
		return what;
	rest = conv_pack(a, &c);
	p = arena_alloc(a, head.n + 1 + rest.n);
	memcpy(p, head.p, head.n);
	p[head.n] = '\n';
	memcpy(p + head.n + 1, rest.p, rest.n);
	*value = (struct slice){ p, head.n + 1 + rest.n };
	return 1;
}

/* --- all of them ---------------------------------------------------------- */

/* 1: there may be more of that kind. */
static int
erase_some(
    struct erasing *x, const char *feed, enum record_kind kind, struct err *e)
{
	struct changed *list = NULL;
	struct arena keep = ARENA_EMPTY;
	int more = look_at_kind(x, feed, kind, &keep, &list, e), rc = more;

	if (rc != -1 && list != NULL &&
	    (erase_save(x, e) == -1 || store_begin(x->store, e) == -1)) {
		rc = -1;
	} else if (rc != -1 && list != NULL) {
		rc = change(x, feed, kind, list, e);
		if (rc == 0)
			rc = store_commit(x->store, e);
		if (rc == -1)
			store_rollback(x->store);
	}
	arena_free(&keep);
	return rc == -1 ? -1 : more;
}

static int
erase_rulings(struct erasing *x, const char *feed, struct err *e)
{
	struct sifting sifting = { x->stones, feed };
	int rc;

	if (store_begin(x->store, e) == -1)
		return -1;
	rc = store_rulings_sift(x->store, feed, sift_ruling, &sifting, e);
	if (rc == 0)
		rc = store_commit(x->store, e);
	if (rc == -1)
		store_rollback(x->store);
	return rc;
}

static int
erase_feed(struct erasing *x, const char *feed, struct err *e)
{
	int rc = 0;

	for (enum record_kind k = 0; rc != -1 && k < RECORD_KINDS; k++)
		while ((rc = erase_some(x, feed, k, e)) == 1)
			;
	return rc == -1 || x->audit == NULL ? rc : erase_rulings(x, feed, e);
}

int
erase_orders(struct erasing *x, struct err *e)
{
	for (size_t i = 0; i < x->conf->feeds; i++)
		if (erase_feed(x, x->conf->feed[i].name, e) == -1)
			return err_add(e, "%s", x->conf->feed[i].name);
	return 0;
}

int
erase_clients(struct erasing *x, struct tombstones *stones, struct err *e)
{
	struct arena a = ARENA_EMPTY;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < x->conf->feeds; i++) {
		const char *feed = x->conf->feed[i].name;
		struct walk *w = NULL;
		struct kept k;

		rc = store_walk(&w, x->store, feed, RECORD_CONTACT, e);
		while (rc == 0 && (rc = walk_next(w, &k, e)) == 1) {
			struct conv is = k.conv;

			rc = 0;
			arena_reset(&a);
			if (sift_record(
				x->stones, &a, feed, RECORD_CONTACT, &is) == 2)
				tombstones_add(stones, TOMBSTONE_CLIENT,
				    tombstone_id(
					&a, feed, conv_text(&k.conv, FIELD_ID)),
				    (struct slice){ "", 0 });
		}
		walk_end(w);
	}
	arena_free(&a);
	return rc;
}
