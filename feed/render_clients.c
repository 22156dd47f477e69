/*
 * Contacts and orders through one sorter, by client.  Memory grows neither with
 * the clients nor with the orders of one.
 */
#include "feed/render_clients.h"

#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/normal.h"
#include "store/sorter.h"

#define SORT_BYTES ((size_t)32 << 20)
/* ClientIDs are united up to so many bytes, as in an order (merge.c). */
#define UNITE_MAX 4096

/* What an order tells of its client. */
static const enum field told[] = { FIELD_CLIENT_IDS, FIELD_EMAILS, FIELD_PHONES,
	FIELD_EMAILS_MD5, FIELD_PHONES_MD5, FIELD_USER_ID, FIELD_NAME,
	FIELD_CLIENT_TYPE };

struct clients {
	struct sorter *sorter;
	struct arena arena;   /* of the record at hand */
	struct arena text[2]; /* of the client at hand, and of the next state */
	struct conv is;       /* the client */
	char *id;
	size_t id_n, id_room;
	bool open, contact; /* the client is a contact */
	uint64_t orders;
	int (*each)(void *ctx, const struct conv *c, struct err *e);
	void *ctx;
};

/* --- in ------------------------------------------------------------------ */

/* Contacts are added first: sequence 0. */
static int
add_contact(void *ctx, const struct order *o, struct err *e)
{
	struct clients *c = ctx;

	arena_reset(&c->arena);
	return sorter_add(
	    c->sorter, o->id, 0, conv_pack(&c->arena, &o->conv), e);
}

/* Orders come by creation time, then id: the newest last. */
static int
add_order(void *ctx, const struct order *o, struct err *e)
{
	struct clients *c = ctx;
	struct slice client = conv_text(&o->conv, FIELD_CLIENT_UNIQ_ID);
	struct conv about;

	if (client.n == 0)
		return 0;
	conv_clear(&about);
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		conv_text(&about, told[i]) = conv_text(&o->conv, told[i]);
	arena_reset(&c->arena);
	return sorter_add(
	    c->sorter, client, ++c->orders, conv_pack(&c->arena, &about), e);
}

/* --- out ----------------------------------------------------------------- */

static int
end_client(struct clients *c, struct err *e)
{
	struct slice id = { c->id, c->id_n };

	if (!c->open)
		return 0;
	c->open = false;
	conv_text(&c->is, FIELD_ID) = id;
	conv_text(&c->is, FIELD_CLIENT_UNIQ_ID) = id;
	return c->each(c->ctx, &c->is, e);
}

static void
begin_client(struct clients *c, struct slice id, bool contact)
{
	if (id.n > c->id_room || c->id == NULL) {
		c->id_room = id.n + 64;
		c->id = mem_grow(c->id, c->id_room);
	}
	if (id.n > 0)
		memcpy(c->id, id.p, id.n);
	c->id_n = id.n;
	c->open = true;
	c->contact = contact;
	conv_clear(&c->is);
}

static struct slice
unite(struct arena *a, struct slice x, struct slice y)
{
	if (x.n == 0 || y.n == 0)
		return x.n == 0 ? y : x;
	return x.n + 1 + y.n > UNITE_MAX ? x : normal_unite(a, x, y);
}

/* What the next record says of the client.  The result is packed anew each
 * time, so that what was replaced takes no room. */
static int
learn(struct clients *c, const struct conv *next, struct err *e)
{
	struct arena old = c->text[0];
	struct conv is = c->is;

	arena_reset(&c->arena);
	if (c->contact)
		is = *next;
	for (size_t i = 0; !c->contact && i < sizeof told / sizeof *told; i++) {
		struct slice *mine = &conv_text(&is, told[i]);
		struct slice its = conv_text(next, told[i]);

		if (told[i] == FIELD_CLIENT_IDS)
			*mine = unite(&c->arena, *mine, its);
		else if (its.n > 0)
			*mine = its;
	}
	if (!conv_unpack(&c->is, conv_pack(&c->text[1], &is)))
		return err_set(e, "a client cannot be packed");
	c->text[0] = c->text[1];
	c->text[1] = old;
	arena_reset(&c->text[1]);
	return 0;
}

static int
take(struct clients *c, struct slice id, uint64_t sequence, struct slice bytes,
    struct err *e)
{
	struct conv next;

	if (!c->open || !slice_eq(id, (struct slice){ c->id, c->id_n })) {
		if (end_client(c, e) == -1)
			return -1;
		begin_client(c, id, sequence == 0);
	} else if (c->contact) {
		return 0; /* the contact says it all */
	}
	if (!conv_unpack(&next, bytes))
		return err_set(e, "a record is damaged in the sorter");
	return learn(c, &next, e);
}

static int
hand_out(struct clients *c, struct err *e)
{
	struct slice id, bytes;
	uint64_t sequence;
	int rc;

	if (sorter_sort(c->sorter, e) == -1)
		return -1;
	while ((rc = sorter_next(c->sorter, &id, &sequence, &bytes, e)) == 1)
		if (take(c, id, sequence, bytes, e) == -1)
			return -1;
	return rc == 0 ? end_client(c, e) : -1;
}

int
render_clients(struct store *s, const char *feed, int64_t to,
    int (*each)(void *ctx, const struct conv *c, struct err *e), void *ctx,
    struct err *e)
{
	struct clients c = { .each = each, .ctx = ctx };
	int rc = -1;

	if (store_sorter(s, &c.sorter, SORT_BYTES, e) == 0 &&
	    store_orders(s, feed, KIND_BIT(RECORD_CONTACT), INT64_MIN, to,
		add_contact, &c, e) == 0 &&
	    store_orders(s, feed, KIND_BIT(RECORD_ORDER), INT64_MIN, to,
		add_order, &c, e) == 0)
		rc = hand_out(&c, e);
	sorter_close(c.sorter);
	arena_free(&c.arena);
	arena_free(&c.text[0]);
	arena_free(&c.text[1]);
	free(c.id);
	return rc;
}
