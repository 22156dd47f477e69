/*
 * usage: nasty_dump SEED
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/nasty_dump.h"

int
main(int argc, char **argv)
{
	char *dump;
	size_t n;

	if (argc != 2) {
		fprintf(stderr, "usage: nasty_dump SEED\n");
		return 2;
	}
	n = nasty_dump(strtoull(argv[1], NULL, 10), &dump);
	if (fwrite(dump, 1, n, stdout) != n || fflush(stdout) != 0)
		return 1;
	free(dump);
	return 0;
}
