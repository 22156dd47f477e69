/*
 * Reading for a command, and what time it is for it.
 */
#include "server/ctl_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/check.h"
#include "formats/zone.h"

#define SHOW_BYTES UINT64_C(50000000)

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
read_some(void *ctx, void *buf, size_t n)
{
	struct ctl_file *f = ctx;
	ssize_t got;

	do
		got = read(f->fd, buf, n);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		f->failed = errno;
	if (got > 0)
		f->done += (uint64_t)got;
	if (f->shows)
		show(f);
	return got;
}

int
ctl_file_open(struct ctl_file *f, const char *name, struct err *e)
{
	struct stat st;

	memset(f, 0, sizeof *f);
	f->in = (struct input){ .read = read_some, .ctx = f };
	if (strcmp(name, "-") == 0)
		f->fd = dup(STDIN_FILENO);
	else
		f->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (f->fd == -1 || fstat(f->fd, &st) == -1) {
		err_set(e, "%s: %s", name, strerror(errno));
		ctl_file_close(f);
		return -1;
	}
	if (S_ISDIR(st.st_mode)) {
		err_set(e, "%s: it is a folder; name a file in it", name);
		ctl_file_close(f);
		return -1;
	}
	f->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	f->shows = f->size > SHOW_BYTES && isatty(STDERR_FILENO);
	return 0;
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
	return c == '\t' ? "tab" : name;
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
