/*
 * convdrop explain: what Direct or convdrop said, in; what it means, whose row
 * it is, and how to mend it, out.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "formats/arena.h"
#include "formats/message.h"
#include "formats/reader.h"
#include "formats/text.h"
#include "server/conf.h"
#include "tool/ctl.h"
#include "tool/ctl_file.h"
#include "tool/explain.h"
#include "store/json_foreign.h"
#include "server/lang.h"
#include "server/log.h"
#include "tool/whence.h"

enum {
	KEPT = 1000, /* rows of a mistake that are looked up */
	SHOWN = 20,  /* and shown, without --json */
	KINDS = 256  /* different mistakes */
};

/* One row that has the mistake. */
struct hit {
	unsigned long row;  /* of the text that was given */
	unsigned long line; /* that it names, of the published file */
	char id[256], column[64], value[256];
};

struct kind {
	const struct error_info *info;
	uint64_t n;
	struct hit *hit; /* the first KEPT */
};

struct job {
	const struct ctl *ctl;
	const char *feed;
	struct explain *known;
	struct conf *conf;     /* NULL: no instance is there */
	struct whence *whence; /* likewise */
	struct kind kind[KINDS];
	size_t kinds;
	size_t id_column, line_column; /* SIZE_MAX: there is none */
	uint64_t unknown;              /* rows that name nothing known */
	json_t *list;                  /* --json */
};

/* --- taking it in --------------------------------------------------------- */

static struct kind *
kind_of(struct job *j, const struct error_info *info)
{
	size_t i = 0;

	while (i < j->kinds && j->kind[i].info != info)
		i++;
	if (i == KINDS)
		return NULL;
	if (i == j->kinds)
		j->kind[j->kinds++] = (struct kind){ .info = info };
	return &j->kind[i];
}

static void
keep_hit(struct job *j, const struct explain_match *m, const struct hit *at)
{
	struct kind *k = kind_of(j, m->info);
	struct hit *h;

	if (k == NULL || k->n++ >= KEPT)
		return;
	k->hit = mem_grow(k->hit, (k->n < KEPT ? k->n : KEPT) * sizeof *k->hit);
	h = &k->hit[k->n - 1];
	*h = *at;
	snprintf(h->column, sizeof h->column, "%s", m->column);
	snprintf(h->value, sizeof h->value, "%s", m->value);
}

/* Looks at one row; true when it names something known. */
static bool
take_text(struct job *j, struct slice text, struct hit *at)
{
	struct explain_match match[EXPLAIN_MATCHES];
	size_t n = explain_text(j->known, text, match);

	if (at->line == 0)
		at->line = explain_line_of(text);
	for (size_t i = 0; i < n; i++)
		keep_hit(j, &match[i], at);
	j->unknown += n == 0;
	return n > 0;
}

static bool
is_one_of(struct slice cell, const char *const *word)
{
	for (; *word != NULL; word++)
		if (text_is_word(text_strip(cell), *word))
			return true;
	return false;
}

/* The columns that say which row is meant; false when it is no header. */
static bool
take_header(struct job *j, const struct row *r)
{
	static const char *const id[] = { "id", "order_id", "order id",
		"номер заказа", "id заказа", NULL };
	static const char *const line[] = { "line", "row", "line number",
		"row number", "строка", "номер строки", "№ строки", NULL };
	bool header = false;

	for (size_t i = 0; i < r->cells; i++) {
		if (j->id_column == SIZE_MAX && is_one_of(r->cell[i], id))
			j->id_column = i;
		if (j->line_column == SIZE_MAX && is_one_of(r->cell[i], line))
			j->line_column = i;
		header = header ||
			 field_by_name(text_strip(r->cell[i])) != FIELD_COUNT;
	}
	return header || j->id_column != SIZE_MAX || j->line_column != SIZE_MAX;
}

static void
cell_text(char *out, size_t size, const struct row *r, size_t column)
{
	struct slice s = { "", 0 };

	if (column < r->cells)
		s = text_strip(r->cell[column]);
	snprintf(out, size, "%.*s", (int)(s.n < size ? s.n : size - 1), s.p);
}

/* A row as it stood: a sentence may have commas. */
static struct slice
join(struct arena *a, const struct row *r, char delimiter)
{
	size_t n = 0;
	char *p, *to;

	for (size_t i = 0; i < r->cells; i++)
		n += r->cell[i].n + 1;
	p = to = arena_alloc(a, n + 1);
	for (size_t i = 0; i < r->cells; i++) {
		if (i > 0)
			*to++ = delimiter == '\0' ? ';' : delimiter;
		if (r->cell[i].n > 0)
			memcpy(to, r->cell[i].p, r->cell[i].n);
		to += r->cell[i].n;
	}
	return (struct slice){ p, (size_t)(to - p) };
}

