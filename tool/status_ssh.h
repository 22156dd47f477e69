/*
 * What `convdrop status` says about SSH and TLS: host keys, those that are to
 * come, and what each client negotiated last, so that an admin knows whom
 * ssh_profile = "strict" would shut out.
 */
#ifndef TOOL_STATUS_SSH_H
#define TOOL_STATUS_SSH_H

#include <jansson.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"

/* into: the whole answer, which gets "hostkeys". */
int status_hostkeys(json_t *into, const struct conf *c, struct err *e);
void status_print_hostkeys(const json_t *all);

#endif
