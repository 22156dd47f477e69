/*
 * The log.  A line is one write, so that workers' lines never mix.
 */
#include "server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/lang.h"

static const char *role = "convdropd";

void
log_open(const char *name)
{
	role = name;
}

__attribute__((format(printf, 2, 0))) static void
line(int priority, const char *fmt, va_list ap)
{
	char buf[2048], when[32];
	time_t t = time(NULL);
	struct tm tm;
	size_t n = 0;

	gmtime_r(&t, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (getenv("JOURNAL_STREAM") != NULL)
		n += (size_t)snprintf(buf, sizeof buf, "<%d>", priority);
	n += (size_t)snprintf(
	    buf + n, sizeof buf - n, "%s %s[%d]: ", when, role, (int)getpid());
	vsnprintf(buf + n, sizeof buf - n - 1, _(fmt), ap);
	n = strlen(buf);
	buf[n++] = '\n';
	if (write(STDERR_FILENO, buf, n) == -1)
		return; /* nobody is left to be told */
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(6, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(4, fmt, ap);
	va_end(ap);
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(3, fmt, ap);
	va_end(ap);
}

/* The length of the UTF-8 character at p, 0 when it is broken. */
static size_t
character(const unsigned char *p, size_t n)
{
	size_t len = p[0] < 0x80                   ? 1
		     : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		     : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
		     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						   : 0;

	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

const char *
log_safe(char *out, size_t size, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t used = 0;

	while (n > 0) {
		size_t len = character(p, n);

		if (len == 1 && (*p < 0x20 || *p == 0x7f || *p == '"'))
			len = 0;
		if (used + (len == 0 ? 4 : len) >= size)
			break;
		if (len == 0) {
			snprintf(out + used, 5, "\\x%02x", *p);
			used += 4;
			len = 1;
		} else {
			memcpy(out + used, p, len);
			used += len;
		}
		p += len;
		n -= len;
	}
	out[used] = '\0';
	return out;
}
