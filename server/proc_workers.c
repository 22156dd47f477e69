/*
 * Workers that end, and when they are started again: the pause doubles with
 * each early death; who lived long is started almost at once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/event.h"
#include "server/lang.h"
#include "server/log.h"
#include "server/proc_private.h"
#include "server/role.h"

#define AGAIN_MIN_MS 100 /* before a dead worker is started again */
#define AGAIN_MAX_MS 30000
#define FAILED_MS 1000  /* before a start that failed is tried again */
#define STEADY_MS 60000 /* who lived that long died for the first time */

/* --- deaths -------------------------------------------------------------- */

static void
describe(char *out, size_t size, int status)
{
	if (WIFSIGNALED(status))
		snprintf(
		    out, size, _("was ended by signal %d"), WTERMSIG(status));
	else
		snprintf(
		    out, size, _("ended with status %d"), WEXITSTATUS(status));
}

/* When it may be started again; the pause doubles with each early death. */
static void
schedule(struct child *c, int64_t now)
{
	unsigned doubled;
	int64_t pause;

	c->deaths = now - c->started_ms > STEADY_MS ? 1 : c->deaths + 1;
	doubled = c->deaths - 1 > 9 ? 9 : c->deaths - 1;
	pause = (int64_t)AGAIN_MIN_MS << doubled;
	c->again_ms = now + (pause > AGAIN_MAX_MS ? AGAIN_MAX_MS : pause);
}

/* Grants, uploads and pulls are known to auth and files together: when one is
 * gone, all that stood on it begins anew. */
static void
end_all(struct generation *g, int64_t now)
{
	for (enum role_id r = 0; r < WORKER_ROLES; r++) {
		struct child *c = &g->child[r];

		if (r == WORKER_INGEST || c->pid == 0)
			continue;
		generation_kill(g, r);
		c->again_ms = now; /* see proc_revive */
	}
}

/* Its pulls broke off, and only we know. */
static void
tell_files_gone(const struct parent *p, pid_t pid)
{
	struct event ev;

	event_init(&ev, EVENT_FILES_GONE);
	ev.pull = (uint64_t)pid;
	if (wire_send(p->shared.events[1], &ev.head, -1) == -1)
		log_error("The audit cannot be told of pulls that broke off: "
			  "%s.",
		    strerror(errno));
}

static void
died(struct parent *p, struct generation *g, enum role_id role, int status,
    int64_t now)
{
	struct child *c = &g->child[role];
	char how[64];
	int pid = (int)c->pid;

	describe(how, sizeof how, status);
	close(c->control);
	c->control = -1;
	c->pid = 0;
	c->ready = false;
	if (role == WORKER_FILES && status != 0)
		tell_files_gone(p, (pid_t)pid);
	if (p->stopping || g->state == GEN_RETIRING) {
		if (status != 0 && g->deadline_ms != 0)
			log_warn(
			    "%s (process %d) %s.", roles[role].name, pid, how);
		return;
	}
	if (g->state == GEN_STARTING && role != WORKER_INGEST) {
		char why[128];

		snprintf(why, sizeof why, _("%s (process %d) %s."),
		    roles[role].name, pid, how);
		proc_start_failed(p, why);
		return;
	}
	if (c->again_ms != 0) /* it was ended by us, with the others */
		return;
	schedule(c, now);
	log_error("%s (process %d) %s. It is started again in %lld ms.",
	    roles[role].name, pid, how, (long long)(c->again_ms - now));
	if (role == WORKER_AUTH || role == WORKER_FILES)
		end_all(g, now);
}

void
proc_reap(struct parent *p, int64_t now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct generation *g = p->first;

		for (; g != NULL; g = g->next) {
			enum role_id r = 0;

			while (r < WORKER_ROLES && g->child[r].pid != pid)
				r++;
			if (r == WORKER_ROLES)
				continue;
			died(p, g, r, status, now);
			break;
		}
	}
}

/* --- starts -------------------------------------------------------------- */

static bool
ingest_runs(const struct parent *p)
{
	for (const struct generation *g = p->first; g != NULL; g = g->next) {
		if (g->child[WORKER_INGEST].pid != 0)
			return true;
	}
	return false;
}

void
proc_start_ingest(struct parent *p, struct generation *g, int64_t now)
{
	struct child *c = &g->child[WORKER_INGEST];
	struct err e = ERR_EMPTY;

	if (ingest_runs(p) || c->again_ms > now)
		return;
	if (generation_spawn(g, WORKER_INGEST, &p->shared, now, &e) == -1) {
		log_error("%s", e.text);
		c->again_ms = now + FAILED_MS;
	}
}

/* Starts what is due in the current generation. */
void
proc_revive(struct parent *p, int64_t now)
{
	struct generation *g = p->current;
	struct child *auth = &g->child[WORKER_AUTH];
	struct child *files = &g->child[WORKER_FILES];
	struct err e = ERR_EMPTY;

	if (auth->pid == 0 || files->pid == 0) {
		for (enum role_id r = 0; r < WORKER_ROLES; r++) {
			if (r != WORKER_INGEST &&
			    (g->child[r].pid != 0 ||
				g->child[r].again_ms > now))
				return;
		}
		if (generation_start(g, &p->shared, now, &e) == -1) {
			log_error("%s", e.text);
			end_all(g, now + FAILED_MS);
		}
		return;
	}
	for (enum role_id r = 0; r < WORKER_ROLES; r++) {
		struct child *c = &g->child[r];

		if (!roles[r].network || !generation_wants(g, r) ||
		    c->pid != 0 || c->again_ms > now)
			continue;
		if (generation_spawn(g, r, &p->shared, now, &e) == -1) {
			log_error("%s", e.text);
			c->again_ms = now + FAILED_MS;
		}
	}
}
