/*
 * convdrop, the admin's tool: finds the command and what stands before it.
 * Commands are one file each; they get their own arguments and know no other.
 */
#include "config.h"
#include "tool/ctl.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/conf.h"
#include "server/err.h"
#include "server/lang.h"

/* In the order in which an admin meets them. */
static const struct ctl_command *const commands[] = {
	&ctl_init,
	&ctl_lint,
	&ctl_convert,
	&ctl_presets,
	&ctl_statuses,
	&ctl_preview,
	&ctl_explain,
	&ctl_why,
	&ctl_dumps,
	&ctl_approve,
	&ctl_reject,
	&ctl_quality,
	&ctl_publish,
	&ctl_status,
	&ctl_user,
	&ctl_token,
	&ctl_key,
	&ctl_audit,
	&ctl_withdraw,
	&ctl_reprocess,
	&ctl_order,
	&ctl_person,
	&ctl_rebuild,
};
#define COMMANDS (sizeof commands / sizeof *commands)

int
ctl_fail(const char *fmt, ...)
{
	va_list ap;

	fputs("convdrop: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, _(fmt), ap);
	va_end(ap);
	fputc('\n', stderr);
	return CTL_FAILED;
}

void
ctl_actor(char out[64])
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw = getpwuid(getuid());

	if (sudo != NULL && sudo[0] != '\0' && getuid() == 0)
		snprintf(out, 64, "%.63s", sudo);
	else if (pw != NULL)
		snprintf(out, 64, "%.63s", pw->pw_name);
	else
		snprintf(out, 64, "%lu", (unsigned long)getuid());
}

int
ctl_usage(const struct ctl_command *c)
{
	fprintf(stderr, _("usage: convdrop [-c CONF] %s\n"), c->synopsis);
	fprintf(stderr, _("\"convdrop %s --help\" says more.\n"), c->name);
	return CTL_FAILED;
}

int
ctl_conf_if_any(const struct ctl *c, struct conf **out)
{
	const char *const place[] = { c->conf_path, getenv("CONVDROP_CONF"),
		"./convdrop.conf", "/etc/convdrop/convdrop.conf" };
	struct err e = ERR_EMPTY;

	*out = NULL;
	for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
		bool named = i < 2 && place[i] != NULL && *place[i] != '\0';

		if (!named && (i < 2 || access(place[i], F_OK) != 0))
			continue;
		if (conf_load(out, place[i], &e) == 0)
			return 0;
		ctl_fail("%s", e.text);
		return -1;
	}
	return 0;
}

bool
ctl_conf_readable(const struct ctl *c)
{
	const char *named = getenv("CONVDROP_CONF");

	if (c->conf_path != NULL || (named != NULL && *named != '\0'))
		return true;
	if (access("./convdrop.conf", F_OK) == 0)
		return access("./convdrop.conf", R_OK) == 0;
	return access("/etc/convdrop/convdrop.conf", R_OK) == 0;
}

struct conf *
ctl_conf(const struct ctl *c)
{
	struct conf *conf;

	if (ctl_conf_if_any(c, &conf) == 0 && conf == NULL)
		ctl_fail("there is no convdrop.conf in this folder or in "
			 "/etc/convdrop; name it with -c");
	return conf;
}

int
ctl_with_conf(const struct ctl *c,
    int (*run)(
	const struct ctl *c, const struct conf *conf, const void *arguments),
    const void *arguments)
{
	struct conf *conf = ctl_conf(c);
	int rc = CTL_FAILED;

	if (conf != NULL)
		rc = run(c, conf, arguments);
	conf_free(conf);
	return rc;
}

static const struct ctl_command *
find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* A synopsis in lines of 78 characters at most. */
static void
print_synopsis(const char *s)
{
	size_t column = 2;

	fputs("  ", stdout);
	while (*s != '\0') {
		size_t word = strcspn(s, " ");

		if (column + word > 78) {
			fputs("\n     ", stdout);
			column = 5;
		}
		printf("%.*s", (int)word, s);
		column += word + 1;
		s += word;
		if (*s == ' ') {
			putchar(' ');
			s++;
		}
	}
	putchar('\n');
}

