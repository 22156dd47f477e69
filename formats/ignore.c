/*
 * See ignore.h.  Whatever a value is, it is known by its MD5: no phone has that
 * of an e-mail.
 */
#include "formats/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "formats/check.h"
#include "formats/normal.h"

/* --- the list ------------------------------------------------------------- */

/* Where it is, or belongs. */
static size_t
place_of(const struct settings *s, struct slice md5, bool *there)
{
	size_t low = 0, high = s->ignoreds;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = slice_cmp(slice_of(s->ignored[mid]), md5);

		if (order == 0) {
			*there = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*there = false;
	return low;
}

static void
add(struct settings *s, struct slice md5)
{
	bool there;
	size_t at = place_of(s, md5, &there);

	if (there)
		return;
	s->ignored = mem_grow(s->ignored, (s->ignoreds + 1) * sizeof(char *));
	memmove(s->ignored + at + 1, s->ignored + at,
	    (s->ignoreds - at) * sizeof(char *));
	s->ignored[at] = mem_slice(md5);
	s->ignoreds++;
}

bool
ignore_add_md5(struct settings *s, struct slice md5)
{
	if (!check_md5(md5))
		return false;
	add(s, md5);
	return true;
}

void
ignore_add_all(struct settings *s, const struct settings *from)
{
	for (size_t i = 0; i < from->ignoreds; i++)
		add(s, slice_of(from->ignored[i]));
}

/* --- the file ------------------------------------------------------------- */

typedef struct slice list_function(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);

/* Does the line read as such a list, without a bad value in it? */
static bool
take(struct settings *s, struct arena *a, struct slice line, enum field f,
    list_function *normal)
{
	struct problem at = { .field = f };
	struct problems ps = { NULL, 0, 0 };
	struct slice list = normal(a, line, at, &ps);
	bool good = ps.n == 0 && list.n > 0;

	problems_free(&ps);
	if (good && f != FIELD_PHONES_MD5)
		list = normal_md5_of(a, list);
	while (good && list.n > 0)
		add(s, slice_cut(&list, ','));
	return good;
}

static struct slice
without_comment(struct slice line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' &&
		    (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			line.n = i;
	return slice_trim(line);
}

/* Digits alone may be a phone and a ClientID: then they are both. */
bool
ignore_add_line(struct settings *s, struct slice line)
{
	static const struct {
		enum field field;
		list_function *normal;
	} as[] = { { FIELD_PHONES, normal_phones },
		{ FIELD_EMAILS, normal_emails },
		{ FIELD_CLIENT_IDS, normal_client_ids },
		{ FIELD_PHONES_MD5, normal_md5s } };
	struct arena a = ARENA_EMPTY;
	bool good = false;

	line = without_comment(line);
	for (size_t i = 0; i < sizeof as / sizeof *as; i++)
		if (take(s, &a, line, as[i].field, as[i].normal))
			good = true;
	arena_free(&a);
	return good || line.n == 0;
}

/* --- cells ---------------------------------------------------------------- */

static bool
is_ignored(
    struct arena *a, const struct settings *s, struct slice value, bool md5)
{
	bool there;

	place_of(s, md5 ? value : normal_md5_of(a, value), &there);
	return there;
}

struct slice
ignore_drop(struct arena *a, const struct settings *s, struct slice list,
    bool md5, void (*dropped)(void *ctx, struct slice value), void *ctx)
{
	struct slice rest = list;
	size_t n = 0, gone = 0;
	char *kept = NULL;

	while (rest.n > 0) {
		struct slice value = slice_cut(&rest, ',');

		if (is_ignored(a, s, value, md5)) {
			dropped(ctx, value);
			gone++;
			continue;
		}
		if (kept == NULL)
			kept = arena_alloc(a, list.n);
		if (n > 0)
			kept[n++] = ',';
		memcpy(kept + n, value.p, value.n);
		n += value.n;
	}
	return gone == 0 ? list : (struct slice){ n == 0 ? "" : kept, n };
}
