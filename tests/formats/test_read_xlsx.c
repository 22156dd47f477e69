/*
 * Workbooks: which sheet, what cells come out as, what is missing, and what
 * must not be read.  Workbooks of real programs are read by tests/e2e/xlsx.t.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <nettle/sha2.h>
#include <stdio.h>

#include "formats/reader.h"
#include "formats/xlsx.h"
#include "tests/formats/make_zip.h"
#include "tests/formats/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define REL                                                                    \
	"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define STRICT "http://purl.oclc.org/ooxml/officeDocument/relationships/"

/* The parts of a workbook; NULL is a plain one, "" none. */
struct parts {
	const char *sheet; /* what is within sheetData */
	const char *strings, *styles, *book, *relations;
	const char *raw; /* the whole sheet instead */
};

static const char plain_book[] =
    "<workbook><sheets><sheet name=\"Лист1\" sheetId=\"1\" r:id=\"r1\"/>"
    "</sheets></workbook>";
static const char plain_relations[] =
    "<Relationships>"
    "<Relationship Id=\"r1\" Type=\"" REL
    "worksheet\" Target=\"worksheets/s.xml\"/>"
    "<Relationship Id=\"r2\" Type=\"" REL
    "sharedStrings\" Target=\"/xl/strings.xml\"/>"
    "<Relationship Id=\"r3\" Type=\"" REL "styles\" Target=\"./styles.xml\"/>"
    "</Relationships>";

static struct slice
make_book(const struct parts *p)
{
	static char sheet[1 << 16];
	struct zip_file_in file[8];
	size_t n = 0;

	if (p->raw != NULL)
		snprintf(sheet, sizeof sheet, "%s", p->raw);
	else
		snprintf(sheet, sizeof sheet,
		    "<?xml version=\"1.0\"?><worksheet><sheetData>%s"
		    "</sheetData></worksheet>",
		    p->sheet);
	file[n++] = (struct zip_file_in){ "xl/workbook.xml",
		slice_of(p->book == NULL ? plain_book : p->book), NULL, false };
	file[n++] = (struct zip_file_in){ "xl/_rels/workbook.xml.rels",
		slice_of(p->relations == NULL ? plain_relations : p->relations),
		NULL, false };
	file[n++] = (struct zip_file_in){ "xl/worksheets/s.xml",
		slice_of(sheet), NULL, false };
	if (p->strings != NULL)
		file[n++] = (struct zip_file_in){ "xl/strings.xml",
			slice_of(p->strings), NULL, false };
	if (p->styles != NULL)
		file[n++] = (struct zip_file_in){ "xl/styles.xml",
			slice_of(p->styles), NULL, false };
	return make_zip(file, n);
}

/* What became of it: "3:a|b" a row, with its reject's code when it has one. */
struct result {
	enum fmt_status status;
	char rows[4096];
	unsigned long blank, lines;
	uint8_t sha[32];
};

static void
add_row(struct result *r, const struct row *row)
{
	size_t n = strlen(r->rows);

	n += (size_t)snprintf(
	    r->rows + n, sizeof r->rows - n, "%lu:", row->line);
	for (size_t i = 0; i < row->cells; i++)
		n += (size_t)snprintf(r->rows + n, sizeof r->rows - n, "%s%.*s",
		    i == 0 ? "" : "|", (int)row->cell[i].n, row->cell[i].p);
	if (row->reject != REJECT_NONE)
		n += (size_t)snprintf(r->rows + n, sizeof r->rows - n, " (%s)",
		    reject_code(row->reject));
	snprintf(r->rows + n, sizeof r->rows - n, "\n");
}

