/*
 * The ingest process: one loop over the parent, the network's events, the
 * commands of convdrop, and the inbox.  One dump, then whatever is due to be
 * published, then the next.  What fails for want of room or for another fault
 * of the world is tried again by itself; status shows it meanwhile.
 */
#include "feed/ingest_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "store/archive.h"
#include "server/clock.h"
#include "feed/erase.h"
#include "feed/heard.h"
#include "server/lang.h"
#include "server/log.h"
#include "store/mask.h"
#include "store/temp.h"
#include "feed/overview.h"
#include "server/worker.h"
#include "feed/publish.h"
#include "feed/report.h"
#include "feed/report_stage.h"
#include "server/sandbox.h"
#include "feed/watch.h"

#define PATIENCE 5 /* tries in a row before others may go first */
#define PASS_BY_MS 60000
#define PURGE_S 86400
#define ERASE_S 3600 /* erasures that were interrupted, or failed */
#define FRESH_S 3600 /* so long an overview is as of the last publishing */

/* Milliseconds until the wall clock's next second. */
static int64_t
next_second_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return 1000 - ts.tv_nsec / 1000000 + 1;
}

/* --- trouble ------------------------------------------------------------- */

static int
trouble_open(const struct conf *c, int flags)
{
	char path[PATH_MAX];

	conf_path(path, c, "state", "trouble", NULL);
	return open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
}

void
trouble_read(const struct conf *c, char out[TROUBLE_BYTES])
{
	int fd = trouble_open(c, O_RDONLY);
	ssize_t n = fd == -1 ? 0 : pread(fd, out, TROUBLE_BYTES - 1, 0);

	out[n < 0 ? 0 : n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (fd != -1)
		close(fd);
}

/* The file always has its full length, so that a full disk has room for it. */
void
trouble_write(const struct conf *c, const char *text)
{
	char buf[TROUBLE_BYTES];
	int fd = trouble_open(c, O_WRONLY | O_CREAT);

	if (fd == -1)
		return;
	memset(buf, '\n', sizeof buf);
	memcpy(buf, text, strnlen(text, sizeof buf - 1));
	(void)!pwrite(fd, buf, sizeof buf, 0);
	close(fd);
}

const char *
loop_troubled(const struct loop *l)
{
	for (int i = 0; i < TROUBLES; i++) {
		if (l->trouble[i][0] != '\0')
			return l->trouble[i];
	}
	return "";
}

/* Said once, shown until it is over. */
static void
trouble(struct loop *l, enum trouble what, const char *text)
{
	if (strcmp(l->trouble[what], text) == 0)
		return;
	snprintf(l->trouble[what], sizeof l->trouble[what], "%s", text);
	if (text[0] != '\0')
		log_error("%s", text);
	else if (loop_troubled(l)[0] == '\0')
		log_info("it goes on; what was wrong is over");
	trouble_write(l->conf, loop_troubled(l));
}

/* --- hearing ------------------------------------------------------------- */

static bool
readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd != -1 && poll(&p, 1, 0) == 1 && p.revents != 0;
}

static void
hear_parent(struct loop *l)
{
	char buf[WIRE_MAX];

	while (!l->stop && readable(l->worker->control)) {
		struct wire *m = (struct wire *)(void *)buf;
		int n = wire_recv(l->worker->control, buf, sizeof buf, NULL);

		if (n != 1 || m->type == WIRE_DRAIN || m->type == WIRE_STOP)
			l->stop = l->in.stop = true;
	}
}

static void
mark_pulled(struct loop *l)
{
	/* A pull may give an order back its first creation time. */
	for (size_t i = 0; i < l->conf->feeds; i++) {
		if (l->heard.pulled[i]) {
			l->turn[i].dirty = true;
			overview_mark(&l->turn[i].overview, clock_ms());
		}
		l->heard.pulled[i] = false;
	}
}

static void
breathe(void *ctx)
{
	struct loop *l = ctx;

	hear_parent(l);
	heard_drain(&l->heard, l->in.in_transaction);
	mark_pulled(l);
}

/* --- a dump -------------------------------------------------------------- */

struct taking {
	struct loop *l;
	const struct watch_found *f;
};

