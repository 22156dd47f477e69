/*
 * Problems by what is wrong.  See summary.h.
 */
#include "server/summary.h"

#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/errors.h"

enum {
	EXAMPLES = 3,       /* lines shown of a group */
	EXAMPLE_LINES = 20, /* and of all groups together */
	EXAMPLE_BYTES = 160,
	STATUSES = 50, /* different ones that are told apart */
	STATUS_BYTES = 160
};

struct example {
	unsigned long line;
	char text[EXAMPLE_BYTES];
};

/* As many as there are reasons and columns. */
struct group {
	bool row;
	enum reject reject;
	enum field field;
	uint64_t n;
	struct example example[EXAMPLES];
};

struct unmapped {
	uint64_t n;
	char pipeline[STATUS_BYTES], status[STATUS_BYTES];
};

struct summary {
	uint64_t n;
	struct group *group;
	size_t groups, room;
	struct unmapped status[STATUSES];
	size_t statuses;
	uint64_t other_statuses; /* rows with still others */
};

/* What mends it. */
static const char *const advice[REJECT_COUNT] = {
	[REJECT_COLUMNS_FEW] = "The row was cut, or a line break in a cell is "
			       "not quoted: let the CRM quote its cells.",
	[REJECT_COLUMNS_MANY] = "A cell holds the delimiter and is not quoted: "
				"let the CRM quote its cells.",
	[REJECT_UNCLOSED_QUOTE] = "Let the CRM quote its cells and double the "
				  "quotes inside them.",
	[REJECT_LINE_TOO_LONG] = "Leave long texts out of the export.",
	[REJECT_FIELD_TOO_LONG] = "Leave long texts out of the export.",
	[REJECT_ENCODING] = "Export as UTF-8, or set the source's encoding.",
	[REJECT_NUL] = "Export the dump again; its bytes are damaged.",
	[REJECT_ID] = "Export order ids as text.",
	[REJECT_DATE] = "Export dates as 21.04.2026 11:59:21 or 2026-04-21 "
			"11:59:21.",
	[REJECT_DATE_EMPTY] = "Export the creation time of every order.",
	[REJECT_CLIENT_IDS] = "Export Metrica's ClientID, as text: digits "
			      "alone.",
	[REJECT_EMAILS] = "Mend the address in the CRM.",
	[REJECT_PHONES] = "Mend the number in the CRM, and export phones as "
			  "text, with the country's code.",
	[REJECT_EMAILS_MD5] = "An MD5 is 32 hexadecimal digits.",
	[REJECT_PHONES_MD5] = "An MD5 is 32 hexadecimal digits.",
	[REJECT_NO_IDENTIFIER] = "Give the order a phone, an e-mail or a "
				 "ClientID in the CRM.",
	[REJECT_MONEY] = "Export amounts as 1508.50 or 1508,50.",
	[REJECT_MONEY_NEGATIVE] = "Export a refund as an order that is "
				  "cancelled.",
	[REJECT_MONEY_TOO_BIG] = "Mend the amount in the CRM.",
	[REJECT_STATUS] = "Map the statuses: the lines for the configuration "
			  "are below.",
	[REJECT_STATUS_EMPTY] = "Give every order a status in the CRM.",
	[REJECT_CURRENCY] = "Export amounts in the source's currency, or as a "
			    "source of their own.",
	[REJECT_NUMBER] = "Export plain numbers.",
	[REJECT_CLIENT_EMPTY] = "Export the client's own id with every client.",
	[REJECT_PLATFORM_EMPTY] = "Export with every chat where it was held: "
				  "whatsapp, telegram or viber.",
	[REJECT_ID_VARIANT] = "A spreadsheet took zeros off the ids, or put "
			      "them on: export ids as text.",
};

struct summary *
summary_new(void)
{
	return mem_alloc(sizeof(struct summary));
}

void
summary_free(struct summary *s)
{
	if (s == NULL)
		return;
	free(s->group);
	free(s);
}

/* --- noting ------------------------------------------------------------- */

/* At most size - 1 bytes, whole characters, on one line. */
static void
keep_text(char *out, size_t size, struct slice s)
{
	size_t n = s.n;

	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f
			     ? ' '
			     : s.p[i];
	out[n] = '\0';
}

static struct group *
group_of(struct summary *s, bool row, const struct problem *p)
{
	struct group *g = s->group;

	for (size_t i = 0; i < s->groups; i++, g++)
		if (g->row == row && g->reject == p->reject &&
		    g->field == p->field)
			return g;
	if (s->groups == s->room) {
		s->room = s->room == 0 ? 8 : s->room * 2;
		s->group = mem_grow(s->group, s->room * sizeof *s->group);
	}
	g = &s->group[s->groups++];
	*g = (struct group){
		.row = row, .reject = p->reject, .field = p->field
	};
	return g;
}

static void
add_status(struct summary *s, struct slice pipeline, struct slice status)
{
	char line[STATUS_BYTES], name[STATUS_BYTES];
	size_t i = 0;

	keep_text(line, sizeof line, slice_trim(pipeline));
	keep_text(name, sizeof name, status);
	while (i < s->statuses && (strcmp(s->status[i].status, name) != 0 ||
				      strcmp(s->status[i].pipeline, line) != 0))
		i++;
	if (i == STATUSES) {
		s->other_statuses++;
		return;
	}
	if (i == s->statuses) {
		s->statuses++;
		memcpy(s->status[i].status, name, sizeof name);
		memcpy(s->status[i].pipeline, line, sizeof line);
	}
	s->status[i].n++;
}

