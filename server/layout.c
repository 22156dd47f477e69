/*
 * The instance's folders, and whose they are.
 */
#include "server/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- accounts ------------------------------------------------------------ */

/* clang-format off */
static const struct {
        size_t name;              /* the setting: its offset in struct conf */
        const char *setting;
        enum role_id also[2];     /* whose groups it has besides; itself: none */
} accounts[WORKER_ROLES] = {
        [WORKER_AUTH]   = { offsetof(struct conf, user_auth),   "user_auth",
                            { WORKER_AUTH,   WORKER_AUTH } },
        [WORKER_FILES]  = { offsetof(struct conf, user_files),  "user_files",
                            { WORKER_HTTP,   WORKER_INGEST } },
        [WORKER_INGEST] = { offsetof(struct conf, user_ingest), "user_ingest",
                            { WORKER_FILES,  WORKER_INGEST } },
        [WORKER_HTTP]   = { offsetof(struct conf, user_http),   "user_http",
                            { WORKER_HTTP,   WORKER_HTTP } },
        [WORKER_SSH]    = { offsetof(struct conf, user_ssh),    "user_ssh",
                            { WORKER_SSH,    WORKER_SSH } },
        [WORKER_FTP]    = { offsetof(struct conf, user_ftp),    "user_ftp",
                            { WORKER_FTP,    WORKER_FTP } },
};
/* clang-format on */

static int
find_account(
    struct account *a, const char *name, const char *setting, struct err *e)
{
	const struct passwd *pw;

	memset(a, 0, sizeof *a);
	if (name == NULL || name[0] == '\0' || geteuid() != 0)
		return 0;
	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL)
		return err_set(e,
		    "%s: there is no account \"%s\" on this machine. Create it "
		    "(adduser --system --group %s) or set %s = \"\".",
		    setting, name, name, setting);
	if (pw->pw_uid == 0)
		return err_set(e, "%s: \"%s\" is root, which is no protection.",
		    setting, name);
	a->change = true;
	a->uid = pw->pw_uid;
	a->gid = pw->pw_gid;
	return 0;
}

int
layout_accounts(
    struct account out[WORKER_ROLES], const struct conf *c, struct err *e)
{
	for (size_t i = 0; i < WORKER_ROLES; i++) {
		const char *name;

		memcpy(&name, (const char *)c + accounts[i].name, sizeof name);
		if (find_account(&out[i], name, accounts[i].setting, e) == -1)
			return -1;
	}
	for (size_t i = 0; i < WORKER_ROLES; i++) {
		for (size_t k = 0; k < 2; k++) {
			enum role_id other = accounts[i].also[k];

			if (other != i && out[other].change)
				out[i].group[out[i].groups++] = out[other].gid;
		}
	}
	return 0;
}

/* --- folders ------------------------------------------------------------- */

enum {
	ONCE,
	PER_FEED,
	PER_SOURCE
};

/* With a group bit set, what is made inside belongs to that group too, so the
 * group may read (or, in the inbox, write) what the owner makes. */
/* clang-format off */
static const struct folder {
        const char *name;
        int times;
        enum role_id owner, group;
        mode_t mode;       /* with accounts */
        mode_t plain_mode; /* for one user */
        bool flat;         /* files right in it get the owner too: convdrop,
                            * run by root, may have made some */
} folders[] = {
        { "state",            ONCE,       WORKER_INGEST, WORKER_INGEST, 00700, 0700, true },
        { "state/quarantine", ONCE,       WORKER_INGEST, WORKER_INGEST, 00700, 0700, false },
        { "audit",            ONCE,       WORKER_INGEST, WORKER_INGEST, 00700, 0700, true },
        { "inbox",            ONCE,       WORKER_INGEST, WORKER_FILES,  02770, 0750, false },
        { "inbox",            PER_FEED,   WORKER_INGEST, WORKER_FILES,  02770, 0750, false },
        { "inbox",            PER_SOURCE, WORKER_INGEST, WORKER_FILES,  02770, 0750, false },
        { "published",        ONCE,       WORKER_INGEST, WORKER_HTTP,   02750, 0750, false },
        { "published",        PER_FEED,   WORKER_INGEST, WORKER_HTTP,   02750, 0750, true },
        { "reports",          ONCE,       WORKER_INGEST, WORKER_INGEST, 02750, 0750, false },
        { "reports",          PER_FEED,   WORKER_INGEST, WORKER_INGEST, 02750, 0750, true },
        { "archive",          ONCE,       WORKER_INGEST, WORKER_INGEST, 02750, 0750, false },
        { "archive",          PER_FEED,   WORKER_INGEST, WORKER_INGEST, 02750, 0750, false },
};
/* clang-format on */

