/*
 * Reports: what became of a dump, for the admin (txt), for a machine (json)
 * and, row by row, for whoever mends the CRM (rejects.csv).  Refused rows are
 * written as they come, into a hidden file beside; all three are synced and
 * renamed into place together.
 *
 * Each has a twin in the hidden folder .masked: what the role report is shown,
 * so that nobody masks while he serves it.  The twin's name is the report's
 * unless a phone or an e-mail is in that: then it is its shape, and the twins
 * of the latest dump of that shape are there.
 */
#include "feed/report.h"
#include "feed/report_header.h"
#include "feed/report_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/out.h"
#include "formats/rejects.h"
#include "store/archive.h"
#include "server/bytes.h"
#include "feed/letter.h"
#include "server/log.h"
#include "feed/summary.h"

#define ID_COLUMNS 2

/* In the order in which they are renamed into place. */
enum part {
	PART_MASKED_REJECTS,
	PART_MASKED_JSON,
	PART_MASKED_TEXT,
	PART_REJECTS,
	PART_JSON,
	PART_TEXT,
	PARTS
};
static const char *const suffix[PARTS] = { ".rejects.csv", ".report.json",
	".report.txt", ".rejects.csv", ".report.json", ".report.txt" };

static bool
is_twin(enum part part)
{
	return part < PART_REJECTS;
}

/* rejects.csv as it is written. */
struct sheet {
	enum part part;
	bool masked;
	struct out out;
	uint64_t header_end; /* where the rows begin */
};
#define SHEETS 2

struct report {
	const struct conf *conf;
	const struct feed *feed;
	char name[REPORT_NAME + 1];
	char masked_name[REPORT_NAME + 1]; /* of its twin */
	char folder[PATH_MAX];
	int dir, masked_dir;
	int shown_dir, shown_masked_dir; /* where the latest lie; the same
					  * unless it is staged */
	bool staged;
	int fd[PARTS];
	bool begun;
	bool taken_over; /* of a report that is not known any more */
	json_t *before;  /* the one that was taken over */
	bool masked;     /* pii = hash */
	/* of pii = hash; of the twins and the two letters */
	struct rejects_mask mask, strict;
	size_t pipeline; /* its column; SIZE_MAX: there is none */
	size_t id[ID_COLUMNS], ids;
	struct clock_warning clock[CLOCK_CODES];
	size_t clocks;
	struct summary *summary;
	struct sheet sheet[SHEETS];
	size_t columns; /* that their headers have */
};

static int
dir_of(const struct report *r, enum part part)
{
	return is_twin(part) ? r->masked_dir : r->dir;
}

static int
write_fd(void *ctx, const void *buf, size_t n)
{
	return bytes_write(*(const int *)ctx, buf, n);
}

static const char *
name_of(const struct report *r, enum part part)
{
	return is_twin(part) ? r->masked_name : r->name;
}

static void
hidden(char out[NAME_MAX + 1], const struct report *r, enum part part)
{
	snprintf(
	    out, NAME_MAX + 1, ".%s%s.new", name_of(r, part), suffix[part]);
}

static void
shown(char out[NAME_MAX + 1], const struct report *r, enum part part)
{
	snprintf(out, NAME_MAX + 1, "%s%s", name_of(r, part), suffix[part]);
}

/* In place of one that was made before, if any; whoever has that one open
 * closes it. */
static int
make_part(struct report *r, enum part part, struct err *e)
{
	char path[NAME_MAX + 1];
	int fd;

	hidden(path, r, part);
	unlinkat(dir_of(r, part), path, 0);
	fd = openat(dir_of(r, part), path,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd == -1)
		return err_set(e, "report: make %s/%s: %s", r->folder, path,
		    strerror(errno));
	(void)!fchmod(fd, 0640); /* whatever the umask */
	r->fd[part] = fd;
	return 0;
}

static int
open_folder(int *out, const char *path, struct err *e)
{
	if (mkdir(path, 0750) == -1 && errno != EEXIST)
		return err_set(
		    e, "make the folder %s: %s", path, strerror(errno));
	*out = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *out != -1 ? 0
			  : err_set(e, "open the folder %s: %s", path,
				strerror(errno));
}

static int
open_both(int *dir, int *masked, const char *path, struct err *e)
{
	char below[PATH_MAX];

	snprintf(
	    below, sizeof below, "%.*s/" REPORTS_MASKED, PATH_MAX - 16, path);
	return open_folder(dir, path, e) == -1 ? -1
					       : open_folder(masked, below, e);
}

