/*
 * What the readers of the configuration share: conf.c reads convdrop.conf and
 * conf_fill.c takes it over, conf_preset.c reads a preset beside it. libconfuse
 * keeps its lexer in globals, so one text is read at a time and by one thread;
 * that is why what is wrong with it may be kept here.
 */
#ifndef SERVER_CONF_PRIVATE_H
#define SERVER_CONF_PRIVATE_H

#include <confuse.h>
#include <stdarg.h>
#include <stddef.h>
#include "formats/own_preset.h"
#include "server/conf.h"
#include "server/err.h"

/* Begins: path is for messages. */
void conf_begin(const char *path);

/* "PATH:LINE: …", on one line; only the first is kept. */
void conf_complain(int line, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
const char *conf_complaint(void); /* "" when there is none */

void conf_on_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#define PRESET_BYTES_MAX (256 << 10)
#define IGNORE_BYTES_MAX (256 << 10)
#define CONF_IGNORE '='

/* The lines that look like calls. */
enum rule_kind {
	RULE_STATUS,
	RULE_COLUMN,
	RULE_TARGET,
	RULE_RATE
};

/* One of them, in the order in which they stand. */
struct rule {
	struct rule *next;
	const cfg_t *section;
	enum rule_kind kind;
	char *word[3];
};

void conf_rules_begin(void);
void conf_rules_forget(void);
const struct rule *conf_rules(void); /* the first; or NULL */
int conf_on_rule(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv);

/* The file's sections into c, which has its presets; complains.  -1. */
int conf_fill(struct conf *c, cfg_t *cfg);

/* What libconfuse would silently take for something else.  Comments become
 * blanks, whose lines it would count twice. */
int conf_check_text(char *text, size_t n, const char *path, struct err *e);

/*
 * The texts that stand behind convdrop.conf's own (conf_read joins them): the
 * next preset's name and text off the front of *rest; false when no more
 * follow.  The name of an ignore_identifiers file has CONF_IGNORE in front.
 */
bool conf_next_preset(
    struct slice *rest, struct slice *name, struct slice *text);

/* A file of identifiers, named within the folder of conf_path. */
int conf_ignore_parse(struct settings **out, struct slice name,
    struct slice text, const char *conf_path, struct err *e);

/* presets/NAME.conf, the file beside path. */
int conf_preset_parse(struct own_preset **out, struct slice name,
    struct slice text, const char *path, struct err *e);

#endif
