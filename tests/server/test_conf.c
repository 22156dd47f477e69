/*
 * The configuration: what is taken, what is refused and where, what init
 * writes, what the manual says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "formats/zone.h"
#include "server/conf.h"
#include "server/conf_table.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define PATH "/srv/drop/convdrop.conf"

static struct conf *
parse(const char *text)
{
	struct conf *c = NULL;
	struct err e = ERR_EMPTY;

	if (conf_parse(&c, text, strlen(text), PATH, &e) == -1)
		fail_msg("%s: %s", text, e.text);
	return c;
}

static void
put_file(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
identifiers_to_ignore_are_read_from_their_file(void **state)
{
	/* clang-format off */
	static const struct {
		const char *label, *feed, *file;
		size_t feeds, shops; /* how many each source ignores */
		const char *error;
	} cases[] = {
		{ "none", "source \"shop\" { }", "a@b.ru", 0, 0, NULL },
		{ "the feed's is its sources' too",
		  "ignore_identifiers = \"list\" source \"shop\" { }",
		  "# ours\r\na@b.ru\r\n\r\n+7 999 123-45-67 # office\n",
		  2, 2, NULL },
		{ "one of its own",
		  "source \"shop\" { ignore_identifiers = \"list\" }",
		  "\xef\xbb\xbf" "a@b.ru", 0, 1, NULL },
		{ "an empty one",
		  "ignore_identifiers = \"list\" source \"shop\" { }", "",
		  0, 0, NULL },
		{ "a line that is none",
		  "ignore_identifiers = \"list\" source \"shop\" { }",
		  "a@b.ru\noffice\n", 0, 0, "list:2: this is no phone" },
		{ "no such file",
		  "ignore_identifiers = \"none\" source \"shop\" { }", "",
		  0, 0, "none: No such file" },
		{ "out of the folder",
		  "ignore_identifiers = \"../x\" source \"shop\" { }", "",
		  0, 0, "must be" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char dir[] = "/tmp/conf-XXXXXX", path[64], text[256];
		char command[64];
		struct conf *c = NULL;
		struct err e = ERR_EMPTY;
		int rc;

		assert_non_null(mkdtemp(dir));
		snprintf(
		    text, sizeof text, "feed \"main\" { %s }\n", cases[i].feed);
		put_file(dir, "convdrop.conf", text);
		put_file(dir, "list", cases[i].file);
		snprintf(path, sizeof path, "%s/convdrop.conf", dir);
		rc = conf_load(&c, path, &e);
		snprintf(command, sizeof command, "rm -rf '%s'", dir);
		assert_int_equal(system(command), 0);
		if (cases[i].error != NULL) {
			assert_int_equal(rc, -1);
			if (strstr(e.text, cases[i].error) == NULL)
				fail_msg("%s: %s", cases[i].label, e.text);
			assert_null(strstr(e.text, "office"));
			continue;
		}
		if (rc == -1)
			fail_msg("%s: %s", cases[i].label, e.text);
		assert_int_equal(
		    c->feed[0].source[0]->ignoreds, cases[i].feeds);
		assert_int_equal(
		    c->feed[0].source[1]->ignoreds, cases[i].shops);
		conf_free(c);
	}
}

static void
an_almost_empty_file_gives_the_defaults(void **state)
{
	struct conf *c = parse("feed \"main\" { }");
	const struct settings *s = c->feed[0].source[0];

	(void)state;
	assert_string_equal(c->dir, "/srv/drop");
	assert_string_equal(c->host, "localhost");
	assert_string_equal(c->listen[0], "::");
	assert_null(c->listen[1]);
	assert_null(c->inbox_owner[0]);
	assert_int_equal(c->sftp_port, 2022);
	assert_int_equal(c->https_port, 8443);
	assert_int_equal(c->http_port, 0);
	assert_int_equal(c->ssh_profile, SSH_COMPAT);
	assert_int_equal(c->ftp_port, 0);
	assert_int_equal(c->ftps_port, 0);
	assert_int_equal(c->ftp_plain, 0);
	assert_string_equal(c->ftp_passive_ports, "");
	assert_string_equal(c->user_ssh, "");
	assert_int_equal(c->settle_ms, 2000);
	assert_int_equal(c->window_days, 112);
	assert_int_equal(c->publish_bytes, 300000000);
	assert_int_equal(c->reserve_bytes, INT64_C(1) << 30);
	assert_int_equal(c->limits.plain_bytes, INT64_C(64) << 30);
	assert_int_equal(c->limits.columns, 4096);
	assert_int_equal(c->feeds, 1);
	assert_string_equal(c->feed[0].output[0], "conversion-center");
	assert_int_equal(c->feed[0].shrink_percent, 70);
	assert_int_equal(c->feed[0].source[0]->skip_known, SKIP_KNOWN_KEEP);
	assert_string_equal(s->feed, "main");
	assert_string_equal(s->source, "");
	assert_string_equal(s->zone, "Europe/Moscow");
	assert_int_equal(s->max_bad_percent, 20);
	assert_int_equal(s->same_id, SAME_ID_PRESET);
	assert_int_equal(s->limits.line_bytes, 1 << 20);
	conf_free(c);
}

