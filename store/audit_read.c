/*
 * The audit's reading side: checking the chain and what it names, and looking
 * for lines.
 */
#include "store/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "store/archive.h"
#include "store/audit_private.h"
#include "server/lang.h"

/* --- lines -------------------------------------------------------------- */

struct reading {
	const char *month;
	unsigned long number; /* of the line in its month */
	bool torn;            /* the last line has no end */
};

/* Calls each for every line of every month, without its line break. */
static int
read_month(int dir, const char *month,
    void (*each)(void *ctx, const struct reading *r, char *line, size_t n),
    void *ctx)
{
	struct reading r = { .month = month };
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int fd = openat(dir, month, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), failed;
	FILE *f = fd == -1 ? NULL : fdopen(fd, "r");

	if (f == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	while ((n = getline(&line, &room, f)) > 0) {
		r.number++;
		r.torn = line[n - 1] != '\n';
		if (!r.torn)
			line[--n] = '\0';
		each(ctx, &r, line, (size_t)n);
	}
	failed = ferror(f);
	free(line);
	fclose(f);
	return failed ? -1 : 0;
}

static int
read_all(const struct conf *c,
    void (*each)(void *ctx, const struct reading *r, char *line, size_t n),
    void *ctx, struct err *e)
{
	char(*month)[AUDIT_NAME] = NULL, path[PATH_MAX];
	size_t n = 0;
	int dir, rc;

	conf_path(path, c, "audit", NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return err_set(e, "open %s: %s", path, strerror(errno));
	rc = audit_months(dir, &month, &n);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = read_month(dir, month[i], each, ctx);
	if (rc == -1)
		err_set(e, "read %s: %s", path, strerror(errno));
	free(month);
	close(dir);
	return rc;
}

/* --- the last event that was heard --------------------------------------- */

#define HEARD "\"heard\":"
#define BLOCK ((size_t)1 << 20)
#define OVERLAP 64 /* the word and its number */

/* The last one in the text; 0 when there is none. */
static uint64_t
last_heard(const char *p, size_t n)
{
	const char *at = p, *hit;
	uint64_t last = 0;

	while ((hit = memmem(at, n - (size_t)(at - p), HEARD,
		    sizeof HEARD - 1)) != NULL) {
		at = hit + sizeof HEARD - 1;
		last = strtoull(at, NULL, 10);
	}
	return last;
}

/* From its end: it is mostly near. */
static int
heard_in_month(int dir, const char *month, char *buf, uint64_t *out)
{
	int fd = openat(dir, month, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	off_t end = fd == -1 ? -1 : lseek(fd, 0, SEEK_END), at = end;

	while (at > 0 && *out == 0) {
		size_t n = at < (off_t)BLOCK ? (size_t)at : BLOCK;
		ssize_t k;

		at -= (off_t)n;
		k = pread(fd, buf, n + OVERLAP, at);
		if (k == -1) {
			end = -1;
			break;
		}
		buf[k] = '\0';
		*out = last_heard(buf, (size_t)k);
	}
	if (fd != -1)
		close(fd);
	return end == -1 ? -1 : 0;
}

int
audit_heard(const struct conf *c, uint64_t *out, struct err *e)
{
	char(*month)[AUDIT_NAME] = NULL, path[PATH_MAX], *buf;
	size_t n = 0;
	int dir, rc;

	*out = 0;
	conf_path(path, c, "audit", NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return err_set(e, "open %s: %s", path, strerror(errno));
	buf = mem_alloc(BLOCK + OVERLAP + 1);
	rc = audit_months(dir, &month, &n);
	while (rc == 0 && n > 0 && *out == 0)
		rc = heard_in_month(dir, month[--n], buf, out);
	if (rc == -1)
		err_set(e, "read %s: %s", path, strerror(errno));
	free(buf);
	free(month);
	close(dir);
	return rc;
}

/* --- verifying ---------------------------------------------------------- */

struct verify {
	const struct conf *conf;
	void (*found)(void *ctx, const struct audit_finding *f);
	void *ctx;
	uint64_t lines, files;
	char last[65];    /* hash of the line before */
	size_t last_n;    /* its bytes */
	bool last_broken; /* it is not JSON: the next must say so */
	char broken_month[AUDIT_NAME];
	unsigned long broken_line;
	char first[65]; /* what the first line there is carries on from */
	bool began;
	json_t *expired;  /* months by their last line's hash */
	json_t *archived; /* path to SHA-256 */
	json_t *replaced; /* path to the one that an erasure replaced */
};

static void
report(const struct verify *v, const char *file, unsigned long line,
    const char *text)
{
	struct audit_finding f = { file, line, text };

	v->found(v->ctx, &f);
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

/* A line that was cut short by a crash is no finding when the next one is the
 * event that says so. */
static void
check_torn(struct verify *v, const json_t *o)
{
	bool said = strcmp(text_of(o, "event"), "recovered") == 0 &&
		    json_integer_value(json_object_get(o, "bytes")) ==
			(json_int_t)v->last_n;

	if (v->last_broken && !said)
		report(v, v->broken_month, v->broken_line,
		    _("this line is not one that was written: it is no JSON "
		      "object"));
	v->last_broken = false;
}

static void
check_link(struct verify *v, const struct reading *r, const json_t *o)
{
	const char *prev = text_of(o, "prev");

	if (!v->began) {
		v->began = true;
		snprintf(v->first, sizeof v->first, "%s", prev);
	} else if (strcmp(prev, v->last) != 0) {
		report(v, r->month, r->number,
		    _("the line before it was changed, removed or added: this "
		      "line carries on from another"));
	}
}

static bool
is_text(const json_t *o, const char *key, const char *text)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL && strcmp(s, text) == 0;
}

/* A person was erased from the file: it is another from now on, or lies under
 * another path, or is gone.  What it was before must be what the audit has of
 * it; an erasure that was interrupted says so twice. */
static void
note_erased(struct verify *v, const struct reading *r, const json_t *o)
{
	const char *path = text_of(o, "archive"), *before, *into;

	before = text_of(o, "before");
	into = text_of(o, "into");
	if (json_object_get(v->archived, path) != NULL && before[0] != '\0' &&
	    !is_text(v->archived, path, before) &&
	    !is_text(v->replaced, path, before))
		report(v, r->month, r->number,
		    _("the file that a person was erased from was not the one "
		      "that the audit names: its SHA-256 was another"));
	json_object_set_new(v->replaced, path, json_string(before));
	json_object_del(v->archived, path);
	if (text_of(o, "sha256")[0] != '\0')
		json_object_set_new(
		    v->archived, path, json_string(text_of(o, "sha256")));
	if (into[0] != '\0')
		json_object_set_new(
		    v->archived, into, json_string(text_of(o, "into_sha256")));
}

/* Files that came into the archive, and those that left it with a word. */
static void
note_archived(struct verify *v, const struct reading *r, const json_t *o)
{
	const char *event = text_of(o, "event"), *path = text_of(o, "archive");
	const char *sha256 = text_of(o, "sha256");
	bool expired = strcmp(event, "expired") == 0;

	if (expired && text_of(o, "audit")[0] != '\0')
		json_object_set_new(
		    v->expired, text_of(o, "last"), json_true());
	if (path[0] == '\0')
		return;
	if (strcmp(event, "erased") == 0)
		note_erased(v, r, o);
	else if (expired)
		json_object_del(v->archived, path);
	else if (sha256[0] != '\0')
		json_object_set_new(v->archived, path, json_string(sha256));
}

static void
verify_line(void *ctx, const struct reading *r, char *line, size_t n)
{
	struct verify *v = ctx;
	json_t *o = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);

	v->lines++;
	if (json_is_object(o)) {
		check_torn(v, o);
		check_link(v, r, o);
		note_archived(v, r, o);
	} else {
		if (v->last_broken)
			check_torn(v, NULL);
		v->last_broken = true;
		v->began = true;
		memcpy(v->broken_month, r->month, AUDIT_NAME);
		v->broken_line = r->number;
	}
	if (r->torn && json_is_object(o))
		report(v, r->month, r->number,
		    _("this line has no end: the last event was cut short"));
	json_decref(o);
	audit_hash(v->last, line, n);
	v->last_n = n;
}

static void
check_beginning(const struct verify *v)
{
	if (!v->began || v->first[0] == '\0' || strspn(v->first, "0") == 64 ||
	    json_object_get(v->expired, v->first) != NULL)
		return;
	report(v, "audit", 1,
	    _("the audit does not begin at its beginning, and no event says "
	      "that older months expired"));
}

static void
check_archived(struct verify *v)
{
	const char *path;
	json_t *sha256;

	json_object_foreach(v->archived, path, sha256)
	{
		struct err e = ERR_EMPTY;
		int rc = archive_matches(
		    v->conf, path, json_string_value(sha256), &e);

		v->files++;
		if (rc == -1)
			report(v, path, 0, e.text);
		else if (rc == 0)
			report(v, path, 0,
			    _("the archived file is not the one that the audit "
			      "names: its SHA-256 is another"));
	}
}

int
audit_verify(const struct conf *c,
    void (*found)(void *ctx, const struct audit_finding *f), void *ctx,
    uint64_t *lines, uint64_t *files, struct err *e)
{
	struct verify v = { .conf = c, .found = found, .ctx = ctx };
	int rc;

	v.expired = json_object();
	v.archived = json_object();
	v.replaced = json_object();
	rc = read_all(c, verify_line, &v, e);
	if (rc == 0) {
		if (v.last_broken)
			check_torn(&v, NULL);
		check_beginning(&v);
		check_archived(&v);
		*lines = v.lines;
		*files = v.files;
	}
	json_decref(v.expired);
	json_decref(v.archived);
	json_decref(v.replaced);
	return rc;
}

/* --- looking for lines --------------------------------------------------- */

struct search {
	const char *const *word;
	size_t words;
	void (*each)(void *ctx, const char *line);
	void *ctx;
};

/* Is the value what the person wrote? */
static bool
value_is(const json_t *v, const char *text)
{
	char *dumped;
	bool is;

	if (json_is_string(v))
		return strcmp(json_string_value(v), text) == 0;
	dumped = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	is = dumped != NULL && strcmp(dumped, text) == 0;
	free(dumped);
	return is;
}

/* KEY=VALUE when the line has such a key, else a substring. */
static bool
matches(const char *line, const json_t *o, const char *word)
{
	const char *equals = strchr(word, '=');
	const json_t *v = NULL;
	char key[64];

	if (equals != NULL && (size_t)(equals - word) < sizeof key) {
		snprintf(key, sizeof key, "%.*s", (int)(equals - word), word);
		v = json_object_get(o, key);
	}
	if (v != NULL)
		return value_is(v, equals + 1);
	return strstr(line, word) != NULL;
}

static void
search_line(void *ctx, const struct reading *r, char *line, size_t n)
{
	const struct search *s = ctx;
	bool all = true;
	json_t *o;

	(void)r;
	for (size_t i = 0; i < s->words; i++) {
		if (strchr(s->word[i], '=') == NULL &&
		    strstr(line, s->word[i]) == NULL)
			return; /* without being parsed */
	}
	o = json_loadb(line, n, 0, NULL);
	for (size_t i = 0; all && i < s->words; i++)
		all = matches(line, o, s->word[i]);
	json_decref(o);
	if (all)
		s->each(s->ctx, line);
}

int
audit_log(const struct conf *c, const char *const *word, size_t words,
    void (*each)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct search s = { word, words, each, ctx };

	return read_all(c, search_line, &s, e);
}
