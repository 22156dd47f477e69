/*
 * The accepting process of the FTP service: the certificate, which every child
 * inherits, and the ports of data.
 */
#include "net/ftp.h"

#include <malloc.h>
#include <signal.h>

#include "net/ftp_child.h"
#include "net/ftp_data.h"
#include "net/master.h"
#include "net/tls.h"
#include "server/log.h"
#include "server/sandbox.h"
#include "server/worker.h"

struct server {
	struct worker *w;
	struct tls_identity *identity;
	uint16_t first, last; /* ports of data; 0, 0: any */
};

static int
serve(void *ctx, const struct connection *it)
{
	const struct server *s = ctx;

	return ftp_child_run(it, s->w->conf, s->identity);
}

static bool
asked(void *ctx, int report, const struct sockaddr_storage *at,
    const struct wire *m)
{
	const struct server *s = ctx;

	return m->type == WIRE_PASSIVE &&
	       ftp_data_grant(report, m, at, s->first, s->last) == 0;
}

/* In the children, what a transfer needs goes back to the system after it, also
 * what its second thread has (ftp_seal.h), which therefore shares the heap. */
static void
settle_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_ARENA_MAX, 1);
}

static int
start(struct server *s, struct err *e)
{
	const struct conf *c = s->w->conf;

	signal(SIGPIPE, SIG_IGN);
	settle_memory();
	conf_ports(c->ftp_passive_ports, &s->first, &s->last);
	if (tls_identity_new(&s->identity, s->w, e) == -1)
		return -1;
	return sandbox_enter(SANDBOX_FTP, c, e);
}

/* What works, but not as the administrator may think. */
static void
warn_of(const struct server *s)
{
	const struct conf *c = s->w->conf;

	if (c->ftp_plain && c->ftp_port != 0)
		log_warn("WARNING: ftp_plain is on: passwords and files go "
			 "over the network unencrypted to whoever does not "
			 "use FTPS. Set ftp_plain = no unless you must.");
	if (s->first != 0 &&
	    (unsigned)(s->last - s->first + 1) <= c->max_per_address)
		log_warn("ftp_passive_ports has no more ports than one address "
			 "may have connections: one client can take them all. "
			 "Give it more than max_per_address.");
}

int
ftp_main(struct worker *w)
{
	static struct server s;
	const struct service service = { serve, asked, &s };
	struct err e = ERR_EMPTY;
	int status;

	s.w = w;
	if (start(&s, &e) == -1) {
		log_error("FTP cannot be served: %s.", e.text);
		return 1;
	}
	warn_of(&s);
	status = master_run(w, &service);
	tls_identity_free(s.identity);
	return status;
}
