/*
 * sd_notify: a datagram to a Unix socket.
 */
#include "server/sdnotify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_un address;
static socklen_t address_n; /* 0: nobody listens */
static int64_t ping_ms;     /* 0: no watchdog */
static int64_t last_ms;

void
sdnotify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	size_t n = path == NULL ? 0 : strlen(path);

	if (n >= 2 && n < sizeof address.sun_path &&
	    (path[0] == '/' || path[0] == '@')) {
		address.sun_family = AF_UNIX;
		memcpy(address.sun_path, path, n);
		if (path[0] == '@')
			address.sun_path[0] = '\0';
		address_n =
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	}
	if (usec != NULL && (pid == NULL || atol(pid) == (long)getpid()))
		ping_ms = (int64_t)(strtoull(usec, NULL, 10) / 2000);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void
tell(const char *text)
{
	int sock;

	if (address_n == 0)
		return;
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock == -1)
		return;
	sendto(sock, text, strlen(text), MSG_NOSIGNAL,
	    (const struct sockaddr *)&address, address_n);
	close(sock);
}

void
sdnotify_ready(void)
{
	tell("READY=1");
}

void
sdnotify_reloading(void)
{
	struct timespec t;
	char text[96];

	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	tell(text);
}

void
sdnotify_stopping(void)
{
	tell("STOPPING=1");
}

int
sdnotify_watchdog(int64_t now_ms)
{
	if (ping_ms == 0)
		return -1;
	if (last_ms == 0 || now_ms - last_ms >= ping_ms) {
		tell("WATCHDOG=1");
		last_ms = now_ms;
	}
	return (int)(ping_ms - (now_ms - last_ms));
}
