/*
 * What each SFTP request does; the table at the end says which are known.
 */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "net/path.h"
#include "net/sftp_session.h"
#include "server/lang.h"

#define NAME_MAX_BYTES (4 + 255 + 4 + SFTP_LONG_MAX + SFTP_ATTRS_MAX)

static const struct slice no_path = { "", 0 };

static void
do_init(struct sftp *s, const struct sftp_request *q)
{
	static const char *const extension[][2] = {
		{ "posix-rename@openssh.com", "1" },
		{ "fsync@openssh.com", "1" },
		{ "limits@openssh.com", "1" },
	};

	if (s->greeted || q->id < 3) {
		sftp_fail(s, _("the client does not speak SFTP version 3"));
		return;
	}
	s->greeted = true;
	sftp_begin(&s->out, SFTP_VERSION, 3);
	for (size_t i = 0; i < sizeof extension / sizeof *extension; i++) {
		sftp_put_string(&s->out, slice_of(extension[i][0]));
		sftp_put_string(&s->out, slice_of(extension[i][1]));
	}
	sftp_end(&s->out);
}

static void
open_to_write(struct sftp *s, const struct sftp_request *q, size_t place)
{
	struct files_reply r;
	int error = 0, fd = -1;

	if (q->flags & SFTP_OPEN_EXCLUSIVE) {
		error = sftp_ask(s, FILES_STAT, q->name, no_path, &r, NULL);
		error = error == ENOENT ? 0 : error == 0 ? EEXIST : error;
	}
	if (error == 0)
		error = sftp_ask(s, FILES_CREATE, q->name, no_path, &r, &fd);
	if (error != 0) {
		sftp_answer(s, q->id, error);
		return;
	}
	sftp_handle_add(s, place, q->id, HANDLE_UPLOAD, &r, fd,
	    (q->flags & SFTP_OPEN_APPEND) != 0);
}

/* FILES_OPEN or FILES_LIST. */
static void
open_to_read(struct sftp *s, const struct sftp_request *q, size_t place,
    enum files_op op, enum handle_kind kind)
{
	struct files_reply r;
	int error, fd = -1;

	error = sftp_ask(s, op, q->name, no_path, &r, &fd);
	if (error != 0)
		sftp_answer(s, q->id, error);
	else
		sftp_handle_add(s, place, q->id, kind, &r, fd, false);
}

static void
do_open(struct sftp *s, const struct sftp_request *q)
{
	size_t place = sftp_place(s);

	if (place == SFTP_HANDLES_MAX)
		sftp_answer(s, q->id, EMFILE);
	else if (q->flags & SFTP_OPEN_WRITE)
		open_to_write(s, q, place);
	else
		open_to_read(s, q, place, FILES_OPEN, HANDLE_FILE);
}

static void
do_opendir(struct sftp *s, const struct sftp_request *q)
{
	size_t place = sftp_place(s);

	if (place == SFTP_HANDLES_MAX)
		sftp_answer(s, q->id, EMFILE);
	else
		open_to_read(s, q, place, FILES_LIST, HANDLE_FOLDER);
}

static void
do_close(struct sftp *s, const struct sftp_request *q)
{
	struct handle *h = sftp_handle(s, q->name);

	if (h == NULL) {
		sftp_answer(s, q->id, EBADF);
		return;
	}
	s->handle[(uint8_t)q->name.p[3]] = NULL;
	sftp_answer(s, q->id, sftp_handle_end(s, h, true, true));
}

static void
do_read(struct sftp *s, const struct sftp_request *q)
{
	struct handle *h = sftp_handle(s, q->name);
	uint64_t n = q->len < SFTP_READ_MAX ? q->len : SFTP_READ_MAX;

	if (h == NULL || h->kind == HANDLE_FOLDER) {
		sftp_answer(s, q->id, EBADF);
	} else if (h->kind == HANDLE_UPLOAD) {
		sftp_answer(s, q->id, EACCES);
	} else if (q->offset >= h->stat.size) {
		sftp_put_status(&s->out, q->id, SFTP_EOF,
		    _("This is the end of the file."));
	} else {
		if (n > h->stat.size - q->offset)
			n = h->stat.size - q->offset;
		sftp_put_data_head(&s->out, q->id, (uint32_t)n);
		s->data_n = SFTP_DATA_HEAD + n;
		s->rest.h = h;
		s->rest.offset = q->offset;
		s->rest.n = (uint32_t)n;
	}
}

