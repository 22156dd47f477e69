/*
 * gettext wants an installed locale of the language; a small server has none
 * but C.UTF-8.  So the language is chosen here, and gettext is told by
 * LANGUAGE, which it follows under any locale but C.
 */
#include "config.h"
#include "server/lang.h"

#include <gnutls/gnutls.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define DOMAIN "convdrop"

static const char *const languages[] = { "en", "ru", NULL };

bool
lang_known(const char *code)
{
	size_t i = 0;

	while (languages[i] != NULL && strcmp(languages[i], code) != 0)
		i++;
	return languages[i] != NULL;
}

/* Of a country's locale ("ru_RU.UTF-8"): "en" or "ru". */
static const char *
of_locale(const char *locale)
{
	bool ru = strncmp(locale, "ru", 2) == 0 &&
		  strchr("_.@:", locale[2]) != NULL; /* or the end */

	return ru ? "ru" : "en";
}

/* What the environment asks for, as the C library would read it; found once,
 * since lang_open writes there itself. */
static const char *
from_environment(void)
{
	static const char *code;
	static const char *const name[] = { "CONVDROP_LANG", "LC_ALL",
		"LC_MESSAGES", "LANG", NULL };

	for (size_t i = 0; code == NULL && name[i] != NULL; i++) {
		const char *value = getenv(name[i]);

		if (value != NULL && value[0] != '\0')
			code = of_locale(value);
	}
	return code = code == NULL ? "en" : code;
}

/* Each library's catalogue is looked for once, now: in a sandbox nothing can
 * be opened. */
static void
read_catalogues(void)
{
	(void)gettext("The dump was read.");
	(void)strerror(1);
	(void)gnutls_strerror(GNUTLS_E_SUCCESS);
}

static bool
use_locale(void)
{
	static const char *const name[] = { "C.UTF-8", "C.utf8", "en_US.UTF-8",
		"ru_RU.UTF-8", NULL };

	for (size_t i = 0; name[i] != NULL; i++)
		if (setlocale(LC_MESSAGES, name[i]) != NULL)
			return true;
	return false;
}

bool
lang_open(const char *wanted)
{
	const char *dir = secure_getenv("CONVDROP_LOCALEDIR");
	const char *code = from_environment();

	if (wanted != NULL && wanted[0] != '\0')
		code = wanted;
	if (!lang_known(code))
		return false;
	setenv("CONVDROP_LANG", code, 1);
	setenv("LANGUAGE", code, 1);
	if (strcmp(code, "en") == 0 || !use_locale()) {
		setlocale(LC_MESSAGES, "C");
		return true;
	}
	bindtextdomain(DOMAIN, dir != NULL ? dir : LOCALEDIR);
	bind_textdomain_codeset(DOMAIN, "UTF-8");
	textdomain(DOMAIN);
	message_use(gettext);
	read_catalogues();
	return true;
}
