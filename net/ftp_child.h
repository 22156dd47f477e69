/*
 * One FTP connection, in a process of its own.  The child is the control
 * connection's bytes, times and encryption; what is said on it is the session's
 * (ftp_session.h).
 */
#ifndef NET_FTP_CHILD_H
#define NET_FTP_CHILD_H

#include "net/master.h"
#include "net/tls.h"
#include "server/conf.h"

/* Serves the connection to its end; the process's exit status. */
int ftp_child_run(const struct connection *it, const struct conf *c,
    const struct tls_identity *identity);

#endif
