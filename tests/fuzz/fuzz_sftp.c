/*
 * An SFTP session given any bytes: what is answered are whole packets, and no
 * more than fits.  files is a function here, which allows everything.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/files.h"
#include "net/sftp.h"
#include "net/sftp_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define SIZE 5000u

static int
memfd_of(size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd == -1 || ftruncate(fd, (off_t)size) == -1)
		abort();
	return fd;
}

int
files_ask(
    int sock, const struct files_request *q, struct files_reply *r, int *fd)
{
	(void)sock;
	if (memchr(q->path, '\0', sizeof q->path) == NULL ||
	    memchr(q->path2, '\0', sizeof q->path2) == NULL)
		abort();
	memset(r, 0, sizeof *r);
	*fd = -1;
	if (q->op == FILES_OPEN || q->op == FILES_CREATE) {
		r->number = 1;
		r->stat.size = q->op == FILES_OPEN ? SIZE : 0;
		*fd = memfd_of(r->stat.size);
	} else if (q->op == FILES_LIST) {
		r->entries = 100;
		*fd = memfd_of(100 * sizeof(struct files_entry));
	}
	return 0;
}

static uint32_t
u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Is what was answered a row of whole packets?  The last one need not be. */
static void
look_at(const uint8_t *p, size_t n)
{
	while (n >= 5) {
		uint32_t len = u32(p);

		if (len < 5 || len > SFTP_PACKET_MAX)
			abort();
		if (p[4] != SFTP_VERSION && p[4] != SFTP_EXTENDED_REPLY &&
		    (p[4] < SFTP_STATUS || p[4] > SFTP_ATTRS))
			abort();
		if (len > n - 4)
			return;
		p += 4 + len;
		n -= 4 + len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t out[1024 * 1024];
	const struct grant grant = { .user = "fuzz" };
	struct sftp *s = sftp_new(-1, &grant, 1000000, SFTP_PENDING_SOON);
	size_t out_n = 0;

	if (s == NULL)
		abort();
	for (;;) {
		size_t k = sftp_take(s, data, n);
		int rc = sftp_run(s);
		struct slice p = sftp_pending(s);

		if (p.n > SFTP_PENDING_SOON || sftp_ripe(s) > p.n)
			abort();
		data += k;
		n -= k;
		if (p.n > sizeof out - out_n)
			break;
		if (p.n > 0)
			memcpy(out + out_n, p.p, p.n);
		out_n += p.n;
		sftp_sent(s, p.n);
		if (rc == -1 || (k == 0 && p.n == 0))
			break;
	}
	look_at(out, out_n);
	sftp_free(s, true);
	return 0;
}
