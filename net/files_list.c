/*
 * Folders.  One of many files takes a while to read, and somebody may ask for
 * it again and again in every session that a login may have; so they are read
 * in threads, a few at once, and nobody else waits.  Of one that has too many
 * only some are shown, and both the client and the admin are told.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "net/files_private.h"
#include "server/bytes.h"
#include "server/clock.h"
#include "server/log.h"

#define TOLD_MS ((int64_t)3600 * 1000) /* the admin is, once in so long */
#define AT_ONCE 2 /* of the pool's threads; the others sync */

struct listing {
	struct task task; /* first: a task is its listing */
	struct listing *next;
	const struct tree *tree;
	struct grant grant;
	struct tree_place place;
	uint64_t peer, ask;      /* whose, and which */
	struct files_entry *own; /* the session's uploads, shown behind */
	size_t owns;
	struct files_entry *entry;
	size_t n, room;
	bool cut;
	int error, fd;
};

static bool
add_entry(void *ctx, const struct files_entry *e)
{
	struct listing *l = ctx;

	l->cut = l->n == FILES_LIST_MAX;
	if (l->cut)
		return false;
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		l->entry = mem_grow(l->entry, l->room * sizeof *l->entry);
	}
	l->entry[l->n++] = *e;
	return true;
}

static void
add_uploads(const struct request *rq, struct listing *l)
{
	for (const struct upload *u = rq->channel->upload; u != NULL;
	     u = u->next) {
		const char *name = upload_name_in(u, l->place.rel);
		struct files_entry e;

		if (u->by != rq->by || name == NULL ||
		    (l->place.read && upload_is_entry(u)))
			continue;
		memset(&e, 0, sizeof e);
		snprintf(e.name, sizeof e.name, "%s", name);
		e.stat = upload_stat(u);
		add_entry(l, &e);
	}
	l->own = l->entry;
	l->owns = l->n;
	l->entry = NULL;
	l->n = l->room = 0;
}

/* In a thread. */
static void
run_list(struct task *t)
{
	struct listing *l = (struct listing *)t;

	l->error = tree_list(l->tree, &l->grant, &l->place, add_entry, l);
	for (size_t i = 0; l->error == 0 && i < l->owns; i++)
		add_entry(l, &l->own[i]);
	if (l->error == 0) {
		l->fd = bytes_seal(l->entry, l->n * sizeof *l->entry);
		l->error = l->fd == -1 ? errno : 0;
	}
	free(l->entry);
	free(l->own);
}

static void
begin_next(struct files *f)
{
	struct lists *q = &f->lists;

	while (q->running < AT_ONCE && q->first != NULL) {
		struct listing *l = q->first;

		q->first = l->next;
		q->running++;
		pool_put(f->pool, &l->task);
	}
}

int
list_begin(struct request *rq)
{
	struct lists *q = &rq->f->lists;
	struct tree_place place;
	struct listing *l;
	int rc =
	    tree_resolve(&rq->f->tree, &rq->by->grant, rq->q->path, &place);

	if (rc != 0)
		return rc;
	l = mem_alloc(sizeof *l);
	l->task.run = run_list;
	l->tree = &rq->f->tree;
	l->grant = rq->by->grant;
	l->place = place;
	l->peer = rq->peer->number;
	l->ask = rq->q->head.id;
	l->fd = -1;
	if (place.kind == TREE_REAL && place.root == TREE_INBOX)
		add_uploads(rq, l);
	rq->later = true;
	if (q->first == NULL)
		q->first = l;
	else
		q->last->next = l;
	q->last = l;
	begin_next(rq->f);
	return 0;
}

static void
tell_cut(struct files *f, const struct listing *l)
{
	static const char *const folder[] = {
		[TREE_PUBLISHED] = "published",
		[TREE_INBOX] = "inbox",
		[TREE_REPORTS] = "reports",
		[TREE_ARCHIVE] = "archive",
	};
	int64_t now = clock_ms();
	char safe[512];

	if (f->lists.told_ms != 0 && now - f->lists.told_ms < TOLD_MS)
		return;
	f->lists.told_ms = now;
	log_safe(safe, sizeof safe, l->place.rel, strlen(l->place.rel));
	if (l->place.root == TREE_REPORTS)
		log_warn("%s/%s: the folder has more than %d files, and "
			 "listings show no more than these; delete old reports "
			 "there, the archive has them, too",
		    folder[l->place.root], safe, FILES_LIST_MAX);
	else
		log_warn("%s/%s: the folder has more than %d files, and "
			 "listings show no more than these; the others can be "
			 "fetched by their names",
		    folder[l->place.root], safe, FILES_LIST_MAX);
}

/* What it may no more see when its login ended meanwhile is not sent. */
static void
answer(struct files *f, struct listing *l)
{
	struct peer *p = files_peer(f, l->peer);
	struct files_reply r;

	WIRE_INIT(&r, WIRE_OPENED);
	r.head.id = l->ask;
	r.error = files_allows(f, l->grant.handle) ? l->error : EACCES;
	r.entries = (uint32_t)l->n;
	r.cut = l->cut;
	if (l->cut)
		tell_cut(f, l);
	if (p != NULL)
		files_answer(p, &r, l->fd);
	else if (l->fd != -1)
		close(l->fd);
}

bool
list_done(struct files *f, struct task *t)
{
	struct listing *l = (struct listing *)t;

	if (t->run != run_list)
		return false;
	answer(f, l);
	free(l);
	f->lists.running--;
	begin_next(f);
	return true;
}
