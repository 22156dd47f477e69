/*
 * The data connection in the process that serves a session: one loop waits for
 * it and for what the session watches, and every wait has its end.
 */
#include "net/ftp_data.h"

#include <errno.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_field.h"
#include "server/address.h"
#include "server/clock.h"
#include "server/lang.h"
#include "server/log.h"

#define TICK_MS 1000     /* how often limits are looked at, at least */
#define ASK_MS 10000     /* the accepting process answers within */
#define FAREWELL_MS 1000 /* for the client to close, when it has all */
#define LAST_WORD_MS 100 /* for what is on its way already */
#define BLOCK ((size_t)256 * 1024)
#define AT_ONCE ((size_t)1024 * 1024) /* sendfile, before looking around */

/* As the kernel numbers it; <netinet/tcp.h>, which has it, cannot be included
 * beside <linux/tcp.h>. */
#define STATE_CLOSE 7

struct ftp_data {
	struct ftp_data_with with;
	bool protect;
	int listener, fd;
	struct tls *tls;
	uint64_t asked; /* id of the last WIRE_PASSIVE */
};

/* One transfer. */
struct transfer {
	struct ftp_data *d;
	int64_t began, active, looked; /* ms: begun; when bytes last moved; when
					* limits were last looked at */
	uint64_t base;                 /* acknowledged before the first byte */
	uint64_t seen;                 /* progress when it was last looked at */
	uint64_t came;                 /* receiving: bytes so far */
	bool sending;
};

/* --- replies --- */

static const struct {
	unsigned code;
	const char *text;
} ends[FTP_ENDS] = {
	[FTP_END_WELL] = { 226, N_("The transfer is complete.") },
	[FTP_END_NO_PASV] = { 425, N_("Send PASV or EPSV first.") },
	[FTP_END_NO_PORT] = { 425,
	    N_("All ports for data connections are in use. Try again later.") },
	[FTP_END_NOBODY] = { 425,
	    N_("No data connection was opened in time.") },
	[FTP_END_TLS] = { 522,
	    N_("The TLS handshake of the data connection failed.") },
	[FTP_END_ABORTED] = { 426, N_("The transfer was aborted.") },
	[FTP_END_BROKEN] = { 426,
	    N_("The data connection broke before the end.") },
	[FTP_END_IDLE] = { 426,
	    N_("The transfer was ended: nothing moved for too long.") },
	[FTP_END_SLOW] = { 426, N_("The transfer was ended: it is too slow.") },
	[FTP_END_DISK] = { 451,
	    N_("The server could not read or write the file.") },
	[FTP_END_SPACE] = { 452, N_("There is no space left on the server.") },
	[FTP_END_LARGE] = { 552, N_("The file is too large.") },
	[FTP_END_MASTER] = { 421, N_("The server ends.") },
};

unsigned
ftp_end_code(enum ftp_end end)
{
	return ends[end].code;
}

const char *
ftp_end_text(enum ftp_end end)
{
	return _(ends[end].text);
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
}

/* --- waiting --- */

/* Waits for ms at most: for fd, and for what the session watches.  *ready says
 * whether fd has something.  False when the session wants to end it. */
static bool
look(struct ftp_data *d, int fd, short events, int64_t ms, bool *ready)
{
	struct ftp_watch *w = &d->with.watch;
	struct pollfd p[1 + FTP_WATCH_MAX] = { { fd, events, 0 } };
	bool heard = false;

	for (size_t i = 0; i < w->n; i++)
		p[1 + i] = w->fd[i];
	*ready = false;
	if (poll(p, 1 + w->n, ms < 0 ? 0 : (int)ms) <= 0)
		return true;
	*ready = p[0].revents != 0;
	for (size_t i = 0; i < w->n; i++) {
		w->fd[i].revents = p[1 + i].revents;
		heard |= p[1 + i].revents != 0;
	}
	return !heard || w->heard(w->ctx);
}

static struct tcp_info
tcp_of(const struct ftp_data *d)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof info;

	getsockopt(d->fd, IPPROTO_TCP, TCP_INFO, &info, &n);
	return info;
}

static uint64_t
acked(const struct ftp_data *d)
{
	return tcp_of(d).tcpi_bytes_acked;
}

static void
begin(struct transfer *t, struct ftp_data *d, bool sending)
{
	*t = (struct transfer){ .d = d,
		.began = clock_ms(),
		.base = acked(d),
		.sending = sending };
	t->active = t->looked = t->began;
}

