/*
 * One HTTP request, from its target to its response.
 *
 * libmicrohttpd calls http_request_handle first when the header is there, and
 * again each time the request is resumed.  Refusals of what we do not trust
 * answer in the first call, which closes the connection; everything else
 * answers in a later one, which keeps it.
 */
#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "keys/secret.h"
#include "net/http_field.h"
#include "server/clock.h"
#include "net/http_private.h"
#include "net/tls.h"
#include "server/lang.h"
#include "server/log.h"

/* --- can the request be trusted? ----------------------------------- */

#define HEADER_MAX 16384
#define HOLD_MS 1000 /* a refusal by AUTH_WAIT, at least */

struct framing {
	unsigned hosts, lengths, logins;
	size_t bytes;
	bool bad;
};

/* RFC 9110 5.6.2: what a field's name consists of. */
static bool
is_token(const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') ||
			(c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL)))
			return false;
	}
	return n > 0;
}

static enum MHD_Result
see_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n,
    const char *value, size_t value_n)
{
	struct framing *f = cls;

	(void)kind;
	f->bytes += name_n + value_n + strlen(": \r\n");
	if (!is_token(name, name_n) ||
	    (value_n > 0 && memchr(value, '\0', value_n) != NULL))
		f->bad = true;
	if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0)
		f->hosts++;
	if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
		f->bad = true;
	if (strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0 &&
	    f->logins++ > 0)
		f->bad = true;
	if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 &&
	    (f->lengths++ > 0 || value_n != 1 || *value != '0'))
		f->bad = true;
	return MHD_YES;
}

/* What libmicrohttpd would let pass and others would read otherwise: request
 * smuggling.  (0 when it can be trusted, else the status.) */
static unsigned
distrust(struct http_request *r, const char *method, const char *version)
{
	struct framing f = { 0 };

	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, see_header, &f);
	if (f.bytes > HEADER_MAX)
		return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	if (f.hosts > 1 || (f.hosts == 0 && strcmp(version, "HTTP/1.0") != 0))
		f.bad = true;
	return f.bad || r->broken ? MHD_HTTP_BAD_REQUEST : 0;
}

/* --- waiting for other processes ----------------------------------- */

static enum MHD_Result
wait_for(struct http_request *r, struct outbox *to, struct wire *m)
{
	struct http *h = r->conn->http;

	if (outbox_full(to))
		return http_say_error(r, EAGAIN);
	m->id = ++h->last_ask;
	outbox_put(to, m);
	r->ask = m->id;
	r->next = h->waiting;
	r->prev = &h->waiting;
	if (r->next != NULL)
		r->next->prev = &r->next;
	h->waiting = r;
	MHD_suspend_connection(r->mhd);
	return MHD_YES;
}

static void
wait_no_more(struct http_request *r)
{
	if (r->ask == 0)
		return;
	*r->prev = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	r->ask = 0;
}

static struct http_request *
waiting_for(struct http *h, uint64_t id)
{
	struct http_request *r = h->waiting;

	while (r != NULL && r->ask != id)
		r = r->next;
	return r;
}

void
http_request_granted(struct http *h, const struct auth_reply *a)
{
	struct http_request *r = waiting_for(h, a->head.id);

	if (r == NULL)
		return;
	r->who = *a;
	if (a->verdict == AUTH_YES) /* now: auth may take it back next */
		http_conn_grant(r->conn, &a->grant, r->credentials);
	wait_no_more(r);
	/* Guessing takes its time, and costs us none. */
	if (a->verdict == AUTH_WAIT)
		r->held_ms = clock_ms() + HOLD_MS;
	else
		MHD_resume_connection(r->mhd);
}

void
http_request_release(struct http_request *r)
{
	r->held_ms = 0;
	MHD_resume_connection(r->mhd);
}

