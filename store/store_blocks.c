/*
 * Blocks of records (store_blocks.h).
 *
 * A block that is at hand is gone through from its first entry to its last: in
 * is what was read, out what it becomes.  Entries that are passed over stay in
 * place until something before or among them changes; only then are they copied
 * to out.  What grows is written in blocks of about BLOCK_BYTES as it goes, so
 * a feed's first dump is nothing but such blocks, one behind the other.
 *
 * Several blocks can be at hand, each for a range of ids of its own, since ids
 * that differ by zeros come in the order of their numbers: among ids of one
 * length these ascend, but the lengths take turns.
 */
#include "store/store_blocks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A row of the table is a page of its own then, and the least that SQLite
 * leaves of such a row in a leaf: with the entry that comes last both are full
 * but for a little.  The pages are store.c's. */
#define BLOCK_BYTES ((size_t)17900)
#define HEAD_MAX 60 /* six numbers */

enum {
	HANDS = 12
};

struct bytes {
	char *p;
	size_t n, room;
};

struct hand {
	bool open, changed;
	int64_t row; /* of the table; 0: it has none */
	/* The ids it is for: from low, if any, to before high, if any. */
	struct bytes low, high;
	bool has_low, has_high;
	struct bytes in;
	size_t copied; /* of in: what is in out, or was replaced */
	size_t at;     /* of in: the first entry that may be sought next */
	struct bytes out;
	struct bytes last; /* the id that was sought last */
	bool sought;       /* there is one */
	bool put;          /* and its entry is in out */
	uint64_t used;     /* when it was */
};

struct blocks {
	struct store *store;
	int64_t feed;
	struct hand hand[HANDS];
	struct hand *present;
	uint64_t uses;
};

/* --- bytes --------------------------------------------------------------- */

static void
add(struct bytes *b, const void *p, size_t n)
{
	if (b->n + n > b->room) {
		b->room = b->n + n < 64 ? 64 : (b->n + n) * 2;
		b->p = mem_grow(b->p, b->room);
	}
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void
set(struct bytes *b, struct slice s)
{
	b->n = 0;
	add(b, s.p, s.n);
}

/* Of a record that was very large not all is kept. */
static void
empty(struct bytes *b)
{
	b->n = 0;
	if (b->room <= 8 * BLOCK_BYTES)
		return;
	free(b->p);
	*b = (struct bytes){ NULL, 0, 0 };
}

static struct slice
slice(const struct bytes *b)
{
	return (struct slice){ b->p, b->n };
}

/* Seven bits a byte, the lowest first. */
static size_t
put_number(unsigned char *p, uint64_t v)
{
	size_t n = 0;

	for (; v > 0x7f; v >>= 7)
		p[n++] = (unsigned char)(v | 0x80);
	p[n++] = (unsigned char)v;
	return n;
}

static bool
take_number(struct slice *s, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned shift = 0; s->n > 0 && shift < 64; shift += 7) {
		unsigned char c = (unsigned char)*s->p;

		*s = (struct slice){ s->p + 1, s->n - 1 };
		v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80) {
			*out = v;
			return true;
		}
	}
	return false;
}

/* --- entries ------------------------------------------------------------- */

int
entry_damaged(const struct store *s, struct err *e)
{
	return err_set(e,
	    "the store %s holds an order that cannot be read; restore it from "
	    "a backup or rebuild it from the archive",
	    s->path);
}

struct entry
entry_of(struct arena *a, const struct conv *c)
{
	struct conv rest = *c;

	rest.number[FIELD_CREATE_DATE_TIME] = CONV_NONE;
	conv_text(&rest, FIELD_ID) = slice_of("");
	return (struct entry){ .id = conv_text(c, FIELD_ID),
		.create_time = c->number[FIELD_CREATE_DATE_TIME],
		.conv = conv_pack(a, &rest) };
}