static void
log_dump(const struct feed *f, const char *dropped, const struct dump_entry *d,
    bool known)
{
	const struct tally *t = &d->tally;
	char name[512];

	mask_name(name, sizeof name, dropped);
	if (d->state == DUMP_HELD) {
		log_warn("%s: %s: waits for approval as dump %lld: %s", f->name,
		    name, (long long)d->id, d->reason);
		return;
	}
	if (known) {
		log_info("%s: %s: known already as dump %lld; nothing changes",
		    f->name, name, (long long)d->id);
		return;
	}
	if (d->state != DUMP_MERGED) {
		log_warn("%s: %s: refused: %s", f->name, name, d->reason);
		return;
	}
	log_info(
	    ngettext("%s: %s: dump %lld: %llu record: %llu accepted, %llu "
		     "unchanged, %llu superseded, %llu skipped, %llu rejected",
		"%s: %s: dump %lld: %llu records: %llu accepted, %llu "
		"unchanged, %llu superseded, %llu skipped, %llu rejected",
		t->records),
	    f->name, name, (long long)d->id, (unsigned long long)t->records,
	    (unsigned long long)t->accepted, (unsigned long long)t->unchanged,
	    (unsigned long long)t->superseded, (unsigned long long)t->skipped,
	    (unsigned long long)t->rejected);
}

/* What one of an archive's dumps changed is published, even if a later one
 * must wait. */
static void
note_dump(
    void *ctx, const char *dropped, const struct dump_entry *d, bool known)
{
	const struct taking *t = ctx;

	struct turn *turn = &t->l->turn[t->f->feed->index];

	log_dump(t->f->feed, dropped, d, known);
	turn->dirty = true;
	overview_mark(&turn->overview, clock_ms()); /* refused ones too */
}

/* Not now: in the order in which they came, unless one stands in the way of
 * all others for too long. */
static void
later(struct loop *l, const struct watch_found *f, const struct err *e)
{
	char name[400], text[TROUBLE_BYTES];
	bool pass_by = ++l->tries % PATIENCE == 0;

	if (l->in.stop) {
		watch_later(l->watch, f, RETRY_MS);
		return;
	}
	mask_name(name, sizeof name, f->name);
	snprintf(text, sizeof text, "%s: %s: %s", f->feed->name, name, e->text);
	trouble(l, TROUBLE_DUMP, text);
	watch_later(l->watch, f, pass_by ? PASS_BY_MS : RETRY_MS);
	l->paused_ms = clock_ms() + RETRY_MS;
	l->back_ms = clock_ms() + (pass_by ? PASS_BY_MS : RETRY_MS) + 1000;
}

static void
take_dump(struct loop *l, const struct watch_found *f)
{
	struct taking taking = { l, f };
	struct err e = ERR_EMPTY;

	if (ingest_file(&l->in, f->feed, f->source, f->name, f->fd, f->settled,
		note_dump, &taking, &e) == -1) {
		later(l, f, &e);
		return;
	}
	l->tries = 0;
	trouble(l, TROUBLE_DUMP, "");
	l->turn[f->feed->index].dirty = true;
	if (watch_remove(l->watch, f, &e) == -1)
		log_error("%s: %s", f->feed->name, e.text);
}

static void
tell(struct loop *l, const struct watch_found *f)
{
	struct err e = ERR_EMPTY;
	char name[512];

	mask_name(name, sizeof name, f->name);
	log_warn("%s: %s: %s: %s", f->feed->name, name,
	    f->what == WATCH_QUARANTINED ? "moved to state/quarantine"
					 : "not read",
	    f->why);
	if (ingest_refused(&l->in, f->feed, f->source, f->name,
		(int64_t)time(NULL), f->what == WATCH_QUARANTINED, f->why,
		&e) == -1)
		log_error("%s: %s: %s", f->feed->name, name, e.text);
	overview_mark(&l->turn[f->feed->index].overview, clock_ms());
}

bool
loop_take(struct loop *l)
{
	struct watch_found f;
	struct err e = ERR_EMPTY;
	int found;

	if (l->stop || clock_ms() < l->paused_ms)
		return false;
	found = watch_next(l->watch, &f, &e);
	trouble(l, TROUBLE_INBOX, found == -1 ? e.text : "");
	if (found == 0 && clock_ms() > l->back_ms)
		trouble(l, TROUBLE_DUMP, ""); /* somebody took it away */
	if (found != 1)
		return false;
	if (f.what == WATCH_DUMP)
		take_dump(l, &f);
	else
		tell(l, &f);
	if (f.fd != -1)
		temp_close(f.fd);
	return true;
}

