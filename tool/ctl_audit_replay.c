/*
 * convdrop audit replay: the very bytes that a client got once, out of the
 * archive, and what HTTP said of them.  Reads only.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/decode.h"
#include "formats/normal.h"
#include "formats/zone.h"
#include "store/archive.h"
#include "store/audit.h"
#include "server/bytes.h"
#include "tool/ctl_audit.h"
#include "net/http_answer.h"
#include "store/json_foreign.h"
#include "server/lang.h"
#include "server/log.h"
#include "store/store.h"

#define BLOCK 65536

struct replay {
	const struct ctl *ctl;
	const struct conf *conf;
	const char *feed, *at, *number, *file, *output;
	struct store *store;
	struct pull pull; /* number 0: none was asked for */
	struct publication version;
	char name[64 + 3];    /* of the file that went out */
	bool packed;          /* it is the sidecar */
	bool encoded;         /* as content encoding of the file itself */
	int64_t asked;        /* --at */
	char zone[64];        /* in which it was understood; "" its own */
	uint64_t size;        /* of the file that went out */
	uint64_t first, n;    /* what of it did */
	uint64_t asked_bytes; /* what of it was to, from first */
	bool partial;         /* not all of it */
	char sha256[65];      /* of the version, as it lies in the archive */
	int audited;     /* does the audit have the same? 1, 0, -1: unknown */
	char erased[80]; /* when a person was taken out of it; "" never */
};

/* --- small things -------------------------------------------------------- */

static void
instant(char out[24], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && strcmp(s + n - k, end) == 0;
}

/* --- what was meant ------------------------------------------------------ */

