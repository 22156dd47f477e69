/*
 * One file over explicit FTPS, TLS 1.3 with AES-128-GCM alone, by a client that
 * costs little, so that what is measured is the server.
 *
 *	echo USER PASSWORD | ftps_pull PORT PATH decrypt|count
 *
 * decrypt: OpenSSL, with large reads of the socket; every record is decrypted
 * and thrown away.
 * count: as little as a client can do at all.  Once there are keys the kernel
 * throws away what comes, uncopied, and says how much it was.
 *
 * Prints the seconds from RETR to the last reply, the bytes that came (counted:
 * those of the records, which are a little more than the file's), the client's
 * own processor seconds meanwhile, and what the data connection agreed on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RECORD 16384
#define AT_ONCE (256 * 1024) /* bytes of the socket in one call */

static int control;     /* the connection, */
static SSL *secured;    /* and its TLS once there is some */
static char said[4096]; /* the last line of a reply */

static void
fail(const char *what)
{
	fprintf(stderr, "ftps_pull: %s (%s)\n", what, said);
	exit(1);
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
worked(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return seconds(r.ru_utime) + seconds(r.ru_stime);
}

/* --- the control connection --- */

static int
open_to(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof to) == -1)
		fail("no connection");
	return fd;
}

static void
hear_line(void)
{
	size_t n = 0;
	char c = 0;

	while (c != '\n' && n < sizeof said - 1) {
		long got = secured != NULL ? SSL_read(secured, &c, 1)
					   : read(control, &c, 1);

		if (got != 1)
			fail("the control connection broke");
		said[n++] = c;
	}
	said[n] = '\0';
	said[strcspn(said, "\r\n")] = '\0';
}

/* The last line of a reply, which has to begin with that digit. */
static void
hear(char wanted)
{
	do {
		hear_line();
	} while (strlen(said) < 4 || strspn(said, "0123456789") != 3 ||
		 said[3] != ' ');
	if (said[0] != wanted)
		fail("that was not expected");
}

__attribute__((format(printf, 1, 2))) static void
say(const char *format, ...)
{
	char line[1024];
	va_list a;
	int n;
	long sent;

	va_start(a, format);
	n = vsnprintf(line, sizeof line, format, a);
	va_end(a);
	sent = secured != NULL ? SSL_write(secured, line, n)
			       : write(control, line, (size_t)n);
	if (sent != n)
		fail("the control connection takes no more");
}

static SSL *
secure(SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		fail("the handshake failed");
	return ssl;
}

static int
passive_port(void)
{
	const char *at;

	say("EPSV\r\n");
	hear('2');
	at = strstr(said, "(|||");
	if (at == NULL)
		fail("no port");
	return atoi(at + 4);
}

static void
log_in(SSL_CTX *ctx)
{
	char user[128], password[256];

	if (scanf("%127s %255s", user, password) != 2)
		fail("USER PASSWORD is expected on standard input");
	hear('2');
	say("AUTH TLS\r\n");
	hear('2');
	secured = secure(ctx, control);
	say("USER %s\r\n", user);
	hear_line();
	if (said[0] == '3') {
		say("PASS %s\r\n", password);
		hear('2');
	}
	say("PBSZ 0\r\n");
	hear('2');
	say("PROT P\r\n");
	hear('2');
	say("TYPE I\r\n");
	hear('2');
}

/* --- the data --- */

static unsigned long long
drain(SSL *data)
{
	static char record[RECORD];
	unsigned long long n = 0;
	int got;

	while ((got = SSL_read(data, record, sizeof record)) > 0)
		n += (unsigned long long)got;
	if (SSL_get_error(data, got) != SSL_ERROR_ZERO_RETURN)
		fail("the data connection broke");
	SSL_shutdown(data);
	return n;
}

/* Its own end is said at once, as it will not see the server's, which some wait
 * to have answered before they close.  Others close without having read it,
 * which resets the connection: what came by then is told all the same. */
static unsigned long long
count(SSL *data, int fd)
{
	unsigned long long n = 0;
	ssize_t got;

	SSL_shutdown(data);
	while ((got = recv(fd, NULL, 4 * AT_ONCE, MSG_TRUNC)) > 0)
		n += (unsigned long long)got;
	if (got == -1 && errno != ECONNRESET)
		fail("the data connection broke");
	return n;
}

int
main(int argc, char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	double begun, before;
	unsigned long long n;
	SSL *data;
	bool decrypting;
	int fd;

	if (argc != 4)
		return 2;
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256");
	control = open_to(atoi(argv[1]));
	log_in(ctx);
	decrypting = strcmp(argv[3], "decrypt") == 0;
	if (decrypting) {
		SSL_CTX_set_read_ahead(ctx, 1);
		SSL_CTX_set_default_read_buffer_len(ctx, AT_ONCE);
	}
	fd = open_to(passive_port());
	begun = now();
	before = worked();
	say("RETR %s\r\n", argv[2]);
	hear('1');
	data = secure(ctx, fd);
	n = decrypting ? drain(data) : count(data, fd);
	close(fd);
	hear('2');
	printf("%f %llu %f %s %s\n", now() - begun, n, worked() - before,
	    SSL_get_version(data), SSL_get_cipher_name(data));
	return 0;
}
