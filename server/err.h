/*
 * What went wrong with the world, as one sentence that grows on its way out:
 *
 *      ingest: deals-0412.csv line 981: merge order 7731: database is locked
 *
 * Never holds a phone, an e-mail, a password or a token.  Formats are
 * translated (lang.h).
 */
#ifndef SERVER_ERR_H
#define SERVER_ERR_H

struct err {
	char text[512];
};

/* clang-format off */
#define ERR_EMPTY { "" }
/* clang-format on */

/* Both accept e == NULL.  err_set starts afresh and returns -1, err_add puts
 * a context and ": " before what is there. */
int err_set(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int err_add(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
