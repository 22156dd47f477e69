/*
 * One order: its status is decided for good, or until it is released; a field
 * of it is forgotten.  c->argument is one line a word: what to do (cancel,
 * release, forget), the order's id, and the status or the field.
 */
#include "feed/deed.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/json_foreign.h"
#include "server/lang.h"

enum verb {
	VERB_CANCEL,
	VERB_RELEASE,
	VERB_FORGET,
	VERBS
};

struct deciding {
	struct ingest *in;
	const struct feed *feed;
	const struct command *c;
	struct answer *a;
	enum verb verb;
	char *text; /* of the argument, cut into words */
	const char *order, *value;
	enum record_kind kind;
	struct slice id; /* under which the record is kept */
	struct arena arena;
	struct order was;
};

static const char *const verbs[VERBS] = { "cancel", "release", "forget" };
static const char *const words[VERBS] = { "cancelled", "released",
	"forgotten" };

/* False: the argument is none. */
static bool
read_argument(struct deciding *x)
{
	char *p = x->text;
	const char *line[3] = { "", "", "" };

	for (size_t i = 0; i < 3 && p != NULL; i++) {
		line[i] = strsep(&p, "\n");
	}
	x->order = line[1];
	x->value = line[2];
	for (x->verb = 0; x->verb < VERBS; x->verb++)
		if (strcmp(line[0], verbs[x->verb]) == 0)
			return x->order[0] != '\0';
	return false;
}

/* An order, or a call where calls are published among orders: 1, 0, -1. */
static int
find(struct deciding *x, struct err *e)
{
	const char *calls = x->feed->calls_as_orders;
	struct slice id = slice_of(x->order),
		     prefix = slice_of(CALL_ORDER_PREFIX);
	int found = store_order(x->in->store, &x->arena, x->feed->name,
	    RECORD_ORDER, id, &x->was, e);

	x->kind = RECORD_ORDER;
	x->id = id;
	if (found != 0 || calls == NULL || calls[0] == '\0' ||
	    id.n <= prefix.n || memcmp(id.p, prefix.p, prefix.n) != 0)
		return found;
	x->kind = RECORD_CALL;
	x->id = (struct slice){ id.p + prefix.n, id.n - prefix.n };
	return store_order(x->in->store, &x->arena, x->feed->name, RECORD_CALL,
	    x->id, &x->was, e);
}

/* --- may it be done? ------------------------------------------------------ */

static bool __attribute__((format(printf, 3, 4)))
answer(struct deciding *x, int status, const char *format, ...)
{
	va_list ap;

	x->a->status = status;
	va_start(ap, format);
	vsnprintf(x->a->text, sizeof x->a->text, format, ap);
	va_end(ap);
	return false;
}

static bool
may_decide(struct deciding *x, struct err *e)
{
	char status[256];
	struct act act;
	int ruled = store_order_ruling(
	    x->in->store, x->feed->name, x->kind, x->id, &act, status, e);

	if (ruled == -1)
		return answer(x, 2, "%s", e->text);
	if (x->verb == VERB_RELEASE && ruled == 0)
		return answer(x, 2,
		    _("Nobody decided on the status of order %s; there is "
		      "nothing to release."),
		    x->order);
	if (x->verb == VERB_CANCEL && ruled == 1 &&
	    strcmp(status, x->value) == 0)
		return answer(x, 0,
		    _("Order %s is %s already, whatever later dumps say."),
		    x->order, status);
	return true;
}

/* What may be forgotten: not what makes an order one, nor what has a command
 * of its own. */
static bool
is_forgettable(enum field f)
{
	return f != FIELD_COUNT && f != FIELD_ID &&
	       f != FIELD_CREATE_DATE_TIME && f != FIELD_UPDATE_DATE_TIME &&
	       f != FIELD_ORDER_STATUS && f != FIELD_PIPELINE &&
	       f != FIELD_LOSS_REASON && f != FIELD_PAID &&
	       f != FIELD_CANCELLED;
}

static bool
is_known(const struct conv *c, enum field f)
{
	/* cppcheck-suppress arrayIndexOutOfBounds ; texts come behind */
	return f < FIELD_NUMBERS ? c->number[f] != CONV_NONE
				 : conv_text(c, f).n > 0;
}

/* Where only hashes are kept, phones are phones_md5. */
static enum field
field_meant(const struct deciding *x)
{
	enum field f = field_by_name(slice_of(x->value));

	if (f == FIELD_PHONES && !is_known(&x->was.conv, f))
		return FIELD_PHONES_MD5;
	if (f == FIELD_EMAILS && !is_known(&x->was.conv, f))
		return FIELD_EMAILS_MD5;
	return f;
}

