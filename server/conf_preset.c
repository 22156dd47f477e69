/*
 * presets/NAME.conf: what the exports of a CRM look like that convdrop does
 * not know, in the syntax of convdrop.conf.  See convdrop.conf(5), PRESETS.
 */
#include "server/conf_private.h"
#include "server/lang.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEN (1 << 24) /* our own bit of cfg_opt_t.flags */

static struct own_preset *making; /* see conf_private.h: one at a time */

/* --- its settings -------------------------------------------------------- */

static bool
take_title(const char *value)
{
	making->preset.title = own_preset_keep(making, value);
	return *value != '\0';
}

static bool
take_kind(const char *value)
{
	static const char *const name[RECORD_KINDS] = {
		[RECORD_ORDER] = "orders",
		[RECORD_CONTACT] = "contacts",
		[RECORD_CALL] = "calls",
		[RECORD_CHAT] = "chats",
	};

	for (int k = 0; k < RECORD_KINDS; k++) {
		if (strcmp(value, name[k]) != 0)
			continue;
		making->preset.kind = (enum record_kind)k;
		return true;
	}
	return false;
}

static bool
take_same_id(const char *value)
{
	static const char *const name[] = { [SAME_ID_LAST] = "last",
		[SAME_ID_FIRST] = "first",
		[SAME_ID_SUM] = "sum" };

	for (int i = SAME_ID_LAST; i <= SAME_ID_SUM; i++) {
		if (strcmp(value, name[i]) != 0)
			continue;
		making->preset.same_id = (enum same_id)i;
		return true;
	}
	return false;
}

static bool
take_default_status(const char *value)
{
	if (*value != '\0')
		making->preset.default_status = own_preset_keep(making, value);
	return *value == '\0' || preset_target(value).n > 0;
}

static bool
take_joins_clients(const char *value)
{
	making->preset.joins_clients = strcmp(value, "yes") == 0;
	return making->preset.joins_clients || strcmp(value, "no") == 0;
}

static const struct {
	const char *name;
	bool (*take)(const char *value);
	const char *allowed;
} settings[] = {
	{ "title", take_title, N_("what the list of presets shows") },
	{ "kind", take_kind, N_("orders, contacts, calls or chats") },
	{ "same_id", take_same_id, N_("last, first or sum") },
	{ "default_status", take_default_status,
	    N_("\"\", PAID, IN_PROGRESS, CANCELLED, SPAM, goal:ID or skip") },
	{ "joins_clients", take_joins_clients, N_("yes or no") },
};
#define SETTINGS (sizeof settings / sizeof *settings)

static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *value = cfg_opt_getnstr(opt, 0);
	size_t i = 0;

	if (opt->flags & SEEN) {
		conf_complain(cfg->line,
		    "%s is set twice; keep one of the two.", opt->name);
		return -1;
	}
	opt->flags |= SEEN;
	value = value == NULL ? "" : value;
	while (strcmp(settings[i].name, opt->name) != 0)
		i++;
	if (settings[i].take(value))
		return 0;
	conf_complain(cfg->line, "%s is \"%s\"; it must be %s.", opt->name,
	    value, _(settings[i].allowed));
	return -1;
}

/* --- its lines ----------------------------------------------------------- */

/* A header with its marks: '?' before it, '*' at its end. */
static bool
header_fits(const char *header, int line)
{
	struct arena a = ARENA_EMPTY;
	struct slice h = own_preset_header(&a, header);
	bool empty = h.n == 0 || slice_is(h, "*") || slice_is(h, "?*");
	bool inside = h.n > 1 && memchr(h.p, '*', h.n - 1) != NULL;

	arena_free(&a);
	if (empty)
		conf_complain(line, "the header \"%s\" is empty.", header);
	else if (inside)
		conf_complain(line,
		    "in the header \"%s\" a * may stand only at the end, for "
		    "any rest.",
		    header);
	return !empty && !inside;
}

static bool
is_taken(const char *header, enum field f, int line)
{
	struct slice h = own_preset_header(&making->arena, header);

	for (size_t i = 0; i < making->columns; i++) {
		if (!slice_is(h, making->column[i].header) ||
		    making->column[i].field == f)
			continue;
		conf_complain(line,
		    "the column \"%s\" has two fields. Keep one of the two "
		    "lines.",
		    header);
		return true;
	}
	return false;
}

static bool
take_column(int line, const char **word)
{
	enum field f = field_by_name(slice_of(word[1]));

	if (!header_fits(word[0], line))
		return false;
	if (f == FIELD_COUNT && strcmp(word[1], "ignore") != 0) {
		conf_complain(line,
		    "\"%s\" is no field. convdrop.conf(5) lists the fields; "
		    "\"ignore\" leaves a column out.",
		    word[1]);
		return false;
	}
	if (is_taken(word[0], f, line))
		return false;
	own_preset_add_column(making, word[0], f);
	return true;
}

