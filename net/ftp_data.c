/*
 * From PASV to a data connection with keys.
 */
#include "net/ftp_data_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/near.h"
#include "server/address.h"
#include "server/clock.h"
#include "server/lang.h"
#include "server/log.h"

#define ASK_MS 10000 /* the accepting process answers within */
#define KNOCKS 16    /* more than the listener's queue holds */

/* --- replies --- */

static const struct {
	unsigned code;
	const char *text;
} ends[FTP_ENDS] = {
	[FTP_END_WELL] = { 226, "The transfer is complete." },
	[FTP_END_NO_PASV] = { 425, "Send PASV or EPSV first." },
	[FTP_END_NO_PORT] = { 425,
	    "All ports for data connections are in use. Try again later." },
	[FTP_END_NOBODY] = { 425, "No data connection was opened in time." },
	[FTP_END_TLS] = { 522,
	    "The TLS handshake of the data connection failed." },
	[FTP_END_ABORTED] = { 426, "The transfer was aborted." },
	[FTP_END_BROKEN] = { 426, "The data connection broke before the end." },
	[FTP_END_IDLE] = { 426,
	    "The transfer was ended: nothing moved for too long." },
	[FTP_END_SLOW] = { 426, "The transfer was ended: it is too slow." },
	[FTP_END_DISK] = { 451,
	    "The server could not read or write the file." },
	[FTP_END_SPACE] = { 452, "There is no space left on the server." },
	[FTP_END_LARGE] = { 552, "The file is too large." },
	[FTP_END_MASTER] = { 421, "The server ends." },
};

unsigned
ftp_end_code(enum ftp_end end)
{
	return ends[end].code;
}

const char *
ftp_end_text(enum ftp_end end)
{
	return ends[end].text;
}

/* --- life --- */

struct ftp_data *
ftp_data_new(const struct ftp_data_with *w)
{
	struct ftp_data *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->with = *w;
	d->listener = d->fd = -1;
	return d;
}

void
ftp_data_free(struct ftp_data *d)
{
	if (d == NULL)
		return;
	ftp_data_close(d);
	free(d);
}

void
ftp_data_protect(struct ftp_data *d, bool with_tls)
{
	d->protect = with_tls;
}

static void
close_listener(struct ftp_data *d)
{
	if (d->listener != -1)
		close(d->listener);
	d->listener = -1;
}

void
ftp_data_close(struct ftp_data *d)
{
	close_listener(d);
	tls_free(d->tls);
	d->tls = NULL;
	if (d->fd != -1)
		close(d->fd);
	d->fd = -1;
	d->early = false;
}

/* --- waiting --- */

bool
ftp_data_look(struct ftp_data *d, int fd, short events, int64_t ms, bool *ready)
{
	struct ftp_watch *w = &d->with.watch;
	struct pollfd p[1 + FTP_WATCH_MAX] = { { fd, events, 0 } };
	bool heard = false;

	for (size_t i = 0; i < w->n; i++)
		p[1 + i] = w->fd[i];
	*ready = false;
	if (ms > FTP_TICK_MS)
		ms = FTP_TICK_MS;
	if (poll(p, 1 + w->n, ms < 0 ? 0 : (int)ms) <= 0)
		return true;
	*ready = p[0].revents != 0;
	for (size_t i = 0; i < w->n; i++) {
		w->fd[i].revents = p[1 + i].revents;
		heard |= p[1 + i].revents != 0;
	}
	return !heard || w->heard(w->ctx);
}

/* --- the listener --- */

/* The accepting process's answer, whatever it says besides. */
static int
hear_master(struct ftp_data *d, struct wire_passive *r, int *fd)
{
	int64_t until = clock_ms() + ASK_MS;
	union {
		struct wire head;
		struct wire_passive passive;
		uint8_t bytes[WIRE_MAX];
	} m;

	for (;;) {
		struct pollfd p = { .fd = d->with.report, .events = POLLIN };
		int64_t left = until - clock_ms();
		int n;

		if (left <= 0 ||
		    (poll(&p, 1, (int)left) == -1 && errno != EINTR))
			return -1;
		if (p.revents == 0)
			continue;
		n = wire_recv(p.fd, &m, sizeof m, fd);
		if (n == -1 && errno == EAGAIN)
			continue;
		if (n != 1)
			return -1;
		if (m.head.type == WIRE_PASSIVE && m.head.id == d->asked)
			break;
		if (m.head.type == WIRE_DRAIN)
			*d->with.draining = true;
		if (*fd != -1)
			close(*fd);
		*fd = -1;
	}
	*r = m.passive;
	return 0;
}

