/*
 * FTP's lines and commands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "net/ftp_command.h"

#define BYTES(s) (s), sizeof(s) - 1

static const char *
name_of(enum ftp_line what)
{
	static const char *const names[] = { "more", "", "(long)", "(nul)" };

	return names[what];
}

/* All lines of the bytes, fed in pieces of so many; each with a bar. */
static void
feed(char *out, const char *bytes, size_t n, size_t piece)
{
	static struct ftp_lines l;
	size_t at = 0;

	memset(&l, 0, sizeof l);
	*out = '\0';
	while (at < n) {
		size_t some = n - at < piece ? n - at : piece;
		enum ftp_line what;

		at += ftp_lines_take(&l, bytes + at, some, &what);
		if (what == FTP_LINE_MORE)
			continue;
		if (what == FTP_LINE_WHOLE)
			strncat(out, l.text, l.n);
		strcat(out, name_of(what));
		strcat(out, "|");
	}
}

static void
lines_are_cut_however_the_bytes_come(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t n;
		const char *lines;
	} row[] = {
		{ "one", BYTES("NOOP\r\n"), "NOOP|" },
		{ "two", BYTES("NOOP\r\nQUIT\r\n"), "NOOP|QUIT|" },
		{ "no CR", BYTES("NOOP\nQUIT\n"), "NOOP|QUIT|" },
		{ "not whole", BYTES("NOOP\r\nQUI"), "NOOP|" },
		{ "empty", BYTES("\r\n\n"), "||" },
		{ "CR inside", BYTES("A\rB\r\n"), "A\rB|" },
		{ "NUL", BYTES("PASS a\0b\r\nNOOP\r\n"), "(nul)|NOOP|" },
		{ "Telnet's interrupt before ABOR",
		    BYTES("\xff\xf4\xff\xf2"
			  "ABOR\r\n"),
		    "ABOR|" },
		{ "an option is offered", BYTES("\xff\xfb\x01NOOP\r\n"),
		    "NOOP|" },
		{ "an option that is a line's end", BYTES("\xff\xfd\nNOOP\r\n"),
		    "NOOP|" },
		{ "a doubled 255 is one byte", BYTES("CWD \xff\xff\r\n"),
		    "CWD \xff|" },
		{ "a command within a line", BYTES("NO\xff\xf1OP\r\n"),
		    "NOOP|" },
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		for (size_t piece = 1; piece <= row[i].n; piece++) {
			print_message("# %s by %zu\n", row[i].what, piece);
			feed(out, row[i].bytes, row[i].n, piece);
			assert_string_equal(out, row[i].lines);
		}
	}
}

static void
a_line_over_the_limit_is_refused_and_the_next_one_is_taken(void **state)
{
	static const struct {
		size_t n; /* bytes of the line, its end included */
		const char *then;
	} row[] = {
		{ FTP_LINE_MAX, "|NOOP|" },
		{ FTP_LINE_MAX + 1, "(long)|NOOP|" },
		{ 3 * FTP_LINE_MAX, "(long)|NOOP|" },
	};
	static char bytes[4 * FTP_LINE_MAX], out[FTP_LINE_MAX + 64];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		size_t n = row[i].n, length = strlen(row[i].then);

		memset(bytes, 'x', n);
		memcpy(bytes + n - 2, "\r\nNOOP\r\n", 9);
		for (size_t piece = 1; piece < 2 * FTP_LINE_MAX;
		     piece = piece * 3 + 1) {
			feed(out, bytes, n + 6, piece);
			assert_true(strlen(out) >= length);
			assert_string_equal(
			    out + strlen(out) - length, row[i].then);
		}
	}
}

