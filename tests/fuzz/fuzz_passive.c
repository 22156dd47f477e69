/*
 * What an FTP child and its accepting process tell each other about listeners
 * (WIRE_PASSIVE), when the other one was taken over.  The first byte chooses
 * the side that is under attack, the rest are messages: a byte that says how
 * each is made, two of length, then its bytes.
 *
 * The accepting process answers what is a question, once, with a listener that
 * listens where it says; a child has either a listener or a reason why not.
 * Neither keeps a descriptor that nobody asked for.
 */
#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/ftp_data.h"
#include "net/tls.h"
#include "server/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define MESSAGES_MAX 8
#define DESCRIPTORS 100 /* more than are ever open */

/* How a message is made. */
enum {
	HOW_FDS = 3,      /* descriptors that come along */
	HOW_LISTENER = 4, /* they are listeners */
	HOW_WHOLE = 8,    /* it has the head of a WIRE_PASSIVE */
	HOW_FIRST = 16    /* whose id is that of the first question */
};

union message {
	struct wire head;
	struct wire_passive passive;
	uint8_t bytes[WIRE_MAX];
};

static int
descriptor(uint8_t how)
{
	int fd;

	if (!(how & HOW_LISTENER))
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd != -1)
		listen(fd, 1);
	return fd;
}

static void
send_one(int sock, uint8_t how, void *bytes, size_t n)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(HOW_FDS * sizeof(int))];
	} c;
	struct iovec iov = { bytes, n };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	size_t fds = how & HOW_FDS;
	int fd = descriptor(how);

	assert(fd != -1 && fd < DESCRIPTORS);
	memset(&c, 0, sizeof c);
	if (fds > 0) {
		struct cmsghdr *m = &c.align;

		h.msg_control = c.room;
		h.msg_controllen = CMSG_SPACE(fds * sizeof fd);
		m->cmsg_level = SOL_SOCKET;
		m->cmsg_type = SCM_RIGHTS;
		m->cmsg_len = CMSG_LEN(fds * sizeof fd);
		for (size_t i = 0; i < fds; i++)
			memcpy(CMSG_DATA(m) + i * sizeof fd, &fd, sizeof fd);
	}
	(void)!sendmsg(sock, &h, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

/* What the other one says, all at once; then it hangs up for writing. */
static void
send_all(int sock, const uint8_t *data, size_t n)
{
	for (size_t i = 0; n >= 3 && i < MESSAGES_MAX; i++) {
		size_t want = (size_t)data[1] << 8 | data[2];
		uint8_t how = data[0];
		union message m;

		data += 3;
		n -= 3;
		if (want > n)
			want = n;
		if (want > sizeof m)
			want = sizeof m;
		memset(&m, 0, sizeof m);
		if (want > 0)
			memcpy(&m, data, want);
		data += want;
		n -= want;
		if (how & HOW_WHOLE) {
			want = sizeof m.passive;
			m.head.type = WIRE_PASSIVE;
			m.head.size = sizeof m.passive;
		}
		if (how & HOW_FIRST)
			m.head.id = 1;
		send_one(sock, how, &m, want);
	}
	shutdown(sock, SHUT_WR);
}

/* The answer to a question, as the child finds it. */
static void
check_answer(int child, const struct wire *ask)
{
	struct sockaddr_in a;
	socklen_t n = sizeof a, yes_n = sizeof(int);
	union message m;
	int fd, yes = 0;

	assert(wire_recv(child, &m, sizeof m, &fd) == 1);
	assert(m.head.type == WIRE_PASSIVE && m.head.id == ask->id);
	assert((m.passive.error == 0) == (fd != -1));
	if (fd == -1)
		return;
	assert(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
	assert(a.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	assert(ntohs(a.sin_port) == m.passive.port && m.passive.port != 0);
	assert(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &yes_n) == 0);
	assert(yes == 1);
	close(fd);
}

/* As master.c hears its children and ftp.c what they ask. */
static void
attack_master(int master, int child, const uint8_t *data, size_t n)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_storage at;
	union message m;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memset(&at, 0, sizeof at);
	memcpy(&at, &in, sizeof in);
	send_all(child, data, n);
	while (wire_recv(master, &m, sizeof m, NULL) == 1 &&
	       m.head.type == WIRE_PASSIVE) {
		assert(ftp_data_grant(master, &m.head, &at, 0, 0) == 0);
		check_answer(child, &m.head);
	}
}

static void
attack_child(int master, int child, const uint8_t *data, size_t n)
{
	struct ftp_data_with with = { .report = child, .idle_s = 1 };
	bool draining = false;
	struct ftp_data *d;
	uint16_t port = 0;
	enum ftp_end end;

	with.draining = &draining;
	d = ftp_data_new(&with);
	if (d == NULL)
		return;
	send_all(master, data, n);
	do {
		end = ftp_data_passive(d, &port);
		assert(end == FTP_END_WELL || end == FTP_END_NO_PORT ||
		       end == FTP_END_MASTER);
		assert((end == FTP_END_WELL) == ftp_data_is_passive(d));
		assert((end == FTP_END_WELL) == (ftp_data_listener(d) != -1));
		ftp_data_knock(d);
	} while (end != FTP_END_MASTER);
	ftp_data_free(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int pair[2], fd;

	if (n == 0 || wire_pair(pair) == -1)
		return 0;
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	if (data[0] & 1)
		attack_master(pair[0], pair[1], data + 1, n - 1);
	else
		attack_child(pair[0], pair[1], data + 1, n - 1);
	close(pair[0]);
	close(pair[1]);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert(fd < DESCRIPTORS); /* or one leaks each time */
	close(fd);
	return 0;
}
