/*
 * The inside of an FTP session, shared by its four files:
 *
 *      ftp_child.c     bytes in, lines, bytes out; times; the end
 *      ftp_session.c   login, encryption, and what is not about files
 *      ftp_file.c      folders, listings, transfers
 *      ftp_change.c    names and times of one's own uploads
 *
 * One command at a time: while data moves, only ABOR and STAT are answered, all
 * else waits unread.
 */
#ifndef NET_FTP_SESSION_H
#define NET_FTP_SESSION_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/auth.h"
#include "net/files.h"
#include "net/ftp_command.h"
#include "net/ftp_data.h"
#include "net/master.h"
#include "net/tls.h"
#include "server/conf.h"

struct ftp {
	const struct connection *it;
	const struct conf *conf;
	const struct tls_identity *identity;
	char from[INET6_ADDRSTRLEN];

	/* the control connection */
	struct tls *tls; /* NULL: not encrypted */
	uint8_t in[FTP_LINE_MAX];
	size_t in_n, in_at; /* came, and taken of it */
	struct ftp_lines lines;
	enum ftp_line held; /* a line that waits in lines; _MORE: none */
	struct {
		char *p;
		size_t n, size, sent;
	} out;
	bool stuck;          /* the socket does not take what is to be sent */
	struct pollfd fd[4]; /* control, auth, report; data's listener */

	/* its life */
	bool over;       /* it is to end; */
	const char *why; /* perhaps because of this */
	bool gone;       /* the client is no more there */
	bool draining;
	int64_t deadline; /* of the login */
	int64_t active;   /* when a command last came or bytes last moved */

	/* the login */
	struct ftp_state state;
	struct grant grant;
	char user[256];
	size_t user_n;
	bool named; /* USER came */
	unsigned tries;
	char client[128]; /* CLNT, made safe for the log */

	/* files */
	char cwd[FILES_PATH_MAX];
	uint64_t rest;
	char renamed[FILES_PATH_MAX]; /* RNFR's; empty: none */
	unsigned facts;
	char type;
	bool protected; /* PROT P */
	bool epsv_alone;
	struct ftp_data *data;
	bool aborted; /* ABOR came while data moved */
	struct {
		uint64_t number; /* of files; 0: none */
		uint64_t asked;  /* bytes to be sent */
		int64_t told;    /* when files last heard how far it is, */
		uint64_t at;     /* and that */
	} pull;
};

/* --- ftp_child.c --- */

/* A reply, or a line of one, without its CRLF. */
void ftp_say(struct ftp *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void ftp_put(struct ftp *s, const char *bytes, size_t n);

/* The session is to end; the first reason stays, NULL is none.  The client is
 * told it as it is, in English like all replies; the log has it translated. */
void ftp_over(struct ftp *s, const char *why);

/* Sends what waits, and waits for the socket to take it until then. */
void ftp_flush_by(struct ftp *s, int64_t deadline_ms);

/* While data moves: struct ftp_watch's. */
bool ftp_heard(void *session);

/* --- ftp_session.c --- */

extern void (*const ftp_handler[FTP_VERBS])(struct ftp *s, struct slice arg);

/* The TLS handshake on the control connection; -1 when it failed, and the
 * session is over. */
int ftp_encrypt(struct ftp *s);
void ftp_tell_state(struct ftp *s, bool busy); /* STAT */

/* --- ftp_file.c --- */

/* Asks files about a path, or two, of ftp_find.  0 or an errno; a descriptor
 * that comes is closed unless it is wanted. */
int ftp_ask(struct ftp *s, enum files_op op, const char *path,
    const char *path2, struct files_reply *r, int *wanted);

/* False, and answered, when files says an error. */
bool ftp_went_well(struct ftp *s, int error);

/* What arg means in the present folder.  False, and answered, for what cannot
 * be a path. */
bool ftp_find(struct ftp *s, struct slice arg, char path[FILES_PATH_MAX]);

/* While data moves: struct ftp_watch's. */
void ftp_moved(void *session, uint64_t bytes);

void ftp_cwd(struct ftp *s, struct slice arg);
void ftp_cdup(struct ftp *s, struct slice arg);
void ftp_pwd(struct ftp *s, struct slice arg);
void ftp_size(struct ftp *s, struct slice arg);
void ftp_mdtm(struct ftp *s, struct slice arg);
void ftp_pasv_command(struct ftp *s, struct slice arg);
void ftp_epsv_command(struct ftp *s, struct slice arg);
void ftp_rest(struct ftp *s, struct slice arg);
void ftp_list(struct ftp *s, struct slice arg);
void ftp_nlst(struct ftp *s, struct slice arg);
void ftp_mlsd(struct ftp *s, struct slice arg);
void ftp_mlst(struct ftp *s, struct slice arg);
void ftp_stat_path(struct ftp *s, struct slice arg);
void ftp_retr(struct ftp *s, struct slice arg);
void ftp_stor(struct ftp *s, struct slice arg);

/* --- ftp_change.c --- */

void ftp_rnfr(struct ftp *s, struct slice arg);
void ftp_rnto(struct ftp *s, struct slice arg);
void ftp_dele(struct ftp *s, struct slice arg);
void ftp_mfmt(struct ftp *s, struct slice arg);
void ftp_site(struct ftp *s, struct slice arg);

/* MDTM with a time before the path: true, and answered, when the path is one's
 * own upload. */
bool ftp_set_time(struct ftp *s, struct slice path);

#endif
