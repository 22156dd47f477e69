/*
 * A belt: a few blocks that go round between two threads.  One fills them, the
 * other empties them in the same order; each waits for the other, so memory
 * stays what it was at first.  A third may stand between them, and works on
 * every block before it is emptied.
 *
 *      belt_open
 *      the one that fills:   belt_take, fill it, belt_give …, belt_end
 *                            and belt_wait, when what it gave must be done
 *                            (where nobody is between)
 *      the one between:      belt_pass …, belt_pass_end
 *      the one that empties: belt_next …, and belt_stop to want no more
 *      belt_close, when all are done
 */
#ifndef FORMATS_BELT_H
#define FORMATS_BELT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct belt;

/* Blocks of so many bytes, zero at first.  between: somebody is. */
struct belt *belt_open(size_t blocks, size_t bytes, bool between);
void belt_close(struct belt *b); /* NULL is fine */

void *belt_take(struct belt *b); /* an empty one; NULL: nobody wants more */
void belt_give(struct belt *b);  /* the one that was taken */
void belt_wait(struct belt *b);  /* until all that was given was emptied */
void belt_end(struct belt *b);   /* nothing follows */

/* The next full one, until the next call, which passes it on; NULL after the
 * last, and when nobody wants more. */
void *belt_pass(struct belt *b);
void belt_pass_end(struct belt *b); /* passes it on; nothing follows */

/* The next full one, until the next call; NULL after the last. */
void *belt_next(struct belt *b);
void belt_stop(struct belt *b);

/* Every block, whoever has it: for what they own, before belt_close. */
void *belt_block(struct belt *b, size_t i); /* NULL behind the last */

/* Starts who stands at a belt; signals stay the caller's.  False: there can be
 * no thread. */
bool belt_thread(pthread_t *thread, void *(*run)(void *), void *ctx);

#endif
