/*
 * Columns to fields, statuses to Direct's.  See map.h.
 *
 * A CRM has a few dozen statuses and a dump millions of rows, so the last
 * answers are remembered by the bytes they were asked with.
 */
#include "formats/map.h"

#include <stdlib.h>

#include "formats/check.h"
#include "formats/text.h"

enum {
	MEMORY = 64, /* answers remembered; a power of two */
	KEY_BYTES = 232
};

struct rule {
	struct slice pipeline, status, to; /* folded; pipeline "*" for any */
};

struct answer {
	size_t n; /* of key; 0 is none */
	bool literal;
	struct slice to;
	char key[KEY_BYTES];
};

struct map {
	struct arena arena, scratch;
	const struct preset *preset;
	size_t columns;
	struct slice *folded; /* the header, by column */
	const char **header;
	enum field *field;
	bool *fixed; /* by a rule of the settings */
	bool has[FIELD_COUNT];
	struct rule *rule; /* of the settings */
	size_t rules;
	struct answer memory[MEMORY];
};

/* --- columns ------------------------------------------------------------- */

static bool
is_list(enum field f)
{
	return f == FIELD_CLIENT_IDS || f == FIELD_EMAILS ||
	       f == FIELD_PHONES || f == FIELD_EMAILS_MD5 ||
	       f == FIELD_PHONES_MD5;
}

static void
fold_header(struct map *m, const struct slice *header, size_t cells)
{
	m->columns = cells;
	m->folded = arena_alloc(&m->arena, (cells + 1) * sizeof *m->folded);
	m->header = arena_alloc(&m->arena, (cells + 1) * sizeof *m->header);
	m->field = arena_alloc(&m->arena, (cells + 1) * sizeof *m->field);
	m->fixed = arena_alloc(&m->arena, (cells + 1) * sizeof *m->fixed);
	for (size_t i = 0; i < cells; i++) {
		m->folded[i] = preset_fold(&m->arena, header[i]);
		m->header[i] = arena_string(&m->arena, slice_trim(header[i]));
		m->field[i] = FIELD_COUNT;
		m->fixed[i] = false;
	}
}

/* The settings' own columns.  False when a rule names no field. */
static bool
apply_rules(struct map *m, const struct settings *s)
{
	for (size_t r = 0; r < s->columns; r++) {
		struct slice name =
		    preset_fold(&m->scratch, slice_of(s->column[r].column));
		bool ignore = strcmp(s->column[r].field, "ignore") == 0;
		enum field f = field_by_name(slice_of(s->column[r].field));

		if (f == FIELD_COUNT && !ignore)
			return false;
		for (size_t i = 0; i < m->columns; i++) {
			if (m->fixed[i] || !slice_eq(m->folded[i], name))
				continue;
			m->fixed[i] = true;
			m->field[i] = f;
			if (!ignore)
				m->has[f] = true;
		}
	}
	return true;
}

/* The best fit for the header; generic when none fits at all. */
static const struct preset *
choose(const struct map *m)
{
	const struct preset *best = preset_by_name("generic");
	int most = 0;

	for (size_t i = 0; preset_all[i] != NULL; i++) {
		int score = preset_score(preset_all[i], m->folded, m->columns);

		if (score > most) {
			most = score;
			best = preset_all[i];
		}
	}
	return best;
}

/*
 * The preset's columns, strong names before weak ones.  What the settings
 * gave to a field is all it has, but for lists, which unite: an admin who
 * names the revenue's column wants no other.
 */
static void
apply_preset(struct map *m)
{
	bool taken[FIELD_COUNT];

	for (int weak = 0; weak < 2; weak++) {
		memcpy(taken, m->has, sizeof taken);
		for (size_t i = 0; i < m->columns; i++) {
			enum field f = preset_field(m->preset, m->folded[i]);

			if (m->fixed[i] || f == FIELD_COUNT ||
			    preset_is_weak(m->preset, m->folded[i]) != weak)
				continue;
			if (taken[f] && (weak || !is_list(f)))
				continue;
			m->field[i] = f;
			m->has[f] = true;
		}
	}
}

