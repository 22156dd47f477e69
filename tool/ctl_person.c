/*
 * convdrop person: where somebody stands, and erasing him from there.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "feed/control.h"
#include "tool/ctl.h"
#include "feed/erase.h"
#include "server/lang.h"
#include "feed/person.h"
#include "store/temp.h"

#define ORDERS 64 /* of --order */
#define LINE 1024
#define CROWD 10 /* more records and more other identifiers are no person's */

struct arguments {
	const char *verb, *reason;
	const char *feed[ORDERS], *id[ORDERS]; /* of --order */
	size_t orders;
	bool also, many;
	char **given; /* identifiers, or "-" */
	int givens;
};

struct asked {
	const struct ctl *ctl;
	const struct conf *conf;
	const struct arguments *a;
	struct store *store;
	struct tombstones *stones;
	struct person person, others;
	struct erasing x;
};

/* --- whom ----------------------------------------------------------------- */

static int
take_line(struct asked *q, const char *text)
{
	struct err e = ERR_EMPTY;

	return person_add(&q->person, q->conf, q->store, text, &e) == -1
		   ? ctl_fail("%s", e.text)
		   : 0;
}

static int
take_stdin(struct asked *q)
{
	char line[LINE];
	int rc = 0;

	while (rc == 0 && fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[strspn(line, " \t")] != '\0')
			rc = take_line(q, line);
	}
	explicit_bzero(line, sizeof line);
	return rc;
}

static int
take_person(struct asked *q)
{
	const struct arguments *a = q->a;
	struct err e = ERR_EMPTY;
	int rc = 0;

	for (int i = 0; rc == 0 && i < a->givens; i++)
		rc = strcmp(a->given[i], "-") == 0 ? take_stdin(q)
						   : take_line(q, a->given[i]);
	for (size_t i = 0; rc == 0 && i < a->orders; i++)
		if (person_add_order(
			&q->person, q->conf, a->feed[i], a->id[i], &e) == -1)
			rc = ctl_fail("%s", e.text);
	if (rc == 0 && q->person.keys == 0)
		rc = ctl_fail("%s", _("No identifier was given."));
	return rc;
}

/* --- looking -------------------------------------------------------------- */

static void
note_record(void *ctx, const char *feed, enum record_kind kind,
    const struct conv *was, const struct conv *is)
{
	struct asked *q = ctx;

	(void)feed;
	(void)kind;
	(void)is;
	person_add_others(&q->others, q->stones, was);
}

static int
open_look(struct asked *q)
{
	uint8_t key[TOMBSTONE_KEY];
	struct err e = ERR_EMPTY;

	if (tombstone_key_new(key, &e) == -1)
		return ctl_fail("%s", e.text);
	q->stones = tombstones_new(key);
	person_stones(&q->person, q->stones);
	q->x = (struct erasing){ .conf = q->conf,
		.store = q->store,
		.stones = q->stones,
		.dir = temp_folder(),
		.record = note_record,
		.record_ctx = q };
	q->x.act = erase_act_new();
	if (erase_clients(&q->x, q->stones, &e) == -1)
		return ctl_fail("%s", e.text);
	return 0;
}

/* --- what is told --------------------------------------------------------- */

static json_t *
keys_json(const struct person *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->keys; i++)
		json_array_append_new(list,
		    json_pack("{s:s, s:o}", "kind", p->key[i].what, "masked",
			json_stringn(p->key[i].shown.p, p->key[i].shown.n)));
	return list;
}