static void
read_book(struct result *out, struct slice zip, const struct settings *s,
    size_t expect, size_t step)
{
	struct memory m;
	struct decode *d = NULL;
	struct reader *r = NULL;
	struct reader_facts facts;
	struct row row;

	memset(out, 0, sizeof *out);
	out->status = decode_open(
	    &d, memory_file(&m, zip.p, zip.n, step), "", &s->limits);
	if (out->status == FMT_OK)
		out->status = reader_open(&r, d, s);
	while (out->status == FMT_OK &&
	       (out->status = reader_next(r, &row)) == FMT_OK) {
		add_row(out, &row);
		reader_expect(r, expect);
	}
	if (r != NULL) {
		reader_facts(r, &facts);
		out->blank = facts.blank_lines;
		out->lines = facts.lines;
	}
	if (out->status == FMT_END)
		decode_sha256(d, out->sha);
	reader_close(r);
	decode_close(d);
}

static void
forget(struct slice s)
{
	char *p;

	memcpy(&p, &s.p, sizeof p);
	free(p);
}

static void
run(struct result *out, const struct parts *p, const char *sheet, size_t expect)
{
	struct settings *s = settings_new();
	struct slice zip = make_book(p);

	settings_set(&s->sheet, sheet);
	read_book(out, zip, s, expect, 0);
	settings_free(s);
	forget(zip);
}

/* --- cells -------------------------------------------------------------- */

static const char styles[] =
    "<styleSheet><numFmts>"
    "<numFmt numFmtId=\"164\" formatCode=\"dd.mm.yyyy\\ hh:mm\"/>"
    "<numFmt numFmtId=\"165\" formatCode=\"#,##0.00\\ &quot;дней&quot;\"/>"
    "</numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs>"
    "<xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/>"
    "<xf numFmtId=\"165\"/><xf numFmtId=\"20\"/><xf numFmtId=\"46\"/>"
    "</cellXfs></styleSheet>";
static const char strings[] =
    "<sst><si><t>просто</t></si>"
    "<si><r><rPr><b/></rPr><t xml:space=\"preserve\">два </t></r>"
    "<r><t>слова</t></r><rPh sb=\"0\" eb=\"1\"><t>НЕТ</t></rPh></si>"
    "<si/><si><t>a_x000D_&#10;b_x0041_ _x005F_x0041_ _x00zz_</t></si></sst>";

static void
cells_come_out_as_a_person_meant_them(void **state)
{
	/* clang-format off */
	static const struct {
		const char *cell, *want;
	} row[] = {
		{ "<c r=\"A1\" t=\"s\"><v>0</v></c>",             "просто" },
		{ "<c r=\"A1\" t=\"s\"><v>1</v></c>",             "два слова" },
		{ "<c r=\"A1\" t=\"s\"><v>2</v></c>",             NULL },
		{ "<c r=\"A1\" t=\"s\"><v>3</v></c>",             "a\r\nbA _x0041_ _x00zz_" },
		{ "<c r=\"A1\" t=\"inlineStr\"><is><t>в строке</t></is></c>", "в строке" },
		{ "<c r=\"A1\" t=\"inlineStr\"><is><r><t>а</t></r><r><t>б</t></r>"
		  "<rPh><t>в</t></rPh></is></c>",                 "аб" },
		{ "<c r=\"A1\" t=\"str\"><f>A2&amp;\"x\"</f><v>formula</v></c>", "formula" },
		{ "<c r=\"A1\"><f>1+1</f><v>2</v></c>",           "2" },
		{ "<c r=\"A1\" t=\"b\"><v>1</v></c>",             "true" },
		{ "<c r=\"A1\" t=\"b\"><v>0</v></c>",             "false" },
		{ "<c r=\"A1\" t=\"e\"><v>#N/A</v></c>",          "#N/A" },
		{ "<c r=\"A1\" t=\"d\"><v>2026-04-21T10:00:00</v></c>", "2026-04-21T10:00:00" },
		{ "<c r=\"A1\" t=\"n\"><v>1508.5</v></c>",        "1508.5" },
		{ "<c r=\"A1\"><v> 7 </v></c>",                   "7" },
		{ "<c r=\"A1\" s=\"1\"><v>46133</v></c>",         "2026-04-21" },
		{ "<c r=\"A1\" s=\"1\"><v>46133.5</v></c>",       "2026-04-21 12:00:00" },
		{ "<c r=\"A1\" s=\"2\"><v>46133</v></c>",         "2026-04-21 00:00:00" },
		{ "<c r=\"A1\" s=\"2\"><v>46133.499665</v></c>",  "2026-04-21 11:59:31" },
		{ "<c r=\"A1\" s=\"3\"><v>46133</v></c>",         "46133" },
		{ "<c r=\"A1\" s=\"4\"><v>0.5</v></c>",           "12:00:00" },
		{ "<c r=\"A1\" s=\"5\"><v>1.25</v></c>",          "30:00:00" },
		{ "<c r=\"A1\" s=\"99\"><v>46133</v></c>",        "46133" },
		{ "<c r=\"A1\" s=\"1\" t=\"str\"><v>46133</v></c>", "46133" },
		{ "<x:c xmlns:x=\"y\" r=\"A1\"><x:v>5</x:v></x:c>", "5" },
	};
	/* clang-format on */
	char sheet[1024], want[256];
	struct result r;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct parts p = { sheet, strings, styles, NULL, NULL, NULL };

		snprintf(
		    sheet, sizeof sheet, "<row r=\"1\">%s</row>", row[i].cell);
		snprintf(want, sizeof want, "1:%s\n",
		    row[i].want == NULL ? "" : row[i].want);
		run(&r, &p, "", 0);
		assert_int_equal(r.status, FMT_END);
		assert_string_equal(r.rows, row[i].want == NULL ? "" : want);
	}
}

