/*
 * The rig of the SFTP session's tests.
 */
#include "tests/net/sftp_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/files.h"

/* --- files --- */

uint8_t
kit_byte(uint64_t offset)
{
	return (uint8_t)(offset * 7 + offset / 251);
}

static int
published(void)
{
	uint8_t *p = malloc(FILE_SIZE);
	int fd = memfd_create("published", 0);

	for (size_t i = 0; i < FILE_SIZE; i++)
		p[i] = kit_byte(i);
	assert_int_equal(write(fd, p, FILE_SIZE), FILE_SIZE);
	free(p);
	return fd;
}

static int
folder(void)
{
	int fd = memfd_create("folder", 0);

	for (unsigned i = 0; i < FOLDER_ENTRIES; i++) {
		struct files_entry e = { .stat = { i, 1795338900, 0, 0 } };

		snprintf(e.name, sizeof e.name, "file-%04u", i);
		assert_int_equal(write(fd, &e, sizeof e), sizeof e);
	}
	return fd;
}

static void
tell(struct rig *g, const struct files_request *q, const char *what)
{
	size_t n = strlen(g->told);

	snprintf(g->told + n, sizeof g->told - n, "%s %d:%d%s;", what,
	    (int)q->number, (int)q->bytes,
	    q->op == FILES_PULL_END ? q->complete ? " whole" : " part" : "");
}

static int
do_one(struct rig *g, const struct files_request *q, struct files_reply *r)
{
	switch (q->op) {
	case FILES_OPEN:
	case FILES_STAT:
		if (strcmp(q->path, "/main/conversions.csv") == 0) {
			r->stat =
			    (struct files_stat){ FILE_SIZE, 1795338900, 0, 0 };
			r->number = q->op == FILES_OPEN ? 7 : 0;
			return q->op == FILES_OPEN ? dup(g->published) : -1;
		}
		r->stat.writable = 1;
		r->stat.size = 5;
		if (strcmp(q->path, "/inbox/main") == 0)
			r->stat.is_dir = 1;
		else if (strcmp(q->path, "/inbox/main/own.csv") != 0)
			r->error = ENOENT;
		return -1;
	case FILES_LIST:
		r->entries = FOLDER_ENTRIES;
		return folder();
	case FILES_CREATE:
		if (strcmp(q->path, "/inbox/main/taken.csv") == 0)
			r->error = EEXIST;
		else if (strncmp(q->path, "/inbox/", 7) != 0)
			r->error = EACCES;
		if (r->error != 0)
			return -1;
		r->number = 9;
		if (strcmp(q->path, "/inbox/main/full.csv") == 0)
			return open("/dev/full", O_WRONLY);
		if (g->upload != -1)
			close(g->upload);
		g->upload = memfd_create("upload", 0);
		return dup(g->upload);
	case FILES_COMMIT:
		tell(g, q, "commit");
		return -1;
	case FILES_ABORT:
		tell(g, q, "abort");
		return -1;
	case FILES_PULL_END:
		tell(g, q, "pull");
		return -1;
	case FILES_RENAME:
		snprintf(g->told, sizeof g->told, "rename %.200s %.200s",
		    q->path, q->path2);
		return -1;
	case FILES_REMOVE:
		r->error = EACCES;
		return -1;
	default:
		r->error = EINVAL;
		return -1;
	}
}

static void *
serve_files(void *ctx)
{
	struct rig *g = ctx;
	union {
		struct files_request q;
		uint8_t bytes[WIRE_MAX];
	} m;

	while (wire_recv(g->theirs, &m, sizeof m, NULL) == 1) {
		struct files_reply r;
		int fd;

		WIRE_INIT(&r, WIRE_OPENED);
		r.head.id = m.q.head.id;
		fd = do_one(g, &m.q, &r);
		wire_send(g->theirs, &r.head, fd);
		if (fd != -1)
			close(fd);
	}
	return NULL;
}

/* --- the client --- */

/* Takes over what waits to be sent. */
static void
kit_drain(struct rig *g)
{
	struct slice s = sftp_pending(g->sftp);

	assert_true(g->n + s.n <= sizeof g->reply);
	memcpy(g->reply + g->n, s.p, s.n);
	g->n += s.n;
	sftp_sent(g->sftp, s.n);
}

int
kit_feed(struct rig *g, const uint8_t *p, size_t n)
{
	for (;;) {
		size_t k = sftp_take(g->sftp, p, n);
		size_t had = g->n;

		p += k;
		n -= k;
		if (sftp_run(g->sftp) == -1)
			return -1;
		kit_drain(g);
		if (n == 0 && k == 0 && g->n == had)
			return 0;
	}
}

/* One request: its type and what its layout says: s string, u 32, U 64 bits. */
static size_t
build(struct rig *g, uint8_t *buf, size_t size, uint8_t type,
    const char *layout, va_list ap)
{
	struct sftp_out o = { buf, 0, size, 0 };

	sftp_begin(&o, type, type == SFTP_INIT ? 3 : ++g->id);
	for (; *layout != '\0'; layout++) {
		if (*layout == 's')
			sftp_put_string(&o, *va_arg(ap, struct slice *));
		else if (*layout == 'u')
			sftp_put_u32(&o, va_arg(ap, uint32_t));
		else
			sftp_put_u64(&o, va_arg(ap, uint64_t));
	}
	sftp_end(&o);
	return o.n;
}

static uint8_t packet[2 * SFTP_PACKET_MAX];

int
kit_say(struct rig *g, uint8_t type, const char *layout, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, layout);
	n = build(g, packet, sizeof packet, type, layout, ap);
	va_end(ap);
	g->n = 0;
	return kit_feed(g, packet, n);
}

uint32_t
kit_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* The one answer that came is of this type. */
const uint8_t *
kit_answer(const struct rig *g, uint8_t type)
{
	assert_true(g->n >= 9);
	assert_int_equal(kit_u32(g->reply), g->n - 4);
	assert_int_equal(g->reply[4], type);
	assert_int_equal(kit_u32(g->reply + 5), g->id);
	return g->reply + 9;
}

uint32_t
kit_code(const struct rig *g)
{
	return kit_u32(kit_answer(g, SFTP_STATUS));
}

void
kit_open(struct rig *g, const char *path, uint32_t flags, struct name *h)
{
	struct slice p = slice_of(path);

	kit_say(g, SFTP_OPEN, "suu", &p, flags, 0u);
	memcpy(h->bytes, kit_answer(g, SFTP_HANDLE) + 4, 8);
	h->s = (struct slice){ h->bytes, 8 };
}

int
kit_raw(void **state)
{
	struct rig *g = calloc(1, sizeof *g);
	const struct grant grant = { .user = "direct" };
	int pair[2];

	assert_int_equal(wire_pair(pair), 0);
	g->ours = pair[0];
	g->theirs = pair[1];
	g->upload = -1;
	g->published = published();
	assert_int_equal(pthread_create(&g->files, NULL, serve_files, g), 0);
	g->sftp = sftp_new(g->ours, &grant, 1000000, SFTP_PENDING_SOON);
	assert_non_null(g->sftp);
	*state = g;
	return 0;
}

int
kit_up(void **state)
{
	kit_raw(state);
	return kit_say(*state, SFTP_INIT, "");
}

int
kit_down(void **state)
{
	struct rig *g = *state;

	sftp_free(g->sftp, false);
	close(g->ours);
	pthread_join(g->files, NULL);
	close(g->theirs);
	close(g->published);
	if (g->upload != -1)
		close(g->upload);
	free(g);
	return 0;
}
