/*
 * Runs a fuzz target over every file of its corpus, so that what a fuzzer
 * once found stays found.  usage: NAME [FILE…]; without arguments the folder
 * tests/fuzz/corpus/NAME is taken.  Prints TAP.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint8_t *
grown(uint8_t *buf, size_t n)
{
	uint8_t *p = realloc(buf, n);

	if (p == NULL)
		abort();
	return p;
}

static int
run(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *buf;
	size_t n = 0, room = 65536, k;

	if (f == NULL)
		return -1;
	buf = grown(NULL, room);
	while ((k = fread(buf + n, 1, room - n, f)) > 0) {
		n += k;
		if (n == room)
			buf = grown(buf, room *= 2);
	}
	fclose(f);
	/* exactly n bytes, so that reading one more is caught */
	buf = grown(buf, n == 0 ? 1 : n);
	LLVMFuzzerTestOneInput(buf, n);
	free(buf);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	const char *srcdir = getenv("srcdir");
	char folder[4096], path[8192];
	struct dirent *d;
	int n = 0, bad = 0;
	DIR *dir;

	for (int i = 1; i < argc; i++) {
		if (run(argv[i]) == -1)
			return 1;
	}
	if (argc > 1)
		return 0;
	name = name == NULL ? argv[0] : name + 1;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s",
	    srcdir == NULL ? "." : srcdir, name);
	dir = opendir(folder);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
		bad += run(path) == -1;
		n++;
	}
	if (dir != NULL)
		closedir(dir);
	printf("1..1\n%s 1 - %s: %d inputs replayed\n",
	    n > 0 && bad == 0 ? "ok" : "not ok", name, n);
	return 0;
}
