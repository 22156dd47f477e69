/*
 * One SSH connection.  libssh is driven without blocking by one event loop; its
 * callbacks only note what happened or copy bytes, the loop does the work.
 */
#include "net/ssh_child.h"

#include <errno.h>
#include <fcntl.h>
#include <libssh/callbacks.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "keys/hostkey.h"
#include "keys/secret.h"
#include "server/address.h"
#include "net/auth.h"
#include "server/clock.h"
#include "server/lang.h"
#include "server/log.h"
#include "server/sandbox.h"
#include "net/sftp.h"
#include "net/ssh_pace.h"
#include "net/ssh_packet.h"
#include "net/ssh_profile.h"
#include "net/ssh_proof.h"
#include "net/watchdog.h"

/* More than any window of ours. */
#define BACKLOG_MAX ((size_t)4 * 1024 * 1024)
#define FAREWELL_MS 1000 /* for the last bytes of a session, either way */
#define REST_MS 100      /* until memory of no use is given back */
#define NEAR_US 1000     /* there and back */

/* As the kernel numbers it; <netinet/tcp.h>, which has it, cannot be included
 * beside <linux/tcp.h>. */
#define STATE_CLOSE_WAIT 8

struct client {
	const struct connection *it;
	const struct conf *conf;
	ssh_bind bind;
	char from[INET6_ADDRSTRLEN];
	ssh_session session;
	int tcp; /* its socket once more: libssh closes the other one */
	ssh_event event;
	ssh_channel channel;
	struct sftp *sftp;
	struct grant grant;
	struct negotiated how;
	bool in;         /* logged in */
	bool over;       /* the loop is to end; */
	const char *why; /* perhaps because of this */
	bool eof;        /* the client will send no more, */
	bool closed;     /* and takes no more either */
	bool gone;       /* the connection is no more */
	bool draining;
	unsigned tries;
	size_t backlog;   /* bytes of the channel that libssh still holds */
	struct pace pace; /* of what is sent */
	int64_t deadline; /* of the login */
	int64_t active;   /* when bytes last moved */
	int64_t rested;   /* when they had, when memory was given back */
};

static void
end(struct client *c, const char *why)
{
	c->over = true;
	if (c->why == NULL)
		c->why = why;
}

/* --- login --- */

/* libssh hands names and passwords over as C strings: what follows a NUL in
 * them is lost before we could refuse it. */

/* A request as auth wants it, proven if it is one by key; false when something
 * is too long, or lacks. */
static bool
put(struct auth_pubkey *m, const struct client *c, enum auth_method method,
    const char *user, const void *secret, size_t n)
{
	struct auth_request *q = &m->ask;
	size_t user_n = strlen(user);

	if (method == AUTH_PUBKEY)
		WIRE_INIT(m, WIRE_PUBKEY);
	else
		WIRE_INIT(q, WIRE_AUTH);
	if (user_n > sizeof q->user || n > sizeof q->secret)
		return false;
	q->method = method;
	q->protocol = PROTO_SFTP;
	q->from = c->it->from;
	q->how = c->how;
	q->user_n = (uint32_t)user_n;
	memcpy(q->user, user, user_n);
	q->secret_n = (uint32_t)n;
	memcpy(q->secret, secret, n);
	return method != AUTH_PUBKEY || ssh_proof(&m->proof);
}

static int
ask(struct client *c, enum auth_method method, const char *user,
    const void *secret, size_t n)
{
	struct auth_pubkey q;
	struct auth_reply r;
	bool revoked = false;
	int rc = SSH_AUTH_DENIED;

	if (c->in || c->over)
		return SSH_AUTH_DENIED;
	if (!put(&q, c, method, user, secret, n))
		goto refused;
	if (auth_ask(c->it->auth, &q.ask, &r, &revoked) == -1) {
		end(c, _("the process that knows the users is gone"));
		goto out;
	}
	if (r.verdict == AUTH_YES) {
		rc = SSH_AUTH_SUCCESS;
		if (method != AUTH_PUBKEY_OFFER) {
			c->grant = r.grant;
			c->in = true;
			ssh_proof_forget();
			if (revoked)
				end(c, _("the login was changed or removed"));
		}
		goto out;
	}
	if (r.verdict == AUTH_WAIT)
		auth_hold_back(r.retry_s, c->deadline);
refused:
	if (++c->tries >= c->conf->login_tries)
		end(c, _("too many logins failed"));
out:
	secret_wipe(&q, sizeof q);
	return rc;
}

