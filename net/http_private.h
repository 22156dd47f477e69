/*
 * What the http process consists of: http.c (the process and its channels),
 * http_conn.c (connections), http_request.c (one request from target to
 * response), http_send.c (responses), and http_tls.c and http_hold.c below TLS.
 */
#ifndef NET_HTTP_PRIVATE_H
#define NET_HTTP_PRIVATE_H

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include "net/auth.h"
#include "net/door.h"
#include "net/files.h"
#include "net/http_answer.h"
#include "net/outbox.h"
#include "server/worker.h"
#include "net/tree.h"

struct http;
struct http_request;

#define HTTP_RECORD 16384 /* bytes of a body that one of TLS carries */

/* See http_hold.c. */
struct http_hold {
	uint8_t *kept; /* records that wait for those which follow */
	size_t kept_n, room;
	size_t more; /* so many of the next are not the answer's last */
};

/* A client's connection.  Its grant lasts as long as it sends the same
 * credentials, of which only a digest is kept. */
struct http_conn {
	struct http_conn *next, **prev;
	struct http *http;
	int fd;
	enum protocol protocol;
	struct in6_addr from;
	int64_t since_ms;             /* of the state it is in, monotonic */
	struct http_request *request; /* being answered, or NULL */
	bool known;                   /* has sent valid credentials */
	bool doomed;                  /* shut down already; waits for its end */
	bool measured;                /* the answer under way, by: */
	uint64_t before;              /* bytes that went out before it, */
	uint64_t acked;               /* bytes the client had when it began, */
	uint64_t taken;               /* how many more it has had since, */
	int64_t taken_ms;             /* and when it last took any */
	struct http_hold hold;
	bool granted;
	uint8_t credentials[32]; /* SHA-256, while granted */
	struct grant grant;
	struct http_pull *unsure; /* sent, but not acknowledged, */
	unsigned unsures;         /* and how many */
	/* Of HTTPS; and what was read and GnuTLS has not asked for yet. */
	gnutls_session_t tls;
	uint8_t ahead[2048];
	size_t ahead_at, ahead_n;
	bool heard;    /* something, and nothing was sent since */
	bool finished; /* the client, with the handshake */
};

/* A published file on its way to a client, for the audit. */
struct http_pull {
	struct http_pull *next;
	uint64_t number;
	uint64_t bytes;
	bool complete;
	int64_t told_ms;  /* when files was told how far it came, */
	uint64_t told;    /* and that */
	uint64_t sure_at; /* http_acked when the client has all of it */
};

enum http_step {
	STEP_FRAMING,     /* the first call: is it a request we can trust? */
	STEP_CREDENTIALS, /* ask auth unless the connection has them */
	STEP_FIND,        /* where is the path? */
	STEP_ANSWER,      /* the answer of files is here */
	STEP_DONE
};

struct http_request {
	struct http_request *next, **prev; /* while it waits for an answer */
	struct http_conn *conn;
	struct MHD_Connection *mhd;
	enum http_step step;
	bool broken;  /* the target could not be read */
	uint64_t ask; /* what it waits for; 0: nothing */
	char path[FILES_PATH_MAX];
	char token[64];
	bool head;
	struct auth_reply who; /* the answer of auth, */
	int64_t held_ms; /* until when a refusal is held back; 0: it is not */
	uint8_t credentials[32];  /* to these */
	struct files_reply found; /* the answer of files, */
	int fd;                   /* and its descriptor */
	bool waited_list;         /* it is a folder's */
	struct http_pull *pull;
	uint64_t first, size; /* of the body: where in the file, bytes */
	bool reaches_end;     /* of the file */
};

/* A version that was asked for.  They are found by what they are, so that most
 * answers meet theirs. */
#define HTTP_SEEN 16
struct http_seen {
	struct http_version v;
	bool gzip, varies;
	struct MHD_Response *unmodified; /* once that was the answer */
	struct MHD_Response *whole;      /* with all bytes, */
	struct stat whole_of;            /* those of this file; or NULL */
};

/* A listener, of which its connections are told. */
struct http_origin {
	struct http *http;
	enum protocol protocol;
	struct MHD_Daemon *daemon;
	unsigned idle; /* how often in a row it was run for nothing */
};

enum http_limit {
	HTTP_ALL,
	HTTP_HERE,
	HTTP_STRANGERS,
	HTTP_STRANGERS_HERE,
	HTTP_MADE_ROOM,
	HTTP_MADE_ROOM_HERE,
	HTTP_EARLY,
	HTTP_IDLE,
	HTTP_SLOW,
	HTTP_LIMITS /* HTTP_LIMITS as a value: none */
};

