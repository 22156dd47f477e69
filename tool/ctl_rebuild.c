/*
 * convdrop rebuild: a feed's store once more, from archive and ledger.  For
 * tests and for whoever doubts; changes nothing of the instance.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/writer.h"
#include "server/conf.h"
#include "tool/ctl.h"
#include "server/lang.h"
#include "feed/rebuild.h"
#include "feed/render.h"

struct arguments {
	const char *feed, *into;
};

static int
take_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option option[] = {
		{ "into", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (c != 'i')
			return -1;
		a->into = optarg;
	}
	if (argc - optind != 1)
		return -1;
	a->feed = argv[optind];
	return 0;
}

static void
print(const struct ctl *ctl, const struct feed *f, const struct rebuild *r)
{
	json_t *o;

	if (!ctl->json) {
		printf(_("%s: replayed dumps: %llu, publications: %llu, "
			 "pulls: %llu"),
		    f->name, (unsigned long long)r->dumps,
		    (unsigned long long)r->publications,
		    (unsigned long long)r->pulls);
		if (r->expired > 0)
			printf(ngettext(" (%llu dump is past its time)",
				   " (%llu dumps are past their time)",
				   r->expired),
			    (unsigned long long)r->expired);
		if (r->outdated > 0)
			printf(ngettext(" (%llu file was last published when "
					"calls_as_orders was another, and is "
					"not compared)",
				   " (%llu files were last published when "
				   "calls_as_orders was another, and are not "
				   "compared)",
				   r->outdated),
			    (unsigned long long)r->outdated);
		printf("; %s\n",
		    r->publications == 0 ? _("nothing was ever published")
		    : r->files == 0
			? _("no file is as it was published last under these "
			    "settings, or since somebody acted")
		    : r->differ == 0 ? _("the published bytes are the same")
				     : _("the published bytes DIFFER"));
		return;
	}
	o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "feed",
	    f->name, "dumps", (json_int_t)r->dumps, "publications",
	    (json_int_t)r->publications, "pulls", (json_int_t)r->pulls,
	    "expired", (json_int_t)r->expired, "files", (json_int_t)r->files,
	    "outdated", (json_int_t)r->outdated, "same", r->differ == 0);
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static int
rebuild(const struct ctl *ctl, const struct conf *c, const void *arguments)
{
	const struct arguments *a = arguments;
	const struct feed *f = conf_feed(c, a->feed);
	char path[PATH_MAX];
	struct rebuild r = { 0 };
	struct store *s = NULL;
	struct err e = ERR_EMPTY;
	int rc = CTL_FINE;

	if (f == NULL)
		return ctl_fail(
		    "there is no feed '%s' in the configuration", a->feed);
	if (a->into != NULL && mkdir(a->into, 0700) == -1 && errno != EEXIST)
		return ctl_fail(
		    "make the folder %s: %s", a->into, strerror(errno));
	conf_path(path, c, "state", "store.db", NULL);
	if (store_open(&s, path, true, &e) == -1 || store_begin(s, &e) == -1 ||
	    rebuild_feed(&r, c, f, s, a->into, &e) == -1) {
		rc = ctl_fail("%s", e.text);
	} else {
		print(ctl, f, &r);
		rc = r.differ == 0 ? CTL_FINE : CTL_FINDINGS;
	}
	store_close(s);
	return rc;
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	struct arguments a = { 0 };

	if (take_arguments(&a, argc, argv) == -1)
		return ctl_usage(&ctl_rebuild);
	return ctl_with_conf(ctl, rebuild, &a);
}

const struct ctl_command ctl_rebuild = {
	.name = "rebuild",
	.synopsis = "rebuild FEED [--into DIR]",
	.help = N_(
	    "Builds the feed's store once more from the archive and the "
	    "ledger, in a temporary\nfolder, and compares what it would "
	    "publish with what is published. Changes nothing.\n\n"
	    "  --into DIR   Write the files that come out into DIR.\n\n"
	    "Exit status: 0 the bytes are the same, 1 they differ, 2 failure."),
	.run = run,
};
