/*
 * What a reader makes of a dump, for comparison with other people's readers:
 *
 *	print_rows [-e ENCODING] [-d DELIMITER] [-x] [-m] FILE...
 *
 * prints one JSON array a row, [LINE, [CELL, …], REJECT]: REJECT is a code such
 * as "none", or "grown_header" where a row is the header again with columns
 * behind those it had.  With -x the reader is told after the first row that
 * all others should be as wide.  What ends the dump goes to standard error;
 * the exit status is 0 when that is its end, 1 when it cannot be read on.  With
 * -m a JSON string after each dump's rows says so instead, and the exit status
 * is 0.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/reader.h"

static ssize_t
read_some(void *ctx, void *buf, size_t n)
{
	return read(*(int *)ctx, buf, n);
}

static ssize_t
read_there(void *ctx, void *buf, size_t n, uint64_t at)
{
	return pread(*(int *)ctx, buf, n, (off_t)at);
}

static void
print_text(struct slice s)
{
	putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void
print_row(const struct row *row)
{
	printf("[%lu, [", row->line);
	for (size_t i = 0; i < row->cells; i++) {
		if (i > 0)
			fputs(", ", stdout);
		print_text(row->cell[i]);
	}
	printf("], \"%s\"]\n",
	    row->grown_header ? "grown_header" : reject_code(row->reject));
}

static enum fmt_status
print_all(struct reader *r, bool expect)
{
	enum fmt_status st;
	struct row row = { 0 };

	while ((st = reader_next(r, &row)) == FMT_OK) {
		print_row(&row);
		if (expect)
			reader_expect(r, row.cells);
		expect = false;
	}
	return st;
}

static enum fmt_status
run(const struct input *in, const struct settings *s, bool expect)
{
	struct decode *d = NULL;
	struct reader *r = NULL;
	enum fmt_status st;

	st = decode_open(&d, in, s->encoding, &s->limits);
	if (st == FMT_OK)
		st = reader_open(&r, d, s);
	if (st == FMT_OK)
		st = print_all(r, expect);
	reader_close(r);
	decode_close(d);
	return st;
}

static enum fmt_status
run_file(const char *name, const struct settings *s, bool expect)
{
	struct input in = { .read = read_some, .read_at = read_there };
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat sb;
	enum fmt_status st;

	if (fd == -1 || fstat(fd, &sb) == -1) {
		perror(name);
		exit(2);
	}
	in.ctx = &fd;
	in.size = (uint64_t)sb.st_size;
	st = run(&in, s, expect);
	close(fd);
	return st;
}

int
main(int argc, char **argv)
{
	struct settings *s = settings_new();
	enum fmt_status st = FMT_END;
	bool expect = false, many = false;
	int c;

	while ((c = getopt(argc, argv, "e:d:xm")) != -1) {
		if (c == 'e')
			settings_set(&s->encoding, optarg);
		else if (c == 'd')
			s->delimiter = *optarg;
		else if (c == 'x')
			expect = true;
		else if (c == 'm')
			many = true;
		else
			return 2;
	}
	if (optind == argc || (!many && optind + 1 != argc))
		return 2;
	for (int i = optind; i < argc; i++) {
		st = run_file(argv[i], s, expect);
		if (many)
			printf("\"%s\"\n", fmt_status_code(st));
		else
			fprintf(stderr, "%s\n", fmt_status_code(st));
	}
	settings_free(s);
	return many || st == FMT_END ? 0 : 1;
}
