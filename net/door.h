/*
 * Who may come in: the rules for connections that have not logged in yet, the
 * same for every service.  Silence costs a client nothing, so those who only
 * hold a place make room for those who come: the oldest when the places are
 * used up, and, before that, ever more of them at random (as sshd's
 * MaxStartups does, but never the one who comes).  Whoever logged in lately
 * from an address, or comes from an exempt one, is not ended for others.
 *
 * Making room costs a process and a moment, so it is done a few times a
 * second; who still comes then is refused.
 */
#ifndef NET_DOOR_H
#define NET_DOOR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/conf.h"

struct door;

struct door *door_new(const struct conf *c); /* c is kept */
void door_free(struct door *d);

struct guest { /* a connection that is here */
	struct in6_addr from;
	int64_t since_ms;
	bool in;   /* logged in */
	bool busy; /* is being served: cannot be ended for another */
	bool gone; /* ended already, but not away yet */
};

enum door_rule {
	DOOR_ALL,
	DOOR_HERE,
	DOOR_STRANGERS,
	DOOR_STRANGERS_HERE,
	DOOR_EARLY,
	DOOR_RULES /* none */
};

#define DOOR_NOBODY SIZE_MAX
struct door_says {
	bool open;           /* may the new one come in? */
	enum door_rule rule; /* the one that was met */
	size_t ends;         /* the guest who makes room, or DOOR_NOBODY */
};
struct door_says door_ask(struct door *d, const struct guest *g, size_t n,
    const struct in6_addr *from, int64_t now_ms);

/* Somebody logged in from there. */
void door_welcome(struct door *d, const struct in6_addr *from, int64_t now_ms);

/* Is whoever comes from there not ended for others? */
bool door_spares(
    const struct door *d, const struct in6_addr *from, int64_t now_ms);

const char *door_setting(enum door_rule r); /* "max_connections" */

#endif
