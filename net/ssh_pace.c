/*
 * Whole packets, and many at a time.
 */
#include "net/ssh_pace.h"

#include "net/sftp.h"

#define HURRY 256 /* times without a wait, more each time it was in vain */

static const int wait_ms[PACE_REASONS] = {
	[PACE_END] = 2,     /* for the next request */
	[PACE_WINDOW] = 20, /* while the window does not move */
};

/* Is never too much for a client. */
#define HEAP ((uint32_t)1024 * 1024)

/* Bytes that the client may have before it. */
static uint32_t
most(const struct pace *p)
{
	uint32_t half = p->widest / 2;

	return p->alone && half >= HEAP ? half + (uint32_t)SFTP_CHUNK
					: p->widest;
}

/* How much more that is; without room for a packet none is sent until there is
 * room for one, or for many. */
static uint32_t
room(struct pace *p, uint32_t window)
{
	uint32_t many, kept, n;

	if (window > p->widest)
		p->widest = window;
	many = most(p) / 4 * 3;
	kept = p->widest - most(p);
	n = window > kept ? window - kept : 0;
	if (n >= many || (!p->alone && n >= SFTP_CHUNK))
		p->spent = false;
	else if (n < SFTP_CHUNK)
		p->spent = true;
	return n;
}

/* May it wait? */
static bool
holds(struct pace *p, int64_t now, int why)
{
	if (p->why[why].hurry > 0) {
		p->why[why].hurry--;
		return false;
	}
	if (p->until == 0)
		p->until = now + wait_ms[why];
	if (now < p->until)
		return true;
	p->until = 0;
	p->why[why].hurry = HURRY * ++p->why[why].vain;
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
	bool moved = window > p->last;

	p->last = window;
	if (n > window)
		n = window;
	if (n == 0 || (p->spent && moved))
		pace_rest(p);
	if (n == 0)
		return 0;
	if (p->spent && !little && holds(p, now, PACE_WINDOW))
		return 0;
	if (ripe == 0)
		return holds(p, now, PACE_END) ? 0 : n;
	pace_rest(p);
	if (p->spent)
		fits = n;
	return ripe <= fits ? ripe : whole(fits);
}
