/*
 * Zip archives, by libzip: what is in one, and one member after the other as a
 * stream of bytes.  A member's name is shown to people and never used as a
 * path.  Every length in the archive is somebody else's word: what is unpacked
 * is counted here, member by member and all together.
 *
 *	unzip_open, unzip_member, then for each that is wanted
 *	unzip_begin, unzip_read until *got is 0, unzip_end; unzip_close.
 */
#ifndef FORMATS_UNZIP_H
#define FORMATS_UNZIP_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/input.h"
#include "formats/settings.h"
#include "formats/slice.h"
#include "formats/status.h"

struct unzip;
struct unzip_stream;

struct unzip_member {
	const char *name; /* UTF-8, printable */
	bool folder;
	uint64_t bytes;         /* unpacked, as the archive has it */
	enum fmt_status status; /* FMT_OK, or why it is not unpacked */
};

/* Does a file that begins like this have to be a zip archive? */
bool unzip_is_zip(const void *head, size_t n);

/* in (with read_at) and limits must outlive it. */
enum fmt_status unzip_open(
    struct unzip **out, const struct input *in, const struct limits *limits);
void unzip_close(struct unzip *z); /* NULL is fine */

size_t unzip_members(const struct unzip *z);
const struct unzip_member *unzip_member(const struct unzip *z, size_t i);

/* The member of that name, in any case of letters; SIZE_MAX. */
size_t unzip_find(const struct unzip *z, const char *name);

/* Nothing that could be a dump: a folder, what a Mac or Windows leaves. */
bool unzip_is_noise(const struct unzip_member *m);

/* Fails with the member's status, too. */
enum fmt_status unzip_begin(
    struct unzip_stream **out, struct unzip *z, size_t member);

/* Up to n bytes; *got is 0 at the end, which is reached only when length and
 * checksum are as the archive has them. */
enum fmt_status unzip_read(
    struct unzip_stream *s, void *buf, size_t n, size_t *got);
void unzip_end(struct unzip_stream *s); /* NULL is fine */

/* Is it one document, such as a workbook, and no archive of files? */
bool unzip_is_package(const struct unzip *z);

/* FMT_OK for an .xlsx workbook; else why the archive is no dump by itself. */
enum fmt_status unzip_verdict(const struct unzip *z);

#endif
