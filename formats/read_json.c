/*
 * JSON: one list of objects is a dump's records.  The list is the dump itself,
 * or the first one that the dump's object holds, however many objects are
 * around it ({"orders": […]}, {"_embedded": {"leads": […]}}); or the dump is
 * objects one after another, often one a line.  An object alone is a record,
 * unless there is a list of objects in it.
 *
 * A record is an object: json_flat.c makes its cells.  The names found in the
 * first records (LOOK_AHEAD) are the header, which is returned as a row that
 * no line has; a name that comes later grows it.  Every row has a cell for
 * every name.
 *
 * A record that is broken is refused, and reading goes on behind it as
 * json_feet.c says.  As in read_csv.c, the time for that is paid out of
 * `patience`: when nearly every record is broken, brackets are not followed.
 * What is around the list is skipped, but it must end, and nothing may follow;
 * there may be no other list of objects, whose records would be lost.
 */
#include <stdlib.h>

#include "formats/arena.h"
#include "formats/json_feet.h"
#include "formats/json_flat.h"
#include "formats/lines.h"
#include "formats/message.h"
#include "formats/syntax.h"

#define LOOK_AHEAD ((size_t)1024 * 1024) /* for the header */
#define LOOK_ON ((size_t)64 * 1024)      /* when a name was not in it */
#define PATIENCE 16      /* bytes looked at in vain for a byte read */
#define KEPT (size_t)512 /* before a place where a record may begin */

enum {
	AHEAD_RECORDS = 1000,
	AHEAD_BROKEN = 50 /* of them: each may cost all of the text */
};

enum state {
	BEGINS,
	RECORDS,
	BROKEN,   /* at a record that was refused, bad at `from` */
	TOO_LONG, /* at one that was longer than the limit */
	BEHIND,   /* the list; the rest of what is around it */
	ENDED
};

struct json {
	struct json_flat *flat;
	enum state state;
	bool list;      /* else one object after another */
	unsigned depth; /* objects around the list */
	bool first;     /* the next record has none before it */
	size_t told;    /* columns */
	struct json_gap gap;
	struct json_layout layout;
	size_t from;
	uint64_t patience;

	struct lines lines; /* until r->at */
	char last;          /* that is no blank */
};

/* --- moving over the text --- */

static const char *
text(const struct reader *r, size_t *n)
{
	*n = r->end - r->at;
	return r->text + r->at;
}

static void
take(struct reader *r, size_t n)
{
	struct json *j = r->state;
	uint64_t most = (uint64_t)r->settings->limits.line_bytes * PATIENCE;
	const char *p = r->text + r->at;
	size_t last = n;

	if (n == 0)
		return;
	lines_count(&j->lines, p, n);
	r->facts.lines = lines_seen(&j->lines);
	while (last > 0 && json_blank(p[last - 1]))
		last--;
	if (last > 0)
		j->last = p[last - 1];
	r->at += n;
	j->patience += n * PATIENCE;
	if (j->patience > most)
		j->patience = most;
}

/* To what is neither a blank nor a comma; no bytes are there at the end. */
static enum fmt_status
take_gap(struct reader *r)
{
	struct json *j = r->state;
	enum fmt_status rc = FMT_OK;
	size_t n, at;

	for (;;) {
		const char *p = text(r, &n);

		at = json_gap(&j->gap, p, n, 0);
		take(r, at);
		if (at < n || r->eof || rc != FMT_OK)
			return rc;
		rc = reader_fill(r);
	}
}

/* The first byte from text[at] that is no blank; '\0' when there is none
 * within the limit. */
static enum fmt_status
look(struct reader *r, size_t at, char *c)
{
	enum fmt_status rc = FMT_OK;
	size_t n;

	for (;;) {
		const char *p = text(r, &n);

		while (at < n && json_blank(p[at]))
			at++;
		*c = at < n ? p[at] : '\0';
		if (at < n || r->eof || rc != FMT_OK ||
		    at > r->settings->limits.line_bytes)
			return rc;
		rc = reader_fill(r);
	}
}