static int
help(void)
{
	puts(_("usage: convdrop [-c CONF] COMMAND [ARGUMENT]... [--json]\n\n"
	       "The admin's tool of convdrop, which turns CRM dumps into "
	       "conversion files\nand serves them to Yandex Direct.\n"));
	for (size_t i = 0; i < COMMANDS; i++)
		print_synopsis(commands[i]->synopsis);
	puts(_("\n"
	       "\"convdrop COMMAND --help\" explains a command. --json makes "
	       "the answer one JSON\nobject. -c names the configuration; "
	       "without it $CONVDROP_CONF, ./convdrop.conf\nand "
	       "/etc/convdrop/convdrop.conf are tried. --lang en or --lang ru "
	       "chooses the language;\nwithout it $CONVDROP_LANG, $LC_ALL, "
	       "$LC_MESSAGES and $LANG do.\n\n"
	       "Exit status: 0 fine, 1 findings, 2 wrong usage or failure."));
	return CTL_FINE;
}

static int
help_command(const struct ctl_command *c)
{
	printf(_("usage: convdrop [-c CONF] %s [--json]\n\n%s\n"), c->synopsis,
	    _(c->help));
	return CTL_FINE;
}

static int
unknown(const char *name)
{
	ctl_fail("there is no command '%s'. The commands are:", name);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, "  %s\n", commands[i]->name);
	return CTL_FAILED;
}

struct options {
	struct ctl ctl;
	bool help, version;
};

/* Takes the options that every command has out of argv, wherever they stand
 * before a "--"; returns how many arguments are left, -1 when -c has no path,
 * -2 when --lang has no language. */
static int
take_options(struct options *o, int argc, char **argv)
{
	int left = 0;
	bool ended = false;

	for (int i = 0; i < argc; i++) {
		const char *a = argv[i];

		ended = ended || strcmp(a, "--") == 0;
		if (ended) {
			argv[left++] = argv[i];
		} else if (strcmp(a, "--json") == 0) {
			o->ctl.json = true;
		} else if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
			o->help = true;
		} else if (strcmp(a, "--version") == 0) {
			o->version = true;
		} else if (strcmp(a, "-c") == 0) {
			if (++i == argc)
				return -1;
			o->ctl.conf_path = argv[i];
		} else if (strcmp(a, "--lang") == 0) {
			if (++i == argc || !lang_open(argv[i]))
				return -2;
		} else if (strncmp(a, "--lang=", 7) == 0) {
			if (!lang_open(a + 7))
				return -2;
		} else {
			argv[left++] = argv[i];
		}
	}
	argv[left] = NULL;
	return left;
}

/* What was printed must have arrived. */
static int
flushed(int rc)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return rc;
	return ctl_fail("standard output: %s", strerror(errno));
}

static int
run(struct options *o, int argc, char **argv)
{
	const struct ctl_command *c = argc > 0 ? find(argv[0]) : NULL;

	if (o->version) {
		puts("convdrop " PACKAGE_VERSION);
		return CTL_FINE;
	}
	if (argc > 0 && strcmp(argv[0], "help") == 0) {
		c = argc > 1 ? find(argv[1]) : NULL;
		o->help = true;
		if (argc > 1 && c == NULL)
			return unknown(argv[1]);
	}
	if (argc > 0 && c == NULL && !o->help)
		return unknown(argv[0]);
	if (o->help)
		return c != NULL ? help_command(c) : help();
	if (c == NULL)
		return ctl_fail("no command was given. \"convdrop --help\" "
				"lists them.");
	return c->run(&o->ctl, argc, argv);
}

int
main(int argc, char **argv)
{
	struct options o = { .ctl = { NULL, false } };
	int left;

	lang_open(NULL);
	left = take_options(&o, argc - 1, argv + 1);
	if (left == -1)
		return ctl_fail("-c needs the path of a configuration");
	if (left == -2)
		return ctl_fail("--lang needs a language: en or ru");
	return flushed(run(&o, left, argv + 1));
}
