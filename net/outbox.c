/*
 * Messages that wait for their channel: a list of copies.
 */
#include "net/outbox.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "server/clock.h"

#define MANY 1024 /* about 2 MB */
#define PATIENCE_MS 1000

struct letter {
	struct letter *next;
	union { /* as aligned as any message */
		struct wire head;
		uint64_t align;
	} m;
};

static void
drop_first(struct outbox *o)
{
	struct letter *l = o->first;

	o->first = l->next;
	if (o->first == NULL)
		o->last = NULL;
	o->n--;
	o->vain = false;
	free(l);
}

void
outbox_flush(struct outbox *o)
{
	while (o->first != NULL) {
		if (wire_send(o->sock, &o->first->m.head, -1) == -1 &&
		    errno == EAGAIN)
			return;
		/* After any other error nobody will ever read it: the reader's
		 * side sees that the channel ended. */
		drop_first(o);
	}
}

void
outbox_put(struct outbox *o, const struct wire *m)
{
	struct letter *l = mem_alloc(sizeof *l + m->size);

	memcpy(&l->m, m, m->size);
	if (o->last == NULL)
		o->first = l;
	else
		o->last->next = l;
	o->last = l;
	o->n++;
	outbox_flush(o);
}

bool
outbox_full(const struct outbox *o)
{
	return o->n >= MANY;
}

bool
outbox_stays_full(struct outbox *o)
{
	struct pollfd p = { o->sock, POLLOUT, 0 };
	int64_t until = clock_ms() + PATIENCE_MS, left = PATIENCE_MS;

	while (outbox_full(o) && !o->vain && left > 0) {
		poll(&p, 1, (int)left);
		outbox_flush(o);
		left = until - clock_ms();
	}
	o->vain = outbox_full(o);
	return o->vain;
}

bool
outbox_waiting(const struct outbox *o)
{
	return o->n > 0;
}

void
outbox_free(struct outbox *o)
{
	while (o->first != NULL)
		drop_first(o);
}