/* --- where records go on --- */

/* Nothing that looks like a record's beginning came any more. */
static enum fmt_status
end_somehow(struct reader *r)
{
	struct json *j = r->state;
	size_t n;

	text(r, &n);
	take(r, n);
	j->state = ENDED;
	return j->last == (j->list && j->depth == 0 ? ']' : '}') ? FMT_OK
								 : FMT_CUT_OFF;
}

static enum fmt_status
find_feet(struct reader *r, size_t from)
{
	struct json *j = r->state;
	enum fmt_status rc = FMT_OK;
	size_t n, at, kept;

	for (;;) {
		const char *p = text(r, &n);

		if (json_feet(&j->layout, j->list, p, n, r->eof, from, &at) ==
		    JSON_END)
			break;
		if (r->eof)
			return end_somehow(r);
		kept = at < KEPT ? at : KEPT;
		take(r, at - kept);
		from = kept;
		rc = reader_fill(r);
		if (rc != FMT_OK)
			return rc;
	}
	take(r, at);
	j->gap =
	    (struct json_gap){ true, j->layout.own_line, j->layout.indent };
	j->state = RECORDS;
	return FMT_OK;
}

static void
go_on_behind(struct reader *r, size_t n)
{
	struct json *j = r->state;

	take(r, n);
	j->gap = (struct json_gap){ 0 };
	j->state = RECORDS;
}

/* May this come behind a record? */
static bool
may_follow(const struct json *j, char c)
{
	if (c == '\0')
		return true;
	return j->list ? c == ',' || c == ']' : c == '{';
}

static enum fmt_status
pass_broken(struct reader *r)
{
	struct json *j = r->state;
	struct json_balance b = { .depth = 0 };
	uint64_t most = r->settings->limits.line_bytes;
	enum json_found found;
	enum fmt_status rc;
	size_t n, at = 0;
	char c;

	if (most > j->patience)
		most = j->patience;
	for (;;) {
		const char *p = text(r, &n);

		n = n > most ? (size_t)most : n;
		found = json_balance(&b, &j->layout, p, n, &at);
		if (found != JSON_ON || r->eof || n == most)
			break;
		rc = reader_fill(r);
		if (rc != FMT_OK)
			return rc;
	}
	if (found == JSON_END && at > 0) {
		rc = look(r, at, &c);
		if (rc != FMT_OK)
			return rc;
		if (may_follow(j, c) || b.depth > 0) {
			go_on_behind(r, at);
			j->gap.comma = b.depth > 0;
			j->gap.own_line = b.depth > 0;
			j->gap.indent = b.indent;
			return FMT_OK;
		}
	}
	j->patience -= at < j->patience ? at : j->patience;
	return find_feet(r, j->from > 0 ? j->from : 1);
}

static enum fmt_status
pass_long(struct reader *r)
{
	struct json *j = r->state;
	struct json_balance b = { .depth = 0 };
	enum fmt_status rc;
	size_t n, at = 0;

	for (;;) {
		const char *p = text(r, &n);
		enum json_found found = json_balance(&b, &j->layout, p, n, &at);

		if (found == JSON_END) {
			go_on_behind(r, at);
			j->gap.comma = b.depth > 0;
			return FMT_OK;
		}
		if (found == JSON_LOST) {
			size_t kept = at < KEPT ? at : KEPT;

			take(r, at - kept);
			return find_feet(r, kept);
		}
		take(r, at > 0 ? at - 1 : 0); /* so that none is the first */
		at = r->end > r->at;
		if (r->eof)
			return FMT_CUT_OFF;
		rc = reader_fill(r);
		if (rc != FMT_OK)
			return rc;
	}
}

