/*
 * The inside of a data connection, shared by its two files:
 *
 *      ftp_data.c       from PASV to a connection with keys
 *      ftp_transfer.c   the bytes and their end
 */
#ifndef NET_FTP_DATA_PRIVATE_H
#define NET_FTP_DATA_PRIVATE_H

#include "net/ftp_data.h"

#define FTP_TICK_MS 1000 /* how often limits are looked at, at least */

struct ftp_data {
	struct ftp_data_with with;
	bool protect;
	int listener, fd;
	bool early; /* fd came before it was waited for */
	struct tls *tls;
	uint64_t asked;  /* id of the last WIRE_PASSIVE, */
	int64_t since;   /* when it was answered */
	unsigned thefts; /* not logged yet; when one was, */
	int64_t logged;  /* last */
};

/* Waits for ms at most, never longer than FTP_TICK_MS: for fd, and for what
 * the session watches.  *ready says whether fd has something.  False when the
 * session wants to end it. */
bool ftp_data_look(
    struct ftp_data *d, int fd, short events, int64_t ms, bool *ready);

/* The handshake, when one is due. */
enum ftp_end ftp_data_secure(struct ftp_data *d);

#endif
