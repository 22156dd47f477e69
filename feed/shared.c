/*
 * See shared.h.  A record of the sorter is an identifier of an order: the key
 * is what it is and the MD5 of its value (so that a phone and its MD5 come
 * together), the sequence is the order's number, and the bytes, where they are
 * wanted, are the order's id and the value.
 */
#include "feed/shared.h"

#include <nettle/md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOP_EVERY 16384
#define SORT_MEMORY ((size_t)8 << 20)
#define KEY (1 + MD5_DIGEST_SIZE)
#define MD5_HEX (2 * MD5_DIGEST_SIZE)

struct shared {
	struct sorter *sorter;
	bool list;
	uint64_t orders;
	/* the group at hand */
	char key[KEY];
	uint64_t n, last;
	struct shared_group is;
};

static const struct list {
	enum field field, as;
	bool md5;
} columns[] = {
	{ FIELD_CLIENT_IDS, FIELD_CLIENT_IDS, false },
	{ FIELD_EMAILS, FIELD_EMAILS, false },
	{ FIELD_PHONES, FIELD_PHONES, false },
	{ FIELD_EMAILS_MD5, FIELD_EMAILS, true },
	{ FIELD_PHONES_MD5, FIELD_PHONES, true },
};

int
shared_open(struct shared **out, struct store *s, bool list, struct err *e)
{
	struct shared *h = mem_alloc(sizeof *h);

	h->list = list;
	if (store_sorter(s, &h->sorter, SORT_MEMORY, e) == -1) {
		free(h);
		return -1;
	}
	*out = h;
	return 0;
}

static void
free_group(struct shared_group *g)
{
	free(g->value);
	for (size_t i = 0; i < SHARED_EXAMPLES; i++)
		free(g->order[i]);
	*g = (struct shared_group){ 0 };
}

void
shared_close(struct shared *h)
{
	if (h == NULL)
		return;
	sorter_close(h->sorter);
	free_group(&h->is);
	free(h);
}

/* --- in ------------------------------------------------------------------ */

static int
nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c - 'a' + 10;
}

/* A hash in a column of hashes was checked when it came in. */
static bool
digest_of(char out[MD5_DIGEST_SIZE], struct slice v, bool md5)
{
	struct md5_ctx ctx;

	if (md5) {
		for (size_t i = 0; i < MD5_DIGEST_SIZE && v.n == MD5_HEX; i++)
			out[i] = (char)(nibble(v.p[2 * i]) << 4 |
					nibble(v.p[2 * i + 1]));
		return v.n == MD5_HEX;
	}
	md5_init(&ctx);
	md5_update(&ctx, v.n, (const uint8_t *)v.p);
	md5_digest(&ctx, MD5_DIGEST_SIZE, (uint8_t *)out);
	return true;
}

static int
add_value(struct shared *h, const struct list *c, struct slice id,
    struct slice v, struct err *e)
{
	struct slice part[] = { id, { "\0", 1 }, v };
	char key[KEY] = { (char)c->as };

	if (!digest_of(key + 1, v, c->md5))
		return 0;
	return sorter_add_parts(h->sorter, (struct slice){ key, KEY },
	    h->orders, part, h->list ? 3 : 0, e);
}

int
shared_add(struct shared *h, const struct conv *c, struct err *e)
{
	h->orders++;
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		struct slice rest = conv_text(c, columns[i].field);

		while (rest.n > 0)
			if (add_value(h, &columns[i], conv_text(c, FIELD_ID),
				slice_cut(&rest, ','), e) == -1)
				return -1;
	}
	return 0;
}

/* --- out ----------------------------------------------------------------- */

static int
by_orders(const void *a, const void *b)
{
	const struct shared_group *x = a, *y = b;

	if (x->orders != y->orders)
		return x->orders > y->orders ? -1 : 1;
	return strcmp(x->value, y->value);
}

/* The least frequent ones make room. */
static void
keep_group(struct shared *h, struct shared_found *out)
{
	if (out->groups == 2 * SHARED_LISTED) {
		qsort(out->group, out->groups, sizeof *out->group, by_orders);
		while (out->groups > SHARED_LISTED)
			free_group(&out->group[--out->groups]);
	}
	if (out->group == NULL)
		out->group = mem_alloc(2 * SHARED_LISTED * sizeof *out->group);
	out->group[out->groups++] = h->is;
	h->is = (struct shared_group){ 0 };
}

static void
end_group(struct shared *h, struct shared_found *out)
{
	h->is.orders = h->n;
	if (h->n > SHARED_MORE_THAN) {
		out->identifiers++;
		if (h->n > out->most)
			out->most = h->n;
		if (h->list)
			keep_group(h, out);
	}
	free_group(&h->is);
	h->n = 0;
}

/* The value itself tells more than its MD5. */
static void
learn(struct shared *h, struct slice bytes)
{
	struct slice id = slice_cut(&bytes, '\0');

	h->is.field = (enum field)h->key[0];
	if (h->n <= SHARED_EXAMPLES)
		h->is.order[h->n - 1] = mem_slice(id);
	if (h->is.value != NULL && (!h->is.md5 || bytes.n == MD5_HEX))
		return;
	free(h->is.value);
	h->is.value = mem_slice(bytes);
	h->is.md5 = bytes.n == MD5_HEX && h->is.field != FIELD_CLIENT_IDS;
}

static void
take(struct shared *h, struct slice key, uint64_t order, struct slice bytes,
    struct shared_found *out)
{
	if (h->n > 0 && memcmp(h->key, key.p, KEY) != 0)
		end_group(h, out);
	if (h->n > 0 && order == h->last)
		return;
	memcpy(h->key, key.p, KEY);
	h->last = order;
	h->n++;
	if (h->list)
		learn(h, bytes);
}

int
shared_count(struct shared *h, bool (*stop)(void *ctx), void *ctx,
    struct shared_found *out, struct err *e)
{
	struct slice key, bytes;
	uint64_t order, n = 0;
	int rc;

	memset(out, 0, sizeof *out);
	if (sorter_sort(h->sorter, e) == -1)
		return -1;
	while ((rc = sorter_next(h->sorter, &key, &order, &bytes, e)) == 1) {
		take(h, key, order, bytes, out);
		if (stop != NULL && ++n % STOP_EVERY == 0 && stop(ctx)) {
			rc = err_set(e, "interrupted");
			break;
		}
	}
	if (rc == -1) {
		shared_free(out);
		return -1;
	}
	if (h->n > 0)
		end_group(h, out);
	if (out->groups > 0)
		qsort(out->group, out->groups, sizeof *out->group, by_orders);
	while (out->groups > SHARED_LISTED)
		free_group(&out->group[--out->groups]);
	return 0;
}

void
shared_free(struct shared_found *f)
{
	for (size_t i = 0; i < f->groups; i++)
		free_group(&f->group[i]);
	free(f->group);
	memset(f, 0, sizeof *f);
}
