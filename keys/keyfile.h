/*
 * Files that hold secrets: refused when others can read them, replaced only
 * as a whole (written beside, synced, renamed).
 */
#ifndef KEYS_KEYFILE_H
#define KEYS_KEYFILE_H

#include <stddef.h>
#include <sys/types.h>

#define KEYS_ERROR_SIZE 256 /* every char *why in keys/ has this much room */

/* The whole file, terminated and malloc'ed; at most 16 MiB.  Refused: not a
 * regular file, owned by neither root nor the caller, any access for group or
 * others.  -1 with a sentence in why. */
int keyfile_read(char **out, size_t *n, const char *path, char *why);
int keyfile_read_at(
    char **out, size_t *n, int dirfd, const char *name, char *why);

/* Mode 0600.  Keeps the owner of the file it replaces, when we may. */
int keyfile_write(const char *path, const void *p, size_t n, char *why);

/* Like keyfile_write, but fails when the file is there already. */
int keyfile_create(const char *path, const void *p, size_t n, char *why);

#endif
