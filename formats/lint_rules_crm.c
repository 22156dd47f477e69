/*
 * What stands for a CRM's own tables: Metrica's contacts, detailed and simple
 * orders (domain/conversion-formats.md 1.2, 6), and the JSON of an agency's
 * connector (domain/crm-dumps.md 3).  Metrica's API is told which delimiter a
 * CSV has, so both that it knows are taken.
 */
#include "formats/lint_private.h"

#include "formats/check.h"

#define GIGABYTE UINT64_C(1000000000)

static const struct lint_words words = {
	.separator = N_("The columns have to be parted by commas or "
			"semicolons"),
	.encoding = N_("The file holds bytes that are not UTF-8, the only "
		       "encoding that the destination reads"),
	.size = N_("The file has over 1,000,000,000 bytes, more than the "
		   "destination takes"),
	.nothing = N_("No row of the file is valid")
};

/* clang-format off */
#define LIST(n, in, r, is_good) { .name = n, .set = in, .check = lint_list, \
	.reject = r, .good = is_good, .type = LINT_LIST }
#define AMOUNT(n) { .name = n, .check = lint_amount, .type = LINT_NUMBER }
#define WALL(n) { .name = n, .check = lint_time }

static const struct lint_rule contacts[] = {
	{ .name = "uniq_id", .check = lint_own_id, .must = true },
	{ .name = "name" },
	WALL("create_date_time"), WALL("update_date_time"),
	LIST("client_ids", 0, REJECT_CLIENT_IDS, check_client_id),
	LIST("emails",     0, REJECT_EMAILS,     check_email),
	LIST("phones",     0, REJECT_PHONES,     check_phone),
	LIST("emails_md5", 0, REJECT_EMAILS_MD5, check_md5),
	LIST("phones_md5", 0, REJECT_PHONES_MD5, check_md5),
	{ .name = NULL }
};

static const struct lint_rule orders[] = {
	{ .name = "id",               .check = lint_own_id,  .must = true },
	{ .name = "client_uniq_id",   .check = lint_filled,  .must = true },
	{ .name = "client_type",      .check = lint_contact, .must = true },
	{ .name = "create_date_time", .check = lint_past,    .must = true },
	WALL("update_date_time"), WALL("finish_date_time"),
	AMOUNT("revenue"),
	{ .name = "order_status", .check = lint_needed_status, .must = true },
	AMOUNT("cost"),
	{ .name = "currency", .check = lint_currency },
	{ .name = "products", .check = lint_products, .type = LINT_PRODUCTS },
	{ .name = "goals",    .check = lint_goals,    .type = LINT_GOALS },
	{ .name = NULL }
};

static const struct lint_rule simple[] = {
	{ .name = "id",               .check = lint_own_id, .must = true },
	{ .name = "create_date_time", .check = lint_past,   .must = true },
	{ .name = "client_uniq_id" },
	LIST("client_ids", 1, REJECT_CLIENT_IDS, check_client_id),
	LIST("emails",     1, REJECT_EMAILS,     check_email),
	LIST("phones",     1, REJECT_PHONES,     check_phone),
	LIST("emails_md5", 1, REJECT_EMAILS_MD5, check_md5),
	LIST("phones_md5", 1, REJECT_PHONES_MD5, check_md5),
	{ .name = "order_status", .check = lint_status },
	AMOUNT("revenue"), AMOUNT("cost"),
	{ .name = "goals",    .check = lint_goals },
	{ .name = "currency", .check = lint_currency },
	{ .name = NULL }
};

static const struct lint_rule crm_orders[] = {
	{ .name = "id",             .check = lint_own_id, .must = true },
	{ .name = "clientUniqId" },
	{ .name = "clientType" },
	{ .name = "createDateTime", .check = lint_past,   .must = true },
	WALL("updateDateTime"), WALL("finishDateTime"),
	{ .name = "orderStatus", .check = lint_needed_status, .must = true },
	AMOUNT("revenue"), AMOUNT("cost"),
	{ .name = "currency",     .check = lint_currency },
	{ .name = "contactPhone", .check = lint_value,
	  .reject = REJECT_PHONES, .good = check_phone },
	LIST("phones",    0, REJECT_PHONES,     check_phone),
	LIST("emails",    0, REJECT_EMAILS,     check_email),
	LIST("clientIds", 0, REJECT_CLIENT_IDS, check_client_id),
	{ .name = "userId" }, { .name = "yclid" }, { .name = "purchaseId" },
	{ .name = "utmSource" }, { .name = "utmMedium" },
	{ .name = "utmCampaign" }, { .name = "utmContent" },
	{ .name = "utmTerm" },
	{ .name = "products", .check = lint_products, .type = LINT_PRODUCTS },
	{ .name = "goals",    .check = lint_goals,    .type = LINT_GOALS },
	{ .name = NULL }
};

static const struct lint_rule crm_clients[] = {
	{ .name = "clientUniqId", .check = lint_own_id, .must = true },
	{ .name = "clientType" },
	{ .name = "name" },
	WALL("createDateTime"), WALL("updateDateTime"),
	{ .name = "contactPhone", .check = lint_value,
	  .reject = REJECT_PHONES, .good = check_phone },
	LIST("phones",    0, REJECT_PHONES,     check_phone),
	LIST("emails",    0, REJECT_EMAILS,     check_email),
	LIST("clientIds", 0, REJECT_CLIENT_IDS, check_client_id),
	{ .name = "userId" },
	{ .name = NULL }
};

#define COMMON(n, o, r) .name = n, .output = o, .rule = r, .words = &words, \
	.max_bytes = GIGABYTE
/* clang-format on */

const struct lint_destination lint_crm[] = {
	{ COMMON("metrica-contacts", "metrica-contacts", contacts),
	    .delimiters = ",;", .id = "uniq_id" },
	{ COMMON("metrica-contacts-json", "metrica-contacts", contacts),
	    .key = "contacts" },
	{ COMMON("metrica-orders", "metrica-orders", orders),
	    .delimiters = ";,", .id = "id" },
	{ COMMON("metrica-orders-json", "metrica-orders", orders),
	    .key = "orders" },
	{ COMMON("metrica-simple", "metrica-simple", simple),
	    .delimiters = ",;", .id = "id",
	    .set = { { N_("missing a column with identifiers: client_ids, "
			  "emails, phones, emails_md5 or phones_md5"),
		N_("There is no identifier: client_ids, emails, phones, "
		   "emails_md5 or phones_md5 is needed"),
		false } } },
	{ COMMON("crm-json", "crm-json", crm_orders), .key = "orders" },
	{ COMMON("crm-json-clients", "crm-json", crm_clients),
	    .key = "contacts" },
	{ .name = NULL }
};
