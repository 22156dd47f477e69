/*
 * What the files of lint share.  A destination is a table of its columns;
 * lint.c runs it over a CSV, lint_json.c over a JSON text, and both hand every
 * record to lint_record as one cell a rule.
 */
#ifndef FORMATS_LINT_PRIVATE_H
#define FORMATS_LINT_PRIVATE_H

#include "formats/idset.h"
#include "formats/lint.h"
#include "formats/message.h"

#define LINT_DAY INT64_C(86400)
#define LINT_RULES_MAX 32
#define LINT_TEXT_MAX 1024
#define LINT_SETS 2

struct lint;

/* What a JSON text has behind the key; a CSV has a cell. */
enum lint_type {
	LINT_TEXT,
	LINT_NUMBER,
	LINT_LIST, /* an array of texts */
	LINT_GOALS,
	LINT_PRODUCTS
};

struct lint_rule {
	const char *name; /* as the destination writes it; NULL ends a table */
	const char *also; /* another spelling that is documented; or NULL */
	void (*check)(
	    struct lint *l, const struct lint_rule *r, struct slice cell);
	bool (*good)(struct slice value); /* of lists: is the value good? */
	enum reject reject;               /* when it is not */
	enum lint_type type;
	bool must;    /* the column has to be there */
	unsigned set; /* one of those of this set has to be filled; 0: none */
};

/* One of several columns has to be there and filled. */
struct lint_set {
	const char *missing, *empty; /* in whose words; NULL: nobody asks */
	bool warning;                /* the destination takes the row */
};

/* Texts about the file as a whole. */
struct lint_words {
	const char *separator, *encoding, *size, *nothing;
};

struct lint_destination {
	const char *name, *output; /* as a writer's; see writer.h */
	const char *delimiters;    /* of a CSV; NULL: there is none */
	const char *key;           /* of a JSON text; NULL: there is none */
	const struct lint_rule *rule;
	const struct lint_words *words;
	const char *id; /* the column of ids that ought to differ; or NULL */
	struct lint_set set[LINT_SETS];
	uint64_t max_bytes;  /* refused beyond */
	uint64_t safe_bytes; /* warned of beyond; 0: never */
};

extern const struct lint_destination lint_conversion_center[];
extern const struct lint_destination lint_metrica[]; /* end with name NULL */
extern const struct lint_destination lint_crm[];

struct lint {
	const struct lint_options *o;
	const struct lint_destination *to;
	size_t
	    column[LINT_RULES_MAX]; /* by rule; SIZE_MAX: not in the header */
	struct slice cell[LINT_RULES_MAX]; /* of the record, by rule */
	size_t columns;
	size_t rules;
	size_t id_rule; /* rules: none; looked up ahead: see idset_expect */
	unsigned long line;
	bool row_bad;
	bool stop;        /* the file is refused as a whole */
	bool mixed;       /* two currencies were told of */
	char currency[4]; /* the first one */
	struct idset ids;
	void (*found)(void *ctx, const struct lint_finding *f);
	void *ctx;
	struct lint_totals t;
};

/* --- lint.c: findings; a text that is constant is translated --- */
void lint_say(struct lint *l, bool warning, const char *column,
    const char *code, const char *text);
void lint_error(
    struct lint *l, const char *column, const char *code, const char *text);
void lint_warn(
    struct lint *l, const char *column, const char *code, const char *text);
void lint_refuse(struct lint *l, const char *code, const char *text);
void lint_reject(struct lint *l, const char *column, enum reject why,
    struct slice value, const char *hint);

/* The rule of that column; l->rules when there is none. */
size_t lint_rule_named(const struct lint *l, struct slice name);

void lint_aim(struct lint *l, const struct lint_destination *to);
void lint_bom(struct lint *l);
void lint_record(struct lint *l); /* l->cell is filled */
void lint_size(struct lint *l, uint64_t bytes);
void lint_end(struct lint *l); /* of all records */

/* --- lint_record.c --- */
enum lint_parsed {
	LINT_PARSED, /* l->cell is filled; wrong types are told */
	LINT_BROKEN, /* no JSON by its grammar, or a key twice */
	LINT_NOT_UTF8
};
struct arena;
enum lint_parsed lint_parse(
    struct lint *l, struct arena *a, struct slice record);

/* --- lint_json.c --- */
enum fmt_status lint_json(struct lint *l, const struct input *in);

/* The destination of the same output whose records stand under that key. */
const struct lint_destination *lint_by_key(
    const struct lint_destination *to, struct slice key);

/* --- lint_cells.c: what a rule checks --- */
typedef void lint_check(
    struct lint *l, const struct lint_rule *r, struct slice cell);
lint_check lint_created; /* Direct's creation time: past, not too old */
lint_check lint_past;    /* a time on the wall that has passed; needed */
lint_check lint_time;    /* a time on the wall, or nothing */
lint_check lint_epoch;   /* Unix seconds that have passed; needed */
lint_check lint_id;      /* ought to differ from all others */
lint_check lint_own_id;  /* the same, and needed */
lint_check lint_filled;  /* anything */
lint_check lint_list;
lint_check lint_value;  /* nothing, or what is good */
lint_check lint_status; /* nothing, or a status */
lint_check lint_needed_status;
lint_check lint_amount;
lint_check lint_seconds;
lint_check lint_flag;
lint_check lint_currency;
lint_check lint_one_currency; /* the same in all rows */
lint_check lint_dialled;      /* a phone with its plus */
lint_check lint_target;
lint_check lint_goals;
lint_check lint_products;
lint_check lint_platform;
lint_check lint_contact; /* CONTACT */
lint_check lint_key;     /* a parameter's, once a visitor */

#endif
