/*
 * Personal data as it may be shown: enough for a person to recognise his own,
 * not enough to find somebody by it.
 *
 *	+79261234567      +7926***4567
 *	ivan@mail.ru      i***@mail.ru
 *	Иван Петров       И*** П***
 *
 * Pure.
 */
#ifndef STORE_MASK_H
#define STORE_MASK_H

#include "formats/arena.h"
#include "formats/conv.h"
#include "formats/slice.h"

/* A value or a cell of that field, FIELD_COUNT for a column that nobody
 * mapped.  Lives in the arena, or is the value itself. */
struct slice mask_value(struct arena *a, enum field f, struct slice value);

/* Asterisks in place of every phone, e-mail and MD5 of one in the text. */
void mask_mentions(char *text);

/* A file's name as a log may show it: log_safe, and no phone or e-mail. */
const char *mask_name(char *out, size_t size, const char *name);

#endif
