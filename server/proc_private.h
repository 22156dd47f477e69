/*
 * What the files of the parent share: proc.c has its loop, proc_change.c the
 * generations that come and go, proc_workers.c the workers that end and are
 * started again, proc_keys.c the keys.
 *
 * now is clock_ms(); *next, when something is due again, is brought forward.
 */
#ifndef SERVER_PROC_PRIVATE_H
#define SERVER_PROC_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/generation.h"
#include "server/proc.h"

struct parent {
	const char *conf_path;
	struct generation *first; /* all of them, the newest first */
	struct generation *current, *starting;
	struct shared shared;
	int lock;
	int signals;
	uint64_t noted;    /* the reading of keys that keys.loaded tells of */
	bool announced;    /* the line with `ready` is out */
	bool again;        /* a SIGHUP came while starting */
	int64_t rotate_at; /* wall: the coming host keys take over; 0: none */
	bool rotating;     /* they are in place, and not in force yet; */
	bool rotated;      /* they are, and those before may be, too */
	bool stopping, failed;
	int64_t stop_ms; /* when draining ends */
};

/* 0: never. */
static inline void
proc_sooner(int64_t *at, int64_t t)
{
	if (t != 0 && t < *at)
		*at = t;
}

/* --- generations (proc_change.c) ----------------------------------------- */

void proc_begin(struct parent *p, struct generation *g, int64_t now);
void proc_take_over(struct parent *p, int64_t now); /* the one that starts */
void proc_start_failed(struct parent *p, const char *why);
void proc_abandon(struct parent *p, struct generation *g);
void proc_reload(struct parent *p, int64_t now);
void proc_bury(struct parent *p, int64_t now, int64_t *next);

/* --- workers (proc_workers.c) -------------------------------------------- */

void proc_reap(struct parent *p, int64_t now);
void proc_revive(struct parent *p, int64_t now);
void proc_start_ingest(struct parent *p, struct generation *g, int64_t now);

/* --- keys (proc_keys.c) -------------------------------------------------- */

/* The users and tokens, and when the host keys are to change. */
void proc_take_keys(struct parent *p);
/* The users and tokens that a configuration names. */
void proc_renew_keys(struct parent *p, const struct conf *c);
void proc_note_keys(struct parent *p);
void proc_look_at_rotation(struct parent *p, const struct conf *c);
void proc_rotate(struct parent *p, int64_t now, int64_t *next);
void proc_finish_rotation(struct parent *p);

#endif
