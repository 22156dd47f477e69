/*
 * Records of one answer on their way to the socket: they go out together, as
 * far as more of them are certain to follow.  The last one is never held back:
 * what it meets at the socket, GnuTLS is told, and libmicrohttpd by it.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "formats/arena.h"
#include "net/http_private.h"

#define RECORD_ROOM (HTTP_RECORD + 512)    /* what one may need */
#define KEPT_MAX ((size_t)4 * RECORD_ROOM) /* more only fills the cache */
#define PARTS 8 /* that GnuTLS makes a record of; it is one, or two */

static void
put(struct http_hold *h, const giovec_t *part, int parts)
{
	if (h->kept == NULL)
		h->kept = mem_grow(NULL, h->room);
	for (int i = 0; i < parts; i++) {
		memcpy(h->kept + h->kept_n, part[i].iov_base, part[i].iov_len);
		h->kept_n += part[i].iov_len;
	}
}

/* All that was kept, then a record.  How many bytes of the record. */
static ssize_t
send_all(struct http_conn *c, const giovec_t *part, int parts)
{
	struct http_hold *h = &c->hold;
	struct iovec all[1 + PARTS] = { { h->kept, h->kept_n } };
	struct msghdr m = { .msg_iov = all, .msg_iovlen = 1 };
	size_t gone;
	ssize_t n;

	for (int i = 0; i < parts && i < PARTS; i++)
		all[m.msg_iovlen++] =
		    (struct iovec){ part[i].iov_base, part[i].iov_len };
	do {
		n = sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	gone = (size_t)n < h->kept_n ? (size_t)n : h->kept_n;
	if (gone < h->kept_n)
		memmove(h->kept, h->kept + gone, h->kept_n - gone);
	h->kept_n -= gone;
	n -= (ssize_t)gone;
	errno = EAGAIN;
	return n > 0 ? n : -1;
}

ssize_t
http_hold_send(struct http_conn *c, const giovec_t *part, int parts)
{
	struct http_hold *h = &c->hold;
	size_t n = 0;
	ssize_t sent;

	for (int i = 0; i < parts; i++)
		n += part[i].iov_len;
	if (h->more > 0 && h->kept_n + n <= h->room) {
		put(h, part, parts);
		h->more--;
		return (ssize_t)n;
	}
	sent = send_all(c, part, parts);
	if (sent > 0 && h->more > 0)
		h->more--;
	else if (sent > 0)
		http_hold_free(h);
	return sent;
}

static size_t
records(size_t bytes)
{
	return (bytes + HTTP_RECORD - 1) / HTTP_RECORD;
}

void
http_hold_body(struct http_conn *c, uint64_t bytes)
{
	uint64_t room = bytes + (bytes / HTTP_RECORD + 2) * 512;

	assert(c->hold.kept_n == 0); /* of the answer before */
	http_hold_free(&c->hold);
	c->hold.more = 1;
	c->hold.room = room < KEPT_MAX ? (size_t)room : KEPT_MAX;
}

void
http_hold_piece(struct http_conn *c, size_t n, bool last)
{
	c->hold.more = records(n) - (last && n > 0);
}

void
http_hold_whole(struct http_conn *c, size_t bytes)
{
	http_hold_body(c, bytes);
	c->hold.more = records(bytes); /* the head, and all but its last */
}

void
http_hold_free(struct http_hold *h)
{
	free(h->kept);
	h->kept = NULL;
	h->kept_n = h->room = h->more = 0;
}
