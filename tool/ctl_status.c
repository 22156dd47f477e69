/*
 * convdrop status: what an admin must know, and what is wrong.  Reads what the
 * daemon wrote; works, and says so, when it does not run.
 */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "formats/message.h"
#include "formats/writer.h"
#include "keys/cert.h"
#include "keys/keyfile.h"
#include "store/audit.h"
#include "server/conf.h"
#include "feed/control.h"
#include "tool/ctl.h"
#include "feed/ingest.h"
#include "feed/spool.h"
#include "server/lang.h"
#include "server/log.h"
#include "store/store.h"
#include "feed/watch.h"
#include "tool/status_ssh.h"

#define PULLS_SHOWN 5
#define LOGINS_SHOWN 10
#define CERT_DAYS 21
#define DAY 86400
#define INBOX_S 900 /* so long a dump may lie there */
#define AUDIT_S 900 /* and the audit lag behind, for ingest may be busy */

/* Everything goes into JSON first; the text is made of it. */
struct status {
	const struct conf *conf;
	struct store *store;
	int64_t now;
	json_t *all, *problems, *logins, *clients;
};

static void __attribute__((format(printf, 2, 3)))
problem(struct status *s, const char *fmt, ...)
{
	char text[1400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	json_array_append_new(s->problems, json_string(text));
}

static json_t *
when_json(int64_t at)
{
	char text[32];
	time_t t = (time_t)at;
	struct tm tm;

	if (at == 0)
		return json_null();
	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static json_t *
safe_json(const char *s)
{
	char safe[1200];

	return json_string(log_safe(safe, sizeof safe, s, strlen(s)));
}

static int64_t
fact(struct status *s, const char *key)
{
	struct err e = ERR_EMPTY;
	char value[64];

	if (store_get(s->store, key, value, sizeof value, &e) != 1)
		return 0;
	return strtoll(value, NULL, 10);
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "never" : s;
}

static long long
number_of(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

/* --- the machine --------------------------------------------------------- */

static void
look_at_daemon(struct status *s)
{
	bool runs = control_alive(s->conf);
	char trouble[TROUBLE_BYTES];

	json_object_set_new(s->all, "running", json_boolean(runs));
	if (!runs)
		problem(s, _("The daemon does not run."));
	trouble_read(s->conf, trouble);
	json_object_set_new(s->all, "trouble", safe_json(trouble));
	if (trouble[0] != '\0')
		problem(s, "%s", trouble);
}

static void
look_at_disk(struct status *s)
{
	uint64_t reserve = s->conf->reserve_bytes, part, left;
	struct statvfs v;

	if (statvfs(s->conf->dir, &v) == -1)
		return;
	part =
	    (uint64_t)v.f_blocks * v.f_frsize / 100 * s->conf->reserve_percent;
	reserve = part < reserve ? part : reserve;
	left = (uint64_t)v.f_bavail * v.f_frsize;
	json_object_set_new(s->all, "disk",
	    json_pack("{s:I, s:I, s:b}", "free", (json_int_t)left, "reserve",
		(json_int_t)reserve, "low", left < reserve));
	if (left < reserve)
		problem(s,
		    _("The disk is low: %llu MB are free, and %llu MB are to "
		      "be "
		      "kept. Dumps stay in the inbox."),
		    (unsigned long long)(left >> 20),
		    (unsigned long long)(reserve >> 20));
}

/* Nothing is broken, but whoever looks must see it. */
static bool
serves_plain_ftp(const struct conf *c)
{
	return c->ftp_plain && c->ftp_port != 0;
}

static void
judge_certificate(
    struct status *s, int rc, const struct cert_facts *f, const char *why)
{
	int64_t days = (f->until - s->now) / DAY;

	json_object_set_new(s->all, "certificate",
	    json_pack("{s:o, s:b, s:s}", "until", when_json(f->until),
		"self_signed", f->self_signed, "sha256", f->sha256));
	if (rc == -1)
		problem(s, _("The certificate: %s"), why);
	else if (days < CERT_DAYS)
		problem(s,
		    ngettext("The certificate ends in %lld day.",
			"The certificate ends in %lld days.",
			(unsigned long)days),
		    (long long)days);
}

static void
look_at_certificate(struct status *s)
{
	char path[PATH_MAX], why[KEYS_ERROR_SIZE] = "", *crt = NULL;
	char *key = NULL;
	size_t crt_n, key_n;
	struct cert_facts f = { 0 };
	int rc = -1;

	if (s->conf->https_port == 0 && s->conf->ftp_port == 0 &&
	    s->conf->ftps_port == 0)
		return;
	conf_path(path, s->conf, "keys", "tls.crt", NULL);
	if (keyfile_read(&crt, &crt_n, path, why) == 0) {
		conf_path(path, s->conf, "keys", "tls.key", NULL);
		if (keyfile_read(&key, &key_n, path, why) == 0)
			rc =
			    cert_check(crt, crt_n, key, key_n, s->now, &f, why);
	}
	judge_certificate(s, rc, &f, why);
	free(crt);
	free(key);
}

static void
look_at_hostkeys(struct status *s)
{
	struct err e = ERR_EMPTY;

	if (s->conf->sftp_port != 0 &&
	    status_hostkeys(s->all, s->conf, &e) == -1)
		problem(s, _("The host keys: %s."), e.text);
}

static void
note_login(void *ctx, const char *line)
{
	struct status *s = ctx;
	json_t *o = json_loads(line, 0, NULL);

	if (o == NULL)
		return;
	if (strcmp(text_of(o, "event"), "login_failed") != 0) {
		status_note_login(s->clients, o, s->now);
		json_decref(o);
		return;
	}
	json_object_del(o, "prev");
	json_array_append_new(s->logins, o);
	if (json_array_size(s->logins) > LOGINS_SHOWN)
		json_array_remove(s->logins, 0);
}

static void
look_at_logins(struct status *s)
{
	static const char *const word[] = { "\"event\":\"login" };
	struct err e = ERR_EMPTY;

	if (audit_log(s->conf, word, 1, note_login, s, &e) == -1)
		problem(s, "%s", e.text);
	json_object_set(s->all, "failed_logins", s->logins);
	status_clients(s->all, s->clients, s->conf);
}

/* --- a feed -------------------------------------------------------------- */

struct look {
	struct status *status;
	const struct feed *feed;
	json_t *into;   /* the feed's object, or a list */
	int64_t pulled; /* the last complete one */
	unsigned pulls;
};

static bool
note_dump(void *ctx, const struct dump_entry *d)
{
	struct look *l = ctx;
	const struct tally *t = &d->tally;

	json_object_set_new(l->into, "last_dump",
	    json_pack("{s:I, s:o, s:o, s:s, s:o, s:I, s:I, s:I}", "dump",
		(json_int_t)d->id, "name", safe_json(d->name), "time",
		when_json(d->at), "state", dump_state_name(d->state), "reason",
		safe_json(d->reason), "records", (json_int_t)t->records,
		"rejected", (json_int_t)t->rejected, "values_dropped",
		(json_int_t)t->values_dropped));
	if (d->state == DUMP_REFUSED)
		problem(l->status, _("%s: the last dump was refused: %s"),
		    l->feed->name, d->reason);
	return false;
}

/* Those that wait for approval; the first one is named. */
static bool
note_held(void *ctx, const struct dump_entry *d)
{
	struct look *l = ctx;

	json_array_append_new(
	    l->into, json_pack("{s:I, s:o, s:o, s:o}", "dump",
			 (json_int_t)d->id, "name", safe_json(d->name), "time",
			 when_json(d->at), "reason", safe_json(d->reason)));
	return true;
}

/* Orders that show an earlier status (status_steps = each). */
static int
look_at_steps(struct status *s, const struct feed *f, json_t *o, struct err *e)
{
	uint64_t n;

	if (store_steps_waiting(s->store, f->name, &n, e) == -1)
		return -1;
	json_object_set_new(o, "waiting_steps", json_integer((json_int_t)n));
	return 0;
}

static int
look_at_held(struct status *s, const struct feed *f, json_t *o, struct err *e)
{
	json_t *held = json_array();
	struct look l = { .status = s, .feed = f, .into = held };
	const json_t *first;

	json_object_set_new(o, "held", held);
	if (store_dumps_held(s->store, f->name, note_held, &l, e) == -1)
		return -1;
	first = json_array_get(held, 0);
	if (first != NULL)
		problem(s,
		    ngettext("%s: %zu dump waits for approval: dump %lld, "
			     "%.200s. \"convdrop dumps %s\" says why, and what "
			     "to do.",
			"%s: %zu dumps wait for approval, the first of them "
			"dump %lld, %.200s. \"convdrop dumps %s\" says why, "
			"and what to do.",
			json_array_size(held)),
		    f->name, json_array_size(held), number_of(first, "dump"),
		    text_of(first, "name"), f->name);
	return 0;
}

static bool
note_pull(void *ctx, const struct pull *p)
{
	struct look *l = ctx;

	if (p->complete && p->ended > l->pulled)
		l->pulled = p->ended;
	if (l->pulls++ < PULLS_SHOWN)
		json_array_append_new(l->into,
		    json_pack(
			"{s:I, s:o, s:o, s:o, s:s, s:s, s:o, s:I, s:I, s:b}",
			"pull", (json_int_t)p->number, "begun",
			when_json(p->begun), "ended", when_json(p->ended),
			"user", safe_json(p->user), "address", p->address,
			"protocol", p->protocol, "file", safe_json(p->file),
			"bytes", (json_int_t)p->bytes, "size",
			(json_int_t)p->size, "complete", p->complete));
	return l->pulls < PULLS_SHOWN || l->pulled == 0;
}

/* The last version stays meanwhile, which is well, unless it has what was taken
 * back since.  last.id 0: there is none. */
static void
judge_withheld(struct status *s, const struct feed *f,
    const struct publication *last, const char *file, const char *reason)
{
	struct err e = ERR_EMPTY;
	uint64_t gone = 0;

	if (last->id != 0 &&
	    store_gone_since(s->store, f->name, last->id, &gone, &e) == -1)
		gone = 0;
	if (gone == 0)
		problem(
		    s, _("%s: %s is not published: %s"), f->name, file, reason);
	else
		problem(s,
		    _("%s: %s is not published: %s Until then the last version "
		      "stays in place, with records that were taken back since "
		      "(%llu of the feed). So that nobody downloads it "
		      "meanwhile, take the access away: \"convdrop user del\" "
		      "or \"convdrop token del\"."),
		    f->name, file, reason, (unsigned long long)gone);
}

static json_t *
look_at_file(struct status *s, const struct feed *f, const struct writer *w)
{
	const char *file = w->file;
	char reason[512] = "", note[256] = "", key[160];
	struct publication p = { .id = 0 };
	struct err e = ERR_EMPTY;
	json_t *o = json_object();
	int64_t since = 0;

	json_object_set_new(o, "file", json_string(file));
	if (store_publication_last(s->store, f->name, file, true, &p, &e) == 1)
		json_object_update_new(
		    o, json_pack("{s:o, s:I, s:I, s:I, s:s, s:I}", "time",
			   when_json(p.mtime), "mtime", (json_int_t)p.mtime,
			   "rows", (json_int_t)p.rows, "bytes",
			   (json_int_t)p.bytes, "sha256", p.sha256, "pulls",
			   (json_int_t)p.pulls));
	if (store_withheld(s->store, f->name, file, reason, sizeof reason,
		&since, &e) == 1)
		judge_withheld(s, f, &p, file, reason);
	json_object_set_new(
	    o, "withheld", reason[0] == '\0' ? json_null() : safe_json(reason));
	snprintf(key, sizeof key, "note.%s/%s", f->name, file);
	if (store_get(s->store, key, note, sizeof note, &e) == 1 &&
	    note[0] != '\0')
		json_object_set_new(o, "note", safe_json(note));
	snprintf(key, sizeof key, "waiting.%s/%s", f->name, file);
	json_object_set_new(o, "waiting", json_integer(fact(s, key)));
	snprintf(key, sizeof key, "unfit.%s/%s", f->name, file);
	json_object_set_new(o, "unfit", json_integer(fact(s, key)));
	json_object_set_new(o, "needs", json_string(message(w->needs)));
	return o;
}

/* Files that ingest did not take: it could not read or archive them. */
static void
look_at_inbox(struct status *s, const struct feed *f, const char *source)
{
	char path[PATH_MAX], safe[1100];
	struct dirent *d;
	DIR *dir;

	conf_path(path, s->conf, "inbox", f->name,
	    source[0] == '\0' ? NULL : source, NULL);
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		struct stat st;

		if (!watch_takes(d->d_name) ||
		    fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			-1 ||
		    !S_ISREG(st.st_mode) ||
		    s->now - st.st_ctim.tv_sec < INBOX_S)
			continue;
		problem(s, _("%s: %s lies in the inbox for %lld minutes."),
		    f->name,
		    log_safe(safe, sizeof safe, d->d_name, strlen(d->d_name)),
		    (long long)(s->now - st.st_ctim.tv_sec) / 60);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
judge_stale(
    struct status *s, const struct feed *f, int64_t last, const char *what)
{
	int64_t since = fact(s, "since");
	int64_t from = last > since ? last : since;

	if (f->stale_hours == 0 || from == 0 ||
	    s->now - from <= (int64_t)f->stale_hours * 3600)
		return;
	problem(s,
	    ngettext("%s: nothing was %s for %lld hour.",
		"%s: nothing was %s for %lld hours.",
		(unsigned long)(s->now - from) / 3600),
	    f->name, what, (long long)((s->now - from) / 3600));
}

static int
look_at_feed(
    struct status *s, const struct feed *f, json_t *list, struct err *e)
{
	struct look l = { .status = s, .feed = f };
	json_t *o = json_object(), *files = json_array();
	json_t *pulls = json_array();
	char key[FEED_NAME_MAX + 16];
	int64_t dropped;

	json_array_append_new(list, o);
	json_object_set_new(o, "feed", json_string(f->name));
	json_object_set_new(o, "files", files);
	json_object_set_new(o, "pulls", pulls);
	l.into = o;
	if (store_dumps(s->store, f->name, 1, note_dump, &l, e) == -1)
		return -1;
	if (look_at_steps(s, f, o, e) == -1 || look_at_held(s, f, o, e) == -1)
		return -1;
	for (size_t i = 0; i < f->writers; i++)
		json_array_append_new(files, look_at_file(s, f, f->writer[i]));
	l.into = pulls;
	if (store_pulls(s->store, f->name, 0, note_pull, &l, e) == -1)
		return -1;
	snprintf(key, sizeof key, "dropped.%s", f->name);
	dropped = fact(s, key);
	json_object_set_new(o, "last_drop", when_json(dropped));
	json_object_set_new(o, "last_pull", when_json(l.pulled));
	for (size_t i = 0; i < f->sources; i++)
		look_at_inbox(s, f, f->source[i]->source);
	judge_stale(s, f, dropped, "dropped");
	judge_stale(s, f, l.pulled, "pulled");
	return 0;
}

/* Pulls and logins that ingest could not write down. */
static void
look_at_audit(struct status *s)
{
	struct err e = ERR_EMPTY;
	uint64_t heard;
	int64_t since = spool_waits_since(s->conf, 0);

	if (since == 0 || s->now - since < AUDIT_S)
		return;
	if (audit_heard(s->conf, &heard, &e) == -1) {
		problem(s, "%s", e.text);
		return;
	}
	since = spool_waits_since(s->conf, heard);
	if (since != 0 && s->now - since >= AUDIT_S)
		problem(s,
		    _("For %lld minutes the audit has lacked who logged in and "
		      "pulled: it waits in state/events, as ingest cannot "
		      "write it, does not run, or is busy with a large dump. "
		      "The log says why."),
		    (long long)(s->now - since) / 60);
}

static int
note_erasure(void *ctx, const struct erasure *r, struct err *e)
{
	(void)e;
	problem(ctx,
	    _("Erasure %lld is not done yet; it goes on by itself, and while "
	      "it is at work new dumps wait in the inbox. \"convdrop person "
	      "act %lld\" tells what it waits for."),
	    (long long)r->id, (long long)r->id);
	return 0;
}

static int
look_at_store(struct status *s, struct err *e)
{
	json_t *list = json_array();
	char path[PATH_MAX];

	json_object_set_new(s->all, "feeds", list);
	conf_path(path, s->conf, "state", "store.db", NULL);
	if (store_open(&s->store, path, true, e) == -1)
		return -1;
	for (size_t i = 0; i < s->conf->feeds; i++) {
		if (look_at_feed(s, &s->conf->feed[i], list, e) == -1)
			return -1;
	}
	return store_erasures(s->store, false, note_erasure, s, e);
}

/* --- as text ------------------------------------------------------------- */

static void
print_pull(const json_t *p)
{
	printf(_("  pull %lld  %s  %s from %s by %s: %s, "),
	    number_of(p, "pull"), text_of(p, "begun"), text_of(p, "user"),
	    text_of(p, "address"), text_of(p, "protocol"), text_of(p, "file"));
	if (json_is_true(json_object_get(p, "complete")))
		printf(_("%lld bytes, complete\n"), number_of(p, "bytes"));
	else if (json_is_null(json_object_get(p, "ended")))
		printf(_("still running\n"));
	else
		printf(_("broke off after %lld of %lld bytes\n"),
		    number_of(p, "bytes"), number_of(p, "size"));
}

static void
print_feed(const json_t *feed)
{
	const json_t *d = json_object_get(feed, "last_dump"), *o;
	size_t i;

	printf(_("feed %s\n"), text_of(feed, "feed"));
	if (d == NULL)
		printf(_("  dump  none came in yet\n"));
	else
		printf(
		    ngettext("  dump  %s  %s: %s, %lld record, %lld rejected\n",
			"  dump  %s  %s: %s, %lld records, %lld rejected\n",
			(unsigned long)number_of(d, "records")),
		    text_of(d, "time"), text_of(d, "name"), text_of(d, "state"),
		    number_of(d, "records"), number_of(d, "rejected"));
	json_array_foreach(json_object_get(feed, "files"), i, o)
	{
		if (json_object_get(o, "time") == NULL)
			printf(_("  file  %s: not published yet\n"),
			    text_of(o, "file"));
		else
			printf(ngettext("  file  %s  %s: %lld row, %lld bytes, "
					"pulls: %lld\n",
				   "  file  %s  %s: %lld rows, %lld bytes, "
				   "pulls: %lld\n",
				   (unsigned long)number_of(o, "rows")),
			    text_of(o, "time"), text_of(o, "file"),
			    number_of(o, "rows"), number_of(o, "bytes"),
			    number_of(o, "pulls"));
		if (json_object_get(o, "note") != NULL)
			printf("        %s\n", text_of(o, "note"));
		if (number_of(o, "waiting") > 0)
			printf(_("        orders that wait for a client who is "
				 "not known yet: %lld\n"),
			    number_of(o, "waiting"));
		if (number_of(o, "unfit") > 0)
			printf(_("        records that lack what the file "
				 "needs: %lld. %s\n"),
			    number_of(o, "unfit"), text_of(o, "needs"));
	}
	if (number_of(feed, "waiting_steps") > 0)
		printf(_("        orders that show an earlier status until it "
			 "was pulled: %lld\n"),
		    number_of(feed, "waiting_steps"));
	json_array_foreach(json_object_get(feed, "pulls"), i, o) print_pull(o);
}

static void
print_text(const struct status *s)
{
	const json_t *disk = json_object_get(s->all, "disk");
	const json_t *cert = json_object_get(s->all, "certificate"), *o;
	size_t i;

	printf(
	    _("daemon: %s\n"), json_is_true(json_object_get(s->all, "running"))
				   ? _("running")
				   : _("not running"));
	if (serves_plain_ftp(s->conf))
		printf(_("WARNING: ftp_plain is on: passwords and files go "
			 "over the network unencrypted\n"
			 "to whoever does not use FTPS. Set ftp_plain = no "
			 "unless you must.\n"));
	printf(_("disk: %lld MB free, of which %lld MB are kept free\n"),
	    number_of(disk, "free") >> 20, number_of(disk, "reserve") >> 20);
	if (cert != NULL)
		printf(_("certificate: until %s%s\n"), text_of(cert, "until"),
		    json_is_true(json_object_get(cert, "self_signed"))
			? ", self-signed"
			: "");
	status_print_hostkeys(s->all);
	json_array_foreach(json_object_get(s->all, "feeds"), i, o)
	    print_feed(o);
	json_array_foreach(s->logins, i, o) printf(
	    _("failed login  %s  %s from %s by %s\n"), text_of(o, "time"),
	    text_of(o, "user"), text_of(o, "address"), text_of(o, "protocol"));
	status_print_clients(s->all);
	if (json_array_size(s->problems) == 0)
		printf(_("nothing is wrong\n"));
	json_array_foreach(s->problems, i, o)
	    printf("WRONG: %s\n", json_string_value(o));
}

/* --- the command --------------------------------------------------------- */

static int
run(struct ctl *ctl, int argc, char **argv)
{
	struct status s = { .now = (int64_t)time(NULL) };
	struct conf *c;
	struct err e = ERR_EMPTY;
	int rc;

	(void)argv;
	if (argc != 1)
		return ctl_usage(&ctl_status);
	c = ctl_conf(ctl);
	if (c == NULL)
		return CTL_FAILED;
	s.conf = c;
	s.all = json_object();
	s.problems = json_array();
	s.logins = json_array();
	s.clients = json_object();
	look_at_daemon(&s);
	look_at_disk(&s);
	look_at_certificate(&s);
	look_at_hostkeys(&s);
	json_object_set_new(
	    s.all, "ftp_plain", json_boolean(serves_plain_ftp(c)));
	if (look_at_store(&s, &e) == -1)
		problem(&s, "%s", e.text);
	look_at_audit(&s);
	look_at_logins(&s);
	json_object_set(s.all, "problems", s.problems);
	rc = json_array_size(s.problems) > 0 ? CTL_FINDINGS : CTL_FINE;
	json_object_set_new(s.all, "ok", json_boolean(rc == CTL_FINE));
	if (ctl->json) {
		json_dumpf(s.all, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		print_text(&s);
	}
	store_close(s.store);
	json_decref(s.all);
	json_decref(s.problems);
	json_decref(s.logins);
	json_decref(s.clients);
	conf_free(c);
	return rc;
}

const struct ctl_command ctl_status = {
	.name = "status",
	.synopsis = "status",
	.help = N_(
	    "Shows every feed's last dump, what is published and who pulled it "
	    "last, failed\nlogins, the disk and the certificate, and every "
	    "thing that is wrong, a line each\nbeginning \"WRONG:\".\n\n"
	    "Exit status: 0 nothing is wrong, 1 something is: the daemon does "
	    "not run, the last\ndump was refused or waits for approval, a file "
	    "is withheld, nothing was pulled or\ndropped for stale_hours, the "
	    "disk is low, or the certificate ends within 21 days."),
	.run = run,
};