static int
open_folders(struct report *r, const char *stage, struct err *e)
{
	conf_path(r->folder, r->conf, "reports", r->feed->name, NULL);
	if (open_both(&r->shown_dir, &r->shown_masked_dir, r->folder, e) == -1)
		return -1;
	r->staged = stage != NULL;
	if (!r->staged) {
		r->dir = r->shown_dir;
		r->masked_dir = r->shown_masked_dir;
		return 0;
	}
	snprintf(r->folder, sizeof r->folder, "%s", stage);
	return open_both(&r->dir, &r->masked_dir, stage, e);
}

static void
begin_sheet(struct report *r, struct sheet *s)
{
	out_begin(&s->out, (struct output){ write_fd, &r->fd[s->part] });
}

int
report_open(struct report **out, const struct conf *c, const struct feed *f,
    const char *name, struct err *e)
{
	return report_open_in(out, c, f, name, NULL, e);
}

int
report_open_in(struct report **out, const struct conf *c, const struct feed *f,
    const char *name, const char *folder, struct err *e)
{
	struct report *r = mem_alloc(sizeof *r);

	r->conf = c;
	r->feed = f;
	r->masked = f->source[0]->pii == PII_HASH;
	r->strict.strict = true;
	r->pipeline = SIZE_MAX;
	r->summary = summary_new();
	for (int i = 0; i < PARTS; i++)
		r->fd[i] = -1;
	report_cut_name(r->name, name);
	report_mask_name(r->masked_name, r->name);
	r->dir = r->masked_dir = r->shown_dir = r->shown_masked_dir = -1;
	if (open_folders(r, folder, e) == -1)
		goto fail;
	for (int i = 0; i < PARTS; i++) {
		if (make_part(r, (enum part)i, e) == -1)
			goto fail;
	}
	r->sheet[0].part = PART_REJECTS;
	r->sheet[1].part = PART_MASKED_REJECTS;
	r->sheet[1].masked = true;
	for (int i = 0; i < SHEETS; i++)
		begin_sheet(r, &r->sheet[i]);
	*out = r;
	return 0;
fail:
	report_discard(r);
	return -1;
}

/* ".NAME.report.txt.new" is no report yet. */
static bool
is_hidden(const char *name)
{
	size_t n = strlen(name);

	return name[0] == '.' && n > 4 && strcmp(name + n - 4, ".new") == 0;
}