/* Behind the list: what is around it must end, and hold no other list. */
static enum fmt_status
pass_rest(struct reader *r)
{
	struct json *j = r->state;
	unsigned depth = j->depth;
	bool string = false, escaped = false, list = false;
	enum fmt_status rc = FMT_OK;
	size_t n;

	while (rc == FMT_OK) {
		const char *p = text(r, &n);

		for (size_t i = 0; i < n; i++) {
			if (string) {
				string = escaped || p[i] != '"';
				escaped = !escaped && p[i] == '\\';
				continue;
			}
			if (json_blank(p[i]))
				continue;
			if (depth == 0)
				return FMT_JSON_TAIL;
			if (list && p[i] == '{')
				return FMT_JSON_LISTS;
			list = p[i] == '[';
			string = p[i] == '"';
			depth += p[i] == '{';
			depth -= p[i] == '}';
		}
		take(r, n);
		if (r->eof)
			break;
		rc = reader_fill(r);
	}
	if (rc == FMT_OK && depth > 0)
		return FMT_CUT_OFF;
	j->state = ENDED;
	return rc;
}

/* --- records --- */

/* Behind the record at p[at], in which the grammar is bad at p[bad]; n when
 * that cannot be said. */
static size_t
pass_ahead(const struct reader *r, const struct json_layout *l, const char *p,
    size_t n, size_t at, size_t bad)
{
	const struct json *j = r->state;
	struct json_balance b = { .depth = 0 };
	bool whole = r->eof && n == r->end - r->at;
	size_t end = 0;

	if (json_balance(&b, l, p + at, n - at, &end) == JSON_END && end > 0)
		return at + end;
	return json_feet(l, j->list, p, n, whole, bad > at ? bad : at + 1,
		   &end) == JSON_END
		   ? end
		   : n;
}

/* Reads records without taking them, for the names in them. */
static enum fmt_status
look_ahead(struct reader *r, size_t bytes)
{
	struct json *j = r->state;
	size_t most = r->settings->limits.line_bytes, n, at = 0;
	enum fmt_status rc = reader_fill_to(r, bytes);
	struct json_layout l = j->layout;
	struct json_gap gap = j->gap;
	const char *p = text(r, &n);
	int broken = 0;

	n = n > bytes ? bytes : n;
	for (int i = 0; rc == FMT_OK && i < AHEAD_RECORDS; i++) {
		size_t reach, end = 0;

		at = json_gap(&gap, p, n, at);
		if (at == n || p[at] == ']')
			break;
		reach = n - at > most ? most : n - at;
		json_layout(&l, &gap, p + at, n - at);
		if (p[at] == '{' &&
		    json_flat_parse(j->flat, p + at, reach, &end) == FLAT_OK)
			at += end;
		else if (broken++ < AHEAD_BROKEN)
			at = pass_ahead(r, &l, p, n, at, at + end);
		else
			break;
		gap = (struct json_gap){ 0 };
	}
	return rc;
}

static void
put_header(struct reader *r, struct row *out)
{
	struct json *j = r->state;

	j->told = json_flat_columns(j->flat);
	out->line = 0;
	out->cells = j->told;
	out->cell = json_flat_names(j->flat);
	for (size_t i = 0; i < out->cells; i++) {
		if (memmem(out->cell[i].p, out->cell[i].n, "\xef\xbf\xbd", 3) !=
		    NULL)
			out->reject = REJECT_ENCODING;
	}
}

static void
put_cells(struct reader *r, struct row *out)
{
	struct json *j = r->state;

	out->line = lines_here(&j->lines);
	out->cells = j->told;
	out->cell = json_flat_cells(j->flat);
	out->reject = json_flat_reject(j->flat, &out->hint, &out->bad_cell);
}

static enum fmt_status
refuse(struct reader *r, enum state state, enum reject reject, struct row *out)
{
	struct json *j = r->state;

	put_cells(r, out);
	if (reject != REJECT_NONE) {
		out->reject = reject;
		out->hint = NULL;
		out->bad_cell = SIZE_MAX;
	}
	j->state = state;
	j->first = false;
	return FMT_OK;
}

/* Parses the object at r->at; *rc is FMT_END when it is longer than the limit
 * allows. */