static bool
numbered(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static int
find_pull(struct replay *r)
{
	struct err e = ERR_EMPTY;
	int64_t number;
	int rc;

	if (!numbered(r->number, &number))
		return ctl_fail("%s is no number of a pull", r->number);
	rc = store_pull_numbered(r->store, number, &r->pull, &e);
	if (rc == -1)
		return ctl_fail("%s", e.text);
	if (rc == 0 || strcmp(r->pull.feed, r->feed) != 0)
		return ctl_fail("the feed %s has no pull %s; \"convdrop "
				"status\" and \"convdrop audit log "
				"event=pulled\" show their numbers",
		    r->feed, r->number);
	if (r->pull.publication == 0)
		return ctl_fail("pull %s was of a version that the store does "
				"not know",
		    r->number);
	rc = store_publication_get(
	    r->store, r->pull.publication, &r->version, &e);
	if (rc != 1)
		return ctl_fail("%s",
		    rc == -1 ? e.text
			     : _("the version that was pulled is not in the "
				 "store"));
	snprintf(r->name, sizeof r->name, "%s", r->pull.file);
	r->encoded = r->pull.encoded;
	return CTL_FINE;
}

/* A time without a zone is the feed's. */
static int
read_time(struct replay *r, const struct feed *f)
{
	const char *name = f->source[0]->zone, *hint;
	struct zone *zone = NULL, *utc = zone_utc();
	struct err e = ERR_EMPTY;
	int64_t other;
	int rc = CTL_FINE;

	if (conf_zone(&zone, name, &e) == -1)
		rc = ctl_fail("%s", e.text);
	else if (normal_time(slice_of(r->at), zone, zone, &r->asked, &hint) !=
		     REJECT_NONE ||
		 normal_time(slice_of(r->at), utc, utc, &other, &hint) !=
		     REJECT_NONE)
		rc = ctl_fail("%s is no time; write 2026-11-22T09:15:00Z, or "
			      "2026-11-22 12:15:00 in the feed's zone",
		    r->at);
	else if (other != r->asked || zone_offset(zone, r->asked) == 0)
		snprintf(r->zone, sizeof r->zone, "%s", name);
	zone_free(zone);
	zone_free(utc);
	return rc;
}

/* A large version's FILE.gz follows the file. */
static int
check_packed(struct replay *r)
{
	struct err e = ERR_EMPTY;
	int follows = ends_with(r->name, ".gz")
			  ? store_unpacked_has(r->store, r->version.id, &e)
			  : 0;

	if (follows == -1)
		return ctl_fail("%s", e.text);
	if (follows == 0)
		return CTL_FINE;
	ctl_fail(_("%s of that version is not made as yet: nobody has received "
		   "it. It is made when the daemon has nothing else to do."),
	    r->name);
	return CTL_FINDINGS;
}

static int
find_version(struct replay *r, const struct feed *f)
{
	const char *file = r->file == NULL ? "conversions.csv" : r->file;
	struct err e = ERR_EMPTY;
	char plain[64];
	int rc = read_time(r, f);

	if (rc != CTL_FINE)
		return rc;
	snprintf(r->name, sizeof r->name, "%s", file);
	snprintf(plain, sizeof plain, "%s", file);
	if (ends_with(plain, ".gz"))
		plain[strlen(plain) - 3] = '\0';
	rc = store_publication_then(
	    r->store, f->name, plain, r->asked, &r->version, &e);
	if (rc == -1)
		return ctl_fail("%s", e.text);
	if (rc == 1)
		return check_packed(r);
	ctl_fail("no version of %s/%s was published before %s", f->name, plain,
	    r->at);
	return CTL_FINDINGS;
}

/* --- the audit ----------------------------------------------------------- */

struct found {
	const char *key;
	char text[80];
};

static void
take_line(void *ctx, const char *line)
{
	struct found *f = ctx;
	json_t *o = json_loads(line, 0, NULL);
	const char *s = json_string_value(json_object_get(o, f->key));

	if (s != NULL)
		snprintf(f->text, sizeof f->text, "%s", s);
	json_decref(o);
}

/* The value of key in the last such event about the archived version. */
static int
ask_audit(const struct replay *r, const char *event, const char *key,
    char out[80], struct err *e)
{
	struct found f = { .key = key };
	char what[64], path[512 + 16];
	const char *const word[] = { what, path };

	snprintf(what, sizeof what, "event=%s", event);
	snprintf(path, sizeof path, "archive=%s", r->version.archive);
	if (audit_log(r->conf, word, 2, take_line, &f, e) == -1)
		return -1;
	memcpy(out, f.text, sizeof f.text);
	return 0;
}

static void
compare_audit(struct replay *r)
{
	struct err e = ERR_EMPTY;
	char sha256[80];

	r->audited = -1;
	ask_audit(r, "erased", "time", r->erased, &e);
	if (ask_audit(r, "published", "sha256", sha256, &e) == 0 &&
	    sha256[0] != '\0')
		r->audited = strcmp(sha256, r->sha256) == 0;
}

static int
say_gone(const struct replay *r)
{
	struct err e = ERR_EMPTY;
	char when[80] = "", erased[80] = "", published[24];
	json_t *o;

	instant(published, r->version.mtime);
	ask_audit(r, "expired", "time", when, &e);
	if (r->ctl->json) {
		o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "feed", r->feed,
		    "file", r->name, "last_modified", published, "sha256",
		    r->version.sha256, "archived", 0, "expired",
		    when[0] == '\0' ? json_null() : json_string(when));
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
	}
	if (when[0] == '\0')
		ask_audit(r, "erased", "time", erased, &e);
	if (erased[0] != '\0')
		ctl_fail("the archived copy of the version of %s, SHA-256 %s, "
			 "went on %s, when a person was erased from it",
		    published, r->version.sha256, erased);
	else if (when[0] != '\0')
		ctl_fail("the archived copy of the version of %s, SHA-256 %s, "
			 "expired on %s: its bytes are kept no longer",
		    published, r->version.sha256, when);
	else
		ctl_fail("the archived copy of the version of %s, SHA-256 %s, "
			 "is not there any more, and the audit does not say "
			 "why; \"convdrop audit verify\" says more",
		    published, r->version.sha256);
	return CTL_FINDINGS;
}

/* --- the bytes ----------------------------------------------------------- */

struct copy {
	const struct replay *r;
	int from, to;
	uint64_t at; /* of what goes out, how many bytes were seen */
	int error;   /* errno of what could not be written */
};

static ssize_t
read_packed(void *ctx, void *buf, size_t n)
{
	struct copy *y = ctx;
	ssize_t k;

	do
		k = read(y->from, buf, n);
	while (k == -1 && errno == EINTR);
	return k;
}

