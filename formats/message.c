/*
 * Who translates texts.  See message.h.
 */
#include "formats/message.h"

#include <stddef.h>

static char *(*translate)(const char *text);

void
message_use(char *(*translator)(const char *text))
{
	translate = translator;
}

const char *
message(const char *text)
{
	return translate == NULL || text[0] == '\0' ? text : translate(text);
}
