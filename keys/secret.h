/*
 * Passwords and random bytes.  A hash is a crypt(5) string, yescrypt.
 */
#ifndef KEYS_SECRET_H
#define KEYS_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void secret_random(void *buf, size_t n); /* never fails: getrandom, or abort */

/* 20 characters without look-alikes, 100 bits or more, terminated. */
#define SECRET_PASSWORD_SIZE 24
void secret_password(char out[SECRET_PASSWORD_SIZE]);

/* The hash of a password of n bytes.  -1 when it holds a NUL, is empty or is
 * longer than SECRET_MAX, or when crypt(3) fails. */
#define SECRET_MAX 511 /* crypt(3) takes no more */
#define SECRET_HASH_SIZE 384
int secret_hash(char out[SECRET_HASH_SIZE], const char *password, size_t n);

/* Takes the same time whether hash is NULL (an unknown user) or not. */
bool secret_matches(const char *hash, const char *password, size_t n);

bool secret_equal(const void *a, const void *b, size_t n); /* constant time */
void secret_wipe(void *p, size_t n);

#endif