static enum flat
parse(struct reader *r, size_t *end, enum fmt_status *rc)
{
	struct json *j = r->state;
	size_t most = r->settings->limits.line_bytes, n, seen;
	enum flat st;

	for (;;) {
		const char *p = text(r, &n);

		seen = n > most ? most : n;
		st = json_flat_parse(j->flat, p, seen, end);
		*rc = st == FLAT_MORE && seen < n ? FMT_END : FMT_OK;
		if (st != FLAT_MORE || *rc != FMT_OK)
			return st;
		if (r->eof) {
			*rc = FMT_CUT_OFF;
			return st;
		}
		/* twice as much, or a long record would take its square */
		*rc = reader_fill_to(r, seen < most ? 2 * seen : most + 1);
		if (*rc != FMT_OK)
			return st;
	}
}

/* The dump ends within a record: does another one begin in it, so that it is
 * this one alone that is not closed? */
static bool
holds_another(const struct reader *r)
{
	const struct json *j = r->state;
	struct json_balance b = { .depth = 0 };
	size_t n, at = 0;
	const char *p = text(r, &n);

	return json_balance(&b, &j->layout, p, n, &at) == JSON_END &&
	       b.depth > 0;
}

static enum fmt_status
read_object(struct reader *r, struct row *out)
{
	struct json *j = r->state;
	bool comma = j->gap.comma || j->first || !j->list;
	enum fmt_status rc;
	const char *p;
	size_t n, end;
	enum flat st;

	st = parse(r, &end, &rc);
	p = text(r, &n);
	if (rc == FMT_END || rc == FMT_CUT_OFF || st == FLAT_BAD || j->first)
		json_layout(&j->layout, &j->gap, p, n);
	if (rc == FMT_END)
		return refuse(r, TOO_LONG, REJECT_LINE_TOO_LONG, out);
	if (rc == FMT_CUT_OFF && holds_another(r)) {
		j->from = end;
		return refuse(r, BROKEN, REJECT_JSON, out);
	}
	if (rc != FMT_OK)
		return rc;
	if (st == FLAT_BAD) {
		j->from = end;
		return refuse(r, BROKEN, REJECT_NONE, out);
	}
	if (json_flat_columns(j->flat) > j->told) {
		out->grown_header = j->told > 0;
		rc = look_ahead(r, LOOK_ON);
		put_header(r, out);
		return rc;
	}
	json_layout(&j->layout, &j->gap, p, n);
	put_cells(r, out);
	if (!comma && out->reject == REJECT_NONE) {
		out->reject = REJECT_JSON;
		out->hint = N_("a comma is missing before it");
	}
	go_on_behind(r, end);
	j->first = false;
	return FMT_OK;
}

/* FMT_END: nothing was read, but the state is another one. */
static enum fmt_status
read_record(struct reader *r, struct row *out)
{
	struct json *j = r->state;
	enum fmt_status rc = take_gap(r);
	size_t n;
	const char *p = text(r, &n);

	if (rc != FMT_OK)
		return rc;
	if (n == 0) {
		if (j->list)
			return FMT_CUT_OFF;
		j->state = ENDED;
		return FMT_END;
	}
	if (j->list && *p == ']') {
		take(r, 1);
		j->state = BEHIND;
		return FMT_END;
	}
	if (*p == '{')
		return read_object(r, out);
	json_flat_clear(j->flat);
	j->from = 1;
	return refuse(r, BROKEN, REJECT_JSON_OBJECT, out);
}

/* --- the beginning --- */

/* One object after another, of which the first is broken? */
static bool
has_another(const char *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		size_t before = i;

		if (p[i] != '{' || (p[i - 1] != '\n' && p[i - 1] != '\r'))
			continue;
		while (before > 0 && json_blank(p[before - 1]))
			before--;
		if (before > 0 && p[before - 1] != ',' && p[before - 1] != '[')
			return true;
	}
	return false;
}

