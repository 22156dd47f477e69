/*
 * What `convdrop init` tells, once everything is made.
 */
#ifndef TOOL_CTL_INIT_H
#define TOOL_CTL_INIT_H

#include "formats/zone.h"
#include "keys/secret.h"
#include "tool/ctl_keys.h"

#define INIT_USERS 4

struct init_facts {
	bool json;
	const char *user[INIT_USERS];
	char password[INIT_USERS][SECRET_PASSWORD_SIZE];
	char (*token)[TOKEN_SIZE]; /* by feed */
	char host_key[64];         /* "SHA256:…", of the ed25519 key */
	struct zone *zone;
};

/* Both answer CTL_FINE, or CTL_FAILED when standard output did not take it. */
int init_print(const struct conf *c, const struct init_facts *f);
int init_print_json(const struct conf *c, const struct init_facts *f);

#endif
