/*
 * convdrop preview: what a dump would change, by the same code that merges it,
 * and whether it would have to wait.  Nothing is kept, and no daemon is needed.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/bytes.h"
#include "feed/clockask.h"
#include "tool/ctl.h"
#include "tool/ctl_file.h"
#include "feed/erase.h"
#include "feed/ingest.h"
#include "feed/intake.h"
#include "server/lang.h"
#include "tool/preview.h"
#include "feed/tally.h"
#include "store/temp.h"
#include "feed/weigh.h"

struct look {
	const char *feed_name, *source, *file, *member;
	bool json;
	const struct conf *conf;
	const struct feed *feed;
	const struct settings *settings;
	struct store *store;
	struct zone *zone;
	struct tombstones *stones;
	int64_t now;
	struct intake intake;
	struct profile profile;
	struct weigh weigh;
	struct gate gate;
	struct preview preview;
	struct clock_warning clock[CLOCK_CODES];
	size_t clocks;
	struct dump_entry before; /* the same bytes, merged or waiting */
	bool known;
};

/* --- looking ------------------------------------------------------------- */

static void
merged(void *ctx, const struct merge_order *was, const struct merge_order *is)
{
	struct look *l = ctx;

	weigh_merged(&l->weigh, was, is);
	preview_merged(&l->preview, was, is);
}

static bool
note_last(void *ctx, const struct dump_entry *d)
{
	*(int64_t *)ctx = d->id;
	return false;
}

/* As ingest names it. */
static int
note_member(struct look *l, struct err *e)
{
	char *name;

	if (l->member[0] == '\0')
		return 0;
	if (asprintf(&name, "%s/%s", "archive.zip", l->member) == -1)
		return err_set(e, "out of memory");
	profile_member(&l->profile, name);
	free(name);
	return 0;
}

static int
read_dump(struct look *l, int fd, struct err *e)
{
	struct intake *in = &l->intake;

	in->conf = l->conf;
	in->settings = l->settings;
	in->stones = l->stones;
	in->at = l->now;
	in->dir = temp_folder();
	in->profile = &l->profile;
	in->refused = preview_refused;
	in->refused_ctx = &l->preview;
	in->refuses_dates = true;
	in->merged = merged;
	in->merged_ctx = l;
	in->dry = true;
	if (store_has_variants(l->store, l->feed_name, &in->has_variants, e) ==
	    -1)
		return -1;
	return intake_read(in, fd, e) == -1 ? -1 : note_member(l, e);
}

static int
find_known(struct look *l, struct err *e)
{
	const char *sha256 = l->intake.sha256;
	char fingerprint[65], *text = settings_text(l->settings);
	int found;

	ingest_fingerprint(fingerprint, text);
	free(text);
	found = store_dump_known(l->store, l->feed_name, l->source, sha256,
	    fingerprint, &l->before, e);
	if (found == 0)
		found = store_dump_waits(l->store, l->feed_name, l->source,
		    sha256, fingerprint, &l->before, e);
	l->known = found == 1;
	return found == -1 ? -1 : 0;
}

static int
merge(struct look *l, struct err *e)
{
	int64_t last = 0;

	l->preview.kind = l->intake.facts->kind;
	if (store_dumps(l->store, NULL, 1, note_last, &last, e) == -1 ||
	    weigh_begin(&l->weigh, l->conf, l->feed, l->store, e) == -1 ||
	    intake_merge(&l->intake, l->store, last + 1, e) == -1)
		return -1;
	if (l->preview.error.text[0] != '\0')
		return err_set(e, "%s", l->preview.error.text);
	return weigh_judge(
	    &l->weigh, l->source, &l->profile, l->store, &l->gate, e);
}

/* All of it sees the store as it is at one moment. */
static int
look_at(struct look *l, int fd, struct err *e)
{
	int rc = -1;

	if (store_begin(l->store, e) == -1)
		return -1;
	if (read_dump(l, fd, e) == 0 &&
	    (l->intake.status != FMT_END || find_known(l, e) == 0) &&
	    (l->intake.status != FMT_END || l->known || merge(l, e) == 0))
		rc =
		    clock_ask(&l->intake, l->store, 0, l->clock, &l->clocks, e);
	store_rollback(l->store);
	return rc;
}

