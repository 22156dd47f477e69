/*
 * One FTP connection: the control connection's bytes, its times and its end.
 */
#include "net/ftp_child.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/arena.h"
#include "keys/secret.h"
#include "net/ftp_list.h"
#include "net/ftp_session.h"
#include "server/address.h"
#include "server/clock.h"
#include "server/lang.h"
#include "server/log.h"
#include "server/sandbox.h"

#define OUT_HIGH ((size_t)16 * 1024) /* then no more commands are taken */
#define FAREWELL_MS 1000             /* for the last reply */
#define KNOCK_MS 1000 /* how often data's listener is looked at */

enum { /* of ftp.fd */
	CONTROL,
	AUTH,
	REPORT,
	WATCHED,            /* while data moves; and between commands: */
	LISTENER = WATCHED, /* of data */
	POLLED
};

/* --- replies --- */

void
ftp_put(struct ftp *s, const char *bytes, size_t n)
{
	if (s->out.size - s->out.n < n) {
		s->out.size = (s->out.n + n) * 2;
		s->out.p = mem_grow(s->out.p, s->out.size);
	}
	memcpy(s->out.p + s->out.n, bytes, n);
	s->out.n += n;
}

void
ftp_say(struct ftp *s, const char *fmt, ...)
{
	char line[FTP_LINE_MAX];
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line - 2, fmt, ap);
	va_end(ap);
	n = strlen(line);
	memcpy(line + n, "\r\n", 2);
	ftp_put(s, line, n + 2);
}

void
ftp_over(struct ftp *s, const char *why)
{
	s->over = true;
	if (s->why == NULL)
		s->why = why;
}

static void
lose(struct ftp *s)
{
	s->gone = true;
	ftp_over(s, NULL);
}

static ssize_t
write_some(struct ftp *s)
{
	const char *p = s->out.p + s->out.sent;
	size_t n = s->out.n - s->out.sent;

	return s->tls != NULL ? tls_write(s->tls, p, n)
			      : send(s->it->fd, p, n, MSG_NOSIGNAL);
}

/* Sends what the socket takes. */
static void
flush(struct ftp *s)
{
	ssize_t n = 0;

	while (!s->gone && s->out.sent < s->out.n) {
		n = write_some(s);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		s->out.sent += (size_t)n;
	}
	s->out.n -= s->out.sent;
	if (s->out.n > 0 && s->out.sent > 0)
		memmove(s->out.p, s->out.p + s->out.sent, s->out.n);
	s->out.sent = 0;
	if (!s->gone && n >= 0 && s->tls != NULL)
		n = tls_flush(s->tls);
	s->stuck = n == -1 && errno == EAGAIN;
	if (n == -1 && !s->stuck)
		lose(s);
}

void
ftp_flush_by(struct ftp *s, int64_t deadline)
{
	for (flush(s); s->stuck && !s->gone; flush(s)) {
		struct pollfd p = { .fd = s->it->fd, .events = POLLOUT };
		int64_t left = deadline - clock_ms();

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			break;
	}
}

/* --- lines --- */

static bool
read_some(struct ftp *s)
{
	ssize_t n;

	do {
		n = s->tls != NULL ? tls_read(s->tls, s->in, sizeof s->in)
				   : recv(s->it->fd, s->in, sizeof s->in, 0);
	} while (n == -1 && errno == EINTR);
	s->in_at = 0;
	s->in_n = n > 0 ? (size_t)n : 0;
	if (n == 0 || (n == -1 && errno != EAGAIN))
		lose(s);
	return n > 0;
}

/* Is there a line?  Then it is held. */
static bool
next_line(struct ftp *s)
{
	while (s->held == FTP_LINE_MORE) {
		if (s->in_at == s->in_n && !read_some(s))
			return false;
		s->in_at += ftp_lines_take(
		    &s->lines, s->in + s->in_at, s->in_n - s->in_at, &s->held);
	}
	return true;
}

static void
forget_line(struct ftp *s)
{
	s->held = FTP_LINE_MORE;
	secret_wipe(s->lines.text, sizeof s->lines.text);
	if (s->in_at == s->in_n)
		secret_wipe(s->in, sizeof s->in);
}

