/*
 * After a crash: a version that was planned is either the file that is there,
 * which its hash says, or was never published.
 */
#include "feed/publish_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
hash_file(int dir, const char *file, char sha256[65], struct stat *st)
{
	int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), rc;

	if (fd == -1)
		return -1;
	rc = fstat(fd, st) == -1 ? -1 : render_hash(sha256, fd);
	close(fd);
	return rc;
}

/* A version that was planned and not noted as done: is it the file? */
static int
finish(struct publish_job *j, const struct writer *w, struct err *e)
{
	struct publication p;
	char sha256[65];
	struct stat st;
	int found;

	if (publish_begin(j, w, e) == -1)
		return -1;
	found = store_publication_last(
	    j->store, j->feed->name, j->writer->file, false, &p, e);
	if (found != 1 || p.done)
		return found == -1 ? -1 : 0;
	if (hash_file(j->dir, j->writer->file, sha256, &st) == -1 ||
	    strcmp(sha256, p.sha256) != 0 || st.st_mtim.tv_sec != p.mtime)
		return 0; /* its update time is burnt; publishing runs again */
	if (p.archive[0] == '\0') {
		int fd = openat(
		    j->dir, j->writer->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		int rc =
		    fd == -1
			? err_set(e, "%s: %s", j->writer->file, strerror(errno))
			: archive_published(p.archive, j->conf, j->feed->name,
			      j->writer->file, fd, p.sha256, p.mtime, e);

		if (fd != -1)
			close(fd);
		if (rc == -1)
			return -1;
	}
	p.done = true;
	if (publish_audit(j, &p, true, e) == -1)
		return -1;
	return store_publication_done(j->store, &p, e);
}

/* A version that is yet to be packed gets its compressed copy then. */
static int
match_sidecar(struct publish_job *j, const struct writer *w, struct err *e)
{
	struct publication p = { .mtime = -1 };
	int follows = 0, found = store_publication_last(
			     j->store, j->feed->name, w->file, true, &p, e);

	if (found == 1)
		follows = store_unpacked_has(j->store, p.id, e);
	if (found == -1 || follows == -1)
		return -1;
	snprintf(p.file, sizeof p.file, "%s", w->file);
	publish_match_sidecar(j->conf, j->dir, &p, follows == 1);
	return 0;
}

static int
remove_hidden(int dir, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (list == NULL) {
		err_set(e, "list the published files: %s", strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	while ((d = readdir(list)) != NULL) {
		if (d->d_name[0] == '.' && strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0)
			unlinkat(dir, d->d_name, 0);
	}
	closedir(list);
	return 0;
}

int
publish_recover(struct store *s, struct audit *a, const struct conf *c,
    const struct feed *f, int64_t now, struct err *e)
{
	struct publish_job j = { .store = s,
		.audit = a,
		.conf = c,
		.feed = f,
		.now = now,
		.fd = -1 };
	int rc = -1;

	j.dir = publish_open_folder(c, f, e);
	if (j.dir == -1)
		return -1;
	if (remove_hidden(j.dir, e) == -1)
		goto out;
	for (size_t i = 0; i < f->writers; i++) {
		if (finish(&j, f->writer[i], e) == -1 ||
		    match_sidecar(&j, f->writer[i], e) == -1) {
			err_add(e, "feed %s", f->name);
			goto out;
		}
	}
	rc = 0;
out:
	close(j.dir);
	return rc;
}
