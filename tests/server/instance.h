/*
 * An instance in a temporary folder, for unit tests of what ingest does: its
 * folders, its configuration, and files in it.
 */
#ifndef TESTS_SERVER_INSTANCE_H
#define TESTS_SERVER_INSTANCE_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/conf.h"

struct instance {
	char dir[256];
	struct conf *conf;
};

static inline int
instance_remove_one(
    const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st;
	(void)kind;
	(void)f;
	return remove(path);
}

static inline void
instance_close(struct instance *i)
{
	conf_free(i->conf);
	nftw(i->dir, instance_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* text is the whole configuration but for what every test needs. */
static inline void
instance_open(struct instance *i, const char *text)
{
	static const char *const folder[] = { "inbox", "published", "reports",
		"archive", "audit", "state", "state/quarantine", "keys" };
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	char path[PATH_MAX];
	struct err e = ERR_EMPTY;

	snprintf(i->dir, sizeof i->dir, "%s/convdrop-unit.XXXXXX", base);
	if (mkdtemp(i->dir) == NULL)
		abort();
	for (size_t k = 0; k < sizeof folder / sizeof *folder; k++) {
		snprintf(path, sizeof path, "%s/%s", i->dir, folder[k]);
		if (mkdir(path, 0750) == -1)
			abort();
	}
	snprintf(path, sizeof path, "%s/convdrop.conf", i->dir);
	if (conf_parse(&i->conf, text, strlen(text), path, &e) == -1) {
		fprintf(stderr, "%s\n", e.text);
		abort();
	}
}

static inline const char *__attribute__((format(printf, 2, 3)))
instance_path(const struct instance *i, const char *fmt, ...)
{
	static char path[4][PATH_MAX];
	static unsigned turn;
	char *p = path[turn++ % 4];
	int n = snprintf(p, PATH_MAX, "%s/", i->dir);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p + n, (size_t)(PATH_MAX - n), fmt, ap);
	va_end(ap);
	return p;
}

static inline void
instance_put(const char *path, const char *bytes)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(bytes, f) == EOF || fclose(f) != 0)
		abort();
}

static inline bool
instance_has(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* The whole file, terminated; "" when there is none. */
static inline char *
instance_get(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (text == NULL)
		abort();
	if (f != NULL) {
		text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
		fclose(f);
	}
	return text;
}

#endif
