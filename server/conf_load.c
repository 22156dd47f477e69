/*
 * What the configuration needs of the file system: its own file, the time
 * zones, and the paths beside it.
 */
#include "server/conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/arena.h"
#include "formats/zone.h"
#include "server/conf_private.h"
#include "server/conf_table.h"
#include "server/lang.h"

#define ZONE_BYTES_MAX (1 << 20)
#define BUNDLE_BYTES_MAX (12U << 20) /* convdrop.conf and its presets */

/* A regular file as a whole, malloc'ed. */
static int
slurp(char **out, size_t *n, const char *path, size_t max, const char **why)
{
	char *buf = NULL;
	struct stat st;
	ssize_t k = 0;
	size_t got = 0;
	int fd, rc = -1;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1) {
		*why = strerror(errno);
		goto out;
	}
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > max) {
		*why = S_ISREG(st.st_mode) ? _("it is too large")
					   : _("it is not a regular file");
		goto out;
	}
	buf = mem_alloc(max < 65536 ? max + 1 : (size_t)st.st_size + 1);
	while (got < (size_t)st.st_size &&
	       (k = read(fd, buf + got, (size_t)st.st_size - got)) > 0)
		got += (size_t)k;
	if (k == -1) {
		*why = strerror(errno);
		goto out;
	}
	*out = buf;
	*n = got;
	buf = NULL;
	rc = 0;
out:
	free(buf);
	if (fd != -1)
		close(fd);
	return rc;
}

/* --- presets ------------------------------------------------------------- */

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* "NAME.conf"; other files are left alone. */
static int
is_preset(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && d->d_name[0] != '.' &&
	       strcmp(d->d_name + n - 5, ".conf") == 0;
}

struct bundle {
	char *text;
	size_t n;
};

static void
add_text(struct bundle *b, const char *p, size_t n)
{
	b->text = mem_grow(b->text, b->n + n + 1);
	memcpy(b->text + b->n, p, n);
	b->n += n;
	b->text[b->n] = '\0';
}

/* A text with a NUL would be taken for two. */
static int
add_file(struct bundle *b, const char *path, size_t max, struct err *e)
{
	const char *why, *nul;
	char *text;
	size_t n;
	int rc = 0, line = 1;

	if (slurp(&text, &n, path, max, &why) == -1)
		return err_set(e, "%s: %s", path, why);
	nul = memchr(text, '\0', n);
	for (const char *p = text; nul != NULL && p < nul; p++)
		line += *p == '\n';
	if (nul != NULL)
		rc = err_set(e,
		    "%s:%d: there is a NUL byte; the file is not text.", path,
		    line);
	else
		add_text(b, text, n);
	free(text);
	return rc;
}

static int
add_preset(
    struct bundle *b, const char *folder, const char *name, struct err *e)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >=
	    sizeof path)
		return err_set(e, "%s/%s: the path is too long", folder, name);
	add_text(b, "", 1);
	add_text(b, name, strlen(name) - strlen(".conf"));
	add_text(b, "", 1);
	if (add_file(b, path, PRESET_BYTES_MAX, e) == -1)
		return -1;
	if (b->n > BUNDLE_BYTES_MAX)
		return err_set(e,
		    "%s: it and convdrop.conf are larger than 12 MiB together",
		    folder);
	return 0;
}

/* By name, so that the same files are always the same text. */
static int
add_presets(struct bundle *b, const char *conf_path, struct err *e)
{
	const char *slash = strrchr(conf_path, '/');
	char folder[PATH_MAX];
	struct dirent **entry = NULL;
	int n, rc = 0;

	snprintf(folder, sizeof folder, "%.*spresets",
	    slash == NULL ? 0 : (int)(slash - conf_path + 1), conf_path);
	n = scandir(folder, &entry, is_preset, by_bytes);
	if (n == -1)
		return errno == ENOENT
			   ? 0
			   : err_set(e, "%s: %s", folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = add_preset(b, folder, entry[i]->d_name, e);
		free(entry[i]);
	}
	free(entry);
	return rc;
}

/* --- identifiers to ignore ------------------------------------------------ */

static bool
has_entry(const struct bundle *b, const char *name)
{
	size_t n = strlen(name) + 1;

	for (size_t i = 0; i + n + 2 <= b->n; i++)
		if (b->text[i] == '\0' && b->text[i + 1] == CONF_IGNORE &&
		    memcmp(b->text + i + 2, name, n) == 0)
			return true;
	return false;
}

static int
add_ignore(
    struct bundle *b, const struct conf *c, const char *name, struct err *e)
{
	const char mark[] = { '\0', CONF_IGNORE };
	char path[PATH_MAX];