static int
on_password(
    ssh_session session, const char *user, const char *password, void *ctx)
{
	(void)session;
	return ask(ctx, AUTH_PASSWORD, user, password, strlen(password));
}

static int
on_pubkey(ssh_session session, const char *user, struct ssh_key_struct *key,
    char state, void *ctx)
{
	uint8_t blob[AUTH_SECRET_MAX];
	size_t n = hostkey_blob(key, blob, sizeof blob);

	(void)session;
	if (n == 0)
		return SSH_AUTH_DENIED;
	if (state == SSH_PUBLICKEY_STATE_NONE)
		return ask(ctx, AUTH_PUBKEY_OFFER, user, blob, n);
	if (state == SSH_PUBLICKEY_STATE_VALID)
		return ask(ctx, AUTH_PUBKEY, user, blob, n);
	return SSH_AUTH_DENIED;
}

/* Without this, libssh starts GSSAPI by itself for whoever asks. */
static ssh_string
on_gssapi(
    ssh_session session, const char *user, int n, ssh_string *oids, void *ctx)
{
	(void)session;
	(void)user;
	(void)n;
	(void)oids;
	(void)ctx;
	return NULL;
}

/* --- the channel --- */

static int
on_data(ssh_session session, ssh_channel channel, void *data, uint32_t n,
    int is_stderr, void *ctx)
{
	struct client *c = ctx;
	size_t taken;

	(void)session;
	(void)channel;
	c->active = clock_ms();
	if (is_stderr || c->sftp == NULL)
		return (int)n; /* nobody wants it */
	taken = sftp_take(c->sftp, data, n);
	c->backlog = n - taken;
	if (c->backlog > BACKLOG_MAX)
		end(c, _("the client sends more than the channel's window"));
	return (int)taken;
}

static void
on_eof(ssh_session session, ssh_channel channel, void *ctx)
{
	(void)session;
	(void)channel;
	((struct client *)ctx)->eof = true;
}

static void
on_close(ssh_session session, ssh_channel channel, void *ctx)
{
	struct client *c = ctx;

	(void)session;
	(void)channel;
	c->eof = true;
	c->closed = true;
}

/* Half a window is enough for this way, were it a gigabyte a second. */
static bool
is_near(const struct client *c)
{
	struct tcp_info t = { .tcpi_min_rtt = UINT32_MAX };
	socklen_t n = sizeof t;

	return getsockopt(c->tcp, IPPROTO_TCP, TCP_INFO, &t, &n) == 0 &&
	       t.tcpi_min_rtt < NEAR_US;
}

static int
on_subsystem(
    ssh_session session, ssh_channel channel, const char *name, void *ctx)
{
	struct client *c = ctx;

	(void)channel;
	if (strcmp(name, "sftp") != 0 || c->sftp != NULL)
		return 1;
	c->pace.alone = is_near(c) && ssh_get_openssh_version(session) != 0;
	c->sftp =
	    sftp_new(c->it->files, &c->grant, c->conf->limits.packed_bytes,
		c->pace.alone ? SFTP_PENDING_MAX : SFTP_PENDING_SOON);
	return c->sftp == NULL;
}

/* libssh keeps the pointer, so one per process. */
static struct ssh_channel_callbacks_struct channel_callbacks = {
	.channel_data_function = on_data,
	.channel_eof_function = on_eof,
	.channel_close_function = on_close,
	.channel_subsystem_request_function = on_subsystem,
};

static ssh_channel
on_open(ssh_session session, void *ctx)
{
	struct client *c = ctx;

	if (!c->in || c->channel != NULL)
		return NULL;
	c->channel = ssh_channel_new(session);
	if (c->channel == NULL)
		return NULL;
	ssh_callbacks_init(&channel_callbacks);
	channel_callbacks.userdata = c;
	ssh_set_channel_callbacks(c->channel, &channel_callbacks);
	return c->channel;
}

/* What is not here is refused by libssh: shell, exec, pty, env, forwarding. */
static struct ssh_server_callbacks_struct server_callbacks = {
	.auth_password_function = on_password,
	.auth_pubkey_function = on_pubkey,
	.gssapi_select_oid_function = on_gssapi,
	.channel_open_request_session_function = on_open,
};

