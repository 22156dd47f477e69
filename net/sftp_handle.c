/*
 * Handles of an SFTP session, and what is asked of files about them.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/path.h"
#include "net/sftp_session.h"
#include "server/clock.h"
#include "server/lang.h"

static const struct {
	int error;
	enum sftp_code code;
	const char *sentence;
} said[] = {
	{ 0, SFTP_OK, N_("Done.") },
	{ ENOENT, SFTP_NO_SUCH_FILE, N_("There is no such file.") },
	{ ENOTDIR, SFTP_NO_SUCH_FILE, N_("There is no such folder.") },
	{ EACCES, SFTP_DENIED, N_("This login may not do that.") },
	{ EPERM, SFTP_DENIED, N_("This login may not do that.") },
	{ EROFS, SFTP_DENIED, N_("This is read-only.") },
	{ EEXIST, SFTP_FAILURE, N_("There is a file of that name already.") },
	{ EISDIR, SFTP_FAILURE, N_("This is a folder.") },
	{ EINVAL, SFTP_FAILURE,
	    N_("The path is not one that can be used here.") },
	{ ENAMETOOLONG, SFTP_FAILURE, N_("The name is too long.") },
	{ ENOSPC, SFTP_FAILURE, N_("There is no space left on the server.") },
	{ EDQUOT, SFTP_FAILURE, N_("There is no space left on the server.") },
	{ EFBIG, SFTP_FAILURE, N_("The file is too large.") },
	{ EMFILE, SFTP_FAILURE,
	    N_("Too many files are open; close one first.") },
	{ EBADF, SFTP_FAILURE, N_("There is no such handle.") },
	{ EIO, SFTP_FAILURE,
	    N_("The server could not read or write the file.") },
	{ EOPNOTSUPP, SFTP_UNSUPPORTED, N_("This server does not do that.") },
};

void
sftp_answer(struct sftp *s, uint32_t id, int error)
{
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		if (said[i].error == error) {
			sftp_put_status(
			    &s->out, id, said[i].code, _(said[i].sentence));
			return;
		}
	}
	sftp_put_status(&s->out, id, SFTP_FAILURE, _("That did not work."));
}

struct sftp_attrs
sftp_attrs_of(const struct files_stat *st)
{
	return (struct sftp_attrs){ st->size, st->mtime, st->is_dir != 0,
		st->writable != 0 };
}

void
sftp_answer_attrs(struct sftp *s, uint32_t id, const struct files_stat *st)
{
	struct sftp_attrs a = sftp_attrs_of(st);

	sftp_begin(&s->out, SFTP_ATTRS, id);
	sftp_put_attrs(&s->out, &a);
	sftp_end(&s->out);
}

/* --- files --- */

static void
request(const struct sftp *s, struct files_request *q, enum files_op op)
{
	WIRE_INIT(q, WIRE_FILE);
	memcpy(q->handle, s->grant.handle, sizeof q->handle);
	q->op = op;
}

/* Asks and waits.  0 or an errno; *fd is -1 or a descriptor, ours from now. */
static int
ask(struct sftp *s, const struct files_request *q, struct files_reply *r,
    int *fd)
{
	*fd = -1;
	if (files_ask(s->files, q, r, fd) == -1) {
		sftp_fail(s, _("the process that opens files is gone"));
		return EIO;
	}
	if (r->error != 0 && *fd != -1) {
		close(*fd);
		*fd = -1;
	}
	return r->error;
}

int
sftp_ask(struct sftp *s, enum files_op op, struct slice path,
    struct slice path2, struct files_reply *r, int *wanted)
{
	struct files_request q;
	int error, fd;

	request(s, &q, op);
	if (!path_absolute(q.path, "/", path) ||
	    !path_absolute(q.path2, "/", path2))
		return EINVAL;
	error = ask(s, &q, r, &fd);
	if (wanted != NULL)
		*wanted = fd;
	else if (fd != -1)
		close(fd);
	return error;
}

/* Says how an upload or a pull ended, or how far it came. */
static int
ask_end(struct sftp *s, enum files_op op, const struct handle *h, bool complete)
{
	struct files_request q;
	struct files_reply r;
	int error, fd;

	request(s, &q, op);
	q.number = h->number;
	q.bytes = h->bytes;
	q.complete = complete;
	error = ask(s, &q, &r, &fd);
	if (fd != -1)
		close(fd);
	return error;
}

void
sftp_tell_progress(struct sftp *s)
{
	int64_t now = clock_ms();

	if (now < s->tell_ms)
		return;
	s->tell_ms = now + FILES_AT_MS;
	for (size_t i = 0; i < SFTP_HANDLES_MAX; i++) {
		struct handle *h = s->handle[i];

		if (h == NULL || h->kind != HANDLE_FILE || h->number == 0 ||
		    h->bytes == h->told)
			continue;
		h->told = h->bytes;
		ask_end(s, FILES_PULL_AT, h, false);
	}
}

/* --- handles --- */

/* On the wire a handle is its place and its serial. */
struct handle *
sftp_handle(const struct sftp *s, struct slice name)
{
	const uint8_t *p = (const uint8_t *)name.p;
	struct handle *h;
	uint32_t serial;

	if (name.n != 8 || p[0] != 0 || p[1] != 0 || p[2] != 0 ||
	    p[3] >= SFTP_HANDLES_MAX)
		return NULL;
	serial = (uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 |
		 (uint32_t)p[6] << 8 | p[7];
	h = s->handle[p[3]];
	return h != NULL && h->serial == serial ? h : NULL;
}

size_t
sftp_place(const struct sftp *s)
{
	size_t i = 0;

	while (i < SFTP_HANDLES_MAX && s->handle[i] != NULL)
		i++;
	return i;
}

void
sftp_handle_add(struct sftp *s, size_t i, uint32_t id, enum handle_kind kind,
    const struct files_reply *r, int fd, bool append)
{
	struct handle *h = calloc(1, sizeof *h);

	if (h == NULL) {
		if (fd != -1)
			close(fd);
		sftp_fail(s, _("out of memory")); /* files ends what it began */
		return;
	}
	h->kind = kind;
	h->serial = ++s->serial;
	h->fd = fd;
	h->number = r->number;
	h->stat = r->stat;
	h->append = append;
	h->entries = r->entries;
	h->cut = r->cut != 0;
	s->handle[i] = h;
	sftp_begin(&s->out, SFTP_HANDLE, id);
	sftp_put_u32(&s->out, 8);
	sftp_put_u32(&s->out, (uint32_t)i);
	sftp_put_u32(&s->out, h->serial);
	sftp_end(&s->out);
}

int
sftp_handle_end(struct sftp *s, struct handle *h, bool closed, bool orderly)
{
	bool whole;
	int error = 0;

	if (h->kind == HANDLE_UPLOAD) {
		whole = !h->troubled && ranges_cover(&h->moved, h->bytes);
		error = ask_end(
		    s, closed && whole ? FILES_COMMIT : FILES_ABORT, h, closed);
		if (closed && !whole)
			error = EIO;
	} else if (h->kind == HANDLE_FILE && h->number != 0) {
		whole = ranges_reach(&h->moved, h->stat.size);
		ask_end(s, FILES_PULL_END, h, whole && (closed || orderly));
	}
	if (h->fd != -1)
		close(h->fd);
	free(h);
	return error;
}
