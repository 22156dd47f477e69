/*
 * A few threads for work that takes long (a password hash, a sync), so that
 * an event loop does not.  Only run is called in a thread; all else belongs to
 * the loop.
 */
#ifndef NET_POOL_H
#define NET_POOL_H

#include <stddef.h>

struct pool;
struct task {
	void (*run)(struct task *t);
	struct task *next;
};

/* niceness: how much less of a busy processor they get, 0 to 19.  NULL: they
 * cannot be started. */
struct pool *pool_open(size_t threads, int niceness);
void pool_close(struct pool *p); /* waits; what is done is lost */

void pool_put(struct pool *p, struct task *t);
int pool_fd(const struct pool *p);      /* readable: pool_done has something */
struct task *pool_done(struct pool *p); /* NULL: no more now */
size_t pool_busy(const struct pool *p); /* put and not yet given back */

#endif
