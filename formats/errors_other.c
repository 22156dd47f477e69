/*
 * Mistakes, part 3: publishing, the warnings of lint, and what is done to
 * values before they come.
 */
#include "formats/errors_private.h"

const struct error_info errors_other[] = {
	/* --- publishing --- */
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
	{ "E504", "too_large", OURS,
	    N_("The new file would be larger than its destination takes"),
	    N_("No part of it can be left out, so the last good file stays."),
	    N_("Drop shorter periods, or feed fewer records to the output.") },

	/* --- what lint warns of --- */
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

	{ "W609", "missing_column", OURS,
	    N_("A column that makes for better conversions is missing"),
	    N_("The destination takes the file without it, but may link "
	       "nothing to a visit."),
	    N_("Add the column, or let convdrop write the file.") },
	{ "W610", "unattributed", OURS, N_("The row can be linked to no visit"),
	    N_("The destination takes the row without any of the identifiers "
	       "and counts it for nobody."),
	    N_("Export the ClientID, or another identifier that the "
	       "destination knows.") },
	{ "W611", "same_key", OURS,
	    N_("An earlier row has the same visitor and key"),
	    N_("Which of the two values stays is not documented."),
	    N_("Keep one row for each visitor and key.") },
	{ "W612", "mixed_currency", OURS, N_("Rows have different currencies"),
	    N_("Metrica then takes the amounts without a currency."),
	    N_("Upload each currency as a file of its own.") },

	/* --- times that make no sense --- */
	{ "W613", "clock_ahead", OURS,
	    N_("The newest rows were created after the dump came"),
	    N_("Nobody orders tomorrow: the dump's times are in a zone further "
	       "east than the one that is set, or the CRM's clock is fast. "
	       "Direct refuses times in the future, and links the others to "
	       "the wrong visits."),
	    N_("Set the source's source_timezone to the zone of the CRM.") },
	{ "W614", "clock_behind", OURS,
	    N_("The newest row is hours old, and in earlier dumps it was "
	       "minutes old"),
	    N_("Most often the CRM or its export was moved to another zone, "
	       "such as UTC; else the export is old."),
	    N_("Set the source's source_timezone to the zone of the CRM.") },
	{ "W615", "clock_moved", OURS,
	    N_("Known orders have other times, all by the same shift"),
	    N_("An order is created once, so the zone of the CRM or of its "
	       "export was changed. Times that Direct has seen stay as they "
	       "are; all others become wrong."),
	    N_("Set the source's source_timezone to the zone of the CRM.") },
	{ "W616", "night", OURS, N_("Most rows were created at night"),
	    N_("Clients come by day and in the evening. Where hardly any come "
	       "by day and most at night, the times are off by hours."),
	    N_("Set the source's source_timezone to the zone of the CRM.") },
	{ "W617", "midnight", OURS,
	    N_("All times are the same, such as "
	       "midnight"),
	    N_("A date was saved as a date and time, and the time is made up. "
	       "Direct and Metrica then cannot tell which of a day's visits "
	       "an order belongs to."),
	    N_("Export the date and time at which the order was made; or the "
	       "date alone, which counts as the end of its day.") },
	{ "W618", "clock_change", OURS,
	    N_("Times lie in an hour in which the clock was changed"),
	    N_("An hour that the clock skips in spring has no times: those "
	       "are moved forward by an hour. One that comes twice in autumn "
	       "is taken for the earlier one. Many of the first say that the "
	       "CRM's clock is not the zone's."),
	    N_("Let the CRM export times in UTC or with their offset.") },
	{ "W619", "month_first", OURS,
	    N_("Dates were probably written with the month first"),
	    N_("03.04.2026 is the 3rd of April for everybody here, and the "
	       "4th of March for a spreadsheet with American settings. Dates "
	       "up to the 12th look right and are wrong all the same."),
	    N_("Export dates as 2026-04-21 11:59:21.") },

	/* --- what spreadsheets and encodings do --- */
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
