/*
 * Decoding: input → (gunzip) → plain bytes → UTF-8.  The plain bytes pass
 * through one buffer, are hashed on their way in, and leave it as they are
 * when they are UTF-8 already.  See decode.h.
 *
 * How far it looks ahead to detect an encoding: as long as a dump is ASCII it
 * is passed on as such, even for gigabytes.  At the first other byte LOOKAHEAD
 * bytes from there on are read, and they decide.  When they hold too little to
 * go by (a lone "№"), they decide for themselves alone and the question is
 * asked again at the next non-ASCII byte after them.  What comes out depends
 * on the bytes alone, never on how they arrived.
 */
#include "formats/decode.h"

#include <assert.h>
#include <errno.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <zlib.h>

#include "formats/arena.h"
#include "formats/charset.h"

#define LOOKAHEAD ((size_t)256 * 1024)
#define ROOM (LOOKAHEAD * 2)
#define STEP ((size_t)64 * 1024) /* converted at once */
#define HEAD ((size_t)64 * 1024) /* looked at for what it is */
#define LONGEST 4                /* bytes of a character */

enum gunzip_state {
	GZ_NONE,
	GZ_MEMBER,
	GZ_BETWEEN,
	GZ_PADDING
};

struct decode {
	const struct input *in;
	const struct limits *limits;

	/* packed → plain */
	enum gunzip_state gunzip;
	z_stream z;
	uint8_t packed[STEP];
	size_t packed_at, packed_end;
	bool packed_eof;
	uint64_t packed_bytes, plain_bytes;
	struct sha256_ctx sha;
	bool hashed;
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct unzip *workbook;

	/* plain → UTF-8 */
	uint8_t plain[ROOM];
	size_t at, end;
	bool eof;
	enum charset charset;
	bool detect;   /* nobody has set it and no BOM has said it */
	bool decided;  /* false: all ASCII so far */
	uint64_t left; /* bytes the decision is for */
	char text[STEP * CHARSET_GROWTH];
};

/* --- packed → plain --- */

static enum fmt_status
read_input(struct decode *d, uint8_t *to, size_t room, size_t *got)
{
	ssize_t k;

	do
		k = d->in->read(d->in->ctx, to, room);
	while (k == -1 && errno == EINTR);
	if (k < 0)
		return FMT_IO;
	*got = (size_t)k;
	d->packed_eof = k == 0;
	d->packed_bytes += (uint64_t)k;
	return d->packed_bytes > d->limits->packed_bytes ? FMT_TOO_BIG : FMT_OK;
}

static enum fmt_status
read_packed(struct decode *d)
{
	size_t got = 0;
	enum fmt_status rc = read_input(d, d->packed + d->packed_end,
	    sizeof d->packed - d->packed_end, &got);

	d->packed_end += got;
	return rc;
}

static enum fmt_status
take_packed(struct decode *d)
{
	if (d->packed_at < d->packed_end || d->packed_eof)
		return FMT_OK;
	d->packed_at = d->packed_end = 0;
	return read_packed(d);
}

/* What was read to see whether it is packed, and then all else. */
static enum fmt_status
read_plain(struct decode *d, uint8_t *to, size_t room, size_t *got)
{
	size_t k = d->packed_end - d->packed_at;

	if (k == 0)
		return d->packed_eof ? FMT_OK : read_input(d, to, room, got);
	if (k > room)
		k = room;
	memcpy(to, d->packed + d->packed_at, k);
	d->packed_at += k;
	*got = k;
	return FMT_OK;
}

/* After a member: another one, zeros up to the end, or nothing. */
static enum fmt_status
next_member(struct decode *d)
{
	uint8_t c = d->packed[d->packed_at];

	if (c == 0) {
		d->gunzip = GZ_PADDING;
		d->packed_at++;
	} else if (d->gunzip == GZ_PADDING || inflateReset(&d->z) != Z_OK) {
		return FMT_CORRUPT;
	} else {
		d->gunzip = GZ_MEMBER;
	}
	return FMT_OK;
}

