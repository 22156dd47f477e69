/*
 * Zip archives through libzip, which reads them by a call-back and never opens
 * a file.  Before it may look, the number of members is checked: it makes room
 * for as many as the archive claims to have.  See unzip.h.
 */
#include "formats/unzip.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zip.h>

#include "formats/arena.h"
#include "formats/charset.h"

/* The end of the directory, and a comment behind it. */
#define END_BYTES ((size_t)22)
#define TAIL_BYTES (END_BYTES + 65535)
#define LOCATOR_BYTES ((size_t)20)
#define END64_BYTES ((size_t)56)

struct unzip {
	const struct input *in;
	const struct limits *limits;
	zip_t *zip;
	uint64_t at;    /* where libzip reads next */
	bool failed;    /* read_at did: the world is bad */
	uint64_t plain; /* unpacked so far */
	struct unzip_member *member;
	size_t members;
	struct arena names;
};

struct unzip_stream {
	struct unzip *unzip;
	zip_file_t *file;
	uint64_t packed, plain;
};

/* --- bytes -------------------------------------------------------------- */

static uint64_t
little(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static ssize_t
read_at(const struct unzip *z, void *buf, size_t n, uint64_t at)
{
	ssize_t k;

	do
		k = z->in->read_at(z->in->ctx, buf, n, at);
	while (k == -1 && errno == EINTR);
	return k;
}

/* All n bytes, or fewer at the end of the archive. */
static enum fmt_status
read_all(
    const struct unzip *z, uint8_t *buf, size_t n, uint64_t at, size_t *got)
{
	*got = 0;
	while (*got < n) {
		ssize_t k = read_at(z, buf + *got, n - *got, at + *got);

		if (k == -1)
			return FMT_IO;
		if (k == 0)
			break;
		*got += (size_t)k;
	}
	return FMT_OK;
}

bool
unzip_is_zip(const void *head, size_t n)
{
	return n >= 4 && (memcmp(head, "PK\003\004", 4) == 0 ||
			     memcmp(head, "PK\005\006", 4) == 0);
}

/* --- how many members --------------------------------------------------- */

/* The count in the longer end of a large archive, which stands where the
 * locator right before the short one says. */
static enum fmt_status
count_large(const struct unzip *z, const uint8_t *locator, uint64_t *count)
{
	uint8_t end[END64_BYTES];
	size_t got;
	enum fmt_status rc =
	    read_all(z, end, sizeof end, little(locator + 8, 8), &got);

	if (rc == FMT_OK && got == sizeof end &&
	    memcmp(end, "PK\006\006", 4) == 0)
		*count = little(end + 32, 8);
	return rc;
}

/* Every place that libzip may take for the end of the directory. */
static enum fmt_status
check_ends(const struct unzip *z, const uint8_t *tail, size_t n)
{
	for (size_t i = 0; i + END_BYTES <= n; i++) {
		uint64_t count;
		enum fmt_status rc = FMT_OK;

		if (memcmp(tail + i, "PK\005\006", 4) != 0)
			continue;
		count = little(tail + i + 10, 2);
		if (i >= LOCATOR_BYTES &&
		    memcmp(tail + i - LOCATOR_BYTES, "PK\006\007", 4) == 0)
			rc = count_large(z, tail + i - LOCATOR_BYTES, &count);
		if (rc != FMT_OK)
			return rc;
		if (count > z->limits->members)
			return FMT_ZIP_MEMBERS;
	}
	return FMT_OK;
}

static enum fmt_status
check_count(const struct unzip *z)
{
	size_t n = TAIL_BYTES + LOCATOR_BYTES, got;
	uint8_t *tail;
	enum fmt_status rc;

	if (n > z->in->size)
		n = (size_t)z->in->size;
	tail = mem_alloc(n + 1);
	rc = read_all(z, tail, n, z->in->size - n, &got);
	if (rc == FMT_OK)
		rc = check_ends(z, tail, got);
	free(tail);
	return rc;
}

/* --- libzip ------------------------------------------------------------- */

static zip_int64_t
give_bytes(struct unzip *z, void *data, zip_uint64_t n)
{
	ssize_t k = read_at(z, data, n > SSIZE_MAX ? SSIZE_MAX : n, z->at);

	if (k == -1)
		z->failed = true;
	else
		z->at += (uint64_t)k;
	return k;
}

static zip_int64_t
seek_to(struct unzip *z, void *data, zip_uint64_t n)
{
	zip_int64_t to =
	    zip_source_seek_compute_offset(z->at, z->in->size, data, n, NULL);

	if (to >= 0)
		z->at = (uint64_t)to;
	return to < 0 ? -1 : 0;
}

static zip_int64_t
give_stat(const struct unzip *z, void *data, zip_uint64_t n)
{
	zip_stat_t *st = data;

	if (n < sizeof *st)
		return -1;
	zip_stat_init(st);
	st->size = z->in->size;
	st->valid = ZIP_STAT_SIZE;
	return sizeof *st;
}

static zip_int64_t
give_error(const struct unzip *z, void *data, zip_uint64_t n)
{
	zip_error_t error;
	zip_int64_t k;

	zip_error_init(&error);
	zip_error_set(&error, z->failed ? ZIP_ER_READ : ZIP_ER_INVAL, 0);
	k = zip_error_to_data(&error, data, n);
	zip_error_fini(&error);
	return k;
}

static zip_int64_t
on_source(void *ctx, void *data, zip_uint64_t n, zip_source_cmd_t command)
{
	struct unzip *z = ctx;

	switch (command) {
	case ZIP_SOURCE_SUPPORTS:
		return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN,
		    ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
		    ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK,
		    ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
	case ZIP_SOURCE_OPEN:
		z->at = 0;
		return 0;
	case ZIP_SOURCE_READ:
		return give_bytes(z, data, n);
	case ZIP_SOURCE_SEEK:
		return seek_to(z, data, n);
	case ZIP_SOURCE_TELL:
		return (zip_int64_t)z->at;
	case ZIP_SOURCE_STAT:
		return give_stat(z, data, n);
	case ZIP_SOURCE_ERROR:
		return give_error(z, data, n);
	case ZIP_SOURCE_CLOSE:
	case ZIP_SOURCE_FREE:
		return 0;
	default:
		return -1;
	}
}

/* clang-format off */
static const struct {
	int error;
	enum fmt_status status;
} errors[] = {
	{ ZIP_ER_NOZIP,       FMT_TRUNCATED }, /* without its directory */
	{ ZIP_ER_EOF,         FMT_TRUNCATED },
	{ ZIP_ER_MULTIDISK,   FMT_ZIP_PARTS },
	{ ZIP_ER_COMPNOTSUPP, FMT_ZIP_METHOD },
	{ ZIP_ER_ENCRNOTSUPP, FMT_ZIP_PASSWORD },
	{ ZIP_ER_NOPASSWD,    FMT_ZIP_PASSWORD },
	{ ZIP_ER_WRONGPASSWD, FMT_ZIP_PASSWORD },
};
/* clang-format on */

static enum fmt_status
status_of(const struct unzip *z, const zip_error_t *error)
{
	int code = zip_error_code_zip(error);

	if (z->failed)
		return FMT_IO;
	if (code == ZIP_ER_MEMORY)
		abort(); /* as in arena.h */
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		if (errors[i].error == code)
			return errors[i].status;
	}
	return FMT_CORRUPT;
}

