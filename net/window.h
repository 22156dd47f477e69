/*
 * A look at a part of a file, without a copy of it where the file lasts: it is
 * mapped, and its pages are fetched at once, so that a disk that fails is an
 * answer and no signal.  A file lasts when it is only ever replaced by another
 * one, as what is published is; one that somebody may cut would be a signal
 * (SIGBUS) after all, so it is read.  So is any where its pages cannot be
 * fetched (before Linux 5.14, on some file systems).
 *
 *      window_open    then p[0] to p[n - 1] are the bytes: to be read at once,
 *                     and never after waiting for somebody
 *      window_close   when it suits
 */
#ifndef NET_WINDOW_H
#define NET_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window {
	const uint8_t *p;
	size_t n;
	/* its own */
	int fd;
	uint64_t end; /* of the bytes in the file */
	uint8_t *memory;
	size_t size;
	bool mapped; /* or allocated */
};

/* n bytes, more than none, from at on.  False when the file has them not; then
 * nothing is open. */
bool window_open(struct window *w, int fd, uint64_t at, size_t n, bool lasts);

/* False when the file became shorter meanwhile: the bytes may not have been
 * its. */
bool window_close(struct window *w);

#endif
