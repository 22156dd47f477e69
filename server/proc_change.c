/*
 * Generations come and go: one is begun at the start and with every reload,
 * takes over once it accepts, and retires when the next one does.  One that
 * does not come to work leaves the one before in force.
 */
#include "server/log.h"
#include "server/proc_private.h"
#include "server/sdnotify.h"

#define START_MS 30000          /* a new generation must accept by then */
#define RETIRE_MS (3600 * 1000) /* and an old one be gone */

/* --- one comes ----------------------------------------------------------- */

/* It never came to work: nothing is lost by ending it at once. */
void
proc_abandon(struct parent *p, struct generation *g)
{
	g->state = GEN_RETIRING;
	g->deadline_ms = 0;
	for (enum role_id r = 0; r < WORKER_ROLES; r++)
		generation_kill(g, r);
	p->starting = NULL;
}

void
proc_start_failed(struct parent *p, const char *why)
{
	proc_abandon(p, p->starting);
	if (p->current == NULL) {
		log_error("%s", why);
		p->failed = p->stopping = true;
		return;
	}
	log_error("The new configuration cannot be used: %s The one before "
		  "stays in force.",
	    why);
	sdnotify_ready();
}

void
proc_begin(struct parent *p, struct generation *g, int64_t now)
{
	struct err e = ERR_EMPTY;

	g->state = GEN_STARTING;
	g->deadline_ms = now + START_MS;
	g->next = p->first;
	p->first = p->starting = g;
	if (generation_start(g, &p->shared, now, &e) == -1)
		proc_start_failed(p, e.text);
}

void
proc_reload(struct parent *p, int64_t now)
{
	struct generation *g = NULL;
	struct err e = ERR_EMPTY;

	if (p->starting != NULL) {
		p->again = true;
		return;
	}
	p->again = false;
	log_info("Reading the configuration again.");
	sdnotify_reloading();
	if (generation_read(&g, p->conf_path, &e) == -1 ||
	    layout_prepare(g->conf, g->account, &e) == -1 ||
	    generation_listen(g, p->current, &e) == -1) {
		generation_free(g);
		log_error("%s", e.text);
		log_error("The configuration before stays in force.");
		sdnotify_ready();
		return;
	}
	proc_renew_keys(p, g->conf);
	proc_begin(p, g, now);
}

/* --- another goes -------------------------------------------------------- */

static void
retire(struct parent *p, struct generation *g, int64_t now)
{
	g->state = GEN_RETIRING;
	g->deadline_ms = now + RETIRE_MS;
	g->ingest_deadline_ms = now + (int64_t)p->current->conf->grace_s * 1000;
	for (enum role_id r = 0; r < WORKER_ROLES; r++)
		generation_tell(
		    g, r, r == WORKER_INGEST ? WIRE_STOP : WIRE_DRAIN);
}

/* The new generation accepts: it takes over. */
void
proc_take_over(struct parent *p, int64_t now)
{
	struct generation *old = p->current;

	p->current = p->starting;
	p->starting = NULL;
	p->current->state = GEN_LIVE;
	if (old == NULL)
		return;
	retire(p, old, now);
	p->rotated |= p->rotating;
	p->rotating = false;
	log_info("The configuration was read again and is in force.");
	sdnotify_ready();
}

void
proc_bury(struct parent *p, int64_t now, int64_t *next)
{
	struct generation **at = &p->first;

	while (*at != NULL) {
		struct generation *g = *at;

		if (g->state != GEN_RETIRING) {
			at = &g->next;
			continue;
		}
		if (generation_empty(g)) {
			*at = g->next;
			generation_free(g);
			continue;
		}
		if (g->ingest_deadline_ms != 0 && now >= g->ingest_deadline_ms)
			generation_kill(g, WORKER_INGEST);
		if (now >= g->deadline_ms) {
			for (enum role_id r = 0; r < WORKER_ROLES; r++)
				generation_kill(g, r);
		}
		if (g->child[WORKER_INGEST].pid != 0 &&
		    now < g->ingest_deadline_ms)
			proc_sooner(next, g->ingest_deadline_ms);
		if (now < g->deadline_ms)
			proc_sooner(next, g->deadline_ms);
		at = &g->next;
	}
}