/* What the parent itself keeps in state/: never given away. */
static bool
parents_own(const char *name)
{
	return strcmp(name, "convdropd.pid") == 0 ||
	       strcmp(name, "control") == 0 || strcmp(name, "keys.loaded") == 0;
}

static void
own_files(int dir, uid_t uid, gid_t gid)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *de;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((de = readdir(d)) != NULL) {
		struct stat st;

		if (parents_own(de->d_name) ||
		    fstatat(dir, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		/* Another link to it may be somebody else's file. */
		if (S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid != uid)
			(void)!fchownat(
			    dir, de->d_name, uid, gid, AT_SYMLINK_NOFOLLOW);
	}
	closedir(d);
}

static int
settle(int root, const char *path, const struct folder *f,
    const struct account account[WORKER_ROLES], struct err *e)
{
	const struct account *owner = &account[f->owner];
	const struct account *group = &account[f->group];
	bool change = owner->change || group->change;
	int dir;
	int rc = -1;

	if (mkdirat(root, path, f->plain_mode) == -1 && errno != EEXIST)
		return err_set(
		    e, "Cannot make the folder %s: %s.", path, strerror(errno));
	dir =
	    openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir == -1)
		return err_set(e, "%s is not a folder that can be read: %s.",
		    path, strerror(errno));
	if (change && (fchown(dir, owner->uid, group->gid) == -1 ||
			  fchmod(dir, f->mode) == -1)) {
		err_set(e, "Cannot give the folder %s its owner: %s.", path,
		    strerror(errno));
		goto out;
	}
	if (change && f->flat)
		own_files(dir, owner->uid, group->gid);
	rc = 0;
out:
	close(dir);
	return rc;
}

static int
settle_all(int root, const struct folder *f, const struct conf *c,
    const struct account account[WORKER_ROLES], struct err *e)
{
	char path[512];

	if (f->times == ONCE)
		return settle(root, f->name, f, account, e);
	for (size_t i = 0; i < c->feeds; i++) {
		const struct feed *feed = &c->feed[i];

		for (size_t s = 0; s < feed->sources; s++) {
			const char *source = feed->source[s]->source;
			bool named = source[0] != '\0';

			if (named != (f->times == PER_SOURCE))
				continue;
			snprintf(path, sizeof path, "%s/%s%s%s", f->name,
			    feed->name, named ? "/" : "", source);
			if (settle(root, path, f, account, e) == -1)
				return -1;
		}
	}
	return 0;
}

/* Every worker must be able to pass through the instance's own folder, and
 * ingest to open it; what is secret in it has folders of its own. */
static int
open_door(int root, const struct account account[WORKER_ROLES], struct err *e)
{
	struct stat st;
	bool change = false;

	for (size_t i = 0; i < WORKER_ROLES; i++)
		change = change || account[i].change;
	if (!change)
		return 0;
	if (fstat(root, &st) == -1 ||
	    ((st.st_mode & 0055) != 0055 &&
		fchmod(root, (st.st_mode & 07777) | 0055) == -1))
		return err_set(e,
		    "Cannot let the workers into the "
		    "instance's folder: %s.",
		    strerror(errno));
	return 0;
}

int
layout_prepare(const struct conf *c, const struct account account[WORKER_ROLES],
    struct err *e)
{
	int root = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = -1;

	if (root == -1)
		return err_set(e, "Cannot open the instance's folder %s: %s.",
		    c->dir, strerror(errno));
	if (open_door(root, account, e) == -1)
		goto out;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		if (settle_all(root, &folders[i], c, account, e) == -1)
			goto out;
	}
	rc = 0;
out:
	close(root);
	return rc;
}
