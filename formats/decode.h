/*
 * From the bytes of a dump to UTF-8: unpacks gzip, finds out the encoding (or
 * takes the one that is set), converts.  Streams; memory does not grow with
 * the dump.  A BOM is taken off.  Bytes that the encoding does not have become
 * U+FFFD, which the reader turns into REJECT_ENCODING for the record.
 *
 * Detected in this order: BOM, UTF-16 by its zero bytes, UTF-8, then
 * windows-1251, koi8-r or cp866 by the letter pairs that Russian text has.
 *
 * A workbook is no text: decode_workbook has it, and decode_rest reads the
 * bytes that nobody has asked for, so that they are in the SHA-256.
 */
#ifndef FORMATS_DECODE_H
#define FORMATS_DECODE_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/input.h"
#include "formats/settings.h"
#include "formats/slice.h"
#include "formats/status.h"
#include "formats/unzip.h"

struct decode;

/* encoding: "" to detect, else utf-8, windows-1251 (cp1251), koi8-r, cp866,
 * utf-16le, utf-16be, in any case of letters: FMT_ENCODING when unknown.
 * Reads the beginning of the dump.  in and limits must outlive it. */
enum fmt_status decode_open(struct decode **out, const struct input *in,
    const char *encoding, const struct limits *limits);
void decode_close(struct decode *d);

/* The .xlsx workbook that the dump is; NULL when it is text.  It needs
 * in->read_at, and stays the decode's. */
struct unzip *decode_workbook(const struct decode *d);

/* All that is left, unseen; FMT_END. */
enum fmt_status decode_rest(struct decode *d);

/* Without asking what it is: its bytes, unpacked, by decode_plain; FMT_END
 * after the last. */
enum fmt_status decode_open_plain(
    struct decode **out, const struct input *in, const struct limits *limits);
enum fmt_status decode_plain(struct decode *d, struct slice *chunk);

/* The next bytes, valid until the next call; FMT_END after the last. */
enum fmt_status decode_read(struct decode *d, struct slice *chunk);

const char *decode_encoding(const struct decode *d);    /* "windows-1251" */
const char *decode_compression(const struct decode *d); /* "gzip" or "" */
uint64_t decode_packed_bytes(const struct decode *d);   /* taken so far */
uint64_t decode_plain_bytes(const struct decode *d);    /* before charset */

/* SHA-256 of the decompressed bytes, before charset conversion; valid once
 * decode_read has answered FMT_END. */
void decode_sha256(const struct decode *d, uint8_t out[32]);

bool decode_knows(const char *encoding);

#endif
