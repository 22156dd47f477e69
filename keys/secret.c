/*
 * Passwords and random bytes.  See secret.h.
 */
#include "keys/secret.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * yescrypt's cost: COST 5 takes 16 MiB and about 17 ms on a current core, each
 * step up doubles both.  stranger is a
 * hash of that cost that no password is known for: unknown users are compared
 * with it, so that they take as long as known ones.
 */
#define COST 5
static const char prefix[] = "$y$";
static const char stranger[] =
    "$y$j9T$4lrKD7ylx9x07FXANbs4o1$wGuiXJIbmHGlVLlHIOWwvzCLvujHE3iYFNSIiwZJ.C6";

void
secret_random(void *buf, size_t n)
{
	unsigned char *p = buf;

	while (n > 0) {
		ssize_t k = getrandom(p, n, 0);

		if (k == -1 && errno != EINTR)
			abort();
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
	}
}

void
secret_password(char out[SECRET_PASSWORD_SIZE])
{
	/* 50 characters: 5.6 bits each, 112 in all. */
	static const char set[] =
	    "abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY346789";
	const unsigned take = sizeof set - 1;
	const unsigned fair = 256 / take * take;
	size_t n = 0;

	while (n < 20) {
		unsigned char c;

		secret_random(&c, 1);
		if (c < fair)
			out[n++] = set[c % take];
	}
	out[n] = '\0';
}

/* Terminated, in room for SECRET_MAX + 1; false when it cannot be a password.
 */
static bool
copy_password(char *out, const char *password, size_t n)
{
	if (n == 0 || n > SECRET_MAX || memchr(password, '\0', n) != NULL)
		return false;
	memcpy(out, password, n);
	out[n] = '\0';
	return true;
}

/* crypt(3) with its own memory, wiped afterwards. */
static int
hash_with(char out[SECRET_HASH_SIZE], const char *password, const char *setting)
{
	void *data = NULL;
	int size = 0, rc = -1;
	const char *hash = crypt_ra(password, setting, &data, &size);

	if (hash != NULL && hash[0] != '*' && strlen(hash) < SECRET_HASH_SIZE) {
		memcpy(out, hash, strlen(hash) + 1);
		rc = 0;
	}
	if (data != NULL)
		secret_wipe(data, (size_t)size);
	free(data);
	return rc;
}

int
secret_hash(char out[SECRET_HASH_SIZE], const char *password, size_t n)
{
	char copy[SECRET_MAX + 1], salt[16];
	char *setting;
	int rc;

	if (!copy_password(copy, password, n))
		return -1;
	secret_random(salt, sizeof salt);
	setting = crypt_gensalt_ra(prefix, COST, salt, sizeof salt);
	rc = setting == NULL ? -1 : hash_with(out, copy, setting);
	free(setting);
	secret_wipe(copy, sizeof copy);
	return rc;
}

bool
secret_matches(const char *hash, const char *password, size_t n)
{
	char copy[SECRET_MAX + 1] = "x", made[SECRET_HASH_SIZE];
	bool possible = copy_password(copy, password, n);
	const char *against = hash == NULL ? stranger : hash;
	bool same;

	same = hash_with(made, copy, against) == 0 &&
	       strlen(made) == strlen(against) &&
	       secret_equal(made, against, strlen(against));
	secret_wipe(copy, sizeof copy);
	secret_wipe(made, sizeof made);
	return same && possible && hash != NULL;
}

bool
secret_equal(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;
	volatile unsigned char differ = 0;

	for (size_t i = 0; i < n; i++)
		differ = differ | (unsigned char)(x[i] ^ y[i]);
	return differ == 0;
}

void
secret_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}
