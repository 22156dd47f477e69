/*
 * FTP's lines and commands.  One table says which commands there are, when
 * they may come and whether they take an argument; what we never do is refused
 * by its row.
 */
#include "net/ftp_command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/path.h"

/* --- lines --- */

enum { /* RFC 854 */
	TELNET_WILL = 251,
	TELNET_DONT = 254,
	TELNET_IAC = 255
};

/* True when the byte is the line's, not Telnet's. */
static bool
through_telnet(struct ftp_lines *l, uint8_t c)
{
	uint8_t said = l->telnet;

	l->telnet = 0;
	if (said == TELNET_IAC) {
		if (c >= TELNET_WILL && c <= TELNET_DONT)
			l->telnet = c; /* an option follows */
		return c == TELNET_IAC;
	}
	if (said != 0)
		return false; /* the option: we have none */
	if (c == TELNET_IAC)
		l->telnet = c;
	return c != TELNET_IAC;
}

static enum ftp_line
what_it_is(struct ftp_lines *l)
{
	if (l->bytes > FTP_LINE_MAX)
		return FTP_LINE_LONG;
	if (l->nul)
		return FTP_LINE_NUL;
	if (l->n > 0 && l->text[l->n - 1] == '\r')
		l->n--;
	return FTP_LINE_WHOLE;
}

size_t
ftp_lines_take(
    struct ftp_lines *l, const void *bytes, size_t n, enum ftp_line *what)
{
	const uint8_t *p = bytes;

	if (l->done) {
		l->n = l->bytes = 0;
		l->done = l->nul = false;
	}
	*what = FTP_LINE_MORE;
	for (size_t i = 0; i < n; i++) {
		if (l->bytes <= FTP_LINE_MAX)
			l->bytes++;
		if (!through_telnet(l, p[i]))
			continue;
		if (p[i] == '\n') {
			l->done = true;
			*what = what_it_is(l);
			return i + 1;
		}
		l->nul |= p[i] == '\0';
		if (l->n < sizeof l->text)
			l->text[l->n++] = (char)p[i];
	}
	return n;
}

/* --- commands --- */

enum {           /* when: */
	OUT = 1, /* before the login, */
	IN = 2,  /* after it, */
	ANY = OUT | IN,
	TLS = 4 /* over TLS alone */
};

enum takes {
	NOTHING,
	PERHAPS,
	NEEDS,
	REFUSED /* whatever it has */
};

#define READ_ONLY                                                              \
	"550 The folders are the server's; dumps are uploaded by STOR, over "  \
	"TLS."
#define PASSIVE_ONLY                                                           \
	"502 This server connects to nobody; use PASV or EPSV (passive mode)."
#define STAYS_ENCRYPTED "534 What is encrypted stays encrypted."
#define NO_OTHER_SECURITY "502 Use AUTH TLS."

