/*
 * The profiles are read newest first.  See clockask.h.
 */
#include "feed/clockask.h"

#include <stdlib.h>

/* Of the source's last dumps before it; -1, or how many. */
static int
read_earlier(struct profile out[CLOCK_EARLIER], const struct intake *in,
    struct store *s, int64_t dump, struct err *e)
{
	const struct profile_of of = { .feed = in->settings->feed,
		.source = in->settings->source,
		.member = in->profile->member,
		.kind = in->facts->kind };
	int64_t before = dump == 0 ? INT64_MAX : dump;
	int n = 0, found = 1;

	while (n < CLOCK_EARLIER && found == 1) {
		char *text = NULL;

		found = store_profile_before(s, &of, before, &before, &text, e);
		if (found == 1 && profile_read(&out[n], text))
			n++;
		free(text);
	}
	return found == -1 ? -1 : n;
}

int
clock_ask(const struct intake *in, struct store *s, int64_t dump,
    struct clock_warning out[CLOCK_CODES], size_t *n, struct err *e)
{
	struct profile earlier[CLOCK_EARLIER] = { 0 };
	struct clock_facts f = { .at = in->at,
		.seen = &in->clock,
		.now = in->profile,
		.earlier = earlier,
		.counter = in->counter,
		.source = in->source == NULL ? in->counter : in->source };
	int dumps;

	*n = 0;
	if (in->facts == NULL)
		return 0;
	dumps = read_earlier(earlier, in, s, dump, e);
	f.dated = &in->facts->dated;
	f.n = dumps == -1 ? 0 : (size_t)dumps;
	if (dumps != -1)
		*n = clock_check(&f, out);
	for (size_t i = 0; i < CLOCK_EARLIER; i++)
		profile_close(&earlier[i]);
	return dumps == -1 ? -1 : 0;
}
