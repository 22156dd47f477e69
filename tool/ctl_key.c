/*
 * convdrop key: the SSH host keys, and those that are to come.  New ones are
 * made at once, so that their fingerprints can be told to whoever pins them,
 * and take over at a time that is set, or now.
 */
#include "tool/ctl_keys.h"
#include "server/lang.h"

#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/rotate.h"
#include "store/audit.h"

#define CHANGED_WITHIN_MS 40000
#define LOOK_MS 50

enum wish {
	WISH_NONE, /* only make them */
	WISH_AT,
	WISH_NOW,
	WISH_CANCEL
};

struct request {
	enum wish wish;
	int64_t at;
};

struct prints {
	char now[HOSTKEY_TYPES][FINGERPRINT_SIZE];
	char next[HOSTKEY_TYPES][FINGERPRINT_SIZE];
};

/* --- time ----------------------------------------------------------------- */

/* "2026-12-01 03:00" on this machine's wall, "2026-12-01T00:00:00Z" anywhere;
 * -1 when it is neither. */
static int64_t
parse_time(const char *text)
{
	static const struct {
		const char *form;
		bool utc;
	} forms[] = { { "%Y-%m-%d %H:%M:%S", false },
		{ "%Y-%m-%d %H:%M", false }, { "%Y-%m-%dT%H:%M:%SZ", true },
		{ "%Y-%m-%dT%H:%MZ", true } };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i].form, &tm);

		if (end != NULL && *end == '\0')
			return forms[i].utc ? (int64_t)timegm(&tm)
					    : (int64_t)mktime(&tm);
	}
	return -1;
}

static const char *
time_text(char out[32], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

/* --- what is told --------------------------------------------------------- */

static int
read_prints(struct prints *p, const struct conf *c)
{
	struct err e = ERR_EMPTY;

	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		enum hostkey_type type = (enum hostkey_type)t;

		/* cppcheck-suppress uninitvar ; what is written there */
		if (rotate_fingerprint(p->now[t], c, type, false, &e) == -1 ||
		    rotate_fingerprint(p->next[t], c, type, true, &e) == -1)
			return ctl_fail("%s", e.text);
	}
	return CTL_FINE;
}

static json_t *
print_json(const char *print)
{
	return print[0] == '\0' ? json_null() : json_string(print);
}

static json_t *
keys_json(const struct prints *p)
{
	json_t *keys = json_array();

	for (int t = 0; t < HOSTKEY_TYPES; t++)
		json_array_append_new(
		    keys, json_pack("{s:s, s:o, s:o}", "key",
			      hostkey_file((enum hostkey_type)t), "sha256",
			      print_json(p->now[t]), "next_sha256",
			      print_json(p->next[t])));
	return keys;
}

static void
print_keys(const struct prints *p)
{
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		printf("%s\n", hostkey_file((enum hostkey_type)t));
		printf(_("  now   %s\n"), p->now[t]);
		if (p->next[t][0] != '\0')
			printf(_("  next  %s\n"), p->next[t]);
	}
}

/* state: "none", "made", "scheduled", "changed" or "cancelled". */
static int
report(const struct ctl *c, const struct prints *p, const char *state,
    int64_t at, const char *sentence)
{
	char when[32];

	if (c->json)
		return ctl_print_json(json_pack("{s:s, s:o, s:o}", "state",
		    state, "at",
		    at == 0 ? json_null() : json_string(time_text(when, at)),
		    "keys", keys_json(p)));
	print_keys(p);
	printf("%s\n", sentence);
	return CTL_FINE;
}

static int
note(const struct conf *c, const char *action, int64_t at,
    const struct prints *p)
{
	struct audit *a = NULL;
	struct err e = ERR_EMPTY;
	char who[64], when[32];
	json_t *o;
	int rc;

	ctl_actor(who);
	o = json_pack("{s:s, s:o, s:s}", "action", action, "keys", keys_json(p),
	    "actor", who);
	if (at != 0)
		json_object_set_new(o, "at", json_string(time_text(when, at)));
	rc = audit_open(&a, c, &e);
	if (rc == 0)
		rc = audit_add(a, (int64_t)time(NULL), "key", o, &e);
	else
		json_decref(o);
	audit_close(a);
	if (rc == -1)
		return ctl_fail(
		    "the change is made, but not in the audit: %s", e.text);
	return CTL_FINE;
}

