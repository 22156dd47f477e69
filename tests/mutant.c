/*
 * Damage, one to six times over.  A packed dump is unpacked, one of its
 * members damaged, and packed again without compression, so that the damage
 * reaches the reader and is not stopped by a checksum.
 */
#include "tests/mutant.h"

#include <iconv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>
#include <zlib.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define ROOM ((size_t)1 << 20)
#define MEMBERS 64

struct damage {
	uint64_t state;
	const struct mutant *other;
	char *said;
	size_t size;
};

static size_t
below(struct damage *d, size_t n)
{
	uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return n == 0 ? 0 : (size_t)((z ^ (z >> 31)) % n);
}

static void
say(struct damage *d, const char *what)
{
	size_t n = strlen(d->said);

	snprintf(d->said + n, d->size - n, " %s", what);
}

static char *
take(size_t n)
{
	char *p = malloc(n == 0 ? 1 : n);

	if (p == NULL)
		abort();
	return p;
}

static struct mutant
copy(const char *bytes, size_t n)
{
	struct mutant m = { take(n), n };

	if (n > 0)
		memcpy(m.bytes, bytes, n);
	return m;
}

/* n bytes at place at give way to those of with. */
static void
replace(struct mutant *m, size_t at, size_t n, const char *with, size_t k)
{
	char *p = take(m->n - n + k);

	memcpy(p, m->bytes, at);
	if (k > 0)
		memcpy(p + at, with, k);
	memcpy(p + at + k, m->bytes + at + n, m->n - at - n);
	free(m->bytes);
	m->bytes = p;
	m->n += k - n;
}

/* --- bytes --------------------------------------------------------------- */

static void
flip_bytes(struct damage *d, struct mutant *m)
{
	for (size_t i = 1 + below(d, 4); i > 0 && m->n > 0; i--)
		m->bytes[below(d, m->n)] ^= (char)(1U << below(d, 8));
}

/* What means something to one of the readers. */
static void
insert_token(struct damage *d, struct mutant *m)
{
	static const char *const token[] = { "\"", "\"\"", "'", ";", ",", "\t",
		"\n", "\r\n", "\r", "\xef\xbb\xbf", "\xff", "\x80", "\xc3", "{",
		"}", "[", "]", "{}", "[]", ":", "null", "\\", "\\u0000",
		"\\ud800", "<", ">", "</td>", "<td>", "<tr>", "</tr>",
		"</table>", "<table>", "<!--", "-->", "&#0;", "&amp;", "&",
		"<td colspan=3>", "<td rowspan=2>", "<c r=\"ZZ9\">",
		"<row r=\"0\">", "1e999", "-1", "0", "99999999999999999999",
		"1,33591E+17", "=1+1", "sep=;\n", "\xc2\xa0", "\xe2\x80\xa8" };
	const char *t = token[below(d, COUNT(token))];

	replace(m, below(d, m->n + 1), 0, t, strlen(t));
}

static void
insert_zero(struct damage *d, struct mutant *m)
{
	replace(m, below(d, m->n + 1), 0, "", 1);
}

static void
delete_bytes(struct damage *d, struct mutant *m)
{
	size_t at = below(d, m->n), n = 1 + below(d, 8);

	replace(m, at, n < m->n - at ? n : m->n - at, NULL, 0);
}

static void
cut(struct damage *d, struct mutant *m)
{
	m->n = below(d, m->n + 1);
}

static void
repeat_bytes(struct damage *d, struct mutant *m)
{
	size_t at = below(d, m->n), n = below(d, m->n - at);
	struct mutant part = copy(m->bytes + at, n);

	replace(m, below(d, m->n + 1), 0, part.bytes, part.n);
	free(part.bytes);
}

/* --- lines --------------------------------------------------------------- */

struct line {
	size_t at, n;
};

/* A line, or what stands between two tags or braces when there are none. */
static struct line
any_line(struct damage *d, const struct mutant *m)
{
	size_t at = below(d, m->n), end;
	char mark = '\n';

	if (m->n == 0 || memchr(m->bytes, '\n', m->n) == NULL)
		mark = memchr(m->bytes, '>', m->n) != NULL ? '>' : '}';
	end = at;
	while (at > 0 && m->bytes[at - 1] != mark)
		at--;
	while (end < m->n && m->bytes[end] != mark)
		end++;
	end += end < m->n;
	return (struct line){ at, end - at };
}

static void
delete_line(struct damage *d, struct mutant *m)
{
	struct line l = any_line(d, m);

	replace(m, l.at, l.n, NULL, 0);
}

