/*
 * The hold gate, between validate and merge: is this dump, sound as every row
 * of it may be, the wrong one?  Pure: facts in, reasons out.  weigh.h gathers
 * the facts.
 */
#ifndef FEED_GATE_H
#define FEED_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/conf.h"
#include "feed/profile.h"

struct gate_facts {
	const struct hold *hold; /* the feed's thresholds */
	bool history;            /* something was merged into the feed before */

	/* Records that the dump makes or has, by id, once each. */
	uint64_t ids, known;
	/* Of a sample of them: how many of it the other feed knows that knows
	 * most of it; NULL: none does, or nobody was asked. */
	uint64_t sample, elsewhere;
	const char *other;
	/* Of those known: what goes from PAID or CANCELLED to IN_PROGRESS,
	 * whose revenue falls by more than hold's percentage, and either. */
	uint64_t backwards, fallen, worse;
	/* Of those known: what has another status and is not worse.  And how
	 * many the feed has that are as young as the dump's oldest row. */
	uint64_t better, since;

	const struct profile *now;
	const struct profile *last; /* of that source and kind; NULL: none */
	int64_t last_dump;
	bool new_preset; /* the source never had a dump of it, but others */
};

#define GATE_REASONS 6
#define GATE_TEXT 1600

struct gate {
	size_t n;
	struct gate_reason {
		const char *code;     /* "unknown_ids" … */
		char text[GATE_TEXT]; /* whole sentences */
	} reason[GATE_REASONS];
};

/* No reason: the dump may pass. */
void gate_judge(struct gate *out, const struct gate_facts *f);

/* As many whole reasons as fit, one after the other. */
void gate_text(const struct gate *g, char *out, size_t size);

#endif