/* --- the other descriptors --- */

static int
on_auth(socket_t fd, int events, void *ctx)
{
	struct client *c = ctx;
	union {
		struct wire head;
		struct auth_revoked revoked;
		uint8_t bytes[WIRE_MAX];
	} m;

	(void)events;
	if (wire_recv(fd, &m, sizeof m, NULL) != 1)
		end(c, _("the process that knows the users is gone"));
	else if (m.head.type == WIRE_REVOKED && c->in &&
		 memcmp(m.revoked.handle, c->grant.handle,
		     sizeof m.revoked.handle) == 0)
		end(c, _("the login was changed or removed"));
	return 0;
}

static int
on_report(socket_t fd, int events, void *ctx)
{
	struct client *c = ctx;

	(void)events;
	c->draining = true;
	ssh_event_remove_fd(c->event, fd);
	return -1; /* it is gone from the loop */
}

/* --- the loop --- */

/* Waits for ms at most; false when the connection is gone. */
static bool
turn(struct client *c, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (ssh_event_dopoll(c->event, (int)ms) == SSH_ERROR ||
	    (ssh_get_status(c->session) & (SSH_CLOSED | SSH_CLOSED_ERROR))) {
		c->gone = true;
		end(c, NULL);
	}
	return !c->gone;
}

static bool
writing(const struct client *c)
{
	return (ssh_get_status(c->session) & SSH_WRITE_PENDING) != 0;
}

/* How much of the n bytes pending goes out now. */
static size_t
due(struct client *c, size_t n)
{
	if (c->closed || writing(c)) {
		pace_rest(&c->pace);
		return 0;
	}
	return pace_due(&c->pace, clock_ms(), n, sftp_ripe(c->sftp),
	    ssh_channel_window_size(c->channel));
}

/* Hands libssh what is to be sent; true when it took any. */
static bool
flush(struct client *c)
{
	struct slice s = sftp_pending(c->sftp);
	int n;

	s.n = due(c, s.n);
	if (s.n == 0)
		return false;
	n = ssh_channel_write(c->channel, s.p, (uint32_t)s.n);
	if (n < 0) {
		c->closed = true;
		end(c, NULL);
	}
	if (n <= 0)
		return false;
	sftp_sent(c->sftp, (size_t)n);
	c->active = clock_ms();
	return true;
}

/* Takes what did not fit when it arrived; true when there was any. */
static bool
refill(struct client *c)
{
	uint8_t buf[16384];
	size_t want = sftp_wants(c->sftp);
	int n;

	if (want > c->backlog)
		want = c->backlog;
	if (want > sizeof buf)
		want = sizeof buf;
	if (want == 0)
		return false;
	n = ssh_channel_read_nonblocking(c->channel, buf, (uint32_t)want, 0);
	if (n <= 0) {
		c->backlog = 0;
		return false;
	}
	sftp_take(c->sftp, buf, (size_t)n);
	c->backlog -= (size_t)n;
	return true;
}

/* All that can be done without waiting. */
static void
work(struct client *c)
{
	bool moved = true;

	while (moved && !c->over) {
		if (sftp_run(c->sftp) == -1) {
			end(c, sftp_problem(c->sftp));
			return;
		}
		moved = flush(c);
		moved |= refill(c);
	}
	if (c->closed || (c->eof && c->backlog == 0 && !writing(c) &&
			     sftp_pending(c->sftp).n == 0))
		end(c, NULL);
}

/* How long the loop may wait; ends the session when its time is up. */
static int64_t
time_left(struct client *c)
{
	int64_t now = clock_ms();
	int64_t idle = c->active + (int64_t)c->conf->idle_s * 1000;

	if (!c->in && now >= c->deadline)
		end(c, _("the login took too long"));
	if (c->in && now >= idle)
		end(c, _("nothing happened for too long"));
	if (c->draining && now >= c->active + DRAIN_IDLE_MS &&
	    (c->sftp == NULL || sftp_idle(c->sftp)))
		end(c, _("the server ends"));
	idle = c->in ? idle - now : c->deadline - now;
	if (c->pace.until != 0 && c->pace.until < now + idle)
		return c->pace.until - now;
	return c->draining && idle > DRAIN_IDLE_MS ? DRAIN_IDLE_MS : idle;
}