static void
numbers_lose_what_a_machine_added(void **state)
{
	/* clang-format off */
	static const struct {
		const char *number;
		enum xlsx_style style;
		bool from_1904;
		const char *want;
	} row[] = {
		{ "79995551111",          XLSX_NUMBER, false, "79995551111" },
		{ "7.9995551111E10",      XLSX_NUMBER, false, "79995551111" },
		{ "7.9995551111E+10",     XLSX_NUMBER, false, "79995551111" },
		{ "79995551111.0",        XLSX_NUMBER, false, "79995551111" },
		{ "1508.4999999999999",   XLSX_NUMBER, false, "1508.5" },
		{ "0.30000000000000004",  XLSX_NUMBER, false, "0.3" },
		{ "999999999999999.99",   XLSX_NUMBER, false, "1000000000000000" },
		{ "1508.50",              XLSX_NUMBER, false, "1508.5" },
		{ "-0.5",                 XLSX_NUMBER, false, "-0.5" },
		{ "-0",                   XLSX_NUMBER, false, "0" },
		{ "0.0",                  XLSX_NUMBER, false, "0" },
		{ "007",                  XLSX_NUMBER, false, "7" },
		{ "1E-7",                 XLSX_NUMBER, false, "0.0000001" },
		{ "1.33591E+17",          XLSX_NUMBER, false, "133591000000000000" },
		{ "123456789012345678",   XLSX_NUMBER, false, "123456789012345678" },
		{ "1.2345678901234567E+17", XLSX_NUMBER, false, "1.2345678901234567E+17" },
		{ "1E+300",               XLSX_NUMBER, false, "1E+300" },
		{ "1E",                   XLSX_NUMBER, false, "1E" },
		{ "#N/A",                 XLSX_DATE,   false, "#N/A" },
		{ "1.2.3",                XLSX_NUMBER, false, "1.2.3" },
		{ ".",                    XLSX_NUMBER, false, "." },
		{ "46133",                XLSX_DATE,   false, "2026-04-21" },
		{ "44671",                XLSX_DATE,   true,  "2026-04-21" },
		{ "46133.4999999",        XLSX_DATE,   false, "2026-04-21 12:00:00" },
		{ "46133.99999999",       XLSX_DATE,   false, "2026-04-22" },
		{ "4.6133E4",             XLSX_DATE,   false, "2026-04-21" },
		{ "46133.000011574074",   XLSX_DATE_TIME, false, "2026-04-21 00:00:01" },
		{ "1",                    XLSX_DATE,   false, "1900-01-01" },
		{ "59",                   XLSX_DATE,   false, "1900-02-28" },
		{ "60",                   XLSX_DATE,   false, "1900-02-29" },
		{ "61",                   XLSX_DATE,   false, "1900-03-01" },
		{ "0",                    XLSX_DATE,   false, "0000-00-00" },
		{ "0",                    XLSX_DATE,   true,  "1904-01-01" },
		{ "2958465",              XLSX_DATE,   false, "9999-12-31" },
		{ "2958466",              XLSX_DATE,   false, "2958466" },
		{ "-1",                   XLSX_DATE,   false, "-1" },
		{ "79995551111",          XLSX_DATE,   false, "79995551111" },
		{ "0.000694444444444",    XLSX_TIME,   false, "00:01:00" },
		{ "0.99999999",           XLSX_TIME,   false, "1900-01-01 00:00:00" },
		{ "46133.5",              XLSX_TIME,   false, "2026-04-21 12:00:00" },
		{ "1.5",                  XLSX_ELAPSED, false, "36:00:00" },
	};
	/* clang-format on */
	char out[XLSX_NUMBER_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct slice s = xlsx_number(out, slice_of(row[i].number),
		    row[i].style, row[i].from_1904);

		if (!slice_is(s, row[i].want))
			fail_msg("%s: %.*s, not %s", row[i].number, (int)s.n,
			    s.p, row[i].want);
	}
}

