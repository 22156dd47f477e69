/*
 * The accepting process.  A child's end is seen by the end of its report
 * channel.
 *
 * To accept is cheap and a process is not.  So all that come are accepted at
 * once, then the clients wait for their processes, which are made one by one:
 * first for those who logged in lately and those who already speak, at last
 * for those who only hold a place.
 */
#include "net/master.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "net/auth.h"
#include "net/door.h"
#include "net/near.h"
#include "server/address.h"
#include "server/clock.h"
#include "server/lang.h"
#include "server/log.h"
#include "net/watchdog.h"

#define TICK_MS 1000
#define BREATH_MS 100
#define OVERTIME_S 5  /* a child that does not keep its deadline is killed */
#define AT_ONCE 64    /* accepted before anything else is looked at */
#define SILENT_MS 200 /* then a client may wait for us to speak */

struct slot {        /* one connection: it waits, or has a child */
	pid_t pid;   /* 0: it waits */
	int fd;      /* the client's, while it waits; else -1 */
	bool speaks; /* while it waits: there is something to read */
	int report;  /* -1 while it waits */
	uint32_t protocol;
	struct in6_addr from;
	struct sockaddr_storage at; /* where its client came to */
	bool in;
	bool let_go; /* made room for another, or misbehaved; is killed */
	int64_t started_ms;
};

struct server {
	struct worker *w;
	const struct service *service;
	struct slot *slot;
	struct guest *guest; /* what door.c sees of them */
	size_t slots;
	struct door *door;
	struct pollfd *poll; /* control, listeners, children */
	int64_t logged;      /* when a refusal was last logged, */
	unsigned unlogged;   /* and how many were not, since */
	bool draining, stop;
};

/* --- children --- */

/* What the rules of the door say to one more from there. */
static struct door_says
ask_door(struct server *s, const struct in6_addr *from)
{
	for (size_t i = 0; i < s->slots; i++) {
		const struct slot *k = &s->slot[i];

		s->guest[i] = (struct guest){ .from = k->from,
			.since_ms = k->started_ms,
			.in = k->in,
			.gone = k->let_go };
	}
	return door_ask(s->door, s->guest, s->slots, from, clock_ms());
}

/* At most once a second. */
static void
log_refusal(struct server *s, const char *setting)
{
	int64_t now = clock_ms() / 1000;

	if (now == s->logged) {
		s->unlogged++;
		return;
	}
	log_warn(ngettext("A connection was refused or ended: %s is reached "
			  "(%u more was before).",
		     "A connection was refused or ended: %s is reached (%u "
		     "more were before).",
		     s->unlogged),
	    setting, s->unlogged);
	s->logged = now;
	s->unlogged = 0;
}

/* Gives peer (auth or files) one end of a fresh channel, for who serves the
 * client from there; the other end, or -1. */
static int
introduce(int peer, const struct in6_addr *from)
{
	int pair[2];

	if (wire_pair(pair) == -1)
		return -1;
	if (wire_introduce(peer, 0, from, pair[1]) == -1) {
		close(pair[0]);
		pair[0] = -1;
	}
	close(pair[1]);
	return pair[0];
}

static int
compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Closes all descriptors above stderr but these. */
static void
keep_only(int *fd, size_t n)
{
	unsigned next = STDERR_FILENO + 1;

	qsort(fd, n, sizeof *fd, compare);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned)fd[i] > next)
			close_range(next, (unsigned)fd[i] - 1, 0);
		next = (unsigned)fd[i] + 1;
	}
	close_range(next, ~0U, 0);
}

/* Sessions move files in bulk: one that wakes up does not interrupt what runs,
 * be it auth, files or a client on this machine (sched(7), SCHED_BATCH). */
static void __attribute__((noreturn))
become_child(const struct server *s, const struct connection *it, pid_t parent)
{
	int keep[] = { it->fd, it->auth, it->files, it->report };
	const struct sched_param usual = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	keep_only(keep, sizeof keep / sizeof *keep);
	sched_setscheduler(0, SCHED_BATCH, &usual);
	_exit(s->service->serve(s->service->ctx, it));
}

/* A child for a client that waits. */
static int
begin_child(struct server *s, struct slot *k)
{
	struct connection it = { .fd = k->fd,
		.from = k->from,
		.at = k->at,
		.protocol = k->protocol,
		.auth = introduce(s->w->auth, &k->from),
		.files = introduce(s->w->files, &k->from) };
	int report[2] = { -1, -1 }, rc = -1;
	pid_t parent = getpid(), pid;

	if (it.auth == -1 || it.files == -1 || wire_pair(report) == -1)
		goto out;
	it.report = report[1];
	pid = fork();
	if (pid == 0)
		become_child(s, &it, parent);
	if (pid == -1)
		goto out;
	fcntl(report[0], F_SETFL, O_NONBLOCK);
	close(k->fd);
	k->fd = -1;
	k->pid = pid;
	k->report = report[0];
	report[0] = -1;
	if (s->draining)
		wire_send_plain(k->report, WIRE_DRAIN);
	rc = 0;
out:
	if (rc == -1)
		log_error(
		    "A connection could not be served: %s.", strerror(errno));
	for (size_t i = 0; i < 2; i++) {
		if (report[i] != -1)
			close(report[i]);
	}
	if (it.auth != -1)
		close(it.auth);
	if (it.files != -1)
		close(it.files);
	return rc;
}