/* Does it move, and fast enough? */
static enum ftp_end
limits(struct transfer *t)
{
	const struct ftp_watch *w = &t->d->with.watch;
	int64_t now = clock_ms();
	uint64_t moved;

	if (now - t->looked < TICK_MS)
		return FTP_END_WELL;
	t->looked = now;
	moved = t->sending ? acked(t->d) - t->base : t->came;
	if (moved != t->seen) {
		t->seen = moved;
		t->active = now;
		if (t->sending && w->moved != NULL)
			w->moved(w->ctx, moved);
	}
	if (now - t->active > (int64_t)t->d->with.idle_s * 1000)
		return FTP_END_IDLE;
	return http_too_slow(now - t->began, moved) ? FTP_END_SLOW
						    : FTP_END_WELL;
}

/* Until the connection is ready for events, or, with events 0, just now. */
static enum ftp_end
await(struct transfer *t, short events)
{
	enum ftp_end end;
	bool ready;

	do {
		if (!look(t->d, events == 0 ? -1 : t->d->fd, events,
			events == 0 ? 0 : TICK_MS, &ready))
			return FTP_END_ABORTED;
		end = limits(t);
	} while (end == FTP_END_WELL && events != 0 && !ready);
	return end;
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
	return FTP_END_WELL;
}

bool
ftp_data_is_passive(const struct ftp_data *d)
{
	return d->listener != -1;
}

/* --- the connection --- */

static void
log_theft(const struct ftp_data *d, const struct in6_addr *thief, unsigned n)
{
	char is[INET6_ADDRSTRLEN], expected[INET6_ADDRSTRLEN];

	log_warn("%s: a data connection was refused, as it was opened for the "
		 "session of %s (%u more were before).",
	    address_text(is, thief), address_text(expected, &d->with.peer), n);
}

/* The next connection of the listener: 1 when it is the client's and ours now,
 * 0 when it is not. */
static int
take(struct ftp_data *d, unsigned *thefts, int64_t *logged)
{
	const int yes = 1;
	struct sockaddr_storage a;
	struct in6_addr from;
	socklen_t n = sizeof a;
	int fd = accept4(d->listener, (struct sockaddr *)&a, &n,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd == -1)
		return 0;
	from = address_from(&a);
	if (memcmp(&from, &d->with.peer, sizeof from) != 0) {
		int64_t now = clock_ms();

		close(fd);
		if (now - *logged < TICK_MS && *logged != 0) {
			++*thefts;
		} else {
			log_theft(d, &from, *thefts);
			*logged = now;
			*thefts = 0;
		}
		return 0;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
	d->fd = fd;
	return 1;
}

enum ftp_end
ftp_data_accept(struct ftp_data *d)
{
	int64_t until = clock_ms() + FTP_ACCEPT_MS, logged = 0;
	enum ftp_end end = FTP_END_NOBODY;
	unsigned thefts = 0;

	if (d->listener == -1)
		return FTP_END_NO_PASV;
	while (d->fd == -1) {
		int64_t left = until - clock_ms();
		bool ready;

		if (left <= 0)
			break;
		if (!look(d, d->listener, POLLIN, left, &ready)) {
			end = FTP_END_ABORTED;
			break;
		}
		if (ready && take(d, &thefts, &logged) == 1)
			end = FTP_END_WELL;
	}
	close_listener(d);
	return end;
}

static enum ftp_end
secure(struct ftp_data *d)
{
	int64_t until = clock_ms() + FTP_HANDSHAKE_MS;
	char from[INET6_ADDRSTRLEN];

	if (!d->protect)
		return FTP_END_WELL;
	d->tls =
	    d->with.identity == NULL ? NULL : tls_new(d->with.identity, d->fd);
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
		if (!look(d, d->fd, tls_events(d->tls), left, &ready))
			return FTP_END_ABORTED;
	}
	return d->tls == NULL ? FTP_END_TLS : FTP_END_WELL;
}

/* --- sending --- */

struct source {
	int fd; /* -1: from p */
	const uint8_t *p;
	uint64_t at, end; /* in the file, or in p */
};

/* After a call that the socket did not take. */
static enum ftp_end
retry(struct transfer *t, short events)
{
	return errno == EAGAIN  ? await(t, events)
	       : errno == EINTR ? FTP_END_WELL
				: FTP_END_BROKEN;
}

static enum ftp_end
send_plain(struct transfer *t, struct source *s)
{
	enum ftp_end end = FTP_END_WELL;

	while (s->at < s->end && end == FTP_END_WELL) {
		uint64_t left = s->end - s->at;
		size_t n = left < AT_ONCE ? (size_t)left : AT_ONCE;
		off_t at = (off_t)s->at;
		ssize_t rc = s->fd == -1
				 ? send(t->d->fd, s->p + s->at, n, MSG_NOSIGNAL)
				 : sendfile(t->d->fd, s->fd, &at, n);

		if (rc == 0 || (rc == -1 && errno == EIO))
			return FTP_END_DISK;
		if (rc == -1) {
			end = retry(t, POLLOUT);
		} else {
			s->at += (uint64_t)rc;
			end = await(t, 0);
		}
	}
	return end;
}

