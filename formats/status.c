/*
 * What can go wrong, in words: tables of codes and sentences.  See status.h.
 */
#include "formats/status.h"

#include <assert.h>

#include "formats/message.h"

struct sentence {
	const char *code;
	const char *text;
};

static const struct sentence fmt[FMT_STATUS_COUNT] = {
	[FMT_OK] = { "ok", N_("The dump was read.") },
	[FMT_END] = { "end", N_("The dump has no more records.") },
	[FMT_IO] = { "io", N_("The dump could not be read from the disk. It "
			      "will be tried again "
			      "when the cause is gone.") },
	[FMT_EMPTY] = { "empty",
	    N_("The dump holds no record. Check the period and the filters of "
	       "the export.") },
	[FMT_NO_HEADER] = { "no_header",
	    N_("No row in the first 30 names the columns. Export with a header "
	       "row, or name the dump's columns in the source's column map.") },
	[FMT_NO_PRESET] = { "no_preset",
	    N_("The settings name a preset that does not exist. \"convdrop "
	       "presets\" lists those that do.") },
	[FMT_MISSING_COLUMN] = { "missing_column",
	    N_("A required column is missing: a creation date and at least one "
	       "of ClientID, e-mail, phone are needed, and the pipeline when "
	       "the "
	       "source filters by it. Add it to the export, or name it in the "
	       "source's column map.") },
	[FMT_NO_STATUS] = { "no_status",
	    N_("The dump has no status column. Add it to the export, or set "
	       "default_status if every order in it has the same status.") },
	[FMT_HEADER_CHANGED] = { "header_changed",
	    N_("In the middle of the dump another header begins, so its "
	       "columns "
	       "cannot be trusted. Drop the parts as separate files.") },
	[FMT_DAMAGED] = { "damaged",
	    N_("Too many records of the dump are damaged, so none was taken. "
	       "See the rejects for the causes; max_bad is the limit.") },
	[FMT_ENCODING] = { "encoding",
	    N_("The dump's encoding is unknown or does not fit its bytes. Save "
	       "it as UTF-8, or set the source's encoding.") },
	[FMT_SYNTAX] = { "syntax",
	    N_("The dump is neither text nor a format that can be read. Export "
	       "it as CSV.") },
	[FMT_TRUNCATED] = { "truncated",
	    N_("The compressed dump ends too early. It was probably cut off on "
	       "its way: send it again.") },
	[FMT_CORRUPT] = { "corrupt",
	    N_("The compressed dump is corrupt: it does not match its checksum "
	       "or format. Send it again.") },
	[FMT_BOMB] = { "bomb",
	    N_("The dump unpacks to far more than a dump would, and was not "
	       "unpacked further. If it is genuine, send it uncompressed.") },
	[FMT_TOO_BIG] = { "too_big", N_("The dump is over the limit on size. "
					"Export a shorter period.") },
	[FMT_TOO_WIDE] = { "too_wide",
	    N_("The dump has more columns than the limit allows. Check its "
	       "delimiter, or export fewer columns.") },
	[FMT_ZONE] = { "zone",
	    N_("The time zone's data cannot be used. Check the zone's name and "
	       "that the package tzdata is installed.") },
	[FMT_SETTINGS] = { "settings",
	    N_("The settings of this source contradict themselves. Check its "
	       "section of the config.") },
	[FMT_ZIP_PASSWORD] = { "zip_password",
	    N_("The zip archive is protected by a password. Pack it again "
	       "without one.") },
	[FMT_ZIP_METHOD] = { "zip_method",
	    N_("The zip archive is compressed in a way that cannot be "
	       "unpacked. Pack it again with the usual method (deflate).") },
	[FMT_ZIP_NAME] = { "zip_name",
	    N_("The name in the zip archive leads out of its folder or holds "
	       "control characters, so it was not unpacked. Pack it again "
	       "with plain names.") },
	[FMT_ZIP_MEMBERS] = { "zip_members",
	    N_("The zip archive has more members than the limit allows. Pack "
	       "fewer files together.") },
	[FMT_ZIP_PARTS] = { "zip_parts",
	    N_("The file is one part of a zip archive in several files. Pack "
	       "it again as a single one.") },
	[FMT_ZIP_EMPTY] = { "zip_empty",
	    N_("The zip archive holds no dump. Check what was packed.") },
	[FMT_ZIP_NESTED] = { "zip_nested",
	    N_("Within the archive lies another archive, which is not "
	       "unpacked. Unpack it and drop the dumps themselves.") },
	[FMT_ZIP_STREAM] = { "zip_stream",
	    N_("A zip archive or an .xlsx workbook can be read from a file "
	       "alone, not from a stream. Save it as a file first.") },
	[FMT_XLSX] = { "xlsx",
	    N_("The workbook is damaged, or is not written as .xlsx workbooks "
	       "are. Open it in a spreadsheet program and save it again as "
	       ".xlsx or CSV.") },
	[FMT_XLSX_DOCTYPE] = { "xlsx_doctype",
	    N_("The workbook's XML has a document type, which no spreadsheet "
	       "program writes, so it was not read. Open it in a spreadsheet "
	       "program and save it again.") },
	[FMT_XLSX_STRINGS] = { "xlsx_strings",
	    N_("The workbook has more different texts than fit into memory. "
	       "Export a shorter period, or save it as CSV.") },
	[FMT_XLSX_SHEET] = { "xlsx_sheet",
	    N_("The workbook has no sheet of the name that is set, or no "
	       "visible sheet at all. Check the setting \"sheet\", or the "
	       "names at the bottom of the workbook's window.") },
	[FMT_XLSX_PASSWORD] = { "xlsx_password",
	    N_("The workbook is protected by a password. Save it without "
	       "one.") },
	[FMT_XLS] = { "xls",
	    N_("The dump is a binary .xls workbook, which is not read. Save "
	       "it as .xlsx or CSV.") },
	[FMT_XLSB] = { "xlsb",
	    N_("The dump is a binary .xlsb workbook, which is not read. Save "
	       "it as .xlsx or CSV.") },
	[FMT_ODS] = { "ods",
	    N_("The dump is an OpenDocument file, which is not read. Save it "
	       "as .xlsx or CSV.") },
	[FMT_PIPELINES] = { "pipelines",
	    N_("The dump has several pipelines, and the settings do not say "
	       "which of them are sales. Add status(\"PIPELINE\", \"STATUS\", "
	       "\"PAID\") for each one that is, or name the wanted ones in "
	       "pipelines.") },
	[FMT_PDF] = { "pdf",
	    N_("The dump is a PDF document, which holds no table that can be "
	       "read. Export it as .xlsx or CSV.") },
	[FMT_CUT_OFF] = { "cut_off",
	    N_("The dump ends in the middle: a record, a list or a table is "
	       "not closed. It was probably cut off on its way: send it "
	       "again.") },
	[FMT_JSON] = { "json",
	    N_("The dump is JSON, but holds no object with names and values "
	       "from which a record could be read. Export a list of objects, "
	       "or one object a line.") },
	[FMT_JSON_TAIL] = { "json_tail",
	    N_("Something follows behind the end of the dump's list. Drop "
	       "the parts as separate files.") },
	[FMT_JSON_LISTS] = { "json_lists",
	    N_("The dump holds more than one list of objects, and only one "
	       "can be its records. Drop the lists as separate files.") },
	[FMT_MOJIBAKE] = { "garbled",
	    N_("The letters of the dump were decoded with a wrong encoding, or "
	       "became question marks, so its columns cannot be told. Export "
	       "it again as UTF-8 and open it in no other program on the way; "
	       "check the source's encoding when one is set.") },
	[FMT_XML] = { "xml",
	    N_("The dump is XML, perhaps CommerceML or a workbook saved as "
	       "XML, which is not read. Export it as CSV, .xlsx or JSON.") },
};