/* clang-format off */
static const struct row {
        const char *name;
        unsigned when;
        enum takes takes;
        const char *text; /* NEEDS: 501; REFUSED: the refusal */
} rows[FTP_VERBS] = {
        /* login */
        [FTP_HOST] = { "HOST", OUT, NEEDS,   "501 HOST needs the server's name." },
        [FTP_AUTH] = { "AUTH", OUT, NEEDS,   "501 AUTH needs a mechanism: AUTH TLS." },
        [FTP_USER] = { "USER", OUT, NEEDS,   "501 USER needs a name." },
        [FTP_PASS] = { "PASS", OUT, PERHAPS, NULL },
        [FTP_ACCT] = { "ACCT", ANY, REFUSED, "202 No account is needed." },
        [FTP_REIN] = { "REIN", ANY, REFUSED, "502 Begin a new connection for another login." },
        [FTP_QUIT] = { "QUIT", ANY, NOTHING, NULL },
        /* encryption */
        [FTP_PBSZ] = { "PBSZ", ANY | TLS, NEEDS, "501 PBSZ needs a size: PBSZ 0." },
        [FTP_PROT] = { "PROT", ANY | TLS, NEEDS, "501 PROT needs a level: PROT P." },
        [FTP_CCC]  = { "CCC",  ANY, REFUSED, STAYS_ENCRYPTED },
        [FTP_CDC]  = { "CDC",  ANY, REFUSED, STAYS_ENCRYPTED },
        [FTP_ADAT] = { "ADAT", ANY, REFUSED, NO_OTHER_SECURITY },
        [FTP_MIC]  = { "MIC",  ANY, REFUSED, NO_OTHER_SECURITY },
        [FTP_CONF] = { "CONF", ANY, REFUSED, NO_OTHER_SECURITY },
        [FTP_ENC]  = { "ENC",  ANY, REFUSED, NO_OTHER_SECURITY },
        /* about the server and the session */
        [FTP_FEAT] = { "FEAT", ANY, NOTHING, NULL },
        [FTP_OPTS] = { "OPTS", ANY, NEEDS,   "501 OPTS needs a command." },
        [FTP_HELP] = { "HELP", ANY, PERHAPS, NULL },
        [FTP_NOOP] = { "NOOP", ANY, PERHAPS, NULL },
        [FTP_SYST] = { "SYST", ANY, NOTHING, NULL },
        [FTP_CLNT] = { "CLNT", ANY, PERHAPS, NULL },
        [FTP_STAT] = { "STAT", IN,  PERHAPS, NULL },
        [FTP_SITE] = { "SITE", IN,  NEEDS,   "501 SITE needs a command." },
        /* folders */
        [FTP_PWD]  = { "PWD",  IN,  NOTHING, NULL },
        [FTP_XPWD] = { "XPWD", IN,  NOTHING, NULL },
        [FTP_CWD]  = { "CWD",  IN,  PERHAPS, NULL },
        [FTP_XCWD] = { "XCWD", IN,  PERHAPS, NULL },
        [FTP_CDUP] = { "CDUP", IN,  NOTHING, NULL },
        [FTP_XCUP] = { "XCUP", IN,  NOTHING, NULL },
        [FTP_SMNT] = { "SMNT", IN,  REFUSED, "502 There is nothing else to mount." },
        /* how data goes */
        [FTP_TYPE] = { "TYPE", IN,  NEEDS,   "501 TYPE needs a type: TYPE I." },
        [FTP_MODE] = { "MODE", IN,  NEEDS,   "501 MODE needs a mode: MODE S." },
        [FTP_STRU] = { "STRU", IN,  NEEDS,   "501 STRU needs a structure: STRU F." },
        [FTP_PASV] = { "PASV", IN,  NOTHING, NULL },
        [FTP_EPSV] = { "EPSV", IN,  PERHAPS, NULL },
        [FTP_PORT] = { "PORT", ANY, REFUSED, PASSIVE_ONLY },
        [FTP_EPRT] = { "EPRT", ANY, REFUSED, PASSIVE_ONLY },
        [FTP_LPRT] = { "LPRT", ANY, REFUSED, PASSIVE_ONLY },
        [FTP_LPSV] = { "LPSV", ANY, REFUSED, PASSIVE_ONLY },
        [FTP_REST] = { "REST", IN,  NEEDS,   "501 REST needs an offset." },
        [FTP_ABOR] = { "ABOR", IN,  NOTHING, NULL },
        [FTP_ALLO] = { "ALLO", IN,  REFUSED, "202 Nothing need be reserved." },
        /* files */
        [FTP_LIST] = { "LIST", IN,  PERHAPS, NULL },
        [FTP_NLST] = { "NLST", IN,  PERHAPS, NULL },
        [FTP_MLSD] = { "MLSD", IN,  PERHAPS, NULL },
        [FTP_MLST] = { "MLST", IN,  PERHAPS, NULL },
        [FTP_SIZE] = { "SIZE", IN,  NEEDS,   "501 SIZE needs a file." },
        [FTP_MDTM] = { "MDTM", IN,  NEEDS,   "501 MDTM needs a file." },
        [FTP_RETR] = { "RETR", IN,  NEEDS,   "501 RETR needs a file." },
        [FTP_STOR] = { "STOR", IN,  NEEDS,   "501 STOR needs a file." },
        [FTP_APPE] = { "APPE", IN,  REFUSED, "502 A file is uploaded whole, by STOR." },
        [FTP_STOU] = { "STOU", IN,  REFUSED, "502 A file is uploaded under its name, by STOR." },
        [FTP_DELE] = { "DELE", IN,  NEEDS,   "501 DELE needs a file." },
        [FTP_RNFR] = { "RNFR", IN,  NEEDS,   "501 RNFR needs a file." },
        [FTP_RNTO] = { "RNTO", IN,  NEEDS,   "501 RNTO needs the new name." },
        [FTP_MKD]  = { "MKD",  IN,  REFUSED, READ_ONLY },
        [FTP_XMKD] = { "XMKD", IN,  REFUSED, READ_ONLY },
        [FTP_RMD]  = { "RMD",  IN,  REFUSED, READ_ONLY },
        [FTP_XRMD] = { "XRMD", IN,  REFUSED, READ_ONLY },
        [FTP_MFMT] = { "MFMT", IN,  NEEDS,   "501 MFMT needs a time and a file." },
};
/* clang-format on */

