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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/event.h"
#include "server/generation.h"
#include "server/lang.h"
#include "server/log.h"
#include "server/prepare.h"
#include "server/role.h"
#include "server/rotate.h"
#include "server/sdnotify.h"

#define START_MS 30000          /* a new generation must accept by then */
#define RETIRE_MS (3600 * 1000) /* and an old one be gone */
#define INNER_MS 5000           /* auth and files, after the last session */
#define AGAIN_MIN_MS 100        /* before a dead worker is started again */
#define AGAIN_MAX_MS 30000
#define FAILED_MS 1000  /* before a start that failed is tried again */
#define STEADY_MS 60000 /* who lived that long died for the first time */

enum exit_status {
	EXIT_FINE = 0,
	EXIT_UNUSABLE = 2
};

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
	bool rotating;     /* they are in place, and not in force yet */
	bool stopping, failed;
	int64_t stop_ms; /* when draining ends */
};

/* --- time ----------------------------------------------------------------- */

static void
sooner(int64_t *at, int64_t t)
{
	if (t != 0 && t < *at)
		*at = t;
}

/* --- host keys ----------------------------------------------------------- */

#define WALL_S 60 /* how often the wall's clock is looked at: it may be set */

static void
look_at_rotation(struct parent *p, const struct conf *c)
{
	struct rotation r;
	struct err e = ERR_EMPTY;

	if (rotate_look(&r, c, &e) == -1)
		log_error("The coming host keys: %s.", e.text);
	p->rotate_at = r.at;
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

/* The generation that has them accepts. */
static void
finish_rotation(struct parent *p)
{
	struct err e = ERR_EMPTY;

	if (!p->rotating)
		return;
	p->rotating = false;
	tell_rotated(p, p->current->conf);
	if (rotate_finish(p->current->conf, &e) == -1)
		log_error("The coming host keys: %s.", e.text);
	else
		p->rotate_at = 0;
}

/* --- generations come and go --------------------------------------------- */

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

/* It never came to work: nothing is lost by ending it at once. */
static void
abandon(struct parent *p, struct generation *g)
{
	g->state = GEN_RETIRING;
	g->deadline_ms = 0;
	for (enum role_id r = 0; r < WORKER_ROLES; r++)
		generation_kill(g, r);
	p->starting = NULL;
}

static void
start_failed(struct parent *p, const char *why)
{
	abandon(p, p->starting);
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

static bool
ingest_runs(const struct parent *p)
{
	for (const struct generation *g = p->first; g != NULL; g = g->next) {
		if (g->child[WORKER_INGEST].pid != 0)
			return true;
	}
	return false;
}

static void
start_ingest(struct parent *p, struct generation *g, int64_t now)
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

static void
begin(struct parent *p, struct generation *g, int64_t now)
{
	struct err e = ERR_EMPTY;

	g->state = GEN_STARTING;
	g->deadline_ms = now + START_MS;
	g->next = p->first;
	p->first = p->starting = g;
	if (generation_start(g, &p->shared, now, &e) == -1)
		start_failed(p, e.text);
}

/* The new generation accepts: it takes over. */
static void
take_over(struct parent *p, int64_t now)
{
	struct generation *old = p->current;

	p->current = p->starting;
	p->starting = NULL;
	p->current->state = GEN_LIVE;
	if (old == NULL)
		return;
	retire(p, old, now);
	finish_rotation(p);
	log_info("The configuration was read again and is in force.");
	sdnotify_ready();
}

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

/* --- signals ------------------------------------------------------------- */

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

static void
reload(struct parent *p, int64_t now)
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
	if (read_keys(p, g->conf))
		hand_out_keys(p);
	begin(p, g, now);
}

/* When the time for the coming host keys has come, they take their places and
 * a new generation serves with them; the sessions of the old one go on. */
static void
rotate(struct parent *p, int64_t now, int64_t *next)
{
	int64_t left = p->rotate_at - (int64_t)time(NULL);
	struct err e = ERR_EMPTY;

	if (p->rotate_at == 0 || p->current == NULL || p->starting != NULL)
		return;
	if (left > 0) {
		sooner(next, now + 1000 * (left < WALL_S ? left : WALL_S));
		return;
	}
	p->rotate_at += WALL_S - left; /* should it fail, it is tried again */
	if (rotate_apply(p->current->conf, &e) == -1) {
		log_error("The coming host keys: %s.", e.text);
		return;
	}
	p->rotating = true;
	reload(p, now);
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
		abandon(p, p->starting);
	for (struct generation *o = p->first; o != NULL; o = o->next) {
		generation_tell(o, WORKER_HTTP, WIRE_DRAIN);
		generation_tell(o, WORKER_SSH, WIRE_DRAIN);
		generation_tell(o, WORKER_FTP, WIRE_DRAIN);
	}
}

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
		c->again_ms = now; /* see revive */
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
		start_failed(p, why);
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

static void
reap(struct parent *p, int64_t now)
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

/* Starts what is due in the current generation. */
static void
revive(struct parent *p, int64_t now)
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
	if (m.head.type != WIRE_KEYS || role != WORKER_AUTH)
		return;
	c->keys = m.head.id;
	if (!m.keys.taken)
		log_error("auth refused the users and tokens; those before "
			  "stay in force.");
	else if (c->ready && m.head.id == p->shared.logins.m.head.id)
		log_info("The users and tokens were read again.");
}

