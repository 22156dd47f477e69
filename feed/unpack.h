/*
 * The dumps in what was dropped: the file itself, or each member of a zip
 * archive, in order of name.  A member is unpacked into an unnamed file when
 * its turn comes, so that it can be read again and again, as any dump.
 *
 *	unpack_open, unpack_next until 0, unpack_close.
 */
#ifndef FEED_UNPACK_H
#define FEED_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/settings.h"
#include "server/err.h"

struct unpack;

struct unpack_how {
	const struct limits *limits;
	const char *dir;            /* for unnamed files */
	void (*breathe)(void *ctx); /* may be NULL */
	void *ctx;
	const bool *stop; /* may be NULL; true: end with an error */
	/* May be NULL: is there room for so many bytes more in dir?  -1. */
	int (*check_room)(void *ctx, uint64_t bytes, struct err *e);
};

struct unpack_dump {
	char name[256];         /* "deals.zip/april.csv" */
	const char *member;     /* "april.csv"; "" for the file itself */
	enum fmt_status status; /* FMT_OK, or why it cannot be read */
	int fd; /* at its beginning, the unpack's, until the next; -1 when it
		 * cannot be read */
};

/* fd is a regular file, from its beginning; it and what how names must
 * outlive it.  name is what it is called. */
int unpack_open(struct unpack **out, int fd, const char *name,
    const struct unpack_how *how, struct err *e);
void unpack_close(struct unpack *u); /* NULL is fine */

/* False: what was dropped is one dump, or nothing that can be unpacked, which
 * reading it will tell. */
bool unpack_is_archive(const struct unpack *u);
size_t unpack_dumps(const struct unpack *u);
size_t unpack_passed_over(const struct unpack *u); /* no dumps: folders, … */
const char *unpack_member(const struct unpack *u, size_t i);

/* An unnamed file in the folder dir; -1. */
int unpack_file(const char *dir, struct err *e);

/* 1, 0 after the last, -1. */
int unpack_next(struct unpack *u, struct unpack_dump *out, struct err *e);

/* Passes over the next n of them. */
void unpack_skip(struct unpack *u, size_t n);

/*
 * A workbook or an archive in gzip can be read only when it is unpacked: *out
 * is an unnamed file with it, the caller's; -1 when fd needs no such thing, or
 * when *status says why it cannot be unpacked.
 */
int unpack_gzip(int *out, int fd, const struct unpack_how *how,
    enum fmt_status *status, struct err *e);

#endif