/* --- saying -------------------------------------------------------------- */

static bool
is_refused(const struct look *l)
{
	return l->intake.status != FMT_END;
}

static void
print_known(const struct look *l)
{
	if (l->before.state == DUMP_HELD)
		printf(_("%s waits for approval as dump %lld already; dropped "
			 "again it changes nothing.\n"),
		    l->file, (long long)l->before.id);
	else
		printf(_("%s is known as dump %lld; dropped again it changes "
			 "nothing.\n"),
		    l->file, (long long)l->before.id);
}

static void
print_gate(const struct look *l)
{
	if (l->gate.n == 0)
		printf(_("%s would be taken.\n"), l->file);
	else
		printf(_("%s would wait for approval:\n"), l->file);
	for (size_t i = 0; i < l->gate.n; i++)
		printf("  %s\n", l->gate.reason[i].text);
}

static void
print_text(struct look *l)
{
	char line[512];

	if (is_refused(l)) {
		printf(_("%s would be refused as a whole: %s\n"), l->file,
		    l->intake.reason);
		clock_write(stdout, l->clock, l->clocks);
	} else if (l->known) {
		print_known(l);
	} else {
		print_gate(l);
		tally_account(line, sizeof line, &l->intake.tally);
		printf("%s\n", line);
		clock_write(stdout, l->clock, l->clocks);
		putchar('\n');
		preview_print(stdout, &l->preview);
	}
}

static json_t *
gate_json(const struct gate *g)
{
	json_t *list = json_array();

	for (size_t i = 0; i < g->n; i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s}", "code", g->reason[i].code,
			      "text", g->reason[i].text));
	return list;
}

static json_t *
tally_json(const struct tally *t)
{
	json_t *o = json_object();

	for (const struct tally_item *i = tally_accounts; i->key != NULL; i++)
		json_object_set_new(
		    o, i->key, json_integer((json_int_t)tally_get(t, i)));
	return o;
}

/* The object's end is left open for the lists, which may be long. */
static int
print_json(struct look *l, struct err *e)
{
	bool refused = is_refused(l);
	json_t *o = json_pack(
	    "{s:s, s:s, s:o?, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "feed",
	    l->feed_name, "source", l->source, "file", json_string(l->file),
	    "would_be_taken", !refused && !l->known && l->gate.n == 0,
	    "refused", refused ? json_string(l->intake.reason) : json_null(),
	    "known",
	    l->known ? json_integer((json_int_t)l->before.id) : json_null(),
	    "state",
	    l->known ? json_string(dump_state_name(l->before.state))
		     : json_null(),
	    "held", gate_json(&l->gate), "warnings",
	    clock_json(l->clock, l->clocks), "tally",
	    refused || l->known ? json_null() : tally_json(&l->intake.tally));
	char *text = json_dumps(o, JSON_COMPACT);
	int rc = 0;

	json_decref(o);
	if (text == NULL)
		return err_set(e, "out of memory");
	fwrite(text, 1, strlen(text) - 1, stdout);
	free(text);
	if (!refused && !l->known)
		rc = preview_json(stdout, &l->preview, e);
	puts("}");
	return rc;
}

/* --- the file ------------------------------------------------------------ */

/* The merge reads a file from its beginning; what comes through a pipe is put
 * into one first. */
static int
spool(const struct ctl_file *f, struct err *e)
{
	char buf[65536];
	struct stat st;
	ssize_t n;
	int fd;

	if (fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode))
		return f->fd;
	fd = temp_file(temp_folder());
	if (fd == -1)
		return err_set(e, "make a temporary file in %s: %s",
		    temp_folder(), strerror(errno));
	while ((n = f->in.read(f->in.ctx, buf, sizeof buf)) > 0)
		if (bytes_write(fd, buf, (size_t)n) == -1)
			break;
	if (n == 0)
		return fd;
	err_set(e, "copy it to %s: %s", temp_folder(),
	    strerror(f->failed != 0 ? f->failed : errno));
	close(fd);
	return -1;
}