static enum fmt_status
inflate_some(struct decode *d, uint8_t *to, size_t room, size_t *got)
{
	int rc;

	d->z.next_in = d->packed + d->packed_at;
	d->z.avail_in = (uInt)(d->packed_end - d->packed_at);
	d->z.next_out = to;
	d->z.avail_out = (uInt)room;
	rc = inflate(&d->z, Z_NO_FLUSH);
	if (rc == Z_MEM_ERROR)
		abort(); /* as in arena.h */
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
		return FMT_CORRUPT;
	if (rc == Z_STREAM_END)
		d->gunzip = GZ_BETWEEN;
	d->packed_at = d->packed_end - d->z.avail_in;
	*got = room - d->z.avail_out;
	return FMT_OK;
}

static enum fmt_status
gunzip(struct decode *d, uint8_t *to, size_t room, size_t *got)
{
	enum fmt_status rc = FMT_OK;

	*got = 0;
	while (rc == FMT_OK && *got == 0) {
		rc = take_packed(d);
		if (rc != FMT_OK)
			return rc;
		if (d->gunzip == GZ_MEMBER) {
			bool none = d->packed_at == d->packed_end;

			rc = inflate_some(d, to, room, got);
			if (rc == FMT_OK && none && *got == 0 &&
			    d->gunzip == GZ_MEMBER)
				rc = FMT_TRUNCATED;
		} else if (d->packed_eof) {
			return FMT_OK;
		} else {
			rc = next_member(d);
		}
	}
	return rc;
}

/* More plain bytes at d->end; sets d->eof when there are none. */
static enum fmt_status
more(struct decode *d)
{
	enum fmt_status rc;
	size_t got = 0, room;

	if (d->end - d->at < LONGEST || d->end + STEP > ROOM) {
		memmove(d->plain, d->plain + d->at, d->end - d->at);
		d->end -= d->at;
		d->at = 0;
	}
	room = ROOM - d->end;
	if (room > STEP)
		room = STEP;
	if (d->gunzip == GZ_NONE)
		rc = read_plain(d, d->plain + d->end, room, &got);
	else
		rc = gunzip(d, d->plain + d->end, room, &got);
	if (rc != FMT_OK)
		return rc;
	if (d->hashed)
		sha256_update(&d->sha, got, d->plain + d->end);
	d->end += got;
	d->plain_bytes += got;
	d->eof = got == 0;
	if (d->eof && d->hashed)
		sha256_digest(&d->sha, sizeof d->digest, d->digest);
	if (d->plain_bytes > d->limits->plain_bytes)
		return FMT_TOO_BIG;
	if (d->gunzip != GZ_NONE && d->plain_bytes > d->limits->ratio_from &&
	    (d->plain_bytes - 1) / d->packed_bytes >= d->limits->ratio)
		return FMT_BOMB;
	return FMT_OK;
}

/* At least want bytes, or all there are. */
static enum fmt_status
fill(struct decode *d, size_t want)
{
	enum fmt_status rc = FMT_OK;

	while (rc == FMT_OK && !d->eof && d->end - d->at < want)
		rc = more(d);
	return rc;
}

/* --- what it is --- */

/* clang-format off */
static const struct magic {
	const char *bytes;
	size_t n;
	enum fmt_status status;
} magics[] = {
	{ "%PDF-",                5, FMT_PDF },
	{ "\x89PNG\r\n\x1a\n",    8, FMT_SYNTAX },
	{ "\xff\xd8\xff",         3, FMT_SYNTAX }, /* a photo */
	{ "GIF8",                 4, FMT_SYNTAX },
	{ "\x1f\x8b\x08",         3, FMT_SYNTAX }, /* gzip within gzip */
	{ "\xfd\x37zXZ",          5, FMT_SYNTAX }, /* xz */
	{ "7z\xbc\xaf\x27\x1c",   6, FMT_SYNTAX },
	{ "Rar!\x1a\x07",         6, FMT_SYNTAX },
	{ "\x28\xb5\x2f\xfd",     4, FMT_SYNTAX }, /* zstd */
	{ "SQLite format 3",     16, FMT_SYNTAX },
	{ "\x7f\x45LF",           4, FMT_SYNTAX }, /* a program */
};
/* clang-format on */

