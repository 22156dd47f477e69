/*
 * Mistakes, part 2: what we say of a row of a dump, and of the dump as a whole.
 */
#include "formats/errors_private.h"

const struct error_info errors_dump[] = {
	/* --- a row or value --- */
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
	{ "E308", "id", OURS, N_("Invalid '%c' value%v"),
	    N_("The id is not what the CRM has: a spreadsheet changed it."),
	    N_("Export order ids as text.") },
	{ "E309", "empty_status", OURS, "Empty '%c' value",
	    N_("A new order has no status, although the dump has a column for "
	       "it; Direct would count it as paid."),
	    N_("Give every order a status in the CRM.") },
	{ "E310", "currency", OURS, N_("Invalid '%c' value%v"),
	    N_("The currency is not known, or not the one of the source."),
	    N_("Export amounts in the source's currency, or as a source of "
	       "their own.") },
	{ "E311", "number", OURS, N_("Invalid '%c' value%v"),
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
	    N_("'%c': goal id expected, not the name of a goal%v"),
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

	{ "E312", "empty_client", OURS, "Empty '%c' value",
	    N_("The contact has no id of its own, so no order can name it."),
	    N_("Export the client's id from the CRM.") },
	{ "E313", "empty_platform", OURS, "Empty '%c' value",
	    N_("It is not said where the chat took place, and Metrica needs to "
	       "know."),
	    N_("Export the messenger: whatsapp, telegram or viber.") },
	{ "E314", "id_variant", OURS,
	    N_("The '%c' is a known one%v, but for leading zeros or '.0'"),
	    N_("The id differs from one that is known only by zeros in front "
	       "of it or by a fraction behind it: a spreadsheet changed it, "
	       "and taken as it is one order would become two."),
	    N_("Export ids as text, and drop the dump again.") },

	{ "E315", "ignored", OURS,
	    N_("The identifier in '%c' is on the list of those to ignore%v"),
	    N_("The file that ignore_identifiers names has it: it is nobody's "
	       "own, so it was dropped from its cell."),
	    N_("Nothing is to be mended; if somebody does own it, take it off "
	       "the list.") },

	/* --- the dump as a whole --- */
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
	{ "E446", "garbled", OURS,
	    N_("The dump's letters were decoded with a wrong encoding"),
	    N_("Some program took the bytes of the dump for another encoding "
	       "and saved what it saw, or question marks; or the encoding that "
	       "is set for the source is not the dump's. Its columns cannot be "
	       "told."),
	    N_("Export it again as UTF-8 and open it in no other program on "
	       "the way; check the source's encoding when one is set.") },

	{ "E460", "pipelines", OURS,
	    N_("The dump has several pipelines, and none of them is named"),
	    N_("Every pipeline of a CRM may end in the same status, a sale in "
	       "one and something else in another, so a preset's PAID counts "
	       "in a dump with several pipelines only for those that the "
	       "settings name."),
	    N_("Add status(\"PIPELINE\", \"STATUS\", \"PAID\") for each "
	       "pipeline that sells, or name the wanted ones in pipelines.") },

	{ "E418", "zip_password", OURS,
	    N_("The zip archive is protected by a password"),
	    N_("Nobody is here to type the password."),
	    N_("Pack it again without one.") },
	{ "E419", "zip_method", OURS,
	    N_("The zip archive is compressed in a way that cannot be "
	       "unpacked"),
	    N_("It was packed with a method that few programs know."),
	    N_("Pack it again with the usual method (deflate).") },
	{ "E420", "zip_name", OURS,
	    N_("A name in the zip archive leads out of its folder"),
	    N_("Names with .. or control characters are how archives attack "
	       "whoever unpacks them, so it was not unpacked."),
	    N_("Pack it again with plain names.") },
	{ "E421", "zip_members", OURS,
	    N_("The zip archive has more members than the limit allows"),
	    N_("The limit is dump_members in convdrop.conf."),
	    N_("Pack fewer files together.") },
	{ "E422", "zip_parts", OURS,
	    N_("The file is one part of a zip archive in several files"),
	    N_("The other parts are needed to unpack it."),
	    N_("Pack it again as a single one.") },
	{ "E423", "zip_empty", OURS, N_("The zip archive holds no dump"),
	    N_("It is empty, or holds folders alone."),
	    N_("Check what was packed.") },
	{ "E424", "zip_nested", OURS,
	    N_("Within the archive lies another archive"),
	    N_("Archives within archives are not unpacked."),
	    N_("Unpack it and drop the dumps themselves.") },
	{ "E425", "zip_stream", OURS,
	    N_("A zip archive or an .xlsx workbook cannot be read from a "
	       "stream"),
	    N_("Its table of contents stands at the end."),
	    N_("Save it as a file first.") },
	{ "E426", "xlsx", OURS, N_("The workbook is damaged"),
	    N_("It is not written as .xlsx workbooks are."),
	    N_("Open it in a spreadsheet program and save it again as .xlsx or "
	       "CSV.") },
	{ "E427", "xlsx_doctype", OURS,
	    N_("The workbook's XML has a document type"),
	    N_("No spreadsheet program writes one, and it can be used to "
	       "attack whoever reads it."),
	    N_("Open it in a spreadsheet program and save it again.") },
	{ "E428", "xlsx_strings", OURS,
	    N_("The workbook has more different texts than fit into memory"),
	    N_("All texts of a workbook have to be known before its rows can "
	       "be read."),
	    N_("Export a shorter period, or save it as CSV.") },
	{ "E429", "xlsx_sheet", OURS,
	    N_("The workbook has no sheet of the name that is set"),
	    N_("Or it has no visible sheet at all."),
	    N_("Check the setting \"sheet\", or the names at the bottom of the "
	       "workbook's window.") },
	{ "E430", "xlsx_password", OURS,
	    N_("The workbook is protected by a password"),
	    N_("Nobody is here to type the password."),
	    N_("Save it without one.") },
	{ "E431", "xls", OURS, N_("The dump is a binary .xls workbook"),
	    N_("That format of old is not read."),
	    N_("Save it as .xlsx or CSV.") },
	{ "E432", "xlsb", OURS, N_("The dump is a binary .xlsb workbook"),
	    N_("That format is not read."), N_("Save it as .xlsx or CSV.") },
	{ "E433", "ods", OURS, N_("The dump is an OpenDocument file"),
	    N_("That format is not read."), N_("Save it as .xlsx or CSV.") },
	{ "E434", "pdf", OURS, N_("The dump is a PDF document"),
	    N_("It is made for printing and holds no table that can be read."),
	    N_("Export it as .xlsx or CSV.") },
	{ NULL, NULL, OURS, NULL, NULL, NULL },
};
