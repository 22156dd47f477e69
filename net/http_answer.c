/*
 * The fields of an answer.  See http_answer.h.
 */
#include "net/http_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *
content_type(const char *path)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ ".csv", "text/csv; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".gz", "application/gzip" },
	};
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t k = strlen(types[i].suffix);

		if (n > k && strcmp(path + n - k, types[i].suffix) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

static void
add(struct http_fields *f, const char *name, const char *value)
{
	f->field[f->n].name = name;
	snprintf(f->field[f->n].value, sizeof f->field->value, "%s", value);
	f->n++;
}

void
http_version_of(
    struct http_version *v, int64_t mtime, uint64_t size, bool encoded)
{
	v->mtime = mtime;
	v->size = size;
	snprintf(v->etag, sizeof v->etag, "\"%" PRIx64 "-%" PRIx64 "%s\"",
	    (uint64_t)mtime, size, encoded ? "-gz" : "");
	http_date_write(mtime, v->date);
}

void
http_fields_version(
    struct http_fields *f, const struct http_version *v, bool varies)
{
	f->n = 0;
	add(f, "ETag", v->etag);
	add(f, "Last-Modified", v->date);
	add(f, "Cache-Control", "private, no-cache");
	if (varies)
		add(f, "Vary", "Accept-Encoding");
}

void
http_fields_file(struct http_fields *f, const struct http_version *v,
    const char *path, bool encoded, bool varies)
{
	http_fields_version(f, v, varies);
	add(f, "Content-Type", content_type(path));
	add(f, "Accept-Ranges", "bytes");
	if (encoded)
		add(f, "Content-Encoding", "gzip");
}

void
http_fields_part(struct http_fields *f, const struct http_version *v,
    uint64_t first, uint64_t n)
{
	char range[96];

	snprintf(range, sizeof range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
	    first, first + n - 1, v->size);
	add(f, "Content-Range", range);
}
