/*
 * The text of a fresh convdrop.conf: every setting with its default and the
 * line that explains it, for each feed.
 */
#include "server/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "server/conf_table.h"

/* What `convdrop init` was told, by the setting's name; NULL is the default. */
static const char *
chosen(const struct conf_init *i, const char *name, char number[16])
{
	const struct {
		const char *name, *text;
		unsigned number;
	} row[] = {
		{ "host", i->host, 0 },
		{ "timezone", i->timezone, 0 },
		{ "pii", i->pii, 0 },
		{ "user_auth", i->user[0], 0 },
		{ "user_files", i->user[1], 0 },
		{ "user_ingest", i->user[2], 0 },
		{ "user_http", i->user[3], 0 },
		{ "user_ssh", i->user[4], 0 },
		{ "user_ftp", i->user[5], 0 },
		{ "sftp_port", number, i->sftp_port },
		{ "https_port", number, i->https_port },
		{ "http_port", number, i->http_port },
		{ "ftp_port", number, i->ftp_port },
		{ "ftps_port", number, i->ftps_port },
	};

	for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
		if (strcmp(row[k].name, name) != 0)
			continue;
		if (row[k].text == number)
			snprintf(number, 16, "%u", row[k].number);
		return row[k].text;
	}
	return NULL;
}

void
conf_put_quoted(FILE *to, const char *s)
{
	static const char from[] = "\n\r\t", as[] = "nrt";

	fputc('"', to);
	for (; *s != '\0'; s++) {
		const char *control = strchr(from, *s);

		if (control != NULL || *s == '"' || *s == '\\' || *s == '{')
			fputc('\\', to);
		fputc(control != NULL ? as[control - from] : *s, to);
	}
	fputc('"', to);
}

/* "a,b" as { "a", "b" }. */
static void
write_list(FILE *f, const char *values)
{
	struct slice rest = slice_of(values);

	fputs("{", f);
	while (rest.n > 0) {
		char *one = mem_slice(slice_cut(&rest, ','));

		fputs(" ", f);
		conf_put_quoted(f, one);
		fputs(rest.n > 0 ? "," : " ", f);
		free(one);
	}
	fputs("}", f);
}

static void
write_value(FILE *f, const struct setting *s, const char *value)
{
	switch (s->type) {
	case TYPE_LIST:
	case TYPE_PIPELINES:
	case TYPE_WORDS:
		write_list(f, value);
		break;
	case TYPE_NUMBER:
	case TYPE_BYTES:
	case TYPE_CHOICE:
		fputs(value, f);
		break;
	default:
		conf_put_quoted(f, value);
	}
}

static void
write_settings(FILE *f, const struct conf_init *i, enum setting_scope from,
    enum setting_scope to, const char *indent)
{
	for (const struct setting *s = conf_setting; s->name != NULL; s++) {
		char number[16];
		const char *value;

		if (s->scope < from || s->scope > to)
			continue;
		value = chosen(i, s->name, number);
		if (s->heading != NULL)
			fprintf(f, "\n# --- %s ---\n", s->heading);
		fprintf(
		    f, "\n%s# %s\n%s%s = ", indent, s->help, indent, s->name);
		write_value(f, s, value == NULL ? s->fallback : value);
		fputc('\n', f);
	}
}

static const char rules_help[] =
    "\n"
    "\t# What a status of the CRM becomes: PAID, IN_PROGRESS, CANCELLED, "
    "SPAM,\n"
    "\t# goal:ID or skip; the pipeline \"*\" is any.  An unmapped status is\n"
    "\t# refused, never guessed.\n"
    "\t# status(\"*\", \"Won\", \"PAID\")\n"
    "\n"
    "\t# Which field a column of the dumps is, where the preset does not know\n"
    "\t# it; \"ignore\" leaves it out.\n"
    "\t# column(\"Order number\", \"id\")\n"
    "\n"
    "\t# The goal that metrica-offline counts for orders of a status.\n"
    "\t# target(\"PAID\", \"order_paid\")\n"
    "\n"
    "\t# A second source, dropped into inbox/%s/shop/.  It takes nothing from\n"
    "\t# the settings above but timezone, pii and skip_known.\n"
    "\t# source \"shop\" {\n"
    "\t#\tpreset = \"generic\"\n"
    "\t#\tid_prefix = \"shop-\"\n"
    "\t# }\n";

char *
conf_text(const struct conf_init *i)
{
	char *out = NULL;
	size_t n;
	FILE *f = open_memstream(&out, &n);

	if (f == NULL)
		abort();
	fputs(
	    "# The configuration of convdrop; see convdrop.conf(5).  Check it "
	    "with\n# convdropd -t, put it in force with SIGHUP.  Folders "
	    "lie beside this file.\n",
	    f);
	write_settings(f, i, SCOPE_SERVER, SCOPE_SERVER, "");
	fputs("\n# --- Feeds: one for each counter of Metrica ---\n", f);
	for (size_t k = 0; k < i->feeds; k++) {
		fputs("\nfeed ", f);
		conf_put_quoted(f, i->feed[k]);
		fputs(" {", f);
		write_settings(f, i, SCOPE_FEED, SCOPE_SOURCE, "\t");
		fprintf(f, rules_help, i->feed[k]);
		fputs("}\n", f);
	}
	if (fclose(f) != 0)
		abort();
	return out;
}
