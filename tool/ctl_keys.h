/*
 * What `convdrop user`, `token` and `init` share: the two files of keys/ as
 * one thing that is opened, changed, and put in force.
 */
#ifndef TOOL_CTL_KEYS_H
#define TOOL_CTL_KEYS_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include "keys/token.h"
#include "keys/users.h"
#include "server/conf.h"
#include "tool/ctl.h"

struct keyring {
	struct conf *conf;
	struct users *users;
	struct tokens *tokens;
	int lock; /* keys/ itself, locked: one change at a time */
};

#define KEYRING_EMPTY                                                          \
	{                                                                      \
		NULL, NULL, NULL, -1                                           \
	}

/* Both answer CTL_FINE, or CTL_FAILED after having said what is wrong. */
int keyring_open(struct keyring *k, const struct ctl *c);
void keyring_close(struct keyring *k);

/*
 * Writes both files, and returns when the change is in force: a daemon that
 * runs has loaded it.  event ("user" or "token") with its action and name goes
 * to the audit.
 */
int keyring_commit(
    struct keyring *k, const char *event, const char *action, const char *name);

/* keys/, locked until it is closed: one change at a time; -1 after having said
 * what is wrong. */
int ctl_lock_keys(const struct conf *c);

/* The daemon's process, 0 when none runs. */
pid_t ctl_daemon_pid(const struct conf *c);

/* Feeds that are given by name must be in the configuration. */
int keyring_check_feeds(const struct keyring *k, const char *const *feeds);

/* Words gathered from options such as --feed, which may repeat and may hold
 * several with commas between. */
struct words {
	char **word; /* NULL-terminated; NULL when there is none */
	size_t n;
};
void words_add(struct words *w, const char *text);
void words_free(struct words *w);

/* 0 after having said which role does not exist. */
unsigned words_roles(const struct words *w);

/* The URLs that a token opens: for every feed and file. */
struct writer;
void link_each(const struct conf *c, char *const *feeds, const char *token,
    void (*each)(void *ctx, const char *url), void *ctx);

json_t *json_roles(unsigned roles);
json_t *json_strings(char *const *list); /* NULL is empty */
int ctl_print_json(json_t *j);           /* takes it; CTL_FINE */

#endif
