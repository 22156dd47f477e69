/*
 * Presets as data.  See own_preset.h.
 */
#include "formats/own_preset.h"

#include <stdlib.h>

static const char *const same_ids[] = {
	[SAME_ID_LAST] = "last",
	[SAME_ID_FIRST] = "first",
	[SAME_ID_SUM] = "sum",
};

/* The tables end with a row of nothing, from the start. */
static void
point(struct own_preset *p)
{
	p->column[p->columns] = (struct preset_column){ NULL, FIELD_COUNT };
	p->status[p->statuses] = (struct preset_status){ NULL, NULL, NULL };
	p->proof[p->proofs] = NULL;
	p->preset.column = p->column;
	p->preset.status = p->status;
	p->preset.proof = p->proof;
}

struct own_preset *
own_preset_new(const char *name)
{
	struct own_preset *p = mem_alloc(sizeof *p);

	p->shares = 1;
	p->column = mem_alloc(sizeof *p->column);
	p->status = mem_alloc(sizeof *p->status);
	p->proof = mem_alloc(sizeof *p->proof);
	p->preset.name = p->preset.title = own_preset_keep(p, name);
	p->preset.same_id = SAME_ID_LAST;
	p->preset.kind = RECORD_ORDER;
	point(p);
	return p;
}

struct own_preset *
own_preset_share(struct own_preset *p)
{
	p->shares++;
	return p;
}

void
own_preset_free(struct own_preset *p)
{
	if (p == NULL || --p->shares > 0)
		return;
	free(p->column);
	free(p->status);
	free(p->proof);
	arena_free(&p->arena);
	free(p);
}

bool
own_preset_name_valid(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= 32 && name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

const char *
own_preset_keep(struct own_preset *p, const char *text)
{
	return arena_string(&p->arena, slice_of(text));
}

struct slice
own_preset_header(struct arena *a, const char *header)
{
	bool weak = header[0] == '?';
	struct slice rest = preset_fold(a, slice_of(header + weak));
	char *p;

	if (!weak || rest.n == 0)
		return rest;
	p = arena_alloc(a, rest.n + 1);
	p[0] = '?';
	memcpy(p + 1, rest.p, rest.n);
	return (struct slice){ p, rest.n + 1 };
}

void
own_preset_add_column(
    struct own_preset *p, const char *header, enum field field)
{
	p->column = mem_grow(p->column, (p->columns + 2) * sizeof *p->column);
	p->column[p->columns++] = (struct preset_column){
		arena_string(&p->arena, own_preset_header(&p->arena, header)),
		field
	};
	point(p);
}

void
own_preset_add_proof(struct own_preset *p, const char *header)
{
	p->proof = mem_grow(p->proof, (p->proofs + 2) * sizeof *p->proof);
	p->proof[p->proofs++] =
	    arena_string(&p->arena, own_preset_header(&p->arena, header));
	point(p);
}

void
own_preset_add_status(struct own_preset *p, const char *pipeline,
    const char *status, const char *to)
{
	struct arena *a = &p->arena;

	p->status = mem_grow(p->status, (p->statuses + 2) * sizeof *p->status);
	p->status[p->statuses++] = (struct preset_status){
		arena_string(a, preset_fold(a, slice_of(pipeline))),
		arena_string(a, preset_fold(a, slice_of(status))),
		own_preset_keep(p, to)
	};
	point(p);
}

/* --- as text ------------------------------------------------------------- */

static json_t *
columns_json(const struct own_preset *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->columns; i++) {
		enum field f = p->column[i].field;

		json_array_append_new(list,
		    json_pack("[ss]", p->column[i].header,
			f == FIELD_COUNT ? "ignore" : field_info[f].name));
	}
	return list;
}

/* What does not shape rows, its title, is left out. */
json_t *
own_preset_json(const struct own_preset *p)
{
	const struct preset *is = &p->preset;
	json_t *columns = columns_json(p), *statuses = json_array();
	json_t *proofs = json_array(), *all = NULL;

	for (size_t i = 0; i < p->statuses; i++)
		json_array_append_new(
		    statuses, json_pack("[sss]", p->status[i].pipeline,
				  p->status[i].status, p->status[i].to));
	for (size_t i = 0; i < p->proofs; i++)
		json_array_append_new(proofs, json_string(p->proof[i]));
	if (json_array_size(columns) == p->columns &&
	    json_array_size(statuses) == p->statuses &&
	    json_array_size(proofs) == p->proofs)
		all = json_pack("{s:s, s:s, s:s, s:s, s:b, s:O, s:O, s:O}",
		    "name", is->name, "kind", record_kind_name(is->kind),
		    "same_id", same_ids[is->same_id], "default_status",
		    is->default_status == NULL ? "" : is->default_status,
		    "joins_clients", is->joins_clients, "columns", columns,
		    "status", statuses, "proof", proofs);
	json_decref(columns);
	json_decref(statuses);
	json_decref(proofs);
	return all;
}

/* --- and back ------------------------------------------------------------ */

static bool
take_columns(struct own_preset *p, json_t *list)
{
	const char *header, *name;
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		enum field f;

		if (json_unpack_ex(
			row, NULL, JSON_STRICT, "[ss]", &header, &name) == -1)
			return false;
		f = field_by_name(slice_of(name));
		if (f == FIELD_COUNT && strcmp(name, "ignore") != 0)
			return false;
		own_preset_add_column(p, header, f);
	}
	return json_is_array(list);
}

static bool
take_statuses(struct own_preset *p, json_t *list)
{
	const char *pipeline, *status, *to;
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (json_unpack_ex(row, NULL, JSON_STRICT, "[sss]", &pipeline,
			&status, &to) == -1 ||
		    preset_target(to).n == 0)
			return false;
		own_preset_add_status(p, pipeline, status, to);
	}
	return json_is_array(list);
}

static bool
take_proofs(struct own_preset *p, json_t *list)
{
	json_t *header;
	size_t i;

	json_array_foreach(list, i, header)
	{
		if (!json_is_string(header))
			return false;
		own_preset_add_proof(p, json_string_value(header));
	}
	return json_is_array(list);
}

static bool
take_same_id(struct own_preset *p, const char *name)
{
	for (int i = SAME_ID_LAST; i <= SAME_ID_SUM; i++) {
		if (strcmp(name, same_ids[i]) != 0)
			continue;
		p->preset.same_id = (enum same_id)i;
		return true;
	}
	return false;
}

struct own_preset *
own_preset_parse(json_t *j)
{
	const char *name, *kind, *same_id, *status;
	json_t *columns, *statuses, *proofs;
	struct own_preset *p;
	int joins;

	if (json_unpack_ex(j, NULL, JSON_STRICT,
		"{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "name", &name,
		"kind", &kind, "same_id", &same_id, "default_status", &status,
		"joins_clients", &joins, "columns", &columns, "status",
		&statuses, "proof", &proofs) == -1 ||
	    !own_preset_name_valid(name))
		return NULL;
	p = own_preset_new(name);
	p->preset.kind = record_kind_by_name(kind);
	p->preset.joins_clients = joins != 0;
	if (*status != '\0')
		p->preset.default_status = own_preset_keep(p, status);
	if (p->preset.kind != RECORD_KINDS && take_same_id(p, same_id) &&
	    (*status == '\0' || preset_target(status).n > 0) &&
	    take_columns(p, columns) && take_statuses(p, statuses) &&
	    take_proofs(p, proofs))
		return p;
	own_preset_free(p);
	return NULL;
}
