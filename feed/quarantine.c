/*
 * Who may be trusted, and the way out for who may not.
 */
#include "feed/quarantine.h"
#include "server/lang.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
kind(mode_t mode)
{
	return S_ISLNK(mode)    ? _("a symbolic link")
	       : S_ISFIFO(mode) ? _("a FIFO")
	       : S_ISSOCK(mode) ? _("a socket")
				: _("a device");
}

static bool
owned(const uid_t *owner, size_t owners, uid_t uid)
{
	for (size_t i = 0; i < owners; i++) {
		if (owner[i] == uid)
			return true;
	}
	return false;
}

bool
quarantine_trusts(const struct stat *st, const uid_t *owner, size_t owners,
    char *why, size_t size)
{
	if (!S_ISREG(st->st_mode)) {
		snprintf(why, size,
		    _("It is %s, not a file; copy the dump itself into the "
		      "inbox."),
		    kind(st->st_mode));
		return false;
	}
	if (st->st_nlink > 1) {
		snprintf(why, size,
		    _("It has another name elsewhere (a hard link); copy the "
		      "dump into the inbox."));
		return false;
	}
	if (!owned(owner, owners, st->st_uid)) {
		snprintf(why, size,
		    _("It belongs to user %lu, whom inbox_owners does not "
		      "name."),
		    (unsigned long)st->st_uid);
		return false;
	}
	return true;
}

static int
make_folder(const struct conf *c, const char *feed, char *path)
{
	conf_path(path, c, "state", "quarantine", NULL);
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return -1;
	conf_path(path, c, "state", "quarantine", feed, NULL);
	return mkdir(path, 0700) == -1 && errno != EEXIST ? -1 : 0;
}

int
quarantine_move(
    const struct conf *c, const struct feed *feed, int dir, const char *name)
{
	char folder[PATH_MAX], to[PATH_MAX + 300];

	if (make_folder(c, feed->name, folder) == -1)
		return -1;
	for (unsigned i = 0; i < 10000; i++) {
		if (i == 0)
			snprintf(to, sizeof to, "%s/%s", folder, name);
		else
			snprintf(
			    to, sizeof to, "%s/%.200s.%u", folder, name, i);
		if (renameat2(dir, name, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}