static void
take_row(struct job *j, const struct row *r, char delimiter, struct arena *a)
{
	struct hit at = { .row = r->line };
	char number[32];

	arena_reset(a);
	cell_text(at.id, sizeof at.id, r, j->id_column);
	cell_text(number, sizeof number, r, j->line_column);
	at.line = strtoul(number, NULL, 10);
	take_text(j, join(a, r, delimiter), &at);
}

static enum fmt_status
read_rows(struct job *j, struct reader *reader)
{
	struct arena a = ARENA_EMPTY;
	struct reader_facts facts;
	struct row row;
	enum fmt_status st;
	bool first = true;

	while ((st = reader_next(reader, &row)) == FMT_OK) {
		reader_facts(reader, &facts);
		if (!first || !take_header(j, &row))
			take_row(j, &row, facts.delimiter, &a);
		first = false;
	}
	arena_free(&a);
	return st;
}

static int
take_file(struct job *j, const char *name, struct err *e)
{
	struct settings *s = settings_new();
	struct decode *decode = NULL;
	struct reader *reader = NULL;
	struct ctl_file f;
	enum fmt_status st;

	if (ctl_file_open(&f, name, e) == -1) {
		settings_free(s);
		return -1;
	}
	st = decode_open(&decode, &f.in, "", &s->limits);
	if (st == FMT_OK)
		st = reader_open(&reader, decode, s);
	if (st == FMT_OK)
		st = read_rows(j, reader);
	reader_close(reader);
	decode_close(decode);
	ctl_file_close(&f);
	settings_free(s);
	if (st == FMT_IO)
		return err_set(e, "%s: %s", name, strerror(f.failed));
	if (st != FMT_END && st != FMT_EMPTY)
		return err_set(e, "%s: %s", name, fmt_status_text(st));
	return 0;
}

/* --- whose row it is ------------------------------------------------------ */

static int
by_line(const void *a, const void *b)
{
	const struct whence_wanted *x = a, *y = b;

	return x->line < y->line ? -1 : x->line > y->line;
}

static const char *
only_feed(const struct job *j)
{
	if (j->feed != NULL)
		return j->feed;
	return j->conf->feeds == 1 ? j->conf->feed[0].name : NULL;
}

static const char *
id_of_line(const struct whence_wanted *w, size_t n, unsigned long line)
{
	struct whence_wanted key = { .line = line };
	const struct whence_wanted *found =
	    bsearch(&key, w, n, sizeof *w, by_line);

	return found == NULL ? "" : found->id;
}

/* Lines of the published file into ids. */
static int
find_ids(struct job *j, struct kind *k, struct err *e)
{
	size_t kept = k->n < KEPT ? k->n : KEPT, n = 0;
	struct whence_wanted *w;
	int rc;

	if (only_feed(j) == NULL)
		return 0;
	w = mem_alloc((kept + 1) * sizeof *w);
	for (size_t i = 0; i < kept; i++)
		if (k->hit[i].id[0] == '\0' && k->hit[i].line > 1)
			w[n++].line = k->hit[i].line;
	qsort(w, n, sizeof *w, by_line);
	rc = n == 0 ? 0 : whence_ids(j->whence, only_feed(j), w, n, e);
	for (size_t i = 0; i < kept && rc == 1; i++)
		if (k->hit[i].id[0] == '\0' && k->hit[i].line > 1)
			snprintf(k->hit[i].id, sizeof k->hit[i].id, "%s",
			    id_of_line(w, n, k->hit[i].line));
	free(w);
	return rc == -1 ? -1 : 0;
}

/* --- telling -------------------------------------------------------------- */

static void
day(char out[16], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 16, "%Y-%m-%d", &tm);
}

static void
print_place(const struct whence_place *p)
{
	char when[16], safe[1024];

	day(when, p->dump.at);
	printf(_("       of the feed %s; its newest values came from %s (dump "
		 "%lld, %s), line %lu\n"),
	    p->feed,
	    log_safe(safe, sizeof safe, p->dump.name, strlen(p->dump.name)),
	    (long long)p->dump.id, when, p->line);
	if (p->original[0] != '\0')
		printf("       %s\n", log_safe(safe, sizeof safe, p->original,
					  strlen(p->original)));
	else
		printf(_("       its line is not readable in the archive "
			 "(%s)\n"),
		    p->dump.archive);
}