static bool
add_rules(struct map *m, const struct settings *s)
{
	m->rule = arena_alloc(&m->arena, (s->statuses + 1) * sizeof *m->rule);
	for (size_t i = 0; i < s->statuses; i++) {
		struct rule *r = &m->rule[i];

		r->pipeline =
		    preset_fold(&m->arena, slice_of(s->status[i].pipeline));
		r->status =
		    preset_fold(&m->arena, slice_of(s->status[i].status));
		r->to = arena_copy(&m->arena, preset_target(s->status[i].to));
		if (r->to.n == 0)
			return false;
	}
	m->rules = s->statuses;
	return true;
}

static bool
knows_a_column(const struct map *m)
{
	for (int f = 0; f < FIELD_COUNT; f++) {
		if (m->has[f])
			return true;
	}
	return false;
}

static enum fmt_status
build(struct map *m, const struct settings *s, const struct slice *header,
    size_t cells)
{
	fold_header(m, header, cells);
	if (!apply_rules(m, s) || !add_rules(m, s))
		return FMT_SETTINGS;
	m->preset =
	    s->preset[0] == '\0' ? choose(m) : preset_by_name(s->preset);
	if (m->preset == NULL)
		return FMT_NO_PRESET;
	apply_preset(m);
	return knows_a_column(m) ? FMT_OK : FMT_NO_HEADER;
}

enum fmt_status
map_open(struct map **out, const struct settings *s, const struct slice *header,
    size_t cells)
{
	struct map *m = mem_alloc(sizeof *m);
	enum fmt_status st = build(m, s, header, cells);

	if (st != FMT_OK) {
		map_free(m);
		return st;
	}
	*out = m;
	return FMT_OK;
}

void
map_free(struct map *m)
{
	if (m == NULL)
		return;
	arena_free(&m->arena);
	arena_free(&m->scratch);
	free(m);
}

const struct preset *
map_preset(const struct map *m)
{
	return m->preset;
}

size_t
map_columns(const struct map *m)
{
	return m->columns;
}

enum field
map_field(const struct map *m, size_t column)
{
	return m->field[column];
}

preset_part *
map_part(const struct map *m, size_t column)
{
	/* Whoever gave the column another field wants the cell itself. */
	if (m->field[column] != preset_field(m->preset, m->folded[column]))
		return NULL;
	return preset_part_of(m->preset, m->folded[column]);
}

const char *
map_header(const struct map *m, size_t column)
{
	return m->header[column];
}

bool
map_has(const struct map *m, enum field f)
{
	return m->has[f];
}

bool
map_is_header(struct map *m, const struct slice *cell, size_t cells)
{
	size_t most = cells > m->columns ? cells : m->columns;
	bool same = true;

	for (size_t i = 0; i < most && same; i++) {
		struct slice was =
		    i < m->columns ? m->folded[i] : (struct slice){ "", 0 };
		struct slice is = { "", 0 };

		if (i < cells)
			is = preset_fold(&m->scratch, cell[i]);
		same = slice_eq(was, is);
		arena_reset(&m->scratch);
	}
	return same && most > 0;
}

/* --- statuses ------------------------------------------------------------ */

static bool
contains(struct slice s, const char *word)
{
	return s.n > 0 && memmem(s.p, s.n, word, strlen(word)) != NULL;
}

/* In a loss reason: it was never an order. */
static bool
is_spam_reason(struct slice folded)
{
	return contains(folded, "спам") || contains(folded, "нецелев") ||
	       contains(folded, "не целев");
}

static struct slice
find_in_settings(
    const struct map *m, struct slice pipeline, struct slice status)
{
	struct slice any = { "", 0 };

	for (size_t i = 0; i < m->rules; i++) {
		const struct rule *r = &m->rule[i];

		if (!slice_eq(r->status, status))
			continue;
		if (slice_is(r->pipeline, "*")) {
			any = any.n == 0 ? r->to : any;
			continue;
		}
		if (slice_eq(r->pipeline, pipeline))
			return r->to;
	}
	return any;
}

