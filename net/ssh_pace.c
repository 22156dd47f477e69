/*
 * Whole packets, and many at a time.
 */
#include "net/ssh_pace.h"

#include "net/sftp.h"

#define END_MS 2     /* for the next request, */
#define WINDOW_MS 20 /* for the window to open, */
#define HURRY 256    /* and writes without when that was in vain */

/* A window that has no room for a packet is spent until three quarters of it
 * are open: one of 2 MB, as most clients have, is then filled in one go. */
static bool
spent(struct pace *p, uint32_t window)
{
	if (window > p->widest)
		p->widest = window;
	if (window >= p->widest / 4 * 3)
		p->spent = false;
	else if (window < SFTP_CHUNK)
		p->spent = true;
	return p->spent;
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
	p->hurry = HURRY;
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
	bool wait = spent(p, window) && n >= SFTP_CHUNK;

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
	if (wait)
		return holds(p, now, WINDOW_MS) ? 0 : n;
	if (ripe == 0)
		return holds(p, now, END_MS) ? 0 : n;
	pace_rest(p);
	return ripe <= n ? ripe : whole(n);
}
