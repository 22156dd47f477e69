/*
 * What the files of `convdrop audit` share.
 */
#ifndef TOOL_CTL_AUDIT_H
#define TOOL_CTL_AUDIT_H

#include "server/conf.h"
#include "tool/ctl.h"

/* audit replay; argv[0] is "replay". */
int ctl_audit_replay(
    struct ctl *ctl, const struct conf *c, int argc, char **argv);

#endif
