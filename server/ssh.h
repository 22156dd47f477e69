/*
 * The ssh process.
 */
#ifndef SERVER_SSH_H
#define SERVER_SSH_H

struct worker;
int ssh_main(struct worker *w);

#endif
