/*
 * What the service manager is told (sd_notify(3), by hand).  Does nothing when
 * there is none.
 */
#ifndef SERVER_SDNOTIFY_H
#define SERVER_SDNOTIFY_H

#include <stdint.h>

/* Takes NOTIFY_SOCKET and WATCHDOG_USEC out of the environment, so that no
 * worker has them. */
void sdnotify_open(void);

void sdnotify_ready(void);
void sdnotify_reloading(void);
void sdnotify_stopping(void);

/* Pings when half the watchdog's time has passed; returns the milliseconds
 * until it wants to be called again, -1 for never. */
int sdnotify_watchdog(int64_t now_ms);

#endif
