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

/* A line of the audit about a login that succeeded; clients gathers what each
 * user's programs negotiated last, by what they are. */
#define CLIENT_DAYS 30
void status_note_login(json_t *clients, const json_t *line, int64_t now);

/* into gets "clients" and "strict", a sentence. */
void status_clients(json_t *into, json_t *clients, const struct conf *c);
void status_print_clients(const json_t *all);

#endif