static void
a_format_shows_a_date_or_not(void **state)
{
	/* clang-format off */
	static const struct {
		const char *format;
		enum xlsx_style style;
	} row[] = {
		{ "General",                         XLSX_NUMBER },
		{ "0.00E+00",                        XLSX_NUMBER },
		{ "#,##0.00\" руб.\"",               XLSX_NUMBER },
		{ "#,##0\\ \\d\\a\\y\\s",            XLSX_NUMBER },
		{ "[Red]0;[Magenta]-0",              XLSX_NUMBER },
		{ "_-* #,##0.00\\ _₽_-;_-@_-",       XLSX_NUMBER },
		{ "_d0_y",                           XLSX_NUMBER },
		{ "[$-419]#,##0",                    XLSX_NUMBER },
		{ "@",                               XLSX_NUMBER },
		{ "0;dd",                            XLSX_NUMBER },
		{ "dd.mm.yyyy",                      XLSX_DATE },
		{ "DD/MM/YYYY",                      XLSX_DATE },
		{ "[$-F800]dddd\\,\\ mmmm\\ dd",     XLSX_DATE },
		{ "mmm\\-yy",                        XLSX_DATE },
		{ "mmmm",                            XLSX_DATE },
		{ "yyyy\\-mm\\-dd\\ h:mm:ss",        XLSX_DATE_TIME },
		{ "dd/mm/yy\\ h:mm\\ AM/PM;@",       XLSX_DATE_TIME },
		{ "h:mm",                            XLSX_TIME },
		{ "mm:ss.0",                         XLSX_TIME },
		{ "h:mm AM/PM",                      XLSX_TIME },
		{ "[h]:mm:ss",                       XLSX_ELAPSED },
		{ "[mm]:ss",                         XLSX_ELAPSED },
		{ "\"unclosed dd",                   XLSX_NUMBER },
		{ "[unclosed dd",                    XLSX_NUMBER },
		{ "0\\",                             XLSX_NUMBER },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		if (xlsx_style_of(row[i].format) != row[i].style)
			fail_msg("%s", row[i].format);
}

/* --- rows --------------------------------------------------------------- */

static void
what_is_not_there_is_empty(void **state)
{
	static const struct parts p = {
		"<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"D2\"><v>4</v></c>"
		"<c r=\"XFD2\" s=\"1\"/></row>"
		"<row r=\"3\"/><row r=\"4\"><c r=\"B4\" s=\"0\"/></row>"
		"<row><c><v>5</v></c><c><v>6</v></c></row>"
		"<row r=\"9\"><c r=\"B9\"><v>7</v></c><c><v>8</v></c></row>"
		"<row r=\"3\"><c><v>9</v></c></row>",
		NULL, NULL, NULL, NULL, NULL
	};
	struct result r;

	(void)state;
	run(&r, &p, "", 4);
	assert_int_equal(r.status, FMT_END);
	assert_string_equal(r.rows, "2:1|||4\n5:5|6||\n9:|7|8|\n10:9|||\n");
	assert_int_equal(r.blank, 1 + 2 + 3);
	assert_int_equal(r.lines, 10);
}

static void
limits_refuse_a_row_or_the_dump(void **state)
{
	static const struct parts p = {
		"<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>"
		"<row r=\"2\"><c r=\"E2\"><v>1</v></c></row>"
		"<row r=\"3\"><c t=\"str\"><v>пятнадцать</v></c></row>"
		"<row r=\"4\"><c t=\"str\"><v>twelve bytes</v></c>"
		"<c t=\"str\"><v>twelve bytes</v></c><c><v>1</v></c></row>"
		"<row r=\"5\"><c t=\"str\"><v>_x0000_</v></c></row>"
		"<row r=\"6\"><c t=\"str\"><v>\xef\xbf\xbd</v></c></row>",
		NULL, NULL, NULL, NULL, NULL
	};
	struct settings *s = settings_new();
	struct slice zip = make_book(&p);
	struct result r;

	(void)state;
	s->limits.columns = 4;
	s->limits.field_bytes = 15;
	s->limits.line_bytes = 20;
	read_book(&r, zip, s, 1, 0);
	assert_int_equal(r.status, FMT_END);
	assert_string_equal(r.rows,
	    "1:1\n2: (columns_many)\n3:пятнадц (field_too_long)\n"
	    "4:twelve bytes|twelve b| (line_too_long)\n"
	    "5: (nul)\n6:\xef\xbf\xbd (bad_encoding)\n");
	read_book(&r, zip, s, 0, 0);
	assert_int_equal(r.status, FMT_TOO_WIDE);
	settings_free(s);
	forget(zip);
}

static void
the_hash_is_of_the_files_own_bytes(void **state)
{
	static const struct parts p = { "<row r=\"1\"><c><v>1</v></c></row>",
		NULL, NULL, NULL, NULL, NULL };
	struct settings *s = settings_new();
	struct slice zip = make_book(&p);
	struct sha256_ctx sha;
	uint8_t want[32];
	struct result r;

	(void)state;
	sha256_init(&sha);
	sha256_update(&sha, zip.n, (const uint8_t *)zip.p);
	sha256_digest(&sha, sizeof want, want);
	for (size_t step = 0; step < 10; step += 3) {
		read_book(&r, zip, s, 0, step);
		assert_int_equal(r.status, FMT_END);
		assert_string_equal(r.rows, "1:1\n");
		assert_memory_equal(r.sha, want, sizeof want);
	}
	settings_free(s);
	forget(zip);
}

/* --- which sheet -------------------------------------------------------- */

static void
the_first_sheet_that_is_shown_is_read(void **state)
{
	static const char book[] =
	    "<workbook><workbookPr date1904=\"1\"/><sheets>"
	    "<sheet name=\"График\" r:id=\"c\"/>"
	    "<sheet name=\"Скрыт\" state=\"hidden\" r:id=\"h\"/>"
	    "<sheet name=\"Сделки\" r:id=\"d\"/>"
	    "<sheet name=\"Ещё\" r:id=\"e\"/></sheets></workbook>";
	static const char start[] = "<Relationships>"
				    "<Relationship Id=\"c\" Type=\"" REL
				    "chartsheet\" Target=\"chart.xml\"/>"
				    "<Relationship Id=\"s\" Type=\"" STRICT
				    "styles\" Target=\"styles.xml\"/>";
	/* clang-format off */
	static const struct {
		const char *name, *id;
		enum fmt_status status;
	} row[] = {
		{ "",       "d", FMT_END },
		{ "Сделки", "d", FMT_END },
		{ "сделки", "d", FMT_END },
		{ "Скрыт",  "h", FMT_END },
		{ "ещё",    "e", FMT_END },
		{ "График", "d", FMT_XLSX_SHEET },
		{ "Лист1",  "d", FMT_XLSX_SHEET },
	};
	/* clang-format on */
	char relations[2048];
	struct result r;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct parts p = {
			"<row r=\"1\"><c s=\"1\"><v>44671</v></c></row>", NULL,
			styles, book, relations, NULL
		};
		int n = snprintf(relations, sizeof relations, "%s", start);

		for (const char *id = "edh"; *id != '\0'; id++)
			n += snprintf(relations + n,
			    sizeof relations - (size_t)n,
			    "<Relationship Id=\"%c\" Type=\"" STRICT
			    "worksheet\" Target=\"%s\"/>",
			    *id,
			    *id == *row[i].id ? "worksheets/s.xml" : "no.xml");
		snprintf(relations + n, sizeof relations - (size_t)n,
		    "</Relationships>");
		run(&r, &p, row[i].name, 0);
		assert_int_equal(r.status, row[i].status);
		if (r.status == FMT_END)
			assert_string_equal(r.rows, "1:2026-04-21\n");
	}
}