/* --- publishing ---------------------------------------------------------- */

static void
note_publish(struct loop *l, struct turn *t, bool fails, const struct err *e)
{
	t->fails = fails;
	if (fails)
		trouble(l, TROUBLE_PUBLISH, e->text);
	for (size_t i = 0; i < l->conf->feeds; i++) {
		if (l->turn[i].fails)
			return;
	}
	trouble(l, TROUBLE_PUBLISH, "");
}

int
loop_publish(struct loop *l, const struct feed *f,
    const struct publish_order *how, enum publish_result *result, struct err *e)
{
	struct turn *t = &l->turn[f->index];
	int64_t now = (int64_t)time(NULL);

	if (publish_feed(l->in.store, l->in.audit, l->conf, f, now, how, result,
		e) == -1 ||
	    publish_due(l->in.store, f, now, &t->due, e) == -1) {
		t->dirty = true;
		t->not_before_ms = clock_ms() + RETRY_MS;
		note_publish(l, t, true, e);
		return -1;
	}
	note_publish(l, t, false, e);
	t->published = now;
	if (*result == PUBLISH_DONE || *result == PUBLISH_WITHHELD)
		overview_mark(&t->overview, clock_ms());
	t->dirty = *result == PUBLISH_LATER;
	if (*result == PUBLISH_LATER)
		t->not_before_ms = clock_ms() + next_second_ms();
	else if (*result == PUBLISH_DONE)
		t->not_before_ms = clock_ms() + 1000;
	return 0;
}

void
loop_publish_due(struct loop *l)
{
	int64_t now = (int64_t)time(NULL);

	for (size_t i = 0; i < l->conf->feeds && !l->stop; i++) {
		const struct feed *f = &l->conf->feed[i];
		enum publish_result result;
		struct err e = ERR_EMPTY;

		if ((!l->turn[i].dirty && now < l->turn[i].due) ||
		    clock_ms() < l->turn[i].not_before_ms)
			continue;
		loop_publish(l, f, NULL, &result, &e);
		breathe(l);
	}
}

/* What fails is tried again, but not what others must wait for. */
bool
loop_is_quiet(const struct loop *l)
{
	for (size_t i = 0; i < l->conf->feeds; i++)
		if (l->turn[i].dirty && !l->turn[i].fails)
			return false;
	return true;
}

int64_t
loop_publish_wait_ms(const struct loop *l)
{
	int64_t now = (int64_t)time(NULL), ms = clock_ms(), least = INT_MAX;

	for (size_t i = 0; i < l->conf->feeds; i++) {
		const struct turn *t = &l->turn[i];
		int64_t wait = t->dirty ? 0 : (t->due - now) * 1000;

		if (t->due - now > INT_MAX / 1000 && !t->dirty)
			continue;
		if (t->not_before_ms - ms > wait)
			wait = t->not_before_ms - ms;
		least = wait < least ? wait : least;
	}
	return least < 0 ? 0 : least;
}

/* --- by the clock -------------------------------------------------------- */

static void
purge(struct loop *l)
{
	int64_t now = (int64_t)time(NULL);
	struct err e = ERR_EMPTY;
	char value[32];

	if (now < l->purge_at)
		return;
	l->purge_at = now + PURGE_S;
	snprintf(value, sizeof value, "%lld", (long long)now);
	if (archive_purge(l->conf, l->in.store, l->in.audit, now, &e) == -1 ||
	    store_set(l->in.store, "purged", value, &e) == -1)
		log_error("archive: %s", e.text);
}

/* Of dumps that were read otherwise, if they could not be put in place. */
static void
end_reports(struct loop *l)
{
	for (size_t i = 0; i < l->conf->feeds; i++) {
		const struct feed *f = &l->conf->feed[i];
		struct err e = ERR_EMPTY;

		if (report_stage_end(l->conf, f, l->in.store, &e) == -1)
			log_error("%s: %s", f->name, e.text);
	}
}