/* What of these bytes lies between first and first + n. */
static void
put(struct copy *y, const void *p, size_t n)
{
	uint64_t begin = y->r->first, end = begin + y->r->n, at = y->at;

	y->at += n;
	if (begin < at)
		begin = at;
	if (end > at + n)
		end = at + n;
	if (y->to == -1 || begin >= end || y->error != 0)
		return;
	if (bytes_write(y->to, (const char *)p + (begin - at),
		(size_t)(end - begin)) == -1)
		y->error = errno;
}

/* All of the archived file, as it lies there. */
static int
copy_raw(struct copy *y)
{
	char buf[BLOCK];
	ssize_t k;

	if (lseek(y->from, 0, SEEK_SET) == -1)
		return -1;
	while ((k = read_packed(y, buf, sizeof buf)) > 0)
		put(y, buf, (size_t)k);
	return k == -1 ? -1 : 0;
}

/* What it unpacks to, hashed; a sidecar's bytes are those it unpacks from. */
static int
copy_plain(struct copy *y, char sha256[65], struct err *e)
{
	struct input in = { .read = read_packed, .ctx = y };
	struct decode *d = NULL;
	struct sha256_ctx hash;
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct slice s;
	enum fmt_status st;

	sha256_init(&hash);
	st = decode_open_plain(&d, &in, &y->r->conf->limits);
	while (st == FMT_OK && (st = decode_plain(d, &s)) == FMT_OK) {
		sha256_update(&hash, s.n, (const uint8_t *)s.p);
		if (!y->r->packed)
			put(y, s.p, s.n);
	}
	decode_close(d);
	sha256_digest(&hash, sizeof digest, digest);
	bytes_hex(sha256, digest, sizeof digest);
	return st == FMT_END || st == FMT_EMPTY
		   ? 0
		   : err_set(e, "%s: %s", y->r->version.archive,
			 fmt_status_text(st));
}

static int
copy(struct replay *r, int from, int to, struct err *e)
{
	struct copy y = { .r = r, .from = from, .to = to };

	if (copy_plain(&y, r->sha256, e) == -1)
		return -1;
	if (r->packed && copy_raw(&y) == -1)
		return err_set(
		    e, "%s: %s", r->version.archive, strerror(errno));
	if (y.error == 0)
		return 0;
	return err_set(e, "%s: %s",
	    r->output == NULL ? _("standard output") : r->output,
	    strerror(y.error));
}

/* Which part was asked for, and how much of it went out. */
static void
settle_part(struct replay *r)
{
	const struct pull *p = &r->pull;

	r->asked_bytes = r->n = r->size;
	if (p->number == 0)
		return;
	r->n = p->bytes < r->size ? p->bytes : r->size;
	if (p->asked > 0) {
		r->first = p->first;
		r->asked_bytes = p->asked;
	} else if (p->complete) { /* an old store does not say: its end */
		r->first = r->size - r->n;
		r->asked_bytes = r->n;
	}
	r->partial = r->asked_bytes < r->size;
}

