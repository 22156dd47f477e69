/*
 * A dump's numbers, and what each of them means.  See tally.h.
 */
#include "feed/tally.h"

#include <stddef.h>
#include <string.h>

#include "server/lang.h"

#define AT(member) offsetof(struct tally, member)
/* Marks both for the catalogue. */
/* clang-format off */
#define NN_(one, many) { one, many }
/* clang-format on */

/* A record of what is no order, by its kind. */
static const struct tally_words accepted[RECORD_KINDS] = {
	[RECORD_CONTACT] = NN_("accepted: it made or changed a contact",
	    "accepted: they made or changed a contact"),
	[RECORD_CALL] = NN_("accepted: it made or changed a call",
	    "accepted: they made or changed a call"),
	[RECORD_CHAT] = NN_("accepted: it made or changed a chat",
	    "accepted: they made or changed a chat"),
};
static const struct tally_words unchanged[RECORD_KINDS] = {
	[RECORD_CONTACT] = NN_("unchanged: the contact was known just so",
	    "unchanged: the contacts were known just so"),
	[RECORD_CALL] = NN_("unchanged: the call was known just so",
	    "unchanged: the calls were known just so"),
	[RECORD_CHAT] = NN_("unchanged: the chat was known just so",
	    "unchanged: the chats were known just so"),
};

const struct tally_item tally_accounts[] = {
	{ "records", AT(records),
	    NN_("record in the dump", "records in the dump"), NULL },
	{ "accepted", AT(accepted),
	    NN_("accepted: it made or changed an order",
		"accepted: they made or changed an order"),
	    accepted },
	{ "unchanged", AT(unchanged),
	    NN_("unchanged: the order was known just so",
		"unchanged: the orders were known just so"),
	    unchanged },
	{ "superseded", AT(superseded),
	    NN_("superseded: replaced later in the dump, or older than what "
		"is known",
		"superseded: replaced later in the dump, or older than what "
		"is known"),
	    NULL },
	{ "skipped", AT(skipped),
	    NN_("skipped: by status, pipeline, start date, or too old",
		"skipped: by status, pipeline, start date, or too old"),
	    NULL },
	{ "rejected", AT(rejected),
	    NN_("rejected: see the rejects.csv beside this report",
		"rejected: see the rejects.csv beside this report"),
	    NULL },
	{ NULL, 0, { NULL, NULL }, NULL },
};

const struct tally_item tally_notes[] = {
	{ "values_dropped", AT(values_dropped),
	    NN_("bad value left out of a row that stays: rejects.csv names it",
		"bad values left out of rows that stay: rejects.csv names "
		"them"),
	    NULL },
	{ "too_old", AT(too_old),
	    NN_("of the skipped: older than the destination takes",
		"of the skipped: older than the destination takes"),
	    NULL },
	{ "erased", AT(erased),
	    NN_("of the skipped: a row of an erased person, left out",
		"of the skipped: rows of erased persons, left out"),
	    NULL },
	{ "cleared", AT(cleared),
	    NN_("row that stays without the identifier of an erased person",
		"rows that stay without the identifier of an erased person"),
	    NULL },
	{ "auto_ids", AT(auto_ids),
	    NN_("without an id: it got one of its own; let the CRM "
		"export it",
		"without an id: they got one of their own; let the CRM "
		"export it"),
	    NULL },
	{ "same_id", AT(same_id),
	    NN_("with the id of another row of the dump",
		"with the id of another row of the dump"),
	    NULL },
	{ "amounts_differ", AT(amounts_differ),
	    NN_("record whose rows have different amounts: check same_id in "
		"the configuration",
		"records whose rows have different amounts: check same_id in "
		"the configuration"),
	    NULL },
	{ "other_currency", AT(other_currency),
	    NN_("amount in another currency than the first one, taken as it "
		"stands: set currency and rate() in the configuration",
		"amounts in another currency than the first one, taken as they "
		"stand: set currency and rate() in the configuration"),
	    NULL },
	{ "dates_kept", AT(dates_kept),
	    NN_("record with another creation date than before: Direct has the "
		"first and never changes it",
		"records with another creation date than before: Direct has "
		"the first and never changes it"),
	    NULL },
	{ "skip_kept", AT(skip_kept),
	    NN_("known order whose new status is skipped: see skip_known in "
		"the configuration",
		"known orders whose new status is skipped: see skip_known in "
		"the configuration"),
	    NULL },
	{ "identifiers_kept", AT(identifiers_kept),
	    NN_("record lacking an identifier that was known: it was kept",
		"records lacking an identifier that was known: it was kept"),
	    NULL },
	{ NULL, 0, { NULL, NULL }, NULL },
};

const struct tally_item tally_waits[] = {
	{ "future", AT(future),
	    NN_("dated in the future: held until then",
		"dated in the future: held until then"),
	    NULL },
	{ "waiting", AT(waiting),
	    NN_("order that names a client who is not known yet: it is "
		"published once a dump of clients names a contact",
		"orders that name a client who is not known yet: they are "
		"published once a dump of clients names a contact"),
	    NULL },
	{ NULL, 0, { NULL, NULL }, NULL },
};

uint64_t
tally_get(const struct tally *t, const struct tally_item *i)
{
	uint64_t n;

	memcpy(&n, (const char *)t + i->offset, sizeof n);
	return n;
}

static struct tally_words
words_of(const struct tally_item *i, enum record_kind kind)
{
	return i->of_kind == NULL || kind == RECORD_ORDER ? i->words
							  : i->of_kind[kind];
}

void
tally_print(FILE *to, const struct tally *t, const struct tally_item *i,
    enum record_kind kind)
{
	for (; i->key != NULL; i++) {
		unsigned long long n = tally_get(t, i);
		struct tally_words w = words_of(i, kind);

		if (n > 0)
			fprintf(
			    to, "%10llu %s\n", n, ngettext(w.one, w.many, n));
	}
}

void
tally_account(char *out, size_t size, const struct tally *t)
{
	unsigned long long n[6];

	for (size_t i = 0; i < 6; i++)
		n[i] = tally_get(t, &tally_accounts[i]);
	snprintf(out, size,
	    ngettext("Accounting: %llu record = %llu accepted + %llu unchanged "
		     "+ %llu superseded + %llu skipped + %llu rejected.",
		"Accounting: %llu records = %llu accepted + %llu unchanged + "
		"%llu superseded + %llu skipped + %llu rejected.",
		n[0]),
	    n[0], n[1], n[2], n[3], n[4], n[5]);
}
