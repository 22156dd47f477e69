/*
 * What is wrong with settings, in a sentence.  See settings.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/arena.h"
#include "formats/conv.h"
#include "formats/decode.h"
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/settings.h"

static const char *__attribute__((format(printf, 3, 4)))
say(char *why, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, message(fmt), ap);
	va_end(ap);
	return why;
}

/* Two rules for one status that disagree. */
static const char *
check_status_twice(const struct settings *s, char *why, size_t size)
{
	struct arena a = ARENA_EMPTY;
	struct slice *key =
	    arena_alloc(&a, (s->statuses + 1) * 2 * sizeof *key);
	const char *wrong = NULL;

	for (size_t i = 0; i < s->statuses && wrong == NULL; i++) {
		key[2 * i] = preset_fold(&a, slice_of(s->status[i].pipeline));
		key[2 * i + 1] = preset_fold(&a, slice_of(s->status[i].status));
		for (size_t k = 0; k < i && wrong == NULL; k++) {
			if (slice_eq(key[2 * k], key[2 * i]) &&
			    slice_eq(key[2 * k + 1], key[2 * i + 1]) &&
			    strcmp(s->status[k].to, s->status[i].to) != 0)
				wrong = say(why, size,
				    "The status \"%s\" is mapped twice, to %s "
				    "and to %s. Keep one of the two lines.",
				    s->status[i].status, s->status[k].to,
				    s->status[i].to);
		}
	}
	arena_free(&a);
	return wrong;
}

static const char *
check_statuses(const struct settings *s, char *why, size_t size)
{
	for (size_t i = 0; i < s->statuses; i++) {
		const struct status_rule *r = &s->status[i];

		if (preset_target(r->to).n == 0)
			return say(why, size,
			    "The status \"%s\" is mapped to \"%s\", which is "
			    "none of PAID, IN_PROGRESS, CANCELLED, SPAM, "
			    "goal:ID, skip.",
			    r->status, r->to);
		if (r->status[0] == '\0' || r->pipeline[0] == '\0')
			return say(why, size,
			    "A status rule to %s has an empty status or "
			    "pipeline. Name the status; the pipeline is \"*\" "
			    "for any.",
			    r->to);
	}
	return check_status_twice(s, why, size);
}

static const char *
check_columns(const struct settings *s, char *why, size_t size)
{
	for (size_t i = 0; i < s->columns; i++) {
		const struct column_rule *r = &s->column[i];

		if (strcmp(r->field, "ignore") != 0 &&
		    field_by_name(slice_of(r->field)) == FIELD_COUNT)
			return say(why, size,
			    "The column \"%s\" is mapped to \"%s\", which is "
			    "no field. convdrop.conf(5) lists the fields; "
			    "\"ignore\" leaves a column out.",
			    r->column, r->field);
		if (r->column[0] == '\0')
			return say(why, size,
			    "A column rule for %s has an empty header.",
			    r->field);
	}
	return NULL;
}

static bool
currency_code(const char *s)
{
	return strlen(s) == 3 && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static const char *
check_rate(const struct settings *s, size_t at, char *why, size_t size)
{
	const struct rate_rule *r = &s->rate[at];
	int64_t scaled;

	if (!currency_code(r->currency))
		return say(why, size,
		    "A rate is for \"%s\", which is not three capital letters "
		    "such as USD.",
		    r->currency);
	if (!settings_rate(r->rate, &scaled))
		return say(why, size,
		    "The rate \"%s\" of %s is not a number such as 92.50: "
		    "above 0, with a dot and up to nine decimals.",
		    r->rate, r->currency);
	for (size_t i = 0; i < at; i++) {
		if (strcmp(s->rate[i].currency, r->currency) == 0)
			return say(why, size,
			    "%s has two rates, %s and %s. Keep one of the two "
			    "lines.",
			    r->currency, s->rate[i].rate, r->rate);
	}
	return NULL;
}

static const char *
check_rates(const struct settings *s, char *why, size_t size)
{
	if (s->rates > 0 && s->currency[0] == '\0')
		return say(why, size,
		    "There are rates, but no currency to convert into. Set "
		    "currency, such as RUB.");
	for (size_t i = 0; i < s->rates; i++) {
		if (check_rate(s, i, why, size) != NULL)
			return why;
		if (strcmp(s->rate[i].currency, s->currency) == 0)
			return say(why, size,
			    "There is a rate for %s, which is the source's own "
			    "currency. Take the line out.",
			    s->currency);
	}
	return NULL;
}

static const char *
check_spam_words(const struct settings *s, char *why, size_t size)
{
	for (size_t i = 0; i < s->spam_words; i++) {
		if (slice_trim(slice_of(s->spam_word[i])).n == 0)
			return say(why, size,
			    "spam_words holds an empty word, which would be in "
			    "every loss reason. Take it out.");
	}
	return NULL;
}

const char *
settings_check(const struct settings *s, char *why, size_t size)
{
	char *text = settings_text(s);

	if (text == NULL)
		return say(why, size,
		    "A setting holds bytes that are not UTF-8. Save the "
		    "config as UTF-8.");
	free(text);
	if (s->preset[0] != '\0' && settings_preset(s, s->preset) == NULL)
		return say(why, size,
		    "There is no preset \"%s\". \"convdrop presets\" lists "
		    "them.",
		    s->preset);
	if (s->encoding[0] != '\0' && !decode_knows(s->encoding))
		return say(why, size,
		    "The encoding \"%s\" is not one of utf-8, windows-1251, "
		    "koi8-r, cp866, utf-16le, utf-16be.",
		    s->encoding);
	if (s->zone[0] == '\0')
		return say(why, size,
		    "The time zone is empty. Name one such as Europe/Moscow.");
	if (s->default_status[0] != '\0' &&
	    preset_target(s->default_status).n == 0)
		return say(why, size,
		    "default_status is \"%s\", which is none of PAID, "
		    "IN_PROGRESS, CANCELLED, SPAM, goal:ID, skip.",
		    s->default_status);
	if (s->currency[0] != '\0' && !currency_code(s->currency))
		return say(why, size,
		    "The currency \"%s\" is not three capital letters such "
		    "as RUB.",
		    s->currency);
	if (s->delimiter != '\0' && strchr(";,\t|", s->delimiter) == NULL)
		return say(
		    why, size, "The delimiter is none of ; , | and tab.");
	if (s->max_bad_percent > 100)
		return say(why, size, "max_bad is above 100 percent.");
	if (check_statuses(s, why, size) != NULL ||
	    check_columns(s, why, size) != NULL ||
	    check_rates(s, why, size) != NULL ||
	    check_spam_words(s, why, size) != NULL)
		return why;
	return NULL;
}
