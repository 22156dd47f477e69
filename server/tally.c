/*
 * A dump's numbers, and what each of them means.  See tally.h.
 */
#include "server/tally.h"

#include <stddef.h>
#include <string.h>

#include "server/lang.h"

#define AT(member) offsetof(struct tally, member)
#define NN_(one, many) one, many /* marks both for the catalogue */

const struct tally_item tally_accounts[] = {
	{ "records", AT(records),
	    NN_("record in the dump", "records in the dump") },
	{ "accepted", AT(accepted),
	    NN_("accepted: it made or changed an order",
		"accepted: they made or changed an order") },
	{ "unchanged", AT(unchanged),
	    NN_("unchanged: the order was known just so",
		"unchanged: the orders were known just so") },
	{ "superseded", AT(superseded),
	    NN_("superseded: replaced later in the dump, or older than what "
		"is known",
		"superseded: replaced later in the dump, or older than what "
		"is known") },
	{ "skipped", AT(skipped),
	    NN_("skipped: by status, pipeline, start date, or too old",
		"skipped: by status, pipeline, start date, or too old") },
	{ "rejected", AT(rejected),
	    NN_("rejected: see the rejects.csv beside this report",
		"rejected: see the rejects.csv beside this report") },
	{ NULL, 0, NULL, NULL },
};

const struct tally_item tally_notes[] = {
	{ "values_dropped", AT(values_dropped),
	    NN_("bad value left out of a row that stays: rejects.csv names it",
		"bad values left out of rows that stay: rejects.csv names "
		"them") },
	{ "too_old", AT(too_old),
	    NN_("of the skipped: older than the destination takes",
		"of the skipped: older than the destination takes") },
	{ "auto_ids", AT(auto_ids),
	    NN_("without an order id: it got one of its own; let the CRM "
		"export it",
		"without an order id: they got one of their own; let the CRM "
		"export it") },
	{ "same_id", AT(same_id),
	    NN_("with the order id of another row of the dump",
		"with the order id of another row of the dump") },
	{ "amounts_differ", AT(amounts_differ),
	    NN_("order whose rows have different amounts: check same_id in "
		"the configuration",
		"orders whose rows have different amounts: check same_id in "
		"the configuration") },
	{ "other_currency", AT(other_currency),
	    NN_("amount in another currency than the first one, taken as it "
		"stands: set currency and rate() in the configuration",
		"amounts in another currency than the first one, taken as they "
		"stand: set currency and rate() in the configuration") },
	{ "dates_kept", AT(dates_kept),
	    NN_("order with another creation date than before: Direct has the "
		"first and never changes it",
		"orders with another creation date than before: Direct has "
		"the first and never changes it") },
	{ "skip_kept", AT(skip_kept),
	    NN_("known order whose new status is skipped: see skip_known in "
		"the configuration",
		"known orders whose new status is skipped: see skip_known in "
		"the configuration") },
	{ "identifiers_kept", AT(identifiers_kept),
	    NN_("order lacking an identifier that was known: it was kept",
		"orders lacking an identifier that was known: it was kept") },
	{ NULL, 0, NULL, NULL },
};

const struct tally_item tally_waits[] = {
	{ "future", AT(future),
	    NN_("dated in the future: held until then",
		"dated in the future: held until then") },
	{ "waiting", AT(waiting),
	    NN_("order that names a client who is not known yet: it is "
		"published once a dump of clients names a contact",
		"orders that name a client who is not known yet: they are "
		"published once a dump of clients names a contact") },
	{ NULL, 0, NULL, NULL },
};

uint64_t
tally_get(const struct tally *t, const struct tally_item *i)
{
	uint64_t n;

	memcpy(&n, (const char *)t + i->offset, sizeof n);
	return n;
}

void
tally_print(FILE *to, const struct tally *t, const struct tally_item *i)
{
	for (; i->key != NULL; i++) {
		unsigned long long n = tally_get(t, i);

		if (n > 0)
			fprintf(
			    to, "%10llu %s\n", n, ngettext(i->one, i->many, n));
	}
}

void
tally_account(char *out, size_t size, const struct tally *t)
{
	unsigned long long n[6];

	for (size_t i = 0; i < 6; i++)
		n[i] = tally_get(t, &tally_accounts[i]);
	snprintf(out, size,
	    _("Accounting: %llu records = %llu accepted + %llu unchanged + "
	      "%llu superseded + %llu skipped + %llu rejected."),
	    n[0], n[1], n[2], n[3], n[4], n[5]);
}
