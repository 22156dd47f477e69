/*
 * Paths as clients write them.  See path.h.
 */
#include "net/path.h"

#include <string.h>

/* Appends "/part" to out of n bytes, or takes the last part off for "..". */
static bool
step(char *out, size_t *n, struct slice part)
{
	if (part.n == 0 || slice_is(part, "."))
		return true;
	if (slice_is(part, "..")) {
		while (*n > 0 && out[--*n] != '/')
			;
		return true;
	}
	if (part.n > FILES_PATH_MAX - 2 - *n)
		return false;
	out[(*n)++] = '/';
	memcpy(out + *n, part.p, part.n);
	*n += part.n;
	return true;
}

static bool
walk(char *out, size_t *n, struct slice path)
{
	while (path.n > 0) {
		if (!step(out, n, slice_cut(&path, '/')))
			return false;
	}
	return true;
}

bool
path_absolute(char out[FILES_PATH_MAX], const char *from, struct slice path)
{
	size_t n = 0;

	if (path.n > 0 && memchr(path.p, '\0', path.n) != NULL)
		return false;
	if (!slice_starts(path, "/") && !walk(out, &n, slice_of(from)))
		return false;
	if (!walk(out, &n, path))
		return false;
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return true;
}
