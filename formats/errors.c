/*
 * Looking mistakes up; the tables are errors_direct.c, errors_dump.c and
 * errors_other.c.  Of them scripts/error-pages makes the tables of
 * convdrop-errors(7) and convdrop(1).
 */
#include "formats/errors.h"

#include <string.h>
#include <strings.h>

#include "formats/errors_private.h"

static const struct error_info *const part[] = { errors_direct, errors_dump,
	errors_other };

const struct error_info *
error_at(size_t n)
{
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		for (const struct error_info *x = part[i]; x->code != NULL; x++)
			if (n-- == 0)
				return x;
	return NULL;
}

const struct error_info *
error_by_code(const char *code)
{
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		for (const struct error_info *x = part[i]; x->code != NULL; x++)
			if (strcasecmp(x->code, code) == 0)
				return x;
	return NULL;
}

const struct error_info *
error_named(char family, const char *name)
{
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		for (const struct error_info *x = part[i]; x->code != NULL; x++)
			if (x->code[1] == family && strcmp(x->name, name) == 0)
				return x;
	return NULL;
}

/* In the first of these families that has it. */
static const struct error_info *
first_of(const char *families, const char *name)
{
	const struct error_info *i = NULL;

	for (; *families != '\0' && i == NULL; families++)
		i = error_named(*families, name);
	return i;
}

/* The tests see to it that nothing gets this one. */
static const struct error_info other = { "E000", "other", OURS,
	N_("The mistake has no code of its own"),
	N_("This version of convdrop cannot say more."),
	N_("Please report it as a bug.") };

static const struct error_info *
or_other(const struct error_info *i)
{
	return i == NULL ? &other : i;
}

const struct error_info *
error_of_reject(enum reject r)
{
	return or_other(first_of("23", reject_code(r)));
}

const struct error_info *
error_of_status(enum fmt_status s)
{
	return or_other(error_named('4', fmt_status_code(s)));
}

const struct error_info *
error_of_finding(const char *name, bool warning)
{
	return or_other(first_of(warning ? "6123" : "1236", name));
}