/* The dump begins with an object: a record, or what is around the list? */
static enum fmt_status
choose_shape(struct reader *r)
{
	struct json *j = r->state;
	size_t most = r->settings->limits.line_bytes, n, end = 0, at;
	enum fmt_status rc = reader_fill_to(r, most);
	struct json_balance b = { .depth = 0 };
	enum json_found found;
	const char *p = text(r, &n);
	char c = '\0';
	unsigned depth;
	bool empty;

	n = n > most ? most : n;
	found = json_balance(&b, NULL, p, n, &end);
	if (rc == FMT_OK && found == JSON_END)
		rc = look(r, end, &c);
	p = text(r, &n);
	n = n > most ? most : n;
	r->facts.pages =
	    c == '{' && json_find_list(p, end, &at, &depth, &empty);
	if (rc != FMT_OK || c == '{' ||
	    (found == JSON_LOST && has_another(p, n)))
		return rc;
	if (json_find_list(p, n, &at, &j->depth, &empty)) {
		j->list = true;
		take(r, at + 1);
	} else if (empty && found == JSON_END) {
		take(r, n);
		j->state = ENDED;
	}
	return FMT_OK;
}

/* The header, when there is one to be had. */
static enum fmt_status
begin(struct reader *r, struct row *out)
{
	struct json *j = r->state;
	enum fmt_status rc = take_gap(r);
	size_t n;
	const char *p = text(r, &n);
	const char *hint;
	size_t cell;

	j->state = RECORDS;
	if (rc == FMT_OK && n > 0)
		rc = look_ahead(r, LOOK_AHEAD);
	if (rc != FMT_OK)
		return rc;
	if (json_flat_columns(j->flat) > 0) {
		put_header(r, out);
		return FMT_OK;
	}
	if (json_flat_reject(j->flat, &hint, &cell) == REJECT_COLUMNS_MANY)
		return FMT_TOO_WIDE;
	p = text(r, &n);
	return n > 0 && *p != '{' && *p != ']' ? FMT_JSON : FMT_END;
}

static enum fmt_status
next(struct reader *r, struct row *out)
{
	struct json *j = r->state;
	enum fmt_status rc = FMT_END;

	*out = (struct row){ .reject = REJECT_NONE };
	while (rc == FMT_END && j->state != ENDED) {
		if (j->state == BEGINS)
			rc = begin(r, out);
		else if (j->state == RECORDS)
			rc = read_record(r, out);
		else {
			rc = j->state == BROKEN     ? pass_broken(r)
			     : j->state == TOO_LONG ? pass_long(r)
						    : pass_rest(r);
			rc = rc == FMT_OK ? FMT_END : rc;
		}
	}
	return rc;
}

/* --- the syntax --- */

static int
sniff(struct slice head)
{
	size_t at = 0;
	char c;

	while (head.n > 0 && json_blank(*head.p)) {
		head.p++;
		head.n--;
	}
	if (head.n == 0 || (*head.p != '{' && *head.p != '['))
		return 0;
	for (at = 1; at < head.n && json_blank(head.p[at]);)
		at++;
	c = at < head.n ? head.p[at] : '\0';
	if (*head.p == '{' || c == '\0' || strchr("{[]\"", c) != NULL)
		return 50;
	/* A list of numbers goes on with a comma; "[11] name" is a text. */
	while (at < head.n && strchr("-+.0123456789eE", head.p[at]) != NULL)
		at++;
	return at < head.n && head.p[at] == ',' ? 50 : 5;
}

static enum fmt_status
open_json(struct reader *r)
{
	struct json *j = mem_alloc(sizeof *j);
	enum fmt_status rc;
	const char *p;
	size_t n;

	r->state = j;
	j->flat = json_flat_open(&r->settings->limits);
	j->first = true;
	j->gap.own_line = true;
	j->patience = (uint64_t)r->settings->limits.line_bytes * PATIENCE;
	rc = take_gap(r);
	p = text(r, &n);
	if (rc != FMT_OK || n == 0)
		return rc;
	if (*p == '{')
		return choose_shape(r);
	j->list = true;
	take(r, 1);
	j->gap = (struct json_gap){ 0 };
	return FMT_OK;
}

static void
close_json(struct reader *r)
{
	struct json *j = r->state;

	json_flat_close(j->flat);
	free(j);
}

extern const struct syntax read_json;
const struct syntax read_json = { "json", sniff, open_json, next, close_json };
