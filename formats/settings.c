/*
 * The settings that shape rows, their canonical JSON and its inverse.  Both
 * directions walk the same tables, so neither can forget a member.  See
 * settings.h.
 */
#include "formats/settings.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "formats/arena.h"
#include "formats/conv.h"
#include "formats/ignore.h"
#include "formats/own_preset.h"

static const struct {
	const char *key;
	size_t at;
	const char *value; /* the default; NULL: "", and written only when it
			    * is set, as the flags are */
} strings[] = {
	{ "feed", offsetof(struct settings, feed), "" },
	{ "source", offsetof(struct settings, source), "" },
	{ "preset", offsetof(struct settings, preset), "" },
	{ "encoding", offsetof(struct settings, encoding), "" },
	{ "zone", offsetof(struct settings, zone), "Europe/Moscow" },
	{ "source_zone", offsetof(struct settings, source_zone), "" },
	{ "id_prefix", offsetof(struct settings, id_prefix), "" },
	{ "default_status", offsetof(struct settings, default_status), "" },
	{ "currency", offsetof(struct settings, currency), "" },
	{ "sheet", offsetof(struct settings, sheet), NULL },
};

/* Written only when they are set: settings that never heard of them keep
 * their fingerprint. */
static const struct {
	const char *key;
	size_t at;
} flags[] = {
	{ "any_identifier", offsetof(struct settings, any_identifier) },
	{ "any_age", offsetof(struct settings, any_age) },
	{ "joins_clients", offsetof(struct settings, joins_clients) },
	{ "each_step", offsetof(struct settings, each_step) },
};

#define WINDOW_DAYS 112 /* likewise written only when it is another */

static const char *const spam_words[] = { "спам", "нецелев", "не целев" };

static const char *const same_ids[] = { "preset", "last", "first", "sum" };
static const char *const piis[] = { "plain", "hash" };
static const char *const skip_knowns[] = { "keep", "CANCELLED" };

#define COUNT(a) (sizeof(a) / sizeof *(a))

static char **
string_at(struct settings *s, size_t i)
{
	return (char **)(void *)((char *)s + strings[i].at);
}

static const char *
string_of(const struct settings *s, size_t i)
{
	return *(char *const *)(const void *)((const char *)s + strings[i].at);
}

static bool
is_written(const struct settings *s, size_t i)
{
	return strings[i].value != NULL || *string_of(s, i) != '\0';
}

static const struct limits default_limits = {
	.packed_bytes = (uint64_t)4 << 30,
	.plain_bytes = (uint64_t)64 << 30,
	.ratio = 200,
	.ratio_from = (uint64_t)64 << 20,
	.line_bytes = (size_t)1 << 20,
	.field_bytes = (size_t)64 << 10,
	.columns = 4096,
	.members = 1000,
};

struct settings *
settings_new(void)
{
	struct settings *s = mem_alloc(sizeof *s);

	for (size_t i = 0; i < COUNT(strings); i++)
		settings_set(string_at(s, i), strings[i].value);
	s->record = mem_string("");
	s->ignore_file = mem_string("");
	for (size_t i = 0; i < COUNT(spam_words); i++)
		settings_add_spam_word(s, spam_words[i]);
	s->window_days = WINDOW_DAYS;
	s->max_bad_percent = 20;
	s->max_bad_rows = 10;
	s->limits = default_limits;
	return s;
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < COUNT(strings); i++)
		free(*string_at(s, i));
	free(s->record);
	for (size_t i = 0; i < s->statuses; i++) {
		free(s->status[i].pipeline);
		free(s->status[i].status);
		free(s->status[i].to);
	}
	for (size_t i = 0; i < s->columns; i++) {
		free(s->column[i].column);
		free(s->column[i].field);
	}
	for (size_t i = 0; i < s->pipelines; i++)
		free(s->pipeline[i]);
	for (size_t i = 0; i < s->rates; i++) {
		free(s->rate[i].currency);
		free(s->rate[i].rate);
	}
	settings_clear_spam_words(s);
	for (size_t i = 0; i < s->ignoreds; i++)
		free(s->ignored[i]);
	free(s->ignored);
	free(s->ignore_file);
	for (size_t i = 0; i < s->owns; i++)
		own_preset_free(s->own[i]);
	free(s->own);
	free(s->rate);
	free(s->spam_word);
	free(s->status);
	free(s->column);
	free(s->pipeline);
	free(s);
}

void
settings_set(char **member, const char *value)
{
	char *copy = mem_string(value == NULL ? "" : value);

	free(*member);
	*member = copy;
}

