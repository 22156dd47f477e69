/*
 * May a new version be published?  It must hold something, fit, not have lost
 * rows that nobody took away, and pass our own lint.
 */
#include "feed/publish_private.h"

#include <stdio.h>
#include <string.h>

#include "formats/errors.h"
#include "formats/message.h"
#include "server/lang.h"
#include "server/log.h"

#define DIRECT_BYTES 300000000

/* publish_bytes narrows Direct's limit. */
uint64_t
publish_limit(const struct publish_job *j)
{
	uint64_t most = j->writer->max_bytes, own = j->conf->publish_bytes;

	if (most == 0)
		return UINT64_MAX;
	return most == DIRECT_BYTES && own < most ? own : most;
}

/* Far fewer rows than the last version had, less what grew too old since and
 * what people took away, plus what is newer than it? */
static int
shrinks(struct publish_job *j, char *why, size_t size, struct err *e)
{
	uint64_t aged = 0, gone, expected;

	if (j->last.id == 0 || j->feed->shrink_percent == 0 ||
	    (j->how != NULL && j->how->force))
		return 0;
	if (j->from > j->last.from &&
	    store_count(j->store, j->feed->name,
		render_kinds(j->feed, j->writer), j->last.from, j->from - 1,
		&aged, e) == -1)
		return -1;
	if (store_gone_since(j->store, j->feed->name, j->last.id, &gone, e) ==
	    -1)
		return -1;
	expected = j->last.rows + j->render.newer;
	aged += gone;
	expected -= aged < expected ? aged : expected;
	if (expected <= j->feed->shrink_rows ||
	    j->render.rows * 100 >= expected * j->feed->shrink_percent)
		return 0;
	snprintf(why, size,
	    ngettext(
		"It would have %llu row where about %llu were expected. If "
		"that is right, run: convdrop publish %s --force --reason TEXT",
		"It would have %llu rows where about %llu were expected. If "
		"that is right, run: convdrop publish %s --force --reason TEXT",
		j->render.rows),
	    (unsigned long long)j->render.rows, (unsigned long long)expected,
	    j->feed->name);
	return 1;
}

static void
say_empty(const struct publish_job *j, char *why, size_t size)
{
	unsigned days = conf_window(j->conf, j->writer);

	if (j->render.unfit > 0)
		snprintf(why, size,
		    ngettext("Nothing can be published: %llu record lacks what "
			     "the file needs. %s",
			"Nothing can be published: %llu records lack what the "
			"file needs. %s",
			j->render.unfit),
		    (unsigned long long)j->render.unfit,
		    message(j->writer->needs));
	else if (j->render.waiting > 0)
		snprintf(why, size,
		    ngettext(
			"No order can be published: %llu names a client who is "
			"not known yet. Drop the dump of the clients.",
			"No order can be published: %llu name a client who is "
			"not known yet. Drop the dump of the clients.",
			j->render.waiting),
		    (unsigned long long)j->render.waiting);
	else if (days > 0)
		snprintf(why, size,
		    _("No order can be published: none is within the last %u "
		      "days and complete."),
		    days);
	else
		snprintf(why, size,
		    _("Nothing can be published: no record is complete."));
}

/* The code of the registry by which it is explained. */
static int
with_code(char *why, size_t size, const char *name)
{
	size_t n = strlen(why);

	snprintf(why + n, size - n, " (%s)", error_named('5', name)->code);
	return 1;
}

int
publish_refused(struct publish_job *j, char *why, size_t size, struct err *e)
{
	struct linting *l;
	int rc;

	if (j->render.rows == 0) {
		say_empty(j, why, size);
		return with_code(why, size, "no_rows");
	}
	if (j->render.bytes > publish_limit(j)) {
		snprintf(why, size,
		    _("It would have %llu bytes, and the destination takes "
		      "%llu."),
		    (unsigned long long)j->render.bytes,
		    (unsigned long long)publish_limit(j));
		return with_code(why, size, "too_large");
	}
	rc = shrinks(j, why, size, e);
	if (rc != 0)
		return rc == 1 ? with_code(why, size, "shrink") : rc;
	l = j->linting;
	j->linting = NULL;
	rc = linting_end(l, why, size, e);
	return rc == 1 ? with_code(why, size, "own_lint") : rc;
}

int
publish_withhold(struct publish_job *j, const char *why, struct err *e)
{
	char known[512];
	int64_t since;
	int found = store_withheld(j->store, j->feed->name, j->writer->file,
	    known, sizeof known, &since, e);

	if (found == -1)
		return -1;
	if (found == 0 && why[0] == '\0')
		return 0;
	if (found == 1 && strcmp(known, why) == 0)
		return 0; /* since then */
	if (why[0] != '\0')
		log_warn("%s: %s is not published: %s", j->feed->name,
		    j->writer->file, why);
	return store_withhold(
	    j->store, j->feed->name, j->writer->file, why, j->now, e);
}
