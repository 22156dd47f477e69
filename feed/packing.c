/*
 * Packing what was archived stored.  See packing.h; the thread that does it is
 * in archive_pack.c.
 */
#include "feed/packing.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "store/archive.h"
#include "feed/erase_files.h"
#include "server/clock.h"
#include "server/log.h"
#include "feed/publish.h"

#define AGAIN_MS 60000
#define SWEPT "packing.swept" /* when it was last looked for them */

struct packing {
	const struct conf *conf;
	struct store *store;
	int wake;
	struct archive_packing *running;
	char path[512];      /* what is running */
	int64_t publication; /* 0: a dump */
	int64_t not_before_ms;
	char said[512];
};

/* --- what nobody noted ---------------------------------------------------- */

static bool
is_fresh(const struct conf *c, const char *path, int64_t since)
{
	char full[PATH_MAX];
	struct stat st;

	conf_path(full, c, path, NULL);
	return lstat(full, &st) == 0 && st.st_size >= ARCHIVE_STORE_FROM &&
	       st.st_mtim.tv_sec >= since;
}

static int
look_at(const struct packing *p, const char *path, int64_t since, struct err *e)
{
	int stored = is_fresh(p->conf, path, since)
			 ? archive_lies_stored(p->conf, path, e)
			 : 0;

	if (stored == -1) {
		log_warn("archive: %s", e->text);
		return 0;
	}
	return stored == 1 ? store_unpacked_found(p->store, path, e) : 0;
}

/* A kill between a file and what is noted of it: it is younger than the last
 * start, by any clock that is a day off at most. */
static int
find_stored(struct packing *p, struct err *e)
{
	struct files l = { NULL, 0, 0 };
	int64_t now = (int64_t)time(NULL);
	char text[32] = "0";
	int rc = -1;

	if (store_get(p->store, SWEPT, text, sizeof text, e) != -1 &&
	    erase_files_list(p->conf, "archive", &l, e) == 0)
		rc = 0;
	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = look_at(p, l.path[i], strtoll(text, NULL, 10) - 86400, e);
	erase_files_free(&l);
	snprintf(text, sizeof text, "%lld", (long long)now);
	return rc == -1 ? -1 : store_set(p->store, SWEPT, text, e);
}

struct packing *
packing_open(const struct conf *c, struct store *s, struct err *e)
{
	struct packing *p = mem_alloc(sizeof *p);

	p->conf = c;
	p->store = s;
	p->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (p->wake == -1) {
		err_set(e, "make an eventfd: %s", strerror(errno));
		free(p);
		return NULL;
	}
	if (find_stored(p, e) == -1) {
		packing_close(p);
		return NULL;
	}
	return p;
}

void
packing_close(struct packing *p)
{
	if (p == NULL)
		return;
	archive_pack_cancel(p->running);
	close(p->wake);
	free(p);
}

void
packing_stop(struct packing *p)
{
	archive_pack_cancel(p->running);
	p->running = NULL;
}

int
packing_fd(const struct packing *p)
{
	return p->wake;
}

int64_t
packing_wait_ms(const struct packing *p)
{
	int64_t wait = p->not_before_ms - clock_ms();

	return p->not_before_ms == 0 || p->running != NULL ? INT_MAX
	       : wait < 0                                  ? 0
							   : wait;
}

/* Said once, for it is tried again and again. */
static void
put_off(struct packing *p, const char *why)
{
	if (strcmp(p->said, why) != 0)
		log_warn("archive: %s; it stays unpacked for now", why);
	snprintf(p->said, sizeof p->said, "%s", why);
	p->not_before_ms = clock_ms() + AGAIN_MS;
}

static void
drop(struct packing *p)
{
	struct err e = ERR_EMPTY;

	p->said[0] = '\0';
	if (store_unpacked_drop(p->store, p->path, &e) == -1)
		put_off(p, e.text);
}

/* The store forgets it last: what was interrupted is done once more. */
static void
settle(struct packing *p, enum archive_packed how, struct err *e)
{
	switch (how) {
	case ARCHIVE_PACKED:
		if (p->publication != 0 &&
		    publish_sidecar(p->store, p->conf, p->publication, e) == -1)
			log_warn("%s", e->text);
		drop(p);
		break;
	case ARCHIVE_UNFIT:
		log_error("archive: %s; it stays as it is", e->text);
		drop(p);
		break;
	case ARCHIVE_GONE:
		drop(p);
		break;
	case ARCHIVE_LATER:
		put_off(p, e->text);
		break;
	case ARCHIVE_OTHER: /* that one is next */
		break;
	}
}

static void
collect(struct packing *p)
{
	struct err e = ERR_EMPTY;
	enum archive_packed how;
	uint64_t n;

	(void)!read(p->wake, &n, sizeof n);
	if (p->running == NULL || !archive_pack_ended(p->running))
		return;
	how = archive_pack_end(p->running, &e);
	p->running = NULL;
	settle(p, how, &e);
}

/* Those that are gone cost a look each. */
static void
begin(struct packing *p)
{
	struct err e = ERR_EMPTY;
	enum archive_packed how;
	int found;

	p->not_before_ms = 0;
	while (p->running == NULL && p->not_before_ms == 0) {
		found =
		    store_unpacked_next(p->store, p->path, &p->publication, &e);
		if (found == -1)
			put_off(p, e.text);
		if (found != 1)
			return;
		archive_pack_begin(
		    &p->running, &how, p->conf, p->path, p->wake, &e);
		if (p->running == NULL)
			settle(p, how, &e);
	}
}

bool
packing_step(struct packing *p, bool idle)
{
	collect(p);
	if (idle && p->running == NULL && clock_ms() >= p->not_before_ms)
		begin(p);
	return p->running != NULL;
}
