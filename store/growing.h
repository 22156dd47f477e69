/*
 * A file that is read while it is written: its readers wait, each in a thread
 * of its own, where the writer has not come yet.
 *
 *      growing_open; the writer: growing_add after each write, growing_end;
 *      readers: growing_read; growing_close when all are done.
 */
#ifndef STORE_GROWING_H
#define STORE_GROWING_H

#include <stdint.h>
#include <sys/types.h>

struct growing;

struct growing *growing_open(int fd);
void growing_close(struct growing *g); /* NULL is fine; not the descriptor */

void growing_add(struct growing *g, size_t n);
void growing_end(struct growing *g); /* nothing follows; also when it failed */

/* As pread, but 0 only at the end of what will have been written. */
ssize_t growing_read(struct growing *g, void *buf, size_t n, uint64_t at);

#endif
