/*
 * When what waits to be written to a channel goes out, and how much of it.
 *
 * Each packet costs the client, too, however short it is, and each time that it
 * is woken.  So a client that asks ahead gets whole packets: a short end waits
 * a moment for the next request.  And it gets many: once it was sent all that
 * its window takes, it is left alone with them until most of the window is open
 * again.  Whoever waits for us, instead, is not made to again for a while.
 */
#ifndef NET_SSH_PACE_H
#define NET_SSH_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pace {            /* all zero: nothing was sent yet */
	int64_t until;   /* what is held back now waits so long at most, or 0 */
	unsigned hurry;  /* writes during which nothing does */
	uint32_t widest; /* window that there was */
	bool spent;      /* it is to open again first */
};

/*
 * How many of n bytes go out now, at now milliseconds, through a window of so
 * many.  ripe of the n are worth packets (sftp_ripe), the others may wait.  If
 * none go, it is to be asked again when anything came in, or at p->until.
 */
size_t pace_due(
    struct pace *p, int64_t now, size_t n, size_t ripe, uint32_t window);

/* Nothing can go out, whatever is due. */
void pace_rest(struct pace *p);

#endif
