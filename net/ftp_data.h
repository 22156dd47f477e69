/*
 * FTP's data connections: passive alone, so that nothing ever connects to where
 * a client points (no bounce).
 *
 * The process of a connection cannot make sockets.  It asks the accepting
 * process for each listener (WIRE_PASSIVE), which chooses a random port of the
 * configured range on the very address that the client reached.  From it one
 * connection is accepted, and only one that comes from the address of the
 * control connection: what others try is logged, and the client still served.
 *
 *      ftp_data_new        at the start of a session
 *      ftp_data_passive    PASV, EPSV: a port; an earlier one is given up
 *      ftp_data_accept     then 150 is said,
 *      ftp_data_send_file, _send_bytes or _receive
 *                          handshake (PROT P), the bytes, the end; then 226 or
 *                          what ftp_data_reply has for it
 *      ftp_data_free
 *
 * A port is good for one connection and a connection for one transfer, however
 * they end; whoever accepted one and has nothing to send says ftp_data_close.
 */
#ifndef NET_FTP_DATA_H
#define NET_FTP_DATA_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include "net/tls.h"
#include "server/wire.h"

/* --- the accepting process --- */

/*
 * Answers a child's WIRE_PASSIVE on its channel with a listener on a port of
 * first to last (0, 0: of the kernel's choice) of the address that the child's
 * client reached.  -1 when the child is gone or does not take its answer.
 *
 * Its sandbox needs socket, bind, listen, setsockopt and getsockname (and of
 * Landlock, that those ports may be bound); the child's needs accept4,
 * sendfile and getsockopt.
 */
int ftp_data_grant(int report, const struct wire *ask,
    const struct sockaddr_storage *at, unsigned first, unsigned last);

/* --- the process of a connection --- */

/*
 * What is to be noticed while data moves: the control connection, auth, the
 * accepting process.  fd are polled besides; when any is ready, heard is called
 * and looks at their revents itself.  False ends the transfer (ABOR, a login
 * that was revoked, a control connection that is gone).  heard may change
 * events, or put -1 where nothing more is to be looked at.
 */
#define FTP_WATCH_MAX 4
struct ftp_watch {
	struct pollfd *fd;
	size_t n; /* FTP_WATCH_MAX at most */
	bool (*heard)(void *ctx);
	/* NULL, or about every second of sending: how many bytes the client's
	 * side acknowledged so far (with TLS, of its records). */
	void (*moved)(void *ctx, uint64_t bytes);
	void *ctx;
};

struct ftp_data_with {        /* all stay the caller's */
	struct in6_addr peer; /* of the control connection */
	int report;           /* to the accepting process (master.h), */
	bool *draining;  /* set when it said WIRE_DRAIN while it was asked */
	unsigned idle_s; /* bytes must move within */
	const struct tls_identity *identity; /* NULL: no PROT P */
	struct ftp_watch watch;
};

struct ftp_data;
struct ftp_data *ftp_data_new(const struct ftp_data_with *w); /* or NULL */
void ftp_data_free(struct ftp_data *d);                       /* NULL is fine */

/* PROT P or PROT C, for the connections from now on. */
void ftp_data_protect(struct ftp_data *d, bool with_tls);

enum ftp_end {
	FTP_END_WELL,    /* 226 */
	FTP_END_NO_PASV, /* 425: there was no PASV or EPSV before */
	FTP_END_NO_PORT, /* 425: every port of the range is in use */
	FTP_END_NOBODY,  /* 425: nobody connected in time */
	FTP_END_TLS,     /* 522: the handshake failed or took too long */
	FTP_END_ABORTED, /* 426: the watch said so; after ABOR 226 follows */
	FTP_END_BROKEN,  /* 426: the connection broke, or the end of an upload
			  * over TLS was not said (close_notify) */
	FTP_END_IDLE,    /* 426: nothing moved for idle_s */
	FTP_END_SLOW,    /* 426: slower than HTTP_RATE_MIN (http_field.h) */
	FTP_END_DISK,    /* 451: the file could not be read or written, */
	FTP_END_SPACE,   /* 452: for want of space, */
	FTP_END_LARGE,   /* 552: or the upload is over its limit */
	FTP_END_MASTER,  /* 421: the accepting process is gone */
	FTP_ENDS
};

/* The code, and the sentence with its full stop, in English as all replies. */
unsigned ftp_end_code(enum ftp_end end);
const char *ftp_end_text(enum ftp_end end);

/* The port to tell the client.  FTP_END_WELL, _NO_PORT or _MASTER. */
enum ftp_end ftp_data_passive(struct ftp_data *d, uint16_t *port);
bool ftp_data_is_passive(const struct ftp_data *d); /* was there a PASV? */

/*
 * Between commands: knock is called when the listener (-1: there is none) is
 * readable, and every second or so.  It takes the client's connection, and
 * sends away all others, so that they never fill the queue; and it gives a
 * port up for which nobody came within FTP_ACCEPT_MS, so that whoever asks for
 * many does not keep them.
 */
int ftp_data_listener(const struct ftp_data *d);
void ftp_data_knock(struct ftp_data *d);

/* Waits for the client, FTP_ACCEPT_MS at most; then say 150.  FTP_END_WELL,
 * _NO_PASV, _NOBODY or _ABORTED. */
#define FTP_ACCEPT_MS 30000
#define FTP_HANDSHAKE_MS 15000
enum ftp_end ftp_data_accept(struct ftp_data *d);
void ftp_data_close(struct ftp_data *d); /* listener and connection */

/*
 * How far a transfer came, also when it broke.  When sending, bytes are those
 * that the client's side acknowledged; whole says that it acknowledged all that
 * was to be sent and its end, and did not break off before the connection
 * closed.  When receiving, bytes were written to the file.
 */
struct ftp_moved {
	uint64_t bytes;
	bool whole;
};

/* n bytes of the file from offset on (they must be there); fd stays the
 * caller's. */
enum ftp_end ftp_data_send_file(struct ftp_data *d, int fd, uint64_t offset,
    uint64_t n, struct ftp_moved *moved);
enum ftp_end ftp_data_send_bytes(
    struct ftp_data *d, const void *p, size_t n, struct ftp_moved *moved);

/* Into fd from its beginning, max bytes at most.  Well ends only what the
 * client ended by close_notify: so under PROT P alone. */
enum ftp_end ftp_data_receive(
    struct ftp_data *d, int fd, uint64_t max, struct ftp_moved *moved);

#endif
