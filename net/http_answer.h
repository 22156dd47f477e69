/*
 * What HTTP says of a version of a file, field by field.  http_send.c answers
 * with it, and `convdrop audit replay` tells by it what was answered once: so
 * the two cannot differ.  Pure.
 */
#ifndef NET_HTTP_ANSWER_H
#define NET_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "net/http_field.h"

struct http_version {
	int64_t mtime;
	uint64_t size; /* of the bytes that go out: the sidecar's when it is */
	char etag[64];
	char date[HTTP_DATE_SIZE];
};

/* The update time is different for each version (I4), so it names one.
 * encoded: the sidecar goes out as the file's content encoding. */
void http_version_of(
    struct http_version *v, int64_t mtime, uint64_t size, bool encoded);

#define HTTP_FIELDS_MAX 10
struct http_fields {
	struct {
		const char *name;
		char value[96];
	} field[HTTP_FIELDS_MAX];
	size_t n;
};

/* Every answer has this one as well. */
#define HTTP_NOSNIFF "X-Content-Type-Options"
#define HTTP_NOSNIFF_VALUE "nosniff"

/* Of any answer about it; varies: another encoding might have gone out. */
void http_fields_version(
    struct http_fields *f, const struct http_version *v, bool varies);

/* Of an answer with its bytes, path says of what type; behind it, when a part
 * was asked for, that it has n of them from first on. */
void http_fields_file(struct http_fields *f, const struct http_version *v,
    const char *path, bool encoded, bool varies);
void http_fields_part(struct http_fields *f, const struct http_version *v,
    uint64_t first, uint64_t n);

#endif