enum ftp_end
ftp_data_passive(struct ftp_data *d, uint16_t *port)
{
	struct wire_passive m;

	ftp_data_close(d);
	WIRE_INIT(&m, WIRE_PASSIVE);
	m.head.id = ++d->asked;
	if (wire_send(d->with.report, &m.head, -1) == -1 ||
	    hear_master(d, &m, &d->listener) == -1)
		return FTP_END_MASTER;
	if (m.error != 0 || d->listener == -1) {
		close_listener(d);
		return FTP_END_NO_PORT;
	}
	*port = (uint16_t)m.port;
	d->since = clock_ms();
	return FTP_END_WELL;
}

bool
ftp_data_is_passive(const struct ftp_data *d)
{
	return d->listener != -1 || d->early;
}

int
ftp_data_listener(const struct ftp_data *d)
{
	return d->listener;
}

/* --- the connection --- */

static void
log_theft(const struct ftp_data *d, const struct in6_addr *thief, unsigned n)
{
	char is[INET6_ADDRSTRLEN], expected[INET6_ADDRSTRLEN];

	log_warn(ngettext("%s: a data connection was refused, as it was opened "
			  "for the session of %s (%u more was before).",
		     "%s: a data connection was refused, as it was opened for "
		     "the session of %s (%u more were before).",
		     n),
	    address_text(is, thief), address_text(expected, &d->with.peer), n);
}

/* The next connection of the listener: is it the client's, and ours now? */
static bool
take(struct ftp_data *d)
{
	struct sockaddr_storage a;
	struct in6_addr from;
	socklen_t n = sizeof a;
	int fd = accept4(d->listener, (struct sockaddr *)&a, &n,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd == -1)
		return false;
	from = address_from((const struct sockaddr *)&a);
	if (memcmp(&from, &d->with.peer, sizeof from) != 0) {
		int64_t now = clock_ms();

		close(fd);
		if (now - d->logged < FTP_TICK_MS && d->logged != 0) {
			d->thefts++;
		} else {
			log_theft(d, &from, d->thefts);
			d->logged = now;
			d->thefts = 0;
		}
		return false;
	}
	near_begin(fd, &from);
	d->fd = fd;
	return true;
}

void
ftp_data_knock(struct ftp_data *d)
{
	for (int i = 0; i < KNOCKS && d->listener != -1; i++) {
		d->early = take(d);
		if (d->early || clock_ms() - d->since > FTP_ACCEPT_MS)
			close_listener(d);
	}
}

enum ftp_end
ftp_data_accept(struct ftp_data *d)
{
	int64_t until = clock_ms() + FTP_ACCEPT_MS;
	enum ftp_end end = FTP_END_NOBODY;

	if (!ftp_data_is_passive(d))
		return FTP_END_NO_PASV;
	if (d->early)
		end = FTP_END_WELL;
	d->early = false;
	while (d->fd == -1) {
		int64_t left = until - clock_ms();
		bool ready;

		if (left <= 0)
			break;
		if (!ftp_data_look(d, d->listener, POLLIN, left, &ready)) {
			end = FTP_END_ABORTED;
			break;
		}
		if (ready && take(d))
			end = FTP_END_WELL;
	}
	close_listener(d);
	return end;
}

enum ftp_end
ftp_data_secure(struct ftp_data *d)
{
	int64_t until = clock_ms() + FTP_HANDSHAKE_MS;
	char from[INET6_ADDRSTRLEN];

	if (!d->protect)
		return FTP_END_WELL;
	d->tls = d->with.identity == NULL
		     ? NULL
		     : tls_new(d->with.identity, d->fd, TLS_DATA);
	while (d->tls != NULL && tls_handshake(d->tls) == -1) {
		int64_t left = until - clock_ms();
		bool ready;

		if (errno != EAGAIN || left <= 0) {
			log_info("%s: the handshake of a data connection "
				 "failed: %s.",
			    address_text(from, &d->with.peer),
			    errno == EAGAIN ? _("it took too long")
					    : tls_why(d->tls));
			return FTP_END_TLS;
		}
		if (!ftp_data_look(d, d->fd, tls_events(d->tls), left, &ready))
			return FTP_END_ABORTED;
	}
	return d->tls == NULL ? FTP_END_TLS : FTP_END_WELL;
}
