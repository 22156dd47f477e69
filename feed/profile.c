/*
 * What a dump was like.  See profile.h.
 */
#include "feed/profile.h"

#include <jansson.h>
#include <nettle/sha2.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/rejects.h"
#include "formats/text.h"
#include "server/bytes.h"
#include "store/json_foreign.h"

#define COLUMNS_KEPT 512
#define COLUMN_BYTES 128
#define DAY 86400
#define CLOCKS 600 /* as much may the CRM's clock be ahead of ours */

void
profile_open(struct profile *p, int64_t at, int64_t ahead_s,
    const struct zone *counter, const struct zone *source)
{
	*p = (struct profile){ .at = at,
		.ahead_s = ahead_s,
		.counter = counter,
		.source = source == NULL ? counter : source,
		.oldest = CONV_NONE,
		.newest = CONV_NONE,
		.touched = CONV_NONE };
}

void
profile_close(struct profile *p)
{
	for (size_t i = 0; i < p->columns; i++)
		free(p->column[i]);
	free(p->column);
	p->column = NULL;
	p->columns = 0;
}

/* --- rows ---------------------------------------------------------------- */

static int64_t
second_of_day(const struct zone *z, int64_t t)
{
	int64_t s = (t + zone_offset(z, t)) % DAY;

	return s < 0 ? s + DAY : s;
}

static void
see_hour(struct profile *p, int64_t t, int64_t second)
{
	if (p->source != p->counter)
		second = second_of_day(p->source, t);
	p->timed++;
	p->hour[second / 3600]++;
	p->midnight += second == 0;
	p->future += t > p->at + p->ahead_s;
}

static void
touch(struct profile *p, int64_t t)
{
	if (t > p->touched)
		p->touched = t;
}

void
profile_see(struct profile *p, const struct conv *c)
{
	int64_t t = c->number[FIELD_CREATE_DATE_TIME];
	int64_t changed = c->number[FIELD_UPDATE_DATE_TIME];
	int64_t second;

	if (changed != CONV_NONE && changed <= p->at + CLOCKS)
		touch(p, changed);
	if (t == CONV_NONE)
		return;
	second = second_of_day(p->counter, t);
	p->dated++;
	if (p->oldest == CONV_NONE || t < p->oldest)
		p->oldest = t;
	if (t > p->newest)
		p->newest = t;
	if (second != DAY - 1)
		see_hour(p, t, second);
	else if (t > p->at && t <= p->at + DAY)
		t = p->at;
	if (t <= p->at + CLOCKS)
		touch(p, t);
}

/* --- the header ---------------------------------------------------------- */

static char *
column_name(const char *s, bool hash)
{
	size_t n = strlen(s);

	if (hash && rejects_is_contact(slice_of(s)))
		return mem_string("(hidden)");
	if (n > COLUMN_BYTES) {
		n = COLUMN_BYTES;
		while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	return mem_slice((struct slice){ s, n });
}

static void
hash_end(char out[17], struct sha256_ctx *sha)
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(sha, sizeof digest, digest);
	bytes_hex(out, digest, 8);
}

/* Whoever saves it again may change its case and blanks, and leave columns
 * without a name behind it. */
static void
hash_columns(char out[17], const struct dump_facts *f)
{
	struct sha256_ctx sha;
	size_t unnamed = 0;

	sha256_init(&sha);
	for (size_t i = 0; i < f->columns; i++) {
		struct slice s = text_strip(slice_of(f->header[i]));
		char *folded = mem_alloc(s.n + 1);
		size_t n = text_fold(folded, s);

		for (; n > 0 && unnamed > 0; unnamed--)
			sha256_update(&sha, 1, (const uint8_t *)"");
		if (n > 0)
			sha256_update(&sha, n + 1, (const uint8_t *)folded);
		else
			unnamed++;
		free(folded);
	}
	hash_end(out, &sha);
}

void
profile_member(struct profile *p, const char *name)
{
	const char *s = strchr(name, '/');
	struct sha256_ctx sha;

	if (s == NULL)
		return;
	sha256_init(&sha);
	for (; *s != '\0'; s++)
		if (*s < '0' || *s > '9')
			sha256_update(&sha, 1, (const uint8_t *)s);
	hash_end(p->member, &sha);
}

