/*
 * Reports: what became of a dump, for the admin (txt), for a machine (json)
 * and, row by row, for whoever mends the CRM (rejects.csv).  Refused rows are
 * written as they come, into a hidden file beside; all three are synced and
 * renamed into place together.
 *
 * Each has a twin of the same name in the hidden folder .masked: what the role
 * report is shown, so that nobody masks while he serves it.  Only rejects.csv
 * differs from its twin; the two others show nobody's data.
 */
#include "server/report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/out.h"
#include "formats/rejects.h"
#include "server/archive.h"
#include "server/bytes.h"
#include "server/json_foreign.h"
#include "server/letter.h"
#include "server/log.h"
#include "server/summary.h"
#include "server/tally.h"

#define NAME_BYTES 128
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
	char name[NAME_BYTES + 1];
	char folder[PATH_MAX];
	int dir, masked_dir;
	int fd[PARTS];
	bool begun;
	bool taken_over;
	bool masked;
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

/* At most NAME_BYTES of the name, cut where a character begins, without
 * control characters and slashes (a dump from an archive has one). */
static void
cut_name(char out[NAME_BYTES + 1], const char *name)
{
	size_t n = strlen(name);

	if (n > NAME_BYTES) {
		n = NAME_BYTES;
		while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)name[i] < 0x20 || name[i] == 0x7f ||
				 name[i] == '/'
			     ? '_'
			     : name[i];
	out[n] = '\0';
}

static void
hidden(char out[NAME_MAX + 1], const struct report *r, enum part part)
{
	snprintf(out, NAME_MAX + 1, ".%s%s.new", r->name, suffix[part]);
}