static const char full[] =
    "# a comment with a ${ and a {\n"
    "host = \"drop.example.com\" // another\n"
    "listen = { \"127.0.0.1\", \"::1\" } /* and\n one more */\n"
    "sftp_port = 0\n"
    "https_port = 443\n"
    "ssh_profile = strict\n"
    "user_ssh = \"convdrop-ssh\"\n"
    "inbox_owners = { \"crm\", \"1001\" }\n"
    "publish_bytes = 5MiB\n"
    "dump_columns = 12\n"
    "dump_members = 13\n"
    "feed \"main\" {\n"
    "  timezone = \"Asia/Omsk\"\n"
    "  pii = hash\n"
    "  skip_known = CANCELLED\n"
    "  delimiter = \"tab\"\n"
    "  start_date = \"2026-01-31\"\n"
    "  pipelines = { \"Продажи\", \"Sales # 2\" }\n"
    "  status(\"*\", \"Оплачен\", \"PAID\")\n"
    "  status(\"Sales\", \"Won\", \"goal:Lead\")\n"
    "  column(\"Номер\", \"id\")\n"
    "  currency = \"RUB\"\n"
    "  rate(\"USD\", \"92.50\")\n"
    "  spam_words = { \"бот\" }\n"
    "  source \"shop\" {\n"
    "    id_prefix = \"shop-\"\n"
    "    sheet = \"Сделки\"\n"
    "    source_timezone = \"Asia/Tokyo\"\n"
    "    status(\"*\", \"done\", \"SPAM\")\n"
    "  }\n"
    "}\n"
    "feed \"second\" { }\n";

static void
everything_that_is_written_is_taken(void **state)
{
	struct conf *c = parse(full);
	const struct feed *f = conf_feed(c, "main");
	const struct settings *s = feed_source(f, "");
	const struct settings *shop = feed_source(f, "shop");
	struct wall day = { .year = 2026, .month = 1, .day = 31 };

	(void)state;
	assert_string_equal(c->host, "drop.example.com");
	assert_string_equal(c->listen[1], "::1");
	assert_int_equal(shop->limits.members, 13);
	assert_string_equal(shop->sheet, "Сделки");
	assert_string_equal(s->sheet, "");
	assert_null(c->listen[2]);
	assert_int_equal(c->sftp_port, 0);
	assert_int_equal(c->ssh_profile, SSH_STRICT);
	assert_string_equal(c->inbox_owner[1], "1001");
	assert_int_equal(c->publish_bytes, 5 << 20);
	assert_int_equal(f->index, 0);
	assert_int_equal(s->skip_known, SKIP_KNOWN_CANCELLED);
	assert_int_equal(f->sources, 2);
	assert_int_equal(s->pii, PII_HASH);
	assert_int_equal(s->delimiter, '\t');
	assert_int_equal(s->rates, 1);
	assert_string_equal(s->rate[0].currency, "USD");
	assert_int_equal(s->spam_words, 1);
	assert_string_equal(s->spam_word[0], "бот");
	assert_int_equal(shop->rates, 0);
	assert_int_equal(shop->spam_words, 3);
	assert_int_equal(s->start_day, wall_days(&day));
	assert_int_equal(s->pipelines, 2);
	assert_string_equal(s->pipeline[1], "Sales # 2");
	assert_int_equal(s->statuses, 2);
	assert_string_equal(s->status[1].to, "goal:Lead");
	assert_int_equal(s->columns, 1);
	assert_string_equal(s->column[0].field, "id");
	assert_int_equal(s->limits.columns, 12);
	/* a source takes over the counter's settings and nothing else */
	assert_string_equal(shop->zone, "Asia/Omsk");
	assert_int_equal(shop->pii, PII_HASH);
	assert_int_equal(shop->skip_known, SKIP_KNOWN_CANCELLED);
	assert_string_equal(shop->id_prefix, "shop-");
	assert_int_equal(shop->delimiter, 0);
	assert_int_equal(shop->statuses, 1);
	assert_int_equal(shop->columns, 0);
	assert_int_equal(conf_feed(c, "second")->index, 1);
	assert_null(conf_feed(c, "mai"));
	assert_null(feed_source(f, "none"));
	conf_free(c);
}

