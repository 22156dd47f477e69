/*
 * An erasure from its beginning to its end, in ingest.  See erase.h.
 */
#include "feed/erase.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/bytes.h"
#include "feed/deed.h"
#include "store/json_foreign.h"
#include "server/lang.h"
#include "server/log.h"
#include "feed/publish.h"
#include "feed/report_stage.h"
#include "feed/revise.h"
#include "feed/winnow.h"

#define KEYS 256
#define MD5_HEX 32

/* --- the act -------------------------------------------------------------- */

json_t *
erase_act_new(void)
{
	return json_pack("{s:{}, s:{}, s:{}, s:{}, s:{}, s:{}}", "orders",
	    "files", "received", "unread", "replay", "names");
}

json_t *
erase_note(struct erasing *x, const char *list, const char *key)
{
	json_t *all = json_object_get(x->act, list);
	json_t *one = json_object_get(all, key);

	if (one == NULL && json_object_size(all) >= ERASE_LISTED &&
	    strcmp(list, "files") != 0) {
		char more[32];

		snprintf(more, sizeof more, "%s_more", list);
		json_object_set_new(x->act, more,
		    json_integer(
			json_integer_value(json_object_get(x->act, more)) + 1));
		return NULL;
	}
	if (one == NULL) {
		one = json_object();
		if (json_object_set_new(all, key, one) == -1) {
			/* a name that is no UTF-8 */
			json_object_set_new(all, "?", json_object());
			one = json_object_get(all, "?");
		}
	}
	return one;
}

int
erase_save(struct erasing *x, struct err *e)
{
	char *text = json_dumps(x->act, JSON_COMPACT | JSON_SORT_KEYS);
	int rc =
	    store_erasure_set(x->store, &x->job, text == NULL ? "" : text, e);

	free(text);
	return rc;
}

/* --- tombstones ----------------------------------------------------------- */

static void
keep_stone(
    void *ctx, int64_t erasure, int kind, struct slice hash, int64_t brief)
{
	struct tombstone stone = { .kind = (enum tombstone_kind)kind,
		.brief = (uint64_t)brief };

	(void)erasure;
	if (hash.n != sizeof stone.hash)
		return;
	memcpy(stone.hash, hash.p, hash.n);
	tombstones_keep(ctx, &stone);
}

static void
note_any(void *ctx, int64_t erasure, int kind, struct slice hash, int64_t brief)
{
	(void)erasure;
	(void)kind;
	(void)hash;
	(void)brief;
	*(bool *)ctx = true;
}

/* What only the right key makes. */
static void
proof_of(const struct tombstones *t, char out[33])
{
	static const struct slice text = { "the key", 7 };
	struct tombstone stone;

	tombstones_make(
	    t, &stone, TOMBSTONE_KINDS, text, (struct slice){ "", 0 });
	bytes_hex(out, stone.hash, 16);
}

static int
check_key(struct store *s, const struct tombstones *t, struct err *e)
{
	char proof[33], known[64];
	int rc = store_get(s, "erasure_key", known, sizeof known, e);

	proof_of(t, proof);
	if (rc == 1 && strcmp(known, proof) != 0)
		return err_set(e,
		    "state/erasure.key is not the key that persons were erased "
		    "with: with it they cannot be kept out of later dumps; "
		    "restore it from the backup that the store is from");
	return rc == -1 ? -1 : 0;
}

int
erase_stones(const struct conf *c, struct store *s, struct tombstones **out,
    struct err *e)
{
	uint8_t key[TOMBSTONE_KEY];
	struct tombstones *t;
	bool any = false;
	int found;

	*out = NULL;
	if (store_tombstones(s, note_any, &any, e) == -1)
		return -1;
	found = tombstone_key_read(c, false, key, e);
	if (found == -1)
		return -1;
	if (found == 0 && any)
		return err_set(e,
		    "state/erasure.key is missing: without it erased persons "
		    "cannot be kept out of later dumps; restore it from the "
		    "backup that the store is from");
	if (found == 0)
		return 0;
	t = tombstones_new(key);
	explicit_bzero(key, sizeof key);
	if ((any && check_key(s, t, e) == -1) ||
	    store_tombstones(s, keep_stone, t, e) == -1) {
		tombstones_free(t);
		return -1;
	}
	*out = t;
	return 0;
}

int
erase_load(struct ingest *in, struct err *e)
{
	struct tombstones *t;

	if (erase_stones(in->conf, in->store, &t, e) == -1)
		return -1;
	tombstones_free(in->stones);
	in->stones = t;
	return 0;
}

/* --- a later dump --------------------------------------------------------- */

