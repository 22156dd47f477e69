/*
 * Messages between processes: the input is what a process that was taken over
 * writes to its channel.  The first byte says how many descriptors come along.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
send_with(int sock, const uint8_t *data, size_t n, size_t fds)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(8 * sizeof(int))];
	} c;
	char *copy = malloc(n + 1);
	struct iovec iov = { copy, n };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (copy == NULL)
		return;
	if (n > 0)
		memcpy(copy, data, n);
	memset(&c, 0, sizeof c);
	if (fds > 0) {
		struct cmsghdr *m;

		h.msg_control = c.room;
		h.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		m = CMSG_FIRSTHDR(&h);
		m->cmsg_level = SOL_SOCKET;
		m->cmsg_type = SCM_RIGHTS;
		m->cmsg_len = CMSG_LEN(fds * sizeof(int));
		for (size_t i = 0; i < fds; i++)
			memcpy(
			    CMSG_DATA(m) + i * sizeof sock, &sock, sizeof sock);
	}
	(void)!sendmsg(sock, &h, MSG_DONTWAIT | MSG_NOSIGNAL);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	union {
		struct wire head;
		uint8_t bytes[WIRE_MAX];
	} m;
	int pair[2], fd = -1, got;

	if (n == 0 || wire_pair(pair) == -1)
		return 0;
	send_with(pair[0], data + 1, n - 1, data[0] % 8);
	close(pair[0]);
	got = wire_recv(pair[1], &m, sizeof m, &fd);
	if (got == 1 &&
	    (m.head.size != n - 1 || wire_size(m.head.type) != n - 1 ||
		(data[0] % 8 > 1)))
		abort(); /* it took what is no message */
	if (got == 1 && fd != -1)
		close(fd);
	close(pair[1]);
	/* A descriptor that leaked is found here soon. */
	got = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (got > 200)
		abort();
	close(got);
	return 0;
}
