/*
 * FTP's control connection given any bytes, in pieces of any length: the lines
 * are the same however they are cut, a path stays below the top, and a line of
 * a listing is one line.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/ftp_command.h"
#include "net/ftp_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_path(const char *cwd, struct slice arg)
{
	char path[FILES_PATH_MAX], again[FILES_PATH_MAX],
	    quoted[FTP_QUOTED_MAX];
	size_t length;

	if (!ftp_path(path, cwd, arg))
		return;
	length = strlen(path);
	assert(path[0] == '/' && strstr(path, "//") == NULL);
	assert(length == 1 || path[length - 1] != '/');
	for (const char *at = path; (at = strstr(at, "/.")) != NULL; at++)
		assert(at[2] != '\0' && at[2] != '/' &&
		       (at[2] != '.' || (at[3] != '\0' && at[3] != '/')));
	for (size_t i = 0; i < length; i++)
		assert((unsigned char)path[i] >= 0x20 && path[i] != 0x7f);
	assert(ftp_path(again, "/x", (struct slice){ path, length }));
	assert(strcmp(path, again) == 0);
	ftp_quote(quoted, path);
	assert(strlen(quoted) >= length + 2);
}

static void
check_entry(struct slice arg, enum ftp_format format)
{
	const struct files_stat st = { arg.n, (int64_t)arg.n << 32, arg.n & 1,
		arg.n & 2 };
	char line[FTP_ENTRY_MAX], name[FTP_LINE_MAX + 1];
	size_t n;

	memcpy(name, arg.p, arg.n);
	name[arg.n] = '\0';
	n = ftp_entry(line, format, ftp_facts(arg), name, &st, 0);
	assert(n >= 2 && n < sizeof line && line[n - 2] == '\r');
	assert((const char *)memchr(line, '\n', n) == line + n - 1);
}

static void
check_line(const struct ftp_lines *l, struct ftp_state state)
{
	struct slice line = { l->text, l->n };
	struct ftp_command c;
	const char *refusal = ftp_parse(&c, line, &state);
	uint64_t number;

	if (refusal != NULL) {
		assert(strlen(refusal) > 4 && refusal[3] == ' ');
		return;
	}
	assert(c.verb < FTP_VERBS && c.arg.n <= l->n);
	c.arg = ftp_skip_options(c.arg);
	ftp_number(c.arg, &number);
	ftp_matches(line, c.arg);
	check_path("/", c.arg);
	check_path("/inbox/main", c.arg);
	for (enum ftp_format f = FTP_LONG; f <= FTP_FACTS; f++)
		check_entry(c.arg, f);
}

/* A sum of what the lines are, when the bytes come so many at a time. */
static uint64_t
take_all(const uint8_t *data, size_t n, size_t piece, bool check)
{
	static struct ftp_lines l;
	uint64_t sum = 0;
	size_t at = 0;

	memset(&l, 0, sizeof l);
	for (unsigned lines = 0; at < n;) {
		size_t some = n - at < piece ? n - at : piece, taken;
		enum ftp_line what;

		taken = ftp_lines_take(&l, data + at, some, &what);
		assert(taken > 0 && taken <= some && l.n <= FTP_LINE_MAX);
		at += taken;
		if (what == FTP_LINE_MORE)
			continue;
		lines++;
		sum = sum * 31 + what;
		if (what != FTP_LINE_WHOLE)
			continue;
		for (size_t i = 0; i < l.n; i++)
			sum = sum * 31 + (uint8_t)l.text[i];
		if (check)
			check_line(&l, (struct ftp_state){
					   lines % 2 == 0, lines % 4 > 1 });
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t piece = n == 0 ? 1 : data[0] % 64u + 1;
	uint64_t whole = take_all(data, n, SIZE_MAX, true);

	assert(take_all(data, n, piece, false) == whole);
	return 0;
}
