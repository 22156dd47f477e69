/*
 * When what waits to be written to a channel goes out, and how much of it.
 *
 * Each packet costs the client, too, however short it is, and so does each time
 * that it is woken.  A client that asks ahead gets whole packets: a short end
 * waits a moment for the next request, or for room in the window.  OpenSSH's
 * client, when it is near, gets many: once it was sent all that it is to have,
 * it is left alone until most of that is gone.  And that is not all that its
 * window takes, for much in its heap costs it more than little twice: it copies
 * it all whenever it grows.  Others (paramiko) have threads, which all should
 * have some to work on, always.  Whoever waits for us is not made to again for
 * a while.
 */
#ifndef NET_SSH_PACE_H
#define NET_SSH_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACE_END,
	PACE_WINDOW,
	PACE_REASONS
};

/* All zero: nothing was sent yet. */
struct pace {
	bool alone;      /* the caller's: it is better left alone */
	int64_t until;   /* what is held back now waits so long at most, or 0 */
	uint32_t widest; /* window that there was, */
	uint32_t last;   /* and the last one */
	bool spent;      /* it is to open again first */
	struct {
		unsigned hurry; /* times that nothing waits for this, */
		unsigned vain;  /* for so often it did in vain */
	} why[PACE_REASONS];
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
