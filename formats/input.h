/*
 * Where bytes come from and where they go.  formats/ opens nothing: whoever
 * calls it has the descriptor.
 */
#ifndef FORMATS_INPUT_H
#define FORMATS_INPUT_H

#include <stddef.h>
#include <sys/types.h>

struct input {
	/* Up to n bytes; 0 at the end, -1 when the world is bad (errno). */
	ssize_t (*read)(void *ctx, void *buf, size_t n);
	void *ctx;
};

struct output {
	/* All n bytes or -1 (errno). */
	int (*write)(void *ctx, const void *buf, size_t n);
	void *ctx;
};

#endif
