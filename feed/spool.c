/*
 * Events on the disk.  See spool.h.
 *
 * The file is a head and records of one size.  It keeps a length that a full
 * disk cannot take from it.  A record counts when its number is the next one
 * and its checksum is right: so what lies behind the last one, a torn record
 * or those of an earlier filling, ends the list.  Once all are taken the head
 * says with which number the next filling begins.
 */
#include "feed/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zlib.h>

#include "formats/arena.h"
#include "server/clock.h"
#include "server/log.h"

#define KEPT ((off_t)1 << 20) /* bytes: about 1500 events */
#define BATCH 64
#define AGAIN_MS 1000 /* when there was no room */
#define SYNC_MS 1000
#define LINGER_MS 3 /* for more that comes: one turn for many */

struct head {
	char magic[8];
	uint64_t record; /* bytes of each */
	uint64_t first;  /* the first one's number */
};

struct record {
	uint64_t number;
	uint32_t check; /* of the rest, and of the number */
	uint32_t pad;
	struct event event;
};

static const char magic[8] = { 'c', 'd', 'e', 'v', 'e', 'n', 't', 's' };

struct spool {
	int fd, sock, wake, stop;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	uint64_t first, next; /* numbers: of the filling, of what comes */
	uint64_t at;          /* the one to be taken */
	struct record read[BATCH];
	uint64_t read_from; /* the first of read */
	size_t reads;       /* in read */
	struct record batch[BATCH];
	size_t waits; /* of batch: there was no room for them */
	bool full;    /* which was said */
	int64_t synced_ms;
	uint64_t synced; /* those below survive a loss of power */
};

/* --- the file ------------------------------------------------------------ */

static off_t
place(const struct spool *s, uint64_t number)
{
	return (off_t)(sizeof(struct head) +
		       (number - s->first) * sizeof(struct record));
}

static uint32_t
check_of(const struct record *r)
{
	uLong c = crc32(0, (const Bytef *)&r->number, sizeof r->number);

	return (uint32_t)crc32(c, (const Bytef *)&r->event, sizeof r->event);
}

/* So many of them at once, from that one on; NULL when it is none. */
static const struct record *
read_record(struct spool *s, uint64_t number)
{
	const struct record *r;

	if (number - s->read_from >= s->reads) {
		ssize_t n =
		    pread(s->fd, s->read, sizeof s->read, place(s, number));

		s->read_from = number;
		s->reads = n <= 0 ? 0 : (size_t)n / sizeof *s->read;
	}
	if (s->reads == 0)
		return NULL;
	r = &s->read[number - s->read_from];
	return r->number == number && r->check == check_of(r) ? r : NULL;
}

static void
write_head(struct spool *s)
{
	struct head h = { .record = sizeof(struct record), .first = s->first };

	memcpy(h.magic, magic, sizeof h.magic);
	/* it lies in the middle of a file: there is room */
	(void)!pwrite(s->fd, &h, sizeof h, 0);
}

/* Events of a version that had others cannot be told any more: an upgrade ends
 * the one before, which leaves none. */
static void
find_what_is_left(struct spool *s, uint64_t heard)
{
	struct head h;

	if (pread(s->fd, &h, sizeof h, 0) != (ssize_t)sizeof h ||
	    memcmp(h.magic, magic, sizeof h.magic) != 0 ||
	    h.record != sizeof(struct record)) {
		s->first = s->next = s->at = heard + 1;
		write_head(s);
		return;
	}
	s->first = s->next = s->at = h.first;
	while (read_record(s, s->next) != NULL)
		s->next++;
	if (s->next == s->first && s->first <= heard) {
		s->first = s->next = s->at = heard + 1;
		write_head(s);
	}
}

/* --- what comes ---------------------------------------------------------- */

static void
receive(struct spool *s)
{
	union {
		struct event event;
		char bytes[WIRE_MAX];
	} m;

	while (s->waits < BATCH) {
		struct record *r = &s->batch[s->waits];

		if (wire_recv(s->sock, &m, sizeof m, NULL) != 1)
			return;
		if (m.event.head.type != WIRE_EVENT)
			continue;
		memset(r, 0, sizeof *r);
		r->event = m.event;
		r->event.user[sizeof r->event.user - 1] = '\0';
		r->event.path[sizeof r->event.path - 1] = '\0';
		r->number = s->next + s->waits++;
		r->check = check_of(r);
	}
}

static bool
write_batch(struct spool *s)
{
	size_t n = s->waits * sizeof *s->batch;
	uint64_t one = 1;

	if (pwrite(s->fd, s->batch, n, place(s, s->next)) != (ssize_t)n)
		return false;
	s->next += s->waits;
	s->waits = 0;
	s->reads = 0; /* they may be what was read behind the last one */
	(void)!write(s->wake, &one, sizeof one);
	return true;
}

/* False when there is no room: what the socket has not given up waits there,
 * and then with who tells it. */
static bool
pump(struct spool *s)
{
	bool room = true;

	pthread_mutex_lock(&s->lock);
	do {
		receive(s);
		if (s->waits == 0)
			break;
		room = write_batch(s);
	} while (room);
	if (!room && !s->full)
		log_error("What the network side tells cannot be written to "
			  "state/events: %s.",
		    strerror(errno));
	s->full = !room;
	pthread_mutex_unlock(&s->lock);
	return room;
}

