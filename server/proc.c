/*
 * The parent: starts the workers, waits, restarts, reloads.  It reads no byte
 * from outside; what workers say to it are a few fixed messages.
 *
 * There is one current generation, perhaps one that is being started to
 * replace it, and any number that retire.
 */
#include "server/proc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/lang.h"
#include "server/log.h"
#include "server/prepare.h"
#include "server/proc_private.h"
#include "server/role.h"
#include "server/sdnotify.h"

#define INNER_MS 5000 /* auth and files, after the last session */

enum exit_status {
	EXIT_FINE = 0,
	EXIT_UNUSABLE = 2
};

/* --- ready, and the end -------------------------------------------------- */

static void
announce(struct parent *p)
{
	const struct child *ingest = &p->current->child[WORKER_INGEST];
	char text[1024];

	if (p->announced || p->stopping)
		return;
	/* Without ingest (a full disk) the last good files are served. */
	if (!ingest->ready && ingest->deaths == 0)
		return;
	listen_text(&p->current->listening, text, sizeof text);
	log_info("ready: %s", text[0] == '\0' ? "every port is off" : text);
	sdnotify_ready();
	p->announced = true;
}

static void
stop(struct parent *p, int64_t now)
{
	const struct generation *g = p->current;

	if (p->stopping) { /* asked twice: no more patience */
		p->stop_ms = now;
		return;
	}
	log_info("Stopping: sessions may finish.");
	sdnotify_stopping();
	p->stopping = true;
	p->stop_ms = now + (g == NULL ? 0 : (int64_t)g->conf->grace_s * 1000);
	if (p->starting != NULL)
		proc_abandon(p, p->starting);
	for (struct generation *o = p->first; o != NULL; o = o->next) {
		generation_tell(o, WORKER_HTTP, WIRE_DRAIN);
		generation_tell(o, WORKER_SSH, WIRE_DRAIN);
		generation_tell(o, WORKER_FTP, WIRE_DRAIN);
	}
}

/* --- what workers say ---------------------------------------------------- */

static void
hear(struct parent *p, struct generation *g, enum role_id role)
{
	union {
		struct wire head;
		struct wire_keys keys;
		uint8_t bytes[WIRE_MAX];
	} m;
	struct child *c = &g->child[role];
	int n = wire_recv(c->control, &m, sizeof m, NULL);

	if (n == -1 && errno == EAGAIN)
		return;
	if (n != 1) { /* SIGCHLD follows; a broken one is ended */
		generation_kill(g, role);
		close(c->control);
		c->control = -1;
		return;
	}
	if (m.head.type == WIRE_READY)
		c->ready = true;
	if (m.head.type == WIRE_QUIET)
		c->quiet = true;
	if (m.head.type != WIRE_KEYS || role != WORKER_AUTH)
		return;
	c->keys = m.head.id;
	if (!m.keys.taken)
		log_error("auth refused the users and tokens; those before "
			  "stay in force.");
	else if (c->ready && m.head.id == p->shared.logins.m.head.id)
		log_info("The users and tokens were read again.");
}

/* --- winding down -------------------------------------------------------- */

static bool
any_runs(const struct parent *p, bool network, bool ingest)
{
	for (const struct generation *g = p->first; g != NULL; g = g->next) {
		for (enum role_id r = 0; r < WORKER_ROLES; r++) {
			if (g->child[r].pid != 0 &&
			    roles[r].network == network &&
			    (r == WORKER_INGEST) == ingest)
				return true;
		}
	}
	return false;
}

static void
for_kind(struct parent *p, bool network, bool ingest, bool end)
{
	for (struct generation *g = p->first; g != NULL; g = g->next) {
		for (enum role_id r = 0; r < WORKER_ROLES; r++) {
			if (roles[r].network != network ||
			    (r == WORKER_INGEST) != ingest)
				continue;
			if (end)
				generation_kill(g, r);
			else
				generation_tell(g, r, WIRE_DRAIN);
		}
	}
}

/*
 * The network first, then auth and files (which have events to tell), then
 * ingest (which has them to write).  True when all are gone.
 */
static bool
wind_down(struct parent *p, int64_t now, int64_t *next)
{
	static const struct {
		bool network, ingest;
	} order[] = { { true, false }, { false, false }, { false, true } };
	static size_t step;

	while (
	    step < 3 && !any_runs(p, order[step].network, order[step].ingest)) {
		if (++step == 3)
			break;
		for_kind(p, order[step].network, order[step].ingest, false);
		if (p->stop_ms < now + INNER_MS)
			p->stop_ms = now + INNER_MS;
	}
	if (step == 3)
		return true;
	if (p->failed || now >= p->stop_ms)
		for_kind(p, order[step].network, order[step].ingest, true);
	else
		proc_sooner(next, p->stop_ms);
	return false;
}

/* --- the loop ------------------------------------------------------------ */

/* Everything that time or the last messages made due.  True at the end. */
static bool
advance(struct parent *p, int64_t now, int64_t *next)
{
	if (p->starting != NULL && generation_ready(p->starting))
		proc_take_over(p, now);
	else if (p->starting != NULL && now >= p->starting->deadline_ms)
		proc_start_failed(p, _("A worker did not start in time."));
	if (p->starting != NULL)
		proc_sooner(next, p->starting->deadline_ms);
	proc_finish_rotation(p);
	proc_bury(p, now, next);
	if (p->stopping)
		return wind_down(p, now, next);
	if (p->again && p->starting == NULL)
		proc_reload(p, now);
	proc_rotate(p, now, next);
	if (p->current != NULL) {
		proc_revive(p, now);
		announce(p);
		proc_note_keys(p);
	}
	proc_start_ingest(
	    p, p->current != NULL ? p->current : p->starting, now);
	for (struct generation *g = p->current; g != NULL; g = NULL) {
		for (enum role_id r = 0; r < WORKER_ROLES; r++) {
			if (g->child[r].pid == 0)
				proc_sooner(next, g->child[r].again_ms);
		}
	}
	return false;
}

