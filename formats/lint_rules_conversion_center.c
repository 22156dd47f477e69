/*
 * Direct's Conversion Center, in Direct's own words
 * (domain/conversion-formats.md 1, 2.1, 2.2).
 */
#include "formats/lint_private.h"

#include "formats/check.h"

/* The id comes last: it is looked up ahead (idset_expect). */
/* clang-format off */
static const struct lint_rule rules[] = {
	{ .name = "create_date_time", .check = lint_created, .must = true },
	{ .name = "client_uniq_id" },
	{ .name = "client_ids", .check = lint_list, .set = 1,
	  .reject = REJECT_CLIENT_IDS, .good = check_client_id },
	{ .name = "emails",     .check = lint_list, .set = 1,
	  .reject = REJECT_EMAILS,     .good = check_email },
	{ .name = "phones",     .check = lint_list, .set = 1,
	  .reject = REJECT_PHONES,     .good = check_phone },
	{ .name = "emails_md5", .check = lint_list, .set = 1,
	  .reject = REJECT_EMAILS_MD5, .good = check_md5 },
	{ .name = "phones_md5", .check = lint_list, .set = 1,
	  .reject = REJECT_PHONES_MD5, .good = check_md5 },
	{ .name = "order_status", .check = lint_status },
	{ .name = "revenue",      .check = lint_amount },
	{ .name = "cost",         .check = lint_amount },
	{ .name = "id",           .check = lint_id },
	{ .name = NULL }
};
/* clang-format on */

static const struct lint_words words = {
	.separator = "В файле указан неправильный разделитель",
	.encoding =
	    "Неверная кодировка файла. Поддерживается только UTF-8 кодировка",
	.size = "Размер файла слишком большой, максимально допустимый размер "
		"300 Мбайт",
	.nothing = "В файле не нашлось валидных данных"
};

const struct lint_destination lint_conversion_center[] = {
	{ .name = "conversion-center",
	    .output = "conversion-center",
	    .delimiters = ";",
	    .rule = rules,
	    .words = &words,
	    .id = "id",
	    .set = { { N_("missing a column with identifiers: client_ids, "
			  "emails, phones, emails_md5 or phones_md5"),
		"All columns with identifiers are empty", false } },
	    .max_bytes = UINT64_C(314572800), /* 300 Мбайт */
	    .safe_bytes = UINT64_C(300000000) },
	{ .name = NULL }
};
