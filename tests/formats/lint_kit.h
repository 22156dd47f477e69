/*
 * For tests of lint: its findings as text; include it behind cmocka.h.
 */
#ifndef TESTS_FORMATS_LINT_KIT_H
#define TESTS_FORMATS_LINT_KIT_H

#include <stdio.h>
#include "formats/lint.h"

static char found[8192];

/* "LINE column: [warning: ]text" a line. */
static inline void
note(void *ctx, const struct lint_finding *f)
{
	size_t *n = ctx;

	*n += (size_t)snprintf(found + *n, sizeof found - *n, "%lu%s%s:%s %s\n",
	    f->line, *f->column != '\0' ? " " : "", f->column,
	    f->warning ? " warning:" : "", f->text);
	assert_true(*n < sizeof found);
}

#endif
