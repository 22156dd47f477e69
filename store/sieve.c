/*
 * The cells of a record against the erased.  See sieve.h.
 */
#include "store/sieve.h"

#include <stdlib.h>

#include "formats/mention.h"

/* --- a cell --------------------------------------------------------------- */

static void
note(void *ctx, struct slice span)
{
	struct sieve *s = ctx;

	if (s->spans == s->room) {
		s->room = s->room == 0 ? 8 : 2 * s->room;
		s->span = mem_grow(s->span, s->room * sizeof *s->span);
	}
	s->span[s->spans++] = span;
}

/* The cell without the spans, which may overlap. */
static struct slice
without(const struct sieve *s, struct arena *a, struct slice cell)
{
	char *to = arena_alloc(a, cell.n + 1), *begin = to;

	for (const char *p = cell.p; p < cell.p + cell.n; p++) {
		bool within = false;

		for (size_t i = 0; i < s->spans && !within; i++)
			within = p >= s->span[i].p &&
				 p < s->span[i].p + s->span[i].n;
		if (!within)
			*to++ = *p;
	}
	return (struct slice){ begin, (size_t)(to - begin) };
}

static enum field
field_of(const struct sieve *s, size_t column)
{
	return s->facts->field != NULL && column < s->facts->columns
		   ? s->facts->field[column]
		   : FIELD_COUNT;
}

/* As the store has it: behind the source's prefix. */
static struct slice
whole_id(const struct sieve *s, struct arena *a, struct slice id)
{
	struct slice prefix = slice_of(s->settings->id_prefix);
	char *p = arena_alloc(a, prefix.n + id.n + 1);

	if (prefix.n > 0)
		memcpy(p, prefix.p, prefix.n);
	if (id.n > 0)
		memcpy(p + prefix.n, id.p, id.n);
	return (struct slice){ p, prefix.n + id.n };
}

/* A cell that names the order, or the client. */
static bool
is_erased_id(struct sieve *s, struct arena *a, enum field f, struct slice cell)
{
	const char *hint = NULL, *feed = s->settings->feed;
	struct slice id;

	if ((f != FIELD_ID && f != FIELD_CLIENT_UNIQ_ID) ||
	    normal_id(a, cell, &id, &hint) != REJECT_NONE || id.n == 0)
		return false;
	if (f == FIELD_CLIENT_UNIQ_ID)
		return tombstones_has_id(s->stones, TOMBSTONE_CLIENT, feed, id);
	return tombstones_has_id(
	    s->stones, TOMBSTONE_ORDER, feed, whole_id(s, a, id));
}

static void
sift_cell(struct sieve *s, struct arena *a, struct slice *cell, enum field f)
{
	bool is_id = f == FIELD_ID || (f == FIELD_CLIENT_UNIQ_ID &&
					  s->facts->kind == RECORD_CONTACT);

	if (cell->n == 0)
		return;
	s->spans = 0;
	if (cell->n >= MENTION_LEAST)
		tombstones_mentioned(s->stones, a, *cell, note, s);
	if (s->spans > 0) {
		s->touched = true;
		s->gone = s->gone || is_id;
		*cell = without(s, a, *cell);
	} else if (is_erased_id(s, a, f, *cell)) {
		s->touched = true;
		s->gone = s->gone || is_id;
		*cell = (struct slice){ "", 0 };
	}
}

/* What else may say who it is. */
static bool
is_telling(enum field f)
{
	return f == FIELD_COUNT || field_is_personal(f);
}

static void
sift(void *ctx, struct arena *a, struct slice *cell, size_t cells)
{
	struct sieve *s = ctx;

	s->touched = s->gone = false;
	for (size_t i = 0; i < cells; i++)
		sift_cell(s, a, &cell[i], field_of(s, i));
	for (size_t i = 0; s->touched && i < cells; i++)
		if (is_telling(field_of(s, i)))
			cell[i] = (struct slice){ "", 0 };
}

void
sieve_attach(struct sieve *s, const struct tombstones *stones,
    const struct settings *settings, struct dump *d)
{
	*s = (struct sieve){
		.stones = stones, .settings = settings, .facts = dump_facts(d)
	};
	dump_sift(d, sift, s);
}

void
sieve_free(struct sieve *s)
{
	free(s->span);
	s->span = NULL;
}

/* --- a record ------------------------------------------------------------- */

static bool
has_identifier(const struct sieve *s, const struct conv *c)
{
	const struct settings *set = s->settings;

	if (conv_has_identifier(c) ||
	    (set->any_identifier && conv_has_any_identifier(c)))
		return true;
	return s->facts->joins_clients && s->facts->kind == RECORD_ORDER &&
	       conv_text(c, FIELD_CLIENT_UNIQ_ID).n > 0;
}

/* What normalising read out of a cell that the eye did not: there is no such
 * spelling as far as we know. */
static bool
has_erased(const struct sieve *s, const struct conv *c)
{
	static const struct {
		enum field field;
		enum tombstone_kind kind;
		bool plain;
	} list[] = {
		{ FIELD_PHONES, TOMBSTONE_CONTACT, true },
		{ FIELD_EMAILS, TOMBSTONE_CONTACT, true },
		{ FIELD_PHONES_MD5, TOMBSTONE_CONTACT, false },
		{ FIELD_EMAILS_MD5, TOMBSTONE_CONTACT, false },
		{ FIELD_CLIENT_IDS, TOMBSTONE_CLIENT_ID, false },
	};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct slice rest = conv_text(c, list[i].field);

		while (rest.n > 0) {
			struct slice v = slice_cut(&rest, ',');

			if (list[i].plain
				? tombstones_has_contact(s->stones, v)
				: tombstones_has(s->stones, list[i].kind, v))
				return true;
		}
	}
	return false;
}

static bool
is_dropped(const struct sieve *s, const struct record *r)
{
	if (s->gone)
		return true;
	if (s->touched && (r->verdict == VERDICT_REJECT || r->auto_id ||
			      !has_identifier(s, &r->conv)))
		return true;
	return has_erased(s, &r->conv) ||
	       tombstones_has_id(s->stones, TOMBSTONE_ORDER, s->settings->feed,
		   conv_text(&r->conv, FIELD_ID));
}

bool
sieve_drops(struct sieve *s, const struct record *r)
{
	bool dropped = is_dropped(s, r);

	s->dropped += dropped;
	s->changed += s->touched && !dropped;
	return dropped;
}