static void
resume_erasures(struct loop *l)
{
	int64_t now = (int64_t)time(NULL);

	if (now < l->erase_at)
		return;
	l->erase_at = now + ERASE_S;
	packing_stop(l->packing); /* it may rewrite what is read */
	end_reports(l);
	erase_resume(&l->in);
}

/* What the network side tells is kept, and is no reason to begin anew. */
static bool
goes_on(void *ctx)
{
	struct loop *l = ctx;

	hear_parent(l);
	heard_drain(&l->heard, true);
	return l->stop;
}

/* It gives way to what people wait for, until it did so for too long. */
static bool
gives_way(void *ctx)
{
	const struct loop *l = ctx;

	return goes_on(ctx) || readable(l->worker->command) ||
	       readable(watch_fd(l->watch));
}

static void
tell_feed(struct loop *l, const struct feed *f)
{
	struct turn *t = &l->turn[f->index];
	int64_t from = clock_ms(), now = (int64_t)time(NULL);
	struct overview o = { .store = l->in.store,
		.conf = l->conf,
		.feed = f,
		.now = now - t->published < FRESH_S ? t->published : now,
		.stop = t->overview.due && from >= t->overview.latest_ms
			    ? goes_on
			    : gives_way,
		.ctx = l };
	struct err e = ERR_EMPTY;
	int rc = overview_write(&o, &e);

	if (rc == -1)
		log_warn("%s: %s", f->name, e.text);
	overview_done(&t->overview, now, from, clock_ms(), rc == 1);
}

/* One feed's summary.txt and quality.csv; idle: nothing else is to be done. */
static void
tell_what_is_due(struct loop *l, bool idle)
{
	int64_t now = (int64_t)time(NULL);

	for (size_t i = 0; i < l->conf->feeds && !l->stop; i++) {
		const struct turn *t = &l->turn[i];

		if (t->dirty && !t->fails)
			continue;
		if (overview_is_due(&t->overview, now, clock_ms(), idle)) {
			tell_feed(l, &l->conf->feed[i]);
			return;
		}
	}
}

static int64_t
tell_wait_ms(const struct loop *l)
{
	int64_t now = (int64_t)time(NULL), ms = clock_ms(), least = INT_MAX;

	for (size_t i = 0; i < l->conf->feeds; i++) {
		const struct turn *t = &l->turn[i];
		int64_t wait = overview_wait(&t->overview, now, ms);

		if (!t->dirty || t->fails)
			least = wait < least ? wait : least;
	}
	return least;
}

static int
poll_wait(const struct loop *l)
{
	int64_t wait = loop_publish_wait_ms(l);
	int64_t inbox = watch_timeout(l->watch);
	int64_t pause = l->paused_ms - clock_ms();
	int64_t clean = (l->purge_at - (int64_t)time(NULL)) * 1000;

	if (pause > inbox)
		inbox = pause;
	wait = inbox < wait ? inbox : wait;
	wait = clean < wait ? clean : wait;
	wait = tell_wait_ms(l) < wait ? tell_wait_ms(l) : wait;
	wait =
	    heard_wait_ms(&l->heard) < wait ? heard_wait_ms(&l->heard) : wait;
	wait = packing_wait_ms(l->packing) < wait ? packing_wait_ms(l->packing)
						  : wait;
	if (l->busy)
		return 0;
	return wait < 0 ? 0 : wait > 60000 ? 60000 : (int)wait;
}

static void
run(struct loop *l)
{
	resume_erasures(l);
	while (!l->stop) {
		struct pollfd p[] = {
			{ .fd = l->worker->control, .events = POLLIN },
			{ .fd = heard_fd(&l->heard), .events = POLLIN },
			{ .fd = l->worker->command, .events = POLLIN },
			{ .fd = watch_fd(l->watch), .events = POLLIN },
			{ .fd = packing_fd(l->packing), .events = POLLIN },
		};

		if (poll(p, 5, poll_wait(l)) == -1 && errno != EINTR) {
			log_error("poll: %s", strerror(errno));
			return;
		}
		breathe(l);
		if (l->stop)
			return;
		if (p[2].revents != 0)
			loop_serve_command(l);
		l->busy = loop_take(l);
		loop_publish_due(l);
		store_tidy(l->in.store);
		tell_what_is_due(l, !l->busy);
		purge(l);
		resume_erasures(l);
		packing_step(l->packing, !l->busy && loop_is_quiet(l));
	}
	heard_drain(&l->heard, false);
}