static void
forget(struct server *s, size_t i)
{
	struct slot *k = &s->slot[i];

	close(k->pid == 0 ? k->fd : k->report);
	*k = s->slot[--s->slots];
}

/* Ends a child; its end follows. */
static void
let_go(struct slot *k)
{
	k->let_go = true;
	kill(k->pid, SIGKILL);
}

/* False when nobody waits to be accepted. */
static bool
accept_one(struct server *s, const struct listener *l)
{
	struct slot it = {
		.report = -1, .protocol = l->protocol, .started_ms = clock_ms()
	};
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof a, at_n = sizeof it.at;
	struct door_says says;

	it.fd = accept4(
	    l->fd, (struct sockaddr *)&a, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (it.fd == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			poll(NULL, 0, BREATH_MS); /* it stays readable */
		return false;
	}
	getsockname(it.fd, (struct sockaddr *)&it.at, &at_n);
	it.from = address_from((const struct sockaddr *)&a);
	says = ask_door(s, &it.from);
	if (says.rule != DOOR_RULES)
		log_refusal(s, door_setting(says.rule));
	if (says.ends != DOOR_NOBODY && s->slot[says.ends].pid == 0)
		forget(s, says.ends);
	else if (says.ends != DOOR_NOBODY)
		let_go(&s->slot[says.ends]);
	if (says.open) {
		near_begin(it.fd, &it.from);
		s->slot[s->slots++] = it;
	} else {
		close(it.fd);
	}
	return true;
}

/* In FTP it is the server who speaks first.  Clients of the others, too, may
 * wait for it, but few do. */
static int64_t
patience_of(const struct slot *k)
{
	return k->speaks || k->protocol == PROTO_FTP ? 0 : SILENT_MS;
}

/* How long poll may wait before somebody's turn comes. */
static int
until_a_turn(const struct server *s)
{
	int64_t now = clock_ms(), wait = TICK_MS;

	for (size_t i = 0; i < s->slots; i++) {
		const struct slot *k = &s->slot[i];
		int64_t left = k->started_ms + patience_of(k) - now;

		if (k->pid == 0 && left < wait)
			wait = left;
	}
	return wait > 0 ? (int)wait : 0;
}

/* Whose turn it is to get a child; the last to come is the least likely to be
 * of a crowd.  Nobody's: s->slots. */
static size_t
whose_turn(const struct server *s)
{
	int64_t now = clock_ms();
	size_t found = s->slots;
	int best = -1;

	for (size_t i = 0; i < s->slots; i++) {
		const struct slot *k = &s->slot[i];
		int rank;

		if (k->pid != 0 || now - k->started_ms < patience_of(k))
			continue;
		rank = 2 * door_spares(s->door, &k->from, now) + k->speaks;
		if (rank < best ||
		    (rank == best && k->started_ms < s->slot[found].started_ms))
			continue;
		best = rank;
		found = i;
	}
	return found;
}

static void
begin_one(struct server *s)
{
	size_t i = whose_turn(s);

	if (i < s->slots && begin_child(s, &s->slot[i]) == -1)
		forget(s, i);
}

static void
log_death(const struct slot *k, int with)
{
	char from[INET6_ADDRSTRLEN];

	if (with == SIGPROF)
		log_warn("%s: the process of the connection worked for %d s "
			 "without getting on, and was ended. Only a client "
			 "that is broken, or means no good, does that.",
		    address_text(from, &k->from), WATCHDOG_S);
	else
		log_error("The process of a connection was killed by signal "
			  "%d (%s).",
		    with, strsignal(with));
}

static void
end_child(struct server *s, size_t i)
{
	const struct slot *k = &s->slot[i];
	int status = 0;

	kill(k->pid, SIGKILL); /* it is at its end, or it only says so */
	waitpid(k->pid, &status, 0);
	if (WIFSIGNALED(status) && !k->let_go)
		log_death(k, WTERMSIG(status));
	forget(s, i);
}

/* A client that waits said something, or is gone. */
static void
hear_waiting(struct server *s, size_t i, short events)
{
	struct slot *k = &s->slot[i];
	short gone = POLLHUP | POLLERR;

	if (k->protocol != PROTO_FTP) /* it may have said all it wants */
		gone |= POLLRDHUP;
	if (events & gone)
		forget(s, i);
	else
		k->speaks = true;
}

/* True when the child is gone. */
static bool
hear_child(struct server *s, struct slot *k)
{
	const struct service *v = s->service;
	union {
		struct wire head;
		uint8_t bytes[WIRE_MAX];
	} m;
	int n = wire_recv(k->report, &m, sizeof m, NULL);

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n == 0)
		return true;
	if (n == 1 && m.head.type == WIRE_IN) {
		k->in = true;
		door_welcome(s->door, &k->from, clock_ms());
	} else if (n == -1 || v->asked == NULL ||
		   !v->asked(v->ctx, k->report, &k->at, &m.head)) {
		let_go(k); /* its end follows */
	}
	return false;
}

