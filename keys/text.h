/*
 * Texts for people, in the language that the program speaks (server/lang.h).
 */
#ifndef KEYS_TEXT_H
#define KEYS_TEXT_H

#include <libintl.h>

#define _(text) dgettext("convdrop", text)

#endif
