/*
 * Folders, listings and transfers of an FTP session.  files opens everything,
 * within the login's grant.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "net/ftp_list.h"
#include "net/ftp_session.h"
#include "net/ftp_upload.h"
#include "server/clock.h"
#include "server/lang.h"

/* --- files --- */

static int
tell_files(struct ftp *s, struct files_request *q, enum files_op op,
    struct files_reply *r, int *fd)
{
	q->head.type = WIRE_FILE;
	q->head.size = sizeof *q;
	memcpy(q->handle, s->grant.handle, sizeof q->handle);
	q->op = op;
	*fd = -1;
	if (files_ask(s->it->files, q, r, fd) == -1) {
		ftp_over(s, N_("the process that opens files is gone"));
		return EPIPE;
	}
	if (r->error != 0 && *fd != -1) {
		close(*fd);
		*fd = -1;
	}
	return r->error;
}

int
ftp_ask(struct ftp *s, enum files_op op, const char *path, const char *path2,
    struct files_reply *r, int *wanted)
{
	struct files_request q;
	int error, fd;

	memset(&q, 0, sizeof q);
	q.first = s->rest;
	memcpy(q.path, path, strlen(path) + 1);
	memcpy(q.path2, path2, strlen(path2) + 1);
	error = tell_files(s, &q, op, r, &fd);
	if (wanted != NULL)
		*wanted = fd;
	else if (fd != -1)
		close(fd);
	return error;
}

static void
tell_pull(struct ftp *s, enum files_op op, uint64_t bytes, bool complete)
{
	struct files_request q;
	struct files_reply r;
	int fd;

	if (s->pull.number == 0)
		return;
	memset(&q, 0, sizeof q);
	q.number = s->pull.number;
	q.bytes = bytes;
	q.complete = complete;
	tell_files(s, &q, op, &r, &fd);
	if (fd != -1)
		close(fd);
	s->pull.told = clock_ms();
}

void
ftp_moved(void *session, uint64_t bytes)
{
	struct ftp *s = session;

	if (bytes > s->pull.asked)
		bytes = s->pull.asked;
	if (bytes == s->pull.at || clock_ms() - s->pull.told < FILES_AT_MS)
		return;
	s->pull.at = bytes;
	tell_pull(s, FILES_PULL_AT, bytes, false);
}

bool
ftp_went_well(struct ftp *s, int error)
{
	if (error != 0 && !s->over)
		ftp_say(s, "%s", ftp_error(error));
	return error == 0;
}

bool
ftp_find(struct ftp *s, struct slice arg, char path[FILES_PATH_MAX])
{
	return ftp_went_well(s, ftp_path(path, s->cwd, arg) ? 0 : EINVAL);
}

/* --- folders --- */

static void
change_to(struct ftp *s, const char *path)
{
	struct files_reply r;
	int error = ftp_ask(s, FILES_STAT, path, "", &r, NULL);

	if (error == 0 && !r.stat.is_dir)
		error = ENOTDIR;
	if (!ftp_went_well(s, error))
		return;
	memcpy(s->cwd, path, strlen(path) + 1);
	ftp_say(s, "250 You are in %s.", s->cwd);
}

void
ftp_cwd(struct ftp *s, struct slice arg)
{
	char path[FILES_PATH_MAX];

	if (ftp_find(s, arg.n == 0 ? slice_of("/") : arg, path))
		change_to(s, path);
}

void
ftp_cdup(struct ftp *s, struct slice arg)
{
	char path[FILES_PATH_MAX];

	(void)arg;
	if (ftp_find(s, slice_of(".."), path))
		change_to(s, path);
}

void
ftp_pwd(struct ftp *s, struct slice arg)
{
	char quoted[FTP_QUOTED_MAX];

	(void)arg;
	ftp_quote(quoted, s->cwd);
	ftp_say(s, "257 %s", quoted);
}

/* --- one file's facts --- */

static bool
stat_file(struct ftp *s, struct slice arg, struct files_reply *r)
{
	char path[FILES_PATH_MAX];
	int error;

	if (!ftp_find(s, arg, path))
		return false;
	error = ftp_ask(s, FILES_STAT, path, "", r, NULL);
	if (error == 0 && r->stat.is_dir)
		error = EISDIR;
	return ftp_went_well(s, error);
}

void
ftp_size(struct ftp *s, struct slice arg)
{
	struct files_reply r;

	if (stat_file(s, arg, &r))
		ftp_say(s, "213 %llu", (unsigned long long)r.stat.size);
}

