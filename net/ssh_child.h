/*
 * One SSH connection, in a process of its own: key exchange, login, one
 * channel, and on it nothing but SFTP.
 */
#ifndef NET_SSH_CHILD_H
#define NET_SSH_CHILD_H

#include <libssh/libssh.h>
#include <libssh/server.h>
#include "net/master.h"
#include "server/conf.h"

/* Serves the connection to its end; the process's exit status. */
int ssh_child_run(
    const struct connection *it, const struct conf *c, ssh_bind bind);

#endif
