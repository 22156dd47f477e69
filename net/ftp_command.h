/*
 * What FTP clients say: the control connection's bytes into lines, lines into
 * commands, and what may be asked when.  Pure: no socket, no clock.
 */
#ifndef NET_FTP_COMMAND_H
#define NET_FTP_COMMAND_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/slice.h"
#include "net/files.h"

/* --- lines --- */

#define FTP_LINE_MAX 4096 /* with its end */

enum ftp_line {
	FTP_LINE_MORE,  /* not whole yet */
	FTP_LINE_WHOLE, /* text, n: without its end and Telnet's commands */
	FTP_LINE_LONG,  /* was over FTP_LINE_MAX; what follows is a new one */
	FTP_LINE_NUL    /* had a NUL */
};

struct ftp_lines { /* begins as zeros */
	char text[FTP_LINE_MAX];
	size_t n;
	size_t bytes; /* of the line so far, all of them */
	bool done, nul;
	uint8_t telnet; /* the command that is half said */
};

/* Takes bytes up to the end of one line; how many is the answer.  What it is
 * goes to *what; text stays until the next call. */
size_t ftp_lines_take(
    struct ftp_lines *l, const void *bytes, size_t n, enum ftp_line *what);

/* --- commands --- */

/* clang-format off */
enum ftp_verb {
	FTP_ABOR, FTP_ACCT, FTP_ADAT, FTP_ALLO, FTP_APPE, FTP_AUTH, FTP_CCC,
	FTP_CDC, FTP_CDUP, FTP_CLNT, FTP_CONF, FTP_CWD, FTP_DELE, FTP_ENC,
	FTP_EPRT, FTP_EPSV, FTP_FEAT, FTP_HELP, FTP_HOST, FTP_LIST, FTP_LPRT,
	FTP_LPSV, FTP_MDTM, FTP_MFMT, FTP_MIC, FTP_MKD, FTP_MLSD, FTP_MLST,
	FTP_MODE, FTP_NLST, FTP_NOOP, FTP_OPTS, FTP_PASS, FTP_PASV, FTP_PBSZ,
	FTP_PORT, FTP_PROT, FTP_PWD, FTP_QUIT, FTP_REIN, FTP_REST, FTP_RETR,
	FTP_RMD, FTP_RNFR, FTP_RNTO, FTP_SITE, FTP_SIZE, FTP_SMNT, FTP_STAT,
	FTP_STOR, FTP_STOU, FTP_STRU, FTP_SYST, FTP_TYPE, FTP_USER, FTP_XCUP,
	FTP_XCWD, FTP_XMKD, FTP_XPWD, FTP_XRMD,
	FTP_VERBS
};
/* clang-format on */

struct ftp_command {
	enum ftp_verb verb;
	struct slice arg; /* in the line; empty without one */
};

/* What the session is in when a command comes. */
struct ftp_state {
	bool in;  /* logged in */
	bool tls; /* the control connection is encrypted */
};

/* NULL, or the whole reply of one line that refuses it. */
const char *ftp_parse(
    struct ftp_command *c, struct slice line, const struct ftp_state *s);

const char *ftp_verb_name(enum ftp_verb v);

/* --- arguments --- */

/* Where path leads from the folder cwd, both as clients write them: absolute,
 * without ".." (which stops at the top), "." and doubled slashes.  False for
 * what has a control character or is too long. */
bool ftp_path(char out[FILES_PATH_MAX], const char *cwd, struct slice path);

/* "20260102030405 x", as MFMT has it and some say MDTM: x.  False for what does
 * not begin with a time. */
bool ftp_timed_path(struct slice arg, struct slice *path);

/* "CHMOD 644 x", "UTIME 20260102030405 x", "UTIME x A M C UTC" of SITE: x.
 * False for all else. */
bool ftp_site_path(struct slice arg, struct slice *path);

/* LIST and NLST take options as ls does, which change nothing here. */
struct slice ftp_skip_options(struct slice arg);

/* Digits alone, and not more than a file can have. */
bool ftp_number(struct slice arg, uint64_t *out);

/* 227's and 229's text in brackets. */
#define FTP_PASV_MAX 32
void ftp_pasv(char out[FTP_PASV_MAX], const uint8_t ipv4[4], uint16_t port);
void ftp_epsv(char out[FTP_PASV_MAX], uint16_t port);

/* path in quotes, its own doubled.  For 257. */
#define FTP_QUOTED_MAX (2 * FILES_PATH_MAX + 3)
void ftp_quote(char out[FTP_QUOTED_MAX], const char *path);

/* The reply's code and sentence for an errno of files; 0 has none. */
const char *ftp_error(int error);

#endif
