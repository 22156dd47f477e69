/*
 * Whole packets, and many at a time.
 */
#include "net/ssh_pace.h"

#include "net/sftp.h"

#define END_MS 2     /* for the next request, */
#define WINDOW_MS 20 /* for the window to open, */
#define HURRY 256    /* and writes without, more each time it was in vain */

/* Is never too much for a client. */
#define HEAP ((uint32_t)1024 * 1024)

/* Bytes that the client may have before it. */
static uint32_t
most(const struct pace *p)
{
	uint32_t half = p->widest / 2;

	return p->near && half >= HEAP ? half + (uint32_t)SFTP_CHUNK
				       : p->widest;
}

/* How much more that is; without room for a packet none is sent until there is
 * room for three quarters. */
static uint32_t
room(struct pace *p, uint32_t window)
{
	uint32_t kept, n;

	if (window > p->widest)
		p->widest = window;
	kept = p->widest - most(p);
	n = window > kept ? window - kept : 0;
	if (n >= most(p) / 4 * 3)
		p->spent = false;
	else if (n < SFTP_CHUNK)
		p->spent = true;
	return n;
}

/* May all of it wait for ms? */
static bool
holds(struct pace *p, int64_t now, int ms)
{
	if (p->until == 0)
		p->until = now + ms;
	if (now < p->until)
		return true;
	p->until = 0;
	p->hurry = HURRY * ++p->vain;
	return false;
}

void
pace_rest(struct pace *p)
{
	p->until = 0;
}

/* Whole packets, if there is one. */
static size_t
whole(size_t n)
{
	return n < SFTP_CHUNK ? n : n - n % SFTP_CHUNK;
}

size_t
pace_due(struct pace *p, int64_t now, size_t n, size_t ripe, uint32_t window)
{
	size_t fits = room(p, window);
	bool little = n < SFTP_CHUNK;

	if (n > window)
		n = window;
	if (n == 0) {
		pace_rest(p);
		return 0;
	}
	if (p->hurry > 0) {
		p->hurry--;
		return n;
	}
	if (p->spent && !little)
		return holds(p, now, WINDOW_MS) ? 0 : n;
	if (ripe == 0)
		return holds(p, now, END_MS) ? 0 : n;
	pace_rest(p);
	if (little)
		fits = n;
	return ripe <= fits ? ripe : whole(fits);
}