static void
what_is_wrong_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *why;
	} row[] = {
		{ "", 0, "there is no feed" },
		{ "foo = 1\n", 1, "no setting 'foo'" },
		{ "# a\n# b\n/* c\nd */\nfoo = 1\n", 5, "'foo'" },
		{ "feed \"a\" {\n\n\nfoo = 1\n}\n", 4, "'foo'" },
		{ "feed \"a\" {\n}\nfeed \"b\" {\n\nport = 1\n}\n", 5,
		    "'port'" },
		{ "feed \"a\" {\nsftp_port = 1\n}\n", 2, "'sftp_port'" },
		{ "timezone = \"UTC\"\n", 1, "'timezone'" },
		{ "feed \"a\" {\nsource \"b\" {\ntimezone = \"UTC\"\n}\n}\n", 3,
		    "'timezone'" },
		{ "\nhost = \"${HOME}\"\n", 2, "environment" },
		{ "\nhost = '${HOME}'\n", 2, "environment" },
		{ "host = a\nhost = b\n", 2, "twice" },
		{ "listen = {\"::\"}\nlisten = {\"::1\"}\n", 2, "twice" },
		{ "feed \"a\" { }\nfeed \"a\" { }\n", 2, "duplicate title" },
		{ "feed \"a\" {\nsource \"b\" {}\nsource \"b\" {}\n}\n", 3,
		    "duplicate title" },
		{ "feed \"a\" {\n\n", 1, "never closed" },
		{ "feed \"a\" {\nsource \"b\" {\n}\n", 1, "never closed" },
		{ "host = \"abc\n", 0, "" },
		{ "feed { }\n", 1, "title" },
		{ "feed \"inbox\" { }\n", 1, "a name has" },
		{ "feed \"A\" { }\n", 1, "a name has" },
		{ "feed \"-a\" { }\n", 1, "a name has" },
		{ "feed \"../a\" { }\n", 1, "a name has" },
		{ "feed \"\" { }\n", 1, "a name has" },
		{ "feed \"a\" { source \"B\" { } }\n", 1, "a name has" },
		{ "sftp_port = 65536\n", 1, "0 to 65535" },
		{ "sftp_port = -1\n", 1, "0 to 65535" },
		{ "sftp_port = 2022x\n", 1, "0 to 65535" },
		{ "sftp_port = \"\"\n", 1, "0 to 65535" },
		{ "sftp_port = 99999999999999999999\n", 1, "0 to 65535" },
		{ "ftps_port = 65536\n", 1, "0 to 65535" },
		{ "ftp_plain = 1\n", 1, "no or yes" },
		{ "ftp_port = 2121\nftps_port = 2121\nfeed \"a\" { }\n", 0,
		    "share port 2121" },
		{ "ftp_passive_ports = 50000\n", 1, "50000-50099" },
		{ "ftp_passive_ports = \"2-1\"\n", 1, "50000-50099" },
		{ "ftp_passive_ports = \"0-9\"\n", 1, "50000-50099" },
		{ "ftp_passive_ports = \"1-65536\"\n", 1, "50000-50099" },
		{ "ftp_passive_ports = \"1-9x\"\n", 1, "50000-50099" },
		{ "ftp_public_address = \"example.com\"\n", 1, "IPv4" },
		{ "ftp_public_address = \"::1\"\n", 1, "IPv4" },
		{ "sftp_port = 8443\nfeed \"a\" { }\n", 0, "share port 8443" },
		{ "keep_dump_days = 119\n", 1, "120 to" },
		{ "keep_pulled_days = 119\n", 1, "120 to" },
		{ "reserve_percent = 101\n", 1, "0 to 100" },
		{ "window_days = 113\n", 1, "1 to 112" },
		{ "publish_bytes = 1GiB\n", 1, "to 300000000" },
		{ "reserve_bytes = 1GB\n", 1, "a size such as" },
		{ "reserve_bytes = 999999999999999999GiB\n", 1, "a size" },
		{ "listen = { \"localhost\" }\n", 1, "IP addresses" },
		{ "listen = \"localhost\"\n", 1, "IP addresses" },
		{ "listen = { }\nfeed \"a\" { }\n", 0, "listen is empty" },
		{ "host = \"a b\"\n", 1, "host name" },
		{ "host = \"a\\nb\"\n", 1, "host name" },
		{ "ssh_profile = fast\n", 1, "compat or strict" },
		{ "user_ssh = \"a b\"\n", 1, "account" },
		{ "feed \"a\" {\noutputs = { \"x\" }\n}\n", 2, "outputs" },
		{ "feed \"a\" {\noutputs = { }\n}\n", 0, "outputs is empty" },
		{ "feed \"a\" {\npii = some\n}\n", 2, "plain or hash" },
		{ "feed \"a\" {\npreset = \"x\"\n}\n", 2, "presets" },
		{ "feed \"a\" {\nencoding = \"x\"\n}\n", 2, "cp866" },
		{ "feed \"a\" {\ndelimiter = \"x\"\n}\n", 2, "tab" },
		{ "feed \"a\" {\ntimezone = \"\"\n}\n", 2, "zone" },
		{ "feed \"a\" {\ntimezone = \"../x\"\n}\n", 2, "zone" },
		{ "feed \"a\" {\ntimezone = \"/etc/x\"\n}\n", 2, "zone" },
		{ "feed \"a\" {\ntimezone = \"right/UTC\"\n}\n", 2, "zone" },
		{ "feed \"a\" {\nstart_date = \"2026-02-30\"\n}\n", 2, "day" },
		{ "feed \"a\" {\nstart_date = \"26-02-03\"\n}\n", 2, "day" },
		{ "feed \"a\" {\ncurrency = \"rub\"\n}\n", 2, "capital" },
		{ "feed \"a\" {\ndefault_status = \"Won\"\n}\n", 2, "PAID" },
		{ "feed \"a\" {\nmax_bad_percent = 101\n}\n", 2, "0 to 100" },
		{ "feed \"a\" {\nsame_id = all\n}\n", 2, "last, first or sum" },
		{ "feed \"a\" {\nid_prefix = \"a;b\"\n}\n", 2, "letters" },
		{ "feed \"a\" {\n\nstatus(\"*\", \"Won\")\n}\n", 3, "three" },
		{ "feed \"a\" {\n\nrate(\"USD\")\n}\n", 3, "two words" },
		{ "feed \"a\" {\n\nrate(\"usd\", \"9\")\n}\n", 3, "capital" },
		{ "feed \"a\" {\n\nrate(\"USD\", \"9,5\")\n}\n", 3, "9,5" },
		{ "feed \"a\" {\nrate(\"USD\", \"9\")\n}\n", 3,
		    "no currency to convert" },
		{ "feed \"a\" {\nspam_words = { \"\" }\n}\n", 2, "spam_words" },
		{ "feed \"a\" {\n\nstatus(\"*\", \"Won\", \"PAYED\")\n}\n", 3,
		    "PAYED" },
		{ "feed \"a\" {\ncolumn(\"x\", \"nix\")\n}\n", 2, "nix" },
		{ "feed \"a\" {\ncolumn(\"x\")\n}\n", 2, "two words" },
		{ "feed \"a\" {\ntarget(\"PAID\")\n}\n", 2, "two words" },
		{ "feed \"a\" {\ntarget(\"skip\", \"x\")\n}\n", 2, "goal:ID" },
		{ "feed \"a\" {\ntarget(\"PAID\", \"\")\n}\n", 2, "is empty" },
		{ "feed \"a\" {\nsource \"b\" {\ntarget(\"PAID\", \"x\")\n}"
		  "\n}\n",
		    3, "target" },
		{ "feed \"a\" {\ncalls_as_orders = skip\n}\n", 2, "goal:ID" },
		{ "feed \"a\" {\ncalls_as_orders = PAID\n"
		  "outputs = { \"metrica-calls\" }\n}\n",
		    0, "takes calls as orders" },
		{ "feed \"a\" {\npii = hash\n"
		  "outputs = { \"conversion-center\", \"crm-json\" }\n}\n",
		    0, "nothing is left of the output crm-json" },
		{ "include(\"/etc/passwd\")\n", 1, "'include'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct conf *c = NULL;
		struct err e = ERR_EMPTY;
		char where[64];

		snprintf(where, sizeof where, PATH ":%d: ", row[i].line);
		if (conf_parse(
			&c, row[i].text, strlen(row[i].text), PATH, &e) != -1) {
			conf_free(c);
			fail_msg("taken: %s", row[i].text);
		}
		if (strncmp(e.text, PATH ":", strlen(PATH) + 1) != 0 ||
		    (row[i].line != 0 && strstr(e.text, where) == NULL) ||
		    strstr(e.text, row[i].why) == NULL)
			fail_msg("%s: %s", row[i].text, e.text);
	}
}

