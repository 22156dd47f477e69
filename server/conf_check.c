/*
 * What is wrong with a text, before libconfuse reads it and while it does: the
 * first complaint counts, and it names the file and the line.
 */
#include "server/conf_private.h"
#include "server/lang.h"

#include <stdio.h>
#include <string.h>

static struct {
	const char *path;
	char why[512]; /* the first thing that is wrong */
} reading;

void
conf_begin(const char *path)
{
	reading.path = path;
	reading.why[0] = '\0';
}

const char *
conf_complaint(void)
{
	return reading.why;
}

void
conf_complain(int line, const char *fmt, ...)
{
	char text[384];
	va_list ap;

	if (reading.why[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, _(fmt), ap);
	va_end(ap);
	for (char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ')
			*p = ' '; /* one line, whatever a value holds */
	}
	snprintf(reading.why, sizeof reading.why, "%s:%d: %s", reading.path,
	    line, text);
}

void
conf_on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[256];

	vsnprintf(text, sizeof text, fmt, ap);
	if (strncmp(text, "no such option ", 15) == 0)
		conf_complain(
		    cfg->line, "there is no setting %s here.", text + 15);
	else
		conf_complain(cfg->line, "%s.", text);
}

/* --- before it is read --------------------------------------------------- */

/* Past the string that begins at p, or NULL when it does not end. */
static char *
skip_string(char *p)
{
	char quote = *p++;

	for (; *p != '\0' && *p != quote; p++)
		p += *p == '\\' && p[1] != '\0';
	return *p == '\0' ? NULL : p + 1;
}

/* Past the comment that begins at p; p itself when none does. */
static char *
skip_comment(char *p, bool in_word)
{
	char *end;

	if (*p == '#' || (!in_word && strncmp(p, "//", 2) == 0))
		return p + strcspn(p, "\n");
	if (in_word || strncmp(p, "/*", 2) != 0)
		return p;
	end = strstr(p + 2, "*/");
	return end == NULL ? p : end + 2;
}

/*
 * Blanks out comments, since libconfuse counts their lines twice and would
 * then name wrong ones; and finds a brace that is not closed, which it takes
 * for the end of a section.  Returns where that stands, or NULL.
 */
static const char *
blank_comments(char *text)
{
	const char *open[8] = { NULL };
	size_t depth = 0;
	bool in_word = false;

	for (char *p = text, *end; p != NULL && *p != '\0';) {
		if (*p == '"' || *p == '\'') {
			p = skip_string(p);
			in_word = false;
			continue;
		}
		end = skip_comment(p, in_word);
		if (end > p) {
			for (; p < end; p++)
				*p = *p == '\n' ? '\n' : ' ';
			continue;
		}
		if (*p == '{' && depth < sizeof open / sizeof *open)
			open[depth++] = p;
		else if (*p == '}' && depth > 0)
			depth--;
		in_word = strchr(" \t\r\n={}(),;+", *p) == NULL;
		p++;
	}
	return depth == 0 ? NULL : open[depth - 1];
}

int
conf_check_text(char *text, size_t n, const char *path, struct err *e)
{
	static const char *const sentence[] = {
		N_("there is a NUL byte; the file is not text."),
		N_("\"${\" is not allowed: nothing is taken from the "
		   "environment."),
		N_("the \"{\" on this line is never closed."),
	};
	const char *brace = blank_comments(text);
	const char *bad[] = { strlen(text) == n ? NULL : text + strlen(text),
		strstr(text, "${"), brace };
	int line = 1;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (bad[i] == NULL)
			continue;
		for (const char *p = text; p < bad[i]; p++)
			line += *p == '\n';
		return err_set(e, "%s:%d: %s", path, line, _(sentence[i]));
	}
	return 0;
}