static void
print_hit(
    const struct hit *h, int found, const struct whence_place *p, bool instance)
{
	char safe[1100];

	printf(_("  row %lu"), h->row);
	if (h->line > 0)
		printf(_(", line %lu of the published file"), h->line);
	if (h->id[0] != '\0')
		printf(_(": order %s"),
		    log_safe(safe, sizeof safe, h->id, strlen(h->id)));
	if (h->column[0] != '\0')
		printf(" (%s%s%s)", h->column, h->value[0] == '\0' ? "" : ": ",
		    log_safe(safe, sizeof safe, h->value, strlen(h->value)));
	putchar('\n');
	if (found == 1)
		print_place(p);
	else if (instance && h->id[0] != '\0')
		puts(_("       no feed here knows this order"));
}

static json_t *
hit_json(const struct hit *h, int found, const struct whence_place *p)
{
	json_t *o = json_object();

	json_object_set_new(o, "row", json_integer((json_int_t)h->row));
	if (h->line > 0)
		json_object_set_new(
		    o, "line", json_integer((json_int_t)h->line));
	json_object_set_new(o, "id", json_foreign(h->id));
	json_object_set_new(o, "column", json_foreign(h->column));
	json_object_set_new(o, "value", json_foreign(h->value));
	if (found != 1)
		return o;
	json_object_set_new(o, "feed", json_string(p->feed));
	json_object_set_new(o, "dump", json_integer((json_int_t)p->dump.id));
	json_object_set_new(o, "name", json_foreign(p->dump.name));
	json_object_set_new(o, "dump_line", json_integer((json_int_t)p->line));
	json_object_set_new(o, "archive", json_foreign(p->dump.archive));
	json_object_set_new(o, "original", json_foreign(p->original));
	return o;
}

/* A code or a sentence alone has no row to look for. */
static bool
has_row(const struct hit *h)
{
	return h->row > 0 || h->line > 0 || h->id[0] != '\0' ||
	       h->value[0] != '\0';
}

static int
tell_hits(struct job *j, const struct kind *k, json_t *rows, struct err *e)
{
	size_t most = rows != NULL ? KEPT : SHOWN;

	for (size_t i = 0; i < k->n && i < most; i++) {
		const struct hit *h = &k->hit[i];
		struct whence_place p;
		int found = 0;

		if (j->whence != NULL && h->id[0] != '\0')
			found = whence_order(j->whence, j->feed, h->id, &p, e);
		if (found == -1)
			return -1;
		if (rows != NULL)
			json_array_append_new(rows, hit_json(h, found, &p));
		else if (has_row(h))
			print_hit(h, found, &p, j->whence != NULL);
	}
	if (rows == NULL && k->n > SHOWN)
		printf(_("  and %llu more; --json has them\n"),
		    (unsigned long long)(k->n - SHOWN));
	return 0;
}

/* With words in its gaps. */
static void
print_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if (strncmp(text, "%c", 2) == 0)
			fputs(_("COLUMN"), stdout);
		else if (strncmp(text, "%v", 2) == 0)
			fputs(_(" 'VALUE'"), stdout);
		else
			putchar(*text);
		text += *text == '%';
	}
}

static void
print_info(const struct error_info *i, uint64_t n)
{
	unsigned long long rows = n;

	printf("%s ", i->code);
	print_text(message(i->text));
	if (n > 1)
		printf(ngettext(" (%llu row)", " (%llu rows)", rows), rows);
	printf(_("\n  What it means: %s\n"), message(i->meaning));
	printf(_("  How to mend it: %s\n"), message(i->cure));
}

static int
tell(struct job *j, struct kind *k, struct err *e)
{
	json_t *rows = NULL;
	int rc;

	if (j->whence != NULL && find_ids(j, k, e) == -1)
		return -1;
	if (j->list != NULL) {
		rows = json_array();
		json_array_append_new(j->list,
		    json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:I, s:O}",
			"code", k->info->code, "name", k->info->name, "direct",
			k->info->direct, "text", message(k->info->text),
			"meaning", message(k->info->meaning), "cure",
			message(k->info->cure), "count", (json_int_t)k->n,
			"rows", rows));
	} else {
		if (k != j->kind)
			putchar('\n');
		print_info(k->info, k->n);
	}
	rc = tell_hits(j, k, rows, e);
	json_decref(rows);
	return rc;
}

