/*
 * The sender's end of the events: a ring in memory before the socket.
 */
#include "server/event.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "formats/arena.h"
#include "server/clock.h"
#include "server/lang.h"
#include "server/log.h"

#define EVENTS_MAX 16384 /* about 8 MB */
#define CLOSE_WAIT_MS 5000

struct events {
	int sock;
	struct event *ring; /* of room entries */
	size_t room, first, n;
	uint64_t dropped;
};

struct events *
events_open(int sock)
{
	struct events *q = mem_alloc(sizeof *q);

	q->sock = sock;
	return q;
}

bool
events_waiting(const struct events *q)
{
	return q->n > 0;
}

void
events_flush(struct events *q)
{
	while (q->n > 0) {
		if (wire_send(q->sock, &q->ring[q->first].head, -1) == -1 &&
		    errno == EAGAIN)
			return;
		/* Any other error means that nobody will ever read it. */
		q->first = (q->first + 1) % q->room;
		q->n--;
	}
	if (q->dropped > 0) {
		log_error(ngettext("%llu event for the audit was lost, because "
				   "ingest did not take it in time.",
			      "%llu events for the audit were lost, because "
			      "ingest did not take them in time.",
			      q->dropped),
		    (unsigned long long)q->dropped);
		q->dropped = 0;
	}
}

static void
grow(struct events *q)
{
	size_t room = q->room == 0 ? 16 : q->room * 2;
	struct event *ring = mem_alloc(room * sizeof *ring);

	for (size_t i = 0; i < q->n; i++)
		ring[i] = q->ring[(q->first + i) % q->room];
	free(q->ring);
	q->ring = ring;
	q->room = room;
	q->first = 0;
}

void
events_put(struct events *q, const struct event *ev)
{
	assert(ev->head.type == WIRE_EVENT);
	if (q->n == EVENTS_MAX) {
		q->dropped++;
		return;
	}
	if (q->n == q->room)
		grow(q);
	q->ring[(q->first + q->n) % q->room] = *ev;
	q->n++;
	events_flush(q);
}

void
events_close(struct events *q)
{
	int64_t end, now;

	if (q == NULL)
		return;
	now = clock_ms();
	end = now + CLOSE_WAIT_MS;
	for (events_flush(q); q->n > 0 && now < end; events_flush(q)) {
		struct pollfd p = { .fd = q->sock, .events = POLLOUT };

		poll(&p, 1, (int)(end - now));
		now = clock_ms();
	}
	free(q->ring);
	free(q);
}

void
event_init(struct event *ev, enum event_kind kind)
{
	WIRE_INIT(ev, WIRE_EVENT);
	ev->kind = kind;
	ev->at = (int64_t)time(NULL);
	ev->feed = UINT32_MAX;
}
