/*
 * SFTP packets.  One table says what each request holds; a letter is a field.
 */
#include "net/sftp_packet.h"
#include "server/lang.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

/*
 * n name (path or handle)   m other name      d bytes, as other
 * o offset, 64 bits         l length          f open flags
 * Attributes at the end of a request are not looked at: none are honoured.
 */
static const char *const layout[256] = {
	[SFTP_OPEN] = "nf",
	[SFTP_CLOSE] = "n",
	[SFTP_READ] = "nol",
	[SFTP_WRITE] = "nod",
	[SFTP_LSTAT] = "n",
	[SFTP_FSTAT] = "n",
	[SFTP_SETSTAT] = "n",
	[SFTP_FSETSTAT] = "n",
	[SFTP_OPENDIR] = "n",
	[SFTP_READDIR] = "n",
	[SFTP_REMOVE] = "n",
	[SFTP_MKDIR] = "n",
	[SFTP_RMDIR] = "n",
	[SFTP_REALPATH] = "n",
	[SFTP_STAT] = "n",
	[SFTP_RENAME] = "nm",
	[SFTP_READLINK] = "n",
	[SFTP_SYMLINK] = "nm",
	[SFTP_EXTENDED] = "n",
};

struct reader {
	const uint8_t *p;
	size_t n;
	bool bad;
};

static uint32_t
take_u32(struct reader *r)
{
	uint32_t v;

	if (r->n < 4) {
		r->bad = true;
		return 0;
	}
	v = (uint32_t)r->p[0] << 24 | (uint32_t)r->p[1] << 16 |
	    (uint32_t)r->p[2] << 8 | r->p[3];
	r->p += 4;
	r->n -= 4;
	return v;
}

static uint64_t
take_u64(struct reader *r)
{
	uint64_t high = take_u32(r);

	return high << 32 | take_u32(r);
}

static struct slice
take_string(struct reader *r)
{
	uint32_t n = take_u32(r);
	struct slice s = { (const char *)r->p, n };

	if (r->bad || n > r->n) {
		r->bad = true;
		return (struct slice){ "", 0 };
	}
	r->p += n;
	r->n -= n;
	return s;
}

static void
take_field(struct reader *r, char field, struct sftp_request *q)
{
	switch (field) {
	case 'n':
		q->name = take_string(r);
		break;
	case 'm':
	case 'd':
		q->other = take_string(r);
		break;
	case 'o':
		q->offset = take_u64(r);
		break;
	case 'l':
		q->len = take_u32(r);
		break;
	case 'f':
		q->flags = take_u32(r);
		break;
	}
}

/* posix-rename is a RENAME; fsync names a handle, as other. */
static void
take_extension(struct reader *r, struct sftp_request *q)
{
	if (slice_is(q->name, "posix-rename@openssh.com")) {
		q->type = SFTP_RENAME;
		take_field(r, 'n', q);
		take_field(r, 'm', q);
	} else if (slice_is(q->name, "fsync@openssh.com")) {
		take_field(r, 'm', q);
	}
}

enum sftp_parsed
sftp_parse(struct sftp_request *out, const uint8_t *p, size_t n)
{
	struct reader r;

	if (n < 5)
		return SFTP_NOISE;
	r = (struct reader){ p + 1, n - 1, false };
	*out = (struct sftp_request){ .type = p[0] };
	out->id = take_u32(&r);
	if (out->type == SFTP_INIT)
		return SFTP_PARSED;
	if (layout[out->type] == NULL)
		return SFTP_UNKNOWN;
	for (const char *f = layout[out->type]; *f != '\0'; f++)
		take_field(&r, *f, out);
	if (out->type == SFTP_EXTENDED)
		take_extension(&r, out);
	return r.bad ? SFTP_BROKEN : SFTP_PARSED;
}

static void
store_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

void
sftp_put_u32(struct sftp_out *o, uint32_t v)
{
	assert(sftp_room(o) >= 4);
	store_u32(o->p + o->n, v);
	o->n += 4;
}

void
sftp_set_u32(struct sftp_out *o, size_t at, uint32_t v)
{
	assert(at + 4 <= o->n);
	store_u32(o->p + at, v);
}

void
sftp_put_u64(struct sftp_out *o, uint64_t v)
{
	sftp_put_u32(o, (uint32_t)(v >> 32));
	sftp_put_u32(o, (uint32_t)v);
}

void
sftp_put_string(struct sftp_out *o, struct slice s)
{
	sftp_put_u32(o, (uint32_t)s.n);
	assert(sftp_room(o) >= s.n);
	if (s.n > 0)
		memcpy(o->p + o->n, s.p, s.n);
	o->n += s.n;
}

void
sftp_begin(struct sftp_out *o, enum sftp_type type, uint32_t id)
{
	o->begun = o->n;
	sftp_put_u32(o, 0);
	assert(sftp_room(o) >= 1);
	o->p[o->n++] = (uint8_t)type;
	sftp_put_u32(o, id);
}

void
sftp_end(struct sftp_out *o)
{
	store_u32(o->p + o->begun, (uint32_t)(o->n - o->begun - 4));
}

void
sftp_put_data_head(struct sftp_out *o, uint32_t id, uint32_t n)
{
	sftp_begin(o, SFTP_DATA, id);
	sftp_put_u32(o, n);
	store_u32(o->p + o->begun, SFTP_DATA_HEAD - 4 + n);
}

void
sftp_put_status(
    struct sftp_out *o, uint32_t id, enum sftp_code code, const char *sentence)
{
	sftp_begin(o, SFTP_STATUS, id);
	sftp_put_u32(o, code);
	sftp_put_string(o, slice_of(sentence));
	sftp_put_string(o, slice_of(_("en")));
	sftp_end(o);
}

/* What the permission bits look like, in octal and in letters. */
static uint32_t
mode(const struct sftp_attrs *a)
{
	if (a->is_dir)
		return a->writable ? 0040755 : 0040555;
	return a->writable ? 0100644 : 0100444;
}

static const char *
letters(const struct sftp_attrs *a)
{
	if (a->is_dir)
		return a->writable ? "drwxr-xr-x" : "dr-xr-xr-x";
	return a->writable ? "-rw-r--r--" : "-r--r--r--";
}

/* Version 3 has 32 bits for a time. */
static uint32_t
time32(int64_t t)
{
	if (t < 0)
		return 0;
	return t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

void
sftp_put_attrs(struct sftp_out *o, const struct sftp_attrs *a)
{
	const uint32_t has_size = 1, has_mode = 4, has_times = 8;

	sftp_put_u32(o, has_size | has_mode | has_times);
	sftp_put_u64(o, a->size);
	sftp_put_u32(o, mode(a));
	sftp_put_u32(o, time32(a->mtime)); /* of the last access */
	sftp_put_u32(o, time32(a->mtime));
}

void
sftp_long_name(
    char *out, const char *name, const struct sftp_attrs *a, int64_t now)
{
	const int64_t half_a_year = 182 * 86400;
	bool recent = a->mtime <= now && a->mtime > now - half_a_year;
	time_t t = (time_t)time32(a->mtime);
	char when[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(when, sizeof when, recent ? "%b %e %H:%M" : "%b %e  %Y", &tm);
	snprintf(out, SFTP_LONG_MAX, "%s    1 0        0        %10llu %s %s",
	    letters(a), (unsigned long long)a->size, when, name);
}
