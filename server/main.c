/*
 * convdropd: what the command line says.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "server/lang.h"
#include "server/proc.h"

int main(int argc, char **argv);

static int
usage(FILE *to)
{
	fputs(_("usage: convdropd -c FILE [-t] [--lang en|ru]\n"
		"  -c FILE  the configuration\n"
		"  -t       checks configuration, keys and time zones, and "
		"ends\n"
		"  -V       the version\n"
		"  --lang   the language, unless the configuration names one\n"
		"Runs in the foreground and logs to stderr; see "
		"convdropd(8).\n"),
	    to);
	return 2;
}

int
main(int argc, char **argv)
{
	static const struct option option[] = {
		{ "lang", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	const char *conf = NULL;
	bool check_only = false;
	int c;

	lang_open(NULL);
	if (argc == 3 && strcmp(argv[1], "--role") == 0)
		return proc_worker(argv[2]);
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	while ((c = getopt_long(argc, argv, "c:tVh", option, NULL)) != -1) {
		switch (c) {
		case 'l':
			if (!lang_open(optarg))
				return usage(stderr);
			break;
		case 'c':
			conf = optarg;
			break;
		case 't':
			check_only = true;
			break;
		case 'V':
			puts("convdropd " PACKAGE_VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			return usage(stderr);
		}
	}
	if (conf == NULL || optind != argc)
		return usage(stderr);
	return proc_run(conf, check_only);
}
