/*
 * The table of settings: one row is the name, what it takes, its default and
 * the line that explains it.  The parser (conf.c), the text of a fresh
 * convdrop.conf (conf_text.c) and the test of convdrop.conf(5) all read it.
 */
#ifndef SERVER_CONF_TABLE_H
#define SERVER_CONF_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_BYTES_MAX (4 << 20) /* of the whole file */

enum setting_scope {
	SCOPE_SERVER,  /* struct conf */
	SCOPE_FEED,    /* struct feed */
	SCOPE_COUNTER, /* stands in a feed; struct settings of all sources */
	SCOPE_SOURCE   /* struct settings of one source */
};

enum setting_type {
	TYPE_TEXT,      /* char * */
	TYPE_NUMBER,    /* any unsigned member */
	TYPE_BYTES,     /* likewise; takes KiB, MiB and GiB */
	TYPE_CHOICE,    /* an enum, by its place in choice */
	TYPE_DELIMITER, /* char */
	TYPE_DAY,       /* int64_t, days since 1970-01-01; "" is 0 */
	TYPE_LIST,      /* char **, NULL-terminated */
	TYPE_PIPELINES, /* settings.pipeline */
	TYPE_WORDS      /* settings.spam_word */
};

struct setting {
	const char *name;
	enum setting_scope scope;
	enum setting_type type;
	size_t offset, size;       /* of the member */
	const char *fallback;      /* as it would be written; of a list: its
				    * elements with commas, "" for none */
	const char *help;          /* the line that explains it */
	uint64_t min, max;         /* NUMBER, BYTES */
	const char *const *choice; /* CHOICE; ends with NULL */
	bool (*valid)(const char *value); /* TEXT, LIST (each); NULL: any */
	const char *allowed; /* with valid: "an address such as ::" */
	const char *heading; /* begins a group in a fresh file */
};

extern const struct setting conf_setting[]; /* ends with name NULL */

/* Does the value (one element of a list) fit?  Then, when member is not NULL,
 * it is put there; what was there is freed.  On false why says what would. */
bool setting_take(const struct setting *s, const char *value, void *member,
    char *why, size_t size);

bool setting_is_list(const struct setting *s);

bool conf_name_valid(const char *name); /* of a feed or source */
bool conf_zone_name_valid(const char *name);

#endif