static enum fmt_status
open_zip(struct unzip *z)
{
	zip_source_t *source;
	zip_error_t error;
	enum fmt_status rc = FMT_OK;

	zip_error_init(&error);
	source = zip_source_function_create(on_source, z, &error);
	if (source == NULL)
		abort();
	z->zip = zip_open_from_source(source, ZIP_RDONLY, &error);
	if (z->zip == NULL) {
		rc = status_of(z, &error);
		zip_source_free(source);
	}
	zip_error_fini(&error);
	return rc;
}

/* --- names -------------------------------------------------------------- */

/* UTF-8, or what Windows in Russian writes.  Nobody should have to see what
 * is not printable. */
static char *
shown_name(struct arena *a, const char *raw)
{
	size_t n = strlen(raw), used;
	char *name = arena_alloc(a, n * CHARSET_GROWTH + 1);

	if (charset_utf8((const uint8_t *)raw, n) == n)
		memcpy(name, raw, n);
	else
		n = charset_convert(
		    CHARSET_CP866, (const uint8_t *)raw, n, true, name, &used);
	name[n] = '\0';
	for (char *p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	return name;
}

/* Is one of its parts ".."? */
static bool
climbs(const char *name)
{
	while (name != NULL) {
		if (strncmp(name, "..", 2) == 0 &&
		    (name[2] == '/' || name[2] == '\0'))
			return true;
		name = strchr(name, '/');
		if (name != NULL)
			name++;
	}
	return false;
}

/* Could it lead anywhere, were it a path? */
static bool
is_harmful(const char *name)
{
	bool drive =
	    ((*name | 32) >= 'a' && (*name | 32) <= 'z') && name[1] == ':';

	if (*name == '\0' || *name == '/' || drive ||
	    strchr(name, '\\') != NULL || climbs(name))
		return true;
	for (const char *p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return true;
	}
	return false;
}

static enum fmt_status
judge(const char *raw, const zip_stat_t *st)
{
	if (is_harmful(raw))
		return FMT_ZIP_NAME;
	if ((st->valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 &&
	    st->encryption_method != ZIP_EM_NONE)
		return FMT_ZIP_PASSWORD;
	if ((st->valid & ZIP_STAT_COMP_METHOD) != 0 &&
	    !zip_compression_method_supported(st->comp_method, 0))
		return FMT_ZIP_METHOD;
	return FMT_OK;
}

static void
note_member(struct unzip *z, size_t i)
{
	struct unzip_member *m = &z->member[i];
	const char *raw = zip_get_name(z->zip, i, ZIP_FL_ENC_RAW);
	zip_stat_t st;

	m->name = "?";
	m->status = FMT_CORRUPT;
	if (raw == NULL ||
	    zip_stat_index(z->zip, i, ZIP_FL_UNCHANGED, &st) != 0)
		return;
	m->name = shown_name(&z->names, raw);
	m->folder = *raw != '\0' && raw[strlen(raw) - 1] == '/';
	m->bytes = (st.valid & ZIP_STAT_SIZE) != 0 ? st.size : 0;
	m->status = judge(raw, &st);
}

/* --- the archive -------------------------------------------------------- */

enum fmt_status
unzip_open(
    struct unzip **out, const struct input *in, const struct limits *limits)
{
	struct unzip *z;
	enum fmt_status rc;

	if (in->read_at == NULL)
		return FMT_ZIP_STREAM;
	if (in->size > limits->packed_bytes)
		return FMT_TOO_BIG;
	z = mem_alloc(sizeof *z);
	z->in = in;
	z->limits = limits;
	rc = check_count(z);
	if (rc == FMT_OK)
		rc = open_zip(z);
	if (rc == FMT_OK) {
		z->members = (size_t)zip_get_num_entries(z->zip, 0);
		if (z->members > limits->members)
			rc = FMT_ZIP_MEMBERS;
	}
	if (rc != FMT_OK) {
		unzip_close(z);
		return rc;
	}
	z->member = mem_alloc((z->members + 1) * sizeof *z->member);
	for (size_t i = 0; i < z->members; i++)
		note_member(z, i);
	*out = z;
	return FMT_OK;
}

void
unzip_close(struct unzip *z)
{
	if (z == NULL)
		return;
	if (z->zip != NULL)
		zip_discard(z->zip);
	arena_free(&z->names);
	free(z->member);
	free(z);
}

size_t
unzip_members(const struct unzip *z)
{
	return z->members;
}

const struct unzip_member *
unzip_member(const struct unzip *z, size_t i)
{
	return &z->member[i];
}

size_t
unzip_find(const struct unzip *z, const char *name)
{
	for (size_t i = 0; i < z->members; i++) {
		if (strcasecmp(z->member[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

bool
unzip_is_noise(const struct unzip_member *m)
{
	static const char *const names[] = { ".DS_Store", "Thumbs.db",
		"desktop.ini" };
	const char *base = strrchr(m->name, '/');

	base = base == NULL ? m->name : base + 1;
	if (m->folder || strncmp(m->name, "__MACOSX/", 9) == 0 ||
	    strncmp(base, "._", 2) == 0)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcasecmp(base, names[i]) == 0)
			return true;
	}
	return false;
}

bool
unzip_is_package(const struct unzip *z)
{
	return unzip_find(z, "[Content_Types].xml") != SIZE_MAX ||
	       unzip_find(z, "xl/workbook.xml") != SIZE_MAX ||
	       (unzip_find(z, "mimetype") != SIZE_MAX &&
		   unzip_find(z, "content.xml") != SIZE_MAX);
}

static enum fmt_status
package_verdict(const struct unzip *z)
{
	if (unzip_find(z, "xl/workbook.xml") != SIZE_MAX)
		return FMT_OK;
	if (unzip_find(z, "xl/workbook.bin") != SIZE_MAX)
		return FMT_XLSB;
	return unzip_find(z, "content.xml") != SIZE_MAX ? FMT_ODS : FMT_SYNTAX;
}

enum fmt_status
unzip_verdict(const struct unzip *z)
{
	enum fmt_status why = FMT_ZIP_EMPTY;

	if (unzip_is_package(z))
		return package_verdict(z);
	for (size_t i = 0; i < z->members; i++) {
		if (unzip_is_noise(&z->member[i]))
			continue;
		if (z->member[i].status == FMT_OK)
			return FMT_ZIP_NESTED;
		why = z->member[i].status;
	}
	return why;
}

/* --- a member ----------------------------------------------------------- */

enum fmt_status
unzip_begin(struct unzip_stream **out, struct unzip *z, size_t member)
{
	struct unzip_stream *s;
	zip_file_t *file;
	zip_stat_t st;

	if (z->member[member].status != FMT_OK)
		return z->member[member].status;
	file = zip_fopen_index(z->zip, member, ZIP_FL_UNCHANGED);
	if (file == NULL)
		return status_of(z, zip_get_error(z->zip));
	s = mem_alloc(sizeof *s);
	s->unzip = z;
	s->file = file;
	if (zip_stat_index(z->zip, member, ZIP_FL_UNCHANGED, &st) == 0 &&
	    (st.valid & ZIP_STAT_COMP_SIZE) != 0)
		s->packed = st.comp_size;
	*out = s;
	return FMT_OK;
}

static bool
is_bomb(const struct limits *l, uint64_t plain, uint64_t packed)
{
	return plain > l->ratio_from &&
	       (packed == 0 || (plain - 1) / packed >= l->ratio);
}

static enum fmt_status
check_size(const struct unzip_stream *s)
{
	const struct unzip *z = s->unzip;

	if (is_bomb(z->limits, s->plain, s->packed) ||
	    is_bomb(z->limits, z->plain, z->in->size))
		return FMT_BOMB;
	return z->plain > z->limits->plain_bytes ? FMT_TOO_BIG : FMT_OK;
}

enum fmt_status
unzip_read(struct unzip_stream *s, void *buf, size_t n, size_t *got)
{
	zip_int64_t k = zip_fread(s->file, buf, n);

	if (k < 0)
		return status_of(s->unzip, zip_file_get_error(s->file));
	*got = (size_t)k;
	s->plain += *got;
	s->unzip->plain += *got;
	return check_size(s);
}

void
unzip_end(struct unzip_stream *s)
{
	if (s == NULL)
		return;
	zip_fclose(s->file);
	free(s);
}