void
ftp_mdtm(struct ftp *s, struct slice arg)
{
	struct files_reply r;
	struct slice path;
	char when[FTP_TIME_MAX];

	if (ftp_timed_path(arg, &path) && ftp_set_time(s, path))
		return;
	if (stat_file(s, arg, &r)) {
		ftp_time(when, r.stat.mtime);
		ftp_say(s, "213 %s", when);
	}
}

void
ftp_mlst(struct ftp *s, struct slice arg)
{
	char path[FILES_PATH_MAX], line[FTP_ENTRY_MAX];
	struct files_reply r;

	if (!ftp_find(s, arg, path) ||
	    !ftp_went_well(s, ftp_ask(s, FILES_STAT, path, "", &r, NULL)))
		return;
	ftp_say(s, "250-What is known:");
	ftp_put(s, " ", 1);
	ftp_put(s, line,
	    ftp_entry(line, FTP_FACTS, s->facts, path, &r.stat, time(NULL)));
	ftp_say(s, "250 End.");
}

/* --- listings --- */

struct listing {
	enum ftp_format format;
	unsigned facts;
	struct slice prefix;  /* before every name */
	struct slice pattern; /* empty: all */
	int64_t now;
	char *p;
	size_t n, size;
	bool cut; /* there are more */
};

static void
add(struct listing *l, const char *name, const struct files_stat *st)
{
	char line[FTP_ENTRY_MAX], whole[2 * FILES_PATH_MAX];
	size_t n;

	if (l->pattern.n > 0 && !ftp_matches(slice_of(name), l->pattern))
		return;
	snprintf(whole, sizeof whole, "%.*s%s", (int)l->prefix.n,
	    l->prefix.n > 0 ? l->prefix.p : "", name);
	n = ftp_entry(line, l->format, l->facts, whole, st, l->now);
	if (l->size - l->n < n) {
		l->size = l->size * 2 + n + 4096;
		l->p = mem_grow(l->p, l->size);
	}
	memcpy(l->p + l->n, line, n);
	l->n += n;
}

static int
add_folder(struct ftp *s, struct listing *l, const char *path)
{
	struct files_entry e[64];
	struct files_reply r;
	int fd, error = ftp_ask(s, FILES_LIST, path, "", &r, &fd);
	off_t at = 0;
	ssize_t n;

	if (error != 0)
		return error;
	l->cut = r.cut != 0;
	while ((n = pread(fd, e, sizeof e, at)) > 0) {
		for (size_t i = 0; i < (size_t)n / sizeof *e; i++) {
			e[i].name[sizeof e[i].name - 1] = '\0';
			add(l, e[i].name, &e[i].stat);
		}
		at += n;
	}
	close(fd);
	return 0;
}

/* The last part of arg goes to *last, what is before it stays. */
static struct slice
cut_last(struct slice arg, struct slice *last)
{
	size_t n = arg.n;

	while (n > 0 && arg.p[n - 1] != '/')
		n--;
	*last = (struct slice){ arg.p + n, arg.n - n };
	return (struct slice){ arg.p, n };
}

static bool
is_pattern(struct slice s)
{
	return s.n > 0 &&
	       (memchr(s.p, '*', s.n) != NULL || memchr(s.p, '?', s.n) != NULL);
}

/* LIST /main/x*.csv: those of the folder that fit. */
static int
add_fitting(struct ftp *s, struct listing *l, struct slice arg)
{
	char path[FILES_PATH_MAX];
	struct slice folder = cut_last(arg, &l->pattern);

	if (!ftp_path(path, s->cwd, folder))
		return EINVAL;
	if (l->format == FTP_NAMES)
		l->prefix = folder;
	return add_folder(s, l, path);
}

/* What NLST puts before the names: the folder as the client wrote it. */
static struct slice
prefix_of(struct slice arg, char out[FILES_PATH_MAX])
{
	const char *slash = arg.p[arg.n - 1] == '/' ? "" : "/";

	snprintf(out, FILES_PATH_MAX, "%.*s%s", (int)arg.n, arg.p, slash);
	return slice_of(out);
}

