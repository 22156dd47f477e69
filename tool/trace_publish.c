/*
 * The published versions in an order's history, and the pulls that took them.
 * A version is looked into only if the order may have changed since the one
 * before of the same file.
 */
#include <stdio.h>
#include <string.h>

#include "store/json_foreign.h"
#include "tool/trace_private.h"

/* --- versions ------------------------------------------------------------ */

static bool
covers(const struct trace *t, const struct publication *p)
{
	if ((p->kinds & KIND_BIT(t->w->kind)) == 0 ||
	    (!t->live && !t->elsewhere))
		return false;
	if (t->w->kind == RECORD_CONTACT)
		return true;
	for (size_t i = 0; i < t->dates; i++)
		if (t->date[i] >= p->from && t->date[i] <= p->to)
			return true;
	return false;
}

static struct file_seen *
file_of(struct trace *t, const char *file)
{
	struct file_seen *f;

	for (size_t i = 0; i < t->files; i++)
		if (strcmp(t->file[i].file, file) == 0)
			return &t->file[i];
	t->file = mem_grow(t->file, (t->files + 1) * sizeof *f);
	f = &t->file[t->files++];
	*f = (struct file_seen){ .created = CONV_NONE };
	snprintf(f->file, sizeof f->file, "%s", file);
	return f;
}

static void
look_at_version(
    struct trace *t, struct file_seen *f, const struct publication *p)
{
	bool call = t->w->kind == RECORD_CALL;
	char id[512];

	/* calls that are orders have ids of their own there */
	snprintf(
	    id, sizeof id, "%s%s", call ? CALL_ORDER_PREFIX : "", t->w->id);
	json_decref(f->values);
	f->seen = trace_version(&f->values, t->w->conf, p,
	    call ? RECORD_ORDER : t->w->kind, slice_of(id));
	f->created = CONV_NONE;
	if (f->seen == SEEN_THERE)
		trace_version_settle(
		    &f->values, &f->created, p->file, t->zone, t->w->plain);
	else if (f->seen != SEEN_ABSENT && t->live) {
		f->values = trace_values(&t->order.conv, t->zone, t->w->plain);
		f->created = t->order.conv.number[FIELD_CREATE_DATE_TIME];
	}
	f->known = true;
	f->changes = t->changes;
}

static const char *
seen_name(enum trace_seen s)
{
	static const char *const name[] = {
		[SEEN_THERE] = "there",
		[SEEN_ABSENT] = "absent",
		[SEEN_NO_IDS] = "no_ids",
		[SEEN_EXPIRED] = "expired",
		[SEEN_BROKEN] = "unreadable",
	};

	return name[s];
}

static void
note_version(struct trace *t, const struct publication *p,
    const struct file_seen *f, bool looked)
{
	struct version_seen *v;
	json_t *pulls = json_array();

	json_array_append_new(t->history,
	    json_pack("{s:s, s:I, s:s, s:o, s:I, s:s, s:s, s:b, s:s, s:O,"
		      " s:o}",
		"what", "version", "publication", (json_int_t)p->id, "file",
		p->file, "last_modified", trace_when(p->mtime), "mtime",
		(json_int_t)p->mtime, "sha256", p->sha256, "archive",
		p->archive, "looked", looked, "seen", seen_name(f->seen),
		"values", f->values == NULL ? json_null() : f->values, "pulls",
		pulls));
	t->version =
	    mem_grow(t->version, (t->versions + 1) * sizeof *t->version);
	v = &t->version[t->versions++];
	*v = (struct version_seen){ p->id, f->created, pulls };
}

int
trace_replay_publication(struct trace *t, int64_t id, struct err *e)
{
	struct publication p;
	struct file_seen *f;
	bool was_there, looked;
	int found = store_publication_get(t->w->store, id, &p, e);

	if (found != 1)
		return found;
	trace_show_others(t, p.mtime, INT64_MAX);
	if (!covers(t, &p))
		return 0;
	f = file_of(t, p.file);
	was_there = f->known && f->seen != SEEN_ABSENT;
	looked = !f->known || f->changes != t->changes;
	if (looked)
		look_at_version(t, f, &p);
	if (f->seen != SEEN_ABSENT || was_there)
		note_version(t, &p, f, looked);
	return 0;
}

/* --- pulls --------------------------------------------------------------- */

static const struct version_seen *
version_of(const struct trace *t, int64_t publication)
{
	size_t low = 0, high = t->versions;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->version[middle].publication < publication)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->versions && t->version[low].publication == publication
		   ? &t->version[low]
		   : NULL;
}

/* The first completed pull of a version freezes what it carried. */
void
trace_replay_pull(struct trace *t, int64_t publication)
{
	const struct version_seen *v = version_of(t, publication);
	int64_t *created = &t->order.conv.number[FIELD_CREATE_DATE_TIME];

	if (v == NULL || v->created == CONV_NONE || !t->live || t->order.frozen)
		return;
	t->order.frozen = true;
	if (*created != v->created) {
		*created = v->created;
		t->changes++;
	}
}

bool
trace_note_pull(void *ctx, const struct pull *p)
{
	const struct trace *t = ctx;
	const struct version_seen *v =
	    p->complete ? version_of(t, p->publication) : NULL;

	if (v != NULL)
		json_array_insert_new(v->pulls, 0,
		    json_pack("{s:I, s:o, s:s, s:s, s:o, s:o}", "pull",
			(json_int_t)p->number, "user", json_foreign(p->user),
			"protocol", p->protocol, "address", p->address, "file",
			json_foreign(p->file), "time", trace_when(p->ended)));
	return true;
}
