/*
 * The accepting process of the SFTP service.  A child's end is seen by the end
 * of its report channel; one byte on it says that its client logged in.
 */
#include "net/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <linux/close_range.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "keys/secret.h"
#include "server/address.h"
#include "net/auth.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/worker.h"
#include "server/sandbox.h"
#include "net/ssh_child.h"
#include "net/ssh_profile.h"

#define TICK_MS 1000
#define BREATH_MS 100
#define OVERTIME_S 5 /* a child that does not keep its deadline is killed */

struct slot { /* one child */
	pid_t pid;
	int report;
	struct in6_addr network; /* what "per address" counts */
	bool in;
	bool let_go;     /* made room for another; is being killed */
	int64_t started; /* seconds, monotonic */
};

struct server {
	struct worker *w;
	ssh_bind bind;
	struct slot *slot;
	size_t slots;
	struct pollfd *poll; /* control, listeners, children */
	int64_t logged;      /* when a refusal was last logged, */
	unsigned unlogged;   /* and how many were not, since */
	bool draining, stop;
};

/* --- keys --- */

static int
import_key(struct server *s, enum hostkey_type t, struct err *e)
{
	struct worker *w = s->w;
	ssh_key key = NULL;

	if (w->pem[t] == NULL)
		return err_set(
		    e, "the host key %s is missing", hostkey_file(t));
	if (ssh_pki_import_privkey_base64(w->pem[t], NULL, NULL, NULL, &key) !=
	    SSH_OK)
		return err_set(
		    e, "libssh cannot read the host key %s", hostkey_file(t));
	if (ssh_bind_options_set(s->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) !=
	    0) {
		ssh_key_free(key);
		return err_set(e, "libssh does not take the host key %s: %s",
		    hostkey_file(t), ssh_get_error(s->bind));
	}
	return 0; /* the key is the bind's now */
}

static void
wipe_keys(struct worker *w)
{
	for (size_t i = 0; i < 4; i++) {
		if (w->pem[i] == NULL)
			continue;
		secret_wipe(w->pem[i], w->pem_n[i]);
		free(w->pem[i]);
		w->pem[i] = NULL;
	}
}

static int
set_options(struct server *s, struct err *e)
{
	const struct ssh_algorithms *a =
	    ssh_algorithms(s->w->conf->ssh_profile);
	const bool no = false;
	const struct {
		enum ssh_bind_options_e option;
		const void *value;
	} set[] = {
		{ SSH_BIND_OPTIONS_PROCESS_CONFIG, &no },
		{ SSH_BIND_OPTIONS_BANNER, "convdrop" },
		{ SSH_BIND_OPTIONS_RSA_MIN_SIZE, &a->rsa_bits },
		{ SSH_BIND_OPTIONS_KEY_EXCHANGE, a->kex },
		{ SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, a->hostkeys },
		{ SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, a->pubkeys },
		{ SSH_BIND_OPTIONS_CIPHERS_C_S, a->ciphers },
		{ SSH_BIND_OPTIONS_CIPHERS_S_C, a->ciphers },
		{ SSH_BIND_OPTIONS_HMAC_C_S, a->macs },
		{ SSH_BIND_OPTIONS_HMAC_S_C, a->macs },
	};

	for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
		if (ssh_bind_options_set(
			s->bind, set[i].option, set[i].value) != 0)
			return err_set(e, "libssh: %s", ssh_get_error(s->bind));
	}
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		if (a->hostkey[t] &&
		    import_key(s, (enum hostkey_type)t, e) == -1)
			return -1;
	}
	return 0;
}

/* --- children --- */

/*
 * NULL, or the setting that one more connection from there would exceed.  When
 * strangers from many addresses hold all of their places, *oldest is to make
 * room: who means it logs in within moments.
 */
static const char *
refused(const struct server *s, const struct in6_addr *network,
    struct slot **oldest)
{
	const struct conf *c = s->w->conf;
	unsigned here = 0, strangers = 0, strangers_here = 0;

	*oldest = NULL;
	for (size_t i = 0; i < s->slots; i++) {
		struct slot *k = &s->slot[i];
		bool same = memcmp(&k->network, network, sizeof *network) == 0;
		bool stranger = !k->in && !k->let_go;

		here += same;
		strangers += stranger;
		strangers_here += stranger && same;
		if (stranger &&
		    (*oldest == NULL || k->started < (*oldest)->started))
			*oldest = k;
	}
	if (s->slots >= c->max_connections)
		return "max_connections";
	if (here >= c->max_per_address)
		return "max_per_address";
	if (strangers_here >= c->max_unauth_per_address)
		return "max_unauth_per_address";
	if (strangers < c->max_unauthenticated)
		*oldest = NULL;
	return NULL;
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
	log_warn("A connection was refused or ended: %s is reached (%u more "
		 "were before).",
	    setting, s->unlogged);
	s->logged = now;
	s->unlogged = 0;
}