struct entry
entry_of_packed(struct arena *a, struct slice packed)
{
	struct conv_parts part;
	struct slice conv;
	char *p;

	conv_split(&part, packed);
	conv.n = part.rest[0].n + part.rest[1].n;
	conv.p = p = arena_alloc(a, conv.n);
	memcpy(p, part.rest[0].p, part.rest[0].n);
	memcpy(p + part.rest[0].n, part.rest[1].p, part.rest[1].n);
	return (struct entry){
		.id = part.id, .create_time = part.created, .conv = conv
	};
}

int
entry_conv(const struct store *s, const struct entry *n, struct conv *out,
    struct err *e)
{
	if (!conv_unpack(out, n->conv))
		return entry_damaged(s, e);
	out->number[FIELD_CREATE_DATE_TIME] = n->create_time;
	conv_text(out, FIELD_ID) = n->id;
	return 0;
}

/* Numbers of the id's and the conv's size, creation time, since, dump, line;
 * the id; the conv. */
static void
add_entry(struct bytes *to, const struct entry *n)
{
	unsigned char head[HEAD_MAX];
	size_t used = put_number(head, n->id.n);

	used += put_number(head + used, n->conv.n);
	used += put_number(head + used, (uint64_t)n->create_time);
	used += put_number(head + used, (uint64_t)n->since);
	used += put_number(head + used, (uint64_t)n->dump);
	used += put_number(head + used, (uint64_t)n->line);
	add(to, head, used);
	add(to, n->id.p, n->id.n);
	add(to, n->conv.p, n->conv.n);
}

bool
entry_take(struct slice *s, struct entry *out)
{
	struct slice rest = *s;
	uint64_t number[6];

	for (size_t i = 0; i < 6; i++)
		if (!take_number(&rest, &number[i]))
			return false;
	if (number[0] > rest.n || number[1] > rest.n - number[0])
		return false;
	out->id = (struct slice){ rest.p, number[0] };
	out->conv = (struct slice){ rest.p + number[0], number[1] };
	out->create_time = (int64_t)number[2];
	out->since = (int64_t)number[3];
	out->dump = (int64_t)number[4];
	out->line = (int64_t)number[5];
	*s = (struct slice){ out->conv.p + number[1],
		rest.n - number[0] - number[1] };
	return true;
}

/* --- writing ------------------------------------------------------------- */

/* What a row of the table says of its entries. */
struct piece {
	size_t end; /* in out, behind its last entry */
	struct slice first, last;
	int64_t n, low_time, high_time;
};

/* The entries from begin on until there are at least so many bytes. */
static bool
measure(const struct hand *h, size_t begin, size_t bytes, struct piece *p)
{
	struct slice rest = { h->out.p + begin, h->out.n - begin };
	struct entry n;

	*p = (struct piece){
		.end = begin, .low_time = INT64_MAX, .high_time = INT64_MIN
	};
	while (rest.n > 0 && p->end - begin < bytes) {
		if (!entry_take(&rest, &n))
			return false;
		p->last = n.id;
		if (p->n++ == 0)
			p->first = n.id;
		if (n.create_time < p->low_time)
			p->low_time = n.create_time;
		if (n.create_time > p->high_time)
			p->high_time = n.create_time;
		p->end = h->out.n - rest.n;
	}
	return true;
}

/* Writes them as a block, the first one over what was read.  0: *begin is
 * behind them. */
static int
write_piece(struct blocks *b, struct hand *h, size_t *begin, size_t bytes,
    struct piece *p, struct err *e)
{
	if (!measure(h, *begin, bytes, p))
		return entry_damaged(b->store, e);
	if (store_run(b->store, SQL_BLOCK_SET, e, "iibiiib", h->row, b->feed,
		p->first, p->n, p->low_time, p->high_time,
		(struct slice){ h->out.p + *begin, p->end - *begin }) == -1)
		return -1;
	b->store->blocks_written++;
	h->row = 0;
	*begin = p->end;
	return 0;
}