/* 0 or an errno; l.p is the caller's in either case. */
static int
list(struct ftp *s, struct listing *l, struct slice arg)
{
	char path[FILES_PATH_MAX], prefix[FILES_PATH_MAX];
	struct files_reply r;
	struct slice last;
	int error;

	l->now = time(NULL);
	l->facts = s->facts;
	if (!ftp_path(path, s->cwd, arg))
		return EINVAL;
	cut_last(arg, &last);
	if (l->format != FTP_FACTS && is_pattern(last))
		return add_fitting(s, l, arg);
	error = ftp_ask(s, FILES_STAT, path, "", &r, NULL);
	if (error != 0)
		return error;
	if (r.stat.is_dir) {
		if (l->format == FTP_NAMES && arg.n > 0)
			l->prefix = prefix_of(arg, prefix);
		return add_folder(s, l, path);
	}
	if (l->format == FTP_FACTS)
		return ENOTDIR;
	l->prefix = (struct slice){ arg.p, arg.n };
	add(l, "", &r.stat);
	return 0;
}

static const char *
end_of(const struct listing *l)
{
	return l->cut ? "The folder has more files than these; the others can "
			"be fetched by their names."
		      : "End.";
}

void
ftp_stat_path(struct ftp *s, struct slice arg)
{
	struct listing l = { .format = FTP_LONG };

	if (ftp_went_well(s, list(s, &l, arg))) {
		ftp_say(s, "213-What is there:");
		if (l.n > 0)
			ftp_put(s, l.p, l.n);
		ftp_say(s, "213 %s", end_of(&l));
	}
	free(l.p);
}

/* --- data connections --- */

/* Where the client reached us, when that is IPv4. */
static bool
our_ipv4(const struct ftp *s, uint8_t out[4])
{
	const struct sockaddr_storage *at = &s->it->at;
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	if (at->ss_family == AF_INET) {
		memcpy(&in, at, sizeof in);
		memcpy(out, &in.sin_addr, 4);
		return true;
	}
	memcpy(&in6, at, sizeof in6);
	memcpy(out, in6.sin6_addr.s6_addr + 12, 4);
	return IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
}

/* The reply with the code and text of how it ended. */
static void
say_end(struct ftp *s, enum ftp_end end)
{
	if (s->over)
		return; /* there is another reason to tell */
	if (end == FTP_END_MASTER)
		ftp_over(s, N_("the accepting process is gone"));
	else
		ftp_say(s, "%u %s", ftp_end_code(end), ftp_end_text(end));
	if (end == FTP_END_ABORTED && s->aborted)
		ftp_say(s, "226 It is broken off.");
	s->aborted = false;
}

static bool
listen_for_data(struct ftp *s, uint16_t *port)
{
	enum ftp_end end = ftp_data_passive(s->data, port);

	if (end != FTP_END_WELL)
		say_end(s, end);
	return end == FTP_END_WELL;
}

void
ftp_pasv_command(struct ftp *s, struct slice arg)
{
	char text[FTP_PASV_MAX];
	uint8_t address[4];
	uint16_t port;

	(void)arg;
	if (s->epsv_alone) {
		ftp_say(s, "501 You said EPSV ALL.");
		return;
	}
	if (!our_ipv4(s, address)) {
		ftp_say(s, "522 PASV is for IPv4 alone; use EPSV.");
		return;
	}
	if (*s->conf->ftp_public_address != '\0')
		inet_pton(AF_INET, s->conf->ftp_public_address, address);
	if (listen_for_data(s, &port)) {
		ftp_pasv(text, address, port);
		ftp_say(s, "227 Entering passive mode %s.", text);
	}
}

void
ftp_epsv_command(struct ftp *s, struct slice arg)
{
	char text[FTP_PASV_MAX];
	uint8_t address[4];
	bool four = our_ipv4(s, address);
	uint16_t port;

	arg = slice_trim(arg);
	if (arg.n == 3 && strncasecmp(arg.p, "ALL", 3) == 0) {
		s->epsv_alone = true;
		ftp_say(s, "200 EPSV it is.");
	} else if (arg.n > 0 && !slice_is(arg, four ? "1" : "2")) {
		ftp_say(s, "522 This connection has the other protocol, (%s).",
		    four ? "1" : "2");
	} else if (listen_for_data(s, &port)) {
		ftp_epsv(text, port);
		ftp_say(s, "229 Entering extended passive mode %s.", text);
	}
}

void
ftp_rest(struct ftp *s, struct slice arg)
{
	if (!ftp_number(slice_trim(arg), &s->rest))
		ftp_say(s, "501 REST needs an offset in bytes.");
	else
		ftp_say(s, "350 The next RETR begins at %llu.",
		    (unsigned long long)s->rest);
}