static void
repeat_line(struct damage *d, struct mutant *m)
{
	struct line l = any_line(d, m), to = any_line(d, m);
	struct mutant text = copy(m->bytes + l.at, l.n);

	replace(m, to.at, 0, text.bytes, text.n);
	free(text.bytes);
}

static void
swap_lines(struct damage *d, struct mutant *m)
{
	struct line a = any_line(d, m), b = any_line(d, m);
	struct mutant x, y;

	if (a.at > b.at) {
		struct line c = a;

		a = b;
		b = c;
	}
	if (a.at + a.n > b.at)
		return;
	x = copy(m->bytes + a.at, a.n);
	y = copy(m->bytes + b.at, b.n);
	replace(m, b.at, b.n, x.bytes, x.n);
	replace(m, a.at, a.n, y.bytes, y.n);
	free(x.bytes);
	free(y.bytes);
}

/* Its beginning, then the other's end; or both, one after the other. */
static void
splice(struct damage *d, struct mutant *m)
{
	struct line here = any_line(d, m), there = any_line(d, d->other);

	if (below(d, 2) == 0)
		here.at = m->n;
	if (below(d, 2) == 0)
		there.at = 0;
	replace(m, here.at, m->n - here.at, d->other->bytes + there.at,
	    d->other->n - there.at);
}

/* --- encodings ----------------------------------------------------------- */

static void
encode(struct damage *d, struct mutant *m)
{
	static const char *const name[] = { "windows-1251//TRANSLIT", "koi8-r",
		"cp866", "utf-16", "utf-16le", "utf-16be", "utf-8" };
	static const char *const from[] = { "utf-8", "windows-1251" };
	iconv_t c = iconv_open(name[below(d, COUNT(name))], from[below(d, 2)]);
	char *in = m->bytes, *to = take(4 * m->n + 16), *out = to;
	size_t left = m->n, room = 4 * m->n + 16;

	if (c == (iconv_t)-1)
		abort();
	while (left > 0 && iconv(c, &in, &left, &out, &room) == (size_t)-1) {
		in++; /* what the encoding lacks is left out */
		left--;
	}
	iconv_close(c);
	free(m->bytes);
	*m = (struct mutant){ to, (size_t)(out - to) };
}

/* --- all of it ----------------------------------------------------------- */

static void
damage(struct damage *d, struct mutant *m)
{
	/* clang-format off */
	static const struct {
		const char *name;
		void (*run)(struct damage *d, struct mutant *m);
		unsigned weight;
	} way[] = {
		{ "flip",        flip_bytes,   4 },
		{ "token",       insert_token, 5 },
		{ "zero",        insert_zero,  1 },
		{ "delete",      delete_bytes, 2 },
		{ "cut",         cut,          1 },
		{ "repeat",      repeat_bytes, 1 },
		{ "delete-line", delete_line,  3 },
		{ "repeat-line", repeat_line,  3 },
		{ "swap-lines",  swap_lines,   3 },
		{ "splice",      splice,       2 },
		{ "encode",      encode,       2 },
	};
	/* clang-format on */

	for (size_t times = 1 + below(d, 3) * below(d, 3); times > 0; times--) {
		size_t turn = below(d, 27), i = 0;

		while (turn >= way[i].weight)
			turn -= way[i++].weight;
		if (m->n > ROOM)
			m->n = ROOM;
		say(d, way[i].name);
		way[i].run(d, m);
	}
}

/* --- gzip ---------------------------------------------------------------- */

static bool
is_gzip(const struct mutant *m)
{
	return m->n > 18 && memcmp(m->bytes, "\x1f\x8b", 2) == 0;
}