/* All n bytes, as the socket takes them. */
static enum ftp_end
send_records(struct transfer *t, const uint8_t *p, size_t n)
{
	enum ftp_end end = FTP_END_WELL;

	while (n > 0 && end == FTP_END_WELL) {
		ssize_t rc = tls_write(t->d->tls, p, n);

		if (rc == -1) {
			end = retry(t, tls_events(t->d->tls));
			if (end == FTP_END_WELL && tls_flush(t->d->tls) == -1 &&
			    errno != EAGAIN)
				end = FTP_END_BROKEN;
		} else {
			p += rc;
			n -= (size_t)rc;
		}
	}
	return end;
}

static enum ftp_end
send_tls(struct transfer *t, struct source *s)
{
	uint8_t *block = s->fd == -1 ? NULL : malloc(BLOCK);
	enum ftp_end end = FTP_END_WELL;

	if (s->fd != -1 && block == NULL)
		return FTP_END_DISK;
	while (s->at < s->end && end == FTP_END_WELL) {
		uint64_t left = s->end - s->at;
		size_t n = left < BLOCK ? (size_t)left : BLOCK;
		const uint8_t *p = s->p + s->at;

		if (s->fd != -1) {
			ssize_t got = pread(s->fd, block, n, (off_t)s->at);

			if (got <= 0) {
				end = FTP_END_DISK;
				break;
			}
			n = (size_t)got;
			p = block;
		}
		end = send_records(t, p, n);
		if (end == FTP_END_WELL) {
			s->at += n;
			end = await(t, 0);
		}
	}
	free(block);
	return end;
}

/* Says that this was all. */
static enum ftp_end
say_end(struct transfer *t)
{
	enum ftp_end end = FTP_END_WELL;

	while (t->d->tls != NULL && end == FTP_END_WELL &&
	       tls_bye(t->d->tls) == -1)
		end = retry(t, POLLOUT);
	if (end == FTP_END_WELL && shutdown(t->d->fd, SHUT_WR) == -1)
		end = FTP_END_BROKEN;
	return end;
}

/*
 * The end of a transfer to the client.  It is sure once everything and our end
 * are acknowledged; it is whole when the client then closed, or does not mind.
 */
struct ending {
	uint64_t target; /* acknowledged bytes, our FIN included */
	int64_t sure_ms; /* since when it is sure; 0: it is not */
	bool fin, reset; /* how the client closed */
	bool heard;      /* the session goes on */
};

/* What the client still says is of no interest, but that it closes is; and
 * what is left unread would make our own close a reset. */
static void
discard(const struct ftp_data *d, struct ending *g)
{
	char bytes[4096];
	ssize_t n = 1;

	for (int i = 0; i < 64 && n > 0 && !g->fin; i++) {
		n = recv(d->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n == 0)
			g->fin = true;
		else if (n == -1 && errno != EAGAIN && errno != EINTR)
			g->reset = true;
	}
}

/*
 * A client that has everything and closes without reading our close_notify
 * resets the connection; so does one that dies with bytes unread.  What tells
 * them apart is that the other's control connection goes with it.
 */
static bool
lives(struct ftp_data *d)
{
	bool ready;

	return look(d, -1, 0, LAST_WORD_MS, &ready);
}

/* Is it over?  Then *end says how. */
static bool
is_over(struct ftp_data *d, struct ending *g, enum ftp_end *end)
{
	struct tcp_info tcp;

	discard(d, g);
	tcp = tcp_of(d);
	if (g->sure_ms == 0 && tcp.tcpi_bytes_acked >= g->target)
		g->sure_ms = clock_ms();
	*end = FTP_END_WELL;
	if (g->sure_ms == 0 && (g->reset || tcp.tcpi_state == STATE_CLOSE))
		*end = FTP_END_BROKEN;
	else if (g->reset && (d->tls == NULL || !g->heard || !lives(d)))
		*end = FTP_END_BROKEN;
	else if (!g->heard && (g->sure_ms == 0 || !g->fin))
		*end = FTP_END_ABORTED;
	else
		return g->sure_ms != 0 &&
		       (g->fin || g->reset ||
			   clock_ms() - g->sure_ms >= FAREWELL_MS);
	return true;
}

static enum ftp_end
settle(struct transfer *t, uint64_t wire)
{
	struct ending g = { .target = t->base + wire + 1, .heard = true };
	struct ftp_data *d = t->d;
	enum ftp_end end;
	int64_t step = 1;
	bool ready;

	while (!is_over(d, &g, &end)) {
		end = limits(t);
		if (end != FTP_END_WELL)
			break;
		g.heard = look(d, d->fd, g.fin ? 0 : POLLIN, step, &ready);
		if (!g.heard) /* it may close both at once */
			poll(&(struct pollfd){ d->fd, POLLIN, 0 }, 1,
			    LAST_WORD_MS);
		if (step < 128)
			step *= 2;
	}
	return end;
}

