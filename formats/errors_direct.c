/*
 * Mistakes, part 1: what Direct, and the other destinations, say of a file and
 * of a row.  Texts that are Direct's own
 * (domain/conversion-formats.md 2.1, 2.2) are not translated.
 */
#include "formats/errors_private.h"

const struct error_info errors_direct[] = {
	/* --- what the destination says of the file --- */
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

	{ "E113", "json", OURS, N_("The file is not valid JSON"),
	    N_("The destination reads JSON to the letter of its grammar."),
	    N_("Let convdrop write the file.") },
	{ "E114", "json_shape", OURS,
	    N_("The JSON has not the shape that the destination reads"),
	    N_("It expects one object with a list of records in it."),
	    N_("Let convdrop write the file; its man page shows the shape.") },

	/* --- what it says of a row --- */
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

	{ "E215", "empty", OURS,
	    N_("A value that the destination needs is missing"),
	    N_("The row is refused without it."),
	    N_("Fill the column for every row.") },
	{ "E216", "client_type", OURS, N_("'client_type' must be CONTACT"),
	    N_("Metrica knows no other kind of client in this file."),
	    N_("Write CONTACT in every row.") },
	{ "E217", "json_type", OURS,
	    N_("The value is of another JSON type than the destination reads"),
	    N_("A number stands where a text is expected, or the other way "
	       "round."),
	    N_("Let convdrop write the file.") },
	{ NULL, NULL, OURS, NULL, NULL, NULL },
};