static void
print_keys(const struct person *p)
{
	for (size_t i = 0; i < p->keys; i++)
		printf("  %-10s %.*s\n", p->key[i].what, (int)p->key[i].shown.n,
		    p->key[i].shown.p);
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

static json_int_t
number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void
when(char out[32], json_int_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
}

static void
print_orders(const json_t *list)
{
	const char *key, *id;
	json_t *o;

	if (json_object_size(list) == 0)
		return;
	printf(_("Records in the store: %zu\n"), json_object_size(list));
	json_object_foreach((json_t *)(uintptr_t)list, key, o)
	{
		id = text_of(o, "id");
		printf("  %s %s %s %s%s\n", text_of(o, "feed"),
		    text_of(o, "kind"), id[0] == '\0' ? "***" : id,
		    text_of(o, "status"),
		    json_is_true(json_object_get(o, "gone"))
			? ""
			: _(" (it has other identifiers, too)"));
	}
}

static void
print_files(const json_t *list)
{
	const char *path;
	json_t *o;

	if (json_object_size(list) == 0)
		return;
	printf(_("Files: %zu\n"), json_object_size(list));
	json_object_foreach((json_t *)(uintptr_t)list, path, o) printf(
	    "  %s: %s, %" JSON_INTEGER_FORMAT "\n", path, _(text_of(o, "what")),
	    number_of(o, "rows") + number_of(o, "changed"));
}

static void
print_received(const json_t *list)
{
	const char *key, *sent, *id;
	char first[32];
	json_t *o, *t;

	if (json_object_size(list) == 0) {
		puts(_("As far as is known nobody has downloaded any of it."));
		return;
	}
	printf(_("Downloaded already, and no longer ours to erase: %zu\n"),
	    json_object_size(list));
	json_object_foreach((json_t *)(uintptr_t)list, key, o)
	{
		when(first, number_of(o, "first_pull"));
		id = text_of(o, "id");
		printf(_("  %s/%s %s: versions with it: %lld, downloads: %lld, "
			 "the first on %s UTC:"),
		    text_of(o, "feed"), text_of(o, "file"),
		    id[0] == '\0' ? "***" : id,
		    (long long)number_of(o, "versions"),
		    (long long)number_of(o, "pulls"), first);
		json_object_foreach(json_object_get(o, "sent"), sent, t)
		    printf(" [%s]", sent);
		putchar('\n');
	}
	puts(_("Direct and Metrica keep what they received: ask Yandex's "
	       "support to delete it, by these\norder ids and the counter, "
	       "and in Metrica delete the uploaded data of these clients."));
}

static void
print_unread(const json_t *list)
{
	const char *path;
	json_t *why;

	if (json_object_size(list) == 0)
		return;
	printf(_("Not looked into: %zu\n"), json_object_size(list));
	json_object_foreach((json_t *)(uintptr_t)list, path, why)
	    printf("  %s: %s\n", path, _(json_string_value(why)));
}

static void
print_names(const json_t *list)
{
	const char *path;
	json_t *o;

	if (json_object_size(list) == 0)
		return;
	printf(
	    _("Names that tell of the person: %zu\n"), json_object_size(list));
	json_object_foreach((json_t *)(uintptr_t)list, path, o)
	    printf("  %s\n", path);
	puts(_("They stay, for the audit has the name of every dump and its "
	       "chain is not rewritten.\nName dumps by their day, not by a "
	       "person."));
}

static void
print_replay(const json_t *list)
{
	const char *feed;
	json_t *why;

	json_object_foreach((json_t *)(uintptr_t)list, feed, why)
	    printf(_("  %s: what is left of its dumps cannot be replayed, so "
		     "that its records stay as they were but for the person: "
		     "%s\n"),
		feed, json_string_value(why));
}

static void
print_more(const json_t *act, const char *key)
{
	json_int_t n = number_of(act, key);

	if (n > 0)
		printf(_("  and %lld more\n"), (long long)n);
}

static void
print_act(const json_t *act)
{
	print_orders(json_object_get(act, "orders"));
	print_more(act, "orders_more");
	print_files(json_object_get(act, "files"));
	print_received(json_object_get(act, "received"));
	print_more(act, "received_more");
	print_unread(json_object_get(act, "unread"));
	print_names(json_object_get(act, "names"));
}

/* By key becomes a list. */
static json_t *
list_of(const json_t *act, const char *name, const char *key_name)
{
	json_t *list = json_array(), *o, *all = json_object_get(act, name);
	const char *key;

	json_object_foreach(all, key, o)
	{
		json_t *one = json_is_object(o) ? json_copy(o) : json_object();

		if (!json_is_object(o))
			json_object_set(one, "why", o);
		if (key_name != NULL)
			json_object_set_new(one, key_name, json_string(key));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *
act_json(const json_t *act)
{
	return json_pack("{s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "orders",
	    list_of(act, "orders", NULL), "orders_more",
	    number_of(act, "orders_more"), "received_more",
	    number_of(act, "received_more"), "files",
	    list_of(act, "files", "path"), "received",
	    list_of(act, "received", NULL), "unread",
	    list_of(act, "unread", "path"), "replay",
	    list_of(act, "replay", "feed"), "names",
	    list_of(act, "names", "path"));
}

static void
dump_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

/* --- find ----------------------------------------------------------------- */

static int
find(struct asked *q)
{
	struct err e = ERR_EMPTY;
	bool found;
	json_t *o;

	if (open_look(q) != 0)
		return CTL_FAILED;
	if (erase_files(&q->x, &e) == -1 || erase_orders(&q->x, &e) == -1)
		return ctl_fail("%s", e.text);
	found = json_object_size(json_object_get(q->x.act, "orders")) +
		    json_object_size(json_object_get(q->x.act, "files")) +
		    json_object_size(json_object_get(q->x.act, "names")) >
		0;
	if (q->ctl->json) {
		o = act_json(q->x.act);
		json_object_set_new(o, "found", json_boolean(found));
		json_object_set_new(o, "identifiers", keys_json(&q->person));
		json_object_set_new(o, "others", keys_json(&q->others));
		dump_json(o);
		return found ? CTL_FINDINGS : CTL_FINE;
	}
	puts(_("Looked for:"));
	print_keys(&q->person);
	if (found)
		print_act(q->x.act);
	else
		puts(_("Nothing was found."));
	if (!found)
		print_unread(json_object_get(q->x.act, "unread"));
	if (q->others.keys > 0) {
		puts(_("The same records have these identifiers, too (erase "
		       "takes them as well with --also; look first whether "
		       "it\nis one person: an office's phone is many):"));
		print_keys(&q->others);
	}
	return found ? CTL_FINDINGS : CTL_FINE;
}

/* --- erase ---------------------------------------------------------------- */

static int
look_for_others(struct asked *q)
{
	struct err e = ERR_EMPTY;

	if (open_look(q) != 0)
		return CTL_FAILED;
	if (erase_orders(&q->x, &e) == -1)
		return ctl_fail("%s", e.text);
	return 0;
}

/* Of the identifiers given and of the others. */
static int
make_command(struct asked *q, struct command *c)
{
	size_t n;

	if (person_command(&q->person, c->argument, sizeof c->argument) == 0) {
		n = strlen(c->argument);
		if (person_command(&q->others, c->argument + n,
			sizeof c->argument - n) == 0)
			return 0;
	}
	return ctl_fail("%s",
	    _("These are too many identifiers at once; erase them in several "
	      "calls."));
}

/* Is there an archived file that could not be looked into? */
static bool
is_incomplete(const json_t *act)
{
	json_t *why, *list = json_object_get(act, "unread");
	const char *path;

	json_object_foreach(list, path, why)
	{
		if (strncmp(path, "archive/", 8) == 0)
			return true;
	}
	return false;
}

static int
show_act(struct asked *q, int64_t id)
{
	bool incomplete;
	struct erasure job;
	struct err e = ERR_EMPTY;
	char *text = NULL, at[32];
	json_t *act, *o;
	int found = store_erasure_get(q->store, id, &job, &text, &e);

	if (found != 1)
		return found == -1
			   ? ctl_fail("%s", e.text)
			   : ctl_fail(
				 _("There is no erasure %" PRId64 "."), id);
	act = json_loads(text, 0, NULL);
	free(text);
	if (act == NULL)
		act = erase_act_new();
	if (q->ctl->json) {
		o = act_json(act);
		json_object_set_new(
		    o, "erasure", json_integer((json_int_t)job.id));
		json_object_set_new(
		    o, "time", json_integer((json_int_t)job.at));
		json_object_set_new(
		    o, "done", json_integer((json_int_t)job.done));
		json_object_set_new(o, "actor", json_string(job.actor));
		json_object_set_new(o, "reason", json_string(job.reason));
		json_object_set_new(o, "identifiers", keys_json(&q->person));
		json_object_set_new(o, "others", keys_json(&q->others));
		dump_json(o);
	} else {
		when(at, (json_int_t)job.at);
		printf(_("Erasure %" PRId64 ", %s UTC, by %s: %s\n"), job.id,
		    at, job.actor, job.reason);
		print_keys(&q->person);
		print_keys(&q->others);
		if (job.done == 0)
			puts(_("It is not done yet: it goes on by itself, "
			       "within an hour and when the daemon starts."));
		print_replay(json_object_get(act, "replay"));
		print_act(act);
		puts(_("What stays is a keyed hash of each identifier, which "
		       "keeps the person out of later dumps.\nCopies "
		       "elsewhere, such as backups, are not known here."));
	}
	incomplete = job.done == 0 || is_incomplete(act);
	json_decref(act);
	return incomplete ? CTL_FINDINGS : CTL_FINE;
}

/* An office's phone is not a person: many records with many other identifiers
 * are erased only when it is said so. */
static int
check_crowd(struct asked *q)
{
	size_t records = json_object_size(json_object_get(q->x.act, "orders"));

	if (q->a->many || records <= CROWD || q->others.keys <= CROWD)
		return 0;
	return ctl_fail(
	    _("%zu records have these identifiers, with %zu different others: "
	      "they look like more than one person's. Look with \"person "
	      "find\"; --many erases them all the same."),
	    records, q->others.keys);
}

static int
erase(struct asked *q)
{
	struct command c;
	struct answer a;
	struct err e = ERR_EMPTY;

	if (look_for_others(q) != 0 || check_crowd(q) != 0)
		return CTL_FAILED;
	if (!q->a->also)
		q->others.keys = 0;
	WIRE_INIT(&c, WIRE_COMMAND);
	if (strlen(q->a->reason) >= sizeof c.reason)
		return ctl_fail(
		    "the reason is longer than %zu bytes", sizeof c.reason - 1);
	c.op = COMMAND_ERASE;
	snprintf(c.reason, sizeof c.reason, "%s", q->a->reason);
	ctl_actor(c.actor);
	if (make_command(q, &c) != 0)
		return CTL_FAILED;
	if (control_ask(q->conf, &c, &a, &e) == -1)
		return ctl_fail("%s", e.text);
	if (a.status == CTL_FAILED)
		return ctl_fail("%s", a.text);
	return show_act(q, strtoll(a.text, NULL, 10));
}

/* --- the command ---------------------------------------------------------- */

static int
take_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option option[] = {
		{ "reason", required_argument, NULL, 'r' },
		{ "order", required_argument, NULL, 'o' },
		{ "also", no_argument, NULL, 'a' },
		{ "many", no_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	bool erases, shows;
	int c;

	if (argc < 2)
		return -1;
	a->verb = argv[1];
	erases = strcmp(a->verb, "erase") == 0;
	shows = strcmp(a->verb, "act") == 0;
	argc--;
	argv++;
	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (c == 'r' && erases)
			a->reason = optarg;
		else if (c == 'a' && erases)
			a->also = true;
		else if (c == 'm' && erases)
			a->many = true;
		else if (c == 'o' && !shows && optind < argc &&
			 a->orders < ORDERS) {
			a->feed[a->orders] = optarg;
			a->id[a->orders++] = argv[optind++];
		} else
			return -1;
	}
	a->given = argv + optind;
	a->givens = argc - optind;
	if (erases && (a->reason == NULL || a->reason[0] == '\0'))
		return -1;
	if (shows)
		return a->givens <= 1 ? 0 : -1;
	if (!erases && strcmp(a->verb, "find") != 0)
		return -1;
	return a->givens + (int)a->orders > 0 ? 0 : -1;
}

static int
note_last(void *ctx, const struct erasure *r, struct err *e)
{
	(void)e;
	*(int64_t *)ctx = r->id;
	return 0;
}

static int
show_old(struct asked *q)
{
	struct err e = ERR_EMPTY;
	int64_t id = 0;

	if (q->a->givens > 0)
		return show_act(q, strtoll(q->a->given[0], NULL, 10));
	if (store_erasures(q->store, true, note_last, &id, &e) == -1)
		return ctl_fail("%s", e.text);
	return id == 0 ? ctl_fail("%s", _("Nobody was erased yet."))
		       : show_act(q, id);
}

static int
answer(struct asked *q)
{
	if (strcmp(q->a->verb, "act") == 0)
		return show_old(q);
	if (take_person(q) != 0)
		return CTL_FAILED;
	return strcmp(q->a->verb, "find") == 0 ? find(q) : erase(q);
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	struct arguments a = { .verb = NULL };
	struct asked q = { .ctl = ctl, .a = &a };
	struct err e = ERR_EMPTY;
	char path[PATH_MAX];
	struct conf *c;
	int rc;

	if (take_arguments(&a, argc, argv) == -1)
		return ctl_usage(&ctl_person);
	c = ctl_conf(ctl);
	if (c == NULL)
		return CTL_FAILED;
	q.conf = c;
	conf_path(path, c, "state", "store.db", NULL);
	rc = store_open(&q.store, path, true, &e) == -1 ? ctl_fail("%s", e.text)
							: answer(&q);
	json_decref(q.x.act);
	person_free(&q.person);
	person_free(&q.others);
	tombstones_free(q.stones);
	store_close(q.store);
	conf_free(c);
	return rc;
}

const struct ctl_command ctl_person = {
	.name = "person",
	.synopsis = "person find WHO... | erase WHO... --reason TEXT [--also] "
		    "[--many] | act [NUMBER]",
	.help = N_(
	    "\"person find\" tells everything that has a person in it: orders, "
	    "archived dumps and\nversions, what is published, reports. "
	    "\"person erase\" takes him out of all of it, keeps\nhim out of "
	    "later dumps, and prints an act that says what was downloaded "
	    "already.\n\n"
	    "  WHO              A phone, an e-mail, a ClientID, an MD5, an "
	    "order's id; \"-\" reads them\n                   from standard "
	    "input, one a line.\n"
	    "  --order FEED ID  An order, call or chat of that feed.\n"
	    "  --also           Erase the other identifiers of the same "
	    "records, "
	    "too.\n"
	    "  --many           Erase them though they look like more than "
	    "one person's.\n"
	    "  --reason TEXT    Why; it is kept in the audit: name nobody in "
	    "it.\n\n"
	    "\"person act\" prints the act of an erasure again; without a "
	    "NUMBER the last one.\n\n"
	    "Exit status: find: 0 nothing was found, 1 something was; erase: "
	    "0 done, 1 it is not done\nyet; 2 it could not be done."),
	.run = run,
};
