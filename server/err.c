/*
 * Errors that gather their context.  See err.h.
 */
#include "server/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "server/lang.h"

int
err_set(struct err *e, const char *fmt, ...)
{
	char text[sizeof e->text];
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, _(fmt), ap); /* fmt may quote e->text */
	va_end(ap);
	memcpy(e->text, text, sizeof text);
	return -1;
}

int
err_add(struct err *e, const char *fmt, ...)
{
	char context[256];
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(context, sizeof context, _(fmt), ap);
	va_end(ap);
	return err_set(e, "%s: %s", context, e->text);
}
