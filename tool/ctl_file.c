/*
 * Reading for a command, and what time it is for it.
 */
#include "tool/ctl_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/check.h"
#include "formats/settings.h"
#include "formats/unzip.h"
#include "formats/zone.h"
#include "server/bytes.h"
#include "server/log.h"
#include "store/temp.h"
#include "feed/unpack.h"

#define SHOW_BYTES UINT64_C(50000000)
#define MEMBERS_SHOWN 10

static void
show(struct ctl_file *f)
{
	unsigned percent = (unsigned)(f->done * 100 / f->size);

	if (percent == f->percent || percent > 100)
		return;
	f->percent = percent;
	fprintf(stderr, "\r%u %%", percent);
}

static ssize_t
read_fd(int fd, void *buf, size_t n)
{
	ssize_t got;

	do
		got = read(fd, buf, n);
	while (got == -1 && errno == EINTR);
	return got;
}

static ssize_t
read_some(void *ctx, void *buf, size_t n)
{
	struct ctl_file *f = ctx;
	ssize_t got;

	if (f->head_n > 0 && n >= f->head_n) {
		got = (ssize_t)f->head_n;
		memcpy(buf, f->head, f->head_n);
		f->head_n = 0;
		return got;
	}
	got = read_fd(f->fd, buf, n);
	if (got == -1)
		f->failed = errno;
	if (got > 0)
		f->done += (uint64_t)got;
	if (f->shows)
		show(f);
	return got;
}

static ssize_t
read_there(void *ctx, void *buf, size_t n, uint64_t at)
{
	struct ctl_file *f = ctx;
	ssize_t got;

	do
		got = pread(f->fd, buf, n, (off_t)at);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		f->failed = errno;
	return got;
}

/* --- pipes -------------------------------------------------------------- */

/* All of the pipe, behind its head, into an unnamed file. */
static int
spool(struct ctl_file *f, struct err *e)
{
	static char buf[65536];
	int fd = unpack_file(temp_folder(), e);
	ssize_t got = (ssize_t)f->head_n;

	if (fd == -1)
		return -1;
	memcpy(buf, f->head, f->head_n);
	f->head_n = 0;
	do {
		if (bytes_write(fd, buf, (size_t)got) == -1) {
			err_set(e, "%s: %s", temp_folder(), strerror(errno));
			close(fd);
			return -1;
		}
		got = read_fd(f->fd, buf, sizeof buf);
	} while (got > 0);
	if (got == -1 || lseek(fd, 0, SEEK_SET) == -1) {
		err_set(e, "%s", strerror(errno));
		close(fd);
		return -1;
	}
	close(f->fd);
	f->fd = fd;
	return 0;
}

/* A stream of text stays one; an archive has to be a file. */
static int
look_at_pipe(struct ctl_file *f, struct err *e)
{
	ssize_t got = 1;

	while (got > 0 && f->head_n < sizeof f->head) {
		got = read_fd(
		    f->fd, f->head + f->head_n, sizeof f->head - f->head_n);
		if (got == -1)
			return err_set(e, "%s", strerror(errno));
		f->head_n += (size_t)got;
	}
	if (unzip_is_zip(f->head, f->head_n) ||
	    (f->head_n > 2 && memcmp(f->head, "\x1f\x8b", 2) == 0))
		return spool(f, e);
	return 0;
}

/* --- archives ----------------------------------------------------------- */

/* "a.csv, b.csv, 7 more" */
static void
list_members(char *out, size_t size, const struct unpack *u)
{
	char safe[NAME_MAX];
	size_t n = 0, i;

	*out = '\0';
	for (i = 0; i < unpack_dumps(u) && i < MEMBERS_SHOWN; i++) {
		const char *name = unpack_member(u, i);
		int k = snprintf(out + n, size - n, "%s%s", i == 0 ? "" : ", ",
		    log_safe(safe, sizeof safe, name, strlen(name)));

		n += (size_t)k < size - n ? (size_t)k : size - n - 1;
	}
	if (i < unpack_dumps(u))
		snprintf(out + n, size - n, ", ...");
}

static int
refuse_several(const struct unpack *u, const char *member, struct err *e)
{
	char list[400];

	list_members(list, sizeof list, u);
	if (member == NULL)
		return err_set(e,
		    "the archive holds several dumps: %s. Unpack the one that "
		    "you mean.",
		    list);
	if (*member != '\0')
		return err_set(e,
		    "the archive holds no dump of the name '%s', but %s.",
		    member, list);
	return err_set(e,
	    "the archive holds several dumps: %s. Choose one with --member.",
	    list);
}

