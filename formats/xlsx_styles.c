/*
 * Styles: of all that a cell looks like only whether its number is shown as a
 * date, a time or both.  A cell names a style by number, that names a number
 * format, and formats have fixed numbers or stand in styles.xml as a text.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/xlsx.h"

/* Each style is looked for among the formats, so that there may not be many of
 * either; Excel allows 65,490 and 250. */
#define STYLES_MAX 65536
#define FORMATS_MAX 4096

struct reading {
	struct xlsx_styles *out;
	struct xml_part *part;
	bool in_cells;
	struct format {
		unsigned id;
		enum xlsx_style style;
	} * format;
	size_t formats, style_room, format_room;
};

/* --- what a format shows ------------------------------------------------ */

/* clang-format off */
static const struct {
	unsigned from, to;
	enum xlsx_style style;
} fixed[] = {
	{ 14, 17, XLSX_DATE },
	{ 18, 21, XLSX_TIME },
	{ 22, 22, XLSX_DATE_TIME },
	{ 27, 31, XLSX_DATE },    /* of eastern Asia, as those below */
	{ 32, 35, XLSX_TIME },
	{ 36, 36, XLSX_DATE },
	{ 45, 45, XLSX_TIME },
	{ 46, 46, XLSX_ELAPSED },
	{ 47, 47, XLSX_TIME },
	{ 50, 54, XLSX_DATE },
	{ 55, 56, XLSX_TIME },
	{ 57, 58, XLSX_DATE },
};
/* clang-format on */

/* "[h]", "[mm]", "[ss]" is a time that goes on; "[Red]", "[$-419]" is none. */
static bool
is_elapsed(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((p[i] | 32) != (p[0] | 32))
			return false;
	}
	return n > 0 && strchr("hms", p[0] | 32) != NULL;
}

/* Behind what stands at p and shows nothing of the number; p when it does. */
static const char *
skip_literal(const char *p)
{
	const char *end;

	switch (*p) {
	case '"':
		end = strchr(p + 1, '"');
		return end == NULL ? p + strlen(p) : end + 1;
	case '\\':
	case '_':
	case '*':
		return p[1] == '\0' ? p + 1 : p + 2;
	default:
		return p;
	}
}

static const char *
skip_brackets(const char *p, bool *elapsed)
{
	const char *end = strchr(p, ']');

	if (end == NULL)
		return p + strlen(p);
	*elapsed = *elapsed || is_elapsed(p + 1, (size_t)(end - p) - 1);
	return end + 1;
}

/* m is a month, but beside hours and seconds minutes. */
enum xlsx_style
xlsx_style_of(const char *format)
{
	bool day = false, clock = false, month = false, elapsed = false;

	for (const char *p = format; *p != '\0' && *p != ';';) {
		const char *next = skip_literal(p);

		if (next != p) {
			p = next;
			continue;
		}
		if (*p == '[') {
			p = skip_brackets(p, &elapsed);
			continue;
		}
		if (strncasecmp(p, "general", 7) == 0) {
			p += 7;
			continue;
		}
		day = day || (*p | 32) == 'd' || (*p | 32) == 'y';
		clock = clock || (*p | 32) == 'h' || (*p | 32) == 's';
		month = month || (*p | 32) == 'm';
		p++;
	}
	clock = clock || elapsed;
	day = day || (month && !clock);
	if (day)
		return clock ? XLSX_DATE_TIME : XLSX_DATE;
	if (elapsed)
		return XLSX_ELAPSED;
	return clock ? XLSX_TIME : XLSX_NUMBER;
}

/* --- styles.xml --------------------------------------------------------- */

static unsigned
take_id(const char *s)
{
	unsigned n = 0;

	for (; s != NULL && *s >= '0' && *s <= '9' && n < 1000000; s++)
		n = n * 10 + (unsigned)(*s - '0');
	return n;
}

static enum xlsx_style
style_of_id(const struct reading *r, unsigned id)
{
	for (size_t i = r->formats; i-- > 0;) {
		if (r->format[i].id == id)
			return r->format[i].style;
	}
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		if (id >= fixed[i].from && id <= fixed[i].to)
			return fixed[i].style;
	}
	return XLSX_NUMBER;
}

static void
add_format(struct reading *r, const char **attr)
{
	const char *code = xml_attr(attr, "formatCode");

	if (code == NULL)
		return;
	if (r->formats == FORMATS_MAX) {
		xml_fail(r->part, FMT_XLSX);
		return;
	}
	if (r->formats == r->format_room) {
		r->format_room = r->format_room * 2 + 64;
		r->format =
		    mem_grow(r->format, r->format_room * sizeof *r->format);
	}
	r->format[r->formats++] =
	    (struct format){ take_id(xml_attr(attr, "numFmtId")),
		    xlsx_style_of(code) };
}

static void
add_style(struct reading *r, const char **attr)
{
	struct xlsx_styles *o = r->out;

	if (o->n == STYLES_MAX) {
		xml_fail(r->part, FMT_XLSX);
		return;
	}
	if (o->n == r->style_room) {
		r->style_room = r->style_room * 2 + 64;
		o->style = mem_grow(o->style, r->style_room);
	}
	o->style[o->n++] =
	    (uint8_t)style_of_id(r, take_id(xml_attr(attr, "numFmtId")));
}

static void
on_start(void *ctx, const char *name, const char **attr)
{
	struct reading *r = ctx;

	if (strcmp(name, "cellXfs") == 0)
		r->in_cells = true;
	else if (strcmp(name, "numFmt") == 0)
		add_format(r, attr);
	else if (strcmp(name, "xf") == 0 && r->in_cells)
		add_style(r, attr);
}

static void
on_end(void *ctx, const char *name)
{
	struct reading *r = ctx;

	if (strcmp(name, "cellXfs") == 0)
		r->in_cells = false;
}

enum fmt_status
xlsx_styles_read(struct xlsx_styles *out, struct unzip *z, const char *member)
{
	static const struct xml_hooks hooks = { on_start, on_end, NULL };
	struct reading r = { .out = out };
	enum fmt_status rc = xml_read(z, member, &hooks, &r, &r.part);

	free(r.format);
	return rc;
}

void
xlsx_styles_free(struct xlsx_styles *s)
{
	free(s->style);
}
