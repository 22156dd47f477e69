/*
 * The file that ignore_identifiers names: one identifier a line, as anybody
 * writes it, and comments behind '#'.  No message repeats what a line holds.
 */
#include "server/conf_private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/ignore.h"

#define BOM "\xef\xbb\xbf"

static int
take_lines(
    struct settings *s, struct slice text, const char *path, struct err *e)
{
	unsigned long line = 0;

	if (slice_starts(text, BOM))
		text = (struct slice){ text.p + 3, text.n - 3 };
	while (text.n > 0) {
		line++;
		if (!ignore_add_line(s, slice_cut(&text, '\n')))
			return err_set(e,
			    "%s:%lu: this is no phone, e-mail or ClientID, and "
			    "no MD5 of one. Write one a line; a comment "
			    "begins with #.",
			    path, line);
	}
	return 0;
}

int
conf_ignore_parse(struct settings **out, struct slice name, struct slice text,
    const char *conf_path, struct err *e)
{
	const char *slash = strrchr(conf_path, '/');
	struct settings *s = settings_new();
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%.*s%.*s",
	    slash == NULL ? 0 : (int)(slash - conf_path + 1), conf_path,
	    (int)name.n, name.p);
	free(s->ignore_file);
	s->ignore_file = mem_slice(name);
	if (take_lines(s, text, path, e) == -1) {
		settings_free(s);
		return -1;
	}
	*out = s;
	return 0;
}