void
http_request_found(struct http *h, const struct files_reply *f, int fd)
{
	struct http_request *r = waiting_for(h, f->head.id);

	if (r == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	r->found = *f;
	r->fd = fd;
	wait_no_more(r);
	MHD_resume_connection(r->mhd);
}

/* --- credentials --------------------------------------------------- */

/* What the request brings, as a question to auth; false when it brings none,
 * or none that can be read. */
static bool
credentials(struct http_request *r, struct slice header, struct auth_request *q)
{
	char buf[AUTH_SECRET_MAX];
	struct slice user = { "", 0 }, secret = slice_of(r->token);
	bool ok = true;

	WIRE_INIT(q, WIRE_AUTH);
	q->method = AUTH_TOKEN;
	if (header.n > 0) { /* a login is more than a link */
		q->method = AUTH_PASSWORD;
		ok = http_basic(header, buf, sizeof buf, &user, &secret);
	}
	ok = ok && secret.n > 0 && secret.n <= sizeof q->secret &&
	     user.n <= sizeof q->user;
	if (ok) {
		q->protocol = r->conn->protocol;
		q->from = r->conn->from;
		q->user_n = (uint32_t)user.n;
		q->secret_n = (uint32_t)secret.n;
		memcpy(q->user, user.p, user.n);
		memcpy(q->secret, secret.p, secret.n);
	}
	secret_wipe(buf, sizeof buf);
	return ok;
}

/* Of the same as it stands there: a connection's next requests bring it in the
 * same bytes. */
static void
digest_of(const struct http_request *r, struct slice header, uint8_t out[32])
{
	struct slice brought = header.n > 0 ? header : slice_of(r->token);
	uint8_t login = header.n > 0;
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, sizeof login, &login);
	sha256_update(&sha, brought.n, (const uint8_t *)brought.p);
	sha256_digest(&sha, 32, out);
}

/* What TLS agreed on, for the audit. */
static void
describe(struct http_request *r, struct negotiated *n)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	struct slice agent = http_request_field(r, MHD_HTTP_HEADER_USER_AGENT);

	if (r->conn->protocol != PROTO_HTTPS || info == NULL)
		return;
	tls_read_session(info->tls_session, n);
	if (agent.n >= sizeof n->client)
		agent.n = sizeof n->client - 1;
	if (agent.n > 0)
		memcpy(n->client, agent.p, agent.n);
}

static enum MHD_Result
step_credentials(struct http_request *r)
{
	struct http_conn *c = r->conn;
	struct slice header =
	    http_request_field(r, MHD_HTTP_HEADER_AUTHORIZATION);
	struct auth_request q;
	enum MHD_Result rc;

	digest_of(r, header, r->credentials);
	if (c->granted && http_hear_auth(c->http) && c->granted &&
	    secret_equal(c->credentials, r->credentials, 32)) {
		r->who.verdict = AUTH_YES;
		return MHD_YES;
	}
	if (!credentials(r, header, &q)) {
		return http_say(r, MHD_HTTP_UNAUTHORIZED,
		    _("A login or a link with a token is needed.\n"), false);
	}
	r->who.verdict = AUTH_NO;
	describe(r, &q.how);
	rc = wait_for(r, &c->http->to_auth, &q.head);
	secret_wipe(&q, sizeof q);
	return rc;
}

/* The answer of auth is here; true when the request may go on. */
static bool
admitted(struct http_request *r, enum MHD_Result *rc)
{
	if (r->who.verdict == AUTH_WAIT) {
		*rc = http_say(r, MHD_HTTP_TOO_MANY_REQUESTS,
		    _("There were too many wrong logins. Try again later.\n"),
		    true);
		return false;
	}
	if (r->who.verdict != AUTH_YES) {
		*rc = http_say(r, MHD_HTTP_UNAUTHORIZED,
		    _("The login or the token is wrong.\n"), false);
		return false;
	}
	if (!r->conn->granted) { /* taken back meanwhile */
		*rc = MHD_NO;
		return false;
	}
	return true;
}

/* --- the steps ----------------------------------------------------- */

static enum MHD_Result
ask_files(struct http_request *r, enum files_op op)
{
	struct files_request q;

	WIRE_INIT(&q, WIRE_FILE);
	q.op = op;
	memcpy(q.handle, r->conn->grant.handle, sizeof q.handle);
	snprintf(q.path, sizeof q.path, "%s", r->path);
	r->waited_list = op == FILES_LIST;
	r->step = STEP_ANSWER;
	return wait_for(r, &r->conn->http->to_files, &q.head);
}

static enum MHD_Result
step_find(struct http_request *r)
{
	struct http *h = r->conn->http;
	struct tree_place at;
	struct files_stat st;
	struct http_text t = { NULL, 0, 0 };
	size_t n = strlen(r->path);
	int fd, error = tree_resolve(&h->tree, &r->conn->grant, r->path, &at);

	if (error != 0)
		return http_say_error(r, error);
	if (at.kind == TREE_REAL && at.root != TREE_PUBLISHED)
		return ask_files(
		    r, r->path[n - 1] == '/' ? FILES_LIST : FILES_OPEN);
	if (at.kind == TREE_REAL) {
		fd = tree_open(&h->tree, &at, &st);
		if (fd != -1)
			return http_send_published(r, &at, fd, &st);
		if (errno != EISDIR)
			return http_say_error(r, errno);
	}
	if (r->path[n - 1] != '/')
		return http_send_to_slash(r);
	http_list_begin(&t);
	error = tree_list(&h->tree, &r->conn->grant, &at, http_list_entry, &t);
	if (error != 0) {
		free(t.p);
		return http_say_error(r, error);
	}
	return http_list_send(r, &t, false);
}

