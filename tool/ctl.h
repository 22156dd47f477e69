/*
 * convdrop, the admin's tool: one file a command (ctl_NAME.c), one table.
 */
#ifndef TOOL_CTL_H
#define TOOL_CTL_H

#include <stdbool.h>
#include <stdio.h>

/* Exit statuses (design 7). */
enum {
	CTL_FINE = 0,
	CTL_FINDINGS = 1,
	CTL_FAILED = 2
};

struct ctl {
	const char *conf_path; /* -c; NULL when not given */
	bool json;             /* --json */
};

struct ctl_command {
	const char *name;
	const char *synopsis; /* "lint FILE [--output O] …" */
	const char *help;     /* a few lines, as --help shows them */
	int (*run)(struct ctl *c, int argc, char **argv); /* argv[0]: name */
};

extern const struct ctl_command ctl_lint, ctl_convert, ctl_presets, ctl_explain;
extern const struct ctl_command ctl_why, ctl_person;
extern const struct ctl_command ctl_init, ctl_user, ctl_token, ctl_key;
extern const struct ctl_command ctl_statuses, ctl_quality;
extern const struct ctl_command ctl_preview, ctl_approve, ctl_reject;
extern const struct ctl_command ctl_dumps, ctl_publish, ctl_status, ctl_audit,
    ctl_rebuild;
extern const struct ctl_command ctl_withdraw, ctl_reprocess, ctl_order;

/* "convdrop: TEXT" to stderr; CTL_FAILED. */
int ctl_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Who runs this, for the audit: behind sudo, the person in front of it. */
void ctl_actor(char out[64]);

/* Prints how the command is used to stderr; CTL_FAILED. */
int ctl_usage(const struct ctl_command *c);

/* Loads the configuration: -c, $CONVDROP_CONF, ./convdrop.conf,
 * /etc/convdrop/convdrop.conf.  NULL after having said what is wrong. */
struct conf;
struct conf *ctl_conf(const struct ctl *c);

/* What run makes of the configuration and the command's arguments, of whatever
 * type; CTL_FAILED when the configuration does not load. */
int ctl_with_conf(const struct ctl *c,
    int (*run)(
	const struct ctl *c, const struct conf *conf, const void *arguments),
    const void *arguments);

/* *out is NULL when there is none; -1 after having said what is wrong. */
int ctl_conf_if_any(const struct ctl *c, struct conf **out);

/* Is one named, or there and ours to read?  For what needs none. */
bool ctl_conf_readable(const struct ctl *c);

#endif
