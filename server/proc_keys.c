/*
 * The keys that the daemon goes by: users and tokens, which auth is sent again
 * whenever they were read again, and the host keys, which change places with
 * the coming ones when their time has come.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "server/event.h"
#include "server/log.h"
#include "server/proc_private.h"
#include "server/rotate.h"

/* --- users and tokens ---------------------------------------------------- */

/* True when there are new ones to hand out. */
static bool
read_keys(struct parent *p, const struct conf *c)
{
	struct login_keys fresh = { .fd = -1 };
	struct err e = ERR_EMPTY;

	if (keyset_logins(&fresh, c, &e) == -1) {
		log_error(
		    "%s. The users and tokens known so far stay in force.",
		    e.text);
		return false;
	}
	keyset_logins_close(&p->shared.logins);
	p->shared.logins = fresh;
	return true;
}

static void
hand_out_keys(struct parent *p)
{
	for (struct generation *g = p->first; g != NULL; g = g->next) {
		if (generation_send_keys(g, &p->shared) == -1) {
			log_error("auth does not take the users; it is "
				  "started again.");
			generation_kill(g, WORKER_AUTH);
		}
	}
}

void
proc_renew_keys(struct parent *p, const struct conf *c)
{
	if (read_keys(p, c))
		hand_out_keys(p);
}

void
proc_take_keys(struct parent *p)
{
	proc_look_at_rotation(p, p->current->conf);
	proc_renew_keys(p, p->current->conf);
}

/* The change is in force once no auth goes by the keys before. */
void
proc_note_keys(struct parent *p)
{
	uint64_t id = p->shared.logins.m.head.id;
	struct err e = ERR_EMPTY;

	if (p->noted == id)
		return;
	for (const struct generation *g = p->first; g != NULL; g = g->next) {
		if (g->child[WORKER_AUTH].pid != 0 &&
		    g->child[WORKER_AUTH].keys != id)
			return;
	}
	p->noted = id;
	if (keyset_logins_note(&p->shared.logins, p->current->conf, &e) == -1)
		log_error("%s", e.text);
}

/* --- host keys ----------------------------------------------------------- */

#define WALL_S 60 /* how often the wall's clock is looked at: it may be set */

void
proc_look_at_rotation(struct parent *p, const struct conf *c)
{
	struct rotation r;
	struct err e = ERR_EMPTY;

	if (rotate_look(&r, c, &e) == -1)
		log_error("The coming host keys: %s.", e.text);
	p->rotate_at = r.at;
}

/* When the time for the coming host keys has come, they take their places and
 * a new generation serves with them; the sessions of the old one go on. */
void
proc_rotate(struct parent *p, int64_t now, int64_t *next)
{
	int64_t left = p->rotate_at - (int64_t)time(NULL);
	struct err e = ERR_EMPTY;

	if (p->rotate_at == 0 || p->current == NULL || p->starting != NULL)
		return;
	if (left > 0) {
		proc_sooner(next, now + 1000 * (left < WALL_S ? left : WALL_S));
		return;
	}
	p->rotate_at += WALL_S - left; /* should it fail, it is tried again */
	if (rotate_apply(p->current->conf, &e) == -1) {
		log_error("The coming host keys: %s.", e.text);
		return;
	}
	p->rotating = true;
	proc_reload(p, now);
}

static void
tell_rotated(const struct parent *p, const struct conf *c)
{
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		char print[FINGERPRINT_SIZE];
		struct event ev;

		rotate_fingerprint(print, c, (enum hostkey_type)t, false, NULL);
		log_info("The host key %s is %s from now on.",
		    hostkey_file((enum hostkey_type)t), print);
		event_init(&ev, EVENT_KEY_CHANGED);
		snprintf(ev.path, sizeof ev.path, "%s %s",
		    hostkey_file((enum hostkey_type)t), print);
		if (wire_send(p->shared.events[1], &ev.head, -1) == -1)
			log_error("The audit cannot be told of a host key that "
				  "was changed: %s.",
			    strerror(errno));
	}
}

/* The generation that has them accepts, and those before no more. */
void
proc_finish_rotation(struct parent *p)
{
	struct err e = ERR_EMPTY;

	if (!p->rotated)
		return;
	for (const struct generation *g = p->first; g != NULL; g = g->next) {
		if (g->state == GEN_RETIRING && !generation_quiet(g))
			return;
	}
	p->rotated = false;
	tell_rotated(p, p->current->conf);
	if (rotate_finish(p->current->conf, &e) == -1)
		log_error("The coming host keys: %s.", e.text);
	else
		p->rotate_at = 0;
}
