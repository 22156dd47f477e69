/*
 * What convdrop asks the running ingest for: one command a connection, answered
 * when it was done and what follows from it is published.
 */
#include "feed/ingest_loop.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/writer.h"
#include "server/clock.h"
#include "feed/deed.h"
#include "server/lang.h"
#include "store/mask.h"
#include "server/worker.h"

#define COMMAND_WAIT_MS 2000
#define SYNC_STEPS 100000
#define PACK_WAIT_MS 100

static bool
may_command(int fd)
{
	struct ucred who;
	socklen_t n = sizeof who;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
	       (who.uid == 0 || who.uid == geteuid());
}

static void
answer_result(struct answer *a, struct loop *l, const struct feed *f,
    enum publish_result r)
{
	char why[400] = "";
	struct err e = ERR_EMPTY;
	int64_t since;

	switch (r) {
	case PUBLISH_DONE:
		snprintf(a->text, sizeof a->text,
		    _("A new version of %s is "
		      "published."),
		    f->name);
		break;
	case PUBLISH_WITHHELD:
		a->status = 1;
		for (size_t i = 0; i < f->writers && why[0] == '\0'; i++)
			store_withheld(l->in.store, f->name, f->writer[i]->file,
			    why, sizeof why, &since, &e);
		snprintf(a->text, sizeof a->text, _("Not published: %s"), why);
		break;
	default:
		snprintf(a->text, sizeof a->text,
		    _("The orders have not changed; what is published stays."));
		break;
	}
}

static const struct feed *
known_feed(struct loop *l, const struct command *c, struct answer *a)
{
	const struct feed *f = conf_feed(l->conf, c->feed);

	a->status = 2;
	if (f == NULL)
		snprintf(a->text, sizeof a->text,
		    _("The daemon knows no feed \"%.63s\"; was the "
		      "configuration "
		      "reloaded?"),
		    c->feed);
	return f;
}

/* -1: a says why not. */
static int
publish_now(struct loop *l, const struct feed *f,
    const struct publish_order *how, enum publish_result *r, struct answer *a)
{
	struct err e = ERR_EMPTY;

	*r = PUBLISH_LATER;
	for (int i = 0; i < 5 && *r == PUBLISH_LATER; i++) {
		int64_t wait = l->turn[f->index].not_before_ms - clock_ms();

		if (wait > 0)
			poll(NULL, 0, wait > RETRY_MS ? RETRY_MS : (int)wait);
		if (loop_publish(l, f, how, r, &e) == -1) {
			snprintf(a->text, sizeof a->text, "%s", e.text);
			return -1;
		}
	}
	return 0;
}

static void
do_publish(struct loop *l, const struct command *c, struct answer *a)
{
	const struct feed *f = known_feed(l, c, a);
	struct publish_order how = { .force = c->force != 0,
		.touch = c->touch != 0,
		.reason = c->reason,
		.actor = c->actor };
	enum publish_result r;

	if (f != NULL && publish_now(l, f, &how, &r, a) == 0) {
		a->status = 0;
		answer_result(a, l, f, r);
	}
}

/* What was done is said first, then what keeps it from Direct. */
static void
publish_after(struct loop *l, const struct feed *f, struct answer *a)
{
	size_t n = strlen(a->text);
	struct answer p;
	enum publish_result r;

	WIRE_INIT(&p, WIRE_ANSWER);
	if (publish_now(l, f, NULL, &r, &p) == 0) {
		if (r != PUBLISH_WITHHELD)
			return;
		answer_result(&p, l, f, r);
	}
	if (a->status == 0)
		a->status = 1;
	snprintf(a->text + n, sizeof a->text - n, "%s%.500s\n%s",
	    n == 0 ? "" : "\n", p.text,
	    _("Until then the last version stays in place. So that nobody "
	      "downloads it meanwhile, take the access away: \"convdrop user "
	      "del\" or \"convdrop token del\"."));
}

static void
do_deed(struct loop *l, const struct command *c, struct answer *a)
{
	deed_fn *deed = c->op < COMMAND_OPS ? deeds[c->op] : NULL;
	const struct feed *f = NULL;

	a->status = 2;
	if (deed == NULL) {
		snprintf(a->text, sizeof a->text, "%s",
		    _("The daemon does not know this command; convdrop and "
		      "convdropd are of different versions."));
		return;
	}
	if (c->feed[0] != '\0' && (f = known_feed(l, c, a)) == NULL)
		return;
	packing_stop(l->packing); /* it may rewrite what is read */
	if (!deed(&l->in, f, c, a))
		return;
	for (size_t i = 0; i < l->conf->feeds; i++)
		if (f == NULL || f == &l->conf->feed[i])
			publish_after(l, &l->conf->feed[i], a);
}

/* Until nothing is left to be packed, or it must wait for something else. */
static void
pack_all(struct loop *l)
{
	struct pollfd p = { .fd = packing_fd(l->packing), .events = POLLIN };

	while (!l->stop && packing_step(l->packing, true)) {
		poll(&p, 1, PACK_WAIT_MS);
		l->in.breathe(l->in.ctx);
	}
}

/* What is in the inbox and has settled is published, and all that is published
 * is packed, when this returns. */
static void
do_sync(struct loop *l, struct answer *a)
{
	for (int i = 0; i < SYNC_STEPS && !l->stop; i++) {
		bool more = loop_take(l);
		int64_t wait;

		loop_publish_due(l);
		wait = loop_publish_wait_ms(l);
		for (size_t k = 0; k < l->conf->feeds; k++)
			more = more || l->turn[k].dirty;
		if (!more || loop_troubled(l)[0] != '\0')
			break;
		if (wait > 0 && wait <= 1100)
			poll(NULL, 0, (int)wait);
	}
	pack_all(l);
	a->status = loop_troubled(l)[0] == '\0' ? 0 : 1;
	snprintf(a->text, sizeof a->text, "%.500s", loop_troubled(l));
}

void
loop_serve_command(struct loop *l)
{
	int fd = accept4(l->worker->command, NULL, NULL, SOCK_CLOEXEC);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct answer a;
	union {
		struct command command;
		char bytes[WIRE_MAX];
	} m;

	if (fd == -1)
		return;
	WIRE_INIT(&a, WIRE_ANSWER);
	if (may_command(fd) && poll(&p, 1, COMMAND_WAIT_MS) == 1 &&
	    wire_recv(fd, &m, sizeof m, NULL) == 1 &&
	    m.command.head.type == WIRE_COMMAND) {
		struct command *c = &m.command;

		a.head.id = c->head.id;
		c->feed[sizeof c->feed - 1] = '\0';
		c->reason[sizeof c->reason - 1] = '\0';
		mask_mentions(c->reason);
		c->actor[sizeof c->actor - 1] = '\0';
		c->argument[sizeof c->argument - 1] = '\0';
		if (c->op == COMMAND_PUBLISH)
			do_publish(l, c, &a);
		else if (c->op == COMMAND_SYNC)
			do_sync(l, &a);
		else
			do_deed(l, c, &a);
		(void)!wire_send(fd, &a.head, -1); /* it may have gone */
	}
	close(fd);
}