	if (name[0] == '\0' || has_entry(b, name))
		return 0;
	conf_path(path, c, name, NULL);
	add_text(b, mark, sizeof mark);
	add_text(b, name, strlen(name) + 1);
	if (add_file(b, path, IGNORE_BYTES_MAX, e) == -1)
		return err_add(e, "ignore_identifiers");
	if (b->n > BUNDLE_BYTES_MAX)
		return err_set(e,
		    "%s: it, convdrop.conf and what else it names are larger "
		    "than 12 MiB together",
		    path);
	return 0;
}

/* Which files they are, convdrop.conf says; when it cannot be understood,
 * whoever parses it next says why. */
static int
add_ignores(struct bundle *b, const char *conf_path, struct err *e)
{
	struct err unused = ERR_EMPTY;
	struct conf *c;
	int rc = 0;

	if (conf_parse(&c, b->text, b->n, conf_path, &unused) == -1)
		return 0;
	for (size_t i = 0; rc == 0 && i < c->feeds; i++)
		for (size_t k = 0; rc == 0 && k < c->feed[i].sources; k++)
			rc = add_ignore(
			    b, c, c->feed[i].source[k]->ignore_file, e);
	conf_free(c);
	return rc;
}

/* --- as one text ---------------------------------------------------------- */

int
conf_read(char **text, size_t *n, const char *path, struct err *e)
{
	struct bundle b = { NULL, 0 };

	if (add_file(&b, path, CONF_BYTES_MAX, e) == -1 ||
	    add_presets(&b, path, e) == -1 || add_ignores(&b, path, e) == -1) {
		free(b.text);
		return -1;
	}
	*text = b.text;
	*n = b.n;
	return 0;
}

/* --- the whole ----------------------------------------------------------- */

static int
check_zone(
    const char *name, const char *path, const struct feed *f, struct err *e)
{
	struct zone *z;

	if (*name == '\0')
		return 0;
	if (conf_zone(&z, name, e) == -1)
		return err_add(e, "%s: feed \"%s\"", path, f->name);
	zone_free(z);
	return 0;
}

int
conf_load(struct conf **out, const char *path, struct err *e)
{
	struct conf *c = NULL;
	char *text;
	size_t n;
	int rc;

	if (conf_read(&text, &n, path, e) == -1)
		return -1;
	rc = conf_parse(&c, text, n, path, e);
	free(text);
	for (size_t i = 0; rc == 0 && i < c->feeds; i++) {
		const struct feed *f = &c->feed[i];

		rc = check_zone(f->source[0]->zone, path, f, e);
		for (size_t k = 0; rc == 0 && k < f->sources; k++)
			rc = check_zone(f->source[k]->source_zone, path, f, e);
	}
	if (rc == -1)
		conf_free(c);
	else
		*out = c;
	return rc;
}

int
conf_zone(struct zone **out, const char *name, struct err *e)
{
	const char *root = getenv("TZDIR"), *why;
	enum fmt_status status;
	char path[PATH_MAX];
	char *bytes;
	size_t n;

	if (root == NULL || *root == '\0')
		root = "/usr/share/zoneinfo";
	if (!conf_zone_name_valid(name) ||
	    (size_t)snprintf(path, sizeof path, "%s/%s", root, name) >=
		sizeof path)
		return err_set(e,
		    "\"%s\" is not the name of a time zone; "
		    "write it as in Europe/Moscow.",
		    name);
	if (slurp(&bytes, &n, path, ZONE_BYTES_MAX, &why) == -1)
		return err_set(e,
		    "there is no time zone \"%s\" (%s: %s); "
		    "write it as in Europe/Moscow.",
		    name, path, why);
	status = zone_parse(out, (struct slice){ bytes, n });
	free(bytes);
	if (status != FMT_OK)
		return err_set(e, "time zone \"%s\" cannot be used: %s", name,
		    fmt_status_text(status));
	return 0;
}

void
conf_path(char *out, const struct conf *c, ...)
{
	size_t n = (size_t)snprintf(
	    out, PATH_MAX, "%s", strcmp(c->dir, "/") == 0 ? "" : c->dir);
	const char *part;
	va_list ap;

	va_start(ap, c);
	while ((part = va_arg(ap, const char *)) != NULL) {
		if (n >= PATH_MAX)
			break;
		n += (size_t)snprintf(out + n, PATH_MAX - n, "/%s", part);
	}
	va_end(ap);
	/* One that is cut would name another file. */
	if (n >= PATH_MAX)
		out[0] = '\0';
	else if (n == 0)
		memcpy(out, "/", 2);
}
