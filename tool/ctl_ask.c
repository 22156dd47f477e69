#include "tool/ctl_ask.h"

#include <string.h>

#include "feed/control.h"

static int
print_answer(const struct ctl *ctl, const char *feed, const struct answer *a,
    json_t *about)
{
	json_t *o;

	if (ctl->json) {
		o = json_pack("{s:s}", "feed", feed);
		if (about != NULL)
			json_object_update(o, about);
		json_object_set_new(o, "status", json_integer(a->status));
		json_object_set_new(o, "text", json_string(a->text));
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
	} else if (a->status == CTL_FAILED) {
		return ctl_fail("%s", a->text);
	} else {
		puts(a->text);
	}
	return a->status;
}

int
ctl_ask(const struct ctl *ctl, const struct conf *c, const char *feed,
    const char *reason, struct command *q, json_t *about)
{
	struct answer answer;
	struct err e = ERR_EMPTY;
	int rc;

	if (conf_feed(c, feed) == NULL) {
		rc = ctl_fail(
		    "there is no feed '%s' in the configuration", feed);
	} else if (reason != NULL && strlen(reason) >= sizeof q->reason) {
		rc = ctl_fail("the reason is longer than %zu bytes",
		    sizeof q->reason - 1);
	} else {
		snprintf(q->feed, sizeof q->feed, "%s", feed);
		snprintf(q->reason, sizeof q->reason, "%s",
		    reason == NULL ? "" : reason);
		ctl_actor(q->actor);
		rc = control_ask(c, q, &answer, &e) == -1
			 ? ctl_fail("%s", e.text)
			 : print_answer(ctl, feed, &answer, about);
	}
	json_decref(about);
	return rc;
}
