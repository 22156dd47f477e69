/*
 * What an FTP client may change: its own uploads, as over SFTP.  It renames and
 * deletes them; the times and modes it sets are heard, and ours stay.
 */
#include <errno.h>
#include <string.h>

#include "net/ftp_list.h"
#include "net/ftp_session.h"

#define NOT_OWN "550 Only what this session uploaded can be changed."

/* 0 or an errno: EPERM for what is there and is no upload of this session. */
static int
look(struct ftp *s, const char *path, struct files_reply *r)
{
	int error = ftp_ask(s, FILES_STAT, path, "", r, NULL);

	return error == 0 && (r->stat.is_dir || !r->stat.writable) ? EPERM
								   : error;
}

/* False, and answered, when arg is no upload of this session. */
static bool
is_own(struct ftp *s, struct slice arg, char path[FILES_PATH_MAX],
    struct files_reply *r)
{
	int error;

	if (!ftp_find(s, arg, path))
		return false;
	error = look(s, path, r);
	if (error == EPERM && !s->over)
		ftp_say(s, "%s", NOT_OWN);
	return error == EPERM ? false : ftp_went_well(s, error);
}

/* --- names --- */

void
ftp_rnfr(struct ftp *s, struct slice arg)
{
	char path[FILES_PATH_MAX];
	struct files_reply r;

	s->renamed[0] = '\0';
	if (!is_own(s, arg, path, &r))
		return;
	memcpy(s->renamed, path, strlen(path) + 1);
	ftp_say(s, "350 RNTO says the new name.");
}

void
ftp_rnto(struct ftp *s, struct slice arg)
{
	char path[FILES_PATH_MAX];
	struct files_reply r;

	if (s->renamed[0] == '\0')
		ftp_say(s, "503 The old name comes first: RNFR.");
	else if (ftp_find(s, arg, path) &&
		 ftp_went_well(
		     s, ftp_ask(s, FILES_RENAME, s->renamed, path, &r, NULL)))
		ftp_say(s, "250 It is renamed.");
	s->renamed[0] = '\0';
}

void
ftp_dele(struct ftp *s, struct slice arg)
{
	char path[FILES_PATH_MAX];
	struct files_reply r;
	int error;

	if (!is_own(s, arg, path, &r))
		return;
	error = ftp_ask(s, FILES_REMOVE, path, "", &r, NULL);
	if (error == EACCES)
		ftp_say(s, "550 It is a dump that was taken in already.");
	else if (ftp_went_well(s, error))
		ftp_say(s, "250 It is deleted.");
}

/* --- times and modes --- */

static void
say_time(struct ftp *s, const char *path, const struct files_stat *st)
{
	char when[FTP_TIME_MAX];

	ftp_time(when, st->mtime);
	ftp_say(s, "213 Modify=%s; %s", when, path);
}

void
ftp_mfmt(struct ftp *s, struct slice arg)
{
	char path[FILES_PATH_MAX];
	struct files_reply r;
	struct slice name;

	if (!ftp_timed_path(arg, &name))
		ftp_say(
		    s, "501 MFMT needs a time, YYYYMMDDhhmmss, and a file.");
	else if (is_own(s, name, path, &r))
		say_time(s, path, &r.stat);
}

bool
ftp_set_time(struct ftp *s, struct slice name)
{
	char path[FILES_PATH_MAX];
	struct files_reply r;

	if (!ftp_path(path, s->cwd, name) || look(s, path, &r) != 0)
		return false;
	say_time(s, path, &r.stat);
	return true;
}

void
ftp_site(struct ftp *s, struct slice arg)
{
	char path[FILES_PATH_MAX];
	struct files_reply r;
	struct slice name;

	if (!ftp_site_path(arg, &name))
		ftp_say(s, "504 SITE knows CHMOD and UTIME, with a file.");
	else if (is_own(s, name, path, &r))
		ftp_say(s, "200 The server keeps times and modes of its own.");
}
