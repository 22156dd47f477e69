/*
 * See overview.h.
 */
#include "feed/overview.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/rejects.h"
#include "server/bytes.h"
#include "feed/ingest.h"
#include "server/lang.h"
#include "server/log.h"
#include "feed/quality.h"

#define PULLS_SHOWN 3

/* --- summary.txt --------------------------------------------------------- */

static const char *
when(char out[32], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%d %H:%M", &tm);
	return out;
}

static const char *
state_words(enum dump_state s)
{
	static const char *const words[] = { [DUMP_MERGED] = N_("taken"),
		[DUMP_REFUSED] = N_("refused"),
		[DUMP_HELD] = N_("held, and waits for approval"),
		[DUMP_WITHDRAWN] = N_("withdrawn") };

	return _(words[s]);
}

struct told {
	FILE *to;
	const struct overview *o;
	unsigned wrong, pulls;
};

static bool
tell_dump(void *ctx, const struct dump_entry *d)
{
	struct told *t = ctx;
	char name[1100], at[32], veil[REJECTS_VEIL];
	struct slice s = rejects_veil(veil, slice_of(d->name));

	log_safe(name, sizeof name, s.p, s.n);
	fprintf(t->to,
	    _("Last dump: %s, %s UTC: %s; records: %llu, rejected: %llu, "
	      "values left out: %llu.\n"),
	    name, when(at, d->at), state_words(d->state),
	    (unsigned long long)d->tally.records,
	    (unsigned long long)d->tally.rejected,
	    (unsigned long long)d->tally.values_dropped);
	return false;
}

static int
tell_files(struct told *t, struct err *e)
{
	const struct overview *o = t->o;
	char at[32];

	for (size_t i = 0; i < o->feed->writers; i++) {
		const char *file = o->feed->writer[i]->file;
		struct publication p;
		int rc = store_publication_last(
		    o->store, o->feed->name, file, true, &p, e);

		if (rc == -1)
			return -1;
		if (rc == 0)
			fprintf(t->to, _("%s was not published yet.\n"), file);
		else
			fprintf(t->to,
			    _("Published: %s, %s UTC: rows: %llu, complete "
			      "pulls of this version: %llu.\n"),
			    file, when(at, p.mtime), (unsigned long long)p.rows,
			    (unsigned long long)p.pulls);
	}
	return 0;
}

static bool
tell_pull(void *ctx, const struct pull *p)
{
	struct told *t = ctx;
	char at[32], file[260];

	log_safe(file, sizeof file, p->file, strlen(p->file));
	fprintf(t->to,
	    p->complete ? _("Pull: %s, %s UTC by %s, complete.\n")
			: _("Pull: %s, %s UTC by %s, not complete.\n"),
	    file, when(at, p->begun), p->protocol);
	return ++t->pulls < PULLS_SHOWN;
}

/* It may quote a name of a file or a column. */
static const char *
without_contacts(const char *text)
{
	return rejects_is_contact(slice_of(text)) ? _("(hidden)") : text;
}

static bool
tell_bad_dump(void *ctx, const struct dump_entry *d)
{
	struct told *t = ctx;

	if (d->state != DUMP_REFUSED && d->state != DUMP_HELD)
		return false;
	t->wrong++;
	fprintf(t->to, _("The last dump is %s: %s\n"), state_words(d->state),
	    without_contacts(d->reason));
	return false;
}

static int
tell_wrong(struct told *t, struct err *e)
{
	const struct overview *o = t->o;
	char text[TROUBLE_BYTES];
	int64_t since;

	trouble_read(o->conf, text);
	if (text[0] != '\0') {
		fprintf(t->to, "%s\n", without_contacts(text));
		t->wrong++;
	}
	for (size_t i = 0; i < o->feed->writers; i++) {
		const char *file = o->feed->writer[i]->file;
		int rc = store_withheld(o->store, o->feed->name, file, text,
		    sizeof text, &since, e);

		if (rc == -1)
			return -1;
		if (rc == 1) {
			fprintf(t->to, _("%s is not published: %s\n"), file,
			    without_contacts(text));
			t->wrong++;
		}
	}
	if (store_dumps(o->store, o->feed->name, 1, tell_bad_dump, t, e) == -1)
		return -1;
	if (t->wrong == 0)
		fputs(_("Nothing.\n"), t->to);
	return 0;
}

