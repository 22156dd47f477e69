/*
 * One SSH connection, in a process of its own: key exchange, login, one
 * channel, and on it nothing but SFTP.
 */
#ifndef NET_SSH_CHILD_H
#define NET_SSH_CHILD_H

#include <netinet/in.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include "server/conf.h"

struct ssh_child {
	const struct conf *conf;
	ssh_bind bind;
	struct in6_addr from;
	int fd;          /* the client's socket, not blocking */
	int auth, files; /* channels of this process alone */
	int report;      /* to the accepting process: one byte is written when
			  * the login succeeded; its end means: drain */
};

/* Serves the connection to its end; the process's exit status. */
int ssh_child_run(const struct ssh_child *it);

#endif