static void
outputs_are_files_with_a_window_and_needs(void **state)
{
	static const struct {
		const char *text, *files;
		unsigned window_days;
		bool any_identifier, any_age;
	} row[] = {
		{ "", "conversions.csv ", 112, false, false },
		{ "window_days = 30\n", "conversions.csv ", 30, false, false },
		{ "outputs = { \"metrica-offline\", \"conversion-center\" }",
		    "offline-conversions.csv conversions.csv ", 112, true,
		    false },
		{ "outputs = { \"metrica-contacts\" }",
		    "contacts.csv contacts.json ", 0, false, true },
		{ "outputs = { \"metrica-contacts-json\" }", "contacts.json ",
		    0, false, true },
		{ "outputs = { \"metrica-orders-json\", "
		  "\"metrica-orders\", \"metrica-orders\" }",
		    "orders.json orders.csv ", 0, false, true },
		{ "outputs = { \"conversion-center\", \"crm-json\" }",
		    "conversions.csv crm-orders.json crm-clients.json ", 0,
		    false, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		bool server = strncmp(row[i].text, "window", 6) == 0;
		char text[512], files[512] = "";
		struct conf *c;
		const struct feed *f;

		snprintf(text, sizeof text, "%sfeed \"a\" {\n%s\n%s}\n",
		    server ? row[i].text : "", server ? "" : row[i].text,
		    "source \"b\" { }\n");
		c = parse(text);
		f = &c->feed[0];
		for (size_t k = 0; k < f->writers; k++) {
			strcat(files, f->writer[k]->file);
			strcat(files, " ");
		}
		assert_string_equal(files, row[i].files);
		assert_int_equal(f->window_days, row[i].window_days);
		for (size_t k = 0; k < f->sources; k++) {
			assert_int_equal(f->source[k]->any_identifier,
			    row[i].any_identifier);
			assert_int_equal(f->source[k]->any_age, row[i].any_age);
		}
		conf_free(c);
	}
}

static void
targets_and_calls_belong_to_the_feed(void **state)
{
	struct conf *c =
	    parse("feed \"a\" {\ncalls_as_orders = \"goal:phoned\"\n"
		  "target(\"PAID\", \"paid\")\n"
		  "target(\"goal:lead\", \"new_lead\")\n}\n"
		  "feed \"b\" { }\n");

	(void)state;
	assert_string_equal(c->feed[0].calls_as_orders, "goal:phoned");
	assert_int_equal(c->feed[0].targets, 2);
	assert_string_equal(c->feed[0].target[0].status, "PAID");
	assert_string_equal(c->feed[0].target[0].target, "paid");
	assert_string_equal(c->feed[0].target[1].status, "lead");
	assert_string_equal(c->feed[0].target[1].target, "new_lead");
	assert_string_equal(c->feed[1].calls_as_orders, "");
	assert_int_equal(c->feed[1].targets, 0);
	conf_free(c);
}

static void
a_nul_byte_is_refused(void **state)
{
	static const char text[] = "feed \"a\" { }\n\0host = b\n";
	struct conf *c = NULL;
	struct err e = ERR_EMPTY;

	(void)state;
	assert_int_equal(conf_parse(&c, text, sizeof text - 1, PATH, &e), -1);
	assert_string_equal(
	    e.text, PATH ":2: there is a NUL byte; the file is not text.");
}

static void
a_refused_file_leaves_no_trace_in_the_next(void **state)
{
	struct conf *c = NULL;
	struct err e = ERR_EMPTY;

	(void)state;
	assert_int_equal(
	    conf_parse(&c, "host = a\nfeed \"x\" {\nfoo", 23, PATH, &e), -1);
	c = parse("feed \"x\" { }");
	assert_string_equal(c->host, "localhost");
	conf_free(c);
}

static char *
fresh(void)
{
	static const char *const feeds[] = { "main", "shop" };
	static const struct conf_init init = { .feed = feeds,
		.feeds = 2,
		.timezone = "Asia/Omsk",
		.host = "h.example",
		.pii = "hash",
		.sftp_port = 1,
		.https_port = 2,
		.http_port = 3,
		.ftp_port = 4,
		.ftps_port = 5,
		.user = { "a", "b", "c", "d", "e", "f" } };

	return conf_text(&init);
}

static void
a_fresh_file_says_what_init_was_told(void **state)
{
	char *text = fresh();
	struct conf *c = parse(text);

	(void)state;
	assert_string_equal(c->host, "h.example");
	assert_int_equal(c->sftp_port, 1);
	assert_int_equal(c->https_port, 2);
	assert_int_equal(c->http_port, 3);
	assert_string_equal(c->user_auth, "a");
	assert_int_equal(c->ftp_port, 4);
	assert_int_equal(c->ftps_port, 5);
	assert_string_equal(c->user_ssh, "e");
	assert_string_equal(c->user_ftp, "f");
	assert_int_equal(c->feeds, 2);
	assert_string_equal(c->feed[1].name, "shop");
	assert_string_equal(c->feed[1].source[0]->zone, "Asia/Omsk");
	assert_int_equal(c->feed[1].source[0]->pii, PII_HASH);
	conf_free(c);
	free(text);
}

static void
a_fresh_file_lists_every_setting_and_explains_it(void **state)
{
	char *text = fresh(), line[256];

	(void)state;
	for (const struct setting *s = conf_setting; s->name != NULL; s++) {
		snprintf(line, sizeof line, "# %s\n%s%s = ", s->help,
		    s->scope == SCOPE_SERVER ? "" : "\t", s->name);
		if (strstr(text, line) == NULL)
			fail_msg("%s is not in a fresh file", s->name);
	}
	for (char *p = text, *end; *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		assert_true(end - p <= 80);
	}
	free(text);
}

/* What a fresh file says must be the same as saying nothing. */
static void
the_defaults_fit_their_own_settings(void **state)
{
	char why[256];

	(void)state;
	for (const struct setting *s = conf_setting; s->name != NULL; s++) {
		bool none = s->fallback[0] == '\0' &&
			    (s->type == TYPE_LIST || s->type == TYPE_PIPELINES);

		if (!none &&
		    !setting_take(s, s->fallback, NULL, why, sizeof why))
			fail_msg("%s: %s", s->name, why);
	}
}

static void
what_is_quoted_reads_as_it_was(void **state)
{
	static const char *const row[] = { "Оплачен", "a\"b\\", "\\n",
		"две\nстроки\r\t", "${HOME}", "$", "{ 'x' } # //" };

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char text[256];
		FILE *f = fmemopen(text, sizeof text, "w");
		struct conf *c;

		fputs("feed \"main\" { status(\"*\", ", f);
		conf_put_quoted(f, row[i]);
		fputs(", \"PAID\") }\n", f);
		fclose(f);
		c = parse(text);
		assert_string_equal(
		    feed_source(conf_feed(c, "main"), "")->status[0].status,
		    row[i]);
		conf_free(c);
	}
}

