/*
 * What every command does that has the running daemon do something for a feed:
 * says who asks and why, sends it, prints the answer.
 */
#ifndef TOOL_CTL_ASK_H
#define TOOL_CTL_ASK_H

#include <jansson.h>
#include "server/conf.h"
#include "tool/ctl.h"
#include "feed/ingest.h"

/*
 * q has the op and what is the command's own; the rest is filled in here.
 * reason may be NULL.  about, or NULL, is what --json says of the command
 * beside the feed; freed here.  The exit status.
 */
int ctl_ask(const struct ctl *ctl, const struct conf *c, const char *feed,
    const char *reason, struct command *q, json_t *about);

#endif
