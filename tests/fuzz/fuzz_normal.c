/*
 * Any cell through every normaliser: what comes out passes the strict rules of
 * a published cell, and going through again changes nothing.
 */
#include <assert.h>
#include <stdint.h>

#include "formats/check.h"
#include "formats/normal.h"
#include "formats/preset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

typedef struct slice list_function(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);

static const struct {
	enum field field;
	list_function *normal;
	bool (*check)(struct slice s);
} lists[] = {
	{ FIELD_PHONES, normal_phones, check_phone },
	{ FIELD_EMAILS, normal_emails, check_email },
	{ FIELD_CLIENT_IDS, normal_client_ids, check_client_id },
	{ FIELD_EMAILS_MD5, normal_md5s, check_md5 },
};

static void
try_lists(struct arena *a, struct slice cell, struct problems *ps)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct problem at = { .field = lists[i].field };
		struct slice out = lists[i].normal(a, cell, at, ps);
		struct slice rest = out, again;
		size_t bad;

		while (rest.n > 0)
			assert(lists[i].check(slice_cut(&rest, ',')));
		assert(slice_eq(normal_unite(a, out, out), out));
		assert(out.n == 0 || normal_md5_of(a, out).n >= 32);
		/* Phones of 11 digits that begin with 8 belong to a country
		 * only behind their plus, so they are not tried again. */
		bad = ps->n;
		if (lists[i].field == FIELD_PHONES)
			continue;
		again = lists[i].normal(a, out, at, ps);
		assert(slice_eq(again, out) && ps->n == bad);
	}
}

static void
try_values(struct arena *a, struct slice cell, const struct zone *zone)
{
	struct slice out, again;
	const char *hint;
	char text[20];
	int64_t v;

	if (normal_id(a, cell, &out, &hint) == REJECT_NONE &&
	    normal_id(a, out, &again, &hint) == REJECT_NONE)
		assert(again.n <= out.n);
	if (normal_money(cell, &v, &hint) == REJECT_NONE)
		assert(v == CONV_NONE ||
		       (v >= 0 && v <= INT64_C(922337203685400)));
	if (normal_time(cell, zone, zone, &v, &hint) == REJECT_NONE) {
		zone_write(zone, v, text);
		assert(strlen(text) == 19);
	}
	normal_flag(cell, &v);
	normal_seconds(cell, &v);
	normal_currency(a, cell, &out);
	out = preset_fold(a, cell);
	assert(out.n <= cell.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice cell = { (const char *)data, n };
	struct problems ps = { NULL, 0, 0 };
	struct arena a = ARENA_EMPTY;
	struct zone *zone = zone_utc();

	try_lists(&a, cell, &ps);
	try_values(&a, cell, zone);
	zone_free(zone);
	problems_free(&ps);
	arena_free(&a);
	return 0;
}
