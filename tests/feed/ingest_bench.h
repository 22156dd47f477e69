/*
 * What the tests of ingest and publish share: an instance with store and
 * audit open, dumps that are dropped into it, and its published file.
 */
#ifndef TESTS_FEED_INGEST_BENCH_H
#define TESTS_FEED_INGEST_BENCH_H

#include <sys/mman.h>

#include "store/audit.h"
#include "feed/ingest.h"
#include "feed/publish.h"
#include "store/store.h"
#include "tests/server/instance.h"

#define NOW INT64_C(1795348800) /* 2026-11-22 12:00:00 UTC, 15:00 in Moscow */
#define HEADER "create_date_time;id;client_ids;phones;order_status;revenue\n"
#define BENCH_CONF(more)                                                       \
	"feed \"main\" {\n timezone = \"Europe/Moscow\"\n" more "}\n"

struct bench {
	struct instance inst;
	struct ingest in;
	const struct feed *feed;
	struct dump_entry d; /* the last dump */
	bool known;
	struct err e;
};

static inline void
bench_open(struct bench *b, const char *text)
{
	memset(b, 0, sizeof *b);
	instance_open(&b->inst, text);
	b->in.conf = b->inst.conf;
	b->feed = &b->inst.conf->feed[0];
	if (store_open(&b->in.store, instance_path(&b->inst, "state/store.db"),
		false, &b->e) == -1 ||
	    audit_open(&b->in.audit, b->inst.conf, &b->e) == -1) {
		fprintf(stderr, "%s\n", b->e.text);
		abort();
	}
}

static inline void
bench_close(struct bench *b)
{
	store_close(b->in.store);
	audit_close(b->in.audit);
	instance_close(&b->inst);
}

static inline int
bench_drop_bytes(
    struct bench *b, const char *name, const void *bytes, size_t n, int64_t at)
{
	int fd = memfd_create("dump", MFD_CLOEXEC), rc;

	if (fd == -1 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	b->e.text[0] = '\0';
	rc = ingest_dump(&b->in, b->feed, b->feed->source[0], name, fd, at,
	    &b->d, &b->known, &b->e);
	if (rc == -1)
		fprintf(stderr, "%s: %s\n", name, b->e.text);
	close(fd);
	return rc;
}

static inline int
bench_drop(struct bench *b, const char *name, const char *text, int64_t at)
{
	return bench_drop_bytes(b, name, text, strlen(text), at);
}

static inline enum publish_result
bench_publish(struct bench *b, int64_t now, const struct publish_order *how)
{
	enum publish_result r = PUBLISH_SAME;

	b->e.text[0] = '\0';
	if (publish_feed(b->in.store, b->in.audit, b->inst.conf, b->feed, now,
		how, &r, &b->e) == -1) {
		fprintf(stderr, "%s\n", b->e.text);
		abort();
	}
	return r;
}

/* The published file's text; static, until the next call. */
static inline const char *
bench_file(struct bench *b)
{
	static char *text;

	free(text);
	text = instance_get(
	    instance_path(&b->inst, "published/main/conversions.csv"));
	return text;
}

static inline int64_t
bench_mtime(struct bench *b, const char *file)
{
	struct stat st;

	return stat(instance_path(&b->inst, "published/main/%s", file), &st) ==
		       0
		   ? (int64_t)st.st_mtim.tv_sec
		   : 0;
}

#endif
