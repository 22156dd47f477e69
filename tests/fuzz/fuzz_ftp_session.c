/*
 * A whole FTP session, given any bytes: what is answered are FTP's replies,
 * line by line, what is asked of files stays below the top and within the file,
 * and over plain FTP nothing is uploaded.  auth, files and the data connections
 * are functions here; the control connection is a socket.
 *
 * The first byte says whether the session begins with a login, the second how
 * data connections end.
 */
#include <assert.h>
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/auth.h"
#include "net/files.h"
#include "net/ftp_child.h"
#include "net/ftp_data.h"
#include "net/ftp_upload.h"
#include "server/sandbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define SIZE 5000u
#define IN_MAX 65536u

/* --- what is beside the session --- */

int
sandbox_enter(enum sandbox_role r, const struct conf *c, struct err *e)
{
	(void)r;
	(void)c;
	(void)e;
	return 0;
}

int __wrap_auth_ask(int sock, const struct auth_request *q,
    struct auth_reply *r, bool *revoked);
int __wrap_files_ask(
    int sock, const struct files_request *q, struct files_reply *r, int *fd);

int
__wrap_auth_ask(
    int sock, const struct auth_request *q, struct auth_reply *r, bool *revoked)
{
	(void)sock;
	assert(q->method == AUTH_PASSWORD && q->protocol == PROTO_FTP);
	assert(q->user_n <= sizeof q->user && q->secret_n <= sizeof q->secret);
	memset(r, 0, sizeof *r);
	*revoked = false;
	r->verdict =
	    q->secret_n == 1 && q->secret[0] == 'p' ? AUTH_YES : AUTH_NO;
	memcpy(r->grant.user, "fuzz", 5);
	return 0;
}

static int
memfd_of(size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd == -1 || ftruncate(fd, (off_t)size) == -1)
		abort();
	return fd;
}

int
__wrap_files_ask(
    int sock, const struct files_request *q, struct files_reply *r, int *fd)
{
	bool about_pull = q->op == FILES_PULL_END || q->op == FILES_PULL_AT;

	(void)sock;
	assert(memchr(q->path, '\0', sizeof q->path) != NULL);
	assert(about_pull || q->path[0] == '/');
	assert(strstr(q->path, "/../") == NULL);
	assert(q->op != FILES_CREATE && q->op != FILES_RENAME &&
	       q->op != FILES_REMOVE);
	memset(r, 0, sizeof *r);
	*fd = -1;
	if (q->op == FILES_PULL_END)
		assert(q->number == 7 && q->bytes <= SIZE);
	if (strstr(q->path, "none") != NULL) {
		r->error = 2;
	} else if (q->op == FILES_OPEN) {
		r->number = 7;
		r->stat.size = SIZE;
		*fd = memfd_of(SIZE);
	} else if (q->op == FILES_LIST) {
		r->entries = 3;
		*fd = memfd_of(3 * sizeof(struct files_entry));
	} else if (q->op == FILES_STAT) {
		r->stat.size = SIZE;
		r->stat.is_dir = strchr(q->path, '.') == NULL;
	}
	return 0;
}

/* --- data connections --- */

struct ftp_data {
	struct ftp_data_with with;
	bool passive;
};
static enum ftp_end how_it_ends;

struct ftp_data *
ftp_data_new(const struct ftp_data_with *w)
{
	struct ftp_data *d = calloc(1, sizeof *d);

	if (d != NULL)
		d->with = *w;
	return d;
}

void
ftp_data_free(struct ftp_data *d)
{
	free(d);
}

void
ftp_data_protect(struct ftp_data *d, bool with_tls)
{
	(void)d;
	assert(!with_tls); /* there is no TLS here */
}

enum ftp_end
ftp_data_passive(struct ftp_data *d, uint16_t *port)
{
	*port = 4242;
	d->passive = true;
	return FTP_END_WELL;
}

bool
ftp_data_is_passive(const struct ftp_data *d)
{
	return d->passive;
}

int
ftp_data_listener(const struct ftp_data *d)
{
	(void)d;
	return -1;
}

void
ftp_data_knock(struct ftp_data *d)
{
	(void)d;
}

void
ftp_data_close(struct ftp_data *d)
{
	d->passive = false;
}

/* What comes over the control connection meanwhile. */
static bool
listen_in(struct ftp_data *d)
{
	struct ftp_watch *w = &d->with.watch;

	return poll(w->fd, w->n, 0) <= 0 || w->heard(w->ctx);
}

enum ftp_end
ftp_data_accept(struct ftp_data *d)
{
	assert(d->passive);
	return listen_in(d) ? FTP_END_WELL : FTP_END_ABORTED;
}