struct http {
	struct worker *worker;
	const struct conf *conf;
	struct tree tree;
	struct http_origin origin[64];
	size_t origins;
	struct http_conn *conns;
	unsigned conn_count;
	struct door *door;
	struct guest *guest; /* what it sees of them */
	size_t guest_room;
	struct outbox to_auth, to_files;
	struct {
		int64_t logged_ms; /* when it was last logged, */
		unsigned unlogged; /* and how often it was not, since */
	} limit[HTTP_LIMITS];
	struct http_request *waiting;
	struct http_seen seen[HTTP_SEEN];
	struct http_over *over; /* logins that auth has yet to be told of */
	uint64_t last_ask, last_pull;
	uint64_t called;         /* how often libmicrohttpd did something */
	uint64_t answers;        /* that ended, */
	uint64_t answers_seen;   /* by the last tick, */
	uint64_t answers_rested; /* and when memory was last given back */
	gnutls_datum_t tickets;  /* the key of TLS sessions to resume */
	bool stirred;            /* connections may have been resumed, or cut */
	bool draining, stop;
};

/* libmicrohttpd's callbacks. */
void *http_request_begin(void *cls, const char *uri, struct MHD_Connection *m);
enum MHD_Result http_request_handle(void *cls, struct MHD_Connection *m,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **request);
void http_request_end(void *cls, struct MHD_Connection *m, void **request,
    enum MHD_RequestTerminationCode how);

/* An answer of auth or files arrived for the request that waits for it; fd may
 * be -1 and is taken over. */
void http_request_granted(struct http *h, const struct auth_reply *r);
void http_request_found(struct http *h, const struct files_reply *r, int fd);

/* A refusal that is held back goes out. */
void http_request_release(struct http_request *r);

/* All that auth has said by now, so that no grant is used that it took back;
 * false when auth is gone. */
bool http_hear_auth(struct http *h);

/* How the pull ended is known: tells files. */
void http_pull_done(struct http *h, struct http_pull *p);

/* --- http_conn.c: connections -------------------------------------- */

/* libmicrohttpd's callbacks: may another one begin? and: one begins, or ends.
 */
enum MHD_Result http_conn_admit(
    void *cls, const struct sockaddr *sa, socklen_t n);
void http_conn_notify(void *cls, struct MHD_Connection *m, void **context,
    enum MHD_ConnectionNotificationCode what);

/* It has the grant of these credentials from now on. */
void http_conn_grant(
    struct http_conn *c, const struct grant *g, const uint8_t credentials[32]);

/* auth took a grant back. */
void http_revoked(struct http *h, const struct auth_revoked *m);

/* Tells auth which logins are over, once files has been told all that was done
 * with them. */
void http_log_out(struct http *h);

/* Cuts who is too slow; settles pulls, and tells how far they came. */
void http_keep_deadlines(struct http *h);

/* Bytes of the connection that its client has acknowledged. */
uint64_t http_acked(const struct http_conn *c);

/* All of the pull went out: it is done when its client has it. */
void http_pull_sent(struct http_conn *c, struct http_pull *p);

/* Counts them from now on: an answer begins that may take its time. */
void http_measure(struct http_conn *c);

/* --- http_tls.c ---------------------------------------------------- */

/* The connection begins with this session of GnuTLS. */
void http_tls_begin(struct http_conn *c, gnutls_session_t s);

/* --- http_hold.c: records on their way to the socket --------------- */

/* A head comes, then so many bytes of a body (there are some), */
void http_hold_body(struct http_conn *c, uint64_t bytes);
/* piece by piece.  Those of a body that breaks off may never go out. */
void http_hold_piece(struct http_conn *c, size_t n, bool last);
/* A head comes with all bytes of a body, which are there already. */
void http_hold_whole(struct http_conn *c, size_t bytes);
/* A record, as GnuTLS wants it sent: how many bytes were taken, or -1 and
 * errno. */
ssize_t http_hold_send(struct http_conn *c, const giovec_t *part, int parts);
void http_hold_free(struct http_hold *h);

/* --- http_send.c: responses ---------------------------------------- */

/* A status with a line of text; close_it: no further request is read. */
enum MHD_Result http_say(
    struct http_request *r, unsigned status, const char *text, bool close_it);
enum MHD_Result http_say_error(struct http_request *r, int error);

/* The request's field, empty when there is none; may hold NULs. */
struct slice http_request_field(struct http_request *r, const char *name);

/* An open file, which it takes.  gzip: the file is the sidecar and stands for
 * the path; varies: there might have been one. */
enum MHD_Result http_send_file(struct http_request *r, int fd,
    const struct files_stat *st, bool gzip, bool varies);
/* A published one, which lies there. */
enum MHD_Result http_send_published(struct http_request *r,
    const struct tree_place *at, int fd, const struct files_stat *st);

/* Small files that are kept in memory for the next who pulls them. */
void http_forget_bodies(struct http *h);

/* A folder's address ends with a slash, or its links would lead astray. */
enum MHD_Result http_send_to_slash(struct http_request *r);

/* Bytes of the response's body that its client has, as far as one knows. */
uint64_t http_delivered(const struct http_request *r);
/* The response of a pull ended. */
void http_pull_end(struct http_request *r, bool completed);

/* A folder as a page: begun, an entry at a time (ctx is the text), sent; cut:
 * it has more than these. */
struct http_text {
	char *p;
	size_t n, room;
};
void http_list_begin(struct http_text *t);
bool http_list_entry(void *ctx, const struct files_entry *e);
enum MHD_Result http_list_send(
    struct http_request *r, struct http_text *t, bool cut);

#endif