/* --- what must not be read ---------------------------------------------- */

static void
what_is_no_workbook_has_its_sentence(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		struct parts parts;
		enum fmt_status status;
	} row[] = {
		{ "a document type", { .raw =
		    "<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet><sheetData><row>"
		    "<c t=\"str\"><v>&a;</v></c></row></sheetData></worksheet>" },
		  FMT_XLSX_DOCTYPE },
		{ "an external entity", { .sheet = "", .strings =
		    "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><sst/>" },
		  FMT_XLSX_DOCTYPE },
		{ "not closed", { .raw = "<worksheet><sheetData><row>" }, FMT_XLSX },
		{ "no XML", { .raw = "PK" }, FMT_XLSX },
		{ "an unknown entity", { .sheet = "<row><c><v>&x;</v></c></row>" },
		  FMT_XLSX },
		{ "a string that is not there", { .sheet =
		    "<row><c t=\"s\"><v>0</v></c></row>" }, FMT_XLSX },
		{ "a string without a number", { .sheet =
		    "<row><c t=\"s\"><v>-1</v></c></row>" }, FMT_XLSX },
		{ "no sheet", { .sheet = "", .book = "<workbook/>" },
		  FMT_XLSX_SHEET },
		{ "no relations", { .sheet = "", .relations = "<x/>" },
		  FMT_XLSX_SHEET },
		{ "a sheet that is not there", { .sheet = "", .relations =
		    "<x><Relationship Id=\"r1\" Type=\"worksheet\" Target=\"y\"/></x>" },
		  FMT_XLSX },
	};
	/* clang-format on */
	struct result r;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		run(&r, &row[i].parts, "", 0);
		if (r.status != row[i].status)
			fail_msg(
			    "%s: %s", row[i].name, fmt_status_code(r.status));
	}
}