static void
commands_are_allowed_by_the_table(void **state)
{
	enum {
		OUT,
		OUT_TLS,
		IN,
		IN_TLS
	};
	static const struct ftp_state states[] = { { false, false },
		{ false, true }, { true, false }, { true, true } };
	static const struct {
		const char *line;
		int in;
		const char *refusal; /* its beginning; NULL: none */
		enum ftp_verb verb;
		const char *arg;
	} row[] = {
		{ "USER direct", OUT, NULL, FTP_USER, "direct" },
		{ "user direct", OUT, NULL, FTP_USER, "direct" },
		{ "USER  two spaces ", OUT, NULL, FTP_USER, " two spaces " },
		{ "USER", OUT, "501", 0, "" },
		{ "USER ", OUT, "501", 0, "" },
		{ "USER x", IN_TLS, "503", 0, "" },
		{ "PASS", OUT, NULL, FTP_PASS, "" },
		{ "PASS  a b", OUT, NULL, FTP_PASS, " a b" },
		{ "PASS x", IN, "503", 0, "" },
		{ "AUTH TLS", OUT, NULL, FTP_AUTH, "TLS" },
		{ "AUTH TLS", IN, "503", 0, "" },
		{ "PBSZ 0", OUT, "503", 0, "" },
		{ "PBSZ 0", OUT_TLS, NULL, FTP_PBSZ, "0" },
		{ "PROT P", IN, "503", 0, "" },
		{ "PROT P", IN_TLS, NULL, FTP_PROT, "P" },
		{ "PROT", IN_TLS, "501", 0, "" },
		{ "CCC", IN_TLS, "534", 0, "" },
		{ "CDC", IN_TLS, "534", 0, "" },
		{ "ADAT x", OUT, "502", 0, "" },
		{ "MIC x", OUT_TLS, "502", 0, "" },
		{ "CONF x", OUT_TLS, "502", 0, "" },
		{ "ENC x", OUT_TLS, "502", 0, "" },
		{ "REIN", IN_TLS, "502", 0, "" },
		{ "RETR /main/x", OUT_TLS, "530", 0, "" },
		{ "RETR /main/x y", IN_TLS, NULL, FTP_RETR, "/main/x y" },
		{ "RETR", IN_TLS, "501", 0, "" },
		{ "LIST", OUT, "530", 0, "" },
		{ "LIST -la /main", IN, NULL, FTP_LIST, "-la /main" },
		{ "PWD", IN, NULL, FTP_PWD, "" },
		{ "PWD ", IN, NULL, FTP_PWD, "" },
		{ "PWD x", IN, "501", 0, "" },
		{ "XPWD", IN, NULL, FTP_XPWD, "" },
		{ "PORT 10,0,0,1,4,5", IN, "502", 0, "" },
		{ "PORT 10,0,0,1,4,5", OUT, "502", 0, "" },
		{ "EPRT |1|10.0.0.1|5|", IN_TLS, "502", 0, "" },
		{ "LPRT 4", IN_TLS, "502", 0, "" },
		{ "STOR x", OUT_TLS, "530", 0, "" },
		{ "STOR x", IN, NULL, FTP_STOR, "x" },
		{ "APPE x", IN_TLS, "502", 0, "" },
		{ "STOU", IN_TLS, "502", 0, "" },
		{ "DELE x", IN_TLS, NULL, FTP_DELE, "x" },
		{ "DELE", IN_TLS, "501", 0, "" },
		{ "DELE x", OUT_TLS, "530", 0, "" },
		{ "MKD x", IN_TLS, "550", 0, "" },
		{ "RMD x", IN_TLS, "550", 0, "" },
		{ "RNFR x y", IN_TLS, NULL, FTP_RNFR, "x y" },
		{ "RNTO", IN_TLS, "501", 0, "" },
		{ "MFMT 20260102030405 x", IN_TLS, NULL, FTP_MFMT,
		    "20260102030405 x" },
		{ "SITE CHMOD 777 x", IN_TLS, NULL, FTP_SITE, "CHMOD 777 x" },
		{ "SITE", IN_TLS, "501", 0, "" },
		{ "ALLO 100", IN, "202", 0, "" },
		{ "ACCT", OUT, "202", 0, "" },
		{ "FEAT", OUT, NULL, FTP_FEAT, "" },
		{ "QUIT", OUT, NULL, FTP_QUIT, "" },
		{ "NOOP", IN_TLS, NULL, FTP_NOOP, "" },
		{ "ABOR", OUT, "530", 0, "" },
		{ "", IN, "500", 0, "" },
		{ " NOOP", IN, "500", 0, "" },
		{ "NOOPS", IN, "500", 0, "" },
		{ "NO", IN, "500", 0, "" },
		{ "GET / HTTP/1.1", OUT, "500", 0, "" },
		{ "Host: localhost", OUT, "500", 0, "" },
		{ "RETR\t/main/x", IN, "500", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct ftp_command c;
		const char *refusal =
		    ftp_parse(&c, slice_of(row[i].line), &states[row[i].in]);

		print_message("# %s\n", row[i].line);
		if (row[i].refusal != NULL) {
			assert_non_null(refusal);
			assert_memory_equal(refusal, row[i].refusal, 3);
			assert_int_equal(refusal[3], ' ');
			continue;
		}
		assert_null(refusal);
		assert_int_equal(c.verb, row[i].verb);
		assert_true(slice_is(c.arg, row[i].arg));
	}
}

static void
paths_stay_below_the_top(void **state)
{
	static const struct {
		const char *cwd, *path;
		size_t n;
		const char *out; /* NULL: refused */
	} row[] = {
		{ "/", BYTES("main"), "/main" },
		{ "/main", BYTES("x.csv"), "/main/x.csv" },
		{ "/main", BYTES("/inbox"), "/inbox" },
		{ "/main", BYTES(""), "/main" },
		{ "/", BYTES(""), "/" },
		{ "/main", BYTES(".."), "/" },
		{ "/inbox/main", BYTES("../shop/./x"), "/inbox/shop/x" },
		{ "/main", BYTES("../../../etc/passwd"), "/etc/passwd" },
		{ "/", BYTES("..//..//"), "/" },
		{ "/main", BYTES("/main//x/"), "/main/x" },
		{ "/main", BYTES("..."), "/main/..." },
		{ "/main", BYTES("a b"), "/main/a b" },
		{ "/main", BYTES("сделки.csv"), "/main/сделки.csv" },
		{ "/main", BYTES("a\0b"), NULL },
		{ "/main", BYTES("a\rb"), NULL },
		{ "/main", BYTES("a\tb"), NULL },
		{ "/main", BYTES("a\x7f"), NULL },
	};
	char out[FILES_PATH_MAX], longest[FILES_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct slice path = { row[i].path, row[i].n };

		print_message("# %s %s\n", row[i].cwd, row[i].path);
		assert_int_equal(
		    ftp_path(out, row[i].cwd, path), row[i].out != NULL);
		if (row[i].out != NULL)
			assert_string_equal(out, row[i].out);
	}
	memset(longest, 'x', sizeof longest);
	assert_true(
	    ftp_path(out, "/", (struct slice){ longest, FILES_PATH_MAX - 2 }));
	assert_int_equal(strlen(out), FILES_PATH_MAX - 1);
	assert_false(
	    ftp_path(out, "/", (struct slice){ longest, FILES_PATH_MAX - 1 }));
	assert_false(ftp_path(
	    out, "/main", (struct slice){ longest, FILES_PATH_MAX - 2 }));
}

static void
arguments_are_read(void **state)
{
	static const struct {
		const char *arg;
		bool good;
		uint64_t n;
	} numbers[] = {
		{ "0", true, 0 },
		{ "262144", true, 262144 },
		{ "999999999999999999", true, 999999999999999999 },
		{ "1000000000000000000", false, 0 },
		{ "", false, 0 },
		{ "-1", false, 0 },
		{ "1 ", false, 0 },
		{ "0x10", false, 0 },
	};
	static const struct {
		const char *arg, *rest;
	} options[] = {
		{ "", "" },
		{ "-la", "" },
		{ "-la /main", "/main" },
		{ "-a -l main", "main" },
		{ "main", "main" },
		{ "main -l", "main -l" },
	};
	static const uint8_t address[4] = { 192, 0, 2, 7 };
	char text[FTP_PASV_MAX], quoted[FTP_QUOTED_MAX];
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		assert_int_equal(
		    ftp_number(slice_of(numbers[i].arg), &n), numbers[i].good);
		if (numbers[i].good)
			assert_int_equal(n, numbers[i].n);
	}
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		assert_true(slice_is(ftp_skip_options(slice_of(options[i].arg)),
		    options[i].rest));
	ftp_pasv(text, address, 50001);
	assert_string_equal(text, "(192,0,2,7,195,81)");
	ftp_epsv(text, 65535);
	assert_string_equal(text, "(|||65535|)");
	ftp_quote(quoted, "/a\"b");
	assert_string_equal(quoted, "\"/a\"\"b\"");
}