/* The change is in force once no auth goes by the keys before. */
static void
note_keys(struct parent *p)
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

/* --- the loop ------------------------------------------------------------ */

static void
bury(struct parent *p, int64_t now, int64_t *next)
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
			sooner(next, g->ingest_deadline_ms);
		if (now < g->deadline_ms)
			sooner(next, g->deadline_ms);
		at = &g->next;
	}
}

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
		sooner(next, p->stop_ms);
	return false;
}

/* Everything that time or the last messages made due.  True at the end. */
static bool
advance(struct parent *p, int64_t now, int64_t *next)
{
	if (p->starting != NULL && generation_ready(p->starting))
		take_over(p, now);
	else if (p->starting != NULL && now >= p->starting->deadline_ms)
		start_failed(p, _("A worker did not start in time."));
	if (p->starting != NULL)
		sooner(next, p->starting->deadline_ms);
	bury(p, now, next);
	if (p->stopping)
		return wind_down(p, now, next);
	if (p->again && p->starting == NULL)
		reload(p, now);
	rotate(p, now, next);
	if (p->current != NULL) {
		revive(p, now);
		announce(p);
		note_keys(p);
	}
	start_ingest(p, p->current != NULL ? p->current : p->starting, now);
	for (struct generation *g = p->current; g != NULL; g = NULL) {
		for (enum role_id r = 0; r < WORKER_ROLES; r++) {
			if (g->child[r].pid == 0)
				sooner(next, g->child[r].again_ms);
		}
	}
	return false;
}

static void
take_keys(struct parent *p)
{
	look_at_rotation(p, p->current->conf);
	if (read_keys(p, p->current->conf))
		hand_out_keys(p);
}

static void
take_signals(struct parent *p, int64_t now)
{
	struct signalfd_siginfo s;

	while (read(p->signals, &s, sizeof s) == sizeof s) {
		if (s.ssi_signo == SIGCHLD)
			reap(p, now);
		else if (s.ssi_signo == SIGTERM || s.ssi_signo == SIGINT)
			stop(p, now);
		else if (p->stopping || p->current == NULL)
			continue;
		else if (s.ssi_signo == SIGHUP)
			reload(p, now);
		else if (s.ssi_signo == SIGUSR1)
			take_keys(p);
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
	look_at_rotation(&p, g->conf);
	begin(&p, g, clock_ms());
	status = run(&p);
out:
	if (e.text[0] != '\0')
		log_error("%s", e.text);
	close_all(&p);
	return status;
}
