/*
 * For tests of auth and files: runs a worker's main in a process of its own,
 * with the test as its parent and its peers.
 */
#ifndef TESTS_NET_WORKER_KIT_H
#define TESTS_NET_WORKER_KIT_H

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/event.h"
#include "net/peers.h"
#include "server/worker.h"
#include "server/wire.h"

struct kit {
	pid_t pid;
	int control; /* the parent's end */
	int other;   /* auth's or files' end, of the channel between them */
	int events;  /* ingest's end */
};

#define KIT_MS 120000

/* The next message; false when none comes, or the peer is gone. */
static inline bool
kit_hear(int sock, union wire_any *m, int *fd)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };

	return poll(&p, 1, KIT_MS) == 1 &&
	       wire_recv(sock, m, sizeof *m, fd) == 1;
}

static inline void
kit_start(struct kit *k, const struct conf *c, enum role_id role,
    int (*run)(struct worker *w))
{
	int control[2], other[2], events[2];

	if (wire_pair(control) == -1 || wire_pair(other) == -1 ||
	    wire_pair(events) == -1)
		abort();
	k->pid = fork();
	if (k->pid == 0) {
		struct worker w = { .role = role,
			.conf = c,
			.control = control[1],
			.auth = other[1],
			.files = other[1],
			.events = events[1],
			.command = -1 };

		close(control[0]);
		close(other[0]);
		close(events[0]);
		fcntl(events[1], F_SETFL, O_NONBLOCK);
		signal(SIGPIPE, SIG_IGN);
		_exit(run(&w));
	}
	close(control[1]);
	close(other[1]);
	close(events[1]);
	k->control = control[0];
	k->other = other[0];
	k->events = events[0];
}

static inline void
kit_tell(const struct kit *k, enum wire_type type)
{
	struct wire_plain m;

	WIRE_INIT(&m, type);
	if (wire_send(k->control, &m.head, -1) == -1)
		abort();
}

/* The exit status once it ended by itself; -1 by a signal. */
static inline int
kit_end(struct kit *k)
{
	int status;

	waitpid(k->pid, &status, 0);
	close(k->control);
	close(k->other);
	close(k->events);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline int
kit_stop(struct kit *k)
{
	kit_tell(k, WIRE_STOP);
	return kit_end(k);
}

static inline struct in6_addr
kit_address(unsigned last)
{
	struct in6_addr a = IN6ADDR_LOOPBACK_INIT;

	memset(&a, 0, 10);
	a.s6_addr[10] = a.s6_addr[11] = 0xff;
	a.s6_addr[12] = 192;
	a.s6_addr[13] = 0;
	a.s6_addr[14] = 2;
	a.s6_addr[15] = (uint8_t)last;
	return a;
}

/* A new channel, as the parent gives one to http or ssh; for a process that
 * serves one client, that one is there. */
static inline int
kit_client_at(const struct kit *k, enum peer_kind kind, unsigned last)
{
	struct in6_addr from = kit_address(last);
	int pair[2];

	if (wire_pair(pair) == -1 ||
	    wire_introduce(k->control, kind, &from, pair[1]) == -1)
		abort();
	close(pair[1]);
	return pair[0];
}

static inline int
kit_client(const struct kit *k, enum peer_kind kind)
{
	return kit_client_at(k, kind, 1);
}

#endif
