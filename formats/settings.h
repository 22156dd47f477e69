/*
 * The settings that shape rows: everything of a feed and its source that
 * decides what comes out of a dump's bytes.  Their text is kept in the ledger
 * with every dump, so that the dump can be read again exactly as it was; its
 * SHA-256 is the fingerprint (I7, I10).
 */
#ifndef FORMATS_SETTINGS_H
#define FORMATS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/status.h"

enum same_id {
	SAME_ID_PRESET,
	SAME_ID_LAST,
	SAME_ID_FIRST,
	SAME_ID_SUM
};
/* An order that is known and whose new status is skip. */
enum skip_known {
	SKIP_KNOWN_KEEP,
	SKIP_KNOWN_CANCELLED
};
enum pii {
	PII_PLAIN,
	PII_HASH
};

struct own_preset; /* own_preset.h */
struct preset;     /* preset.h */

struct status_rule {
	char *pipeline; /* "*" for any */
	char *status;   /* as the CRM writes it; compared folded */
	char *to;       /* PAID IN_PROGRESS CANCELLED SPAM goal:ID skip */
};

struct column_rule {
	char *column; /* a header of the dump; compared folded */
	char *field;  /* a name of field_info, or "ignore" */
};

struct rate_rule {
	char *currency; /* ISO 4217 */
	char *rate;     /* decimal: what one of it is in the source's own */
};

/* Bytes, counts and ratios; never part of the fingerprint. */
struct limits {
	uint64_t packed_bytes; /* 4 GiB */
	uint64_t plain_bytes;  /* 64 GiB */
	uint64_t ratio;        /* 200, once over ratio_from plain bytes */
	uint64_t ratio_from;   /* 64 MiB */
	size_t line_bytes;     /* 1 MiB: one record, with its line breaks */
	size_t field_bytes;    /* 64 KiB */
	size_t columns;        /* 4096 */
	size_t members;        /* 1000: of a zip archive */
};

struct settings {
	char *feed;
	char *source;         /* "" is the default source */
	char *preset;         /* "" is chosen by the header */
	char *encoding;       /* "" is detected */
	char delimiter;       /* 0 is sniffed */
	char *zone;           /* the counter's, such as Europe/Moscow */
	char *source_zone;    /* "" is the counter's */
	char *id_prefix;      /* put before every order id; "" for none */
	char *default_status; /* for a dump without a status column; "" none */
	char *currency;       /* "" for any; else ISO 4217 */
	char *sheet;          /* of a workbook; "" is the first one shown */
	int64_t start_day;    /* days since 1970-01-01 in the counter's zone;
			       * orders created before are skipped; 0 is off */
	enum same_id same_id;
	enum pii pii;
	enum skip_known skip_known;
	unsigned max_bad_percent; /* 20 */
	unsigned max_bad_rows;    /* 10: refused only above both */
	struct status_rule *status;
	size_t statuses;
	struct column_rule *column;
	size_t columns;
	char **pipeline; /* only these, when there are any */
	size_t pipelines;
	struct rate_rule *rate; /* currencies that are converted */
	size_t rates;
	char **spam_word; /* in a loss reason they make CANCELLED SPAM */
	size_t spam_words; /* спам, нецелев, не целев unless told otherwise */
	char **ignored; /* MD5s of identifiers that are dropped (ignore.h) */
	size_t ignoreds;
	char *ignore_file;       /* where they are from; not part of the text */
	struct own_preset **own; /* beside the built-in ones; shares */
	size_t owns;
	/* From the feed's outputs: one takes user_id, yclid or purchase_id for
	 * an identifier; one takes records of any age. */
	bool any_identifier, any_age;
	/* Else records that are older than so many days are skipped. */
	unsigned window_days; /* 112 */
	/* From the feed: statuses wait for a pull of the one before. */
	bool each_step;
	/* Instead of the preset's own (preset.h): what its records are, ""
	 * for the preset's kind; orders that name their client. */
	char *record; /* a record_kind_name */
	bool joins_clients;
	struct limits limits;
};

struct settings *settings_new(void); /* all defaults, zone Europe/Moscow */
void settings_free(struct settings *s);

/* They copy their strings. */
void settings_set(char **member, const char *value);
void settings_add_status(struct settings *s, const char *pipeline,
    const char *status, const char *to);
void settings_add_column(
    struct settings *s, const char *column, const char *field);
void settings_add_pipeline(struct settings *s, const char *pipeline);
void settings_add_rate(
    struct settings *s, const char *currency, const char *rate);
void settings_add_spam_word(struct settings *s, const char *word);
void settings_clear_spam_words(struct settings *s); /* not one is left */
void settings_add_preset(struct settings *s, struct own_preset *p); /* a share
								     */

/* One of its own or a built-in one; NULL. */
const struct preset *settings_preset(
    const struct settings *s, const char *name);

/* Decimal digits with a dot, above 0 and at most 1,000,000,000, up to nine
 * decimals: *scaled is the rate times RATE_SCALE. */
#define RATE_SCALE INT64_C(1000000000)
bool settings_rate(const char *rate, int64_t *scaled);

/* Canonical JSON: sorted keys, no white space, without limits; malloc'ed.
 * NULL when a string is not UTF-8, which settings_check refuses. */
char *settings_text(const struct settings *s);

/* The inverse; limits are the defaults.  FMT_SETTINGS when it is not one. */
enum fmt_status settings_parse(struct settings **out, const char *text);

/* What is wrong with them (an unknown field, a bad target), or NULL. */
const char *settings_check(const struct settings *s, char *why, size_t size);

#endif