static void
kill_late_ones(const struct server *s)
{
	int64_t latest =
	    clock_ms() - ((int64_t)s->w->conf->login_s + OVERTIME_S) * 1000;

	for (size_t i = 0; i < s->slots; i++) {
		if (s->slot[i].pid != 0 && !s->slot[i].in &&
		    s->slot[i].started_ms < latest)
			kill(s->slot[i].pid, SIGKILL);
	}
}

/* --- the process --- */

/* Who waits for a process came before, and gets one yet. */
static void
drain(struct server *s)
{
	struct worker *w = s->w;

	s->draining = true;
	for (size_t i = 0; i < w->listeners; i++)
		close(w->listener[i].fd);
	w->listeners = 0;
	worker_quiet(w);
	for (size_t i = 0; i < s->slots; i++) {
		if (s->slot[i].pid != 0)
			wire_send_plain(s->slot[i].report, WIRE_DRAIN);
	}
}

static void
hear_parent(struct server *s)
{
	union {
		struct wire head;
		uint8_t bytes[WIRE_MAX];
	} m;
	int n = wire_recv(s->w->control, &m, sizeof m, NULL);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != 1 || m.head.type == WIRE_STOP)
		s->stop = true;
	else if (m.head.type == WIRE_DRAIN && !s->draining)
		drain(s);
}

static struct pollfd
poll_for(const struct slot *k)
{
	if (k->pid != 0)
		return (struct pollfd){ k->report, POLLIN, 0 };
	return (struct pollfd){ k->fd,
		k->speaks ? POLLRDHUP : POLLIN | POLLRDHUP, 0 };
}

static int
wait_for_events(struct server *s)
{
	struct worker *w = s->w;
	size_t n = 0;

	s->poll[n++] = (struct pollfd){ w->control, POLLIN, 0 };
	for (size_t i = 0; i < w->listeners; i++)
		s->poll[n++] = (struct pollfd){ w->listener[i].fd, POLLIN, 0 };
	for (size_t i = 0; i < s->slots; i++)
		s->poll[n++] = poll_for(&s->slot[i]);
	if (poll(s->poll, n, until_a_turn(s)) == -1 && errno != EINTR) {
		log_error("poll: %s.", strerror(errno));
		return -1;
	}
	return 0;
}

static void
run(struct server *s)
{
	struct worker *w = s->w;

	while (!s->stop && !(s->draining && s->slots == 0)) {
		size_t listeners = w->listeners, slots = s->slots;

		if (wait_for_events(s) == -1)
			break;
		/* from the last one on, as the last takes a gone one's place */
		for (size_t i = slots; i-- > 0;) {
			short events = s->poll[1 + listeners + i].revents;

			if (events != 0 && s->slot[i].pid == 0)
				hear_waiting(s, i, events);
			else if (events != 0 && hear_child(s, &s->slot[i]))
				end_child(s, i);
		}
		for (size_t i = 0; i < listeners; i++) {
			unsigned most = s->poll[1 + i].revents ? AT_ONCE : 0;

			while (most > 0 && accept_one(s, &w->listener[i]))
				most--;
		}
		begin_one(s);
		if (s->poll[0].revents != 0)
			hear_parent(s);
		kill_late_ones(s);
	}
	for (size_t i = 0; i < s->slots; i++) {
		if (s->slot[i].pid != 0)
			kill(s->slot[i].pid, SIGKILL);
	}
}

int
master_run(struct worker *w, const struct service *service)
{
	size_t most = w->conf->max_connections;
	struct server s = { .w = w, .service = service };
	int status = 1;

	s.slot = calloc(most, sizeof *s.slot);
	s.guest = calloc(most, sizeof *s.guest);
	s.door = door_new(w->conf);
	s.poll = calloc(1 + w->listeners + most, sizeof *s.poll);
	if (s.slot == NULL || s.guest == NULL || s.poll == NULL) {
		log_error("out of memory");
	} else {
		worker_ready(w);
		run(&s);
		status = 0;
	}
	door_free(s.door);
	free(s.guest);
	free(s.slot);
	free(s.poll);
	return status;
}
