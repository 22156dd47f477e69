/*
 * Which dumps are read otherwise than they were, under which settings, and what
 * the ledger says of them afterwards.  See revise_private.h.
 */
#include "feed/revise_private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/own_preset.h"
#include "store/canon.h"
#include "feed/ingest.h"
#include "server/lang.h"

/* --- which dumps ---------------------------------------------------------- */

static bool
is_listed(const struct revise_how *h, int64_t id)
{
	for (size_t i = 0; i < h->dumps; i++)
		if (h->dump[i] == id)
			return true;
	return false;
}

static bool
is_wanted(const struct revise_how *h, const struct dump_entry *d)
{
	if (h->withdraw != 0)
		return false;
	return h->dumps > 0 ? is_listed(h, d->id) : d->at >= h->since;
}

static const struct settings *
source_of(const struct feed *f, const char *name)
{
	for (size_t i = 0; i < f->sources; i++)
		if (strcmp(f->source[i]->source, name) == 0)
			return f->source[i];
	return NULL;
}

static const struct settings *
source_today(const struct revise *r, const char *name)
{
	return source_of(r->how.feed, name);
}

static bool
is_canon(const char *text)
{
	struct settings *s = NULL;
	bool is = settings_parse(&s, text) == FMT_OK && canon_is(s);

	settings_free(s);
	return is;
}

/* The text for reading its archived copy today, whose source there is. */
static char *
text_today(const struct revise *r, const struct dump_entry *d, const char *text)
{
	const struct settings *today = source_today(r, d->source);
	struct settings *then = NULL;
	char *out = NULL;

	if (!is_canon(text))
		return settings_text(today);
	if (settings_parse(&then, text) == FMT_OK) {
		canon_revise(then, today);
		out = settings_text(then);
	}
	settings_free(then);
	return out;
}

int
revise_choose(void *ctx, const struct dump_entry *d, char **text, struct err *e)
{
	struct revise *r = ctx;
	const struct tally *t = &d->tally;
	char *today;

	(void)e;
	r->reading.id = 0;
	if (r->how.withdraw == d->id)
		return 0;
	if (!is_wanted(&r->how, d))
		return 1;
	if (source_today(r, d->source) == NULL) {
		r->tally.orphans++;
		memcpy(r->tally.orphan, d->source, sizeof d->source);
		return 1;
	}
	today = text_today(r, d, *text);
	if (r->n == r->room) {
		r->room = r->room == 0 ? 16 : r->room * 2;
		r->chosen = mem_grow(r->chosen, r->room * sizeof *r->chosen);
	}
	r->chosen[r->n] = (struct chosen){ .id = d->id,
		.other = strcmp(today, *text) != 0,
		.hashed = is_canon(*text),
		.empty = t->records > 0 && t->rejected == t->records };
	r->tally.read++;
	r->tally.hashed += r->chosen[r->n].hashed;
	r->tally.same += !r->chosen[r->n++].other;
	r->reading = *d;
	free(*text);
	*text = today;
	return 1;
}

/* What is told of a dump that is read otherwise is written beside. */
int
revise_reading(void *ctx, struct dump_entry *d, struct reread *again,
    bool merged, struct err *e)
{
	struct revise *r = ctx;
	struct chosen *c = r->n > 0 ? &r->chosen[r->n - 1] : NULL;

	if (c == NULL || c->id != d->id || !c->other)
		return 0;
	if (!merged)
		return r->how.reports
			   ? restate_begin(&r->restate, d, c->hashed, again, e)
			   : 0;
	if (!c->hashed && again->in.facts != NULL) {
		snprintf(
		    c->preset, sizeof c->preset, "%s", again->in.facts->preset);
		snprintf(c->encoding, sizeof c->encoding, "%s",
		    again->in.facts->encoding);
		memcpy(d->preset, c->preset, sizeof d->preset);
		memcpy(d->encoding, c->encoding, sizeof d->encoding);
	}
	return r->how.reports
		   ? restate_end(&r->restate, d, again, &c->profile, e)
		   : 0;
}

void
revise_merged(void *ctx, const struct dump_entry *d)
{
	struct revise *r = ctx;

	r->reading.id = 0;
	if (r->n > 0 && r->chosen[r->n - 1].id == d->id)
		r->chosen[r->n - 1].tally = d->tally;
}

/* A CRM that convdrop or the instance knows. */
static bool
is_preset(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->presets; i++)
		if (strcmp(c->preset[i]->preset.name, name) == 0)
			return true;
	return preset_by_name(name) != NULL;
}

