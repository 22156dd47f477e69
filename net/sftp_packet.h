/*
 * SFTP version 3 on the wire: packets are taken apart into one struct and
 * replies are put together in a caller's buffer.  No files, no session; every
 * length is checked, so that any bytes may be given.
 */
#ifndef NET_SFTP_PACKET_H
#define NET_SFTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/slice.h"

#define SFTP_PACKET_MAX (256 * 1024) /* without its length word */
#define SFTP_READ_MAX 261120u        /* as OpenSSH answers, so as clients ask */

enum sftp_type {
	SFTP_INIT = 1,
	SFTP_VERSION = 2,
	SFTP_OPEN = 3,
	SFTP_CLOSE = 4,
	SFTP_READ = 5,
	SFTP_WRITE = 6,
	SFTP_LSTAT = 7,
	SFTP_FSTAT = 8,
	SFTP_SETSTAT = 9,
	SFTP_FSETSTAT = 10,
	SFTP_OPENDIR = 11,
	SFTP_READDIR = 12,
	SFTP_REMOVE = 13,
	SFTP_MKDIR = 14,
	SFTP_RMDIR = 15,
	SFTP_REALPATH = 16,
	SFTP_STAT = 17,
	SFTP_RENAME = 18,
	SFTP_READLINK = 19,
	SFTP_SYMLINK = 20,
	SFTP_STATUS = 101,
	SFTP_HANDLE = 102,
	SFTP_DATA = 103,
	SFTP_NAME = 104,
	SFTP_ATTRS = 105,
	SFTP_EXTENDED = 200,
	SFTP_EXTENDED_REPLY = 201
};

enum sftp_code {
	SFTP_OK,
	SFTP_EOF,
	SFTP_NO_SUCH_FILE,
	SFTP_DENIED,
	SFTP_FAILURE,
	SFTP_BAD_MESSAGE,
	SFTP_NO_CONNECTION,
	SFTP_CONNECTION_LOST,
	SFTP_UNSUPPORTED
};

enum sftp_open_flag {
	SFTP_OPEN_READ = 1 << 0,
	SFTP_OPEN_WRITE = 1 << 1,
	SFTP_OPEN_APPEND = 1 << 2,
	SFTP_OPEN_CREATE = 1 << 3,
	SFTP_OPEN_TRUNCATE = 1 << 4,
	SFTP_OPEN_EXCLUSIVE = 1 << 5
};

/* What a request says; members its type does not have are zero. */
struct sftp_request {
	uint8_t type;       /* enum sftp_type, or whatever the client sent */
	uint32_t id;        /* INIT: the version */
	struct slice name;  /* path, handle, or the extension's name */
	struct slice other; /* RENAME: the new path; WRITE: the bytes;
			     * fsync: the handle */
	uint64_t offset;
	uint32_t len;   /* READ: bytes asked for */
	uint32_t flags; /* OPEN: enum sftp_open_flag, ORed */
};

enum sftp_parsed {
	SFTP_PARSED,
	SFTP_UNKNOWN, /* a type we do not know: id is set */
	SFTP_BROKEN,  /* too short for its type, but id is set */
	SFTP_NOISE    /* not even an id: the session cannot go on */
};

/* A packet of n bytes, its length word taken off.  Slices point into it. */
enum sftp_parsed sftp_parse(
    struct sftp_request *out, const uint8_t *p, size_t n);

/*
 * Replies, one behind the other, in a buffer that does not grow: who builds
 * asks sftp_room first.
 */
struct sftp_out {
	uint8_t *p;
	size_t n, size;
	size_t begun; /* where the packet that is being built begins */
};

static inline size_t
sftp_room(const struct sftp_out *o)
{
	return o->size - o->n;
}

void sftp_begin(struct sftp_out *o, enum sftp_type type, uint32_t id);
void sftp_put_u32(struct sftp_out *o, uint32_t v);
void sftp_set_u32(struct sftp_out *o, size_t at, uint32_t v);
void sftp_put_u64(struct sftp_out *o, uint64_t v);
void sftp_put_string(struct sftp_out *o, struct slice s);
void sftp_end(struct sftp_out *o); /* writes the length */

/* The head of a DATA reply whose n bytes follow by other means. */
#define SFTP_DATA_HEAD 13
void sftp_put_data_head(struct sftp_out *o, uint32_t id, uint32_t n);

void sftp_put_status(
    struct sftp_out *o, uint32_t id, enum sftp_code code, const char *sentence);

struct sftp_attrs {
	uint64_t size;
	int64_t mtime;
	bool is_dir, writable;
};

/* Size, permissions and times. */
#define SFTP_ATTRS_MAX 24
void sftp_put_attrs(struct sftp_out *o, const struct sftp_attrs *a);

/* "-r--r--r--    1 0        0            981 Nov 22 09:15 name", UTC; now
 * decides between a time and a year.  out of SFTP_LONG_MAX bytes. */
#define SFTP_LONG_MAX 384
void sftp_long_name(
    char *out, const char *name, const struct sftp_attrs *a, int64_t now);

#endif