/* The line is forgotten before it is obeyed: others come while data moves. */
static void
obey(struct ftp *s)
{
	char text[FTP_LINE_MAX];
	const struct slice line = { text, s->lines.n };
	enum ftp_line what = s->held;
	struct ftp_command c;
	const char *refusal;

	memcpy(text, s->lines.text, sizeof text);
	forget_line(s);
	s->active = clock_ms();
	if (what == FTP_LINE_LONG)
		refusal = "500 The line is longer than 4096 bytes.";
	else if (what == FTP_LINE_NUL)
		refusal = "501 A command may not have a NUL in it.";
	else
		refusal = ftp_parse(&c, line, &s->state);
	if (refusal != NULL)
		ftp_say(s, "%s", refusal);
	else
		ftp_handler[c.verb](s, c.arg);
	secret_wipe(text, sizeof text);
	s->active = clock_ms();
}

/* --- the other descriptors --- */

static void
hear_auth(struct ftp *s)
{
	union {
		struct wire head;
		struct auth_revoked revoked;
		uint8_t bytes[WIRE_MAX];
	} m;

	if (wire_recv(s->it->auth, &m, sizeof m, NULL) != 1)
		ftp_over(s, N_("the process that knows the users is gone"));
	else if (m.head.type == WIRE_REVOKED && s->state.in &&
		 memcmp(m.revoked.handle, s->grant.handle,
		     sizeof m.revoked.handle) == 0)
		ftp_over(s, N_("the login was changed or removed"));
}

static void
hear_others(struct ftp *s)
{
	if (s->fd[AUTH].revents != 0)
		hear_auth(s);
	if (s->fd[REPORT].revents != 0) {
		s->draining = true;
		s->fd[REPORT].fd = -1;
	}
	/* broken, and poll would say so again and again */
	if (s->fd[CONTROL].revents & (POLLERR | POLLHUP))
		lose(s);
	else if (s->fd[CONTROL].revents & POLLOUT)
		flush(s);
}

/* What poll is to look at. */
static void
set_events(struct ftp *s)
{
	bool more = s->held == FTP_LINE_MORE && s->out.n < OUT_HIGH;

	s->fd[CONTROL].events =
	    (short)((more ? POLLIN : 0) | (s->stuck ? POLLOUT : 0));
}

/* A command that came while data moves: only two are for now. */
static bool
hear_busy(struct ftp *s)
{
	struct ftp_command c;

	while (!s->aborted && s->out.n < OUT_HIGH && next_line(s) &&
	       s->held == FTP_LINE_WHOLE &&
	       ftp_parse(&c, (struct slice){ s->lines.text, s->lines.n },
		   &s->state) == NULL) {
		if (c.verb == FTP_ABOR)
			s->aborted = true;
		else if (c.verb == FTP_STAT && c.arg.n == 0)
			ftp_tell_state(s, true);
		else
			break;
		forget_line(s);
	}
	flush(s);
	return !s->aborted;
}

bool
ftp_heard(void *session)
{
	struct ftp *s = session;
	bool on = true;

	hear_others(s);
	if (s->fd[CONTROL].revents & POLLIN && !s->gone)
		on = hear_busy(s);
	set_events(s);
	return on && !s->over;
}

/* --- the loop --- */

/* How long the loop may wait; ends the session when its time is up. */
static int64_t
time_left(struct ftp *s)
{
	int64_t now = clock_ms();
	int64_t idle = s->active + (int64_t)s->conf->idle_s * 1000;

	if (!s->state.in && now >= s->deadline)
		ftp_over(s, N_("the login took too long"));
	if (s->state.in && now >= idle)
		ftp_over(s, N_("nothing happened for too long"));
	if (s->draining && now >= s->active + DRAIN_IDLE_MS)
		ftp_over(s, N_("the server ends"));
	idle = s->state.in ? idle - now : s->deadline - now;
	if (s->draining && idle > DRAIN_IDLE_MS)
		idle = DRAIN_IDLE_MS;
	return idle > 0 ? idle : 0;
}

/* All that can be done without waiting. */
static void
work(struct ftp *s)
{
	while (!s->over) {
		if (s->out.n >= OUT_HIGH)
			flush(s);
		if (s->out.n >= OUT_HIGH || !next_line(s))
			break;
		obey(s);
	}
	flush(s);
}