/* Names, nesting and tags cost expat memory for as long as the file likes. */
static void
xml_that_eats_memory_is_refused(void **state)
{
	static const char *const piece[] = { "<a>", "<row x=\"", "<!--" };
	size_t n = 16 << 20;
	char *xml = mem_alloc(n);

	(void)state;
	for (size_t i = 0; i < COUNT(piece) + 1; i++) {
		struct zip_file_in file[3] = {
			{ "xl/workbook.xml", slice_of(plain_book), NULL,
			    false },
			{ "xl/_rels/workbook.xml.rels",
			    slice_of(plain_relations), NULL, false },
			{ "xl/worksheets/s.xml", { xml, n }, NULL, false },
		};
		struct settings *s = settings_new();
		struct result r;
		struct slice zip;
		size_t at = 3;

		memset(xml, 'x', n);
		memcpy(xml, "<y>", 3);
		if (i == COUNT(piece))
			for (unsigned k = 0; at + 32 < n; k++)
				at += (size_t)snprintf(
				    xml + at, n - at, "<n%u/>", k);
		else if (i == 0)
			for (; at + 3 < n; at += 3)
				memcpy(xml + at, "<a>", 3);
		else
			memcpy(xml + 3, piece[i], strlen(piece[i]));
		zip = make_zip(file, 3);
		s->limits.ratio = 100000;
		read_book(&r, zip, s, 0, 0);
		if (r.status != FMT_XLSX)
			fail_msg("%zu: %s", i, fmt_status_code(r.status));
		settings_free(s);
		forget(zip);
	}
	free(xml);
}

