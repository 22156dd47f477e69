/*
 * What the users and the tokens file share: memory that cannot be had ends
 * the process, NULL-terminated lists of strings, and lines of a text.
 */
#ifndef KEYS_LIST_H
#define KEYS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

void *list_alloc(size_t n); /* cleared */
void *list_grow(void *p, size_t n);
char *list_string(const char *s);

/* A list is a char **, NULL-terminated; the strings are its own. */
void list_free(char **list);
void list_add(char ***list, const char *s, size_t n); /* *list may be NULL */
size_t list_count(char *const *list);

/* "main, shop"; NULL when one is no feed's name, "*" is not alone, or there
 * is none. */
char **list_feeds(const char *text);
char **list_copy_feeds(const char *const *feeds); /* likewise */

/* "pull, drop"; 0 when one is unknown or there is none. */
unsigned list_roles(const char *text);

void list_put(FILE *f, char *const *list, const char *separator);
void list_put_roles(FILE *f, unsigned roles, const char *separator);

/* The next line, malloc'ed and with its "\n" or, at the end of the text,
 * without; NULL past the last.  A line with a NUL byte is "". */
char *list_line(const char **text, size_t *n);

/* Words between commas and blanks: the next, or NULL. */
const char *list_word(const char **text, size_t *n);

#endif