static void
sweep(const char *path)
{
	struct dirent *d;
	DIR *dir = opendir(path);

	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (is_hidden(d->d_name))
			unlinkat(dirfd(dir), d->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

void
report_sweep(const struct conf *c, const struct feed *f)
{
	char path[PATH_MAX];

	conf_path(path, c, "reports", f->name, NULL);
	sweep(path);
	conf_path(path, c, "reports", f->name, REPORTS_MASKED, NULL);
	sweep(path);
}

void
report_discard(struct report *r)
{
	char path[NAME_MAX + 1];

	if (r == NULL)
		return;
	for (int i = 0; i < PARTS; i++) {
		if (r->fd[i] == -1)
			continue;
		hidden(path, r, (enum part)i);
		/* gone already once renamed */
		unlinkat(dir_of(r, (enum part)i), path, 0);
		close(r->fd[i]);
	}
	if (r->staged && r->dir != -1)
		close(r->dir);
	if (r->staged && r->masked_dir != -1)
		close(r->masked_dir);
	if (r->shown_dir != -1)
		close(r->shown_dir);
	if (r->shown_masked_dir != -1)
		close(r->shown_masked_dir);
	json_decref(r->before);
	summary_free(r->summary);
	free(r);
}

bool
report_exists(const struct report *r)
{
	char path[NAME_MAX + 1];
	struct stat st;

	shown(path, r, PART_TEXT); /* renamed last */
	return fstatat(r->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- rejects -------------------------------------------------------------- */

static int
written(struct report *r, struct err *e)
{
	for (int i = 0; i < SHEETS; i++)
		if (r->sheet[i].out.failed != 0)
			return err_set(e, "report on %s: %s", r->name,
			    strerror(r->sheet[i].out.failed));
	return 0;
}

static void
write_header(struct report *r, struct sheet *s, const struct dump_facts *f)
{
	const char **header = report_headers(s->masked   ? VEIL_STRICT
					     : r->masked ? VEIL_CONTACTS
							 : VEIL_NONE,
	    f);

	rejects_header(&s->out, true, header, report_columns(f));
	s->header_end = s->out.bytes;
	free(header);
}

static void
note_columns(struct report *r, const struct dump_facts *f)
{
	for (size_t i = r->columns; i < report_columns(f); i++)
		summary_header(r->summary, i,
		    slice_of(report_header(VEIL_CONTACTS, f, i)));
	r->columns = report_columns(f);
}

static int
copy_rows(int to, int from, uint64_t at)
{
	char buf[65536];
	ssize_t n;

	while ((n = pread(from, buf, sizeof buf, (off_t)at)) > 0) {
		if (bytes_write(to, buf, (size_t)n) == -1)
			return -1;
		at += (uint64_t)n;
	}
	return n == 0 ? 0 : -1;
}

/* JSON names its columns as it goes: those that came late are put into the
 * header now, and the rows are copied behind it. */
static int
widen_header(struct report *r, struct sheet *s, const struct dump_facts *f,
    struct err *e)
{
	uint64_t rows = s->header_end;
	int old = r->fd[s->part], rc = -1;

	if (out_end(&s->out) == -1)
		return err_set(e, "report on %s: %s", r->name, strerror(errno));
	if (make_part(r, s->part, e) == -1)
		return -1;
	begin_sheet(r, s);
	write_header(r, s, f);
	if (out_end(&s->out) == -1 ||
	    copy_rows(r->fd[s->part], old, rows) == -1)
		err_set(e, "report on %s: %s", r->name, strerror(errno));
	else
		rc = 0;
	close(old);
	return rc;
}

static int
widen_headers(struct report *r, const struct dump_facts *f, struct err *e)
{
	if (report_columns(f) <= r->columns)
		return 0;
	for (int i = 0; i < SHEETS; i++)
		if (widen_header(r, &r->sheet[i], f, e) == -1)
			return -1;
	note_columns(r, f);
	return 0;
}

/* The columns whose ids are watched, and that of the pipeline. */
static void
find_columns(struct report *r)
{
	for (size_t i = r->mask.columns; i > 0; i--) {
		enum field f = r->mask.field[i - 1];

		if (f == FIELD_PIPELINE)
			r->pipeline = i - 1;
		if ((f == FIELD_ID || f == FIELD_CLIENT_UNIQ_ID) &&
		    r->ids < ID_COLUMNS)
			r->id[r->ids++] = i - 1;
	}
}

int
report_begin(
    struct report *r, const struct dump_facts *facts, bool hash, struct err *e)
{
	r->begun = true;
	r->masked = hash;
	if (facts != NULL) {
		r->mask.field = facts->field;
		r->mask.columns = facts->field == NULL ? 0 : facts->columns;
	}
	r->strict = r->mask;
	r->strict.strict = true;
	find_columns(r);
	for (int i = 0; i < SHEETS; i++)
		write_header(r, &r->sheet[i], facts);
	note_columns(r, facts);
	return written(r, e);
}

int
report_problem(struct report *r, unsigned long line, bool row,
    const struct problem *p, const struct slice *cell, size_t cells,
    struct err *e)
{
	struct slice pipeline = { "", 0 };

	if (r->pipeline < cells)
		pipeline = cell[r->pipeline];
	rejects_row(&r->sheet[0].out, line, row, p, cell, cells,
	    r->masked ? &r->mask : NULL);
	rejects_row(&r->sheet[1].out, line, row, p, cell, cells, &r->strict);
	summary_add(r->summary, line, row, p, pipeline, &r->strict);
	return written(r, e);
}

void
report_see(struct report *r, unsigned long line, const struct slice *cell,
    size_t cells)
{
	for (size_t i = 0; i < r->ids; i++)
		if (r->id[i] < cells)
			summary_id(r->summary, r->mask.field[r->id[i]],
			    r->id[i], cell[r->id[i]], line);
}

void
report_clock(struct report *r, const struct clock_warning *w, size_t n)
{
	r->clocks = n;
	if (n > 0)
		memcpy(r->clock, w, n * sizeof *w);
}

/* The report of that name, if it is about that dump. */
static json_t *
load_shown(const struct report *r, int64_t dump)
{
	char path[NAME_MAX + 1];
	json_t *j = NULL;
	int fd;

	shown(path, r, PART_JSON);
	fd = openat(r->shown_dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1) {
		j = json_loadfd(fd, 0, NULL);
		close(fd);
	}
	if (json_integer_value(json_object_get(j, "dump")) == dump)
		return j;
	json_decref(j);
	return NULL;
}

int
report_take_over(struct report *r, int64_t dump, struct err *e)
{
	char path[NAME_MAX + 1];
	int rc = 0;

	r->begun = true;
	r->before = load_shown(r, dump);
	r->taken_over = !summary_take(r->summary, r->before);
	for (int i = 0; i < SHEETS; i++) {
		enum part part = r->sheet[i].part;
		bool own =
		    r->before != NULL && strcmp(name_of(r, part), r->name) == 0;
		int fd;

		shown(path, r, part);
		fd = own ? openat(is_twin(part) ? r->shown_masked_dir
						: r->shown_dir,
			       path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
			 : -1;
		if (fd == -1) {
			write_header(r, &r->sheet[i], NULL);
			continue;
		}
		if (copy_rows(r->fd[part], fd, 0) == -1)
			rc = err_set(
			    e, "report on %s: %s", r->name, strerror(errno));
		close(fd);
	}
	return rc == -1 ? -1 : written(r, e);
}

/* --- in place ------------------------------------------------------------ */

static int
write_memory(
    struct report *r, enum part part, const char *p, size_t n, struct err *e)
{
	if (p == NULL || write_fd(&r->fd[part], p, n) == -1)
		return err_set(e, "report on %s: %s", r->name,
		    strerror(p == NULL ? ENOMEM : errno));
	return 0;
}

/* The part as a text that a stream made. */
static int
write_letter(
    struct report *r, enum part part, const struct letter *l, struct err *e)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	int rc;

	if (to != NULL) {
		letter_write(to, l);
		fclose(to);
	}
	rc = write_memory(r, part, text, n, e);
	free(text);
	return rc;
}

static int
write_json(
    struct report *r, enum part part, const struct letter *l, struct err *e)
{
	json_t *j = letter_json(l);
	char *text = json_dumps(j, JSON_INDENT(2));
	int rc =
	    write_memory(r, part, text, text == NULL ? 0 : strlen(text), e);

	if (rc == 0)
		rc = write_memory(r, part, "\n", 1, e);
	free(text);
	json_decref(j);
	return rc;
}

/* What the twins say of the dump. */
static void
mask_entry(struct dump_entry *d)
{
	char cut[REPORT_NAME + 1];

	report_cut_name(cut, d->name);
	report_mask_name(d->name, cut);
	d->archive[0] = '\0';
	if (rejects_is_contact(slice_of(d->reason)))
		strcpy(d->reason, "(hidden)");
}

static int
write_texts(struct report *r, const struct dump_entry *d,
    const struct dump_facts *facts, bool twin, struct err *e)
{
	enum part text = twin ? PART_MASKED_TEXT : PART_TEXT;
	enum part json = twin ? PART_MASKED_JSON : PART_JSON;
	const char **header =
	    report_headers(twin ? VEIL_STRICT : VEIL_CONTACTS, facts);
	char rejects[NAME_MAX + 1];
	struct letter l = { .dump = d,
		.facts = facts,
		.summary = r->summary,
		.columns = { header, report_columns(facts) },
		.clock = r->clock,
		.clocks = r->clocks,
		.rejects = rejects,
		.original_gone = r->masked,
		.before = r->before,
		.taken_over = r->taken_over };
	int rc;

	shown(rejects, r, twin ? PART_MASKED_REJECTS : PART_REJECTS);
	rc = write_letter(r, text, &l, e);
	if (rc == 0)
		rc = write_json(r, json, &l, e);
	free(header);
	return rc;
}

static int
write_parts(struct report *r, const struct dump_entry *d,
    const struct dump_facts *facts, struct err *e)
{
	struct dump_entry masked = *d;

	mask_entry(&masked);
	for (int i = 0; i < SHEETS; i++)
		if (out_end(&r->sheet[i].out) == -1)
			return err_set(
			    e, "report on %s: %s", r->name, strerror(errno));
	return write_texts(r, d, facts, false, e) == -1
		   ? -1
		   : write_texts(r, &masked, facts, true, e);
}

static int
place_part(
    struct report *r, enum part part, const struct dump_entry *d, struct err *e)
{
	char from[NAME_MAX + 1], to[NAME_MAX + 1], path[512], sha256[65];

	hidden(from, r, part);
	shown(to, r, part);
	if (fsync(r->fd[part]) == -1)
		return err_set(e, "report %s: %s", to, strerror(errno));
	if (!is_twin(part) && !r->staged &&
	    archive_dump(path, sha256, r->conf, r->feed->name, to, r->fd[part],
		d->at, e) == -1)
		return -1;
	if (renameat(dir_of(r, part), from, dir_of(r, part), to) == -1)
		return err_set(e, "report %s: %s", to, strerror(errno));
	return 0;
}

int
report_write(struct report *r, const struct dump_entry *d,
    const struct dump_facts *facts, struct err *e)
{
	int rc = -1;

	if (!r->begun && report_begin(r, facts, r->masked, e) == -1)
		goto out;
	if (widen_headers(r, facts, e) == -1)
		goto out;
	if (write_parts(r, d, facts, e) == -1)
		goto out;
	for (int i = 0; i < PARTS; i++) {
		if (place_part(r, (enum part)i, d, e) == -1)
			goto out;
	}
	if (fsync(r->masked_dir) == -1 || fsync(r->dir) == -1) {
		err_set(e, "report on %s: %s", r->name, strerror(errno));
		goto out;
	}
	rc = 0;
out:
	report_discard(r);
	return rc;
}