void
settings_add_status(struct settings *s, const char *pipeline,
    const char *status, const char *to)
{
	s->status = mem_grow(s->status, (s->statuses + 1) * sizeof *s->status);
	s->status[s->statuses++] = (struct status_rule){ mem_string(pipeline),
		mem_string(status), mem_string(to) };
}

void
settings_add_column(struct settings *s, const char *column, const char *field)
{
	s->column = mem_grow(s->column, (s->columns + 1) * sizeof *s->column);
	s->column[s->columns++] =
	    (struct column_rule){ mem_string(column), mem_string(field) };
}

void
settings_add_pipeline(struct settings *s, const char *pipeline)
{
	s->pipeline =
	    mem_grow(s->pipeline, (s->pipelines + 1) * sizeof *s->pipeline);
	s->pipeline[s->pipelines++] = mem_string(pipeline);
}

void
settings_add_rate(struct settings *s, const char *currency, const char *rate)
{
	s->rate = mem_grow(s->rate, (s->rates + 1) * sizeof *s->rate);
	s->rate[s->rates++] =
	    (struct rate_rule){ mem_string(currency), mem_string(rate) };
}

void
settings_add_spam_word(struct settings *s, const char *word)
{
	s->spam_word =
	    mem_grow(s->spam_word, (s->spam_words + 1) * sizeof *s->spam_word);
	s->spam_word[s->spam_words++] = mem_string(word);
}

void
settings_clear_spam_words(struct settings *s)
{
	while (s->spam_words > 0)
		free(s->spam_word[--s->spam_words]);
}

void
settings_add_preset(struct settings *s, struct own_preset *p)
{
	s->own = mem_grow(s->own, (s->owns + 1) * sizeof *s->own);
	s->own[s->owns++] = own_preset_share(p);
}

const struct preset *
settings_preset(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->owns; i++) {
		if (strcmp(s->own[i]->preset.name, name) == 0)
			return &s->own[i]->preset;
	}
	return preset_by_name(name);
}

bool
settings_rate(const char *rate, int64_t *scaled)
{
	const int64_t most = INT64_C(1000000000);
	int64_t n = 0, unit = RATE_SCALE;
	const char *p = rate;

	for (; *p >= '0' && *p <= '9' && n <= most; p++)
		n = n * 10 + (*p - '0');
	if (p == rate || n > most)
		return false;
	n *= RATE_SCALE;
	if (*p == '.') {
		for (p++; *p >= '0' && *p <= '9' && unit > 1; p++)
			n += (*p - '0') * (unit /= 10);
		if (p[-1] == '.')
			return false;
	}
	*scaled = n;
	return *p == '\0' && n > 0;
}

/* --- as text ------------------------------------------------------------- */

static json_t *
put_lists(const struct settings *s)
{
	json_t *all = json_object(), *list = json_array();

	for (size_t i = 0; i < s->statuses; i++)
		json_array_append_new(
		    list, json_pack("[sss]", s->status[i].pipeline,
			      s->status[i].status, s->status[i].to));
	json_object_set_new(all, "status", list);
	list = json_array();
	for (size_t i = 0; i < s->columns; i++)
		json_array_append_new(list,
		    json_pack("[ss]", s->column[i].column, s->column[i].field));
	json_object_set_new(all, "columns", list);
	list = json_array();
	for (size_t i = 0; i < s->pipelines; i++)
		json_array_append_new(list, json_string(s->pipeline[i]));
	json_object_set_new(all, "pipelines", list);
	return all;
}

static bool
usual_spam_words(const struct settings *s)
{
	if (s->spam_words != COUNT(spam_words))
		return false;
	for (size_t i = 0; i < COUNT(spam_words); i++) {
		if (strcmp(s->spam_word[i], spam_words[i]) != 0)
			return false;
	}
	return true;
}

/* Written only when they are set, as the flags are. */
static void
put_late_lists(json_t *all, const struct settings *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->rates; i++)
		json_array_append_new(list,
		    json_pack("[ss]", s->rate[i].currency, s->rate[i].rate));
	if (s->rates > 0)
		json_object_set(all, "rates", list);
	json_decref(list);
	list = json_array();
	for (size_t i = 0; i < s->spam_words; i++)
		json_array_append_new(list, json_string(s->spam_word[i]));
	if (!usual_spam_words(s))
		json_object_set(all, "spam_words", list);
	json_decref(list);
	list = json_array();
	for (size_t i = 0; i < s->owns; i++)
		json_array_append_new(list, own_preset_json(s->own[i]));
	if (s->owns > 0)
		json_object_set(all, "presets", list);
	json_decref(list);
	list = json_array();
	for (size_t i = 0; i < s->ignoreds; i++)
		json_array_append_new(list, json_string(s->ignored[i]));
	if (s->ignoreds > 0)
		json_object_set(all, "ignored", list);
	json_decref(list);
}