static const struct bom {
	const char *bytes;
	size_t n;
	enum charset charset;
} boms[] = {
	{ "\xef\xbb\xbf", 3, CHARSET_UTF_8 },
	{ "\xff\xfe", 2, CHARSET_UTF_16LE },
	{ "\xfe\xff", 2, CHARSET_UTF_16BE },
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A few stray NULs are the matter of their rows; one control character in 16
 * bytes is no text. */
static enum fmt_status
check_text(const uint8_t *p, size_t n)
{
	size_t controls = 0;

	for (size_t i = 0; i < COUNT(magics); i++) {
		if (n >= magics[i].n &&
		    memcmp(p, magics[i].bytes, magics[i].n) == 0)
			return magics[i].status;
	}
	if (n > HEAD)
		n = HEAD;
	for (size_t i = 0; i < n; i++)
		controls += p[i] < 0x20 && (p[i] < '\t' || p[i] > '\r') &&
			    p[i] != 0x1a && p[i] != 0x1b;
	return controls > n / 16 ? FMT_SYNTAX : FMT_OK;
}

static const struct bom *
find_bom(const struct decode *d)
{
	for (size_t i = 0; i < COUNT(boms); i++) {
		if (d->end - d->at >= boms[i].n &&
		    memcmp(d->plain + d->at, boms[i].bytes, boms[i].n) == 0)
			return &boms[i];
	}
	return NULL;
}

static bool
is_utf16(enum charset c)
{
	return c == CHARSET_UTF_16LE || c == CHARSET_UTF_16BE;
}

/* From what was set, the BOM and the beginning.  A BOM that contradicts what
 * was set is an error: one of the two is wrong, and guessing which would read
 * the dump one way today and another way after the next export. */
static enum fmt_status
settle_charset(struct decode *d, const char *encoding)
{
	const struct bom *bom = find_bom(d);
	enum charset utf16 = charset_guess_utf16(d->plain, d->end);

	d->charset = CHARSET_UTF_8;
	if (*encoding != '\0')
		d->charset = charset_by_name(encoding);
	else if (bom != NULL)
		d->charset = bom->charset;
	else if (utf16 != CHARSET_COUNT)
		d->charset = utf16;
	d->detect = *encoding == '\0' && bom == NULL && utf16 == CHARSET_COUNT;
	d->decided = !d->detect;
	d->left = UINT64_MAX;
	if (!is_utf16(d->charset)) {
		enum fmt_status rc = check_text(d->plain, d->end);

		if (rc != FMT_OK)
			return rc;
	}
	if (bom == NULL)
		return FMT_OK;
	if (bom->charset != d->charset)
		return FMT_ENCODING;
	d->at += bom->n;
	return FMT_OK;
}

/* The compound files of old Office: a workbook of then, or one of now that
 * was encrypted, which its folder says (in UTF-16). */
static bool
is_compound(const struct decode *d)
{
	return d->end >= 8 &&
	       memcmp(d->plain, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0;
}

static bool
names_encryption(const void *p, size_t n)
{
	static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a"
				   "\0g\0e";

	return memmem(p, n, name, sizeof name) != NULL;
}

/* Its folder is where the file's first 512 bytes say. */
static enum fmt_status
compound_verdict(const struct decode *d)
{
	const uint8_t *p = d->plain;
	char folder[4096];
	unsigned shift;
	uint64_t sector;
	ssize_t k;

	if (names_encryption(p, d->end))
		return FMT_XLSX_PASSWORD;
	if (d->end < 512 || d->in->read_at == NULL)
		return FMT_XLS;
	shift = p[30] < 13 ? p[30] : 12;
	sector = (uint64_t)p[48] | (uint64_t)p[49] << 8 |
		 (uint64_t)p[50] << 16 | (uint64_t)p[51] << 24;
	k = d->in->read_at(
	    d->in->ctx, folder, sizeof folder, (sector + 1) << shift);
	return k > 0 && names_encryption(folder, (size_t)k) ? FMT_XLSX_PASSWORD
							    : FMT_XLS;
}

/* What is no text but known; FMT_OK for all others. */
static enum fmt_status
settle_container(struct decode *d)
{
	enum fmt_status rc;

	if (is_compound(d))
		return compound_verdict(d);
	if (!unzip_is_zip(d->plain, d->end))
		return FMT_OK;
	if (d->gunzip != GZ_NONE)
		return FMT_ZIP_STREAM;
	rc = unzip_open(&d->workbook, d->in, d->limits);
	return rc == FMT_OK ? unzip_verdict(d->workbook) : rc;
}

static enum fmt_status
settle_compression(struct decode *d)
{
	enum fmt_status rc = FMT_OK;

	while (rc == FMT_OK && !d->packed_eof && d->packed_end < 2)
		rc = read_packed(d);
	if (rc != FMT_OK || d->packed_end < 2 || d->packed[0] != 0x1f ||
	    d->packed[1] != 0x8b)
		return rc;
	if (inflateInit2(&d->z, 16 + MAX_WBITS) != Z_OK) /* 16: gzip alone */
		abort();
	d->gunzip = GZ_MEMBER;
	return FMT_OK;
}

static enum fmt_status
open_bytes(struct decode **out, const struct input *in,
    const struct limits *limits, bool hashed)
{
	struct decode *d = mem_alloc(sizeof *d);
	enum fmt_status rc;

	d->in = in;
	d->limits = limits;
	d->hashed = hashed;
	sha256_init(&d->sha);
	rc = settle_compression(d);
	if (rc == FMT_OK)
		rc = fill(d, HEAD);
	if (rc == FMT_OK)
		*out = d;
	else
		decode_close(d);
	return rc;
}

enum fmt_status
decode_open_plain(
    struct decode **out, const struct input *in, const struct limits *limits)
{
	return open_bytes(out, in, limits, false);
}

enum fmt_status
decode_open(struct decode **out, const struct input *in, const char *encoding,
    const struct limits *limits)
{
	struct decode *d;
	enum fmt_status rc;

	if (!decode_knows(encoding))
		return FMT_ENCODING;
	rc = open_bytes(&d, in, limits, true);
	if (rc != FMT_OK)
		return rc;
	rc = settle_container(d);
	if (rc == FMT_OK && d->workbook == NULL)
		rc = settle_charset(d, encoding);
	if (rc == FMT_OK)
		*out = d;
	else
		decode_close(d);
	return rc;
}

void
decode_close(struct decode *d)
{
	if (d == NULL)
		return;
	if (d->gunzip != GZ_NONE)
		inflateEnd(&d->z);
	unzip_close(d->workbook);
	free(d);
}

struct unzip *
decode_workbook(const struct decode *d)
{
	return d->workbook;
}

enum fmt_status
decode_rest(struct decode *d)
{
	enum fmt_status rc = FMT_OK;

	while (rc == FMT_OK && !d->eof) {
		d->at = d->end = 0;
		rc = more(d);
	}
	return rc == FMT_OK ? FMT_END : rc;
}

/* --- plain --- */

enum fmt_status
decode_plain(struct decode *d, struct slice *chunk)
{
	enum fmt_status rc = fill(d, 1);

	if (rc != FMT_OK)
		return rc;
	*chunk =
	    (struct slice){ (const char *)d->plain + d->at, d->end - d->at };
	d->at = d->end;
	return chunk->n == 0 ? FMT_END : FMT_OK;
}

/* --- plain → UTF-8 --- */

static void
hand_out(struct decode *d, size_t n, struct slice *chunk)
{
	*chunk = (struct slice){ (const char *)d->plain + d->at, n };
	d->at += n;
	d->left -= n < d->left ? n : d->left;
}

/* The ASCII that comes next, else a decision and nothing in *chunk. */
static enum fmt_status
decide(struct decode *d, size_t n, struct slice *chunk)
{
	size_t ascii = charset_ascii(d->plain + d->at, n);
	enum fmt_status rc;
	bool sure;

	if (ascii > 0) {
		hand_out(d, ascii, chunk);
		return FMT_OK;
	}
	rc = fill(d, LOOKAHEAD);
	if (rc != FMT_OK)
		return rc;
	n = d->end - d->at;
	if (n > LOOKAHEAD)
		n = LOOKAHEAD;
	d->charset = charset_guess(d->plain + d->at, n, &sure);
	d->decided = true;
	d->left = sure ? UINT64_MAX : n;
	return FMT_OK;
}

/* What is valid is handed out where it lies. */
static void
pass_utf8(struct decode *d, size_t n, struct slice *chunk)
{
	const uint8_t *p = d->plain + d->at;
	size_t all = d->end - d->at, damage;
	size_t valid = charset_utf8(p, n);

	/* a character that ends behind n: it is taken whole */
	if (valid == 0)
		valid = charset_utf8(p, all < LONGEST ? all : LONGEST);
	if (valid > 0) {
		hand_out(d, valid, chunk);
		return;
	}
	damage = charset_utf8_damage(p, all);
	hand_out(d, damage == 0 ? all : damage, chunk);
	*chunk = slice_of("\xef\xbf\xbd");
}

static void
convert(struct decode *d, size_t n, struct slice *chunk)
{
	size_t used, made;

	made = charset_convert(d->charset, d->plain + d->at, n,
	    d->eof && n == d->end - d->at, d->text, &used);
	hand_out(d, used, chunk);
	*chunk = (struct slice){ d->text, made };
}

enum fmt_status
decode_read(struct decode *d, struct slice *chunk)
{
	*chunk = (struct slice){ "", 0 };
	while (chunk->n == 0) {
		enum fmt_status rc = fill(d, LONGEST);
		size_t n = d->end - d->at;

		if (rc != FMT_OK)
			return rc;
		if (n == 0)
			return FMT_END;
		if (d->left == 0) {
			d->decided = false;
			d->left = UINT64_MAX;
		}
		if (n > STEP)
			n = STEP;
		if (n > d->left)
			n = (size_t)d->left;
		if (!d->decided) {
			rc = decide(d, n, chunk);
			if (rc != FMT_OK)
				return rc;
		} else if (d->charset == CHARSET_UTF_8) {
			pass_utf8(d, n, chunk);
		} else {
			convert(d, n, chunk);
		}
	}
	return FMT_OK;
}

/* --- facts --- */

const char *
decode_encoding(const struct decode *d)
{
	return charset_name(d->charset);
}

const char *
decode_compression(const struct decode *d)
{
	return d->gunzip == GZ_NONE ? "" : "gzip";
}

uint64_t
decode_packed_bytes(const struct decode *d)
{
	return d->packed_bytes;
}

uint64_t
decode_plain_bytes(const struct decode *d)
{
	return d->plain_bytes;
}

void
decode_sha256(const struct decode *d, uint8_t out[32])
{
	assert(d->eof);
	memcpy(out, d->digest, sizeof d->digest);
}

bool
decode_knows(const char *encoding)
{
	return *encoding == '\0' || charset_by_name(encoding) != CHARSET_COUNT;
}
