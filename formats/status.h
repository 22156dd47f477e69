/*
 * What can go wrong in formats/.  enum fmt_status: the dump as a whole cannot
 * be read on.  enum reject: one record, or one value in it, is refused.  Both
 * are values; nothing here logs.
 */
#ifndef FORMATS_STATUS_H
#define FORMATS_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include "formats/slice.h"

enum fmt_status {
	FMT_OK = 0,
	FMT_END,            /* no more records; not an error */
	FMT_IO,             /* the caller's read function failed */
	FMT_EMPTY,          /* no record at all, or only a header */
	FMT_NO_HEADER,      /* no row names the columns that are needed */
	FMT_NO_PRESET,      /* the named preset does not exist */
	FMT_MISSING_COLUMN, /* no column for the date, or for any identifier */
	FMT_NO_STATUS,      /* no status column and no default_status */
	FMT_HEADER_CHANGED, /* another header in the middle of the dump */
	FMT_DAMAGED,        /* more than max_bad of the records are damaged */
	FMT_ENCODING,       /* the encoding is unknown or does not fit */
	FMT_SYNTAX,         /* neither text nor any dump syntax we read */
	FMT_TRUNCATED,      /* a compressed dump ends too early */
	FMT_CORRUPT,        /* a compressed dump does not add up */
	FMT_BOMB,           /* it unpacks to far more than it should */
	FMT_TOO_BIG,        /* over the limit on bytes, packed or plain */
	FMT_TOO_WIDE,       /* over the limit on columns */
	FMT_ZONE,           /* a time zone's data is unusable */
	FMT_SETTINGS,       /* settings that contradict themselves */
	FMT_ZIP_PASSWORD,   /* a zip archive's member is encrypted */
	FMT_ZIP_METHOD,     /* it is compressed as we cannot unpack */
	FMT_ZIP_NAME,       /* its name could lead out of a folder */
	FMT_ZIP_MEMBERS,    /* over the limit on members */
	FMT_ZIP_PARTS,      /* one part of an archive of several files */
	FMT_ZIP_EMPTY,      /* there is no dump in it */
	FMT_ZIP_NESTED,     /* an archive within an archive */
	FMT_ZIP_STREAM,     /* where only a stream is, no zip can be read */
	FMT_XLSX,           /* a workbook that cannot be understood */
	FMT_XLSX_DOCTYPE,   /* XML with a document type */
	FMT_XLSX_STRINGS,   /* too many shared strings for the memory */
	FMT_XLSX_SHEET,     /* no sheet of that name */
	FMT_XLSX_PASSWORD,  /* an encrypted workbook */
	FMT_XLS,            /* a binary workbook of old */
	FMT_XLSB,           /* a binary workbook in a zip archive */
	FMT_ODS,            /* an OpenDocument spreadsheet */
	FMT_PDF,            /* a document */
	FMT_CUT_OFF,        /* the dump ends within its list or table */
	FMT_JSON,           /* JSON without a list of objects */
	FMT_JSON_TAIL,      /* something behind the end of the JSON */
	FMT_JSON_LISTS,     /* more than one list of objects */
	FMT_XML,            /* XML that is no HTML */
	FMT_MOJIBAKE,       /* the columns' names were decoded wrongly */
	FMT_PIPELINES,      /* several, and the settings name none */
	FMT_STATUS_COUNT
};

/* A stable code such as "truncated", and what it means and how to mend it in
 * one or two sentences, in the reader's language (message.h). */
const char *fmt_status_code(enum fmt_status s);
const char *fmt_status_text(enum fmt_status s);

enum reject {
	REJECT_NONE = 0,
	REJECT_COLUMNS_FEW,
	REJECT_COLUMNS_MANY,
	REJECT_UNCLOSED_QUOTE,
	REJECT_LINE_TOO_LONG,
	REJECT_FIELD_TOO_LONG,
	REJECT_ENCODING, /* bytes that the dump's encoding does not have */
	REJECT_NUL,
	REJECT_ID,
	REJECT_DATE,
	REJECT_DATE_EMPTY,
	REJECT_DATE_OLD,
	REJECT_DATE_FUTURE,
	REJECT_CLIENT_IDS,
	REJECT_EMAILS,
	REJECT_PHONES,
	REJECT_EMAILS_MD5,
	REJECT_PHONES_MD5,
	REJECT_NO_IDENTIFIER,
	REJECT_MONEY,
	REJECT_MONEY_NEGATIVE,
	REJECT_MONEY_TOO_BIG,
	REJECT_STATUS,
	REJECT_STATUS_EMPTY,
	REJECT_CURRENCY,
	REJECT_NUMBER,         /* a duration, a flag */
	REJECT_CLIENT_EMPTY,   /* a contact without an id of its own */
	REJECT_PLATFORM_EMPTY, /* a chat without its platform */
	REJECT_ID_VARIANT,     /* known but for leading zeros or ".0" */
	REJECT_JSON,           /* no JSON by its grammar */
	REJECT_JSON_DEEP,      /* brackets within too many brackets */
	REJECT_JSON_OBJECT,    /* JSON, but no object */
	REJECT_PLATFORM,       /* of a chat: none that Metrica knows */
	REJECT_TARGET,         /* not the id of a goal */
	REJECT_GOALS,
	REJECT_PRODUCTS,
	REJECT_IGNORED, /* an identifier that is nobody's own */
	REJECT_COUNT
};

/* A stable code such as "date" or "empty_status". */
const char *reject_code(enum reject r);

/* Does it count as damage towards max_bad (structure, date syntax, number,
 * unmapped status)? */
bool reject_is_damage(enum reject r);

/*
 * The sentence for a person: Direct's own text where Direct has one
 * (domain/conversion-formats.md 2.2), with the column's published name and the
 * value put in; ours otherwise.  A value of length 0 is left out, as it must
 * be where texts can reach a log.  hint, may be NULL, is appended in
 * parentheses ("Excel turned the number into an exponent").  Writes at most
 * size bytes, always terminated, cut at a character; returns the length.
 */
size_t reject_text(char *out, size_t size, enum reject r, const char *column,
    struct slice value, const char *hint);

#endif
