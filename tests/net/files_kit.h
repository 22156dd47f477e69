/*
 * For tests of the files process: the test is its parent, auth, network and
 * ingest; there are feeds, and something in their folders.
 */
#ifndef TESTS_NET_FILES_KIT_H
#define TESTS_NET_FILES_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "net/files.h"
#include "tests/server/instance.h"
#include "tests/net/worker_kit.h"

static struct instance instance;
static struct kit kit;
static uint64_t asks;

static inline void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Text of a file of the instance; "" when there is none. */
static inline const char *
text_of(const char *name)
{
	static char text[256];
	FILE *f = fopen(instance_path(&instance, "%s", name), "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(text, 1, sizeof text - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static inline bool
exists(const char *name)
{
	return access(instance_path(&instance, "%s", name), F_OK) == 0;
}

static inline int
begin(void **state)
{
	union wire_any m;
	struct timespec old[2] = { { time(NULL) - 2 * 86400, 0 },
		{ time(NULL) - 2 * 86400, 0 } };

	(void)state;
	instance_open(&instance, "reserve_bytes = 0\nreserve_percent = 0\n"
				 "feed main { source shop { } }\n"
				 "feed other { }\n");
	instance.conf->limits.packed_bytes = 1000;
	for (size_t i = 0; i < 2; i++) {
		static const char *const top[] = { "inbox", "published",
			"archive", "reports" };

		for (size_t k = 0; k < 4; k++)
			mkdir(instance_path(&instance, "%s/%s", top[k],
				  instance.conf->feed[i].name),
			    0750);
	}
	mkdir(instance_path(&instance, "inbox/main/shop"), 0750);
	put(instance_path(&instance, "published/main/conversions.csv"), "main");
	put(instance_path(&instance, "archive/main/a.gz"), "a");
	put(instance_path(&instance, "inbox/main/theirs.csv"), "theirs");
	put(instance_path(&instance, "inbox/main/.upload-new"), "half");
	put(instance_path(&instance, "inbox/main/shop/.upload-old"), "half");
	utimensat(AT_FDCWD,
	    instance_path(&instance, "inbox/main/shop/.upload-old"), old, 0);
	kit_start(&kit, instance.conf, WORKER_FILES, files_main);
	assert_true(kit_hear(kit.control, &m, NULL));
	assert_int_equal(m.head.type, WIRE_READY);
	return 0;
}

static inline int
end(void **state)
{
	int rc = kit_stop(&kit);

	(void)state;
	instance_close(&instance);
	return rc;
}

static inline void
allow(const struct grant *g, bool live)
{
	struct auth_allow m;
	union wire_any got;

	WIRE_INIT(&m, WIRE_ALLOW);
	m.head.id = ++asks;
	m.live = live;
	m.grant = *g;
	assert_int_equal(wire_send(kit.other, &m.head, -1), 0);
	assert_true(kit_hear(kit.other, &got, NULL));
	assert_memory_equal(&got, &m, sizeof m); /* repeated in answer */
}

static inline struct grant
grant_of(unsigned roles, uint8_t number)
{
	struct grant g;

	memset(&g, 0, sizeof g);
	memset(g.handle, number, sizeof g.handle);
	g.roles = roles;
	g.protocol = PROTO_SFTP;
	g.from = kit_address(1);
	g.feed[0] = 1;
	strcpy(g.user, "somebody");
	return g;
}

static inline struct grant
allowed(unsigned roles, uint8_t number)
{
	struct grant g = grant_of(roles, number);

	allow(&g, true);
	return g;
}

/* One request; the descriptor, when there is one, goes to *fd. */
static inline struct files_reply
ask(int sock, const struct grant *g, enum files_op op, const char *path,
    const char *path2, uint64_t number, int *fd)
{
	struct files_request q;
	struct files_reply r;
	int got = -1;

	WIRE_INIT(&q, WIRE_FILE);
	q.head.id = ++asks;
	memcpy(q.handle, g->handle, sizeof q.handle);
	q.op = op;
	q.number = number;
	snprintf(q.path, sizeof q.path, "%s", path);
	snprintf(q.path2, sizeof q.path2, "%s", path2);
	if (op == FILES_PULL_END) {
		q.bytes = 4;
		q.complete = 1;
	}
	assert_int_equal(files_ask(sock, &q, &r, &got), 0);
	if (fd != NULL)
		*fd = got;
	else if (got != -1)
		close(got);
	return r;
}

#define NOTHING 0, NULL

static inline struct event
next_event(void)
{
	union {
		union wire_any any;
		struct event event;
	} m;

	assert_true(kit_hear(kit.events, &m.any, NULL));
	return m.event;
}

static inline uint64_t
upload(int sock, const struct grant *g, const char *path, const char *text)
{
	int fd;
	struct files_reply r = ask(sock, g, FILES_CREATE, path, "", 0, &fd);

	assert_int_equal(r.error, 0);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return r.number;
}

/* The names, each after a space, of a folder. */
static inline const char *
listing(int sock, const struct grant *g, const char *path)
{
	static char text[1024];
	struct files_entry e;
	size_t n = 0;
	int fd;
	struct files_reply r = ask(sock, g, FILES_LIST, path, "", 0, &fd);

	assert_int_equal(r.error, 0);
	text[0] = '\0';
	for (uint32_t i = 0; i < r.entries; i++) {
		assert_int_equal(
		    pread(fd, &e, sizeof e, i * sizeof e), sizeof e);
		n += (size_t)snprintf(text + n, sizeof text - n, " %s", e.name);
	}
	close(fd);
	return text;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