static bool
may_forget(struct deciding *x)
{
	enum field f = field_meant(x);

	if (!is_forgettable(f))
		return answer(x, 2,
		    _("\"%s\" is no field that can be forgotten. Those are "
		      "named as in the published file: client_ids, emails, "
		      "phones, emails_md5, phones_md5, client_uniq_id, "
		      "revenue, cost and others."),
		    x->value);
	if (!is_known(&x->was.conv, f))
		return answer(x, 2, _("Order %s has no value of %s."), x->order,
		    x->value);
	x->value = field_info[f].name;
	return true;
}

static bool
may(struct deciding *x, struct err *e)
{
	int found = find(x, e);

	if (found == -1)
		return answer(x, 2, "%s", e->text);
	if (found == 0)
		return answer(x, 2, _("The feed %s knows no order %s."),
		    x->feed->name, x->order);
	if (x->verb == VERB_CANCEL && strcmp(x->value, "CANCELLED") != 0 &&
	    strcmp(x->value, "SPAM") != 0)
		return answer(x, 2,
		    _("An order is cancelled as CANCELLED or "
		      "as SPAM."));
	return x->verb == VERB_FORGET ? may_forget(x) : may_decide(x, e);
}

/* --- doing it ------------------------------------------------------------- */

static json_t *
event(const struct deciding *x, const struct act *act)
{
	json_t *o = json_pack("{s:s, s:o, s:o, s:o, s:I}", "feed",
	    x->feed->name, "order", json_foreign(x->order), "actor",
	    json_foreign(x->c->actor), "reason", json_foreign(x->c->reason),
	    "act", (json_int_t)act->id);

	if (x->verb == VERB_CANCEL)
		json_object_set_new(o, "as", json_string(x->value));
	else if (x->verb == VERB_FORGET)
		json_object_set_new(o, "field", json_string(x->value));
	return o;
}

static int
write_act(struct deciding *x, struct err *e)
{
	static const enum ruling_what what[VERBS] = { RULING_STATUS,
		RULING_RELEASE, RULING_FORGET };
	struct act act = { .at = (int64_t)time(NULL) };
	struct ruling r = { .kind = x->kind,
		.id = x->id,
		.what = what[x->verb],
		.value = slice_of(x->verb == VERB_RELEASE ? "" : x->value) };

	snprintf(act.feed, sizeof act.feed, "%s", x->feed->name);
	snprintf(act.op, sizeof act.op, "%s", verbs[x->verb]);
	snprintf(act.actor, sizeof act.actor, "%s", x->c->actor);
	snprintf(act.reason, sizeof act.reason, "%s", x->c->reason);
	if (store_act_add(x->in->store, &act, e) == -1)
		return -1;
	r.act = act.id;
	return store_ruling_add(x->in->store, &r, e) == -1 ||
		       store_act_apply(x->in->store, act.id, e) == -1 ||
		       audit_add(x->in->audit, act.at, words[x->verb],
			   event(x, &act), e) == -1
		   ? -1
		   : 0;
}

static void
say_done(struct deciding *x)
{
	struct conv c = x->was.conv;
	enum field f = field_by_name(slice_of(x->value));

	if (x->verb == VERB_CANCEL) {
		answer(x, 0,
		    _("Order %s is %s from now on, whatever later dumps say, "
		      "until it is released. Goals that Direct has counted "
		      "already may not be taken back."),
		    x->order, x->value);
		return;
	}
	if (x->verb == VERB_RELEASE) {
		answer(x, 0,
		    _("Order %s has the status that the dumps say again."),
		    x->order);
		return;
	}
	if (f >= FIELD_NUMBERS)
		conv_text(&c, f) = slice_of("");
	if (conv_has_any_identifier(&c) ||
	    conv_text(&c, FIELD_CLIENT_UNIQ_ID).n > 0)
		answer(x, 0,
		    _("The value of %s is forgotten in order %s; a later dump "
		      "may bring one again."),
		    x->value, x->order);
	else
		answer(x, 0,
		    _("The value of %s is forgotten in order %s; a later dump "
		      "may bring one again. The order has no identifier left "
		      "and is not published until then."),
		    x->value, x->order);
}

static bool
decide(struct deciding *x, struct err *e)
{
	int rc;

	if (!may(x, e))
		return false;
	if (store_begin(x->in->store, e) == -1)
		return answer(x, 2, "%s", e->text);
	x->in->in_transaction = true;
	rc = write_act(x, e) == 0 ? store_commit(x->in->store, e) : -1;
	if (rc == -1)
		store_rollback(x->in->store);
	x->in->in_transaction = false;
	if (rc == -1)
		return answer(x, 2, "%s", e->text);
	say_done(x);
	return true;
}

bool
deed_order(struct ingest *in, const struct feed *f, const struct command *c,
    struct answer *a)
{
	struct deciding x = {
		.in = in, .feed = f, .c = c, .a = a, .arena = ARENA_EMPTY
	};
	struct err e = ERR_EMPTY;
	bool done;

	x.text = mem_string(c->argument);
	done = read_argument(&x) ? decide(&x, &e)
				 : answer(&x, 2, _("No order is named."));
	arena_free(&x.arena);
	free(x.text);
	return done;
}