static enum ftp_end
end_it(struct ftp_data *d, uint64_t n, struct ftp_moved *moved)
{
	bool goes_on = listen_in(d);

	d->passive = false;
	moved->whole = goes_on && how_it_ends == FTP_END_WELL;
	moved->bytes = moved->whole ? n : n / 2;
	d->with.watch.moved(d->with.watch.ctx, moved->bytes);
	return goes_on ? how_it_ends : FTP_END_ABORTED;
}

enum ftp_end
ftp_data_send_file(struct ftp_data *d, int fd, uint64_t offset, uint64_t n,
    struct ftp_moved *moved)
{
	assert(fd != -1 && offset <= SIZE && n <= SIZE - offset);
	return end_it(d, n, moved);
}

enum ftp_end
ftp_data_send_bytes(
    struct ftp_data *d, const void *p, size_t n, struct ftp_moved *moved)
{
	const char *bytes = p;

	assert(n == 0 || bytes[n - 1] == '\n');
	return end_it(d, n, moved);
}

enum ftp_end
ftp_data_receive(
    struct ftp_data *d, int fd, uint64_t max, struct ftp_moved *moved)
{
	(void)d;
	(void)fd;
	(void)max;
	(void)moved;
	abort();
}

unsigned
ftp_end_code(enum ftp_end end)
{
	return end == FTP_END_WELL ? 226 : 426;
}

const char *
ftp_end_text(enum ftp_end end)
{
	return end == FTP_END_WELL ? "Well." : "Not so well.";
}

/* --- the client --- */

struct client {
	int fd;
	size_t n;
	char begin[4]; /* of the line */
	uint8_t last;
};

/* Whether each line begins as one of a reply does, and ends by CRLF. */
static void
look_at(struct client *c, uint8_t byte)
{
	if (byte == '\n') {
		assert(c->last == '\r' && c->n >= 2);
		assert(c->begin[0] == ' ' || c->begin[0] == '-' ||
		       c->begin[0] == 'd' || /* a line of a listing */
		       (c->n >= 4 && isdigit((unsigned char)c->begin[0]) &&
			   isdigit((unsigned char)c->begin[2]) &&
			   (c->begin[3] == ' ' || c->begin[3] == '-')));
		c->n = 0;
	} else {
		if (c->n < sizeof c->begin)
			c->begin[c->n] = (char)byte;
		c->n++;
	}
	c->last = byte;
}

static void *
read_all(void *arg)
{
	struct client *c = arg;
	uint8_t bytes[4096];
	ssize_t n;

	while ((n = read(c->fd, bytes, sizeof bytes)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			look_at(c, bytes[i]);
	}
	shutdown(c->fd, SHUT_RDWR);
	return NULL;
}

static void
send_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t rc = send(fd, at, n, MSG_NOSIGNAL);

		if (rc <= 0)
			return;
		at += rc;
		n -= (size_t)rc;
	}
}

static struct conf *
configured(void)
{
	static const char text[] = "ftp_plain = yes\nftp_port = 2121\n"
				   "feed main { }\n";
	struct conf *c = NULL;
	struct err e = ERR_EMPTY;

	if (conf_parse(&c, text, strlen(text), "/x/convdrop.conf", &e) == -1)
		abort();
	return c;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char in[] = "USER u\r\nPASS p\r\nEPSV\r\n";
	static const char out[] = "\r\n\r\nQUIT\r\n";
	static struct conf *conf;
	struct connection it = { .protocol = PROTO_FTP };
	struct client c = { .fd = -1 };
	int pair[2], report[2], auth[2];
	pthread_t reader;

	if (conf == NULL)
		conf = configured();
	if (n < 2 || n > IN_MAX)
		return 0;
	how_it_ends = data[1] % FTP_END_MASTER;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 ||
	    wire_pair(report) == -1 || wire_pair(auth) == -1)
		abort();
	it.fd = pair[0];
	fcntl(it.fd, F_SETFL, O_NONBLOCK);
	it.at.ss_family = AF_INET;
	it.from = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
	it.report = report[0];
	it.auth = auth[0];
	it.files = -1;
	if (data[0] & 1)
		send_all(pair[1], in, strlen(in));
	send_all(pair[1], data + 2, n - 2);
	send_all(pair[1], out, strlen(out));
	c.fd = pair[1];
	if (pthread_create(&reader, NULL, read_all, &c) != 0)
		abort();
	assert(ftp_child_run(&it, conf, NULL) == 0);
	shutdown(it.fd, SHUT_RDWR);
	pthread_join(reader, NULL);
	for (size_t i = 0; i < 2; i++) {
		close(pair[i]);
		close(report[i]);
		close(auth[i]);
	}
	return 0;
}
