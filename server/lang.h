/*
 * The language that both programs speak: English, or Russian by the catalogue
 * po/ru.po.
 *
 *      lang_open at the start of main, before anything is said or closed off:
 *      it reads the catalogue, so that nothing needs to be opened later.
 *
 * err_set, log_… and ctl_fail translate their formats themselves; other texts
 * are wrapped: _("…"), or N_("…") where only a constant may stand.
 */
#ifndef SERVER_LANG_H
#define SERVER_LANG_H

#include <libintl.h>
#include <stdbool.h>
#include "formats/message.h"

#define _(text) gettext(text)

/*
 * wanted: "en" or "ru" (--lang, the setting "language"); NULL or "" asks
 * $CONVDROP_LANG, $LC_ALL, $LC_MESSAGES and $LANG.  False when there is no
 * such language; then nothing changes.  Processes started later speak it too.
 */
bool lang_open(const char *wanted);

bool lang_known(const char *code); /* is it "en" or "ru"? */

#endif