static int
answer(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->kinds; i++)
		if (tell(j, &j->kind[i], e) == -1)
			return ctl_fail("%s", e->text);
	if (j->list != NULL) {
		json_t *all = json_pack("{s:O, s:I}", "errors", j->list,
		    "unrecognised", (json_int_t)j->unknown);

		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
	}
	if (j->kinds > 0)
		return CTL_FINE;
	if (j->list == NULL)
		ctl_fail("this is no text of Direct's or convdrop's that is "
			 "known here; convdrop-errors(7) lists them");
	return CTL_FINDINGS;
}

/* Every mistake there is, as if each had been asked for. */
static void
take_all(struct job *j)
{
	const struct error_info *info;
	struct hit none = { .row = 0 };

	for (size_t n = 0; (info = error_at(n)) != NULL; n++)
		keep_hit(j, &(struct explain_match){ .info = info }, &none);
}

/* --- arguments ------------------------------------------------------------ */

static bool
is_file(const char *name)
{
	struct stat st;

	return strcmp(name, "-") == 0 ||
	       (stat(name, &st) == 0 && S_ISREG(st.st_mode));
}

static void
take_words(struct job *j, int argc, char **argv)
{
	struct hit at = { .row = 0 };
	char text[8192] = "";
	size_t n = 0;

	for (int i = 0; i < argc && n < sizeof text; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s",
		    i == 0 ? "" : " ", argv[i]);
	take_text(j, slice_of(text), &at);
}

/* Without an instance texts are explained all the same. */
static int
open_instance(struct job *j, struct err *e)
{
	if (ctl_conf_if_any(j->ctl, &j->conf) == -1 &&
	    j->ctl->conf_path != NULL)
		return -1;
	if (j->conf == NULL)
		return 0;
	if (j->feed != NULL) {
		size_t i = 0;

		while (i < j->conf->feeds &&
		       strcmp(j->conf->feed[i].name, j->feed) != 0)
			i++;
		if (i == j->conf->feeds) {
			ctl_fail("there is no feed '%s'", j->feed);
			return -1;
		}
	}
	if (whence_open(&j->whence, j->conf, e) == -1) {
		j->whence = NULL; /* nothing was dropped yet, or not ours */
		if (j->ctl->conf_path != NULL) {
			ctl_fail("%s", e->text);
			return -1;
		}
	}
	return 0;
}

static int
run_with(struct job *j, int argc, char **argv)
{
	struct err e = ERR_EMPTY;
	int rc = CTL_FAILED;

	j->known = explain_new();
	j->list = j->ctl->json ? json_array() : NULL;
	if (open_instance(j, &e) == -1)
		goto out;
	if (argc == 0) {
		take_all(j);
	} else if (argc == 1 && is_file(argv[0])) {
		if (take_file(j, argv[0], &e) == -1) {
			ctl_fail("%s", e.text);
			goto out;
		}
	} else {
		take_words(j, argc, argv);
	}
	rc = answer(j, &e);
out:
	for (size_t i = 0; i < j->kinds; i++)
		free(j->kind[i].hit);
	json_decref(j->list);
	whence_close(j->whence);
	conf_free(j->conf);
	explain_free(j->known);
	return rc;
}

static int
run(struct ctl *c, int argc, char **argv)
{
	static const struct option option[] = {
		{ "feed", required_argument, NULL, 'f' },
		{ "all", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	struct job j = {
		.ctl = c, .id_column = SIZE_MAX, .line_column = SIZE_MAX
	};
	bool all = false;
	int o;

	while ((o = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (o == 'f')
			j.feed = optarg;
		else if (o == 'a')
			all = true;
		else
			return ctl_usage(&ctl_explain);
	}
	if ((optind == argc) != all)
		return ctl_usage(&ctl_explain);
	return run_with(&j, argc - optind, argv + optind);
}

const struct ctl_command ctl_explain = {
	.name = "explain",
	.synopsis = "explain TEXT|FILE|--all [--feed FEED]",
	.help = N_(
	    "Explains what Direct or convdrop said: a code such as E207, the "
	    "text of Direct's\nred banner or a part of it, a line of a report "
	    "or of the log, or FILE (\"-\" is\nstandard input), the file with "
	    "the errors that Direct offers for download. Says\nwhat it means "
	    "and how to mend it. Where the instance's configuration is found, "
	    "it\nalso says whose row it is: the order, and the dump and line "
	    "that it came from.\n\n"
	    "  --all         Explains every code that there is.\n"
	    "  --feed FEED   The feed that the file is about; needed to find a "
	    "row by its line\n                when there are several.\n\n"
	    "Exit status: 0 explained, 1 it is no text that is known, 2 wrong "
	    "usage or failure."),
	.run = run,
};
