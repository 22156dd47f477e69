/*
 * The parts of an HTTP request that we read ourselves: pure functions on
 * bytes, so that they are tested and fuzzed alone.
 */
#ifndef NET_HTTP_FIELD_H
#define NET_HTTP_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/slice.h"

/*
 * Authorization: Basic (RFC 7617).  Decodes into buf; user and password point
 * into it.  False for another scheme, broken base64, no colon, a NUL or any
 * control byte (a C string would end there, and "password\0x" log in).
 */
bool http_basic(struct slice field, char *buf, size_t size, struct slice *user,
    struct slice *password);

/*
 * The request target (RFC 9112 3.2, origin form or absolute form) into a
 * decoded path of at most size - 1 bytes, terminated, and the token: of
 * "/t/TOKEN/rest" (path is then "/rest") or of "?token=TOKEN".  token is empty
 * when there is none.  False for a broken escape, a NUL or control byte, a
 * path that does not begin with '/', one that does not fit, or two different
 * tokens.
 */
bool http_target(const char *target, char *path, size_t size, char *token,
    size_t token_size);

/*
 * Range (RFC 9110 14.1).  RANGE_ALL: absent, malformed, of another unit, or
 * more than one range (a server may ignore the field): answer 200. RANGE_PART:
 * first and last are set, 0 <= first <= last < size.  RANGE_NONE: it cannot be
 * satisfied: answer 416.
 */
enum http_range {
	RANGE_ALL,
	RANGE_PART,
	RANGE_NONE
};
enum http_range http_range(
    struct slice field, uint64_t size, uint64_t *first, uint64_t *last);

/* An HTTP-date in any of its three forms (RFC 9110 5.6.7); -1 when it is
 * none. */
int64_t http_date_parse(struct slice field);
#define HTTP_DATE_SIZE 30
void http_date_write(int64_t t, char out[HTTP_DATE_SIZE]);

/* Is etag (with its quotes) in an If-Match or If-None-Match list, or the list
 * a "*"?  strong: a weak one in the list never matches. */
bool http_etag_listed(struct slice field, const char *etag, bool strong);

/* Does an Accept-Encoding allow gzip (RFC 9110 12.5.3), and not merely "*"? */
bool http_takes_gzip(struct slice field);

/* Has a client that took so many bytes of its answer in so many milliseconds
 * had its chance?  Judged after a minute. */
#define HTTP_RATE_MIN 1024 /* bytes a second, on average */
#define HTTP_RATE_FROM_MS 60000
bool http_too_slow(int64_t ms, uint64_t taken);

#endif