void
summary_add(struct summary *s, unsigned long line, bool row,
    const struct problem *p, struct slice pipeline,
    const struct rejects_mask *mask)
{
	struct group *g = group_of(s, row, p);
	char text[1024];
	size_t n;

	s->n++;
	if (g->n++ < EXAMPLES) {
		struct example *x = &g->example[g->n - 1];

		n = rejects_text(text, sizeof text, p, mask);
		x->line = line;
		keep_text(x->text, sizeof x->text, (struct slice){ text, n });
	}
	if (p->reject == REJECT_STATUS && rejects_shows(p, mask))
		add_status(s, pipeline, p->value);
}

/* --- telling ------------------------------------------------------------ */

/* Rows before values, the most frequent first. */
static int
by_weight(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->row != y->row)
		return x->row ? -1 : 1;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->example[0].line < y->example[0].line ? -1 : 1;
}

static int
by_count(const void *a, const void *b)
{
	const struct unmapped *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->status, y->status);
}

/* ", phones"; nothing when the whole row is at fault. */
static void
write_column(FILE *to, const struct group *g)
{
	if (g->field < FIELD_COUNT)
		fprintf(to, ", %s", field_info[g->field].name);
}

static void
write_group(FILE *to, const struct group *g, size_t *left)
{
	static const char *const what[2][2] = {
		{ "values left out, their rows stay",
		    "value left out, its row stays" },
		{ "rows refused", "row refused" },
	};
	uint64_t shown = 0;

	fprintf(to, "\n  %llu %s", (unsigned long long)g->n,
	    what[g->row][g->n == 1]);
	write_column(to, g);
	fprintf(to, ":\n");
	for (; shown < g->n && shown<EXAMPLES && * left> 0; shown++, --*left) {
		fprintf(to, "    line %lu", g->example[shown].line);
		write_column(to, g);
		fprintf(to, ": %s\n", g->example[shown].text);
	}
	if (shown < g->n)
		fprintf(to, "    and %llu more\n",
		    (unsigned long long)(g->n - shown));
	if (advice[g->reject] != NULL)
		fprintf(to, "    To mend it: %s\n", advice[g->reject]);
}

/* As it stands between quotes in the configuration. */
static void
write_quoted(FILE *to, const char *s)
{
	fputc('"', to);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', to);
		fputc(*s, to);
	}
	fputc('"', to);
}

static void
write_statuses(FILE *to, const struct summary *s)
{
	struct unmapped *u = mem_alloc(sizeof s->status);

	memcpy(u, s->status, sizeof s->status);
	qsort(u, s->statuses, sizeof *u, by_count);
	fprintf(to, "\nStatuses that nothing maps. Put these lines into the "
		    "feed's section of convdrop.conf, each with what it means "
		    "(PAID, IN_PROGRESS, CANCELLED, SPAM, goal:ID or skip), "
		    "reload, and drop the dump again:\n\n");
	for (size_t i = 0; i < s->statuses; i++) {
		fprintf(to, "  status(");
		write_quoted(
		    to, u[i].pipeline[0] == '\0' ? "*" : u[i].pipeline);
		fprintf(to, ", ");
		write_quoted(to, u[i].status);
		fprintf(to, ", \"IN_PROGRESS\")  # %llu %s\n",
		    (unsigned long long)u[i].n, u[i].n == 1 ? "row" : "rows");
	}
	if (s->other_statuses > 0)
		fprintf(to, "  # and %llu rows with other ones\n",
		    (unsigned long long)s->other_statuses);
	free(u);
}

static struct group *
sorted(const struct summary *s)
{
	struct group *g = mem_alloc((s->groups + 1) * sizeof *g);

	if (s->groups > 0)
		memcpy(g, s->group, s->groups * sizeof *g);
	qsort(g, s->groups, sizeof *g, by_weight);
	return g;
}

void
summary_text(FILE *to, const struct summary *s, const char *rejects)
{
	struct group *g = sorted(s);
	size_t left = EXAMPLE_LINES;

	if (s->n > 0)
		fprintf(to, "\nWhat was refused and why, the most frequent "
			    "first:\n");
	for (size_t i = 0; i < s->groups; i++)
		write_group(to, &g[i], &left);
	free(g);
	if (s->statuses > 0)
		write_statuses(to, s);
	if (s->n == 1)
		fprintf(
		    to, "\nIt is in %s with its original cells.\n", rejects);
	else if (s->n > 1)
		fprintf(to, "\nAll %llu are in %s with their original cells.\n",
		    (unsigned long long)s->n, rejects);
}

static json_t *
group_json(const struct group *g)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < g->n && i < EXAMPLES; i++)
		json_array_append_new(
		    lines, json_integer((json_int_t)g->example[i].line));
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}", "kind",
	    g->row ? "row" : "value", "code", error_of_reject(g->reject)->code,
	    "name", reject_code(g->reject), "column",
	    g->field < FIELD_COUNT ? field_info[g->field].name : "", "count",
	    (json_int_t)g->n, "lines", lines);
}

void
summary_json(json_t *report, const struct summary *s)
{
	json_t *problems = json_array(), *statuses = json_array();
	struct group *g = sorted(s);

	for (size_t i = 0; i < s->groups; i++)
		json_array_append_new(problems, group_json(&g[i]));
	for (size_t i = 0; i < s->statuses; i++)
		json_array_append_new(statuses,
		    json_pack("{s:s, s:s, s:I}", "pipeline",
			s->status[i].pipeline, "status", s->status[i].status,
			"count", (json_int_t)s->status[i].n));
	json_object_set_new(report, "problems", problems);
	json_object_set_new(report, "unmapped_statuses", statuses);
	free(g);
}
