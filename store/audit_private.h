/*
 * What the writing side (audit.c) and the reading side (audit_read.c) of the
 * audit share.
 */
#ifndef STORE_AUDIT_PRIVATE_H
#define STORE_AUDIT_PRIVATE_H

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>

#define AUDIT_NAME sizeof("2026-11.jsonl")

/* SHA-256 of a line without its line break. */
void audit_hash(char out[65], const char *line, size_t n);

/* The months there are, oldest first; malloc'ed. */
int audit_months(int dir, char (**out)[AUDIT_NAME], size_t *n);

#endif
