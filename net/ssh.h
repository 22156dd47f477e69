/*
 * SFTP service, the accepting process.  It accepts, counts, and gives each
 * connection a process of its own, which is introduced to auth and files and
 * opens nothing by itself (ssh_child.h).  It reads no byte of any client.
 */
#ifndef NET_SSH_H
#define NET_SSH_H

struct worker;
int ssh_main(struct worker *w);

#endif
