/*
 * Shared strings: a workbook keeps each text once, and its cells name it by
 * number, in any order.  So they have to be in memory while the sheet is read;
 * they alone make it grow with the dump.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/xlsx.h"

#define MEMORY ((size_t)512 << 20)

struct reading {
	struct xlsx_strings *out;
	struct xml_part *part;
	bool in_string, in_text;
	unsigned phonetic; /* <rPh>: how it is read aloud */
	size_t from;       /* where the present one begins */
};

static void
on_start(void *ctx, const char *name, const char **attr)
{
	struct reading *r = ctx;

	(void)attr;
	if (strcmp(name, "si") == 0) {
		r->in_string = true;
		r->from = r->out->used;
	} else if (strcmp(name, "rPh") == 0) {
		r->phonetic++;
	} else if (strcmp(name, "t") == 0) {
		r->in_text = r->in_string && r->phonetic == 0;
	}
}

static void
on_text(void *ctx, struct slice s)
{
	struct reading *r = ctx;
	struct xlsx_strings *o = r->out;

	if (!r->in_text)
		return;
	if (o->used + s.n + o->n * sizeof *o->end > MEMORY) {
		xml_fail(r->part, FMT_XLSX_STRINGS);
		return;
	}
	if (o->room - o->used < s.n) {
		o->room = o->room * 2 + s.n + 4096;
		o->bytes = mem_grow(o->bytes, o->room);
	}
	memcpy(o->bytes + o->used, s.p, s.n);
	o->used += s.n;
}

static void
end_string(struct reading *r)
{
	struct xlsx_strings *o = r->out;

	r->in_string = false;
	if (o->used + (o->n + 1) * sizeof *o->end > MEMORY) {
		xml_fail(r->part, FMT_XLSX_STRINGS);
		return;
	}
	if (o->n == o->n_room) {
		o->n_room = o->n_room * 2 + 1024;
		o->end = mem_grow(o->end, o->n_room * sizeof *o->end);
	}
	if (o->used > r->from)
		o->used = r->from +
			  xlsx_unescape(o->bytes + r->from, o->used - r->from);
	o->end[o->n++] = o->used;
}

static void
on_end(void *ctx, const char *name)
{
	struct reading *r = ctx;

	if (strcmp(name, "t") == 0)
		r->in_text = false;
	else if (strcmp(name, "rPh") == 0 && r->phonetic > 0)
		r->phonetic--;
	else if (strcmp(name, "si") == 0 && r->in_string)
		end_string(r);
}

enum fmt_status
xlsx_strings_read(struct xlsx_strings *out, struct unzip *z, const char *member)
{
	static const struct xml_hooks hooks = { on_start, on_end, on_text };
	struct reading r = { .out = out };

	return xml_read(z, member, &hooks, &r, &r.part);
}

void
xlsx_strings_free(struct xlsx_strings *s)
{
	free(s->bytes);
	free(s->end);
}

bool
xlsx_string(const struct xlsx_strings *s, uint64_t i, struct slice *out)
{
	size_t from;

	if (i >= s->n)
		return false;
	from = i == 0 ? 0 : s->end[i - 1];
	*out = (struct slice){ s->used == 0 ? "" : s->bytes + from,
		s->end[i] - from };
	return true;
}

/* --- "_x000D_" ---------------------------------------------------------- */

static bool
take_code(const char *p, size_t n, unsigned *code)
{
	*code = 0;
	if (n < 7 || p[0] != '_' || p[1] != 'x' || p[6] != '_')
		return false;
	for (size_t i = 2; i < 6; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			*code = *code << 4 | (unsigned)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			*code = *code << 4 | (unsigned)((c | 32) - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* As UTF-8; half a pair is no character. */
static size_t
put_code(char *to, unsigned u)
{
	if (u >= 0xd800 && u < 0xe000)
		u = 0xfffd;
	if (u < 0x80) {
		to[0] = (char)u;
		return 1;
	}
	if (u < 0x800) {
		to[0] = (char)(0xc0 | u >> 6);
		to[1] = (char)(0x80 | (u & 63));
		return 2;
	}
	to[0] = (char)(0xe0 | u >> 12);
	to[1] = (char)(0x80 | (u >> 6 & 63));
	to[2] = (char)(0x80 | (u & 63));
	return 3;
}

size_t
xlsx_unescape(char *p, size_t n)
{
	char *to = memchr(p, '_', n);
	size_t at;
	unsigned code;

	if (to == NULL)
		return n;
	for (at = (size_t)(to - p); at < n;) {
		if (take_code(p + at, n - at, &code)) {
			to += put_code(to, code);
			at += 7;
		} else {
			*to++ = p[at++];
		}
	}
	return (size_t)(to - p);
}