/* The entries that were passed over follow in out. */
static void
copy_until(struct hand *h, size_t at)
{
	add(&h->out, h->in.p + h->copied, at - h->copied);
	h->copied = at;
}

/* Out has grown: its front is written, and no longer at hand. */
static int
write_front(struct blocks *b, struct hand *h, struct err *e)
{
	struct piece p;
	size_t end = 0;

	if (write_piece(b, h, &end, BLOCK_BYTES, &p, e) == -1)
		return -1;
	set(&h->low, p.last);
	add(&h->low, "", 1); /* the least id behind it */
	h->has_low = true;
	memmove(h->out.p, h->out.p + end, h->out.n - end);
	h->out.n -= end;
	return 0;
}

/* All of it is written, in blocks of about equal size, if it changed. */
static int
put_away(struct blocks *b, struct hand *h, struct err *e)
{
	struct piece p;
	size_t pieces, at = 0;

	if (!h->open || !h->changed) {
		h->open = false;
		return 0;
	}
	copy_until(h, h->in.n);
	if (h->out.n == 0 && h->row != 0 &&
	    store_run(b->store, SQL_BLOCK_DELETE, e, "i", h->row) == -1)
		return -1;
	b->store->blocks_written++;
	pieces = (h->out.n + BLOCK_BYTES / 2) / BLOCK_BYTES;
	while (at < h->out.n) {
		if (write_piece(b, h, &at,
			pieces < 2 ? SIZE_MAX : h->out.n / pieces, &p, e) == -1)
			return -1;
	}
	h->open = false;
	return 0;
}

/* --- reading ------------------------------------------------------------- */

static bool
covers(const struct hand *h, struct slice id)
{
	return h->open && (!h->has_low || slice_cmp(id, slice(&h->low)) >= 0) &&
	       (!h->has_high || slice_cmp(id, slice(&h->high)) < 0);
}

/* One that nobody uses, or that nobody used for longest. */
static struct hand *
free_hand(struct blocks *b, struct err *e)
{
	struct hand *h = b->hand;

	for (size_t i = 1; i < HANDS && h->open; i++)
		if (!b->hand[i].open || b->hand[i].used < h->used)
			h = &b->hand[i];
	return put_away(b, h, e) == -1 ? NULL : h;
}

/* The row that a bound statement answers, into a hand: 1, 0, -1. */
static int
read_block(struct blocks *b, sqlite3_stmt *q, struct hand *h, struct err *e)
{
	int rc = store_step(b->store, q, e);

	if (rc == 1) {
		h->row = sqlite3_column_int64(q, 0);
		set(&h->low, store_blob(q, 1));
		set(&h->in, store_blob(q, 2));
	}
	sqlite3_reset(q);
	return rc;
}

static void
lower_high(struct hand *h, struct slice id)
{
	if (h->has_high && slice_cmp(slice(&h->high), id) <= 0)
		return;
	h->has_high = true;
	set(&h->high, id);
}

/* Up to the next block, in the table or at hand. */
static int
set_high(struct blocks *b, struct hand *h, struct slice id, struct err *e)
{
	sqlite3_stmt *q = store_kept(b->store, SQL_BLOCK_NEXT, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "ib", b->feed,
	    slice_cmp(id, slice(&h->low)) > 0 ? id : slice(&h->low));
	rc = store_step(b->store, q, e);
	h->has_high = false;
	if (rc == 1)
		lower_high(h, store_blob(q, 0));
	sqlite3_reset(q);
	for (size_t i = 0; rc != -1 && i < HANDS; i++) {
		const struct hand *o = &b->hand[i];

		if (o != h && o->open && o->has_low &&
		    slice_cmp(slice(&o->low), id) > 0)
			lower_high(h, slice(&o->low));
	}
	return rc == -1 ? -1 : 0;
}

