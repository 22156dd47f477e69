/*
 * The watchdog is a timer of the process's CPU time, so that neither waiting
 * nor a busy machine counts.
 */
#include "net/watchdog.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#include "server/clock.h"

#define FEED_MS 1000

void
watchdog_feed(void)
{
	static int64_t fed_ms;
	const struct itimerval bite = { .it_value = { .tv_sec = WATCHDOG_S } };
	int64_t now = clock_ms();

	if (fed_ms != 0 && now - fed_ms < FEED_MS)
		return;
	fed_ms = now;
	setitimer(ITIMER_PROF, &bite, NULL);
}