static void
put_flags(json_t *all, const struct settings *s)
{
	for (size_t i = 0; i < COUNT(flags); i++) {
		if (*(const bool *)(const void *)((const char *)s +
						  flags[i].at))
			json_object_set_new(all, flags[i].key, json_true());
	}
	if (s->window_days != WINDOW_DAYS)
		json_object_set_new(
		    all, "window_days", json_integer(s->window_days));
	if (s->record[0] != '\0')
		json_object_set_new(all, "record", json_string(s->record));
}

/* How many values a text must have for nothing to be lost: jansson refuses
 * what is not UTF-8, and a fingerprint that forgot a rule would be a lie. */
static bool
complete(const json_t *all, const struct settings *s)
{
	for (size_t i = 0; i < COUNT(strings); i++) {
		if (is_written(s, i) &&
		    json_object_get(all, strings[i].key) == NULL)
			return false;
	}
	return json_object_get(all, "delimiter") != NULL &&
	       json_array_size(json_object_get(all, "status")) == s->statuses &&
	       json_array_size(json_object_get(all, "columns")) == s->columns &&
	       json_array_size(json_object_get(all, "pipelines")) ==
		   s->pipelines &&
	       json_array_size(json_object_get(all, "rates")) == s->rates &&
	       json_array_size(json_object_get(all, "presets")) == s->owns &&
	       json_array_size(json_object_get(all, "ignored")) ==
		   s->ignoreds &&
	       (usual_spam_words(s) || json_array_size(json_object_get(all,
					   "spam_words")) == s->spam_words);
}

char *
settings_text(const struct settings *s)
{
	char delimiter[2] = { s->delimiter, '\0' };
	json_t *all = put_lists(s);
	char *text = NULL;

	for (size_t i = 0; i < COUNT(strings); i++) {
		if (is_written(s, i))
			json_object_set_new(
			    all, strings[i].key, json_string(string_of(s, i)));
	}
	json_object_set_new(all, "delimiter", json_string(delimiter));
	json_object_set_new(all, "start_day", json_integer(s->start_day));
	json_object_set_new(all, "same_id", json_string(same_ids[s->same_id]));
	json_object_set_new(all, "pii", json_string(piis[s->pii]));
	json_object_set_new(
	    all, "skip_known", json_string(skip_knowns[s->skip_known]));
	json_object_set_new(
	    all, "max_bad_percent", json_integer(s->max_bad_percent));
	json_object_set_new(all, "max_bad_rows", json_integer(s->max_bad_rows));
	put_flags(all, s);
	put_late_lists(all, s);
	if (complete(all, s))
		text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(all);
	return text;
}

/* --- and back ------------------------------------------------------------ */

static bool
take_status(struct settings *s, json_t *list)
{
	const char *pipeline, *status, *to;
	json_t *rule;
	size_t i;

	json_array_foreach(list, i, rule)
	{
		if (json_unpack_ex(rule, NULL, JSON_STRICT, "[sss]", &pipeline,
			&status, &to) == -1)
			return false;
		settings_add_status(s, pipeline, status, to);
	}
	return json_is_array(list);
}

static bool
take_columns(struct settings *s, json_t *list)
{
	const char *column, *field;
	json_t *rule;
	size_t i;

	json_array_foreach(list, i, rule)
	{
		if (json_unpack_ex(
			rule, NULL, JSON_STRICT, "[ss]", &column, &field) == -1)
			return false;
		settings_add_column(s, column, field);
	}
	return json_is_array(list);
}

static bool
take_pipelines(struct settings *s, json_t *list)
{
	json_t *name;
	size_t i;

	json_array_foreach(list, i, name)
	{
		if (!json_is_string(name))
			return false;
		settings_add_pipeline(s, json_string_value(name));
	}
	return json_is_array(list);
}

static bool
take_rates(struct settings *s, json_t *list)
{
	const char *currency, *rate;
	json_t *rule;
	size_t i;

	json_array_foreach(list, i, rule)
	{
		if (json_unpack_ex(rule, NULL, JSON_STRICT, "[ss]", &currency,
			&rate) == -1)
			return false;
		settings_add_rate(s, currency, rate);
	}
	return json_is_array(list);
}

static bool
take_spam_words(struct settings *s, json_t *list)
{
	json_t *word;
	size_t i;

	settings_clear_spam_words(s);
	json_array_foreach(list, i, word)
	{
		if (!json_is_string(word))
			return false;
		settings_add_spam_word(s, json_string_value(word));
	}
	return json_is_array(list);
}