/* --- what is done --------------------------------------------------------- */

/* The daemon looks at keys/next/ when it is told to; with --now it changes
 * over, and the folder is gone when the new keys are in force. */
static int
tell_daemon(const struct conf *c, bool wait)
{
	int64_t until = clock_ms() + CHANGED_WITHIN_MS;
	pid_t pid = ctl_daemon_pid(c);
	struct rotation r = { true, 0 };
	struct err e = ERR_EMPTY;

	if (pid == 0)
		return CTL_FINE;
	if (kill(pid, SIGUSR1) == -1)
		return ctl_fail("the keys are made, but the daemon (process "
				"%ld) cannot be told; run this as root or as "
				"its account",
		    (long)pid);
	while (wait && r.there && ctl_daemon_pid(c) == pid) {
		if (clock_ms() >= until)
			return ctl_fail("the daemon has not changed over "
					"within %d s; its log says why",
			    CHANGED_WITHIN_MS / 1000);
		poll(NULL, 0, LOOK_MS);
		if (rotate_look(&r, c, &e) == -1)
			return ctl_fail("%s", e.text);
	}
	return CTL_FINE;
}

static int
change_now(const struct ctl *c, const struct conf *conf, struct prints *p)
{
	struct err e = ERR_EMPTY;
	bool runs = ctl_daemon_pid(conf) != 0;

	if (runs && rotate_set(conf, (int64_t)time(NULL), &e) == -1)
		return ctl_fail("%s", e.text);
	if (!runs &&
	    (rotate_apply(conf, &e) == -1 || rotate_finish(conf, &e) == -1))
		return ctl_fail("%s", e.text);
	if (note(conf, "rotate", (int64_t)time(NULL), p) != CTL_FINE ||
	    tell_daemon(conf, true) != CTL_FINE)
		return CTL_FAILED;
	return report(c, p, "changed", 0,
	    _("The next keys are in force now. Sessions that were open go "
	      "on."));
}

static int
change_at(
    const struct ctl *c, const struct conf *conf, struct prints *p, int64_t at)
{
	char sentence[256], when[32];
	struct err e = ERR_EMPTY;

	if (rotate_set(conf, at, &e) == -1)
		return ctl_fail("%s", e.text);
	if (note(conf, "rotate", at, p) != CTL_FINE ||
	    tell_daemon(conf, false) != CTL_FINE)
		return CTL_FAILED;
	snprintf(sentence, sizeof sentence,
	    _("The next keys take over at %s. \"convdrop key rotate --cancel\" "
	      "forgets them."),
	    time_text(when, at));
	return report(c, p, "scheduled", at, sentence);
}

static int
cancel(const struct ctl *c, const struct conf *conf)
{
	struct err e = ERR_EMPTY;
	struct prints p;

	if (rotate_cancel(conf, &e) == -1)
		return ctl_fail("%s", e.text);
	if (read_prints(&p, conf) != CTL_FINE ||
	    note(conf, "cancel", 0, &p) != CTL_FINE ||
	    tell_daemon(conf, false) != CTL_FINE)
		return CTL_FAILED;
	return report(c, &p, "cancelled", 0,
	    _("The next keys are forgotten; those of now stay."));
}

