/*
 * A part of a file in memory.
 */
#include "net/window.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES ((uint64_t)64 * 1024) /* whole ones, on any machine */

/* Behind the end of a file a mapping has zeros. */
static bool
is_there(const struct window *w)
{
	struct stat st;

	return fstat(w->fd, &st) == 0 && (uint64_t)st.st_size >= w->end;
}

static bool
map(struct window *w, uint64_t from)
{
	void *p =
	    mmap(NULL, w->size, PROT_READ, MAP_PRIVATE, w->fd, (off_t)from);

	if (p == MAP_FAILED)
		return false;
	w->mapped = madvise(p, w->size, MADV_POPULATE_READ) == 0;
	if (w->mapped)
		w->memory = p;
	else
		munmap(p, w->size);
	return w->mapped;
}

static bool
copy(struct window *w, uint64_t from)
{
	size_t done = 0;
	ssize_t n = 1;

	w->memory = malloc(w->size);
	if (w->memory == NULL)
		return false;
	while (done < w->size && n > 0) {
		n = pread(w->fd, w->memory + done, w->size - done,
		    (off_t)(from + done));
		if (n > 0)
			done += (size_t)n;
	}
	if (done < w->size)
		free(w->memory);
	return done == w->size;
}

bool
window_open(struct window *w, int fd, uint64_t at, size_t n, bool lasts)
{
	uint64_t from = at / PAGES * PAGES;

	*w = (struct window){ .fd = fd, .n = n, .end = at + n };
	w->size = (size_t)(w->end - from);
	if (!is_there(w) || (!(lasts && map(w, from)) && !copy(w, from)))
		return false;
	w->p = w->memory + (at - from);
	return true;
}

bool
window_close(struct window *w)
{
	bool there = is_there(w);

	if (w->mapped)
		munmap(w->memory, w->size);
	else
		free(w->memory);
	return there;
}