static void
times_and_modes_are_of_a_path(void **state)
{
#define T "20260102030405"
	static const struct {
		bool site;
		const char *arg, *path; /* NULL: none */
	} row[] = {
		{ false, T " x", "x" },
		{ false, T " a b", "a b" },
		{ false, "202601020304 x", "x" },
		{ false, T " ", NULL },
		{ false, T, NULL },
		{ false, "2026010203040 x", NULL },
		{ false, "2026010203040x x", NULL },
		{ false, "x", NULL },
		{ false, "", NULL },
		{ true, "CHMOD 644 a b", "a b" },
		{ true, "chmod u+r x", "x" },
		{ true, "CHMOD 644", NULL },
		{ true, "UTIME " T " x", "x" },
		{ true, "utime a b " T " " T " " T " UTC", "a b" },
		{ true, "UTIME " T " " T " " T " UTC", T " " T " UTC" },
		{ true, "UTIME x " T " " T " UTC", NULL },
		{ true, "UTIME x " T " " T " " T " MSK", NULL },
		{ true, "UTIME x", NULL },
		{ true, "UTIME", NULL },
		{ true, "EXEC x", NULL },
		{ true, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct slice arg = slice_of(row[i].arg), path;
		bool found = row[i].site ? ftp_site_path(arg, &path)
					 : ftp_timed_path(arg, &path);

		print_message("# %s\n", row[i].arg);
		assert_int_equal(found, row[i].path != NULL);
		if (found)
			assert_true(slice_is(path, row[i].path));
	}
}

static void
every_error_has_its_reply(void **state)
{
	static const struct {
		int error;
		const char *code;
	} row[] = {
		{ ENOENT, "550 " },
		{ EACCES, "550 " },
		{ EISDIR, "550 " },
		{ ENOTDIR, "550 " },
		{ EINVAL, "553 " },
		{ ENOSPC, "452 " },
		{ EFBIG, "552 " },
		{ ECANCELED, "426 " },
		{ EIO, "451 " },
		{ ENOMEM, "451 " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_memory_equal(ftp_error(row[i].error), row[i].code, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_cut_however_the_bytes_come),
		cmocka_unit_test(
		    a_line_over_the_limit_is_refused_and_the_next_one_is_taken),
		cmocka_unit_test(commands_are_allowed_by_the_table),
		cmocka_unit_test(paths_stay_below_the_top),
		cmocka_unit_test(arguments_are_read),
		cmocka_unit_test(times_and_modes_are_of_a_path),
		cmocka_unit_test(every_error_has_its_reply),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