/* --- starting ------------------------------------------------------------ */

/* Names this run of the daemon, not of this process. */
static void
daemon_name(char out[64])
{
	char path[64], text[1024] = "";
	const char *p;
	FILE *f;
	long long started = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)getppid());
	f = fopen(path, "re");
	if (f != NULL) {
		if (fgets(text, sizeof text, f) == NULL)
			text[0] = '\0';
		fclose(f);
	}
	p = strrchr(text, ')'); /* then field 3; the start time is field 22 */
	for (int i = 0; p != NULL && i < 20; i++)
		p = strchr(p + 1, ' ');
	if (p != NULL)
		started = strtoll(p, NULL, 10);
	snprintf(out, 64, "%d:%lld", (int)getppid(), started);
}

/* Pulls outlive this process, but not the daemon. */
static int
close_pulls(struct loop *l, const char *name, struct err *e)
{
	int64_t now = (int64_t)time(NULL);
	char before[64], since[32];
	int found = store_get(l->in.store, "daemon", before, sizeof before, e);

	if (found == -1)
		return -1;
	if (found == 1 && strcmp(before, name) == 0)
		return 0;
	if (heard_close_pulls(&l->heard, now, e) == -1 ||
	    store_set(l->in.store, "daemon", name, e) == -1)
		return -1;
	found = store_get(l->in.store, "since", since, sizeof since, e);
	if (found != 0)
		return found == -1 ? -1 : 0;
	snprintf(since, sizeof since, "%lld", (long long)now);
	return store_set(l->in.store, "since", since, e);
}

static int
recover(struct loop *l, struct err *e)
{
	char value[32] = "0";

	end_reports(l);
	for (size_t i = 0; i < l->conf->feeds; i++) {
		report_sweep(l->conf, &l->conf->feed[i]);
		if (publish_recover(l->in.store, l->in.audit, l->conf,
			&l->conf->feed[i], (int64_t)time(NULL), e) == -1)
			return -1;
		l->turn[i].dirty = true;
	}
	if (store_get(l->in.store, "purged", value, sizeof value, e) == -1)
		return -1;
	l->purge_at = strtoll(value, NULL, 10) + PURGE_S;
	return 0;
}

static int
start(struct loop *l, struct err *e)
{
	char path[PATH_MAX], name[64];

	conf_path(path, l->conf, "state", "store.db", NULL);
	daemon_name(name);
	if (store_open(&l->in.store, path, false, e) == -1 ||
	    erase_load(&l->in, e) == -1 ||
	    audit_open(&l->in.audit, l->conf, e) == -1 ||
	    watch_open(&l->watch, l->conf, e) == -1 ||
	    sandbox_enter(SANDBOX_INGEST, l->conf, e) == -1)
		return -1;
	l->packing = packing_open(l->conf, l->in.store, e);
	if (l->packing == NULL)
		return -1;
	if (heard_open(&l->heard, l->conf, l->in.store, l->in.audit,
		l->worker->events, e) == -1)
		return -1;
	trouble_write(l->conf, "");
	return close_pulls(l, name, e) == -1 ? -1 : recover(l, e);
}

/* What is large goes back to the system when it is freed, whichever thread had
 * it: else the C library keeps tens of megabytes for the next one. */
static void
settle_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

int
ingest_main(struct worker *w)
{
	struct loop l = { .worker = w, .conf = w->conf };
	struct err e = ERR_EMPTY;
	int rc = 1;

	settle_memory();
	l.in.conf = w->conf;
	l.in.breathe = breathe;
	l.in.ctx = &l;
	l.turn = mem_alloc((w->conf->feeds + 1) * sizeof *l.turn);
	if (start(&l, &e) == -1) {
		log_error("%s", e.text);
		trouble_write(l.conf, e.text);
		goto out;
	}
	worker_ready(w);
	run(&l);
	rc = l.stop ? 0 : 1;
out:
	packing_close(l.packing);
	heard_close(&l.heard);
	watch_close(l.watch);
	tombstones_free(l.in.stones);
	audit_close(l.in.audit);
	store_close(l.in.store);
	free(l.turn);
	return rc;
}
