/*
 * The registry of mistakes.  See errors.h.  Texts of families 1 and 2 are
 * Direct's (domain/conversion-formats.md 2.1, 2.2), so they are not translated.
 * The tables of convdrop-errors(7) and convdrop(1) are made from this one by
 * scripts/error-pages.
 */
#include "formats/errors.h"

#include <string.h>
#include <strings.h>

#include "formats/message.h"

#define DIRECT true
#define OURS false

const struct error_info error_all[] = {
	/* --- what Direct says of the file ------------------------------- */
	{ "E101", "connection", DIRECT,
	    "При соединении с сервером произошла ошибка. Пожалуйста, "
	    "проверьте настройки подключения",
	    N_("Direct could not reach the server, or found nothing at the "
	       "path."),
	    N_("Check host, port and path in Direct's form: the path begins "
	       "with / and is the one that convdrop shows after a login. See "
	       "with \"convdrop status\" whether a pull was tried, and try to "
	       "download the file from outside yourself.") },
	{ "E102", "counter_access", DIRECT,
	    "У вас нет доступа для записи данных в счетчик Метрики",
	    N_("The Direct login may not write to the Metrica counter."),
	    N_("Give the login, and the login of the chief representative, "
	       "access to edit the counter in Metrica.") },
	{ "E103", "download", DIRECT,
	    "Произошла ошибка при скачивании файла. Пожалуйста, проверьте "
	    "настройки подключения",
	    N_("Direct reached the server and could not download the file."),
	    N_("Download it from outside with the same settings. \"convdrop "
	       "status\" shows the pulls that failed and where they broke "
	       "off.") },
	{ "E104", "login", DIRECT,
	    "Указаны неверные данные для авторизации на сервере",
	    N_("Login or password in Direct's form are wrong."),
	    N_("Set a new password with \"convdrop user passwd direct\" and "
	       "type it into the form; \"convdrop status\" shows whether the "
	       "login was tried.") },
	{ "E105", "separator", DIRECT,
	    "В файле указан неправильный разделитель",
	    N_("The columns are parted by something else than a semicolon."),
	    N_("Let convdrop publish the file: its files always have "
	       "semicolons. A file of your own must be saved as CSV with "
	       "semicolons.") },
	{ "E106", "nothing", DIRECT, "В файле не нашлось валидных данных",
	    N_("Not one row of the file is good: the names of the columns, or "
	       "the dates or identifiers of every row, are wrong."),
	    N_("Run \"convdrop lint FILE\": it names each row's mistake. Most "
	       "often the header is misspelt, or all rows are too old.") },
	{ "E107", "sheet_access", DIRECT,
	    "Недостаточно прав для скачивания файла",
	    N_("The Google Sheet is not shared with Direct."),
	    N_("Share it for viewing with "
	       "import@yandex-direct-conversions.iam.gserviceaccount.com, or "
	       "let Direct take convdrop's file.") },
	{ "E108", "size", DIRECT,
	    "Размер файла слишком большой, максимально допустимый размер 300 "
	    "Мбайт",
	    N_("The file is larger than 300 MB."),
	    N_("Publish a shorter period. convdrop leaves the oldest rows out "
	       "before the limit is reached.") },
	{ "E109", "encoding", DIRECT,
	    "Неверная кодировка файла. Поддерживается только UTF-8 кодировка",
	    N_("The file holds bytes that are not UTF-8."),
	    N_("Save the file as UTF-8. convdrop's own files always are: was "
	       "it opened and saved by a spreadsheet on its way?") },
	{ "E110", "sheets", DIRECT, "В таблице может быть только 1 лист",
	    N_("The Google table has more than one sheet."),
	    N_("Delete all sheets but the first.") },
	{ "E111", "internal", DIRECT,
	    "Произошла внутренняя ошибка при скачивании файла",
	    N_("Something failed on Direct's side."),
	    N_("Wait for the next download. If it comes again, write to "
	       "Direct's support and name the file and the time.") },
	{ "E112", "missing_column", OURS,
	    N_("A column without which no row is good is missing"),
	    N_("The file has no create_date_time, or none of client_ids, "
	       "emails, phones, emails_md5 and phones_md5; Direct will find "
	       "no valid data in it."),
	    N_("Name the columns as Direct does, to the letter and in lower "
	       "case.") },

	/* --- what Direct says of a row ---------------------------------- */
	{ "E201", "date", DIRECT, "Invalid date format%v",
	    N_("The value is not a date in a form that can be read without "
	       "guessing."),
	    N_("Export dates as 21.04.2026 11:59:21 or 2026-04-21 "
	       "11:59:21.") },
	{ "E202", "empty_date", DIRECT, "Empty '%c' value",
	    N_("The order has no creation time."),
	    N_("Export the creation time of every order.") },
	{ "E203", "old_date", DIRECT, "'%c' is older than 113 days",
	    N_("Direct takes no conversion older than 113 days."),
	    N_("Nothing is to be mended: leave such orders out of the file. "
	       "convdrop stops publishing an order in time.") },
	{ "E204", "future_date", DIRECT, "'%c' is from the future",
	    N_("The order's time has not come yet, by the clock of the "
	       "counter's zone. A date without a time counts as 23:59:59."),
	    N_("Export the time of day, and check the time zones of counter "
	       "and source. convdrop holds such an order until its time has "
	       "come.") },
	{ "E205", "client_ids", DIRECT, "Invalid 'client_ids' identifier%v",
	    N_("The value is no ClientID of Metrica, which is a positive "
	       "whole number below 2^64."),
	    N_("Export Metrica's ClientID, as text: digits alone. Google's "
	       "ids and those of messengers are of no use here.") },
	{ "E206", "emails", DIRECT, "Invalid 'emails' identifier%v",
	    N_("The value is not an e-mail address in Latin letters."),
	    N_("Mend the address in the CRM.") },
	{ "E207", "phones", DIRECT, "Invalid 'phones' identifier%v",
	    N_("The value is no phone number with a country code."),
	    N_("Mend the number in the CRM, and export phones as text, with "
	       "the country's code.") },
	{ "E208", "emails_md5", DIRECT, "Invalid 'emails_md5' identifier%v",
	    N_("The value is no MD5: 32 hexadecimal digits."),
	    N_("Hash each address by itself, in lower case and without "
	       "blanks, or export the address and let convdrop hash it.") },
	{ "E209", "phones_md5", DIRECT, "Invalid 'phones_md5' identifier%v",
	    N_("The value is no MD5: 32 hexadecimal digits."),
	    N_("Hash each number by itself, as digits with the country's "
	       "code, or export the number and let convdrop hash it.") },
	{ "E210", "no_identifier", DIRECT,
	    "All columns with identifiers are empty",
	    N_("Nothing says whose order it is, so it cannot be linked to a "
	       "visit."),
	    N_("Give the order a phone, an e-mail or a ClientID in the "
	       "CRM.") },
	{ "E211", "money", DIRECT, "Invalid '%c' value",
	    N_("The amount is not a number."),
	    N_("Export amounts as 1508.50 or 1508,50.") },
	{ "E212", "negative_money", DIRECT, "'%c' value must be nonnegative",
	    N_("The amount is below zero."),
	    N_("Export a refund as an order that is cancelled.") },
	{ "E213", "money_too_big", DIRECT,
	    "'%c' value must not exceed 9223372036854",
	    N_("The amount is larger than Direct can count."),
	    N_("Mend the amount in the CRM.") },
	{ "E214", "status", DIRECT, "Invalid '%c' value",
	    N_("The status is none of PAID, IN_PROGRESS, CANCELLED, SPAM and "
	       "no id of a goal, and no rule of the status map turns it into "
	       "one of them."),
	    N_("Map the status in the feed's section of convdrop.conf; the "
	       "report writes the lines. \"convdrop statuses\" lists all of a "
	       "dump.") },

	/* --- what we say of a row --------------------------------------- */
	{ "E301", "columns_few", OURS,
	    N_("The row has fewer cells than the header has columns"),
	    N_("Cells are missing, so it is not known which value belongs to "
	       "which column."),
	    N_("The row was cut, or a line break in a cell is not quoted: let "
	       "the CRM quote its cells.") },
	{ "E302", "columns_many", OURS,
	    N_("The row has more cells than the header has columns"),
	    N_("There are cells too many, so it is not known which value "
	       "belongs to which column."),
	    N_("A cell holds the delimiter and is not quoted: let the CRM "
	       "quote its cells.") },
	{ "E303", "unclosed_quote", OURS,
	    N_("A quote is opened and not closed where it should be"),
	    N_("From the quote on it cannot be told where a cell ends."),
	    N_("Let the CRM quote its cells and double the quotes inside "
	       "them.") },
	{ "E304", "line_too_long", OURS, N_("The row is longer than the limit"),
	    N_("The row has over 1 MiB; often a quote before it is not "
	       "closed."),
	    N_("Leave long texts out of the export.") },
	{ "E305", "field_too_long", OURS,
	    N_("A cell of the row is longer than the limit"),
	    N_("A cell has over 64 KiB."),
	    N_("Leave long texts out of the export.") },
	{ "E306", "bad_encoding", OURS,
	    N_("The row holds bytes that its encoding does not have"),
	    N_("The row's bytes do not fit the encoding of the rest of the "
	       "dump."),
	    N_("Export as UTF-8, or set the source's encoding.") },
	{ "E307", "nul", OURS, N_("The row holds a zero byte"),
	    N_("A zero byte is never part of a text, so the bytes are "
	       "damaged."),
	    N_("Export the dump again; its bytes are damaged.") },
	{ "E308", "id", OURS, "Invalid '%c' value%v",
	    N_("The id is not what the CRM has: a spreadsheet changed it."),
	    N_("Export order ids as text.") },
	{ "E309", "empty_status", OURS, "Empty '%c' value",
	    N_("A new order has no status, although the dump has a column for "
	       "it; Direct would count it as paid."),
	    N_("Give every order a status in the CRM.") },
	{ "E310", "currency", OURS, "Invalid '%c' value%v",
	    N_("The currency is not known, or not the one of the source."),
	    N_("Export amounts in the source's currency, or as a source of "
	       "their own.") },
	{ "E311", "number", OURS, "Invalid '%c' value%v",
	    N_("The value is not a number, a duration or a yes or no."),
	    N_("Export plain numbers.") },
	{ "E321", "json", OURS, N_("The record is not valid JSON"),
	    N_("The object breaks JSON's grammar; the text says where."),
	    N_("Write the dump with a JSON library instead of putting it "
	       "together by hand.") },
	{ "E322", "json_deep", OURS,
	    N_("The record is nested deeper than 64 levels"),
	    N_("No CRM nests that deep: the brackets are damaged."),
	    N_("Export flatter objects.") },
	{ "E323", "not_an_object", OURS,
	    N_("The record is not a JSON object with names and values"),
	    N_("Among the objects stands a number, a text or a list, whose "
	       "values have no names."),
	    N_("Export every record as an object.") },
	{ "E331", "platform", OURS,
	    N_("'%c' is an unknown platform%v: Metrica knows whatsapp, "
	       "telegram and viber"),
	    N_("Metrica takes chats of three messengers, and this one is none "
	       "of them."),
	    N_("Leave such chats out of the dump, or let their contacts come "
	       "as orders.") },
	{ "E332", "target", OURS,
	    N_("In '%c' a goal id expected, not the name of a goal%v"),
	    N_("Metrica knows a goal by the id that its condition has: Latin "
	       "letters and digits, without blanks."),
	    N_("Export the id, or name it in a target rule of the feed.") },
	{ "E333", "goals", OURS,
	    N_("Invalid '%c' value%v: goals are written goal:price,goal"),
	    N_("The goals of the order cannot be told."),
	    N_("Write the ids of goals, each with its price behind a colon or "
	       "without one, and a dot in the price.") },
	{ "E334", "products", OURS,
	    N_("Invalid '%c' value%v: products are written "
	       "name:quantity,name:quantity"),
	    N_("The products of the order cannot be told."),
	    N_("Write names without commas, each with its quantity behind a "
	       "colon.") },

	/* --- the dump as a whole ---------------------------------------- */
	{ "E401", "io", OURS, N_("The dump could not be read from the disk"),
	    N_("The disk or its file system reported an error."),
	    N_("See the log for the cause; the dump is tried again when it is "
	       "gone.") },
	{ "E402", "empty", OURS, N_("The dump holds no record"),
	    N_("There is nothing under the header, or nothing at all."),
	    N_("Check the period and the filters of the export.") },
	{ "E403", "no_header", OURS, N_("No row names the columns"),
	    N_("None of the first 30 rows looks like a header."),
	    N_("Export with a header row, or name the dump's columns in the "
	       "source's column map.") },
	{ "E404", "no_preset", OURS, N_("There is no preset of that name"),
	    N_("The settings name a preset that does not exist."),
	    N_("\"convdrop presets\" lists those that do.") },
	{ "E405", "missing_column", OURS,
	    N_("A column that is needed is missing"),
	    N_("A creation date and at least one of ClientID, e-mail and "
	       "phone are needed, and the pipeline when the source filters by "
	       "it."),
	    N_("Add the column to the export, or name it in the source's "
	       "column map.") },
	{ "E406", "no_status", OURS, N_("The dump has no status column"),
	    N_("Without a status every order would count as paid."),
	    N_("Add it to the export, or set default_status if every order in "
	       "it has the same status.") },
	{ "E407", "header_changed", OURS,
	    N_("In the middle of the dump another header begins"),
	    N_("From there on the columns cannot be trusted."),
	    N_("Drop the parts as separate files.") },
	{ "E408", "damaged", OURS,
	    N_("Too many records of the dump are damaged"),
	    N_("More records than max_bad allows cannot be read, so none was "
	       "taken: rather no dump than a wrong one."),
	    N_("Mend what the report names first, and drop the dump again.") },
	{ "E409", "encoding", OURS,
	    N_("The dump's encoding is unknown or does not fit its bytes"),
	    N_("The letters of the dump cannot be told."),
	    N_("Save it as UTF-8, or set the source's encoding.") },
	{ "E410", "syntax", OURS,
	    N_("The dump is neither text nor a format that can be read"),
	    N_("It is a picture, a document or a program, or its bytes are "
	       "damaged."),
	    N_("Export it as CSV.") },
	{ "E411", "truncated", OURS, N_("The compressed dump ends too early"),
	    N_("It was probably cut off on its way."), N_("Send it again.") },
	{ "E412", "corrupt", OURS, N_("The compressed dump is corrupt"),
	    N_("It does not match its checksum or format."),
	    N_("Send it again, in binary mode.") },
	{ "E413", "bomb", OURS,
	    N_("The dump unpacks to far more than a dump would"),
	    N_("It was not unpacked further, since a small file that grows "
	       "without end fills the disk."),
	    N_("If it is genuine, send it uncompressed.") },
	{ "E414", "too_big", OURS, N_("The dump is over the limit on size"),
	    N_("The dump is larger than the limits in convdrop.conf allow."),
	    N_("Export a shorter period.") },
	{ "E415", "too_wide", OURS,
	    N_("The dump has more columns than the limit allows"),
	    N_("Often the delimiter was taken for another one."),
	    N_("Check its delimiter, or export fewer columns.") },
	{ "E416", "zone", OURS, N_("The time zone's data cannot be used"),
	    N_("The zone does not exist, or its file is damaged."),
	    N_("Check the zone's name and that the package tzdata is "
	       "installed.") },
	{ "E417", "settings", OURS,
	    N_("The settings of this source contradict themselves"),
	    N_("Two settings of the source's section exclude each other."),
	    N_("Check its section of the config.") },
	{ "E441", "cut_off", OURS, N_("The dump ends in the middle"),
	    N_("A record, a list or a table is not closed, so the rest of the "
	       "dump is missing."),
	    N_("It was probably cut off on its way: send it again.") },
	{ "E442", "json", OURS, N_("The dump's JSON holds no records"),
	    N_("There is no object with names and values in it from which a "
	       "record could be read."),
	    N_("Export a list of objects, or one object a line.") },
	{ "E443", "json_tail", OURS,
	    N_("Something follows behind the end of the dump's list"),
	    N_("Two dumps were put into one file, or its end is damaged."),
	    N_("Drop the parts as separate files.") },
	{ "E444", "json_lists", OURS,
	    N_("The dump holds more than one list of objects"),
	    N_("Only one list can be its records; the other one would be "
	       "lost."),
	    N_("Drop the lists as separate files.") },
	{ "E445", "xml", OURS, N_("The dump is XML, which is not read"),
	    N_("It is perhaps CommerceML, or a workbook saved as XML."),
	    N_("Export it as CSV, .xlsx or JSON.") },

	{ "E460", "pipelines", OURS,
	    N_("The dump has several pipelines, and none of them is named"),
	    N_("Every pipeline of a CRM may end in the same status, a sale in "
	       "one and something else in another, so a preset's PAID counts "
	       "in a dump with several pipelines only for those that the "
	       "settings name."),
	    N_("Add status(\"PIPELINE\", \"STATUS\", \"PAID\") for each "
	       "pipeline that sells, or name the wanted ones in pipelines.") },

	/* --- publishing ------------------------------------------------- */
	{ "E501", "no_rows", OURS, N_("No order can be published"),
	    N_("No order is complete and within the days that are published. "
	       "The last good file stays."),
	    N_("Drop a dump with newer orders; the reports say what became of "
	       "those that came.") },
	{ "E502", "shrink", OURS,
	    N_("The new file would have far fewer rows than expected"),
	    N_("Most often a dump was incomplete, or a status map skips more "
	       "than it should. The last good file stays."),
	    N_("Look at the last dumps. If the file is right, run \"convdrop "
	       "publish FEED --force --reason TEXT\".") },
	{ "E503", "own_lint", OURS,
	    N_("The destination would refuse rows of the new file"),
	    N_("convdrop's own linter found a mistake, so the last good file "
	       "stays."),
	    N_("Look at the row that is named; if the dump is right, report "
	       "it as a bug.") },

	/* --- what lint warns of ----------------------------------------- */
	{ "W601", "aging_date", OURS,
	    N_("'create_date_time' is older than 111 days"),
	    N_("Direct takes the row, but no visit can be linked to it or "
	       "corrected any more."),
	    N_("Nothing is to be mended; send orders earlier.") },
	{ "W602", "same_id", OURS, N_("An earlier row has the same id"),
	    N_("The destination applies rows of one id in random order, so "
	       "that an old status may win."),
	    N_("Keep one row of each order, the newest. convdrop's own files "
	       "have one.") },
	{ "W603", "column_name", OURS,
	    N_("The column's name differs from a known one in capitals or "
	       "blanks"),
	    N_("The destination knows names to the letter, so it ignores the "
	       "column."),
	    N_("Write the name in lower case and without blanks.") },
	{ "W604", "column_twice", OURS, N_("A column is there twice"),
	    N_("Which of them the destination reads is not documented."),
	    N_("Delete one of them.") },
	{ "W605", "columns_few", OURS,
	    N_("The row has fewer cells than the header has columns"),
	    N_("The destination's rules do not say what becomes of such a "
	       "row."),
	    N_("Write every cell, also the empty ones at the end.") },
	{ "W606", "columns_many", OURS,
	    N_("The row has more cells than the header has columns"),
	    N_("The destination's rules do not say what becomes of such a "
	       "row."),
	    N_("Quote cells that hold a semicolon.") },
	{ "W607", "size", OURS, N_("The file has over 300,000,000 bytes"),
	    N_("This may be the destination's limit of 300 MB."),
	    N_("Publish a shorter period.") },
	{ "W608", "bom", OURS, N_("The file begins with a BOM"),
	    N_("The destination's rules do not mention it."),
	    N_("Save as UTF-8 without BOM.") },

	/* --- what spreadsheets do --------------------------------------- */
	{ "E701", "excel_exponent", OURS,
	    N_("Excel turned the number into an exponent"),
	    N_("A long number was stored as 7,9E+10: its last digits are "
	       "gone, and nothing brings them back."),
	    N_("Do not open the dump in Excel before it is dropped. If it "
	       "must be, import the column as text.") },
	{ "E702", "excel_zeros", OURS,
	    N_("Excel keeps 15 digits: those behind became zeros"),
	    N_("A ClientID of 18 or more digits ends in zeros from the 16th "
	       "digit on. A genuine one does once in a thousand."),
	    N_("Do not open the dump in Excel before it is dropped. If it "
	       "must be, import the column as text.") },
	{ "E703", "excel_hashes", OURS,
	    N_("Excel wrote ### because its column was too narrow"),
	    N_("The value itself is not in the dump."),
	    N_("Widen the column before saving, or export from the CRM "
	       "directly.") },
	{ "E704", "excel_serial", OURS,
	    N_("Excel wrote the date as a number of days"),
	    N_("45000 is how a spreadsheet stores a date; the time of day and "
	       "the zone may be gone."),
	    N_("Format the column as a date before saving, or export from the "
	       "CRM directly.") },
	{ "E705", "month_first", OURS,
	    N_("The date makes sense only with the month first"),
	    N_("A spreadsheet with American settings swapped day and month. "
	       "Dates up to the 12th look right and are wrong all the same."),
	    N_("Export dates as 2026-04-21 11:59:21. Until then do not trust "
	       "any date of this column.") },
	{ "E706", "lost_zeros", OURS,
	    N_("Numbers lost the zeros in front of them"),
	    N_("Most values of the column are filled up with zeros to one "
	       "length, and some are shorter: a spreadsheet took them for "
	       "numbers."),
	    N_("Import the column as text, or export from the CRM directly; "
	       "otherwise one order becomes two.") },
	{ "E707", "mojibake", OURS,
	    N_("The letters were decoded with a wrong encoding"),
	    N_("The text is UTF-8 that some program took for windows-1251 or "
	       "Latin-1 and saved again."),
	    N_("Export the dump again as UTF-8, without a program in "
	       "between.") },
	{ NULL, NULL, OURS, NULL, NULL, NULL },
};

