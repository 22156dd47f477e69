/*
 * The log: one line to stderr, which the service manager keeps.
 *
 *      2026-11-22T09:15:00Z ingest[812]: main: deals.csv: 981 records …
 *
 * Never phones, e-mails, passwords, tokens.  Bytes that came from outside are
 * written through log_safe.  Formats are translated (lang.h).
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <stddef.h>

void log_open(const char *role); /* a constant string; kept */

/* Under sd-daemon the line carries its priority as "<6>". */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* s of n bytes with control characters, quotes and broken UTF-8 as \xHH, cut
 * at size - 1; returns out. */
const char *log_safe(char *out, size_t size, const char *s, size_t n);

#endif