const char *
ftp_verb_name(enum ftp_verb v)
{
	return rows[v].name;
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static const struct row *
find(struct slice word)
{
	char name[5];

	if (word.n == 0 || word.n >= sizeof name)
		return NULL;
	for (size_t i = 0; i < word.n; i++)
		name[i] = upper(word.p[i]);
	name[word.n] = '\0';
	for (size_t i = 0; i < FTP_VERBS; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

static bool
only_spaces(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != ' ')
			return false;
	}
	return true;
}

const char *
ftp_parse(struct ftp_command *c, struct slice line, const struct ftp_state *s)
{
	struct slice arg = line;
	const struct row *r = find(slice_cut(&arg, ' '));

	if (r == NULL)
		return "500 There is no such command.";
	if (!(r->when & (s->in ? IN : OUT)))
		return s->in ? "503 You are logged in already."
			     : "530 Log in first, with USER and PASS.";
	if ((r->when & TLS) && !s->tls)
		return "503 Encryption comes first: AUTH TLS.";
	if (r->takes == REFUSED)
		return r->text;
	if (r->takes == NEEDS && only_spaces(arg))
		return r->text;
	if (r->takes == NOTHING && !only_spaces(arg))
		return "501 This command takes no argument.";
	c->verb = (enum ftp_verb)(r - rows);
	c->arg = arg;
	return NULL;
}

/* --- arguments --- */

bool
ftp_path(char out[FILES_PATH_MAX], const char *cwd, struct slice path)
{
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return path_absolute(out, cwd, path);
}

/* YYYYMMDDhhmmss, perhaps without seconds. */
static bool
is_time(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n == 14 || s.n == 12;
}

bool
ftp_timed_path(struct slice arg, struct slice *path)
{
	bool timed = is_time(slice_cut(&arg, ' '));

	*path = arg;
	return timed && arg.n > 0;
}

/* Takes " WORD" off the end. */
static struct slice
cut_word(struct slice *s)
{
	size_t n = s->n;
	struct slice word;

	while (n > 0 && s->p[n - 1] != ' ')
		n--;
	word = (struct slice){ s->p + n, s->n - n };
	s->n = n > 0 ? n - 1 : 0;
	return word;
}

static bool
before_three_times(struct slice arg, struct slice *path)
{
	bool fine = slice_is(cut_word(&arg), "UTC");

	for (int i = 0; i < 3; i++)
		fine = is_time(cut_word(&arg)) && fine;
	*path = arg;
	return fine && arg.n > 0;
}

static bool
is_word(struct slice s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

bool
ftp_site_path(struct slice arg, struct slice *path)
{
	struct slice command = slice_cut(&arg, ' ');

	if (is_word(command, "UTIME"))
		return ftp_timed_path(arg, path) ||
		       before_three_times(arg, path);
	if (!is_word(command, "CHMOD"))
		return false;
	slice_cut(&arg, ' ');
	*path = arg;
	return arg.n > 0;
}

struct slice
ftp_skip_options(struct slice arg)
{
	while (slice_starts(arg, "-"))
		slice_cut(&arg, ' ');
	return arg;
}

bool
ftp_number(struct slice arg, uint64_t *out)
{
	uint64_t n = 0;

	if (arg.n == 0 || arg.n > 18)
		return false;
	for (size_t i = 0; i < arg.n; i++) {
		if (arg.p[i] < '0' || arg.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(arg.p[i] - '0');
	}
	*out = n;
	return true;
}

void
ftp_pasv(char out[FTP_PASV_MAX], const uint8_t a[4], uint16_t port)
{
	snprintf(out, FTP_PASV_MAX, "(%u,%u,%u,%u,%u,%u)", a[0], a[1], a[2],
	    a[3], port / 256u, port % 256u);
}

void
ftp_epsv(char out[FTP_PASV_MAX], uint16_t port)
{
	snprintf(out, FTP_PASV_MAX, "(|||%u|)", port);
}

void
ftp_quote(char out[FTP_QUOTED_MAX], const char *path)
{
	size_t n = 0;

	out[n++] = '"';
	for (; *path != '\0' && n < FTP_QUOTED_MAX - 3; path++) {
		if (*path == '"')
			out[n++] = '"';
		out[n++] = *path;
	}
	out[n++] = '"';
	out[n] = '\0';
}

const char *
ftp_error(int error)
{
	static const struct {
		int error;
		const char *reply;
	} said[] = {
		{ ENOENT, "550 There is no such file." },
		{ ENOTDIR, "550 There is no such folder." },
		{ EACCES, "550 This login may not do that." },
		{ EPERM, "550 This login may not do that." },
		{ EROFS, "550 This is read-only." },
		{ EISDIR, "550 This is a folder." },
		{ EEXIST, "553 There is a file of that name already." },
		{ EINVAL, "553 The path is not one that can be used here." },
		{ ENAMETOOLONG, "553 The name is too long." },
		{ ENOSPC, "452 There is no space left on the server." },
		{ EDQUOT, "452 There is no space left on the server." },
		{ EFBIG, "552 The file is too large." },
		{ EMFILE, "450 Too many files are open; try again later." },
		{ EPIPE, "421 The process that opens files is gone." },
		{ ECANCELED, "426 The upload broke off; nothing was kept." },
	};

	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		if (said[i].error == error)
			return said[i].reply;
	}
	return "451 The server could not read or write the file.";
}