static int
rotate(const struct ctl *c, const struct conf *conf, const struct request *q)
{
	struct rotation r;
	struct prints p;
	struct err e = ERR_EMPTY;

	if (rotate_look(&r, conf, &e) == -1 && q->wish != WISH_CANCEL)
		return ctl_fail("%s", e.text);
	if (q->wish == WISH_CANCEL)
		return r.there ? cancel(c, conf)
			       : ctl_fail("no host keys are to come");
	if (rotate_make(conf, &e) == -1)
		return ctl_fail("%s", e.text);
	if (read_prints(&p, conf) != CTL_FINE)
		return CTL_FAILED;
	if (p.next[HOSTKEY_ED25519][0] == '\0')
		return ctl_fail("the daemon is changing over at this moment; "
				"try again");
	if (q->wish == WISH_NOW)
		return change_now(c, conf, &p);
	if (q->wish == WISH_AT)
		return change_at(c, conf, &p, q->at);
	if (r.at != 0) /* made and scheduled before: nothing changes */
		return change_at(c, conf, &p, r.at);
	if (!r.there && note(conf, "made", 0, &p) != CTL_FINE)
		return CTL_FAILED;
	return report(c, &p, "made", 0,
	    _("The next keys are made and not in force. Tell their "
	      "fingerprints to whoever\nchecks them, then give --at TIME or "
	      "--now."));
}

static int
list(const struct ctl *c, const struct conf *conf)
{
	char sentence[256] = "", when[32];
	struct rotation r;
	struct prints p;
	struct err e = ERR_EMPTY;

	if (rotate_look(&r, conf, &e) == -1)
		return ctl_fail("%s", e.text);
	if (read_prints(&p, conf) != CTL_FINE)
		return CTL_FAILED;
	if (r.at != 0)
		snprintf(sentence, sizeof sentence,
		    _("The next keys take over at %s."), time_text(when, r.at));
	else
		snprintf(sentence, sizeof sentence, "%s",
		    r.there ? _("No time is set for the next keys.")
			    : _("No host keys are to come."));
	return report(c, &p,
	    r.at != 0 ? "scheduled"
	    : r.there ? "made"
		      : "none",
	    r.at, sentence);
}

/* --- the command ---------------------------------------------------------- */

static int
parse(struct request *q, int argc, char **argv)
{
	static const struct option options[] = {
		{ "at", required_argument, NULL, WISH_AT },
		{ "now", no_argument, NULL, WISH_NOW },
		{ "cancel", no_argument, NULL, WISH_CANCEL },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?' || q->wish != WISH_NONE)
			return ctl_usage(&ctl_key);
		q->wish = (enum wish)option;
		if (q->wish != WISH_AT)
			continue;
		q->at = parse_time(optarg);
		if (q->at <= (int64_t)time(NULL))
			return ctl_fail(
			    "--at needs a time to come such as \"2026-12-01 "
			    "03:00\" (here) or 2026-12-01T00:00:00Z (UTC)");
	}
	return optind == argc ? CTL_FINE : ctl_usage(&ctl_key);
}

static int
run(struct ctl *c, int argc, char **argv)
{
	struct request q = { WISH_NONE, 0 };
	bool lists = argc == 2 && strcmp(argv[1], "list") == 0;
	struct conf *conf;
	int lock, rc;

	if (argc < 2 || (!lists && strcmp(argv[1], "rotate") != 0))
		return ctl_usage(&ctl_key);
	if (!lists && parse(&q, argc - 1, argv + 1) != CTL_FINE)
		return CTL_FAILED;
	conf = ctl_conf(c);
	if (conf == NULL)
		return CTL_FAILED;
	lock = ctl_lock_keys(conf);
	rc = lock == -1 ? CTL_FAILED
	     : lists    ? list(c, conf)
			: rotate(c, conf, &q);
	if (lock != -1)
		close(lock);
	conf_free(conf);
	return rc;
}

const struct ctl_command ctl_key = {
	.name = "key",
	.synopsis = "key rotate [--at TIME | --now | --cancel] | list",
	.help = N_(
	    "rotate        makes new SSH host keys, unless it did, and prints "
	    "the fingerprints\n"
	    "              of those in force and of the next ones.\n"
	    "  --at TIME     the next ones take over then: \"2026-12-01 "
	    "03:00\" on this\n"
	    "                machine's clock, or 2026-12-01T00:00:00Z\n"
	    "  --now         they take over now\n"
	    "  --cancel      forgets them\n"
	    "list          shows the fingerprints, and when the next ones take "
	    "over.\n"
	    "\n"
	    "Sessions that are open when keys change go on. A client that "
	    "knows the old key\nrefuses the new one until somebody tells it: "
	    "so tell the fingerprints first."),
	.run = run,
};
