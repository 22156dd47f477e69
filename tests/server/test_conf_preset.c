/*
 * Presets as text files: what is taken, what is refused and where, how they
 * travel with the configuration's text, the manual's example.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "formats/own_preset.h"
#include "server/conf.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static char dir[64]; /* of the test, with convdrop.conf and presets/ */

static void
write_text(const char *name, const char *text, size_t n)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void
forget(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

static int
begin(void **state)
{
	char path[PATH_MAX];
	static const char conf[] =
	    "feed \"a\" {\n preset = \"crm\"\n source \"b\" { }\n"
	    " source \"c\" { preset = \"amocrm\" } }\n";

	(void)state;
	strcpy(dir, "/tmp/test_conf_preset.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/presets", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	write_text("convdrop.conf", conf, strlen(conf));
	return 0;
}

static int
end(void **state)
{
	char path[PATH_MAX];

	(void)state;
	forget("convdrop.conf");
	snprintf(path, sizeof path, "%s/presets", dir);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

static int
load(struct conf **c, struct err *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/convdrop.conf", dir);
	*e = (struct err)ERR_EMPTY;
	return conf_load(c, path, e);
}

static const char crm[] = "title = \"Our CRM\" # a comment\n"
			  "kind = contacts\n"
			  "same_id = sum\n"
			  "default_status = \"goal:Lead\"\n"
			  "joins_clients = yes\n"
			  "proof(\"Договор №\")\n"
			  "column(\"Договор №\", \"id\")\n"
			  "column(\"?Дата\", \"create_date_time\")\n"
			  "column(\"Телефон*\", \"phones\")\n"
			  "column(\"Телефон менеджера\", \"ignore\")\n"
			  "status(\"Опт\", \"Счёт\", \"skip\")\n";

static void
the_sources_that_may_use_it_have_it(void **state)
{
	struct conf *c = NULL;
	struct err e;
	const struct feed *f;
	const struct preset *p;

	(void)state;
	write_text("presets/crm.conf", crm, strlen(crm));
	write_text("presets/other.conf", "column(\"x\", \"id\")", 17);
	write_text("presets/notes.txt", "not one", 7);
	write_text("presets/.hidden.conf", "{", 1);
	if (load(&c, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(c->presets, 2);
	p = &c->preset[0]->preset;
	assert_string_equal(p->name, "crm");
	assert_string_equal(p->title, "Our CRM");
	assert_int_equal(p->kind, RECORD_CONTACT);
	assert_int_equal(p->same_id, SAME_ID_SUM);
	assert_string_equal(p->default_status, "goal:Lead");
	assert_true(p->joins_clients);
	assert_string_equal(p->proof[0], "договор №");
	assert_string_equal(p->column[1].header, "?дата");
	assert_int_equal(p->column[3].field, FIELD_COUNT);
	assert_string_equal(p->status[0].status, "счет");
	assert_string_equal(c->preset[1]->preset.title, "other");
	f = conf_feed(c, "a");
	/* the named one; all where the header chooses; none beside another */
	assert_int_equal(feed_source(f, "")->owns, 1);
	assert_int_equal(feed_source(f, "b")->owns, 2);
	assert_int_equal(feed_source(f, "c")->owns, 0);
	assert_ptr_equal(settings_preset(feed_source(f, ""), "crm"), p);
	conf_free(c);
	forget("presets/crm.conf");
	assert_int_equal(load(&c, &e), -1);
	assert_non_null(strstr(e.text, "/convdrop.conf:2: preset"));
	assert_non_null(strstr(e.text, "no preset \"crm\""));
	forget("presets/other.conf");
	forget("presets/notes.txt");
	forget("presets/.hidden.conf");
}

static void
its_text_travels_behind_the_configurations(void **state)
{
	char path[PATH_MAX], *text;
	struct conf *c = NULL;
	struct err e = ERR_EMPTY;
	size_t n;

	(void)state;
	write_text("presets/crm.conf", crm, strlen(crm));
	snprintf(path, sizeof path, "%s/convdrop.conf", dir);
	assert_int_equal(conf_read(&text, &n, path, &e), 0);
	/* whoever parses it opens no file */
	assert_int_equal(
	    conf_parse(&c, text, n, "/nowhere/convdrop.conf", &e), 0);
	assert_int_equal(c->presets, 1);
	conf_free(c);
	free(text);
	forget("presets/crm.conf");
}

static void
what_is_wrong_is_refused_with_file_and_line(void **state)
{
	static const struct {
		const char *name, *text, *says;
	} row[] = {
		{ "crm", "colour = red\n", "crm.conf:1: there is no setting" },
		{ "crm", "\nkind = orders\nkind = calls\n",
		    "crm.conf:3: kind is set twice" },
		{ "crm", "kind = order\n", "crm.conf:1: kind is \"order\"" },
		{ "crm", "same_id = preset\n", "last, first or sum" },
		{ "crm", "default_status = \"paid\"\n", "default_status" },
		{ "crm", "joins_clients = 1\n", "yes or no" },
		{ "crm", "title = \"\"\n", "title" },
		{ "crm", "# 1\ncolumn(\"a\", \"b\")\n",
		    "crm.conf:2: \"b\" is no field" },
		{ "crm", "column(\"a\")\n", "column takes two words" },
		{ "crm", "column(\" \", \"id\")\n", "empty" },
		{ "crm", "column(\"?\", \"id\")\n", "empty" },
		{ "crm", "column(\"*\", \"id\")\n", "empty" },
		{ "crm", "column(\"a*b\", \"id\")\n", "only at the end" },
		{ "crm", "column(\"Ё\", \"id\")\ncolumn(\"е\", \"cost\")\n",
		    "crm.conf:2: the column \"е\" has two fields" },
		{ "crm", "status(\"*\", \"a\", \"b\")\n", "none of PAID" },
		{ "crm", "status(\"\", \"a\", \"PAID\")\n", "pipeline" },
		{ "crm", "proof(\"\")\n", "empty" },
		{ "crm", "title = \"x\"\n", "there is no column" },
		{ "crm", "", "there is no column" },
		{ "crm", "column(\"\xcf\xf0\", \"id\")\n", "not UTF-8" },
		{ "crm", "title = \"${HOME}\"\n", "${" },
		{ "crm", "feed \"x\" { }\n", "crm.conf:1:" },
		{ "amocrm", "column(\"a\", \"id\")\n", "built-in" },
		{ "My-crm", "column(\"a\", \"id\")\n", "small Latin" },
	};
	char name[64];
	struct conf *c;
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		snprintf(name, sizeof name, "presets/%s.conf", row[i].name);
		write_text(name, row[i].text, strlen(row[i].text));
		if (load(&c, &e) != -1)
			fail_msg("taken: %s", row[i].text);
		if (strstr(e.text, row[i].says) == NULL)
			fail_msg("\"%s\" lacks %s", e.text, row[i].says);
		if (strstr(e.text, "/presets/") == NULL)
			fail_msg("\"%s\" names no file", e.text);
		forget(name);
	}
}

static void
a_nul_is_no_way_into_another_file(void **state)
{
	static const char text[] = "column(\"a\", \"id\")\n\0b\0column(";
	struct conf *c;
	struct err e;

	(void)state;
	write_text("presets/crm.conf", text, sizeof text - 1);
	assert_int_equal(load(&c, &e), -1);
	assert_non_null(strstr(e.text, "presets/crm.conf:2: there is a NUL"));
	forget("presets/crm.conf");
}

static void
one_that_is_too_large_is_refused(void **state)
{
	static char text[(256 << 10) + 1];
	struct conf *c;
	struct err e;

	(void)state;
	memset(text, '\n', sizeof text);
	write_text("presets/crm.conf", text, sizeof text);
	assert_int_equal(load(&c, &e), -1);
	assert_non_null(strstr(e.text, "too large"));
	forget("presets/crm.conf");
}

/* The example of convdrop.conf(5), as it stands there. */
static void
the_manuals_example_is_a_preset(void **state)
{
	static char text[1 << 17];
	char path[PATH_MAX], *from, *to;
	struct conf *c;
	struct err e;
	FILE *f;

	(void)state;
	snprintf(
	    path, sizeof path, "%s/server/convdrop.conf.5", getenv("srcdir"));
	f = fopen(path, "re");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	from = strstr(text, "# A shop of windows");
	assert_non_null(from);
	to = strstr(from, ".Ed\n");
	assert_non_null(to);
	write_text("presets/crm.conf", from, (size_t)(to - from));
	if (load(&c, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(c->preset[0]->columns, 9);
	assert_int_equal(c->preset[0]->statuses, 3);
	conf_free(c);
	forget("presets/crm.conf");
	/* and every field has its name there */
	for (int i = 0; i < FIELD_COUNT; i++) {
		snprintf(path, sizeof path, ".Ql %s", field_info[i].name);
		if (strstr(text, path) == NULL)
			fail_msg("%s is not in convdrop.conf(5)", path);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_sources_that_may_use_it_have_it),
		TEST(its_text_travels_behind_the_configurations),
		TEST(what_is_wrong_is_refused_with_file_and_line),
		TEST(a_nul_is_no_way_into_another_file),
		TEST(one_that_is_too_large_is_refused),
		TEST(the_manuals_example_is_a_preset),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
