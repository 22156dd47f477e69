/*
 * An upload over FTP, as files sees it.
 */
#include "net/ftp_upload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/files.h"

/* 0 or an errno; a descriptor that comes goes to *fd. */
static int
ask(const struct ftp_upload *u, struct files_request *q, struct files_reply *r,
    int *fd)
{
	memcpy(q->handle, u->handle, sizeof q->handle);
	*fd = -1;
	if (files_ask(u->files, q, r, fd) == -1)
		return EPIPE;
	if (r->error != 0 && *fd != -1) {
		close(*fd);
		*fd = -1;
	}
	return r->error;
}

int
ftp_upload_begin(
    struct ftp_upload *u, int files, const struct grant *g, const char *path)
{
	struct files_request q;
	struct files_reply r;
	int error;

	WIRE_INIT(&q, WIRE_FILE);
	if (strlen(path) >= sizeof q.path)
		return ENAMETOOLONG;
	q.op = FILES_CREATE;
	snprintf(q.path, sizeof q.path, "%s", path);
	u->files = files;
	memcpy(u->handle, g->handle, sizeof u->handle);
	error = ask(u, &q, &r, &u->fd);
	if (error == 0)
		u->number = r.number;
	return error == 0 && u->fd == -1 ? EIO : error;
}

int
ftp_upload_end(struct ftp_upload *u, uint64_t bytes, bool well)
{
	struct files_request q;
	struct files_reply r;
	int error, fd;

	close(u->fd);
	u->fd = -1;
	WIRE_INIT(&q, WIRE_FILE);
	q.op = well ? FILES_COMMIT : FILES_ABORT;
	q.number = u->number;
	q.bytes = bytes;
	q.complete = well;
	error = ask(u, &q, &r, &fd);
	if (fd != -1)
		close(fd);
	return error == 0 && !well ? ECANCELED : error;
}