/* A session that rests gives back what the login, or a pull, needed.  How long
 * the loop may wait of left. */
static int64_t
rest(struct client *c, int64_t left)
{
	int64_t until;

	if (c->sftp == NULL || c->rested == c->active || !sftp_idle(c->sftp))
		return left;
	until = c->active + REST_MS - clock_ms();
	if (until > 0)
		return until < left ? until : left;
	sftp_rest(c->sftp);
	c->rested = c->active;
	return left;
}

/* A signature by a kind of key we do not take: libssh says nothing to the
 * client, which then would wait until the deadline. */
static void
look_for_silence(struct client *c)
{
	if (!c->in && ssh_get_error_code(c->session) == SSH_FATAL)
		end(c, _("the login used an algorithm that is not offered"));
}

/* A client that takes packets of 10 bytes, as many as libssh reckons for their
 * heads, lets it write for ever; the watchdog ends that. */
static void
serve(struct client *c)
{
	bool told = false;

	while (!c->over) {
		int64_t left;

		watchdog_feed();
		if (c->in && !told) {
			told = true;
			if (wire_send_plain(c->it->report, WIRE_IN) == -1)
				end(c, _("the accepting process is gone"));
		}
		if (c->sftp != NULL)
			work(c);
		else if (c->eof)
			end(c, NULL);
		left = rest(c, time_left(c));
		if (!c->over && turn(c, left))
			look_for_silence(c);
	}
}

/* libssh tells nobody but its log what a client offers. */
static void
hear_libssh(int priority, const char *function, const char *line, void *ctx)
{
	(void)priority;
	(void)function;
	ssh_offer_hear(ctx, line);
}

static void
listen_to_libssh(struct ssh_offer *offer)
{
	ssh_set_log_userdata(offer);
	ssh_set_log_callback(hear_libssh);
	ssh_set_log_level(offer == NULL ? SSH_LOG_NOLOG : SSH_LOG_FUNCTIONS);
}

static void
note_negotiated(struct client *c, const struct ssh_offer *offer)
{
	const char *banner = ssh_get_clientbanner(c->session);
	struct negotiated *n = &c->how;

	snprintf(
	    n->client, sizeof n->client, "%s", banner == NULL ? "" : banner);
	snprintf(n->kex, sizeof n->kex, "%s", ssh_get_kex_algo(c->session));
	snprintf(
	    n->cipher, sizeof n->cipher, "%s", ssh_get_cipher_out(c->session));
	snprintf(n->mac, sizeof n->mac, "%s", ssh_get_hmac_out(c->session));
	ssh_offer_hostkey(
	    n->hostkey, sizeof n->hostkey, offer, c->conf->ssh_profile);
	n->lacks = ssh_offer_lacks(offer, SSH_STRICT);
}

/* 0 when both sides have keys. */
static int
exchange_keys(struct client *c)
{
	static struct ssh_offer offer;
	const char *error;
	char why[1536];
	int rc;

	listen_to_libssh(&offer);
	rc = ssh_handle_key_exchange(c->session);
	if (rc != SSH_ERROR &&
	    ssh_event_add_session(c->event, c->session) != SSH_OK)
		rc = SSH_ERROR;
	while (rc == SSH_AGAIN && !c->over) {
		turn(c, c->deadline - clock_ms());
		if (clock_ms() >= c->deadline)
			end(c, _("the key exchange took too long"));
		if (!c->over)
			rc = ssh_handle_key_exchange(c->session);
	}
	listen_to_libssh(NULL);
	if (rc == SSH_OK) {
		note_negotiated(c, &offer);
		return 0;
	}
	error = ssh_get_error(c->session);
	if (c->why != NULL)
		log_info("%s: %s.", c->from, c->why);
	else if (*error != '\0')
		log_info("%s: %s.", c->from,
		    ssh_explain(why, sizeof why, error, c->conf->ssh_profile));
	return -1;
}

static void
log_client(const struct client *c)
{
	const struct negotiated *n = &c->how;
	char safe[512];

	log_safe(safe, sizeof safe, n->client, strlen(n->client));
	log_info("%s: client \"%s\", key exchange %s, host key %s, cipher %s, "
		 "MAC %s.",
	    c->from, safe, n->kex, n->hostkey, n->cipher, n->mac);
}