static void
take_signals(struct parent *p, int64_t now)
{
	struct signalfd_siginfo s;

	while (read(p->signals, &s, sizeof s) == sizeof s) {
		if (s.ssi_signo == SIGCHLD)
			proc_reap(p, now);
		else if (s.ssi_signo == SIGTERM || s.ssi_signo == SIGINT)
			stop(p, now);
		else if (p->stopping || p->current == NULL)
			continue;
		else if (s.ssi_signo == SIGHUP)
			proc_reload(p, now);
		else if (s.ssi_signo == SIGUSR1)
			proc_take_keys(p);
	}
}

static void
wait_for_news(struct parent *p, int64_t until)
{
	struct {
		struct generation *g;
		enum role_id role;
	} who[64 * WORKER_ROLES];
	struct pollfd fds[1 + 64 * WORKER_ROLES];
	size_t n = 1;
	int64_t now = clock_ms();
	int wait = until == INT64_MAX ? -1
		   : until <= now     ? 0
				      : (int)(until - now);
	int dog = sdnotify_watchdog(now);

	if (dog != -1 && (wait == -1 || dog < wait))
		wait = dog;
	fds[0] = (struct pollfd){ p->signals, POLLIN, 0 };
	for (struct generation *g = p->first; g != NULL; g = g->next) {
		for (enum role_id r = 0; r < WORKER_ROLES; r++) {
			if (g->child[r].control == -1 ||
			    n == sizeof fds / sizeof fds[0])
				continue;
			who[n - 1].g = g;
			who[n - 1].role = r;
			fds[n++] =
			    (struct pollfd){ g->child[r].control, POLLIN, 0 };
		}
	}
	if (poll(fds, n, wait) <= 0)
		return;
	for (size_t i = 1; i < n; i++) {
		if (fds[i].revents != 0)
			hear(p, who[i - 1].g, who[i - 1].role);
	}
	if (fds[0].revents != 0)
		take_signals(p, clock_ms());
}

static int
run(struct parent *p)
{
	for (;;) {
		int64_t next = INT64_MAX;

		if (advance(p, clock_ms(), &next))
			break;
		wait_for_news(p, next);
	}
	if (!p->failed)
		log_info("Stopped.");
	return p->failed ? EXIT_UNUSABLE : EXIT_FINE;
}

/* --- from the start to the end ------------------------------------------- */

static int
prepare(struct parent *p, struct generation *g, struct err *e)
{
	if (layout_prepare(g->conf, g->account, e) == -1 ||
	    prepare_lock(&p->lock, g->conf, e) == -1 ||
	    keyset_logins(&p->shared.logins, g->conf, e) == -1 ||
	    generation_listen(g, NULL, e) == -1 ||
	    prepare_events(p->shared.events, e) == -1 ||
	    (p->shared.command = prepare_command(g->conf, e)) == -1)
		return -1;
	p->signals = prepare_signals();
	if (p->signals == -1)
		return err_set(
		    e, "Cannot receive signals: %s.", strerror(errno));
	return 0;
}

static void
close_all(struct parent *p)
{
	const int fds[] = { p->shared.events[0], p->shared.events[1],
		p->shared.command, p->lock, p->signals };

	while (p->first != NULL) {
		struct generation *g = p->first;

		p->first = g->next;
		generation_free(g);
	}
	keyset_logins_close(&p->shared.logins);
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
		if (fds[i] != -1)
			close(fds[i]);
	}
}

/* -t: everything that a start would refuse, but ports and the lock. */
static int
check(const struct generation *g, const char *path, struct err *e)
{
	struct login_keys k = { .fd = -1 };

	if (keyset_logins(&k, g->conf, e) == -1)
		return -1;
	keyset_logins_close(&k);
	printf(_("%s is fine.\n"), path);
	return 0;
}

int
proc_run(const char *conf_path, bool check_only)
{
	struct parent p = { .conf_path = conf_path,
		.shared = { { -1, -1 }, -1, { .fd = -1 } },
		.lock = -1,
		.signals = -1 };
	struct generation *g = NULL;
	struct err e = ERR_EMPTY;
	int status = EXIT_UNUSABLE;

	log_open("convdropd");
	umask(0027);
	if (prepare_libraries(&e) == -1 ||
	    generation_read(&g, conf_path, &e) == -1)
		goto out;
	if (check_only) {
		status =
		    check(g, conf_path, &e) == 0 ? EXIT_FINE : EXIT_UNUSABLE;
		generation_free(g);
		goto out;
	}
	sdnotify_open();
	prepare_sanitizer();
	prepare_descriptors();
	if (prepare(&p, g, &e) == -1) {
		generation_free(g);
		goto out;
	}
	proc_look_at_rotation(&p, g->conf);
	proc_begin(&p, g, clock_ms());
	status = run(&p);
out:
	if (e.text[0] != '\0')
		log_error("%s", e.text);
	close_all(&p);
	return status;
}
