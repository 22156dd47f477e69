/*
 * Ends the process when a call of a library never comes back: from one
 * watchdog_feed to the next it may use so much of the CPU, and SIGPROF kills
 * it.
 */
#ifndef NET_WATCHDOG_H
#define NET_WATCHDOG_H

#define WATCHDOG_S 5

void watchdog_feed(void); /* asks the kernel about once a second */

#endif
