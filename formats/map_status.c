/*
 * Statuses of a CRM to Direct's.  See map.h.
 *
 * A CRM has a few dozen statuses and a dump millions of rows, so the last
 * answers are remembered by the bytes they were asked with.
 *
 * A CRM's own word for a sale ends every one of its pipelines, and not every
 * pipeline sells: one hires, one mends.  So where a dump has several, PAID
 * comes from a preset only for pipelines that the settings name.  Once they
 * name one, a row of another is refused by itself, whatever else the dump
 * holds; while they name none, the dump is watched for a second pipeline and
 * dump.c refuses it as a whole.
 */
#include "formats/map_private.h"

#include <stdlib.h>

#include "formats/check.h"
#include "formats/text.h"

#define WORD sizeof(uint64_t)

/* --- opening ------------------------------------------------------------- */

static void
name_pipeline(struct map *m, const char *name)
{
	struct slice folded = preset_fold(&m->arena, slice_of(name));

	if (!slice_is(folded, "*"))
		m->named[m->nameds++] = folded;
}

bool
map_open_statuses(struct map *m, const struct settings *s)
{
	m->rule = arena_alloc(&m->arena, (s->statuses + 1) * sizeof *m->rule);
	m->named = arena_alloc(
	    &m->arena, (s->statuses + s->pipelines + 1) * sizeof *m->named);
	m->spam = arena_alloc(&m->arena, (s->spam_words + 1) * sizeof *m->spam);
	for (size_t i = 0; i < s->statuses; i++) {
		struct rule *r = &m->rule[m->rules++];

		r->pipeline =
		    preset_fold(&m->arena, slice_of(s->status[i].pipeline));
		r->status =
		    preset_fold(&m->arena, slice_of(s->status[i].status));
		r->to = arena_copy(&m->arena, preset_target(s->status[i].to));
		if (r->to.n == 0)
			return false;
		name_pipeline(m, s->status[i].pipeline);
	}
	for (size_t i = 0; i < s->pipelines; i++)
		name_pipeline(m, s->pipeline[i]);
	for (size_t i = 0; i < s->spam_words; i++) {
		m->spam[m->spams] =
		    preset_fold(&m->arena, slice_of(s->spam_word[i]));
		m->spams += m->spam[m->spams].n > 0;
	}
	return true;
}

/* --- pipelines ----------------------------------------------------------- */

static bool
is_named(const struct map *m, struct slice folded)
{
	for (size_t i = 0; i < m->nameds; i++) {
		if (slice_eq(m->named[i], folded))
			return true;
	}
	return false;
}

void
map_see_pipeline(struct map *m, struct slice pipeline)
{
	struct slice folded;

	if (pipeline.n == 0 || m->nameds > 0 || m->pipelines == PIPELINES)
		return;
	for (size_t i = 0; i < m->pipelines; i++) {
		if (slice_is(pipeline, m->pipeline_name[i]))
			return;
	}
	folded = preset_fold(&m->scratch, pipeline);
	for (size_t i = 0; i < m->pipelines; i++) {
		if (slice_eq(m->pipeline[i], folded))
			folded.n = 0;
	}
	if (folded.n > 0) {
		m->pipeline[m->pipelines] = arena_copy(&m->arena, folded);
		m->pipeline_name[m->pipelines++] =
		    arena_string(&m->arena, pipeline);
	}
	arena_reset(&m->scratch);
}

const char *const *
map_pipelines(const struct map *m, size_t *n)
{
	*n = m->pipelines;
	return m->pipeline_name;
}

void
map_guess(struct map *m, struct slice status)
{
	if (m->guessed == NULL)
		m->guessed = arena_string(&m->arena, status);
}

const char *
map_guessed(const struct map *m)
{
	return m->guessed;
}

/* --- one status ---------------------------------------------------------- */

