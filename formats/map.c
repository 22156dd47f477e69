/*
 * Columns to fields.  See map.h.
 */
#include "formats/map_private.h"

#include <stdlib.h>

#include "formats/message.h"
#include "formats/own_preset.h"

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

static void
compare(const struct map *m, const struct preset *p, const struct preset **best,
    int *most)
{
	int score = preset_score(p, m->folded, m->columns);

	if (score > *most) {
		*most = score;
		*best = p;
	}
}

/* The best fit for the header, of equals the admin's own; generic when none
 * fits at all. */
static const struct preset *
choose(const struct map *m, const struct settings *s)
{
	const struct preset *best = preset_by_name("generic");
	int most = 0;

	for (size_t i = 0; i < s->owns; i++)
		compare(m, &s->own[i]->preset, &best, &most);
	for (size_t i = 0; preset_all[i] != NULL; i++)
		compare(m, preset_all[i], &best, &most);
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
	if (!apply_rules(m, s) || !map_open_statuses(m, s))
		return FMT_SETTINGS;
	m->preset =
	    s->preset[0] == '\0' ? choose(m, s) : settings_preset(s, s->preset);
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

void
map_learn(struct map *m, enum field f)
{
	m->has[f] = true;
	memset(m->memory, 0, sizeof m->memory);
}

/* --- what is ignored ----------------------------------------------------- */

/* Names of Google's ClientID, folded; '*' at the end: any rest. */
static const char *const google[] = { "_ga", "ga", "_gid", "gid", "ga_*",
	"ga *", "_ga_*", "gaclientid*", "gclientid", "gcid", "google*client*",
	"google_cid", "client id ga*", "client_id ga*", "client_id_ga*",
	"clientid ga*", "clientid (ga*", "client id (ga*", "client_id (ga*",
	"client id google*", "clientid google*", "client_id_google*",
	"ua_client_id", "ua client id", "uaclientid", "universal_client_id",
	NULL };

/* Names that trackers of calls and chats use for Google's. */
static const char *const doubtful[] = { "clientid", "client id", "client_id",
	"client-id", "clientids", NULL };

/* '*' stands for any text. */
static bool
matches(const char *name, struct slice s)
{
	while (*name != '\0' && *name != '*') {
		if (s.n == 0 || *s.p != *name++)
			return false;
		s.p++;
		s.n--;
	}
	if (*name == '\0')
		return s.n == 0;
	for (name++;; s.p++, s.n--) {
		if (matches(name, s))
			return true;
		if (s.n == 0)
			return false;
	}
}

static bool
is_one_of(const char *const *name, struct slice folded)
{
	while (*name != NULL && !matches(*name, folded))
		name++;
	return *name != NULL;
}

bool
map_is_google(const struct map *m, size_t column)
{
	struct slice folded = m->folded[column];

	return m->field[column] == FIELD_COUNT && !m->fixed[column] &&
	       (is_one_of(google, folded) || is_one_of(doubtful, folded));
}

const char *
map_note(const struct map *m, size_t column)
{
	struct slice folded = m->folded[column];

	if (m->field[column] != FIELD_COUNT)
		return NULL;
	if (m->fixed[column])
		return N_("The settings leave it out.");
	if (is_one_of(google, folded))
		return N_("This is Google's ClientID, not Metrica's; it is not "
			  "used.");
	if (is_one_of(doubtful, folded))
		return N_("This may be Google's ClientID; only a column that "
			  "is surely Metrica's is used.");
	if (preset_field(m->preset, folded) == FIELD_COUNT)
		return N_("It is no field that the preset knows.");
	if (preset_is_weak(m->preset, folded))
		return N_("Another column says the same more surely.");
	return N_("The settings take this field from another column.");
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
