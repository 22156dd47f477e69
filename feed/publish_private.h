/*
 * What the files of publishing share: publish.c makes a version and puts it
 * into place, publish_sidecar.c a compressed copy beside it, publish_judge.c
 * says whether it may be, publish_recover.c finishes what a crash interrupted.
 */
#ifndef FEED_PUBLISH_PRIVATE_H
#define FEED_PUBLISH_PRIVATE_H

#include "formats/writer.h"
#include "store/archive.h"
#include "store/growing.h"
#include "feed/linting.h"
#include "feed/publish.h"
#include "feed/render.h"

/* One output of one feed on its way. */
struct publish_job {
	struct store *store;
	struct audit *audit;
	const struct conf *conf;
	const struct feed *feed;
	const struct writer *writer;
	const struct publish_order *how;
	struct zone *zone;
	int64_t now, from;
	int dir; /* published/FEED */
	int fd;  /* the new version */
	struct render render;
	struct growing *growing;     /* the new version, as it is written */
	struct archiving *archiving; /* of it */
	struct linting *linting;     /* likewise */
	struct publication last;     /* done; last.id 0: none */
	char temp[80];
};

/* published/FEED, made when it is not there; -1. */
int publish_open_folder(
    const struct conf *c, const struct feed *f, struct err *e);

/* The job is about that output from now on. */
int publish_begin(struct publish_job *j, const struct writer *w, struct err *e);

int publish_audit(const struct publish_job *j, const struct publication *p,
    bool recovered, struct err *e);

/* A file of the folder, empty, in place of what is there; -1 and errno. */
int publish_make_file(int dir, const char *name);
int publish_set_time(int fd, int64_t mtime);

/* --- publish_sidecar.c --- */

void publish_place_sidecar(
    const struct conf *c, int dir, const struct publication *p);
/* p is the file's newest version.  A compressed copy of another version goes,
 * or p's takes its place; with follows it stays until p's is made. */
void publish_match_sidecar(
    const struct conf *c, int dir, const struct publication *p, bool follows);

/* --- publish_judge.c --- */

/* The largest file of this output. */
uint64_t publish_limit(const struct publish_job *j);

/* 1 and why, when the last good version stays instead; else 0, or -1. */
int publish_refused(
    struct publish_job *j, char *why, size_t size, struct err *e);

/* Kept for status: why it is not published; "": it is. */
int publish_withhold(struct publish_job *j, const char *why, struct err *e);

#endif