static int
write_summary(
    FILE *to, const struct overview *o, const struct quality *q, struct err *e)
{
	struct told t = { .to = to, .o = o };
	const char *feed = o->feed->name;
	char at[32];

	fprintf(to, _("The feed %s, %s UTC\n\n"), feed,
	    when(at, (int64_t)time(NULL)));
	if (store_dumps(o->store, feed, 1, tell_dump, &t, e) == -1 ||
	    tell_files(&t, e) == -1 ||
	    store_pulls(o->store, feed, PULLS_SHOWN, tell_pull, &t, e) == -1)
		return -1;
	if (t.pulls == 0)
		fputs(_("Nobody has pulled yet.\n"), to);
	fputs(_("\nWhat is wrong:\n\n"), to);
	if (tell_wrong(&t, e) == -1)
		return -1;
	fputs(_("\nWhat to mend, the most urgent first:\n\n"), to);
	if (quality_advice(to, q) == 0)
		fputs(_("Nothing.\n"), to);
	fputs(_("\nHow well Direct can link the orders with visits:\n\n"), to);
	quality_text(to, q);
	return 0;
}

/* --- in place ------------------------------------------------------------ */

static int
place(int dir, const char *name, const char *text, size_t n)
{
	char temp[64];
	int fd, rc = -1;

	snprintf(temp, sizeof temp, ".%s.new", name);
	unlinkat(dir, temp, 0);
	fd = openat(dir, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd == -1)
		return -1;
	(void)!fchmod(fd, 0640); /* whatever the umask */
	if (bytes_write(fd, text, n) == 0 && fsync(fd) == 0 &&
	    renameat(dir, temp, dir, name) == 0)
		rc = 0;
	close(fd);
	return rc;
}

/* To reports/FEED/ and to what the role report sees of it. */
static int
place_both(const struct overview *o, const char *name, const char *text,
    size_t n, struct err *e)
{
	const char *const folder[] = { NULL, REPORTS_MASKED };
	char path[PATH_MAX];

	for (size_t i = 0; i < 2; i++) {
		int dir, rc = -1;

		conf_path(
		    path, o->conf, "reports", o->feed->name, folder[i], NULL);
		if (mkdir(path, 0750) == -1 && errno != EEXIST)
			return err_set(
			    e, "make the folder %s: %s", path, strerror(errno));
		dir =
		    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir != -1)
			rc = place(dir, name, text, n);
		if (rc == -1)
			err_set(
			    e, "write %s/%s: %s", path, name, strerror(errno));
		if (dir != -1)
			close(dir);
		if (rc == -1)
			return -1;
	}
	return 0;
}

static int
write_file(const struct overview *o, const char *name, const struct quality *q,
    struct err *e)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	int rc = 0;

	if (to == NULL)
		return err_set(e, "write %s: %s", name, strerror(errno));
	if (strcmp(name, "quality.csv") == 0)
		quality_csv(to, q);
	else
		rc = write_summary(to, o, q, e);
	fclose(to);
	if (rc == 0)
		rc = place_both(o, name, text, n, e);
	free(text);
	return rc;
}

int
overview_write(const struct overview *o, struct err *e)
{
	struct quality_what what = { .store = o->store,
		.conf = o->conf,
		.feed = o->feed,
		.now = o->now,
		.since = INT64_MIN,
		.stop = o->stop,
		.ctx = o->ctx };
	struct quality q;
	int rc = quality_gather(&q, &what, e);

	if (rc == -1 && o->stop != NULL && o->stop(o->ctx))
		rc = 1;
	if (rc == 0)
		rc = write_file(o, "quality.csv", &q, e);
	if (rc == 0)
		rc = write_file(o, "summary.txt", &q, e);
	quality_free(&q);
	return rc == -1 ? err_add(e, "the overview of %s", o->feed->name) : rc;
}

/* --- when ---------------------------------------------------------------- */

#define DAY 86400
#define LATEST_MS 600000
#define SHARE 20 /* it may take one part in so many of the time */
#define AGAIN_MS 1000

void
overview_mark(struct overview_turn *t, int64_t ms)
{
	if (!t->due)
		t->latest_ms = ms + LATEST_MS;
	t->due = true;
}

static bool
is_wanted(const struct overview_turn *t, int64_t now)
{
	return t->due || t->day != now / DAY;
}

bool
overview_is_due(
    const struct overview_turn *t, int64_t now, int64_t ms, bool idle)
{
	return is_wanted(t, now) && ms >= t->not_before_ms &&
	       (idle || (t->due && ms >= t->latest_ms));
}

int64_t
overview_wait(const struct overview_turn *t, int64_t now, int64_t ms)
{
	if (!is_wanted(t, now))
		return (now / DAY + 1) * DAY * 1000 - now * 1000;
	return ms >= t->not_before_ms ? 0 : t->not_before_ms - ms;
}

void
overview_done(struct overview_turn *t, int64_t now, int64_t from_ms, int64_t ms,
    bool gave_way)
{
	t->not_before_ms = ms + (ms - from_ms) * SHARE + AGAIN_MS;
	if (gave_way) {
		overview_mark(t, ms);
		return;
	}
	t->due = false;
	t->day = now / DAY;
}