const char *
fmt_status_code(enum fmt_status s)
{
	assert(s >= 0 && s < FMT_STATUS_COUNT);
	return fmt[s].code;
}

const char *
fmt_status_text(enum fmt_status s)
{
	assert(s >= 0 && s < FMT_STATUS_COUNT);
	return message(fmt[s].text);
}

/*
 * In a text, %c is the column's published name and %v is " 'VALUE'", or
 * nothing when the value must stay out.  The texts that are Direct's own are
 * repeated to the letter.
 */
static const struct {
	const char *code;
	bool damage;
	const char *text;
} rejects[REJECT_COUNT] = {
	[REJECT_NONE] = { "none", false, "Nothing is wrong" },
	[REJECT_COLUMNS_FEW] = { "columns_few", true,
	    N_("The row has fewer cells than the header has columns") },
	[REJECT_COLUMNS_MANY] = { "columns_many", true,
	    N_("The row has more cells than the header has columns") },
	[REJECT_UNCLOSED_QUOTE] = { "unclosed_quote", true,
	    N_("A quote is opened and not closed where it should be") },
	[REJECT_LINE_TOO_LONG] = { "line_too_long", true,
	    N_("The row is longer than the limit") },
	[REJECT_FIELD_TOO_LONG] = { "field_too_long", true,
	    N_("A cell of the row is longer than the limit") },
	[REJECT_ENCODING] = { "bad_encoding", true,
	    N_("The row holds bytes that its encoding does not have") },
	[REJECT_NUL] = { "nul", true, N_("The row holds a zero byte") },
	[REJECT_ID] = { "id", true, N_("Invalid '%c' value%v") },
	[REJECT_DATE] = { "date", true, "Invalid date format%v" },
	[REJECT_DATE_EMPTY] = { "empty_date", false, "Empty '%c' value" },
	[REJECT_DATE_OLD] = { "old_date", false,
	    "'%c' is older than 113 days" },
	[REJECT_DATE_FUTURE] = { "future_date", false,
	    "'%c' is from the future" },
	[REJECT_CLIENT_IDS] = { "client_ids", false,
	    "Invalid 'client_ids' identifier%v" },
	[REJECT_EMAILS] = { "emails", false, "Invalid 'emails' identifier%v" },
	[REJECT_PHONES] = { "phones", false, "Invalid 'phones' identifier%v" },
	[REJECT_EMAILS_MD5] = { "emails_md5", false,
	    "Invalid 'emails_md5' identifier%v" },
	[REJECT_PHONES_MD5] = { "phones_md5", false,
	    "Invalid 'phones_md5' identifier%v" },
	[REJECT_NO_IDENTIFIER] = { "no_identifier", false,
	    "All columns with identifiers are empty" },
	[REJECT_MONEY] = { "money", true, "Invalid '%c' value" },
	[REJECT_MONEY_NEGATIVE] = { "negative_money", false,
	    "'%c' value must be nonnegative" },
	[REJECT_MONEY_TOO_BIG] = { "money_too_big", false,
	    "'%c' value must not exceed 9223372036854" },
	[REJECT_STATUS] = { "status", true, "Invalid '%c' value" },
	[REJECT_STATUS_EMPTY] = { "empty_status", false, "Empty '%c' value" },
	[REJECT_CURRENCY] = { "currency", false, N_("Invalid '%c' value%v") },
	[REJECT_NUMBER] = { "number", true, N_("Invalid '%c' value%v") },
	[REJECT_CLIENT_EMPTY] = { "empty_client", false, "Empty '%c' value" },
	[REJECT_PLATFORM_EMPTY] = { "empty_platform", false,
	    "Empty '%c' value" },
	[REJECT_ID_VARIANT] = { "id_variant", false,
	    N_("The '%c' is a known one%v, but for leading zeros or '.0'") },
	[REJECT_PLATFORM] = { "platform", false,
	    N_("'%c' is an unknown platform%v: Metrica knows whatsapp, "
	       "telegram and viber") },
	[REJECT_TARGET] = { "target", false,
	    N_("'%c': goal id expected, not the name of a goal%v") },
	[REJECT_GOALS] = { "goals", false,
	    N_("Invalid '%c' value%v: goals are written goal:price,goal") },
	[REJECT_PRODUCTS] = { "products", false,
	    N_("Invalid '%c' value%v: products are written "
	       "name:quantity,name:quantity") },
	[REJECT_IGNORED] = { "ignored", false,
	    N_("The identifier in '%c' is on the list of those to "
	       "ignore%v") },
	[REJECT_JSON] = { "json", true, N_("The record is not valid JSON") },
	[REJECT_JSON_DEEP] = { "json_deep", true,
	    N_("The record is nested deeper than 64 levels") },
	[REJECT_JSON_OBJECT] = { "not_an_object", true,
	    N_("The record is not a JSON object with names and values") },
};