void
profile_columns(struct profile *p, const struct dump_facts *f, bool hash)
{
	p->kind = f->kind;
	snprintf(p->preset, sizeof p->preset, "%s",
	    f->preset == NULL ? "" : f->preset);
	if (f->header == NULL || f->columns == 0 ||
	    strcmp(f->syntax, "json") == 0)
		return;
	p->columns = f->columns < COLUMNS_KEPT ? f->columns : COLUMNS_KEPT;
	p->column = mem_alloc(p->columns * sizeof *p->column);
	for (size_t i = 0; i < p->columns; i++)
		p->column[i] = column_name(f->header[i], hash);
	hash_columns(p->columns_hash, f);
}

/* --- as text ------------------------------------------------------------- */

/* clang-format off */
/* Numbers by their names in the text. */
#define NUMBER(m) { #m, offsetof(struct profile, m) }
static const struct number {
	const char *name;
	size_t offset;
} numbers[] = {
	NUMBER(at), NUMBER(oldest), NUMBER(newest), NUMBER(touched),
	NUMBER(dated), NUMBER(timed), NUMBER(future), NUMBER(midnight),
	NUMBER(records), NUMBER(skipped), NUMBER(rejected), NUMBER(too_old),
	NUMBER(values_dropped),
};
/* clang-format on */
#define NUMBERS (sizeof numbers / sizeof *numbers)

char *
profile_text(const struct profile *p)
{
	json_t *o = json_object(), *hours = json_array();
	json_t *columns = json_array();
	char *text;

	json_object_set_new(o, "kind", json_string(record_kind_name(p->kind)));
	json_object_set_new(o, "preset", json_foreign(p->preset));
	for (size_t i = 0; i < NUMBERS; i++) {
		int64_t n;

		memcpy(&n, (const char *)p + numbers[i].offset, sizeof n);
		json_object_set_new(
		    o, numbers[i].name, json_integer((json_int_t)n));
	}
	for (size_t i = 0; i < PROFILE_HOURS; i++)
		json_array_append_new(
		    hours, json_integer((json_int_t)p->hour[i]));
	for (size_t i = 0; i < p->columns; i++)
		json_array_append_new(columns, json_foreign(p->column[i]));
	json_object_set_new(o, "hours", hours);
	json_object_set_new(o, "columns", columns);
	json_object_set_new(o, "columns_hash", json_string(p->columns_hash));
	json_object_set_new(o, "member", json_string(p->member));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (text == NULL)
		abort();
	return text;
}

static const char *
string_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

static void
read_columns(struct profile *p, const json_t *list)
{
	size_t n = json_array_size(list);

	p->column = mem_alloc((n + 1) * sizeof *p->column);
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		p->column[p->columns++] = mem_string(s == NULL ? "" : s);
	}
}

bool
profile_read(struct profile *p, const char *text)
{
	json_t *o = json_loads(text, 0, NULL), *hours;

	memset(p, 0, sizeof *p);
	if (!json_is_object(o)) {
		json_decref(o);
		return false;
	}
	p->kind = record_kind_by_name(string_of(o, "kind"));
	snprintf(p->preset, sizeof p->preset, "%s", string_of(o, "preset"));
	for (size_t i = 0; i < NUMBERS; i++) {
		int64_t n =
		    json_integer_value(json_object_get(o, numbers[i].name));

		memcpy((char *)p + numbers[i].offset, &n, sizeof n);
	}
	hours = json_object_get(o, "hours");
	for (size_t i = 0; i < PROFILE_HOURS; i++)
		p->hour[i] =
		    (uint64_t)json_integer_value(json_array_get(hours, i));
	read_columns(p, json_object_get(o, "columns"));
	snprintf(p->columns_hash, sizeof p->columns_hash, "%s",
	    string_of(o, "columns_hash"));
	snprintf(p->member, sizeof p->member, "%s", string_of(o, "member"));
	json_decref(o);
	return true;
}