/* May a transfer begin?  Answered when not. */
static bool
can_transfer(struct ftp *s)
{
	if (s->state.tls && !s->protected)
		ftp_say(s, "521 Data must go encrypted here: PROT P.");
	else if (!ftp_data_is_passive(s->data))
		say_end(s, FTP_END_NO_PASV);
	else
		return true;
	return false;
}

/* Waits for the client's data connection and says 150. */
static bool
open_data(struct ftp *s, const char *what)
{
	enum ftp_end end;

	s->aborted = false;
	end = ftp_data_accept(s->data);
	if (end != FTP_END_WELL) {
		say_end(s, end);
		return false;
	}
	ftp_say(s, "150 %s", what);
	ftp_flush_by(s, clock_ms() + (int64_t)s->conf->idle_s * 1000);
	return true;
}

/* --- transfers --- */

static void
send_listing(struct ftp *s, enum ftp_format format, struct slice arg)
{
	struct listing l = { .format = format };
	struct ftp_moved moved;
	enum ftp_end end;

	s->rest = 0;
	if (can_transfer(s) && ftp_went_well(s, list(s, &l, arg)) &&
	    open_data(s, "The listing follows.")) {
		end = ftp_data_send_bytes(s->data, l.p, l.n, &moved);
		if (end == FTP_END_WELL && l.cut)
			ftp_say(s, "226 %s", end_of(&l));
		else
			say_end(s, end);
	}
	free(l.p);
}

void
ftp_list(struct ftp *s, struct slice arg)
{
	send_listing(s, FTP_LONG, ftp_skip_options(arg));
}

void
ftp_nlst(struct ftp *s, struct slice arg)
{
	send_listing(s, FTP_NAMES, ftp_skip_options(arg));
}

void
ftp_mlsd(struct ftp *s, struct slice arg)
{
	send_listing(s, FTP_FACTS, arg);
}

static void
send_file(struct ftp *s, int fd, uint64_t size)
{
	uint64_t from = s->rest;
	struct ftp_moved moved = { 0, false };
	enum ftp_end end;
	char what[64];

	if (from > size) {
		ftp_say(s, "554 The file ends before that offset.");
		return;
	}
	s->pull.asked = size - from;
	snprintf(what, sizeof what, "%llu bytes follow.",
	    (unsigned long long)s->pull.asked);
	if (!open_data(s, what))
		return;
	end = ftp_data_send_file(s->data, fd, from, size - from, &moved);
	tell_pull(s, FILES_PULL_END, moved.bytes,
	    moved.whole && (from < size || size == 0));
	s->pull.number = 0;
	say_end(s, end);
}

void
ftp_retr(struct ftp *s, struct slice arg)
{
	char path[FILES_PATH_MAX];
	struct files_reply r;
	int fd = -1;

	if (can_transfer(s) && ftp_find(s, arg, path) &&
	    ftp_went_well(s, ftp_ask(s, FILES_OPEN, path, "", &r, &fd))) {
		s->pull.number = r.number;
		s->pull.told = clock_ms();
		s->pull.at = 0;
		send_file(s, fd, r.stat.size);
		tell_pull(s, FILES_PULL_END, 0, false); /* it never began */
		s->pull.number = 0;
		close(fd);
	}
	s->rest = 0;
}

static void
receive_file(struct ftp *s, const char *path)
{
	struct ftp_moved moved = { 0, false };
	struct ftp_upload u;
	enum ftp_end end = FTP_END_BROKEN;
	bool opened;
	int error;

	if (!ftp_went_well(
		s, ftp_upload_begin(&u, s->it->files, &s->grant, path)))
		return;
	opened = open_data(s, "Send the file.");
	if (opened)
		end = ftp_data_receive(
		    s->data, u.fd, s->conf->limits.packed_bytes, &moved);
	error = ftp_upload_end(&u, moved.bytes, opened && end == FTP_END_WELL);
	if (!opened)
		return;
	if (end != FTP_END_WELL)
		say_end(s, end);
	else if (ftp_went_well(s, error))
		ftp_say(s, "226 The upload is complete.");
}

void
ftp_stor(struct ftp *s, struct slice arg)
{
	char path[FILES_PATH_MAX];

	if (!s->state.tls)
		ftp_say(s, "550 Uploads need encryption: log in over FTPS.");
	else if (s->rest != 0) /* what broke off is not kept */
		ftp_say(s, "554 Uploads are not resumed here: send the file "
			   "again from its beginning (overwrite it).");
	else if (can_transfer(s) && ftp_find(s, arg, path))
		receive_file(s, path);
	s->rest = 0;
}
