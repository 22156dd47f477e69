/*
 * What the parent does once, before the first worker: the lock, its sockets,
 * its signals.
 */
#ifndef SERVER_PREPARE_H
#define SERVER_PREPARE_H

#include "server/conf.h"
#include "server/err.h"

int prepare_libraries(struct err *e); /* refuses those with known holes */
int prepare_lock(int *lock, const struct conf *c, struct err *e);
int prepare_command(const struct conf *c, struct err *e); /* the socket */
int prepare_events(int pair[2], struct err *e);           /* [0] is read */
void prepare_descriptors(void);
int prepare_signals(void); /* a signalfd; -1 and errno */
void prepare_sanitizer(void);

#endif
