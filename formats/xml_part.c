/*
 * XML out of a zip archive, through expat.  See xml_part.h.
 *
 * expat keeps every name it has seen, every element that is open and every tag
 * that is not complete, for as long as the file says.  So it gets its memory
 * here, and only so much of it: then it gives up, as for any other error.
 */
#include "formats/xml_part.h"

#include <expat.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"

#define BLOCK ((size_t)64 * 1024)
#define MEMORY ((size_t)4 << 20)

struct xml_part {
	XML_Parser parser;
	struct unzip_stream *stream;
	const struct xml_hooks *hooks;
	void *ctx;
	enum fmt_status why; /* it was stopped for good */
	bool paused, last;
};

/* --- memory ------------------------------------------------------------- */

/* What all parsers have: expat hands its allocator nothing by which to tell
 * them apart, and no more than one of them is ever large.  A parser may be
 * closed by another thread than the one that ran it (ahead.h). */
static _Atomic size_t used;

struct head {
	alignas(max_align_t) size_t n;
};

static void *
take(void *old, size_t n)
{
	struct head *h = old == NULL ? NULL : (struct head *)old - 1;
	size_t had = h == NULL ? 0 : h->n;

	if (n > MEMORY || used - had + n > MEMORY)
		return NULL;
	h = realloc(h, sizeof *h + n);
	if (h == NULL)
		abort(); /* as in arena.h */
	h->n = n;
	used += n - had;
	return h + 1;
}

static void *
take_new(size_t n)
{
	return take(NULL, n);
}

static void
give_back(void *p)
{
	struct head *h = p;

	if (h == NULL)
		return;
	h--;
	used -= h->n;
	free(h);
}

/* --- what expat says ---------------------------------------------------- */

static const char *
local(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon == NULL ? name : colon + 1;
}

static void
on_start(void *ctx, const char *name, const char **attr)
{
	struct xml_part *x = ctx;

	x->hooks->start(x->ctx, local(name), attr);
}

static void
on_end(void *ctx, const char *name)
{
	struct xml_part *x = ctx;

	x->hooks->end(x->ctx, local(name));
}

static void
on_text(void *ctx, const char *p, int n)
{
	struct xml_part *x = ctx;

	x->hooks->text(x->ctx, (struct slice){ p, (size_t)n });
}

static void
on_doctype(void *ctx, const char *name, const char *system, const char *public,
    int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	xml_fail(ctx, FMT_XLSX_DOCTYPE);
}

void
xml_pause(struct xml_part *x)
{
	if (x->why == FMT_OK && !x->paused)
		XML_StopParser(x->parser, XML_TRUE);
	x->paused = true;
}

void
xml_fail(struct xml_part *x, enum fmt_status why)
{
	if (x->why != FMT_OK)
		return;
	x->why = why;
	XML_StopParser(x->parser, XML_FALSE);
}

const char *
xml_attr(const char **attr, const char *name)
{
	for (; *attr != NULL; attr += 2) {
		if (strcmp(local(*attr), name) == 0)
			return attr[1];
	}
	return NULL;
}

/* --- reading ------------------------------------------------------------ */

enum fmt_status
xml_open(struct xml_part **out, struct unzip *z, const char *name,
    const struct xml_hooks *hooks, void *ctx)
{
	static const XML_Memory_Handling_Suite memory = { take_new, take,
		give_back };
	size_t member = unzip_find(z, name);
	struct unzip_stream *stream;
	struct xml_part *x;
	enum fmt_status rc;

	if (member == SIZE_MAX)
		return FMT_XLSX;
	rc = unzip_begin(&stream, z, member);
	if (rc != FMT_OK)
		return rc;
	x = mem_alloc(sizeof *x);
	x->stream = stream;
	x->hooks = hooks;
	x->ctx = ctx;
	x->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
	if (x->parser == NULL)
		abort();
	XML_SetUserData(x->parser, x);
	XML_SetElementHandler(x->parser, on_start, on_end);
	if (hooks->text != NULL)
		XML_SetCharacterDataHandler(x->parser, on_text);
	XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
	*out = x;
	return FMT_OK;
}

void
xml_close(struct xml_part *x)
{
	if (x == NULL)
		return;
	XML_ParserFree(x->parser);
	unzip_end(x->stream);
	free(x);
}

/* The next bytes from the archive. */
static enum fmt_status
parse_more(struct xml_part *x, enum XML_Status *status)
{
	void *buf = XML_GetBuffer(x->parser, (int)BLOCK);
	enum fmt_status rc;
	size_t got;

	if (buf == NULL)
		return FMT_XLSX;
	rc = unzip_read(x->stream, buf, BLOCK, &got);
	if (rc != FMT_OK)
		return rc;
	x->last = got == 0;
	*status = XML_ParseBuffer(x->parser, (int)got, x->last);
	return FMT_OK;
}

enum fmt_status
xml_run(struct xml_part *x)
{
	for (;;) {
		enum XML_Status status = XML_STATUS_OK;
		enum fmt_status rc = FMT_OK;

		if (x->why != FMT_OK)
			return x->why;
		if (x->paused) {
			x->paused = false;
			status = XML_ResumeParser(x->parser);
		} else if (x->last) {
			return FMT_END;
		} else {
			rc = parse_more(x, &status);
		}
		if (rc != FMT_OK)
			return rc;
		if (status == XML_STATUS_SUSPENDED)
			return FMT_OK;
		if (status == XML_STATUS_ERROR)
			return x->why != FMT_OK ? x->why : FMT_XLSX;
	}
}

enum fmt_status
xml_read(struct unzip *z, const char *name, const struct xml_hooks *hooks,
    void *ctx, struct xml_part **running)
{
	enum fmt_status rc = xml_open(running, z, name, hooks, ctx);

	if (rc == FMT_OK)
		rc = xml_run(*running);
	xml_close(*running);
	*running = NULL;
	return rc == FMT_END ? FMT_OK : rc;
}