static struct mutant
gzip(const struct mutant *m, bool pack)
{
	struct mutant out = { take(ROOM), ROOM };
	char *in = m->bytes;
	z_stream z = { .next_out = (void *)out.bytes, .avail_out = ROOM };

	z.next_in = (void *)in;
	z.avail_in = (uInt)m->n;
	if (pack ? deflateInit2(&z, 6, Z_DEFLATED, 31, 8, 0) != Z_OK ||
		       deflate(&z, Z_FINISH) != Z_STREAM_END
		 : inflateInit2(&z, 31) != Z_OK ||
		       inflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	out.n = z.total_out;
	if (pack)
		deflateEnd(&z);
	else
		inflateEnd(&z);
	return out;
}

static void
damage_gzip(struct damage *d, struct mutant *m)
{
	struct mutant plain = gzip(m, false);

	say(d, "in gzip:");
	damage(d, &plain);
	if (plain.n > ROOM / 2)
		plain.n = ROOM / 2;
	free(m->bytes);
	*m = gzip(&plain, true);
	free(plain.bytes);
}

/* --- zip ----------------------------------------------------------------- */

struct member {
	char name[256];
	struct mutant data;
};

static bool
is_zip(const struct mutant *m)
{
	return m->n > 22 && memcmp(m->bytes, "PK\3\4", 4) == 0;
}

static size_t
unzip(struct member *member, const struct mutant *m)
{
	zip_source_t *s = zip_source_buffer_create(m->bytes, m->n, 0, NULL);
	zip_t *z = zip_open_from_source(s, ZIP_RDONLY, NULL);
	size_t n;

	if (z == NULL)
		abort();
	n = (size_t)zip_get_num_entries(z, 0);
	for (size_t i = 0; i < n && i < MEMBERS; i++) {
		struct member *to = &member[i];
		zip_file_t *f = zip_fopen_index(z, i, 0);

		snprintf(
		    to->name, sizeof to->name, "%s", zip_get_name(z, i, 0));
		to->data.bytes = take(ROOM);
		to->data.n =
		    f == NULL ? 0 : (size_t)zip_fread(f, to->data.bytes, ROOM);
		if (f != NULL)
			zip_fclose(f);
	}
	zip_discard(z);
	return n < MEMBERS ? n : MEMBERS;
}

static void
add(struct mutant *m, const void *p, size_t n)
{
	replace(m, m->n, 0, p, n);
}

static void
put(unsigned char *p, size_t bytes, size_t value)
{
	for (; bytes > 0; bytes--, value >>= 8)
		*p++ = (unsigned char)value;
}

/* What a member's two headers have in common, from the version needed on. */
static void
describe(unsigned char p[26], const struct member *from)
{
	memset(p, 0, 26);
	put(p, 2, 20);
	put(p + 2, 2, 1U << 11); /* names are UTF-8; method 0: stored */
	put(p + 6, 4, 0x5ce10000);
	put(p + 10, 4,
	    crc32(0, (const void *)from->data.bytes, (uInt)from->data.n));
	put(p + 14, 4, from->data.n);
	put(p + 18, 4, from->data.n);
	put(p + 22, 2, strlen(from->name));
}

static struct mutant
rezip(const struct member *member, size_t n)
{
	struct mutant m = { take(0), 0 }, central = { take(0), 0 };
	unsigned char end[22] = "PK\5\6";

	for (size_t i = 0; i < n; i++) {
		unsigned char local[30] = "PK\3\4", entry[46] = "PK\1\2\24";
		size_t at = m.n;

		describe(local + 4, &member[i]);
		add(&m, local, sizeof local);
		add(&m, member[i].name, strlen(member[i].name));
		add(&m, member[i].data.bytes, member[i].data.n);
		describe(entry + 6, &member[i]);
		put(entry + 42, 4, at);
		add(&central, entry, sizeof entry);
		add(&central, member[i].name, strlen(member[i].name));
	}
	put(end + 8, 2, n);
	put(end + 10, 2, n);
	put(end + 12, 4, central.n);
	put(end + 16, 4, m.n);
	add(&m, central.bytes, central.n);
	add(&m, end, sizeof end);
	free(central.bytes);
	return m;
}

static void
damage_zip(struct damage *d, struct mutant *m)
{
	struct member member[MEMBERS];
	size_t n = unzip(member, m), hit = below(d, n);

	say(d, "in");
	say(d, member[hit].name);
	damage(d, &member[hit].data);
	if (below(d, 8) == 0) {
		say(d, "renamed");
		snprintf(member[hit].name, sizeof member[hit].name, "%s",
		    below(d, 2) == 0 ? "другой.csv" : "../x/a.json");
	}
	free(m->bytes);
	*m = rezip(member, n);
	for (size_t i = 0; i < n; i++)
		free(member[i].data.bytes);
}

struct mutant
mutant_make(const struct mutant *seed, const struct mutant *other,
    uint64_t number, char *said, size_t size)
{
	struct damage d = { number * UINT64_C(0x2545f4914f6cdd1d), other, said,
		size };
	struct mutant m = copy(seed->bytes, seed->n);
	bool inside = below(&d, 4) > 0;

	if (inside && is_gzip(&m))
		damage_gzip(&d, &m);
	else if (inside && is_zip(&m))
		damage_zip(&d, &m);
	else
		damage(&d, &m);
	return m;
}
