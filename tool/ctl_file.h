/*
 * The file that a command reads: a path or "-" for standard input.  Over 50 MB
 * the way through it is shown on standard error when that is a terminal.
 *
 * Of a zip archive it is the dump in it.  What has to be unpacked, or comes
 * through a pipe and cannot be read as a stream, lies in an unnamed file in
 * TMPDIR meanwhile.
 */
#ifndef TOOL_CTL_FILE_H
#define TOOL_CTL_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/input.h"
#include "server/err.h"

struct ctl_file {
	struct input in; /* for formats/ */
	int fd;
	int failed;    /* errno of a read that failed, else 0 */
	uint64_t size; /* 0: not known */
	uint64_t done;
	unsigned percent; /* last shown */
	bool shows;
	char head[4]; /* of a pipe, read and not yet given */
	size_t head_n;
};

int ctl_file_open(struct ctl_file *f, const char *name, struct err *e);

/* The member of that name in the archive, which may hold several dumps; "":
 * the only one.  The error says that the user may name one. */
int ctl_file_open_member(
    struct ctl_file *f, const char *name, const char *member, struct err *e);
void ctl_file_close(struct ctl_file *f); /* takes the progress line away */

/* A dump's delimiter in words; name is room for one that is its own word. */
const char *ctl_delimiter(char c, char name[2]);

/* --now: a time on the wall of the counter's zone (DATE or DATE TIME, as in a
 * published file); NULL is the clock.  Both forms of the answer: the instant,
 * and seconds on the wall since 1970-01-01 00:00:00; each may be NULL.  The
 * zone may be NULL when neither clock nor instant is asked for. */
struct zone;
int ctl_now(const char *text, const struct zone *zone, int64_t *instant,
    int64_t *wall, struct err *e);

#endif