/* All of it, or an errno. */
static int
write_at(int fd, struct slice bytes, uint64_t offset)
{
	while (bytes.n > 0) {
		ssize_t n = pwrite(fd, bytes.p, bytes.n, (off_t)offset);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? EIO : errno;
		bytes.p += n;
		bytes.n -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static void
do_write(struct sftp *s, const struct sftp_request *q)
{
	struct handle *h = sftp_handle(s, q->name);
	uint64_t at;
	int error;

	if (h == NULL || h->kind != HANDLE_UPLOAD) {
		sftp_answer(s, q->id, h == NULL ? EBADF : EACCES);
		return;
	}
	at = h->append ? h->bytes : q->offset;
	if (at > s->upload_max || q->other.n > s->upload_max - at)
		error = EFBIG;
	else
		error = write_at(h->fd, q->other, at);
	if (error != 0) {
		h->troubled = true;
	} else {
		ranges_add(&h->moved, at, at + q->other.n);
		if (at + q->other.n > h->bytes)
			h->bytes = at + q->other.n;
	}
	sftp_answer(s, q->id, error);
}

static void
do_stat(struct sftp *s, const struct sftp_request *q)
{
	struct files_reply r;
	int error = sftp_ask(s, FILES_STAT, q->name, no_path, &r, NULL);

	if (error != 0)
		sftp_answer(s, q->id, error);
	else
		sftp_answer_attrs(s, q->id, &r.stat);
}

static void
do_fstat(struct sftp *s, const struct sftp_request *q)
{
	struct handle *h = sftp_handle(s, q->name);
	struct files_stat st;

	if (h == NULL) {
		sftp_answer(s, q->id, EBADF);
		return;
	}
	st = h->stat;
	if (h->kind == HANDLE_UPLOAD)
		st.size = h->bytes;
	else if (h->kind == HANDLE_FOLDER)
		st.is_dir = 1;
	sftp_answer_attrs(s, q->id, &st);
}

/* Clients set times and modes of what they upload; we keep our own. */
static void
do_setstat(struct sftp *s, const struct sftp_request *q)
{
	struct files_reply r;
	int error = sftp_ask(s, FILES_STAT, q->name, no_path, &r, NULL);

	if (error == 0 && (r.stat.is_dir || !r.stat.writable))
		error = EACCES;
	sftp_answer(s, q->id, error);
}

static void
do_fsetstat(struct sftp *s, const struct sftp_request *q)
{
	const struct handle *h = sftp_handle(s, q->name);

	sftp_answer(s, q->id,
	    h == NULL                  ? EBADF
	    : h->kind == HANDLE_UPLOAD ? 0
				       : EACCES);
}

static void
put_entry(struct sftp_out *o, struct files_entry *e, int64_t now)
{
	struct sftp_attrs a = sftp_attrs_of(&e->stat);
	char line[SFTP_LONG_MAX];

	e->name[sizeof e->name - 1] = '\0';
	sftp_long_name(line, e->name, &a, now);
	sftp_put_string(o, slice_of(e->name));
	sftp_put_string(o, slice_of(line));
	sftp_put_attrs(o, &a);
}

static void
do_readdir(struct sftp *s, const struct sftp_request *q)
{
	struct handle *h = sftp_handle(s, q->name);
	struct files_entry e[64];
	int64_t now = time(NULL);
	uint32_t n = 0, want;
	size_t count_at;

	if (h == NULL || h->kind != HANDLE_FOLDER) {
		sftp_answer(s, q->id, EBADF);
		return;
	}
	want =
	    (uint32_t)((sftp_room(&s->out) - SFTP_DATA_HEAD) / NAME_MAX_BYTES);
	if (want > sizeof e / sizeof *e)
		want = sizeof e / sizeof *e;
	if (want > h->entries - h->next)
		want = h->entries - h->next;
	if (want == 0 ||
	    pread(h->fd, e, want * sizeof *e, (off_t)(h->next * sizeof *e)) !=
		(ssize_t)(want * sizeof *e)) {
		sftp_put_status(&s->out, q->id, SFTP_EOF,
		    h->cut ? _("The folder has more files than these; the "
			       "others can be fetched by their names.")
			   : _("This is the end of the folder."));
		return;
	}
	sftp_begin(&s->out, SFTP_NAME, q->id);
	count_at = s->out.n;
	sftp_put_u32(&s->out, 0);
	for (; n < want; n++)
		put_entry(&s->out, &e[n], now);
	sftp_set_u32(&s->out, count_at, n);
	sftp_end(&s->out);
	h->next += n;
}

static void
do_realpath(struct sftp *s, const struct sftp_request *q)
{
	const struct sftp_attrs none = { 0, 0, true, false };
	char path[FILES_PATH_MAX], line[SFTP_LONG_MAX];

	if (!path_absolute(path, "/", q->name)) {
		sftp_answer(s, q->id, EINVAL);
		return;
	}
	sftp_long_name(line, path, &none, 0);
	sftp_begin(&s->out, SFTP_NAME, q->id);
	sftp_put_u32(&s->out, 1);
	sftp_put_string(&s->out, slice_of(path));
	sftp_put_string(&s->out, slice_of(line));
	sftp_put_attrs(&s->out, &none);
	sftp_end(&s->out);
}

static void
do_remove(struct sftp *s, const struct sftp_request *q)
{
	struct files_reply r;

	sftp_answer(
	    s, q->id, sftp_ask(s, FILES_REMOVE, q->name, no_path, &r, NULL));
}

static void
do_rename(struct sftp *s, const struct sftp_request *q)
{
	struct files_reply r;

	sftp_answer(
	    s, q->id, sftp_ask(s, FILES_RENAME, q->name, q->other, &r, NULL));
}

static void
do_refuse(struct sftp *s, const struct sftp_request *q)
{
	sftp_answer(s, q->id, EACCES);
}

static void
do_extended(struct sftp *s, const struct sftp_request *q)
{
	const struct handle *h;

	if (slice_is(q->name, "limits@openssh.com")) {
		sftp_begin(&s->out, SFTP_EXTENDED_REPLY, q->id);
		sftp_put_u64(&s->out, SFTP_PACKET_MAX);
		sftp_put_u64(&s->out, SFTP_READ_MAX);
		sftp_put_u64(&s->out, SFTP_READ_MAX); /* of a WRITE too */
		sftp_put_u64(&s->out, SFTP_HANDLES_MAX);
		sftp_end(&s->out);
	} else if (slice_is(q->name, "fsync@openssh.com")) {
		/* files syncs at the commit, before it is a dump */
		h = sftp_handle(s, q->other);
		sftp_answer(s, q->id, h == NULL ? EBADF : 0);
	} else {
		sftp_answer(s, q->id, EOPNOTSUPP);
	}
}

void (*const sftp_handler[256])(
    struct sftp *s, const struct sftp_request *q) = {
	[SFTP_INIT] = do_init,
	[SFTP_OPEN] = do_open,
	[SFTP_CLOSE] = do_close,
	[SFTP_READ] = do_read,
	[SFTP_WRITE] = do_write,
	[SFTP_LSTAT] = do_stat,
	[SFTP_FSTAT] = do_fstat,
	[SFTP_SETSTAT] = do_setstat,
	[SFTP_FSETSTAT] = do_fsetstat,
	[SFTP_OPENDIR] = do_opendir,
	[SFTP_READDIR] = do_readdir,
	[SFTP_REMOVE] = do_remove,
	[SFTP_MKDIR] = do_refuse,
	[SFTP_RMDIR] = do_refuse,
	[SFTP_REALPATH] = do_realpath,
	[SFTP_STAT] = do_stat,
	[SFTP_RENAME] = do_rename,
	[SFTP_READLINK] = do_refuse,
	[SFTP_SYMLINK] = do_refuse,
	[SFTP_EXTENDED] = do_extended,
};