static void
the_manual_explains_every_setting(void **state)
{
	static char text[1 << 17];
	char path[PATH_MAX], item[128];
	FILE *f;

	(void)state;
	snprintf(
	    path, sizeof path, "%s/server/convdrop.conf.5", getenv("srcdir"));
	f = fopen(path, "re");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	for (const struct setting *s = conf_setting; s->name != NULL; s++) {
		snprintf(item, sizeof item, "\n.It Ic %s No = ", s->name);
		if (strstr(text, item) == NULL)
			fail_msg("%s is not in convdrop.conf(5)", s->name);
	}
}

static void
zones_are_found_and_bad_names_refused(void **state)
{
	static const char *const bad[] = { "", "Mars/Olympus", "../etc/passwd",
		"/etc/localtime", "right/UTC", "Europe//Moscow", "Europe",
		"Europe/Moscow/", "zone.tab", "tzdata.zi", "a b" };
	struct zone *z = NULL;
	struct err e = ERR_EMPTY;

	(void)state;
	assert_int_equal(conf_zone(&z, "Europe/Moscow", &e), 0);
	assert_int_equal(zone_offset(z, INT64_C(1795338900)), 3 * 3600);
	zone_free(z);
	for (size_t i = 0; i < COUNT(bad); i++) {
		e.text[0] = '\0';
		if (conf_zone(&z, bad[i], &e) != -1 || e.text[0] == '\0')
			fail_msg("zone \"%s\" is taken", bad[i]);
	}
}