static enum MHD_Result
step_answer(struct http_request *r)
{
	struct http_text t = { NULL, 0, 0 };
	struct files_entry e;
	int fd = r->fd;

	r->fd = -1;
	if (r->found.error == EISDIR)
		return http_send_to_slash(r);
	if (r->found.error != 0 || fd == -1) {
		if (fd != -1)
			close(fd);
		return http_say_error(r, r->found.error);
	}
	if (!r->waited_list)
		return http_send_file(r, fd, &r->found.stat, false, false);
	http_list_begin(&t);
	for (uint32_t i = 0; i < r->found.entries; i++) {
		if (pread(fd, &e, sizeof e, (off_t)(i * sizeof e)) != sizeof e)
			break;
		e.name[sizeof e.name - 1] = '\0';
		http_list_entry(&t, &e);
	}
	close(fd);
	return http_list_send(r, &t, r->found.cut != 0);
}

/* Without a login: is the process alive, and can it do its work? */
static bool
probe(struct http_request *r, enum MHD_Result *rc)
{
	bool ready = strcmp(r->path, "/readyz") == 0;

	if (!ready && strcmp(r->path, "/healthz") != 0)
		return false;
	if (ready && r->conn->http->draining)
		*rc = http_say(
		    r, MHD_HTTP_SERVICE_UNAVAILABLE, "draining\n", true);
	else
		*rc = http_say(r, MHD_HTTP_OK, "ok\n", false);
	return true;
}

void *
http_request_begin(void *cls, const char *uri, struct MHD_Connection *m)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(m, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_request *r = mem_alloc(sizeof *r);

	(void)cls;
	r->conn = info == NULL ? NULL : info->socket_context;
	r->mhd = m;
	r->fd = -1;
	r->broken = !http_target(
	    uri, r->path, sizeof r->path, r->token, sizeof r->token);
	return r;
}

enum MHD_Result
http_request_handle(void *cls, struct MHD_Connection *m, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_size, void **request)
{
	struct http_request *r = *request;
	enum MHD_Result rc;
	unsigned status;

	((struct http *)cls)->called++;
	(void)m;
	(void)url;
	(void)upload;
	(void)upload_size;
	if (r == NULL || r->conn == NULL)
		return MHD_NO;
	switch (r->step) {
	case STEP_FRAMING:
		r->conn->request = r;
		r->conn->since_ms = clock_ms();
		r->conn->measured = false;
		r->head = strcmp(method, "HEAD") == 0;
		status = distrust(r, method, version);
		if (status != 0)
			return http_say(
			    r, status, _("The request is refused.\n"), true);
		r->step = STEP_CREDENTIALS;
		return MHD_YES;
	case STEP_CREDENTIALS:
		if (probe(r, &rc))
			return rc;
		rc = step_credentials(r);
		if (r->step == STEP_CREDENTIALS)
			r->step = STEP_FIND;
		if (r->ask != 0 || r->step == STEP_DONE || rc != MHD_YES)
			return rc;
		/* fall through: the connection is known */
		return admitted(r, &rc) ? step_find(r) : rc;
	case STEP_FIND:
		return admitted(r, &rc) ? step_find(r) : rc;
	case STEP_ANSWER:
		return step_answer(r);
	default:
		return MHD_NO;
	}
}

void
http_request_end(void *cls, struct MHD_Connection *m, void **request,
    enum MHD_RequestTerminationCode how)
{
	struct http_request *r = *request;

	((struct http *)cls)->called++;
	((struct http *)cls)->answers++;
	(void)m;
	if (r == NULL)
		return;
	wait_no_more(r);
	if (r->pull != NULL)
		http_pull_end(r, how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	if (r->fd != -1)
		close(r->fd);
	if (r->conn != NULL) {
		if (r->conn->request == r)
			r->conn->request = NULL;
		r->conn->since_ms = clock_ms();
	}
	secret_wipe(r->token, sizeof r->token);
	secret_wipe(r->credentials, sizeof r->credentials);
	free(r);
	*request = NULL;
}