/* Gives peer (auth or files) one end of a fresh channel; the other, or -1. */
static int
introduce(int peer)
{
	struct wire_plain m;
	int pair[2];

	if (wire_pair(pair) == -1)
		return -1;
	WIRE_INIT(&m, WIRE_CLIENT);
	m.kind = PEER_CHILD;
	if (wire_send(peer, &m.head, pair[1]) == -1) {
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

static void __attribute__((noreturn))
become_child(const struct server *s, struct ssh_child *it, pid_t parent)
{
	int keep[] = { it->fd, it->auth, it->files, it->report };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	keep_only(keep, sizeof keep / sizeof *keep);
	it->conf = s->w->conf;
	it->bind = s->bind;
	_exit(ssh_child_run(it));
}

static void
set_socket(int fd)
{
	const int yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
}

/* A child for the connection fd, which stays the caller's. */
static int
begin_child(struct server *s, int fd, const struct in6_addr *from)
{
	struct ssh_child it = { .fd = fd, .from = *from };
	int report[2] = { -1, -1 }, rc = -1;
	pid_t parent = getpid(), pid;

	it.auth = introduce(s->w->auth);
	it.files = introduce(s->w->files);
	if (it.auth == -1 || it.files == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, report) == -1)
		goto out;
	it.report = report[1];
	pid = fork();
	if (pid == 0)
		become_child(s, &it, parent);
	if (pid == -1)
		goto out;
	s->slot[s->slots++] = (struct slot){ .pid = pid,
		.report = report[0],
		.network = address_network(from),
		.started = clock_ms() / 1000 };
	report[0] = -1;
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
accept_one(struct server *s, int listener)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;
	struct in6_addr from = IN6ADDR_ANY_INIT, network;
	struct slot *oldest;
	const char *setting;
	int fd = accept4(
	    listener, (struct sockaddr *)&a, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			poll(NULL, 0, BREATH_MS); /* it stays readable */
		return;
	}
	if (a.ss_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, &a, sizeof in6);
		from = in6.sin6_addr;
	} else if (a.ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, &a, sizeof in);
		from.s6_addr[10] = from.s6_addr[11] = 0xff;
		memcpy(from.s6_addr + 12, &in.sin_addr, 4);
	}
	network = address_network(&from);
	setting = refused(s, &network, &oldest);
	if (setting != NULL) {
		log_refusal(s, setting);
	} else {
		if (oldest != NULL) {
			log_refusal(s, "max_unauthenticated");
			oldest->let_go = true;
			kill(oldest->pid, SIGKILL);
		}
		set_socket(fd);
		begin_child(s, fd, &from);
	}
	close(fd);
}

static void
end_child(struct server *s, size_t i)
{
	int status;

	waitpid(s->slot[i].pid, &status, 0);
	if (WIFSIGNALED(status) && !s->slot[i].let_go)
		log_error("The process of a connection was killed by signal "
			  "%d (%s).",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	close(s->slot[i].report);
	s->slot[i] = s->slot[--s->slots];
}

/* What a child says: that its client logged in, or, by being gone, the end.
 * True when it is gone. */
static bool
hear_child(struct slot *k)
{
	char c;
	ssize_t n = read(k->report, &c, 1);

	if (n == 1)
		k->in = true;
	return n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN);
}

static void
kill_late_ones(const struct server *s)
{
	int64_t latest = clock_ms() / 1000 - s->w->conf->login_s - OVERTIME_S;

	for (size_t i = 0; i < s->slots; i++) {
		if (!s->slot[i].in && s->slot[i].started < latest)
			kill(s->slot[i].pid, SIGKILL);
	}
}

/* --- the process --- */

static void
drain(struct server *s)
{
	struct worker *w = s->w;

	s->draining = true;
	for (size_t i = 0; i < w->listeners; i++)
		close(w->listener[i].fd);
	w->listeners = 0;
	for (size_t i = 0; i < s->slots; i++)
		shutdown(s->slot[i].report, SHUT_WR);
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

static int
wait_for_events(struct server *s)
{
	struct worker *w = s->w;
	size_t n = 0;

	s->poll[n++] = (struct pollfd){ w->control, POLLIN, 0 };
	for (size_t i = 0; i < w->listeners; i++)
		s->poll[n++] = (struct pollfd){ w->listener[i].fd, POLLIN, 0 };
	for (size_t i = 0; i < s->slots; i++)
		s->poll[n++] = (struct pollfd){ s->slot[i].report, POLLIN, 0 };
	if (poll(s->poll, n, TICK_MS) == -1 && errno != EINTR) {
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
			if (s->poll[1 + listeners + i].revents != 0 &&
			    hear_child(&s->slot[i]))
				end_child(s, i);
		}
		for (size_t i = 0; i < listeners; i++) {
			if (s->poll[1 + i].revents != 0)
				accept_one(s, w->listener[i].fd);
		}
		if (s->poll[0].revents != 0)
			hear_parent(s);
		kill_late_ones(s);
	}
	for (size_t i = 0; i < s->slots; i++)
		kill(s->slot[i].pid, SIGKILL);
}

/* libssh and what is below it load everything now, not in a sandbox. */
static int
warm_up(struct err *e)
{
	uint8_t random[16];

	if (ssh_init() != SSH_OK || ssh_get_random(random, 16, 0) == 0)
		return err_set(e, "libssh does not start");
	if (ssh_version(SSH_VERSION_INT(0, 10, 6)) == NULL)
		return err_set(e,
		    "libssh %s has known holes; version 0.10.6 or a later one "
		    "is needed",
		    ssh_version(0));
	return 0;
}

static int
start(struct server *s, struct err *e)
{
	const struct worker *w = s->w;
	size_t most = w->conf->max_connections;

	signal(SIGPIPE, SIG_IGN);
	if (warm_up(e) == -1)
		return -1;
	s->bind = ssh_bind_new();
	s->slot = calloc(most, sizeof *s->slot);
	s->poll = calloc(1 + w->listeners + most, sizeof *s->poll);
	if (s->bind == NULL || s->slot == NULL || s->poll == NULL)
		return err_set(e, "out of memory");
	if (set_options(s, e) == -1)
		return -1;
	wipe_keys(s->w);
	return sandbox_enter(SANDBOX_SSH, w->conf, e);
}

int
ssh_main(struct worker *w)
{
	static struct server s;
	struct err e = ERR_EMPTY;

	s.w = w;
	if (start(&s, &e) == -1) {
		log_error("SFTP cannot be served: %s.", e.text);
		return 1;
	}
	worker_ready(w);
	run(&s);
	return 0;
}