/* Of the n bytes sent as wire on the socket: those that arrived. */
static uint64_t
arrived(const struct transfer *t, uint64_t n, uint64_t wire)
{
	uint64_t got = acked(t->d) - t->base;

	if (got >= wire)
		return n;
	return (uint64_t)((double)n / (double)wire * (double)got);
}

static enum ftp_end
send_all(struct ftp_data *d, struct source *s, struct ftp_moved *moved)
{
	uint64_t first = s->at, wire = 0;
	struct transfer t;
	enum ftp_end end;

	*moved = (struct ftp_moved){ 0, false };
	if (d->fd == -1)
		return FTP_END_NO_PASV;
	end = secure(d);
	if (end == FTP_END_WELL) {
		if (d->tls != NULL)
			wire = tls_sent(d->tls);
		begin(&t, d, true);
		end = d->tls != NULL ? send_tls(&t, s) : send_plain(&t, s);
		if (end == FTP_END_WELL)
			end = say_end(&t);
		wire = d->tls != NULL ? tls_sent(d->tls) - wire : s->at - first;
		if (end == FTP_END_WELL)
			end = settle(&t, wire);
		moved->whole = end == FTP_END_WELL;
		moved->bytes = arrived(&t, s->at - first, wire);
	}
	ftp_data_close(d);
	return end;
}

enum ftp_end
ftp_data_send_file(struct ftp_data *d, int fd, uint64_t offset, uint64_t n,
    struct ftp_moved *moved)
{
	struct source s = { .fd = fd, .at = offset, .end = offset + n };

	return send_all(d, &s, moved);
}

enum ftp_end
ftp_data_send_bytes(
    struct ftp_data *d, const void *p, size_t n, struct ftp_moved *moved)
{
	struct source s = { .fd = -1, .p = p, .end = n };

	return send_all(d, &s, moved);
}

/* --- receiving --- */

static enum ftp_end
write_out(int fd, const uint8_t *p, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t rc = pwrite(fd, p, n, (off_t)at);

		if (rc == -1 && errno == EINTR)
			continue;
		if (rc <= 0)
			return rc == 0 || (errno != ENOSPC && errno != EDQUOT &&
					      errno != EFBIG)
				   ? FTP_END_DISK
			       : errno == EFBIG ? FTP_END_LARGE
						: FTP_END_SPACE;
		p += rc;
		n -= (size_t)rc;
		at += (uint64_t)rc;
	}
	return FTP_END_WELL;
}

/* As many bytes as there are, block's size at most.  *over at the end. */
static enum ftp_end
fill(struct transfer *t, uint8_t *block, size_t *n, bool *over)
{
	enum ftp_end end = FTP_END_WELL;

	*n = 0;
	while (*n < BLOCK && end == FTP_END_WELL) {
		ssize_t got = tls_read(t->d->tls, block + *n, BLOCK - *n);

		if (got > 0) {
			*n += (size_t)got;
			continue;
		}
		if (got == 0)
			*over = true;
		if (got == 0 || (errno == EAGAIN && *n > 0))
			break;
		end = retry(t, tls_events(t->d->tls));
	}
	return end;
}

static enum ftp_end
receive(struct transfer *t, int fd, uint64_t max)
{
	uint8_t *block = malloc(BLOCK);
	enum ftp_end end = block == NULL ? FTP_END_DISK : FTP_END_WELL;
	bool over = false;

	while (!over && end == FTP_END_WELL) {
		size_t n;

		end = fill(t, block, &n, &over);
		if (end == FTP_END_WELL && n > max - t->came)
			end = FTP_END_LARGE;
		if (end == FTP_END_WELL)
			end = write_out(fd, block, n, t->came);
		if (end == FTP_END_WELL) {
			t->came += n;
			end = await(t, 0);
		}
	}
	free(block);
	return end;
}

enum ftp_end
ftp_data_receive(
    struct ftp_data *d, int fd, uint64_t max, struct ftp_moved *moved)
{
	struct transfer t;
	enum ftp_end end;

	*moved = (struct ftp_moved){ 0, false };
	if (d->fd == -1)
		return FTP_END_NO_PASV;
	end = d->protect ? secure(d) : FTP_END_TLS;
	if (end == FTP_END_WELL) {
		begin(&t, d, false);
		end = receive(&t, fd, max);
		moved->bytes = t.came;
		moved->whole = end == FTP_END_WELL;
		if (end == FTP_END_WELL)
			tls_bye(d->tls); /* it needs no answer any more */
	}
	ftp_data_close(d);
	return end;
}