static int
open_all(struct look *l, struct err *e)
{
	char path[PATH_MAX];

	conf_path(path, l->conf, "state", "store.db", NULL);
	if (conf_zone(&l->zone, l->settings->zone, e) == -1 ||
	    store_open(&l->store, path, true, e) == -1 ||
	    erase_stones(l->conf, l->store, &l->stones, e) == -1)
		return -1;
	return preview_open(
	    &l->preview, l->conf, l->feed, l->zone, l->now, l->json, e);
}

static void
close_all(struct look *l)
{
	weigh_end(&l->weigh);
	profile_close(&l->profile);
	intake_close(&l->intake);
	preview_close(&l->preview);
	tombstones_free(l->stones);
	store_close(l->store);
	zone_free(l->zone);
}

static int
preview(struct look *l)
{
	struct ctl_file file = { .fd = -1 };
	struct err e = ERR_EMPTY;
	int fd = -1, rc = -1;

	l->feed = conf_feed(l->conf, l->feed_name);
	if (l->feed == NULL)
		return ctl_fail("there is no feed \"%s\"", l->feed_name);
	l->settings = feed_source(l->feed, l->source);
	if (l->settings == NULL)
		return ctl_fail("the feed \"%s\" has no source \"%s\"",
		    l->feed_name, l->source);
	if (open_all(l, &e) == 0 &&
	    ctl_file_open_member(&file, l->file, l->member, &e) == 0 &&
	    (fd = spool(&file, &e)) != -1)
		rc = look_at(l, fd, &e);
	if (fd != -1 && fd != file.fd)
		close(fd);
	ctl_file_close(&file);
	if (rc == 0 && l->json)
		rc = print_json(l, &e);
	else if (rc == 0)
		print_text(l);
	if (rc == -1)
		rc = ctl_fail("%s: %s", l->file, e.text);
	else
		rc = is_refused(l) || l->gate.n > 0 ? CTL_FINDINGS : CTL_FINE;
	close_all(l);
	return rc;
}

static int
run(struct ctl *c, int argc, char **argv)
{
	static const struct option option[] = {
		{ "source", required_argument, NULL, 's' },
		{ "member", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	struct look l = { .source = "",
		.member = "",
		.json = c->json,
		.now = (int64_t)time(NULL) };
	struct conf *conf;
	int o, rc;

	while ((o = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (o != 's' && o != 'm')
			return ctl_usage(&ctl_preview);
		*(o == 's' ? &l.source : &l.member) = optarg;
	}
	if (argc - optind != 2)
		return ctl_usage(&ctl_preview);
	conf = ctl_conf(c);
	if (conf == NULL)
		return CTL_FAILED;
	l.conf = conf;
	l.feed_name = argv[optind];
	l.file = argv[optind + 1];
	rc = preview(&l);
	conf_free(conf);
	return rc;
}

const struct ctl_command ctl_preview = {
	.name = "preview",
	.synopsis = "preview FEED FILE [--source S] [--member NAME]",
	.help = N_(
	    "Says what the dump FILE (\"-\" is standard input) would change if "
	    "it were dropped now:\norders that are new, that get another "
	    "status or revenue, that lose or gain\nidentifiers, that another "
	    "feed has too, that come too late for Direct; rows that\nare left "
	    "out or refused; and whether it would have to wait for approval, "
	    "and why.\nNothing is changed. The first 20 of each are shown, "
	    "with --json all of them.\n\n"
	    "  --source S     Read it as a dump of the feed's source S.\n"
	    "  --member NAME  The dump of that name in a zip archive.\n\n"
	    "Exit status: 0 it would be taken, 1 it would wait or be refused, "
	    "2 wrong usage or\nfailure."),
	.run = run,
};
