/*
 * FILE.gz beside FILE: the archived version's own bytes, with the file's update
 * time.  A small version's is there before the file.  A large one's follows
 * when it is packed: until then the one before stays, whole and with its own
 * update time, so that nobody takes it for the file's.
 */
#include "feed/publish_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/bytes.h"
#include "server/log.h"

#define COPY_BYTES 65536

static int
copy(int from, int to)
{
	char buf[COPY_BYTES];
	ssize_t n;

	while ((n = read(from, buf, sizeof buf)) > 0) {
		if (bytes_write(to, buf, (size_t)n) == -1)
			return -1;
	}
	return n == 0 ? 0 : -1;
}

static void
name_of(char out[80], const struct publication *p)
{
	snprintf(out, 80, "%s.gz", p->file);
}

/* Without one the file is published all the same. */
void
publish_place_sidecar(
    const struct conf *c, int dir, const struct publication *p)
{
	struct err e = ERR_EMPTY;
	char name[80], temp[88];
	int from = archive_open(c, p->archive, &e), to = -1;

	name_of(name, p);
	snprintf(temp, sizeof temp, ".%s.new", name);
	if (from == -1)
		goto fail;
	to = publish_make_file(dir, temp);
	if (to == -1 || copy(from, to) == -1 ||
	    publish_set_time(to, p->mtime) == -1 || fsync(to) == -1 ||
	    renameat(dir, temp, dir, name) == -1) {
		err_set(&e, "%s", strerror(errno));
		goto fail;
	}
	close(from);
	close(to);
	return;
fail:
	log_warn("%s: %s has no compressed copy: %s", p->feed, p->file, e.text);
	if (from != -1)
		close(from);
	if (to != -1)
		close(to);
	unlinkat(dir, temp, 0);
	unlinkat(dir, name, 0);
}

/* The update time of a file that is there; -1. */
static int64_t
time_of(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		       S_ISREG(st.st_mode)
		   ? (int64_t)st.st_mtim.tv_sec
		   : -1;
}

void
publish_match_sidecar(
    const struct conf *c, int dir, const struct publication *p, bool follows)
{
	char name[80];
	int64_t file = time_of(dir, p->file), gz;

	name_of(name, p);
	gz = time_of(dir, name);
	if (file != -1 && (gz == file || follows))
		return;
	if (file != -1 && file == p->mtime && p->archive[0] != '\0')
		publish_place_sidecar(c, dir, p);
	else
		unlinkat(dir, name, 0);
}

int
publish_sidecar(
    struct store *s, const struct conf *c, int64_t publication, struct err *e)
{
	struct publication p, last;
	const struct feed *f;
	int dir, found = store_publication_get(s, publication, &p, e);

	if (found == 1)
		found =
		    store_publication_last(s, p.feed, p.file, true, &last, e);
	if (found != 1)
		return found;
	f = conf_feed(c, p.feed);
	if (f == NULL || last.id != p.id)
		return 0; /* a newer one's follows, or nobody serves it */
	dir = publish_open_folder(c, f, e);
	if (dir == -1)
		return -1;
	publish_match_sidecar(c, dir, &p, false);
	close(dir);
	return 0;
}