/* In a loss reason: it was never an order. */
static bool
is_spam_reason(const struct map *m, struct slice folded)
{
	for (size_t i = 0; i < m->spams && folded.n > 0; i++) {
		if (memmem(folded.p, folded.n, m->spam[i].p, m->spam[i].n) !=
		    NULL)
			return true;
	}
	return false;
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

/* *own: by a row for this very pipeline. */
static struct slice
find_in_table(const struct preset_status *row, struct slice pipeline,
    struct slice status, bool *own)
{
	struct slice any = { "", 0 };

	*own = false;
	for (; row->status != NULL; row++) {
		if (!slice_is(status, row->status))
			continue;
		if (strcmp(row->pipeline, "*") == 0) {
			any = any.n == 0 ? preset_target(row->to) : any;
			continue;
		}
		*own = slice_is(pipeline, row->pipeline);
		if (*own)
			return preset_target(row->to);
	}
	return any;
}

/* Is a sale of this pipeline one because a CRM calls it so? */
static enum map_by
judge_sale(const struct map *m, struct slice pipeline)
{
	if (m->nameds == 0)
		return MAP_GUESS;
	if (!m->has[FIELD_PIPELINE])
		return MAP_PRESET;
	return is_named(m, pipeline) ? MAP_PRESET : MAP_UNNAMED;
}

static struct meaning
find(const struct map *m, struct slice pipeline, struct slice status)
{
	struct meaning is = { find_in_settings(m, pipeline, status),
		MAP_SETTINGS };
	bool own;

	if (is.to.n > 0)
		return is;
	is.to = find_in_table(m->preset->status, pipeline, status, &own);
	if (is.to.n == 0)
		is.to =
		    find_in_table(preset_common_status, pipeline, status, &own);
	is.by = is.to.n == 0 ? MAP_NOTHING : MAP_PRESET;
	if (slice_is(is.to, "PAID") && !own)
		is.by = judge_sale(m, pipeline);
	if (is.by == MAP_UNNAMED)
		is.to.n = 0;
	return is;
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
static struct meaning
translate(struct map *m, struct slice pipeline, struct slice status,
    struct slice loss_reason)
{
	struct slice folded = preset_fold(&m->scratch, status);
	struct slice line = preset_fold(&m->scratch, pipeline);
	struct slice reason = preset_fold(&m->scratch, loss_reason);
	struct meaning is = find(m, line, folded);
	struct slice inner = { "", 0 };

	if (is.by == MAP_NOTHING && memchr(folded.p, ':', folded.n) != NULL) {
		inner = folded;
		is = find(m, line, slice_trim(slice_cut(&inner, ':')));
		if (!slice_is(is.to, "CANCELLED"))
			is = (struct meaning){ { "", 0 }, MAP_NOTHING };
	}
	if (is.by == MAP_NOTHING && m->preset->literal_status &&
	    looks_like_goal(text_strip(status)))
		is.by = MAP_GOAL;
	if (slice_is(is.to, "CANCELLED") &&
	    (is_spam_reason(m, reason) || is_spam_reason(m, inner)))
		is.to = slice_of("SPAM");
	return is;
}

struct slice
map_cancelled(struct map *m, struct slice loss_reason)
{
	bool spam = is_spam_reason(m, preset_fold(&m->scratch, loss_reason));

	arena_reset(&m->scratch);
	return slice_of(spam ? "SPAM" : "CANCELLED");
}

/* --- remembering --------------------------------------------------------- */

/* Eight bytes at a time, the last ones perhaps twice. */
static uint64_t
mix(uint64_t hash, struct slice s)
{
	uint64_t word = 0;

	hash ^= s.n;
	for (size_t i = 0; i + WORD < s.n; i += WORD) {
		memcpy(&word, s.p + i, WORD);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	if (s.n >= WORD)
		memcpy(&word, s.p + s.n - WORD, WORD);
	else
		for (size_t i = 0; i < s.n; i++)
			word = word << 8 | (unsigned char)s.p[i];
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static bool
is_about(const struct answer *a, const struct slice part[PARTS])
{
	const char *p = a->key;

	for (int i = 0; i < PARTS; p += a->n[i++])
		if (a->n[i] != part[i].n ||
		    (part[i].n > 0 && memcmp(p, part[i].p, part[i].n) != 0))
			return false;
	return true;
}

/* Where the answer is, if it is *known; else where it may be put, perhaps in
 * the place of another one. */
static struct answer *
recall(struct map *m, const struct slice part[PARTS], bool *known)
{
	struct answer *a = NULL;
	uint64_t hash = 0;

	for (int i = 0; i < PARTS; i++)
		if (part[i].n > 0)
			hash = mix(hash + (uint64_t)i, part[i]);
	*known = false;
	for (uint64_t i = 0; i < PROBES && !*known; i++) {
		a = &m->memory[(hash + i) & (MEMORY - 1)];
		if (!a->used)
			break;
		*known = is_about(a, part);
	}
	return a;
}

static void
remember(struct answer *a, const struct slice part[PARTS], struct meaning is)
{
	char *p = a->key;

	a->used = part[0].n + part[1].n + part[2].n <= KEY_BYTES;
	a->is = is;
	for (int i = 0; i < PARTS && a->used; i++) {
		a->n[i] = part[i].n;
		if (part[i].n > 0)
			memcpy(p, part[i].p, part[i].n);
		p += part[i].n;
	}
}

/* "goal:ID", as the settings write it, where statuses may be goals as they
 * stand: any goal, also one that another rule or a word would take. */
static struct slice
named_goal(const struct map *m, struct slice status)
{
	struct slice none = { "", 0 };

	if (!m->preset->literal_status || status.n == 0 ||
	    memchr(status.p, ':', status.n) == NULL)
		return none; /* as nearly always */
	status = text_strip(status);
	if (!slice_starts(status, "goal:"))
		return none;
	slice_cut(&status, ':');
	return check_goal_id(status) ? status : none;
}

struct meaning
map_meaning(struct map *m, struct slice pipeline, struct slice status,
    struct slice loss_reason)
{
	const struct slice part[PARTS] = { pipeline, status, loss_reason };
	bool known;
	struct answer *a = recall(m, part, &known);
	struct meaning is = { named_goal(m, status), MAP_GOAL };

	if (is.to.n > 0)
		return is;
	if (known) {
		is = a->is;
	} else {
		is = translate(m, pipeline, status, loss_reason);
		arena_reset(&m->scratch);
		remember(a, part, is);
	}
	if (is.by == MAP_GOAL)
		is.to = text_strip(status);
	return is;
}