static int
open_output(const struct replay *r)
{
	if (r->output == NULL)
		return r->ctl->json ? -1 : STDOUT_FILENO;
	return open(r->output,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int
deliver(struct replay *r, int from)
{
	struct err e = ERR_EMPTY;
	struct stat st;
	int to, rc;

	r->packed = ends_with(r->name, ".gz");
	if (fstat(from, &st) == -1)
		return ctl_fail("%s: %s", r->version.archive, strerror(errno));
	r->size = r->packed ? (uint64_t)st.st_size : r->version.bytes;
	settle_part(r);
	to = open_output(r);
	if (to == -1 && r->output != NULL)
		return ctl_fail("%s: %s", r->output, strerror(errno));
	rc = copy(r, from, to, &e);
	if (r->output != NULL && close(to) == -1 && rc == 0)
		rc = err_set(&e, "%s: %s", r->output, strerror(errno));
	return rc == -1 ? ctl_fail("%s", e.text) : CTL_FINE;
}

/* --- what was said of them ----------------------------------------------- */

static bool
by_http(const struct replay *r)
{
	return r->pull.number == 0 || strncmp(r->pull.protocol, "http", 4) == 0;
}

/* The sidecar in the file's place is still called by the file's name. */
static void
fields_of(const struct replay *r, struct http_fields *f)
{
	bool beside = r->packed && !r->encoded;
	const char *path = beside ? r->name : r->version.file;
	struct http_version v;

	http_version_of(&v, r->version.mtime, r->size, r->encoded);
	http_fields_file(f, &v, path, r->encoded, !beside);
	if (r->partial)
		http_fields_part(f, &v, r->first, r->asked_bytes);
}

static uint64_t
content_length(const struct replay *r)
{
	return r->asked_bytes;
}

static json_t *
headers_json(const struct replay *r)
{
	struct http_fields f;
	json_t *o;
	char length[24];

	if (!by_http(r))
		return json_null();
	o = json_object();
	fields_of(r, &f);
	for (size_t i = 0; i < f.n; i++)
		json_object_set_new(
		    o, f.field[i].name, json_string(f.field[i].value));
	snprintf(length, sizeof length, "%" PRIu64, content_length(r));
	json_object_set_new(o, "Content-Length", json_string(length));
	json_object_set_new(o, HTTP_NOSNIFF, json_string(HTTP_NOSNIFF_VALUE));
	return o;
}

static json_t *
pull_json(const struct pull *p)
{
	char begun[24], ended[24];

	if (p->number == 0)
		return json_null();
	instant(begun, p->begun);
	instant(ended, p->ended);
	return json_pack("{s:I, s:o, s:s, s:s, s:s, s:o, s:I, s:I, s:b}",
	    "pull", (json_int_t)p->number, "user", json_foreign(p->user),
	    "address", p->address, "protocol", p->protocol, "begun", begun,
	    "ended", p->ended == 0 ? json_null() : json_string(ended), "bytes",
	    (json_int_t)p->bytes, "size", (json_int_t)p->size, "complete",
	    p->complete);
}

static void
print_json(const struct replay *r)
{
	char at[24], asked[24];
	bool same = strcmp(r->sha256, r->version.sha256) == 0;
	json_t *o;

	instant(at, r->version.mtime);
	o = json_pack("{s:s, s:s, s:I, s:s, s:b, s:I, s:I, s:I, s:s, s:b, s:o,"
		      " s:s, s:o, s:o}",
	    "feed", r->feed, "file", r->name, "publication",
	    (json_int_t)r->version.id, "last_modified", at, "archived", 1,
	    "size", (json_int_t)r->size, "first", (json_int_t)r->first, "bytes",
	    (json_int_t)r->n, "sha256", r->sha256, "sha256_matches", same,
	    "audit_matches",
	    r->audited == -1 ? json_null() : json_boolean(r->audited),
	    "archive", r->version.archive, "headers", headers_json(r), "pull",
	    pull_json(&r->pull));
	json_object_set_new(o, "erased",
	    r->erased[0] == '\0' ? json_null() : json_string(r->erased));
	if (r->at != NULL) {
		instant(asked, r->asked);
		json_object_set_new(o, "at", json_string(asked));
		json_object_set_new(o, "zone",
		    r->zone[0] == '\0' ? json_null() : json_string(r->zone));
	}
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static void
print_pull(const struct pull *p)
{
	char begun[24], ended[24], user[300];

	instant(begun, p->begun);
	instant(ended, p->ended);
	fprintf(stderr, _("pull %lld: %s from %s by %s, from %s to %s\n"),
	    (long long)p->number,
	    log_safe(user, sizeof user, p->user, strlen(p->user)), p->address,
	    p->protocol, begun, p->ended == 0 ? "…" : ended);
	fprintf(stderr,
	    p->complete ? _("delivered: %llu of %llu bytes, complete\n")
			: _("delivered: %llu of %llu bytes, not complete\n"),
	    (unsigned long long)p->bytes, (unsigned long long)p->size);
}

static void
print_headers(const struct replay *r)
{
	struct http_fields f;

	fields_of(r, &f);
	for (size_t i = 0; i < f.n; i++)
		fprintf(stderr, "%s: %s\n", f.field[i].name, f.field[i].value);
	fprintf(
	    stderr, "%s: %" PRIu64 "\n", "Content-Length", content_length(r));
	fprintf(stderr, "%s: %s\n", HTTP_NOSNIFF, HTTP_NOSNIFF_VALUE);
}

static bool
is_erased(const struct replay *r)
{
	return r->erased[0] != '\0' &&
	       strcmp(r->sha256, r->version.sha256) != 0;
}

static void
print_text(const struct replay *r)
{
	char at[24], asked[24];

	instant(at, r->version.mtime);
	instant(asked, r->asked);
	fprintf(stderr, _("%s/%s, the version of %s\n"), r->feed, r->name, at);
	if (r->at != NULL && r->zone[0] != '\0')
		fprintf(stderr,
		    _("in force at %s, which was read in the feed's zone %s\n"),
		    asked, r->zone);
	else if (r->at != NULL)
		fprintf(
		    stderr, _("in force at %s, by the zone it names\n"), asked);
	if (r->pull.number != 0)
		print_pull(&r->pull);
	if (by_http(r))
		print_headers(r);
	if (is_erased(r)) {
		fprintf(stderr,
		    _("a person was erased from it on %s: what is written is "
		      "what is left, the bytes that went out are no more; "
		      "their SHA-256 was %s\n"),
		    r->erased, r->version.sha256);
		return;
	}
	fprintf(stderr,
	    strcmp(r->sha256, r->version.sha256) == 0
		? _("SHA-256 %s, as it was published\n")
		: _("SHA-256 %s, which is NOT that of what was published\n"),
	    r->sha256);
	fputs(r->audited == 1   ? _("the audit names the same SHA-256\n")
	      : r->audited == 0 ? _("the audit names ANOTHER SHA-256\n")
				: _("the audit cannot be asked for it here\n"),
	    stderr);
}

static int
tell(struct replay *r)
{
	compare_audit(r);
	if (r->ctl->json)
		print_json(r);
	else
		print_text(r);
	return strcmp(r->sha256, r->version.sha256) == 0 && r->audited != 0
		   ? CTL_FINE
		   : CTL_FINDINGS;
}

/* --- the command --------------------------------------------------------- */

static int
show(struct replay *r, const struct feed *f)
{
	struct err e = ERR_EMPTY;
	int rc = r->number != NULL ? find_pull(r) : find_version(r, f), from;

	if (rc != CTL_FINE)
		return rc;
	from = archive_open(r->conf, r->version.archive, &e);
	if (from == -1)
		return errno == ENOENT ? say_gone(r) : ctl_fail("%s", e.text);
	rc = deliver(r, from);
	close(from);
	return rc == CTL_FINE ? tell(r) : rc;
}

static bool
take_arguments(struct replay *r, int argc, char **argv)
{
	static const struct option option[] = {
		{ "at", required_argument, NULL, 'a' },
		{ "pull", required_argument, NULL, 'p' },
		{ "file", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (c == 'a')
			r->at = optarg;
		else if (c == 'p')
			r->number = optarg;
		else if (c == 'f')
			r->file = optarg;
		else if (c == 'o')
			r->output = optarg;
		else
			return false;
	}
	if (argc - optind != 1 || (r->at == NULL) == (r->number == NULL) ||
	    (r->file != NULL && r->number != NULL) ||
	    (r->file != NULL && strlen(r->file) > 63))
		return false;
	r->feed = argv[optind];
	return true;
}

int
ctl_audit_replay(struct ctl *ctl, const struct conf *c, int argc, char **argv)
{
	struct replay r = { .ctl = ctl, .conf = c };
	const struct feed *f;
	struct err e = ERR_EMPTY;
	char path[PATH_MAX];
	int rc;

	if (!take_arguments(&r, argc, argv))
		return ctl_usage(&ctl_audit);
	f = conf_feed(c, r.feed);
	if (f == NULL)
		return ctl_fail(
		    "there is no feed '%s' in the configuration", r.feed);
	conf_path(path, c, "state", "store.db", NULL);
	if (store_open(&r.store, path, true, &e) == -1)
		return ctl_fail("%s", e.text);
	rc = show(&r, f);
	store_close(r.store);
	return rc;
}