/* The first block, for an id before all; it may be at hand as it is. */
static int
read_first(struct blocks *b, struct hand **h, struct err *e)
{
	sqlite3_stmt *q = store_kept(b->store, SQL_BLOCK_FIRST, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "i", b->feed);
	rc = read_block(b, q, *h, e);
	for (size_t i = 0; rc == 1 && i < HANDS; i++)
		if (b->hand[i].open && b->hand[i].row == (*h)->row)
			*h = &b->hand[i];
	if (rc == 0)
		set(&(*h)->low, slice_of(""));
	return rc;
}

/* A hand that begins behind the block that was read, but not behind the id, or
 * that has that very block: it is the one for the id, and ended too early, for
 * what was behind it is no longer at hand. */
static struct hand *
find_nearer(
    struct blocks *b, const struct hand *read, bool found, struct slice id)
{
	struct hand *best = NULL;

	for (size_t i = 0; i < HANDS; i++) {
		struct hand *o = &b->hand[i];
		bool nearer;

		if (!o->open ||
		    (o->has_low && slice_cmp(slice(&o->low), id) > 0))
			continue;
		nearer = !found || (o->row != 0 && o->row == read->row) ||
			 (o->has_low &&
			     slice_cmp(slice(&o->low), slice(&read->low)) > 0);
		if (nearer && (best == NULL || !best->has_low ||
				  (o->has_low && slice_cmp(slice(&o->low),
						     slice(&best->low)) > 0)))
			best = o;
	}
	return best;
}

/* Has the block in which that id is, if anywhere, at hand. */
static int
fetch(struct blocks *b, struct slice id, struct err *e)
{
	struct hand *h = free_hand(b, e), *nearer;
	sqlite3_stmt *q;
	int rc;

	if (h == NULL)
		return -1;
	q = store_kept(b->store, SQL_BLOCK_AT, e);
	if (q == NULL)
		return -1;
	h->row = 0;
	empty(&h->in);
	empty(&h->out);
	store_bind(q, "ib", b->feed, id);
	rc = read_block(b, q, h, e);
	if (rc == -1)
		return -1;
	nearer = find_nearer(b, h, rc == 1, id);
	if (nearer != NULL) {
		b->present = nearer;
		return set_high(b, nearer, id, e);
	}
	h->has_low = rc == 1;
	if (rc == 0 && read_first(b, &h, e) == -1)
		return -1;
	b->present = h;
	if (h->open) {
		h->has_low = false;
		return 0;
	}
	h->changed = h->sought = h->put = false;
	h->copied = h->at = 0;
	h->open = set_high(b, h, id, e) == 0;
	return h->open ? 0 : -1;
}

/* From its first entry on once more. */
static void
rewind_hand(struct hand *h)
{
	struct bytes was = h->in;

	if (h->changed) {
		copy_until(h, h->in.n);
		h->in = h->out;
		h->out = was;
		h->out.n = 0;
	}
	h->copied = h->at = 0;
	h->sought = h->put = false;
}

/* Passes over what is before that id: 1 it is there, 0, -1. */
static int
pass(struct blocks *b, struct hand *h, struct slice id, struct entry *out,
    struct err *e)
{
	struct slice rest = { h->in.p + h->at, h->in.n - h->at };

	while (rest.n > 0) {
		int c;

		if (!entry_take(&rest, out))
			return entry_damaged(b->store, e);
		c = slice_cmp(out->id, id);
		if (c >= 0)
			return c == 0;
		h->at = h->in.n - rest.n;
	}
	return 0;
}

int
blocks_find(struct blocks *b, struct slice id, struct entry *out, struct err *e)
{
	struct hand *h = b->present;
	int c;

	for (size_t i = 0; !covers(h, id) && i < HANDS; i++)
		h = &b->hand[i];
	if (!covers(h, id)) {
		if (fetch(b, id, e) == -1)
			return -1;
		h = b->present;
	}
	b->present = h;
	h->used = ++b->uses;
	c = h->sought ? slice_cmp(id, slice(&h->last)) : 1;
	if (c < 0 || (c == 0 && h->put))
		rewind_hand(h);
	set(&h->last, id);
	h->sought = true;
	h->put = false;
	return pass(b, h, id, out, e);
}