/* Each relation is looked for among the sheets. */
/* Each style is looked for among the formats. */
static void
more_styles_than_a_workbook_has_are_refused(void **state)
{
	static const struct {
		size_t formats, styles;
		enum fmt_status status;
	} row[] = {
		{ 4096, 1000, FMT_END },
		{ 4097, 1, FMT_XLSX },
		{ 1, 65536, FMT_END },
		{ 1, 65537, FMT_XLSX },
	};
	static const char format[] =
	    "<numFmt numFmtId=\"9\" formatCode=\"0\"/>",
			  style[] = "<xf/>";
	static char text[1 << 20];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct parts p = { "<row r=\"1\"><c><v>1</v></c></row>", NULL,
			text, NULL, NULL, NULL };
		char *to = stpcpy(text, "<styleSheet><numFmts>");
		struct result r;

		for (size_t k = 0; k < row[i].formats; k++)
			to = stpcpy(to, format);
		to = stpcpy(to, "</numFmts><cellXfs>");
		for (size_t k = 0; k < row[i].styles; k++)
			to = stpcpy(to, style);
		stpcpy(to, "</cellXfs></styleSheet>");
		run(&r, &p, "", 0);
		assert_int_equal(r.status, row[i].status);
	}
}

static void
more_sheets_than_a_workbook_has_are_refused(void **state)
{
	static const char sheet[] = "<sheet name=\"S\" id=\"r1\"/>";
	static const char relation[] =
	    "<Relationship Id=\"r2\" Type=\"worksheet\" Target=\"y\"/>";
	static const struct {
		size_t sheets, relations;
	} row[] = { { 70000, 1 }, { 1, 70000 } };

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char *book = mem_alloc(row[i].sheets * sizeof sheet + 40), *p;
		char *relations =
		    mem_alloc(row[i].relations * sizeof relation + 40);
		struct parts parts = {
			.sheet = "", .book = book, .relations = relations
		};
		struct result r;

		p = stpcpy(book, "<workbook>");
		for (size_t k = 0; k < row[i].sheets; k++)
			p = stpcpy(p, sheet);
		stpcpy(p, "</workbook>");
		p = stpcpy(relations, "<x>");
		for (size_t k = 0; k < row[i].relations; k++)
			p = stpcpy(p, relation);
		stpcpy(p, "</x>");
		run(&r, &parts, "", 0);
		assert_int_equal(r.status, FMT_XLSX);
		free(book);
		free(relations);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_come_out_as_a_person_meant_them),
		cmocka_unit_test(numbers_lose_what_a_machine_added),
		cmocka_unit_test(a_format_shows_a_date_or_not),
		cmocka_unit_test(what_is_not_there_is_empty),
		cmocka_unit_test(limits_refuse_a_row_or_the_dump),
		cmocka_unit_test(the_hash_is_of_the_files_own_bytes),
		cmocka_unit_test(the_first_sheet_that_is_shown_is_read),
		cmocka_unit_test(what_is_no_workbook_has_its_sentence),
		cmocka_unit_test(xml_that_eats_memory_is_refused),
		cmocka_unit_test(more_styles_than_a_workbook_has_are_refused),
		cmocka_unit_test(more_sheets_than_a_workbook_has_are_refused),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
