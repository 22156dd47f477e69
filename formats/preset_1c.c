/*
 * 1C: a report of sales saved as a sheet ("TDSheet").
 *
 * The order's number is inside of a sentence such as "Счет клиенту(Продажа)
 * 0000-057583 от 10.07.2026 19:57:57"; its leading zeros are part of it.  A
 * sheet has a row per item: the amounts of one document add up.  There may be
 * no status, since what is reported is sold; the source then says so with
 * default_status.
 *
 * Whether a column is the date of the sale or of the payment differs from
 * report to report, so a payment's date is the order's end.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"
#include "formats/text.h"

static const struct preset_column columns[] = {
	{ "документ", FIELD_ID },
	{ "документ продажи", FIELD_ID },
	{ "документ реализации", FIELD_ID },
	{ "заказ клиента", FIELD_ID },
	{ "заказ покупателя", FIELD_ID },
	{ "счет клиенту", FIELD_ID },
	{ "счет", FIELD_ID },
	{ "регистратор", FIELD_ID },
	{ "номер документа", FIELD_ID },
	{ "номер счета", FIELD_ID },
	{ "?операция", FIELD_ID },
	{ "?заказ", FIELD_ID },
	{ "дата операции", FIELD_CREATE_DATE_TIME },
	{ "дата документа", FIELD_CREATE_DATE_TIME },
	{ "дата продажи", FIELD_CREATE_DATE_TIME },
	{ "?период", FIELD_CREATE_DATE_TIME },
	{ "дата оплаты", FIELD_FINISH_DATE_TIME },
	{ "статус", FIELD_ORDER_STATUS },
	{ "состояние", FIELD_ORDER_STATUS },
	{ "статус оплаты", FIELD_ORDER_STATUS },
	{ "сумма продажи", FIELD_REVENUE },
	{ "?сумма документа", FIELD_REVENUE },
	{ "?выручка", FIELD_REVENUE },
	{ "себестоимость", FIELD_COST },
	{ "валюта", FIELD_CURRENCY },
	{ "клиент", FIELD_NAME },
	{ "контрагент", FIELD_NAME },
	{ "?покупатель", FIELD_NAME },
	{ "код клиента", FIELD_CLIENT_UNIQ_ID },
	{ "код контрагента", FIELD_CLIENT_UNIQ_ID },
	{ "клиент.код", FIELD_CLIENT_UNIQ_ID },
	{ "контрагент.код", FIELD_CLIENT_UNIQ_ID },
	{ "клиент.телефон", FIELD_PHONES },
	{ "контрагент.телефон", FIELD_PHONES },
	{ "клиент.электронная почта", FIELD_EMAILS },
	{ "контрагент.электронная почта", FIELD_EMAILS },
	{ "адрес электронной почты", FIELD_EMAILS },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	PRESET_COMMON,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "оплачен полностью", "PAID" },
	{ "*", "не оплачен", "IN_PROGRESS" },
	{ "*", "не оплачено", "IN_PROGRESS" },
	{ "*", "оплачен частично", "IN_PROGRESS" },
	{ "*", "частично оплачен", "IN_PROGRESS" },
	{ "*", "к выполнению", "IN_PROGRESS" },
	{ "*", "к обеспечению", "IN_PROGRESS" },
	{ "*", "на согласовании", "IN_PROGRESS" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"дата операции",
	"сумма продажи",
	"счет клиенту",
	"регистратор",
	"документ продажи",
	"документ реализации",
	NULL,
};

/* Does "от 10.07.2026" begin here? */
static bool
dates(struct slice s)
{
	static const char word[] = "от";
	uint32_t u = 0;

	if (!slice_starts(s, word))
		return false;
	s.p += strlen(word);
	s.n -= strlen(word);
	if (s.n > 0 && !text_is_space(u = text_take(&s)))
		return false;
	while (s.n > 0 && text_is_space(u))
		u = text_take(&s);
	return u >= '0' && u <= '9';
}

/* The word before "от 10.07.2026"; without such a date the whole cell. */
static struct slice
document_number(struct slice cell)
{
	struct slice rest = text_strip(cell), word = { rest.p, 0 };
	bool digit = false;

	while (rest.n > 0) {
		struct slice from = rest;
		uint32_t u = text_take(&rest);

		if (text_is_space(u))
			continue;
		if (digit && dates(from))
			return word;
		word = (struct slice){ from.p, 0 };
		for (digit = false; !text_is_space(u); u = text_take(&rest)) {
			digit = digit || (u >= '0' && u <= '9');
			word.n = (size_t)(rest.p - word.p);
			if (rest.n == 0)
				return cell;
		}
	}
	return cell;
}

static const struct preset_pick picks[] = {
	{ "документ", document_number },
	{ "документ продажи", document_number },
	{ "документ реализации", document_number },
	{ "заказ клиента", document_number },
	{ "заказ покупателя", document_number },
	{ "счет клиенту", document_number },
	{ "счет", document_number },
	{ "регистратор", document_number },
	{ "номер документа", document_number },
	{ "номер счета", document_number },
	{ "операция", document_number },
	{ "заказ", document_number },
	{ NULL, NULL },
};

extern const struct preset preset_1c;
const struct preset preset_1c = {
	.name = "1c",
	.title = N_("1C, report of sales"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_SUM,
	.pick = picks,
};
