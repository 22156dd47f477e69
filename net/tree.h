/*
 * What a client sees after login, the same over every protocol:
 *
 *      /FEED/conversions.csv     published/FEED    pull, audit
 *      /inbox/FEED/[SOURCE/]     inbox/FEED        drop (upload), audit (read)
 *      /reports/FEED/            reports/FEED      drop, audit
 *                                reports/FEED/.masked, for report alone
 *      /archive/FEED/            archive/FEED      audit
 *
 * One table says so.  Every client path goes through tree_resolve, and is
 * opened beneath its root only (openat2, RESOLVE_BENEATH | NO_SYMLINKS |
 * NO_MAGICLINKS), regular files and folders alone, never dot files: a name with
 * a dot is only an upload's, until its client renames it.
 */
#ifndef NET_TREE_H
#define NET_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include "net/auth.h"
#include "server/conf.h"
#include "net/files.h"

enum tree_root {
	TREE_PUBLISHED,
	TREE_INBOX,
	TREE_REPORTS,
	TREE_ARCHIVE,
	TREE_ROOTS
};

struct tree {
	const struct conf *conf;
	int root[TREE_ROOTS]; /* O_PATH descriptors; -1: not for this process */
};

enum tree_kind {
	TREE_TOP,   /* "/" */
	TREE_MOUNT, /* "/inbox", "/reports", "/archive" */
	TREE_REAL   /* something below a feed's folder in a root */
};

struct tree_place {
	enum tree_kind kind;
	enum tree_root root;
	size_t feed; /* conf.feed[].index */
	bool masked; /* the twins in the hidden folder are what it is shown */
	bool upload; /* the grant may create files here */
	bool read;   /* the grant may read what is here (in an inbox only an
		      * audit may: others see their own uploads) */
	char rel[FILES_PATH_MAX]; /* beneath the root: "FEED/conversions.csv";
				   * never "..", no doubled or final slash */
};

/* 0, or an errno: ENOENT for what does not exist or what the grant does not
 * show, EINVAL for a path with NUL, "..", a backslash or over-long. */
int tree_resolve(const struct tree *t, const struct grant *g, const char *path,
    struct tree_place *out);

/* Opens the descriptors of the roots whose bit (1 << enum) is set. */
int tree_open_roots(
    struct tree *t, const struct conf *c, unsigned roots, struct err *e);

/* A regular file, read only.  The descriptor, or -1 and errno. */
int tree_open(
    const struct tree *t, const struct tree_place *p, struct files_stat *st);
int tree_stat(
    const struct tree *t, const struct tree_place *p, struct files_stat *st);

/* Calls each for every entry that the grant shows, until it returns false; 0 or
 * an errno. */
int tree_list(const struct tree *t, const struct grant *g,
    const struct tree_place *p,
    bool (*each)(void *ctx, const struct files_entry *e), void *ctx);

#endif