static void
shown(char out[NAME_MAX + 1], const struct report *r, enum part part)
{
	snprintf(out, NAME_MAX + 1, "%s%s", r->name, suffix[part]);
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
open_folders(struct report *r, struct err *e)
{
	char masked[PATH_MAX];

	conf_path(r->folder, r->conf, "reports", r->feed->name, NULL);
	conf_path(
	    masked, r->conf, "reports", r->feed->name, REPORTS_MASKED, NULL);
	return open_folder(&r->dir, r->folder, e) == -1
		   ? -1
		   : open_folder(&r->masked_dir, masked, e);
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
	struct report *r = mem_alloc(sizeof *r);

	r->conf = c;
	r->feed = f;
	r->masked = f->source[0]->pii == PII_HASH;
	r->strict.strict = true;
	r->pipeline = SIZE_MAX;
	r->summary = summary_new();
	for (int i = 0; i < PARTS; i++)
		r->fd[i] = -1;
	cut_name(r->name, name);
	r->dir = r->masked_dir = -1;
	if (open_folders(r, e) == -1)
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
	if (r->dir != -1)
		close(r->dir);
	if (r->masked_dir != -1)
		close(r->masked_dir);
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

/* --- rejects ----------------------------------------------------------------
 */

static int
written(struct report *r, struct err *e)
{
	for (int i = 0; i < SHEETS; i++)
		if (r->sheet[i].out.failed != 0)
			return err_set(e, "report on %s: %s", r->name,
			    strerror(r->sheet[i].out.failed));
	return 0;
}

/* A line "Phone: +7 …" before the real header may be taken for it. */
static const char *
header_at(bool masked, const struct dump_facts *f, size_t i)
{
	const char *s = f->header[i];

	return masked && rejects_is_contact(slice_of(s)) ? "(hidden)" : s;
}

static size_t
columns_of(const struct dump_facts *f)
{
	return f == NULL || f->header == NULL ? 0 : f->columns;
}

/* As they may be shown; to be freed. */
static const char **
headers_of(bool masked, const struct dump_facts *f)
{
	size_t n = columns_of(f);
	const char **header = mem_alloc((n + 1) * sizeof *header);

	for (size_t i = 0; i < n; i++)
		header[i] = header_at(masked, f, i);
	return header;
}

static void
write_header(struct report *r, struct sheet *s, const struct dump_facts *f)
{
	const char **header = headers_of(r->masked || s->masked, f);

	rejects_header(&s->out, true, header, columns_of(f));
	s->header_end = s->out.bytes;
	free(header);
}

static void
note_columns(struct report *r, const struct dump_facts *f)
{
	for (size_t i = r->columns; i < columns_of(f); i++)
		summary_header(r->summary, i, slice_of(header_at(true, f, i)));
	r->columns = columns_of(f);
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
	if (columns_of(f) <= r->columns)
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

/* The dump that the report of that name is about; 0: none. */
static int64_t
shown_dump(const struct report *r)
{
	char path[NAME_MAX + 1];
	json_t *j = NULL;
	int64_t dump = 0;
	int fd;

	shown(path, r, PART_JSON);
	fd = openat(r->dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1) {
		j = json_loadfd(fd, 0, NULL);
		dump = json_integer_value(json_object_get(j, "dump"));
		close(fd);
	}
	json_decref(j);
	return dump;
}

int
report_take_over(struct report *r, int64_t dump, struct err *e)
{
	char path[NAME_MAX + 1];
	bool same = shown_dump(r) == dump;
	int rc = 0;

	r->taken_over = r->begun = true;
	shown(path, r, PART_REJECTS);
	for (int i = 0; i < SHEETS; i++) {
		enum part part = r->sheet[i].part;
		int fd = same ? openat(dir_of(r, part), path,
				    O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
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

/* --- what it says -------------------------------------------------------- */

static void
when_utc(char out[32], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static json_t *
columns_json(const struct dump_facts *f)
{
	json_t *a = json_array();

	for (size_t i = 0; f->header != NULL && i < f->columns; i++) {
		json_t *c = json_object();
		bool used = f->field != NULL && f->field[i] < FIELD_COUNT;

		json_object_set_new(
		    c, "header", json_foreign(header_at(true, f, i)));
		json_object_set_new(c, "field",
		    used ? json_string(field_info[f->field[i]].name)
			 : json_null());
		if (f->google != NULL && f->google[i])
			json_object_set_new(c, "note", json_string(f->note[i]));
		json_array_append_new(a, c);
	}
	return a;
}

static void
facts_json(json_t *j, const struct dump_facts *f)
{
	char delimiter[2] = { f->delimiter, '\0' };

	json_object_set_new(j, "encoding", json_foreign(f->encoding));
	json_object_set_new(j, "compression", json_foreign(f->compression));
	json_object_set_new(j, "syntax", json_foreign(f->syntax));
	json_object_set_new(j, "preset", json_foreign(f->preset));
	json_object_set_new(j, "delimiter", json_foreign(delimiter));
	json_object_set_new(
	    j, "header_line", json_integer((json_int_t)f->header_line));
	json_object_set_new(j, "lines", json_integer((json_int_t)f->lines));
	json_object_set_new(
	    j, "preamble_rows", json_integer((json_int_t)f->preamble));
	json_object_set_new(j, "repeated_headers",
	    json_integer((json_int_t)f->repeated_headers));
	json_object_set_new(
	    j, "blank_lines", json_integer((json_int_t)f->blank_lines));
	json_object_set_new(
	    j, "damaged_records", json_integer((json_int_t)f->damaged));
	json_object_set_new(j, "columns", columns_json(f));
}

static void
tally_json(json_t *j, const struct tally *t, const struct tally_item *i)
{
	for (; i->key != NULL; i++)
		json_object_set_new(
		    j, i->key, json_integer((json_int_t)tally_get(t, i)));
}

static json_t *
report_json(const struct report *r, const struct dump_entry *d,
    const struct dump_facts *facts, const struct summary_columns *columns)
{
	json_t *j = json_object();
	char when[32], line[512];

	when_utc(when, d->at);
	json_object_set_new(j, "name", json_foreign(d->name));
	json_object_set_new(j, "feed", json_string(d->feed));
	json_object_set_new(j, "source", json_string(d->source));
	json_object_set_new(j, "state", json_string(dump_state_name(d->state)));
	json_object_set_new(j, "reason", json_foreign(d->reason));
	json_object_set_new(j, "dump", json_integer((json_int_t)d->id));
	json_object_set_new(j, "time", json_string(when));
	json_object_set_new(j, "bytes", json_integer((json_int_t)d->bytes));
	json_object_set_new(j, "sha256", json_string(d->sha256));
	json_object_set_new(j, "archive", json_foreign(d->archive));
	tally_account(line, sizeof line, &d->tally);
	json_object_set_new(j, "accounting", json_foreign(line));
	tally_json(j, &d->tally, tally_accounts);
	tally_json(j, &d->tally, tally_waits);
	tally_json(j, &d->tally, tally_notes);
	json_object_set_new(j, "warnings", clock_json(r->clock, r->clocks));
	summary_json(j, r->summary, columns);
	if (facts != NULL)
		facts_json(j, facts);
	return j;
}

static void
write_text(FILE *to, const struct report *r, const struct dump_entry *d,
    const struct dump_facts *facts, const struct summary_columns *columns)
{
	char rejects[NAME_MAX + 1];
	struct letter l = { .dump = d,
		.facts = facts,
		.summary = r->summary,
		.columns = *columns,
		.clock = r->clock,
		.clocks = r->clocks,
		.rejects = rejects,
		.original_gone = r->masked,
		.taken_over = r->taken_over };

	shown(rejects, r, PART_REJECTS);
	letter_write(to, &l);
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

/* To it and to its twin. */
static int
write_both(
    struct report *r, enum part part, const char *p, size_t n, struct err *e)
{
	enum part twin =
	    part == PART_JSON ? PART_MASKED_JSON : PART_MASKED_TEXT;

	return write_memory(r, part, p, n, e) == -1
		   ? -1
		   : write_memory(r, twin, p, n, e);
}

static int
write_parts(struct report *r, const struct dump_entry *d,
    const struct dump_facts *facts, struct err *e)
{
	const char **header = headers_of(true, facts);
	struct summary_columns columns = { header, columns_of(facts) };
	json_t *j = report_json(r, d, facts, &columns);
	char *text = NULL, *json = json_dumps(j, JSON_INDENT(2));
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	int rc = -1;

	if (to != NULL) {
		write_text(to, r, d, facts, &columns);
		fclose(to);
	}
	if (json == NULL) {
		err_set(e, "report on %s: out of memory", r->name);
	} else if (out_end(&r->sheet[0].out) == -1 ||
		   out_end(&r->sheet[1].out) == -1) {
		err_set(e, "report on %s: %s", r->name, strerror(errno));
	} else if (write_both(r, PART_JSON, json, strlen(json), e) == 0 &&
		   write_both(r, PART_JSON, "\n", 1, e) == 0 &&
		   write_both(r, PART_TEXT, text, n, e) == 0) {
		rc = 0;
	}
	free(text);
	free(json);
	free(header);
	json_decref(j);
	return rc;
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
	if (!is_twin(part) && archive_dump(path, sha256, r->conf, r->feed->name,
				  to, r->fd[part], d->at, e) == -1)
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