int
erase_dump(struct ingest *in, const struct settings *s, int fd, int *copy,
    char **text, bool *keep, struct err *e)
{
	struct winnow w = { .conf = in->conf,
		.stones = in->stones,
		.breathe = in->breathe,
		.ctx = in->ctx,
		.stop = &in->stop };
	int rc = winnow_look(&w, s, fd, e);

	*keep = w.found == WINNOW_CLEAN || winnow_can(&w);
	if (rc == 0 && winnow_can(&w))
		rc = winnow_write(&w, s, fd, copy, text, e);
	winnow_free(&w);
	return rc;
}

/* --- the job -------------------------------------------------------------- */

static int
add_clients(struct erasing *x, struct ingest *in, struct err *e)
{
	struct tombstones *t = in->stones;
	int rc = 0;

	if (erase_clients(x, t, e) == -1 || store_begin(in->store, e) == -1)
		return -1;
	for (size_t i = 0; rc == 0 && i < tombstones_count(t); i++) {
		const struct tombstone *s = tombstones_at(t, i);

		rc = store_tombstone_add(in->store, x->job.id, (int)s->kind,
		    (struct slice){ (const char *)s->hash, sizeof s->hash },
		    (int64_t)s->brief, e);
	}
	if (rc == 0)
		rc = store_commit(in->store, e);
	if (rc == -1)
		store_rollback(in->store);
	return rc;
}

/* The erased cells may have been what the records were made of: they become
 * what the dumps that are left make of them, so that a rebuild comes to the
 * same.  What cannot be replayed stays as it is until it can. */
static int
settle(struct erasing *x, struct ingest *in, struct revise *r, struct err *e)
{
	struct revise_tally tally = { .rulings = 0 };
	struct act act = { .op = "erase" };
	int rc = -1;

	snprintf(act.actor, sizeof act.actor, "%s", x->job.actor);
	snprintf(act.reason, sizeof act.reason, "%s", x->job.reason);
	if (store_begin(in->store, e) == -1)
		return -1;
	in->in_transaction = true;
	if (revise_settle(r, &act, &tally, e) == 0 &&
	    store_commit(in->store, e) == 0)
		rc = 0;
	else
		store_rollback(in->store);
	in->in_transaction = false;
	return rc;
}

static int
converge(
    struct erasing *x, struct ingest *in, const struct feed *f, struct err *e)
{
	struct revise_how how = { .conf = in->conf,
		.feed = f,
		.store = in->store,
		.now = (int64_t)time(NULL),
		.since = INT64_MAX, /* none with today's settings */
		.dir = x->dir,
		.breathe = in->breathe,
		.ctx = in->ctx,
		.stop = &in->stop };
	json_t *failed = json_object_get(x->act, "replay");
	struct revise *r = NULL;
	struct err why = ERR_EMPTY;
	int rc = 0;

	if (revise_begin(&r, &how, &why) == 0 && revise_replay(r, &why) == 0) {
		rc = settle(x, in, r, e);
		json_object_del(failed, f->name);
	} else if (in->stop) {
		rc = err_set(e, "%s", why.text);
	} else {
		log_warn("%s: erasure %lld: the dumps that are left cannot be "
			 "replayed: %s",
		    f->name, (long long)x->job.id, why.text);
		json_object_set_new(failed, f->name, json_foreign(why.text));
	}
	revise_end(r);
	return rc;
}

/* Feeds that had a dump, or a record, with the person in it. */
static bool
is_concerned(const struct erasing *x, const char *feed)
{
	static const char *const list[] = { "orders", "files" };

	for (size_t i = 0; i < 2; i++) {
		const char *key, *name;
		json_t *o;

		json_object_foreach(json_object_get(x->act, list[i]), key, o)
		{
			name = json_string_value(json_object_get(o, "feed"));
			if (name != NULL && strcmp(name, feed) == 0)
				return true;
		}
	}
	return false;
}

/* Whatever is found is taken out; from then on only a replay may be left. */
static int
erase_all(struct erasing *x, struct ingest *in, struct err *e)
{
	int rc = erase_files(x, e);

	in->in_transaction = true; /* no pull may change what is walked */
	if (rc == 0)
		rc = erase_orders(x, e);
	in->in_transaction = false;
	for (size_t i = 0; rc == 0 && i < in->conf->feeds; i++) {
		const char *feed = in->conf->feed[i].name;

		if (is_concerned(x, feed))
			json_object_set_new(json_object_get(x->act, "replay"),
			    feed, json_string(""));
	}
	json_object_set_new(x->act, "taken_out", json_boolean(rc == 0));
	return rc == 0 ? erase_save(x, e) : -1;
}

