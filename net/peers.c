/*
 * The channels of auth and files.
 */
#include "net/peers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/arena.h"
#include "server/clock.h"
#include "server/log.h"

#define PEERS_MAX 4096
#define TURN 16      /* messages of one peer before the next one's turn */
#define TURNS 64     /* that one may take to catch up: a socket holds less */
#define WAIT_MS 1000 /* for a reader that is a little behind */
#define REST_MS 3

int
peers_insist(int sock, const struct wire *m, int fd)
{
	while (wire_send(sock, m, fd) == -1) {
		struct pollfd p = { .fd = sock, .events = POLLOUT };

		if (errno != EAGAIN || poll(&p, 1, WAIT_MS) != 1)
			return -1;
	}
	return 0;
}

struct peer *
peers_add(
    struct peers *ps, int fd, enum peer_kind kind, const struct in6_addr *from)
{
	struct peer *p;

	if (ps->n == PEERS_MAX) {
		log_error("more than %d channels are open; one more is "
			  "refused",
		    PEERS_MAX);
		close(fd);
		return NULL;
	}
	if (ps->n == ps->room) {
		ps->room = ps->room == 0 ? 16 : ps->room * 2;
		ps->peer = mem_grow(ps->peer, ps->room * sizeof(struct peer *));
	}
	p = mem_alloc(sizeof *p);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	p->fd = fd;
	p->kind = kind;
	if (from != NULL)
		p->from = *from;
	p->number = ++ps->numbers;
	ps->peer[ps->n++] = p;
	return p;
}

static void
end_peer(struct peers *ps, struct peer *p)
{
	if (p->gone)
		return;
	p->gone = true;
	close(p->fd);
	p->fd = -1;
	ps->closed(ps->ctx, p);
}

void
peers_send(struct peer *p, const struct wire *m, int fd)
{
	/* It is ended when its turn comes: whoever sends may be in the middle
	 * of a list that its end would change. */
	if (!p->gone && peers_insist(p->fd, m, fd) == -1)
		shutdown(p->fd, SHUT_RDWR);
}

/* A peer introduces another one: what that is, follows from what it is. */
static bool
introduce(struct peers *ps, const struct peer *by, const struct wire_client *m,
    int *fd)
{
	if ((by->kind != PEER_SSH && by->kind != PEER_FTP) || *fd == -1)
		return false;
	peers_add(ps, *fd,
	    by->kind == PEER_SSH ? PEER_SSH_CHILD : PEER_FTP_CHILD, &m->from);
	*fd = -1;
	return true;
}

/* True when there may be more. */
static bool
hear(struct peers *ps, struct peer *p)
{
	for (size_t i = 0; i < TURN && !p->gone; i++) {
		union wire_any m;
		bool fine;
		int fd;
		int n = wire_recv(p->fd, &m, sizeof m, &fd);

		if (n == -1 && errno == EAGAIN)
			return false;
		if (n == -1)
			log_warn("a channel is ended, because what came "
				 "over it is no message");
		if (n != 1) {
			end_peer(ps, p);
			return false;
		}
		if (m.head.type == WIRE_CLIENT)
			fine = introduce(ps, p, &m.client, &fd);
		else
			fine = ps->message(ps->ctx, p, &m, fd);
		if (fd != -1)
			close(fd);
		if (!fine && !p->gone) {
			log_warn("a channel is ended, because it asked for "
				 "what it may not");
			end_peer(ps, p);
		}
	}
	p->rest_ms = 0;
	return !p->gone;
}

void
peers_rest(struct peer *p)
{
	p->rest_ms = clock_ms() + REST_MS;
}

void
peers_catch_up(struct peers *ps, const struct peer *by)
{
	for (size_t i = 0; i < ps->n; i++) {
		struct peer *p = ps->peer[i];

		if (p == by || p->kind != PEER_NETWORK)
			continue;
		for (size_t turn = 0; turn < TURNS; turn++) {
			if (p->gone || !hear(ps, p))
				break;
		}
	}
}

/* The freed ones' places are closed up. */
static void
sweep(struct peers *ps)
{
	size_t kept = 0;

	for (size_t i = 0; i < ps->n; i++) {
		if (ps->peer[i]->gone)
			free(ps->peer[i]);
		else
			ps->peer[kept++] = ps->peer[i];
	}
	ps->n = kept;
}

void
peers_wait(struct peers *ps, struct pollfd *more, size_t n, int timeout)
{
	int64_t now = clock_ms();
	size_t peers;
	struct pollfd *fds;

	sweep(ps);
	peers = ps->n;
	fds = mem_alloc((n + peers) * sizeof *fds);
	for (size_t i = 0; i < n; i++)
		fds[i] = more[i];
	for (size_t i = 0; i < peers; i++) {
		int64_t rest = ps->peer[i]->rest_ms - now;

		fds[n + i] = (struct pollfd){ rest > 0 ? -1 : ps->peer[i]->fd,
			POLLIN, 0 };
		if (rest > 0 && (timeout == -1 || rest < timeout))
			timeout = (int)rest;
	}
	if (poll(fds, n + peers, timeout) == -1) {
		for (size_t i = 0; i < n + peers; i++)
			fds[i].revents = 0;
	}
	for (size_t i = 0; i < peers; i++) {
		if (fds[n + i].revents != 0 && !ps->peer[i]->gone)
			hear(ps, ps->peer[i]);
	}
	for (size_t i = 0; i < n; i++)
		more[i].revents = fds[i].revents;
	free(fds);
	sweep(ps);
}

void
peers_free(struct peers *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		end_peer(ps, ps->peer[i]);
	sweep(ps);
	free(ps->peer);
	ps->peer = NULL;
	ps->room = 0;
}
