/*
 * A look at a part of a file without a copy of it: it is mapped, and its pages
 * are fetched at once, so that a disk that fails is an answer and no signal.
 * Where that cannot be (before Linux 5.14, on some file systems) it is read.
 *
 *      window_open    then p[0] to p[n - 1] are the bytes
 *      window_close   at once: a file that is cut under an open window is a
 *                     signal (SIGBUS) after all, so never wait with one open
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
bool window_open(struct window *w, int fd, uint64_t at, size_t n);

/* False when the file became shorter meanwhile: the bytes may not have been
 * its. */
bool window_close(struct window *w);

#endif
