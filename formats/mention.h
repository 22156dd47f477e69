/*
 * Who is mentioned in a text: every phone, e-mail, MD5 and ClientID in it, in
 * whatever spelling, wherever it stands.  A cell of a dump is such a text, and
 * so is a line of a report.
 */
#ifndef FORMATS_MENTION_H
#define FORMATS_MENTION_H

#include <stdbool.h>
#include "formats/arena.h"
#include "formats/slice.h"

enum mention_kind {
	MENTION_PHONE,
	MENTION_EMAIL,
	MENTION_MD5,
	MENTION_CLIENT_ID
};

#define MENTION_LEAST 5 /* bytes of anything that mentions anybody: a@b.c */
#define MENTION_CLIENT_ID_MIN 10 /* digits: shorter numbers are anything */

struct mention {
	enum mention_kind kind;
	struct slice span;  /* where it stands, within the text */
	struct slice value; /* normalised; until the next call of each */
};

#define MENTION_TAIL 7

struct mention_how {
	/* A dump has millions of phones and e-mails, and few are looked for:
	 * might it be one of them, by a phone's last MENTION_TAIL digits, by
	 * an e-mail in lower case?  NULL: any might. */
	bool (*may)(void *ctx, enum mention_kind kind, struct slice raw);
	void (*each)(void *ctx, const struct mention *m);
	void *ctx;
};

/*
 * Calls each for everything that may be one: digits that could be read in two
 * ways come twice, and spans overlap.  What is written with percent signs
 * (ivan%40example.com) is mentioned with all of the text as its span.
 */
void mention_each(
    struct arena *a, struct slice text, const struct mention_how *how);

#endif
