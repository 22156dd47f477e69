/*
 * New connections over TLS 1.3 with one request each, one after the other in
 * some processes at a time; new sessions, or the one before resumed.  Prints
 * connections a second.  A status other than 304 or a session that should have
 * been resumed and was not is an error.
 *
 *	tls_connects PORT REQUEST-FILE CONNECTIONS PROCESSES new|resumed
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static SSL_SESSION *last;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
keep(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(last);
	last = session;
	return 1;
}

static int
fail(const char *what)
{
	fprintf(stderr, "tls_connects: %s\n", what);
	return -1;
}

static int
talk(SSL *ssl, int fd, const char *request, size_t n, bool resumed)
{
	char answer[4096];
	int got;

	SSL_set_fd(ssl, fd);
	if (resumed)
		SSL_set_session(ssl, last);
	if (SSL_connect(ssl) != 1)
		return fail("the handshake failed");
	if (resumed && !SSL_session_reused(ssl))
		return fail("the session was not resumed");
	if (SSL_write(ssl, request, (int)n) != (int)n)
		return fail("the request was not taken");
	got = SSL_read(ssl, answer, sizeof answer);
	if (got < 12 || memcmp(answer + 9, "304", 3) != 0)
		return fail("the answer is not 304");
	SSL_shutdown(ssl);
	return 0;
}

static int
once(SSL_CTX *ctx, struct sockaddr_in *to, const char *request, size_t n,
    bool resumed)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), rc = -1;
	SSL *ssl = SSL_new(ctx);

	if (connect(fd, (struct sockaddr *)to, sizeof *to) == -1)
		fail("no connection");
	else
		rc = talk(ssl, fd, request, n, resumed);
	SSL_free(ssl);
	close(fd);
	return rc;
}

int
main(int argc, char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct sockaddr_in to = { .sin_family = AF_INET };
	char request[4096];
	int count, processes, bad = 0, status;
	bool resumed;
	double begin;
	size_t n;
	FILE *f;

	if (argc != 6 || (f = fopen(argv[2], "r")) == NULL)
		return 2;
	n = fread(request, 1, sizeof request, f);
	fclose(f);
	to.sin_port = htons((uint16_t)atoi(argv[1]));
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	count = atoi(argv[3]);
	processes = atoi(argv[4]);
	resumed = strcmp(argv[5], "resumed") == 0;
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256");
	SSL_CTX_set_session_cache_mode(
	    ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, keep);
	begin = now();
	for (int i = 0; i < processes; i++) {
		if (fork() != 0)
			continue;
		for (int k = i; k < count; k += processes) {
			if (once(ctx, &to, request, n, resumed && k > i) == -1)
				_exit(1);
		}
		_exit(0);
	}
	while (wait(&status) != -1)
		bad |= status != 0;
	printf("%f\n", count / (now() - begin));
	return bad;
}