const struct error_info *
error_by_code(const char *code)
{
	const struct error_info *i = error_all;

	while (i->code != NULL && strcasecmp(i->code, code) != 0)
		i++;
	return i->code == NULL ? NULL : i;
}

const struct error_info *
error_named(char family, const char *name)
{
	const struct error_info *i = error_all;

	while (i->code != NULL &&
	       (i->code[1] != family || strcmp(i->name, name) != 0))
		i++;
	return i->code == NULL ? NULL : i;
}

/* In the first of these families that has it. */
static const struct error_info *
first_of(const char *families, const char *name)
{
	const struct error_info *i = NULL;

	for (; *families != '\0' && i == NULL; families++)
		i = error_named(*families, name);
	return i;
}

/* The tests see to it that nothing gets this one. */
static const struct error_info other = { "E000", "other", OURS,
	N_("The mistake has no code of its own"),
	N_("This version of convdrop cannot say more."),
	N_("Please report it as a bug.") };

static const struct error_info *
or_other(const struct error_info *i)
{
	return i == NULL ? &other : i;
}

const struct error_info *
error_of_reject(enum reject r)
{
	return or_other(first_of("23", reject_code(r)));
}

const struct error_info *
error_of_status(enum fmt_status s)
{
	return or_other(error_named('4', fmt_status_code(s)));
}

const struct error_info *
error_of_finding(const char *name, bool warning)
{
	return or_other(first_of(warning ? "6123" : "1236", name));
}
