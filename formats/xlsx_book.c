/*
 * The workbook: workbook.xml lists the sheets in the order of their tabs and
 * names each by an id, workbook.xml.rels says which member that is.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/preset.h"
#include "formats/xlsx.h"

#define FOLDER "xl/"
#define WORKBOOK FOLDER "workbook.xml"
#define RELATIONS FOLDER "_rels/workbook.xml.rels"
#define SHEETS_MAX 4096
#define RELATIONS_MAX 16384 /* each is looked for among the sheets */

/* What workbook.xml and its relations say, while they are read. */
struct search {
	struct xlsx_book *book;
	struct xml_part *part;
	struct arena arena, names;
	struct slice want; /* folded; empty for the first one shown */
	char **sheet;      /* ids of those that would do, in their order */
	size_t sheets;
	size_t best; /* the sheet whose member was found */
	size_t relations;
};

/* --- workbook.xml ------------------------------------------------------- */

static bool
is_shown(const char **attr)
{
	const char *state = xml_attr(attr, "state");

	return state == NULL || strcmp(state, "visible") == 0;
}

static bool
is_wanted(struct search *f, const char **attr)
{
	const char *name = xml_attr(attr, "name");

	if (f->want.n == 0)
		return is_shown(attr);
	arena_reset(&f->names);
	return name != NULL &&
	       slice_eq(preset_fold(&f->names, slice_of(name)), f->want);
}

/* Only what may be read later is kept. */
static void
add_sheet(struct search *f, const char **attr)
{
	const char *id = xml_attr(attr, "id");

	if (id == NULL || !is_wanted(f, attr))
		return;
	if (f->sheets == SHEETS_MAX) {
		xml_fail(f->part, FMT_XLSX);
		return;
	}
	f->sheet = mem_grow(f->sheet, (f->sheets + 1) * sizeof *f->sheet);
	f->sheet[f->sheets++] = mem_string(id);
}

static void
on_workbook(void *ctx, const char *name, const char **attr)
{
	struct search *f = ctx;

	if (strcmp(name, "sheet") == 0) {
		add_sheet(f, attr);
	} else if (strcmp(name, "workbookPr") == 0) {
		const char *v = xml_attr(attr, "date1904");

		f->book->from_1904 = v != NULL && (strcmp(v, "1") == 0 ||
						      strcmp(v, "true") == 0);
	}
}

/* --- workbook.xml.rels -------------------------------------------------- */

/* The member that a relation of the workbook leads to: "worksheets/a.xml",
 * "/xl/worksheets/a.xml", "../other/a.xml". */
static char *
member_name(const char *target)
{
	size_t n = strlen(target) + sizeof FOLDER;
	char *name;

	if (*target == '/')
		return mem_string(target + 1);
	if (strncmp(target, "../", 3) == 0)
		return mem_string(target + 3);
	if (strncmp(target, "./", 2) == 0)
		target += 2;
	name = mem_alloc(n);
	memcpy(name, FOLDER, sizeof FOLDER - 1);
	strcpy(name + sizeof FOLDER - 1, target);
	return name;
}

static void
set_member(char **member, const char *target)
{
	free(*member);
	*member = member_name(target);
}

/* Is that the type's last part?  Before it there is one of two standards. */
static bool
is_type(const char *type, const char *last)
{
	const char *slash = strrchr(type, '/');

	return strcmp(slash == NULL ? type : slash + 1, last) == 0;
}

/* Charts have sheets too; the first one with cells is wanted. */
static void
take_sheet(struct search *f, const char *id, const char *target)
{
	for (size_t i = 0; i < f->best; i++) {
		if (strcmp(f->sheet[i], id) != 0)
			continue;
		f->best = i;
		set_member(&f->book->sheet, target);
		return;
	}
}

static void
on_relation(void *ctx, const char *name, const char **attr)
{
	struct search *f = ctx;
	const char *id = xml_attr(attr, "Id");
	const char *type = xml_attr(attr, "Type");
	const char *target = xml_attr(attr, "Target");

	if (strcmp(name, "Relationship") != 0 || id == NULL || type == NULL ||
	    target == NULL)
		return;
	if (++f->relations > RELATIONS_MAX) {
		xml_fail(f->part, FMT_XLSX);
		return;
	}
	if (is_type(type, "worksheet"))
		take_sheet(f, id, target);
	else if (is_type(type, "sharedStrings"))
		set_member(&f->book->strings, target);
	else if (is_type(type, "styles"))
		set_member(&f->book->styles, target);
}

/* --- both --------------------------------------------------------------- */

static void
on_end(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
}

enum fmt_status
xlsx_book_open(struct xlsx_book *out, struct unzip *z, const char *sheet)
{
	static const struct xml_hooks workbook = { on_workbook, on_end, NULL };
	static const struct xml_hooks relations = { on_relation, on_end, NULL };
	struct search f = { .book = out };
	enum fmt_status rc;

	memset(out, 0, sizeof *out);
	f.want = preset_fold(&f.arena, slice_of(sheet));
	rc = xml_read(z, WORKBOOK, &workbook, &f, &f.part);
	f.best = f.sheets;
	if (rc == FMT_OK)
		rc = xml_read(z, RELATIONS, &relations, &f, &f.part);
	if (rc == FMT_OK && out->sheet == NULL)
		rc = FMT_XLSX_SHEET;
	for (size_t i = 0; i < f.sheets; i++)
		free(f.sheet[i]);
	free(f.sheet);
	arena_free(&f.arena);
	arena_free(&f.names);
	return rc;
}

void
xlsx_book_close(struct xlsx_book *b)
{
	free(b->sheet);
	free(b->strings);
	free(b->styles);
}