const char *
reject_code(enum reject r)
{
	assert(r >= 0 && r < REJECT_COUNT);
	return rejects[r].code;
}

bool
reject_is_damage(enum reject r)
{
	assert(r >= 0 && r < REJECT_COUNT);
	return rejects[r].damage;
}

/* Text that grows up to a limit and forgets the rest. */
struct text {
	char *p;
	size_t n, room; /* without the terminator */
};

static void
append(struct text *t, struct slice s)
{
	size_t n = s.n < t->room - t->n ? s.n : t->room - t->n;

	if (n > 0)
		memcpy(t->p + t->n, s.p, n);
	t->n += n;
	if (n < s.n)
		t->room = t->n; /* cut: nothing comes after */
}

/* A text that was cut must not end with half a UTF-8 character. */
static size_t
whole_characters(const char *p, size_t n)
{
	size_t back = 0;
	unsigned char lead;

	while (back < n && back < 4 &&
	       ((unsigned char)p[n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back >= n)
		return n;
	lead = (unsigned char)p[n - 1 - back];
	if ((lead >= 0xc0 && back < 1) || (lead >= 0xe0 && back < 2) ||
	    (lead >= 0xf0 && back < 3))
		return n - 1 - back;
	return n;
}

static void
append_value(struct text *t, struct slice value)
{
	if (value.n == 0)
		return;
	append(t, slice_of(" '"));
	append(t, value);
	append(t, slice_of("'"));
}

size_t
reject_text(char *out, size_t size, enum reject r, const char *column,
    struct slice value, const char *hint)
{
	struct text t = { out, 0, size == 0 ? 0 : size - 1 };
	struct slice rest;

	assert(r >= 0 && r < REJECT_COUNT);
	if (size == 0)
		return 0;
	rest = slice_of(message(rejects[r].text));
	while (rest.n > 0) {
		append(&t, slice_cut(&rest, '%'));
		if (slice_starts(rest, "c"))
			append(&t, slice_of(column));
		else if (slice_starts(rest, "v"))
			append_value(&t, value);
		if (rest.n > 0) {
			rest.p++;
			rest.n--;
		}
	}
	if (hint != NULL) {
		append(&t, slice_of(" ("));
		append(&t, slice_of(message(hint)));
		append(&t, slice_of(")"));
	}
	t.n = whole_characters(out, t.n);
	out[t.n] = '\0';
	return t.n;
}