static bool
take_presets(struct settings *s, json_t *list)
{
	json_t *j;
	size_t i;

	json_array_foreach(list, i, j)
	{
		struct own_preset *p = own_preset_parse(j);

		if (p == NULL)
			return false;
		settings_add_preset(s, p);
		own_preset_free(p);
	}
	return json_is_array(list);
}

static bool
take_ignored(struct settings *s, json_t *list)
{
	json_t *md5;
	size_t i;

	json_array_foreach(list, i, md5)
	{
		if (!json_is_string(md5) ||
		    !ignore_add_md5(s, slice_of(json_string_value(md5))))
			return false;
	}
	return json_is_array(list);
}

static bool
take_delimiter(struct settings *s, json_t *v)
{
	if (!json_is_string(v) || json_string_length(v) > 1)
		return false;
	s->delimiter = json_string_value(v)[0];
	return true;
}

static bool
take_start_day(struct settings *s, json_t *v)
{
	s->start_day = json_integer_value(v);
	return json_is_integer(v);
}

/* The place of v's string in names; -1 when it is not there. */
static int
name_index(json_t *v, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n && json_is_string(v); i++) {
		if (strcmp(json_string_value(v), names[i]) == 0)
			return (int)i;
	}
	return -1;
}

static bool
take_same_id(struct settings *s, json_t *v)
{
	int i = name_index(v, same_ids, COUNT(same_ids));

	s->same_id = i == -1 ? SAME_ID_PRESET : (enum same_id)i;
	return i != -1;
}

static bool
take_pii(struct settings *s, json_t *v)
{
	int i = name_index(v, piis, COUNT(piis));

	s->pii = i == -1 ? PII_PLAIN : (enum pii)i;
	return i != -1;
}

static bool
take_skip_known(struct settings *s, json_t *v)
{
	int i = name_index(v, skip_knowns, COUNT(skip_knowns));

	s->skip_known = i == -1 ? SKIP_KNOWN_KEEP : (enum skip_known)i;
	return i != -1;
}

static bool
take_unsigned(unsigned *out, json_t *v)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || n > UINT32_MAX)
		return false;
	*out = (unsigned)n;
	return true;
}

static bool
take_percent(struct settings *s, json_t *v)
{
	return take_unsigned(&s->max_bad_percent, v);
}

static bool
take_rows(struct settings *s, json_t *v)
{
	return take_unsigned(&s->max_bad_rows, v);
}

static bool
take_window(struct settings *s, json_t *v)
{
	return take_unsigned(&s->window_days, v) && s->window_days > 0 &&
	       s->window_days < WINDOW_DAYS;
}

static bool
take_record(struct settings *s, json_t *v)
{
	if (!json_is_string(v) ||
	    record_kind_by_name(json_string_value(v)) == RECORD_KINDS)
		return false;
	settings_set(&s->record, json_string_value(v));
	return true;
}

static const struct {
	const char *key;
	bool (*take)(struct settings *s, json_t *v);
} others[] = {
	{ "record", take_record },
	{ "status", take_status },
	{ "columns", take_columns },
	{ "pipelines", take_pipelines },
	{ "rates", take_rates },
	{ "spam_words", take_spam_words },
	{ "presets", take_presets },
	{ "ignored", take_ignored },
	{ "delimiter", take_delimiter },
	{ "start_day", take_start_day },
	{ "same_id", take_same_id },
	{ "pii", take_pii },
	{ "skip_known", take_skip_known },
	{ "max_bad_percent", take_percent },
	{ "max_bad_rows", take_rows },
	{ "window_days", take_window },
};

static bool
take_member(struct settings *s, const char *key, json_t *v)
{
	for (size_t i = 0; i < COUNT(strings); i++) {
		if (strcmp(key, strings[i].key) != 0)
			continue;
		if (json_is_string(v))
			settings_set(string_at(s, i), json_string_value(v));
		return json_is_string(v);
	}
	for (size_t i = 0; i < COUNT(flags); i++) {
		if (strcmp(key, flags[i].key) != 0)
			continue;
		*(bool *)(void *)((char *)s + flags[i].at) = json_is_true(v);
		return json_is_true(v);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		if (strcmp(key, others[i].key) == 0)
			return others[i].take(s, v);
	}
	return false;
}

enum fmt_status
settings_parse(struct settings **out, const char *text)
{
	json_t *all = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *v;
	struct settings *s = settings_new();
	bool good = json_is_object(all);
	const char *key;

	json_object_foreach(all, key, v) good = good && take_member(s, key, v);
	json_decref(all);
	if (!good) {
		settings_free(s);
		return FMT_SETTINGS;
	}
	*out = s;
	return FMT_OK;
}
