/*
 * STOR: an upload into the inbox by the protocol of files (files.h), as over
 * SFTP: the bytes lie in a hidden file, which becomes a dump when the transfer
 * ended well and goes otherwise.
 *
 *      ftp_upload_begin    before ftp_data_accept: may this login, is there
 * room ftp_data_receive    into upload.fd ftp_upload_end      commits or
 * aborts; then 226
 *
 * A file is uploaded whole: REST before STOR, and APPE, cannot be honoured (no
 * more than over SFTP, where appending begins a new file as well).
 */
#ifndef NET_FTP_UPLOAD_H
#define NET_FTP_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include "net/auth.h"

struct ftp_upload {
	int files; /* the channel */
	uint8_t handle[16];
	uint64_t number;
	int fd; /* to write into; closed by ftp_upload_end */
};

/* path as the client means it, from "/" on.  0, or an errno as files gives it:
 * EACCES, ENOENT, ENOSPC, EMFILE, EINVAL; EPIPE when files is gone. */
int ftp_upload_begin(
    struct ftp_upload *u, int files, const struct grant *g, const char *path);

/* bytes came; well: all of them, and the client said so.  0 when it is a dump
 * now, else an errno: ECANCELED when it did not end well, EFBIG, ENOSPC … */
int ftp_upload_end(struct ftp_upload *u, uint64_t bytes, bool well);

#endif
