/*
 * convdrop audit: search the audit, check its chain; replay is in
 * ctl_audit_replay.c.
 */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "store/audit.h"
#include "server/conf.h"
#include "tool/ctl_audit.h"
#include "server/lang.h"

struct print {
	json_t *list; /* --json; else NULL */
	uint64_t n;
};

static void
print_line(void *ctx, const char *line)
{
	struct print *p = ctx;
	json_t *o;

	p->n++;
	if (p->list == NULL) {
		puts(line);
		return;
	}
	o = json_loads(line, 0, NULL);
	if (o != NULL)
		json_array_append_new(p->list, o);
}

static void
print_finding(void *ctx, const struct audit_finding *f)
{
	struct print *p = ctx;

	p->n++;
	if (p->list != NULL)
		json_array_append_new(
		    p->list, json_pack("{s:s, s:I, s:s}", "file", f->file,
				 "line", (json_int_t)f->line, "text", f->text));
	else if (f->line > 0)
		printf("%s:%lu: %s\n", f->file, f->line, f->text);
	else
		printf("%s: %s\n", f->file, f->text);
}

static void
dump_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static int
show_log(const struct conf *c, struct print *p, int argc, char **argv)
{
	struct err e = ERR_EMPTY;

	if (audit_log(c, (const char *const *)argv, (size_t)argc, print_line, p,
		&e) == -1)
		return ctl_fail("%s", e.text);
	if (p->list != NULL)
		dump_json(json_pack("{s:O}", "events", p->list));
	return CTL_FINE;
}

static int
verify(const struct conf *c, struct print *p)
{
	struct err e = ERR_EMPTY;
	uint64_t lines = 0, files = 0;

	if (audit_verify(c, print_finding, p, &lines, &files, &e) == -1)
		return ctl_fail("%s", e.text);
	if (p->list != NULL)
		dump_json(json_pack("{s:O, s:I, s:I, s:b}", "findings", p->list,
		    "lines", (json_int_t)lines, "files", (json_int_t)files,
		    "ok", p->n == 0));
	else
		printf(_("checked lines: %" PRIu64 ", archived files: %" PRIu64
			 "; %s\n"),
		    lines, files,
		    p->n == 0 ? _("all is as it was written") : _("see above"));
	return p->n == 0 ? CTL_FINE : CTL_FINDINGS;
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	bool is_log = argc > 1 && strcmp(argv[1], "log") == 0;
	bool is_verify = argc == 2 && strcmp(argv[1], "verify") == 0;
	bool is_replay = argc > 1 && strcmp(argv[1], "replay") == 0;
	struct print p = { NULL, 0 };
	struct conf *c;
	int rc;

	if (!is_log && !is_verify && !is_replay)
		return ctl_usage(&ctl_audit);
	c = ctl_conf(ctl);
	if (c == NULL)
		return CTL_FAILED;
	p.list = ctl->json ? json_array() : NULL;
	rc = is_log      ? show_log(c, &p, argc - 2, argv + 2)
	     : is_verify ? verify(c, &p)
			 : ctl_audit_replay(ctl, c, argc - 1, argv + 1);
	json_decref(p.list);
	conf_free(c);
	return rc;
}

const struct ctl_command ctl_audit = {
	.name = "audit",
	.synopsis = "audit log [WORD]... | verify | replay FEED (--at TIME | "
		    "--pull N) [--file FILE] [--output PATH]",
	.help = N_(
	    "\"audit log\" prints the lines of the audit in which every WORD "
	    "occurs; a WORD may be\nKEY=VALUE, such as event=pulled or "
	    "user=direct. \"audit verify\" checks that no line\nwas changed or "
	    "taken out, and every archived file against it.\n\n"
	    "\"audit replay\" writes the very bytes of a published file that "
	    "were in force at TIME\n(2026-11-22T09:15:00Z, or 2026-11-22 "
	    "12:15:00 in the feed's zone) or that pull N\ngot, and to "
	    "standard error what HTTP said of them. With --json that is "
	    "standard\noutput, and the bytes are written to PATH alone.\n\n"
	    "  --at TIME      The version that was in force then.\n"
	    "  --pull N       What pull N got; \"status\" and \"audit log "
	    "event=pulled\" show numbers.\n"
	    "  --file FILE    With --at: the file; default "
	    "conversions.csv. FILE.gz is the sidecar.\n"
	    "  --output PATH  Where the bytes go instead of standard "
	    "output.\n\n"
	    "Exit status: 0 fine, 1 verify or replay found something wrong, "
	    "or there is no such\nversion any more, 2 failure."),
	.run = run,
};