static int
replay(struct erasing *x, struct ingest *in, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < in->conf->feeds; i++) {
		const struct feed *f = &in->conf->feed[i];

		if (json_object_get(
			json_object_get(x->act, "replay"), f->name) != NULL)
			rc = converge(x, in, f, e);
	}
	return rc == 0 ? erase_save(x, e) : -1;
}

/* What a feed that is gone left to be replayed is nobody's. */
static bool
has_left(const struct erasing *x)
{
	const char *feed;
	json_t *why;

	json_object_foreach(json_object_get(x->act, "replay"), feed, why)
	{
		if (conf_feed(x->conf, feed) != NULL)
			return true;
	}
	return false;
}

/* A version a second, so it may have to wait for the next. */
static int
publish(
    struct erasing *x, struct ingest *in, const struct feed *f, struct err *e)
{
	struct publish_order how = { .force = true,
		.reason = "a person was erased",
		.actor = x->job.actor };
	enum publish_result r = PUBLISH_LATER;

	for (int i = 0; i < 5 && r == PUBLISH_LATER; i++) {
		if (i > 0)
			poll(NULL, 0, 1001);
		if (publish_feed(in->store, in->audit, in->conf, f,
			(int64_t)time(NULL), &how, &r, e) == -1)
			return -1;
	}
	return 0;
}

/* What could not be published anew (not a row may be left of it) and still has
 * the person is taken away: Direct finds no file then. */
static int
take_away(struct erasing *x, struct err *e)
{
	struct erasing look = *x;
	const char *path;
	json_t *o;
	int rc;

	look.audit = NULL;
	look.act = erase_act_new();
	rc = erase_published(&look, e);
	json_object_foreach(json_object_get(look.act, "files"), path, o)
	{
		char full[PATH_MAX];
		json_t *event;

		conf_path(full, x->conf, path, NULL);
		event = json_pack("{s:s, s:I}", "published", path, "erasure",
		    (json_int_t)x->job.id);
		if (audit_add(x->audit, (int64_t)time(NULL), "erased", event,
			e) == -1)
			rc = -1;
		else if (unlink(full) == -1 && errno != ENOENT)
			rc = err_set(e, "%s: %s", full, strerror(errno));
	}
	json_decref(look.act);
	return rc;
}

static int
publish_all(struct erasing *x, struct ingest *in, struct err *e)
{
	for (size_t i = 0; i < in->conf->feeds; i++)
		if (publish(x, in, &in->conf->feed[i], e) == -1)
			return -1;
	return take_away(x, e);
}

static int
finish(struct erasing *x, struct err *e)
{
	json_t *o = json_pack("{s:I, s:s, s:s, s:I, s:I, s:I, s:I}", "erasure",
	    (json_int_t)x->job.id, "actor", x->job.actor, "reason",
	    x->job.reason, "orders",
	    (json_int_t)json_object_size(json_object_get(x->act, "orders")),
	    "files",
	    (json_int_t)json_object_size(json_object_get(x->act, "files")),
	    "received",
	    (json_int_t)json_object_size(json_object_get(x->act, "received")),
	    "unread",
	    (json_int_t)json_object_size(json_object_get(x->act, "unread")));

	x->job.done = (int64_t)time(NULL);
	if (audit_add(x->audit, x->job.done, "erased", o, e) == -1)
		return -1;
	return erase_save(x, e);
}

/* Reports that a crash left beside are looked into where they belong; those
 * that cannot be put there, where they are. */
static void
end_reports(const struct ingest *in)
{
	for (size_t i = 0; i < in->conf->feeds; i++) {
		struct err e = ERR_EMPTY;

		if (report_stage_end(
			in->conf, &in->conf->feed[i], in->store, &e) == -1)
			log_error("%s: %s", in->conf->feed[i].name, e.text);
	}
}

/* Once nobody's data is left, only the replay is tried again. */
static int
go_on(struct erasing *x, struct ingest *in, struct err *e)
{
	if (!json_is_true(json_object_get(x->act, "taken_out")) &&
	    (add_clients(x, in, e) == -1 || erase_all(x, in, e) == -1))
		return -1;
	if (replay(x, in, e) == -1 || publish_all(x, in, e) == -1 ||
	    store_scrub(in->store, e) == -1)
		return -1;
	return has_left(x) ? 0 : finish(x, e);
}