int
revise_blame(const struct revise *r, struct err *e)
{
	const struct dump_entry *d = &r->reading;
	struct err why = *e;

	if (d->id == 0 || d->preset[0] == '\0' ||
	    is_preset(r->how.conf, d->preset))
		return -1;
	return err_set(e,
	    _("Dump %lld was read with the preset %s, and there is no file "
	      "presets/%s.conf any more. %s"),
	    (long long)d->id, d->preset, d->preset, why.text);
}

int
revise_check_dump(const struct revise_how *h, int64_t id, struct err *e)
{
	struct dump_entry d;
	char path[PATH_MAX];
	int found = store_dump_get(h->store, id, &d, NULL, e);

	if (found == -1)
		return -1;
	if (found == 0 || strcmp(d.feed, h->feed->name) != 0)
		return err_set(e,
		    _("The feed %s has no dump %lld. \"convdrop dumps %s\" "
		      "lists those it has."),
		    h->feed->name, (long long)id, h->feed->name);
	if (h->withdraw == 0 && source_of(h->feed, d.source) == NULL)
		return err_set(e,
		    _("Dump %lld came from the source %s, which is no longer "
		      "in the configuration: there are no settings to read it "
		      "with. \"convdrop withdraw\" takes it back."),
		    (long long)id, d.source);
	if (d.state != DUMP_MERGED)
		return err_set(e,
		    _("Nothing of dump %lld is among the orders: it is %s."),
		    (long long)id, dump_state_name(d.state));
	conf_path(path, h->conf, d.archive, NULL);
	if (h->withdraw == 0 && access(path, F_OK) == -1 && errno == ENOENT)
		return err_set(e,
		    _("The archived copy of dump %lld is not there any more "
		      "(%s): it cannot be read once more. Drop its file "
		      "again."),
		    (long long)id, d.archive);
	return 0;
}

/* --- those that were read ------------------------------------------------- */

static int
by_id(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* No settings that anybody wants reject all of a dump. */
int
revise_check_chosen(struct revise *r, struct err *e)
{
	if (r->n > 0)
		qsort(r->chosen, r->n, sizeof *r->chosen, by_id);
	for (size_t i = 0; i < r->n; i++) {
		const struct chosen *c = &r->chosen[i];

		if (c->other && !c->empty && c->tally.records > 0 &&
		    c->tally.rejected == c->tally.records)
			return err_set(e,
			    _("Under today's settings dump %lld cannot be "
			      "used: every record of it is rejected."),
			    (long long)c->id);
	}
	return 0;
}

bool
revise_is_revised(const struct revise *r, int64_t dump)
{
	struct chosen key = { .id = dump };

	return dump == r->how.withdraw ||
	       (r->n > 0 &&
		   bsearch(&key, r->chosen, r->n, sizeof key, by_id) != NULL);
}

/* --- the ledger ----------------------------------------------------------- */

static int
mark_withdrawn(struct revise *r, const struct act *a, struct err *e)
{
	struct dump_entry d;

	if (r->how.withdraw == 0)
		return 0;
	if (store_dump_get(r->how.store, r->how.withdraw, &d, NULL, e) == -1)
		return -1;
	d.state = DUMP_WITHDRAWN;
	snprintf(d.reason, sizeof d.reason, "%s", a->reason);
	return store_dump_set(r->how.store, &d, e);
}

/* From now on it was read so.  A hashed copy was not read as its original would
 * be: dropped again it is another dump. */
static int
mark_revised(struct revise *r, const struct chosen *c, struct err *e)
{
	struct dump_entry d;
	char *text = NULL, *today = NULL, *key = NULL;
	int rc = -1;

	if (!c->other)
		return 0;
	if (store_dump_get(r->how.store, c->id, &d, &text, e) == -1)
		return -1;
	today = text_today(r, &d, text);
	if (!is_canon(text)) {
		key = settings_text(source_today(r, d.source));
		ingest_fingerprint(d.fingerprint, key);
	}
	d.tally = c->tally;
	if (c->preset[0] != '\0')
		memcpy(d.preset, c->preset, sizeof d.preset);
	if (c->encoding[0] != '\0')
		memcpy(d.encoding, c->encoding, sizeof d.encoding);
	if (c->hashed && reread_count_rest(r->how.store, &d, e) == -1)
		goto out;
	if (c->profile != NULL &&
	    store_profile_set(r->how.store, c->id, c->profile, e) == -1)
		goto out;
	if (store_dump_revise(r->how.store, c->id, today, d.fingerprint, e) ==
		0 &&
	    store_dump_set(r->how.store, &d, e) == 0)
		rc = 0;
out:
	free(text);
	free(today);
	free(key);
	return rc;
}

int
revise_mark(struct revise *r, const struct act *a, struct err *e)
{
	if (mark_withdrawn(r, a, e) == -1)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (mark_revised(r, &r->chosen[i], e) == -1)
			return -1;
	return 0;
}