/* Puts one instead of what is there; conv.n 0: nothing. */
static int
replace(struct blocks *b, struct slice id, const struct entry *n, struct err *e)
{
	struct entry was;
	struct hand *h;
	int found = blocks_find(b, id, &was, e);

	if (found == -1 || (found == 0 && n == NULL))
		return found;
	h = b->present;
	copy_until(h, h->at);
	if (found == 1) {
		h->at = (size_t)(was.conv.p - h->in.p) + was.conv.n;
		h->copied = h->at;
	}
	if (n != NULL)
		add_entry(&h->out, n);
	h->put = n != NULL;
	h->changed = true;
	while (h->out.n >= 2 * BLOCK_BYTES)
		if (write_front(b, h, e) == -1)
			return -1;
	return 0;
}

int
blocks_put(struct blocks *b, const struct entry *n, struct err *e)
{
	return replace(b, n->id, n, e);
}

int
blocks_remove(struct blocks *b, struct slice id, struct err *e)
{
	return replace(b, id, NULL, e);
}

int
blocks_end(struct blocks *b, struct err *e)
{
	for (size_t i = 0; i < HANDS; i++)
		if (put_away(b, &b->hand[i], e) == -1)
			return -1;
	return 0;
}

/* --- life ---------------------------------------------------------------- */

struct blocks *
blocks_open(struct store *s, int64_t feed)
{
	struct blocks *b = mem_alloc(sizeof *b);

	b->store = s;
	b->feed = feed;
	b->present = b->hand;
	return b;
}

void
blocks_close(struct blocks *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < HANDS; i++) {
		free(b->hand[i].low.p);
		free(b->hand[i].high.p);
		free(b->hand[i].in.p);
		free(b->hand[i].out.p);
		free(b->hand[i].last.p);
	}
	free(b);
}

void
blocks_readers_close(struct store *s)
{
	for (size_t i = 0; i < READERS; i++) {
		blocks_close(s->reader[i]);
		s->reader[i] = NULL;
	}
}

/* Another process may have written, where this one only reads and has no
 * transaction open. */
struct blocks *
blocks_reader(struct store *s, int64_t feed)
{
	struct blocks **b = &s->reader[(uint64_t)feed % READERS];

	if (s->readers_of != s->blocks_written ||
	    (s->read_only && sqlite3_get_autocommit(s->db)))
		blocks_readers_close(s);
	s->readers_of = s->blocks_written;
	if (*b == NULL || (*b)->feed != feed) {
		blocks_close(*b);
		*b = blocks_open(s, feed);
	}
	return *b;
}

/* --- from older stores --------------------------------------------------- */

int
blocks_migrate(struct store *s, struct err *e)
{
	sqlite3_stmt *q = store_fresh(s, SQL_OLD_ORDERS, e);
	struct blocks *b = NULL;
	int rc = q == NULL ? -1 : 1;

	while (rc == 1 && (rc = store_step(s, q, e)) == 1) {
		int64_t feed = sqlite3_column_int64(q, 0);
		struct entry n = { store_blob(q, 1), sqlite3_column_int64(q, 2),
			sqlite3_column_int64(q, 3), sqlite3_column_int64(q, 4),
			sqlite3_column_int64(q, 5), store_blob(q, 6) };

		if (b == NULL || b->feed != feed) {
			if (b != NULL && blocks_end(b, e) == -1)
				rc = -1;
			blocks_close(b);
			b = blocks_open(s, feed);
		}
		if (rc == 1 && blocks_put(b, &n, e) == -1)
			rc = -1;
	}
	if (rc == 0 && b != NULL)
		rc = blocks_end(b, e);
	blocks_close(b);
	sqlite3_finalize(q);
	return rc == -1 ? -1 : store_run(s, SQL_OLD_DROP, e, "");
}