static bool
take_status(int line, const char **word)
{
	if (preset_target(word[2]).n == 0) {
		conf_complain(line,
		    "the status \"%s\" is mapped to \"%s\", which is none of "
		    "PAID, IN_PROGRESS, CANCELLED, SPAM, goal:ID, skip.",
		    word[1], word[2]);
		return false;
	}
	if (*word[0] == '\0' || *word[1] == '\0') {
		conf_complain(line,
		    "a status or its pipeline is empty; the pipeline is \"*\" "
		    "for any.");
		return false;
	}
	own_preset_add_status(making, word[0], word[1], word[2]);
	return true;
}

static bool
take_proof(int line, const char **word)
{
	if (!header_fits(word[0], line))
		return false;
	own_preset_add_proof(making, word[0]);
	return true;
}

static const struct {
	const char *name;
	int words;
	bool (*take)(int line, const char **word);
	const char *usage;
} lines[] = {
	{ "column", 2, take_column,
	    N_("two words: column(\"HEADER\", \"field\")") },
	{ "status", 3, take_status,
	    N_("three words: status(\"PIPELINE or *\", \"STATUS\", "
	       "\"PAID\")") },
	{ "proof", 1, take_proof, N_("one word: proof(\"HEADER\")") },
};
#define LINES (sizeof lines / sizeof *lines)

static int
on_line(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	size_t i = 0;

	while (strcmp(lines[i].name, opt->name) != 0)
		i++;
	if (argc != lines[i].words) {
		conf_complain(
		    cfg->line, "%s takes %s.", opt->name, _(lines[i].usage));
		return -1;
	}
	return lines[i].take(cfg->line, argv) ? 0 : -1;
}

/* --- the file ------------------------------------------------------------ */

/* What only the whole can lack. */
static bool
is_whole(int line)
{
	json_t *text = own_preset_json(making);

	json_decref(text);
	if (text == NULL)
		conf_complain(line, "it holds bytes that are not UTF-8; save "
				    "it as UTF-8.");
	else if (making->columns == 0)
		conf_complain(line, "there is no column; write one: "
				    "column(\"HEADER\", \"field\").");
	else
		return true;
	return false;
}

static bool
read_text(const char *path, char *text)
{
	cfg_opt_t option[SETTINGS + LINES + 1];
	static const cfg_opt_t end = CFG_END();
	bool good = false;
	size_t n = 0;
	cfg_t *cfg;
	FILE *f;

	for (size_t i = 0; i < SETTINGS; i++) {
		option[n] =
		    (cfg_opt_t)CFG_STR(settings[i].name, NULL, CFGF_NONE);
		option[n++].validcb = on_value;
	}
	for (size_t i = 0; i < LINES; i++)
		option[n++] = (cfg_opt_t)CFG_FUNC(lines[i].name, on_line);
	option[n] = end;
	f = fmemopen(text, strlen(text), "r");
	if (f == NULL) {
		conf_complain(1, "it cannot be read.");
		return false;
	}
	cfg = cfg_init(option, CFGF_NONE);
	cfg_set_error_function(cfg, conf_on_error);
	cfg->filename = mem_string(path);
	if (cfg_parse_fp(cfg, f) != CFG_SUCCESS)
		conf_complain(cfg->line, "this cannot be understood.");
	else
		good = is_whole(cfg->line);
	cfg_free(cfg);
	fclose(f);
	return good;
}

/* The file's name is the preset's. */
static int
check_name(const char *name, const char *path, struct err *e)
{
	if (!own_preset_name_valid(name))
		return err_set(e,
		    "%s:1: a preset's file is named NAME.conf; the name has "
		    "up to 32 small Latin letters, digits and -.",
		    path);
	if (preset_by_name(name) != NULL)
		return err_set(e,
		    "%s:1: there is a built-in preset \"%s\"; give the file "
		    "another name.",
		    path, name);
	return 0;
}

int
conf_preset_parse(struct own_preset **out, struct slice name, struct slice text,
    const char *conf_path, struct err *e)
{
	const char *slash = strrchr(conf_path, '/');
	char path[PATH_MAX], *copy, *own = mem_slice(name);
	int rc = -1;

	for (char *p = own; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ')
			*p = '?'; /* a message is one line */
	}
	snprintf(path, sizeof path, "%.*spresets/%s.conf",
	    slash == NULL ? 0 : (int)(slash - conf_path + 1), conf_path, own);
	conf_begin(path);
	making = own_preset_new(own);
	copy = mem_alloc(text.n + 2); /* a last line that ends */
	memcpy(copy, text.p, text.n);
	if (check_name(own, path, e) == -1)
		goto out;
	if (text.n > PRESET_BYTES_MAX) {
		err_set(e, "%s:1: the file is larger than 256 KiB.", path);
		goto out;
	}
	if (conf_check_text(copy, text.n, path, e) == -1)
		goto out;
	copy[text.n] = '\n';
	if (!read_text(path, copy)) {
		err_set(e, "%s", conf_complaint());
		goto out;
	}
	*out = making;
	making = NULL;
	rc = 0;
out:
	own_preset_free(making);
	making = NULL;
	free(copy);
	free(own);
	return rc;
}

bool
conf_next_preset(struct slice *rest, struct slice *name, struct slice *text)
{
	if (rest->n == 0)
		return false;
	*name = slice_cut(rest, '\0');
	*text = slice_cut(rest, '\0');
	return true;
}
