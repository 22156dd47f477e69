/*
 * The bytes of a data connection and their end: one loop waits for it and for
 * what the session watches, and every wait has its limit.
 */
#include "net/ftp_data_private.h"

#include <errno.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "formats/arena.h"
#include "net/ftp_seal.h"
#include "net/http_field.h"
#include "server/bytes.h"
#include "server/clock.h"

#define FAREWELL_MS 1000 /* for the client to close, when it has all */
#define LAST_WORD_MS 100 /* for what is on its way already */
#define BLOCK ((size_t)256 * 1024)
#define AT_ONCE ((size_t)1024 * 1024) /* sendfile, before looking around */

/* As the kernel numbers it; <netinet/tcp.h>, which has it, cannot be included
 * beside <linux/tcp.h>. */
#define STATE_CLOSE 7

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

/* --- waiting --- */

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

	if (now - t->looked < FTP_TICK_MS)
		return FTP_END_WELL;
	t->looked = now;
	moved = t->sending ? acked(t->d) - t->base : t->came;
	if (moved != t->seen) {
		t->seen = moved;
		t->active = now;
	}
	/* also when it rests: what came last may not have been told yet */
	if (t->sending && w->moved != NULL)
		w->moved(w->ctx, moved);
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
		if (!ftp_data_look(t->d, events == 0 ? -1 : t->d->fd, events,
			events == 0 ? 0 : FTP_TICK_MS, &ready))
			return FTP_END_ABORTED;
		end = limits(t);
	} while (end == FTP_END_WELL && events != 0 && !ready);
	return end;
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

/* Some of what is next, as much as the session takes. */
static enum ftp_end
send_some(struct transfer *t, struct source *s, uint8_t *room)
{
	uint64_t left = s->end - s->at;
	size_t n = left < BLOCK ? (size_t)left : BLOCK;
	const uint8_t *p =
	    s->fd == -1 ? s->p + s->at : bytes_part(room, s->fd, s->at, n);
	ssize_t rc;

	if (p == NULL)
		return FTP_END_DISK;
	rc = tls_write(t->d->tls, p, n);
	if (rc == -1)
		return FTP_END_BROKEN;
	s->at += (uint64_t)rc;
	return FTP_END_WELL;
}

/* Waits until the session can take more. */
static enum ftp_end
send_waiting(struct transfer *t)
{
	enum ftp_end end = FTP_END_WELL;

	while (end == FTP_END_WELL && tls_flush(t->d->tls) == -1)
		end = retry(t, POLLOUT);
	return end;
}

static enum ftp_end
send_sealed(struct transfer *t, const struct sealed *it)
{
	enum ftp_end end = FTP_END_WELL;
	size_t sent = 0;

	while (sent < it->n && end == FTP_END_WELL) {
		ssize_t rc =
		    tls_send(t->d->tls, it->p + sent, it->n - sent, !it->last);

		if (rc == -1)
			end = retry(t, POLLOUT);
		else
			sent += (size_t)rc;
	}
	return end;
}

/* What another thread encrypts. */
static enum ftp_end
send_beside(struct transfer *t, struct source *s, struct seal *beside)
{
	static const enum ftp_end ends[] = { [SEAL_OVER] = FTP_END_WELL,
		[SEAL_DISK] = FTP_END_DISK,
		[SEAL_TLS] = FTP_END_BROKEN };
	enum ftp_end end = FTP_END_WELL;
	struct sealed it;

	while (end == FTP_END_WELL) {
		enum seal_end how = seal_next(beside, &it);

		if (how != SEAL_MORE)
			return ends[how];
		s->at += it.plain;
		end = send_sealed(t, &it);
		if (end == FTP_END_WELL)
			end = await(t, 0);
	}
	return end;
}

static enum ftp_end
send_alone(struct transfer *t, struct source *s)
{
	uint8_t *room = s->fd == -1 ? NULL : mem_grow(NULL, BYTES_ROOM(BLOCK));
	enum ftp_end end = FTP_END_WELL;

	while (s->at < s->end && end == FTP_END_WELL) {
		end = send_some(t, s, room);
		if (end == FTP_END_WELL)
			end = await(t, 0);
		if (end == FTP_END_WELL)
			end = send_waiting(t);
	}
	free(room);
	return end;
}

static enum ftp_end
send_tls(struct transfer *t, struct source *s)
{
	struct seal *beside = NULL;
	enum ftp_end end;

	if (s->fd != -1 && s->end - s->at >= SEAL_LEAST)
		beside = seal_open(t->d->tls, s->fd, s->at, s->end);
	if (beside == NULL)
		return send_alone(t, s);
	end = send_beside(t, s, beside);
	seal_close(beside);
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
 * The end of a transfer to the client.  It is sure once everything is
 * acknowledged; it is whole when the client then closed, or does not mind.
 */
struct ending {
	uint64_t target; /* bytes that are to be acknowledged */
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

	return ftp_data_look(d, -1, 0, LAST_WORD_MS, &ready);
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
	struct ending g = { .target = t->base + wire, .heard = true };
	struct ftp_data *d = t->d;
	enum ftp_end end;
	int64_t step = 1;
	bool ready;

	while (!is_over(d, &g, &end)) {
		end = limits(t);
		if (end != FTP_END_WELL)
			break;
		g.heard =
		    ftp_data_look(d, d->fd, g.fin ? 0 : POLLIN, step, &ready);
		if (!g.heard) /* it may close both at once */
			poll(&(struct pollfd){ d->fd, POLLIN, 0 }, 1,
			    LAST_WORD_MS);
		if (step < 128)
			step *= 2;
	}
	return end;
}

/* Of n bytes: those that arrived.  What TLS adds is less than a 512th. */
static uint64_t
arrived(const struct transfer *t, uint64_t n)
{
	uint64_t got = acked(t->d) - t->base;

	if (t->d->tls != NULL)
		got -= got / 512;
	return got < n ? got : n;
}

/* What did not end well must not look to the client as if it did: it sees a
 * reset. */
static void
let_go(struct ftp_data *d, enum ftp_end end)
{
	const struct linger at_once = { .l_onoff = 1 };

	if (end != FTP_END_WELL)
		setsockopt(
		    d->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	ftp_data_close(d);
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
	end = ftp_data_secure(d);
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
		moved->bytes =
		    moved->whole ? s->at - first : arrived(&t, s->at - first);
	}
	let_go(d, end);
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
	end = d->protect ? ftp_data_secure(d) : FTP_END_TLS;
	if (end == FTP_END_WELL) {
		begin(&t, d, false);
		end = receive(&t, fd, max);
		moved->bytes = t.came;
		moved->whole = end == FTP_END_WELL;
		if (end == FTP_END_WELL)
			tls_bye(d->tls); /* it needs no answer any more */
	}
	let_go(d, end);
	return end;
}