/* The dump that was meant becomes f's own. */
static int
choose(struct ctl_file *f, struct unpack *u, const char *member, struct err *e)
{
	bool named = member != NULL && *member != '\0';
	struct unpack_dump d;
	size_t i = 0;
	int fd;

	if (named && !unpack_is_archive(u))
		return err_set(e,
		    "--member names a file in a zip archive, which it is "
		    "not.");
	while (named && i < unpack_dumps(u) &&
	       strcmp(unpack_member(u, i), member) != 0)
		i++;
	if (i == unpack_dumps(u) || (!named && unpack_dumps(u) > 1))
		return refuse_several(u, member, e);
	unpack_skip(u, i);
	if (unpack_next(u, &d, e) == -1)
		return -1;
	if (d.status != FMT_OK)
		return err_set(
		    e, "%s: %s", d.member, fmt_status_text(d.status));
	fd = fcntl(d.fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		return err_set(e, "%s", strerror(errno));
	close(f->fd);
	f->fd = fd;
	return 0;
}

static int
look_into(
    struct ctl_file *f, const char *name, const char *member, struct err *e)
{
	struct settings *defaults = settings_new();
	struct unpack_how how = { .limits = &defaults->limits,
		.dir = temp_folder() };
	struct unpack *u = NULL;
	int rc = unpack_open(&u, f->fd, name, &how, e);

	if (rc == 0)
		rc = choose(f, u, member, e);
	unpack_close(u);
	settings_free(defaults);
	return rc;
}

/* --- opening ------------------------------------------------------------ */

static int
open_file(
    struct ctl_file *f, const char *name, const char *member, struct err *e)
{
	struct stat st;

	if (strcmp(name, "-") == 0)
		f->fd = dup(STDIN_FILENO);
	else
		f->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (f->fd == -1 || fstat(f->fd, &st) == -1)
		return err_set(e, "%s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(e, "it is a folder; name a file in it");
	if (!S_ISREG(st.st_mode) && look_at_pipe(f, e) == -1)
		return -1;
	/* a file whose beginning somebody else has read is a stream, too */
	if (lseek(f->fd, 0, SEEK_CUR) != 0)
		return 0;
	if (look_into(f, name, member, e) == -1)
		return -1;
	if (fstat(f->fd, &st) == -1)
		return err_set(e, "%s", strerror(errno));
	f->size = (uint64_t)st.st_size;
	f->in.read_at = read_there;
	f->in.size = f->size;
	return 0;
}

int
ctl_file_open_member(
    struct ctl_file *f, const char *name, const char *member, struct err *e)
{
	memset(f, 0, sizeof *f);
	f->fd = -1;
	f->in = (struct input){ .read = read_some, .ctx = f };
	if (open_file(f, name, member, e) == -1) {
		ctl_file_close(f);
		return err_add(e, "%s", name);
	}
	f->shows = f->size > SHOW_BYTES && isatty(STDERR_FILENO);
	return 0;
}

int
ctl_file_open(struct ctl_file *f, const char *name, struct err *e)
{
	return ctl_file_open_member(f, name, NULL, e);
}

void
ctl_file_close(struct ctl_file *f)
{
	if (f->shows)
		fputs("\r     \r", stderr);
	f->shows = false;
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
}

const char *
ctl_delimiter(char c, char name[2])
{
	name[0] = c;
	name[1] = '\0';
	return c == '\t' ? "tab" : c == '\0' ? "none" : name;
}

static int64_t
wall_seconds(const struct wall *w)
{
	return wall_days(w) * 86400 + w->hour * 3600 + w->minute * 60 +
	       w->second;
}

int
ctl_now(const char *text, const struct zone *zone, int64_t *instant,
    int64_t *wall, struct err *e)
{
	struct wall w;
	bool has_time;
	int64_t t = (int64_t)time(NULL);

	if (text == NULL)
		zone_wall(zone, t, &w);
	else if (check_time(slice_of(text), &w, &has_time) != REJECT_NONE)
		return err_set(e,
		    "--now '%s' is no time: write it as '2026-04-21 11:59:21'",
		    text);
	else if (instant != NULL)
		t = zone_instant(zone, &w);
	if (instant != NULL)
		*instant = t;
	if (wall != NULL)
		*wall = wall_seconds(&w);
	return 0;
}
