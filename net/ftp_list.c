/*
 * FTP's listings.
 */
#include "net/ftp_list.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "net/sftp_packet.h"

static const struct {
	const char *name;
	enum ftp_fact fact;
} facts_known[] = {
	{ "type", FTP_FACT_TYPE },
	{ "size", FTP_FACT_SIZE },
	{ "modify", FTP_FACT_MODIFY },
	{ "perm", FTP_FACT_PERM },
};
#define FACTS (sizeof facts_known / sizeof *facts_known)

unsigned
ftp_facts(struct slice names)
{
	unsigned on = 0;

	while (names.n > 0) {
		struct slice one = slice_cut(&names, ';');

		for (size_t i = 0; i < FACTS; i++) {
			if (one.n == strlen(facts_known[i].name) &&
			    strncasecmp(one.p, facts_known[i].name, one.n) == 0)
				on |= facts_known[i].fact;
		}
	}
	return on;
}

void
ftp_facts_text(char out[FTP_FACTS_MAX], unsigned on, bool feat)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < FACTS; i++) {
		bool is_on = (on & facts_known[i].fact) != 0;

		if (is_on || feat)
			n += (size_t)snprintf(out + n, FTP_FACTS_MAX - n,
			    "%s%s;", facts_known[i].name,
			    feat && is_on ? "*" : "");
	}
}

void
ftp_time(char out[FTP_TIME_MAX], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, FTP_TIME_MAX, "%Y%m%d%H%M%S", &tm) == 0)
		memcpy(out, "19700101000000", 15);
}

/* --- lines --- */

/* What may be done: list and enter a folder, perhaps create in it; read. */
static const char *
permissions(const struct files_stat *st)
{
	if (st->is_dir)
		return st->writable ? "cel" : "el";
	return st->writable ? "rw" : "r";
}

static size_t
put_facts(char *out, size_t size, unsigned facts, const struct files_stat *st)
{
	char time[FTP_TIME_MAX];
	size_t n = 0;

	ftp_time(time, st->mtime);
	if (facts & FTP_FACT_TYPE)
		n += (size_t)snprintf(
		    out + n, size - n, "type=%s;", st->is_dir ? "dir" : "file");
	if ((facts & FTP_FACT_SIZE) && !st->is_dir)
		n += (size_t)snprintf(out + n, size - n, "size=%llu;",
		    (unsigned long long)st->size);
	if ((facts & FTP_FACT_MODIFY) && st->mtime != 0)
		n += (size_t)snprintf(out + n, size - n, "modify=%s;", time);
	if (facts & FTP_FACT_PERM)
		n += (size_t)snprintf(
		    out + n, size - n, "perm=%s;", permissions(st));
	out[n++] = ' ';
	return n;
}

size_t
ftp_entry(char out[FTP_ENTRY_MAX], enum ftp_format format, unsigned facts,
    const char *name, const struct files_stat *st, int64_t now)
{
	const struct sftp_attrs a = { st->size, st->mtime, st->is_dir != 0,
		st->writable != 0 };
	size_t n = 0, from, room = FTP_ENTRY_MAX - 3;

	if (format == FTP_FACTS)
		n = put_facts(out, room, facts, st);
	from = n;
	if (format == FTP_LONG) { /* the very line that SFTP has */
		sftp_long_name(out, name, &a, now);
		n = strlen(out);
	} else {
		size_t length = strlen(name);

		if (length > room - n)
			length = room - n;
		memcpy(out + n, name, length);
		n += length;
	}
	for (size_t i = from; i < n; i++) {
		unsigned char c = (unsigned char)out[i];

		if (c < 0x20 || c == 0x7f)
			out[i] = '?';
	}
	memcpy(out + n, "\r\n", 3);
	return n + 2;
}

/* --- patterns --- */

bool
ftp_matches(struct slice name, struct slice pattern)
{
	struct slice after = { NULL, 0 }, again = { NULL, 0 };

	for (;;) {
		if (pattern.n > 0 && pattern.p[0] == '*') {
			pattern.p++;
			pattern.n--;
			after = pattern; /* a star takes nothing, */
			again = name;
		} else if (name.n == 0) {
			return pattern.n == 0;
		} else if (pattern.n > 0 &&
			   (pattern.p[0] == '?' || pattern.p[0] == name.p[0])) {
			pattern.p++;
			pattern.n--;
			name.p++;
			name.n--;
		} else if (after.p != NULL) {
			again.p++; /* or one byte more than before */
			again.n--;
			name = again;
			pattern = after;
		} else {
			return false;
		}
	}
}
