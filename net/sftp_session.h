/*
 * The inside of an SFTP session, shared by its three files:
 *
 *      sftp.c           bytes in, packets, bytes out
 *      sftp_request.c   what each request does
 *      sftp_handle.c    handles, and what is asked of files
 */
#ifndef NET_SFTP_SESSION_H
#define NET_SFTP_SESSION_H

#include "net/files.h"
#include "net/ranges.h"
#include "net/sftp.h"
#include "net/sftp_packet.h"

#define SFTP_REPLY_MAX 4096 /* no answer but DATA and NAME is longer */

enum handle_kind {
	HANDLE_FILE,
	HANDLE_UPLOAD,
	HANDLE_FOLDER
};

struct handle {
	enum handle_kind kind;
	uint32_t serial; /* tells it from an earlier one in its place */
	int fd;
	uint64_t number; /* upload or pull id of files */
	struct files_stat stat;
	struct ranges moved;
	uint64_t bytes; /* FILE: delivered; UPLOAD: the end of what came */
	uint64_t told;  /* FILE: what files was told of */
	bool append, troubled;
	uint32_t entries, next; /* FOLDER */
	bool cut;               /* FOLDER: it has more */
};

struct sftp {
	int files;
	struct grant grant;
	uint64_t upload_max;
	bool greeted;
	const char *problem;
	struct handle *handle[SFTP_HANDLES_MAX];
	uint32_t serial;
	int64_t tell_ms; /* when files is told how far pulls came */
	struct sftp_out out;
	void *out_memory; /* which out.p lies in */
	size_t sent;      /* of out, already written */
	size_t data_n; /* of the DATA reply that came last into out, else 0 */
	uint8_t *in;
	size_t in_n, in_size;
	struct {
		struct handle *h;
		uint64_t offset;
		uint32_t n; /* bytes of the begun DATA reply still to come */
	} rest;
};

/* The session cannot go on.  -1; the first reason stays. */
int sftp_fail(struct sftp *s, const char *why);

/* The answer to request id that an errno gives; 0 is success. */
void sftp_answer(struct sftp *s, uint32_t id, int error);
void sftp_answer_attrs(
    struct sftp *s, uint32_t id, const struct files_stat *st);
struct sftp_attrs sftp_attrs_of(const struct files_stat *st);

/* Asks files about a path, or two, as the client wrote them.  0 or an errno;
 * a descriptor that comes is closed unless it is wanted. */
int sftp_ask(struct sftp *s, enum files_op op, struct slice path,
    struct slice path2, struct files_reply *r, int *wanted);

/* By the client's name for it; NULL when there is none. */
struct handle *sftp_handle(const struct sftp *s, struct slice name);
/* The first free place; SFTP_HANDLES_MAX when there is none. */
size_t sftp_place(const struct sftp *s);
/* Puts what files opened in the free place i and tells the client. */
void sftp_handle_add(struct sftp *s, size_t i, uint32_t id,
    enum handle_kind kind, const struct files_reply *r, int fd, bool append);
/* Ends and frees h; closed says that the client asked for it, orderly that
 * what it was sent may count.  0 or the errno that the client is to be told. */
int sftp_handle_end(
    struct sftp *s, struct handle *h, bool closed, bool orderly);

/* Should anybody be killed, the audit knows how far the pulls came. */
void sftp_tell_progress(struct sftp *s);

/* By type; NULL where sftp_parse says SFTP_UNKNOWN. */
extern void (*const sftp_handler[256])(
    struct sftp *s, const struct sftp_request *q);

#endif
