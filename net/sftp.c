/*
 * The SFTP session.  A request is taken when there is room for its answer; the
 * bytes of a READ are read straight behind the answer's head, as many as fit,
 * and the rest once the channel has taken these.
 */
#include "net/sftp.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/bytes.h"
#include "server/lang.h"
#include "net/sftp_session.h"

#define END_MAX 1024 /* as much of a DATA reply may wait for the next one */
#define IN_SIZE ((size_t)64 * 1024) /* grows up to one packet */

/* What is read from whole pages comes right behind the head of a reply, and is
 * not to be near to where it was (see bytes_part). */
#define ASIDE ((size_t)2 * BYTES_NEAR)

/* Buffers that nothing has been written to, whose pages are not there yet. */
static bool
new_buffers(struct sftp *s)
{
	if (posix_memalign(&s->out_memory, BYTES_PAGE, ASIDE + s->out.size) !=
	    0)
		s->out_memory = NULL;
	else
		s->out.p = (uint8_t *)s->out_memory + ASIDE;
	s->in = malloc(IN_SIZE);
	s->in_size = s->in == NULL ? 0 : IN_SIZE;
	return s->out_memory != NULL && s->in != NULL;
}

struct sftp *
sftp_new(int files, const struct grant *g, uint64_t upload_max, size_t pending)
{
	struct sftp *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->files = files;
	s->grant = *g;
	s->upload_max = upload_max;
	s->out.size = pending;
	if (!new_buffers(s)) {
		sftp_free(s, false);
		return NULL;
	}
	return s;
}

int
sftp_fail(struct sftp *s, const char *why)
{
	if (s->problem == NULL)
		s->problem = why;
	return -1;
}

const char *
sftp_problem(const struct sftp *s)
{
	return s->problem;
}

void
sftp_free(struct sftp *s, bool orderly)
{
	if (s == NULL)
		return;
	if (s->sent < s->out.n || s->rest.n > 0)
		orderly = false;
	for (size_t i = 0; i < SFTP_HANDLES_MAX; i++) {
		if (s->handle[i] != NULL)
			sftp_handle_end(s, s->handle[i], false, orderly);
	}
	free(s->out_memory);
	free(s->in);
	free(s);
}

bool
sftp_idle(const struct sftp *s)
{
	for (size_t i = 0; i < SFTP_HANDLES_MAX; i++) {
		if (s->handle[i] != NULL)
			return false;
	}
	return s->in_n == 0 && s->sent == s->out.n && s->rest.n == 0;
}

void
sftp_rest(struct sftp *s)
{
	free(s->out_memory);
	free(s->in);
	malloc_trim(0);
	if (!new_buffers(s)) {
		s->out.size = 0;
		sftp_fail(s, _("out of memory"));
	}
}

/* --- packets --- */

static void
handle_packet(struct sftp *s, const uint8_t *p, size_t n)
{
	struct sftp_request q;
	enum sftp_parsed what = sftp_parse(&q, p, n);

	s->data_n = 0;
	if (what == SFTP_NOISE || (!s->greeted && q.type != SFTP_INIT))
		sftp_fail(s, _("the client sent what is not SFTP"));
	else if (what == SFTP_UNKNOWN)
		sftp_answer(s, q.id, EOPNOTSUPP);
	else if (what == SFTP_BROKEN)
		sftp_put_status(&s->out, q.id, SFTP_BAD_MESSAGE,
		    _("The request is shorter than it says."));
	else
		sftp_handler[q.type](s, &q);
}

/* More of the DATA reply that has begun. */
static void
read_on(struct sftp *s)
{
	size_t n = s->rest.n, room = sftp_room(&s->out);
	struct handle *h = s->rest.h;
	ssize_t got;

	if (n > room)
		n = room;
	got = pread(h->fd, s->out.p + s->out.n, n, (off_t)s->rest.offset);
	if (got <= 0) {
		sftp_fail(s, _("a file became shorter while it was read"));
		return;
	}
	n = (size_t)got;
	ranges_add(&h->moved, s->rest.offset, s->rest.offset + n);
	h->bytes += n;
	s->out.n += n;
	s->rest.offset += n;
	s->rest.n -= (uint32_t)n;
}

/* --- bytes in, bytes out --- */

size_t
sftp_wants(const struct sftp *s)
{
	return s->in_size - s->in_n;
}

size_t
sftp_take(struct sftp *s, const void *bytes, size_t n)
{
	size_t room = sftp_wants(s);

	if (n > room)
		n = room;
	if (n > 0)
		memcpy(s->in + s->in_n, bytes, n);
	s->in_n += n;
	return n;
}

/* Makes room for a packet of n bytes that begins the input. */
static int
grow(struct sftp *s, size_t n)
{
	uint8_t *p;

	if (n <= s->in_size)
		return 0;
	p = realloc(s->in, n);
	if (p == NULL)
		return sftp_fail(s, _("out of memory"));
	s->in = p;
	s->in_size = n;
	return 0;
}

/* Handles the packet at *at and moves behind it; false when it is not whole
 * or there is no going on. */
static bool
next(struct sftp *s, size_t *at)
{
	const uint8_t *p = s->in + *at;
	size_t have = s->in_n - *at, n;

	if (have < 4)
		return false;
	n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (n > SFTP_PACKET_MAX) {
		sftp_fail(
		    s, _("the client sent a packet of more than 256 KiB"));
		return false;
	}
	if (have - 4 < n) {
		if (*at == 0)
			grow(s, n + 4);
		return false;
	}
	handle_packet(s, p + 4, n);
	*at += n + 4;
	return s->problem == NULL;
}

int
sftp_run(struct sftp *s)
{
	size_t at = 0;

	sftp_tell_progress(s);
	for (;;) {
		if (s->rest.n > 0) {
			if (s->problem != NULL || sftp_room(&s->out) == 0)
				break;
			read_on(s);
		} else if (sftp_room(&s->out) < SFTP_REPLY_MAX ||
			   !next(s, &at)) {
			break;
		}
	}
	if (at > 0) {
		memmove(s->in, s->in + at, s->in_n - at);
		s->in_n -= at;
	}
	return s->problem == NULL ? 0 : -1;
}

struct slice
sftp_pending(const struct sftp *s)
{
	return (struct slice){ (const char *)s->out.p + s->sent,
		s->out.n - s->sent };
}

/* Clients that ask for 32 KiB get 13 bytes more, 23 too many for a packet.  If
 * they ask ahead, and most do, the next packet has room for these. */
size_t
sftp_ripe(const struct sftp *s)
{
	size_t n = s->out.n - s->sent, end = n % SFTP_CHUNK;

	return end < END_MAX && end < s->data_n ? n - end : n;
}

void
sftp_sent(struct sftp *s, size_t n)
{
	s->sent += n;
	if (s->out.n - s->sent < END_MAX) {
		memmove(s->out.p, s->out.p + s->sent, s->out.n - s->sent);
		s->out.n -= s->sent;
		s->sent = 0;
	}
}