void
spool_pump(struct spool *s)
{
	pump(s);
}

static void *
listen_on(void *ctx)
{
	struct spool *s = ctx;
	struct pollfd p[2] = { { s->stop, POLLIN, 0 }, { s->sock, POLLIN, 0 } };
	bool room;

	for (;;) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			return NULL;
		if (p[0].revents != 0)
			return NULL;
		if (p[1].revents == 0)
			continue;
		if (poll(p, 1, LINGER_MS) == 1)
			return NULL;
		room = pump(s) && (p[1].revents & POLLIN) != 0;
		if (!room && poll(p, 1, AGAIN_MS) == 1)
			return NULL;
	}
}

/* --- life ---------------------------------------------------------------- */

static void
close_all(struct spool *s)
{
	const int fds[] = { s->fd, s->wake, s->stop };

	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
		if (fds[i] != -1)
			close(fds[i]);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int
spool_open(struct spool **out, const struct conf *c, int sock, uint64_t heard,
    struct err *e)
{
	struct spool *s = mem_alloc(sizeof *s);
	char path[PATH_MAX];

	conf_path(path, c, "state", "events", NULL);
	pthread_mutex_init(&s->lock, NULL);
	s->sock = sock;
	s->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->fd == -1 || s->wake == -1 || s->stop == -1) {
		err_set(e, "open %s: %s", path, strerror(errno));
		close_all(s);
		return -1;
	}
	(void)!posix_fallocate(s->fd, 0, KEPT);
	fcntl(sock, F_SETFL, O_NONBLOCK);
	find_what_is_left(s, heard);
	errno = pthread_create(&s->thread, NULL, listen_on, s);
	if (errno != 0) {
		err_set(e, "start a thread: %s", strerror(errno));
		close_all(s);
		return -1;
	}
	*out = s;
	return 0;
}

void
spool_close(struct spool *s)
{
	uint64_t one = 1;

	if (s == NULL)
		return;
	(void)!write(s->stop, &one, sizeof one);
	pthread_join(s->thread, NULL);
	close_all(s);
}

/* --- what is taken ------------------------------------------------------- */

int
spool_fd(const struct spool *s)
{
	return s->wake;
}

bool
spool_next(struct spool *s, struct spooled *out)
{
	const struct record *r = NULL;
	uint64_t clear;

	pthread_mutex_lock(&s->lock);
	while (r == NULL && s->at < s->next) {
		r = read_record(s, s->at);
		if (r == NULL) {
			log_error("state/events: event %llu cannot be read "
				  "again; it is lost.",
			    (unsigned long long)s->at);
			s->at++;
		}
	}
	if (r != NULL)
		*out = (struct spooled){ r->number, r->event };
	else
		(void)!read(s->wake, &clear, sizeof clear);
	pthread_mutex_unlock(&s->lock);
	return r != NULL;
}

void
spool_took(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	s->at++;
	pthread_mutex_unlock(&s->lock);
}

void
spool_back(struct spool *s, uint64_t number)
{
	pthread_mutex_lock(&s->lock);
	s->at = number;
	pthread_mutex_unlock(&s->lock);
}

void
spool_done(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	if (s->at == s->next && s->first != s->next) {
		bool grew = place(s, s->next) > KEPT;

		s->first = s->next;
		write_head(s);
		if (grew)
			(void)!ftruncate(s->fd, KEPT);
	}
	pthread_mutex_unlock(&s->lock);
}

void
spool_sync(struct spool *s)
{
	int64_t now = clock_ms();
	uint64_t upto;

	pthread_mutex_lock(&s->lock);
	upto = s->next;
	pthread_mutex_unlock(&s->lock);
	if (upto == s->synced || now - s->synced_ms < SYNC_MS)
		return;
	s->synced_ms = now;
	if (fdatasync(s->fd) == 0)
		s->synced = upto;
}

/* --- from outside -------------------------------------------------------- */

static bool
is_for_the_audit(const struct event *ev)
{
	return ev->kind != EVENT_PULL_BEGIN && ev->kind != EVENT_PULL_AT &&
	       ev->kind != EVENT_FILES_GONE;
}

/* What is written meanwhile only ends the list. */
int64_t
spool_waits_since(const struct conf *c, uint64_t heard)
{
	struct spool *s = mem_alloc(sizeof *s);
	const struct record *r = NULL;
	char path[PATH_MAX];
	struct head h;
	int64_t since;

	conf_path(path, c, "state", "events", NULL);
	s->fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (s->fd != -1 && pread(s->fd, &h, sizeof h, 0) == (ssize_t)sizeof h &&
	    memcmp(h.magic, magic, sizeof h.magic) == 0 &&
	    h.record == sizeof(struct record)) {
		s->first = s->next = h.first;
		while ((r = read_record(s, s->next)) != NULL &&
		       (r->number <= heard || !is_for_the_audit(&r->event)))
			s->next++;
	}
	since = r == NULL ? 0 : r->event.at;
	if (s->fd != -1)
		close(s->fd);
	free(s);
	return since;
}
