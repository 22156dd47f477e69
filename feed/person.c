/*
 * Identifiers as a person writes them.  See person.h.
 */
#include "feed/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/check.h"
#include "formats/mention.h"
#include "formats/normal.h"
#include "server/lang.h"
#include "store/mask.h"

static const struct slice none = { "", 0 };

void
person_free(struct person *p)
{
	arena_free(&p->arena);
	free(p->key);
	*p = (struct person){ .keys = 0 };
}

static void
add(struct person *p, enum tombstone_kind kind, const char *what,
    struct slice value, struct slice plain, struct slice shown)
{
	for (size_t i = 0; i < p->keys; i++)
		if (p->key[i].kind == kind && slice_eq(p->key[i].value, value))
			return;
	if (p->keys == p->room) {
		p->room = p->room == 0 ? 8 : 2 * p->room;
		p->key = mem_grow(p->key, p->room * sizeof *p->key);
	}
	p->key[p->keys++] = (struct person_key){ kind, what,
		arena_copy(&p->arena, value), arena_copy(&p->arena, plain),
		arena_copy(&p->arena, shown) };
}

static void
add_contact(struct person *p, enum field f, struct slice plain)
{
	add(p, TOMBSTONE_CONTACT, f == FIELD_PHONES ? "phone" : "email",
	    normal_md5_of(&p->arena, plain), plain,
	    mask_value(&p->arena, f, plain));
}

static struct slice
short_form(struct person *p, struct slice v)
{
	char *to = arena_alloc(&p->arena, 16);
	int n = snprintf(to, 16, "%.*s***%.*s", v.n < 8 ? 1 : 4, v.p,
	    v.n < 8 ? 1 : 4, v.p + (v.n < 8 ? v.n - 1 : v.n - 4));

	return (struct slice){ to, (size_t)n };
}

static bool
is_md5(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("0123456789abcdefABCDEF", s.p[i]) == NULL)
			return false;
	return s.n == 32;
}

/* The one value that the text is; empty when it is none. */
static struct slice
one(struct person *p, enum field f, struct slice text)
{
	struct problem at = { .field = f, .cell = SIZE_MAX };
	struct problems bad = { NULL, 0, 0 };
	struct slice v =
	    f == FIELD_PHONES   ? normal_phones(&p->arena, text, at, &bad)
	    : f == FIELD_EMAILS ? normal_emails(&p->arena, text, at, &bad)
				: normal_md5s(&p->arena, text, at, &bad);

	if (bad.n > 0 || memchr(v.p, ',', v.n) != NULL)
		v.n = 0;
	problems_free(&bad);
	return v;
}

static int
add_known_order(struct person *p, const struct conf *c, struct store *s,
    struct slice id, bool *any, struct err *e)
{
	size_t last = 0;

	*any = false;
	for (size_t i = 0; i < c->feeds; i++) {
		const char *feed = c->feed[i].name;

		for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
			struct order o;
			int rc = k == RECORD_CONTACT ? 0
						     : store_order(s, &p->arena,
							   feed, k, id, &o, e);

			if (rc == -1)
				return -1;
			if (rc == 0)
				continue;
			if (*any && i != last)
				return err_set(e, "%s",
				    _("More than one feed has an order of that "
				      "id; say which is meant with --order "
				      "FEED ID."));
			*any = true;
			last = i;
			add(p, TOMBSTONE_ORDER, "order",
			    tombstone_id(&p->arena, feed, id), none,
			    short_form(p, id));
		}
	}
	return 0;
}

int
person_add(struct person *p, const struct conf *c, struct store *s,
    const char *text, struct err *e)
{
	struct slice t = slice_trim(slice_of(text)), v;
	size_t before = p->keys;
	bool any;

	if (is_md5(t)) {
		add(p, TOMBSTONE_CONTACT, "md5", one(p, FIELD_PHONES_MD5, t),
		    none, short_form(p, t));
		return 0;
	}
	v = one(p, FIELD_EMAILS, t);
	if (v.n > 0)
		add_contact(p, FIELD_EMAILS, v);
	v = one(p, FIELD_PHONES, t);
	if (v.n > 0)
		add_contact(p, FIELD_PHONES, v);
	if (t.n >= MENTION_CLIENT_ID_MIN && check_client_id(t))
		add(p, TOMBSTONE_CLIENT_ID, "client_id", t, none,
		    short_form(p, t));
	if (p->keys > before || t.n == 0)
		return t.n == 0
			   ? err_set(e, "%s", _("The identifier is empty."))
			   : 0;
	if (add_known_order(p, c, s, t, &any, e) == -1)
		return -1;
	return any ? 0
		   : err_set(e, "%s",
			 _("What was given is no phone, e-mail, MD5 or "
			   "ClientID, and no feed has an order of that id. A "
			   "phone needs its country code; an order that is not "
			   "known (any more) is named with --order FEED ID."));
}

int
person_add_order(struct person *p, const struct conf *c, const char *feed,
    const char *id, struct err *e)
{
	struct slice v = slice_trim(slice_of(id));

	if (conf_feed(c, feed) == NULL)
		return err_set(e,
		    _("There is no feed \"%.63s\" in the configuration."),
		    feed);
	if (v.n == 0)
		return err_set(e, "%s", _("The identifier is empty."));
	add(p, TOMBSTONE_ORDER, "order", tombstone_id(&p->arena, feed, v), none,
	    short_form(p, v));
	return 0;
}

void
person_add_others(
    struct person *p, const struct tombstones *stones, const struct conv *c)
{
	static const enum field list[] = { FIELD_PHONES, FIELD_EMAILS,
		FIELD_PHONES_MD5, FIELD_EMAILS_MD5, FIELD_CLIENT_IDS };

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct slice rest = conv_text(c, list[i]);

		while (rest.n > 0) {
			struct slice v = slice_cut(&rest, ',');
			bool plain = i < 2, client = i == 4;
			bool has = plain ? tombstones_has_contact(stones, v)
					 : tombstones_has(stones,
					       client ? TOMBSTONE_CLIENT_ID
						      : TOMBSTONE_CONTACT,
					       v);

			if (has)
				continue;
			if (plain)
				add_contact(p, list[i], v);
			else
				add(p,
				    client ? TOMBSTONE_CLIENT_ID
					   : TOMBSTONE_CONTACT,
				    client ? "client_id" : "md5", v, none,
				    short_form(p, v));
		}
	}
}

void
person_stones(const struct person *p, struct tombstones *to)
{
	for (size_t i = 0; i < p->keys; i++)
		tombstones_add(
		    to, p->key[i].kind, p->key[i].value, p->key[i].plain);
}

int
person_command(const struct person *p, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < p->keys; i++) {
		const struct person_key *k = &p->key[i];
		int used = snprintf(out + n, size - n, "%d %.*s%.*s\n",
		    (int)k->kind, (int)k->value.n, k->value.p, (int)k->plain.n,
		    k->plain.p);

		if (used < 0 || (size_t)used >= size - n)
			return -1;
		n += (size_t)used;
	}
	return 0;
}
