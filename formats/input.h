/*
 * Where bytes come from and where they go.  formats/ opens nothing: whoever
 * calls it has the descriptor.
 */
#ifndef FORMATS_INPUT_H
#define FORMATS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct input {
	/* Up to n bytes; 0 at the end, -1 when the world is bad (errno). */
	ssize_t (*read)(void *ctx, void *buf, size_t n);
	void *ctx;
	/* Where zip archives are read, which have their table of contents at
	 * the end: up to n bytes from at, whatever read has taken; 0 beyond
	 * the end, -1.  NULL for a stream, in which no zip can be read. */
	ssize_t (*read_at)(void *ctx, void *buf, size_t n, uint64_t at);
	uint64_t size; /* with read_at: how many bytes there are */
	/* Both may be called from another thread, one at a time. */
	bool ahead;
	bool to_its_end; /* nobody stops before, unless something is wrong */
};

struct output {
	/* All n bytes or -1 (errno). */
	int (*write)(void *ctx, const void *buf, size_t n);
	void *ctx;
};

#endif