static struct slice
find_in_table(
    const struct preset_status *row, struct slice pipeline, struct slice status)
{
	struct slice any = { "", 0 };

	for (; row->status != NULL; row++) {
		if (!slice_is(status, row->status))
			continue;
		if (strcmp(row->pipeline, "*") == 0) {
			any = any.n == 0 ? preset_target(row->to) : any;
			continue;
		}
		if (slice_is(pipeline, row->pipeline))
			return preset_target(row->to);
	}
	return any;
}

static struct slice
find(const struct map *m, struct slice pipeline, struct slice status)
{
	struct slice to = find_in_settings(m, pipeline, status);

	if (to.n == 0)
		to = find_in_table(m->preset->status, pipeline, status);
	if (to.n == 0)
		to = find_in_table(preset_common_status, pipeline, status);
	return to;
}

/* Could Direct take it for the id of a goal, and nobody for a word? */
static bool
looks_like_goal(struct slice s)
{
	bool letter = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			letter = true;
		else if ((c < '0' || c > '9') && c != '_' && c != '-' &&
			 c != '.' && c != ':')
			return false;
	}
	return letter && check_goal_id(s) && !slice_is(s, "skip");
}

/*
 * All fold to scratch.  "Отказ: дорого" is the status "Отказ" with its reason
 * behind a colon, as one column of some CRMs has both.
 */
static struct slice
translate(struct map *m, struct slice pipeline, struct slice status,
    struct slice loss_reason, bool *literal)
{
	struct slice folded = preset_fold(&m->scratch, status);
	struct slice line = preset_fold(&m->scratch, pipeline);
	struct slice reason = preset_fold(&m->scratch, loss_reason);
	struct slice to = find(m, line, folded);
	struct slice inner = { "", 0 };

	if (to.n == 0 && memchr(folded.p, ':', folded.n) != NULL) {
		inner = folded;
		to = find(m, line, slice_trim(slice_cut(&inner, ':')));
		if (!slice_is(to, "CANCELLED"))
			to.n = 0;
	}
	*literal = to.n == 0 && m->preset->literal_status &&
		   looks_like_goal(text_strip(status));
	if (slice_is(to, "CANCELLED") &&
	    (is_spam_reason(reason) || is_spam_reason(inner)))
		to = slice_of("SPAM");
	return to;
}

/* The three arguments as one key; 0 when they are too long to remember. */
static size_t
make_key(char key[KEY_BYTES], const struct slice part[3], uint32_t *hash)
{
	size_t n = 0;

	*hash = 2166136261u; /* FNV-1a */
	for (int i = 0; i < 3; i++) {
		if (part[i].n >= KEY_BYTES - n)
			return 0;
		for (size_t k = 0; k < part[i].n; k++) {
			key[n++] = part[i].p[k];
			*hash =
			    (*hash ^ (unsigned char)part[i].p[k]) * 16777619u;
		}
		key[n++] = '\0';
		*hash *= 16777619u;
	}
	return n;
}

/* "goal:ID", as the settings write it, where statuses may be goals as they
 * stand: any goal, also one that another rule or a word would take. */
static struct slice
named_goal(const struct map *m, struct slice status)
{
	struct slice none = { "", 0 };

	status = text_strip(status);
	if (!m->preset->literal_status || !slice_starts(status, "goal:"))
		return none;
	slice_cut(&status, ':');
	return check_goal_id(status) ? status : none;
}

struct slice
map_status(struct map *m, struct slice pipeline, struct slice status,
    struct slice loss_reason)
{
	const struct slice part[3] = { pipeline, status, loss_reason };
	char key[KEY_BYTES];
	uint32_t hash;
	size_t n = make_key(key, part, &hash);
	struct answer *a = &m->memory[(hash ^ hash >> 16) & (MEMORY - 1)];
	struct slice to = named_goal(m, status);
	bool literal;

	if (to.n > 0)
		return to;
	if (n > 0 && n == a->n && memcmp(key, a->key, n) == 0)
		return a->literal ? text_strip(status) : a->to;
	to = translate(m, pipeline, status, loss_reason, &literal);
	arena_reset(&m->scratch);
	if (n > 0) {
		a->n = n;
		a->to = to;
		a->literal = literal;
		memcpy(a->key, key, n);
	}
	return literal ? text_strip(status) : to;
}