/* Every step changes only what is still to be changed. */
static int
run(struct ingest *in, const struct erasure *job, struct err *e)
{
	char dir[PATH_MAX], *text = NULL;
	struct erasing x = { .conf = in->conf,
		.store = in->store,
		.audit = in->audit,
		.stones = in->stones,
		.job = *job,
		.dir = dir,
		.breathe = in->breathe,
		.ctx = in->ctx,
		.stop = &in->stop };
	int rc = -1;

	conf_path(dir, in->conf, "state", NULL);
	if (store_erasure_get(in->store, job->id, &x.job, &text, e) != 1)
		goto out;
	x.act = text[0] == '\0' ? NULL : json_loads(text, 0, NULL);
	if (x.act == NULL)
		x.act = erase_act_new();
	end_reports(in);
	rc = go_on(&x, in, e);
out:
	free(text);
	json_decref(x.act);
	return rc == -1 ? err_add(e, "erasure %lld", (long long)job->id) : 0;
}

static int
resume(void *ctx, const struct erasure *r, struct err *e)
{
	struct ingest *in = ctx;
	struct err why = ERR_EMPTY;

	(void)e;
	log_info("erasure %lld goes on", (long long)r->id);
	if (run(in, r, &why) == -1)
		log_error("%s", why.text);
	return 0;
}

void
erase_resume(struct ingest *in)
{
	struct err e = ERR_EMPTY;

	if (store_erasures(in->store, false, resume, in, &e) == -1)
		log_error("%s", e.text);
}

/* --- the deed ------------------------------------------------------------- */

/* A line each: a kind's number, a space, the value; of a phone or an e-mail
 * its MD5, and then what it is of, if that is known. */
static int
take_keys(struct ingest *in, const char *text, struct tombstone *out, size_t *n,
    struct err *e)
{
	*n = 0;
	while (*text != '\0') {
		size_t line = strcspn(text, "\n");
		struct slice value = { text + 2, line < 2 ? 0 : line - 2 };
		int kind = text[0] - '0';
		struct slice plain = { "", 0 };

		if (kind == TOMBSTONE_CONTACT && value.n > MD5_HEX) {
			plain = (struct slice){ value.p + MD5_HEX,
				value.n - MD5_HEX };
			value.n = MD5_HEX;
		}

		if (line < 3 || kind < 0 || kind >= TOMBSTONE_KINDS ||
		    text[1] != ' ' || *n == KEYS)
			return err_set(e, "%s",
			    _("The daemon does not understand whom to "
			      "erase."));
		tombstones_make(in->stones, &out[(*n)++],
		    (enum tombstone_kind)kind, value, plain);
		text += line + (text[line] == '\n');
	}
	return 0;
}

static int
begin(struct ingest *in, const struct command *c, struct erasure *job,
    struct err *e)
{
	struct tombstone *stone = mem_alloc(KEYS * sizeof *stone);
	uint8_t key[TOMBSTONE_KEY];
	char proof[33];
	size_t n = 0;
	int rc = -1;

	/* where somebody was erased before, there is a key already */
	if (erase_load(in, e) == -1 ||
	    (in->stones == NULL &&
		(tombstone_key_read(in->conf, true, key, e) == -1 ||
		    erase_load(in, e) == -1)) ||
	    take_keys(in, c->argument, stone, &n, e) == -1 ||
	    store_begin(in->store, e) == -1)
		goto out;
	job->at = (int64_t)time(NULL);
	snprintf(job->actor, sizeof job->actor, "%s", c->actor);
	snprintf(job->reason, sizeof job->reason, "%s", c->reason);
	proof_of(in->stones, proof);
	rc = store_set(in->store, "erasure_key", proof, e);
	if (rc == 0)
		rc = store_erasure_add(in->store, job, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = store_tombstone_add(in->store, job->id, (int)stone[i].kind,
		    (struct slice){
			(const char *)stone[i].hash, sizeof stone[i].hash },
		    (int64_t)stone[i].brief, e);
	if (rc == 0)
		rc = store_commit(in->store, e);
	if (rc == -1)
		store_rollback(in->store);
	else
		rc = erase_load(in, e);
out:
	explicit_bzero(key, sizeof key);
	free(stone);
	return rc;
}

bool
deed_erase(struct ingest *in, const struct feed *f, const struct command *c,
    struct answer *a)
{
	struct erasure job = { .id = 0 };
	struct err e = ERR_EMPTY;

	(void)f;
	if (begin(in, c, &job, &e) == -1) {
		snprintf(a->text, sizeof a->text, "%s", e.text);
		return false;
	}
	if (run(in, &job, &e) == -1) {
		log_error("%s", e.text);
		snprintf(a->text, sizeof a->text,
		    _("%s\nNothing of what is done is undone; the rest follows "
		      "by itself within an hour, or when the daemon starts "
		      "again."),
		    e.text);
		return true;
	}
	a->status = 0;
	snprintf(a->text, sizeof a->text, "%lld", (long long)job.id);
	return true;
}
