/*
 * A few threads: one queue in, one queue out, an eventfd.
 */
#include "net/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "formats/arena.h"

#define THREADS_MAX 8

struct queue {
	struct task *first, **last;
};

struct pool {
	pthread_t thread[THREADS_MAX];
	size_t threads;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct queue in, out;
	bool stop;
	int niceness;
	size_t begun; /* threads that are as nice as they should be */
	pthread_cond_t begins;
	int fd;
	size_t busy; /* the loop's alone */
};

static void
push(struct queue *q, struct task *t)
{
	t->next = NULL;
	*q->last = t;
	q->last = &t->next;
}

static struct task *
pull(struct queue *q)
{
	struct task *t = q->first;

	if (t == NULL)
		return NULL;
	q->first = t->next;
	if (q->first == NULL)
		q->last = &q->first;
	return t;
}

static void *
work(void *arg)
{
	struct pool *p = arg;
	const uint64_t one = 1;

	/* Before any sandbox: pool_open waits for it. */
	if (p->niceness != 0)
		setpriority(PRIO_PROCESS, (id_t)gettid(), p->niceness);
	pthread_mutex_lock(&p->lock);
	p->begun++;
	pthread_cond_signal(&p->begins);
	while (!p->stop) {
		struct task *t = pull(&p->in);

		if (t == NULL) {
			pthread_cond_wait(&p->more, &p->lock);
			continue;
		}
		pthread_mutex_unlock(&p->lock);
		t->run(t);
		pthread_mutex_lock(&p->lock);
		push(&p->out, t);
		(void)!write(p->fd, &one, sizeof one);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *
pool_open(size_t threads, int niceness)
{
	struct pool *p = mem_alloc(sizeof *p);

	p->in.last = &p->in.first;
	p->out.last = &p->out.first;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	pthread_cond_init(&p->begins, NULL);
	p->niceness = niceness;
	p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	while (p->fd != -1 && p->threads < threads &&
	       p->threads < THREADS_MAX &&
	       pthread_create(&p->thread[p->threads], NULL, work, p) == 0)
		p->threads++;
	if (p->threads == 0) {
		pool_close(p);
		return NULL;
	}
	pthread_mutex_lock(&p->lock);
	while (p->begun < p->threads)
		pthread_cond_wait(&p->begins, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return p;
}

void
pool_close(struct pool *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	if (p->fd != -1)
		close(p->fd);
	pthread_cond_destroy(&p->more);
	pthread_cond_destroy(&p->begins);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

void
pool_put(struct pool *p, struct task *t)
{
	p->busy++;
	pthread_mutex_lock(&p->lock);
	push(&p->in, t);
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
}

int
pool_fd(const struct pool *p)
{
	return p->fd;
}

struct task *
pool_done(struct pool *p)
{
	uint64_t count;
	struct task *t;

	pthread_mutex_lock(&p->lock);
	t = pull(&p->out);
	if (t == NULL)
		(void)!read(p->fd, &count, sizeof count);
	pthread_mutex_unlock(&p->lock);
	if (t != NULL)
		p->busy--;
	return t;
}

size_t
pool_busy(const struct pool *p)
{
	return p->busy;
}