/*
 * The client closed the connection, not the file (lftp's scripts end so), but
 * took all that it was sent: its system acknowledged it, and had there been
 * something that its process did not read, it would have sent a reset.  Which
 * of both it is shows a moment after the client's farewell, if it said one.
 */
static bool
hung_up_well(const struct client *c)
{
	struct pollfd hang_up = { c->tcp, POLLRDHUP, 0 };
	struct tcp_info t = { .tcpi_state = 0 };
	socklen_t n = sizeof t;

	if (!c->gone || c->sftp == NULL || sftp_idle(c->sftp))
		return false;
	poll(&hang_up, 1, FAREWELL_MS);
	return getsockopt(c->tcp, IPPROTO_TCP, TCP_INFO, &t, &n) == 0 &&
	       t.tcpi_state == STATE_CLOSE_WAIT && t.tcpi_unacked == 0 &&
	       t.tcpi_notsent_bytes == 0;
}

/* Ends what is open, then the channel, with a moment for the last bytes. */
static void
say_goodbye(struct client *c)
{
	int64_t until = clock_ms() + FAREWELL_MS;
	struct auth_revoked out;

	sftp_free(c->sftp, (c->eof || hung_up_well(c)) && !writing(c));
	c->sftp = NULL;
	close(c->tcp);
	if (c->in) {
		WIRE_INIT(&out, WIRE_REVOKED);
		memcpy(out.handle, c->grant.handle, sizeof out.handle);
		wire_send(c->it->auth, &out.head, -1);
	}
	if (!c->gone && c->channel != NULL) {
		if (!c->closed)
			ssh_channel_request_send_exit_status(
			    c->channel, c->why != NULL);
		ssh_channel_close(c->channel);
	}
	while (!c->gone && clock_ms() < until &&
	       ((c->channel != NULL && !c->closed) || writing(c)))
		turn(c, until - clock_ms());
	if (!c->gone)
		ssh_disconnect(c->session);
}

static int
begin(struct client *c)
{
	const struct connection *it = c->it;
	const bool no = false;

	c->session = ssh_new();
	c->event = ssh_event_new();
	if (c->session == NULL || c->event == NULL)
		return -1;
	c->tcp = fcntl(it->fd, F_DUPFD_CLOEXEC, 0);
	ssh_options_set(c->session, SSH_OPTIONS_PROCESS_CONFIG, &no);
	ssh_options_set(c->session, SSH_OPTIONS_COMPRESSION, "none");
	if (ssh_bind_accept_fd(c->bind, c->session, it->fd) != SSH_OK)
		return -1;
	ssh_set_blocking(c->session, 0);
	ssh_set_auth_methods(
	    c->session, SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_PUBLICKEY);
	ssh_callbacks_init(&server_callbacks);
	server_callbacks.userdata = c;
	ssh_set_server_callbacks(c->session, &server_callbacks);
	if (ssh_event_add_fd(c->event, it->auth, POLLIN, on_auth, c) !=
		SSH_OK ||
	    ssh_event_add_fd(c->event, it->report, POLLIN, on_report, c) !=
		SSH_OK)
		return -1;
	return 0;
}

int
ssh_child_run(
    const struct connection *it, const struct conf *conf, ssh_bind bind)
{
	static struct client c;
	struct err e = ERR_EMPTY;

	c.it = it;
	c.conf = conf;
	c.bind = bind;
	c.active = clock_ms();
	c.deadline = c.active + (int64_t)c.conf->login_s * 1000;
	address_text(c.from, &it->from);
	if (begin(&c) == -1) {
		log_error("%s: libssh could not begin: %s.", c.from,
		    c.session == NULL ? "out of memory" : ssh_get_error(bind));
		return 1;
	}
	if (sandbox_enter(SANDBOX_SSH_CHILD, c.conf, &e) == -1) {
		log_error("%s.", e.text);
		return 1;
	}
	ssh_proof_listen();
	ssh_packet_keep();
	if (exchange_keys(&c) == -1)
		return 0;
	log_client(&c);
	serve(&c);
	say_goodbye(&c);
	if (c.why != NULL && c.in)
		log_info("%s: the session of \"%s\" was ended: %s.", c.from,
		    c.grant.user, c.why);
	else if (c.why != NULL)
		log_info("%s: the connection was ended: %s.", c.from, c.why);
	return 0;
}