static void
a_zone_that_does_not_exist_is_a_config_error(void **state)
{
	char path[] = "/tmp/test_conf.XXXXXX";
	static const char *const row[] = {
		"feed \"a\" { timezone = \"Mars/X\" }",
		"feed \"a\" { source_timezone = \"Mars/X\" }",
		"feed \"a\" { source \"b\" { source_timezone = \"Mars/X\" } }",
	};
	struct conf *c = NULL;
	struct err e = ERR_EMPTY;
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(
		    pwrite(fd, row[i], strlen(row[i]), 0), strlen(row[i]));
		assert_int_equal(conf_load(&c, path, &e), -1);
		assert_non_null(strstr(e.text, "Mars/X"));
		assert_non_null(strstr(e.text, path));
	}
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, full, strlen(full), 0), strlen(full));
	assert_int_equal(conf_load(&c, path, &e), 0);
	assert_string_equal(c->dir, "/tmp");
	conf_free(c);
	close(fd);
	unlink(path);
	assert_int_equal(conf_load(&c, path, &e), -1);
	assert_int_equal(conf_load(&c, "/tmp", &e), -1);
}

static void
paths_lie_in_the_folder_of_the_file(void **state)
{
	char path[PATH_MAX], cwd[PATH_MAX], want[2 * PATH_MAX];
	struct conf *c = parse("feed \"a\" { }");
	struct err e = ERR_EMPTY;
	static const char text[] = "feed \"a\" { }";

	(void)state;
	conf_path(path, c, "inbox", "a", NULL);
	assert_string_equal(path, "/srv/drop/inbox/a");
	conf_path(path, c, NULL);
	assert_string_equal(path, "/srv/drop");
	conf_free(c);
	assert_int_equal(
	    conf_parse(&c, text, strlen(text), "x/convdrop.conf", &e), 0);
	assert_non_null(getcwd(cwd, sizeof cwd));
	snprintf(want, sizeof want, "%s/x", cwd);
	assert_string_equal(c->dir, want);
	conf_free(c);
	assert_int_equal(
	    conf_parse(&c, text, strlen(text), "/convdrop.conf", &e), 0);
	conf_path(path, c, "state", NULL);
	assert_string_equal(path, "/state");
	conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_almost_empty_file_gives_the_defaults),
		cmocka_unit_test(everything_that_is_written_is_taken),
		cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
		cmocka_unit_test(outputs_are_files_with_a_window_and_needs),
		cmocka_unit_test(targets_and_calls_belong_to_the_feed),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(a_refused_file_leaves_no_trace_in_the_next),
		cmocka_unit_test(a_fresh_file_says_what_init_was_told),
		cmocka_unit_test(
		    a_fresh_file_lists_every_setting_and_explains_it),
		cmocka_unit_test(the_defaults_fit_their_own_settings),
		cmocka_unit_test(what_is_quoted_reads_as_it_was),
		cmocka_unit_test(the_manual_explains_every_setting),
		cmocka_unit_test(zones_are_found_and_bad_names_refused),
		cmocka_unit_test(a_zone_that_does_not_exist_is_a_config_error),
		cmocka_unit_test(paths_lie_in_the_folder_of_the_file),
		cmocka_unit_test(
		    identifiers_to_ignore_are_read_from_their_file),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