static void
serve(struct ftp *s)
{
	while (!s->over) {
		int64_t left;

		work(s);
		left = time_left(s);
		if (s->over)
			break;
		set_events(s);
		s->fd[LISTENER] =
		    (struct pollfd){ ftp_data_listener(s->data), POLLIN, 0 };
		if (s->fd[LISTENER].fd != -1 && left > KNOCK_MS)
			left = KNOCK_MS;
		if (poll(s->fd, POLLED, (int)left) > 0)
			hear_others(s);
		ftp_data_knock(s->data);
	}
}

/* Ends the login, says why, and waits a moment until the client heard it. */
static void
say_goodbye(struct ftp *s)
{
	int64_t until = clock_ms() + FAREWELL_MS, left;
	struct auth_revoked out;
	struct pollfd p = { .fd = s->it->fd, .events = POLLIN };
	char rest[1024];

	if (s->state.in) {
		WIRE_INIT(&out, WIRE_REVOKED);
		memcpy(out.handle, s->grant.handle, sizeof out.handle);
		wire_send(s->it->auth, &out.head, -1);
	}
	if (s->gone)
		return;
	if (s->why != NULL)
		ftp_say(s, "421 %s.", s->why);
	ftp_flush_by(s, until);
	if (s->tls != NULL)
		tls_bye(s->tls);
	shutdown(s->it->fd, SHUT_WR);
	/* closed with bytes unread, it would be reset under the reply */
	for (left = FAREWELL_MS; left > 0; left = until - clock_ms()) {
		if (poll(&p, 1, (int)left) != 1 ||
		    recv(s->it->fd, rest, sizeof rest, 0) <= 0)
			break;
	}
}

static int
begin(struct ftp *s)
{
	const struct connection *it = s->it;
	const int yes = 1;
	const struct ftp_data_with with = {
		.peer = it->from,
		.report = it->report,
		.draining = &s->draining,
		.idle_s = s->conf->idle_s,
		.identity = s->identity,
		.watch = { s->fd, WATCHED, ftp_heard, ftp_moved, s },
	};

	s->fd[CONTROL] = (struct pollfd){ it->fd, POLLIN, 0 };
	s->fd[AUTH] = (struct pollfd){ it->auth, POLLIN, 0 };
	s->fd[REPORT] = (struct pollfd){ it->report, POLLIN, 0 };
	s->cwd[0] = '/';
	s->type = 'A';
	s->facts = FTP_FACTS_ALL;
	/* Telnet's urgent byte comes among the others */
	setsockopt(it->fd, SOL_SOCKET, SO_OOBINLINE, &yes, sizeof yes);
	s->data = ftp_data_new(&with);
	return s->data == NULL ? -1 : 0;
}

static void
log_end(const struct ftp *s)
{
	if (s->why != NULL && s->state.in)
		log_info("%s: the session of \"%s\" was ended: %s.", s->from,
		    s->grant.user, _(s->why));
	else if (s->why != NULL)
		log_info(
		    "%s: the connection was ended: %s.", s->from, _(s->why));
}

int
ftp_child_run(const struct connection *it, const struct conf *c,
    const struct tls_identity *identity)
{
	struct ftp s;
	struct err e = ERR_EMPTY;

	memset(&s, 0, sizeof s);
	s.it = it;
	s.conf = c;
	s.identity = identity;
	s.active = clock_ms();
	s.deadline = s.active + (int64_t)c->login_s * 1000;
	address_text(s.from, &it->from);
	if (begin(&s) == -1) {
		log_error("out of memory");
		return 1;
	}
	if (sandbox_enter(SANDBOX_FTP_CHILD, c, &e) == -1) {
		log_error("%s.", e.text);
		return 1;
	}
	if (it->protocol != PROTO_FTPS || ftp_encrypt(&s) == 0) {
		ftp_say(&s, "220 convdrop");
		serve(&s);
	}
	ftp_data_free(s.data);
	say_goodbye(&s);
	log_end(&s);
	tls_free(s.tls);
	free(s.out.p);
	return 0;
}
