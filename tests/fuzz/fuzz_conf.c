/*
 * Any text as convdrop.conf: refused with a sentence, or a configuration that
 * can be used.
 */
#include <assert.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "server/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
const char *__lsan_default_suppressions(void);

/* libconfuse 3.3 forgets the words of a function call that does not end. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfuse";
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err e = ERR_EMPTY;
	struct conf *c = NULL;
	char path[PATH_MAX];

	if (conf_parse(&c, (const char *)data, n, "/x/convdrop.conf", &e) ==
	    -1) {
		assert(strncmp(e.text, "/x/convdrop.conf:", 17) == 0 ||
		       strncmp(e.text, "/x/presets/", 11) == 0);
		assert(strchr(e.text, '\n') == NULL);
		return 0;
	}
	assert(c->feeds >= 1 && c->listen[0] != NULL);
	for (size_t i = 0; i < c->feeds; i++) {
		const struct feed *f = conf_feed(c, c->feed[i].name);

		assert(f == &c->feed[i] && f->index == i);
		assert(feed_source(f, "") == f->source[0]);
		conf_path(path, c, "inbox", f->name, NULL);
		assert(strncmp(path, "/x/inbox/", 9) == 0);
	}
	conf_free(c);
	return 0;
}
