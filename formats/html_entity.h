/*
 * Characters that HTML writes as "&name;" or "&#number;".
 */
#ifndef FORMATS_HTML_ENTITY_H
#define FORMATS_HTML_ENTITY_H

#include <stddef.h>
#include <stdint.h>

enum {
	HTML_ENTITY_BYTES = 32 /* one that is longer is none */
};

/* The one at p, where "&" is: how many bytes it has, and its character.  0
 * when it is none that we know, and stands for itself. */
size_t html_entity(const char *p, size_t n, uint32_t *u);

#endif
