/*
 * The auth process: its loop, the grants that are out, and what becomes of
 * them when users and tokens change.
 */
#include "net/auth.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "keys/keyfile.h"
#include "keys/secret.h"
#include "net/auth_private.h"
#include "server/bytes.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/sandbox.h"

#define LIVE_MAX 8192
#define KEYS_MAX ((uint64_t)64 * 1024 * 1024)

/* --- what was seen ------------------------------------------------------- */

bool
auth_seen(struct auth *a, char kind, struct slice one, struct slice two,
    int64_t note_ms)
{
	int64_t now = clock_ms();
	struct seen *place = &a->seen[0];
	uint64_t n = one.n;
	uint8_t mac[32];

	hmac_sha256_update(&a->mac, 1, (const uint8_t *)&kind);
	hmac_sha256_update(&a->mac, sizeof n, (const uint8_t *)&n);
	hmac_sha256_update(&a->mac, one.n, (const uint8_t *)one.p);
	hmac_sha256_update(&a->mac, two.n, (const uint8_t *)two.p);
	hmac_sha256_digest(&a->mac, sizeof mac, mac);
	for (size_t i = 0; i < SEEN_MAX; i++) {
		struct seen *s = &a->seen[i];

		if (s->until_ms > now && memcmp(s->mac, mac, sizeof mac) == 0)
			return true;
		if (s->until_ms < place->until_ms)
			place = s;
	}
	if (note_ms > 0) {
		memcpy(place->mac, mac, sizeof mac);
		place->until_ms = now + note_ms;
	}
	return false;
}

/* Nothing is remembered any more. */
static void
forget_seen(struct auth *a)
{
	memset(a->seen, 0, sizeof a->seen);
}

/* --- grants -------------------------------------------------------------- */

void
auth_reply_to(
    struct peer *p, uint64_t ask, enum auth_verdict verdict, unsigned retry_s)
{
	struct auth_reply r;

	WIRE_INIT(&r, WIRE_GRANT);
	r.head.id = ask;
	r.verdict = verdict;
	r.retry_s = retry_s;
	peers_send(p, &r.head, -1);
}

/* Returns the number of the message, which files will repeat. */
static uint64_t
tell_files(struct auth *a, const struct grant *g, bool live)
{
	struct auth_allow m;

	WIRE_INIT(&m, WIRE_ALLOW);
	m.head.id = ++a->allows;
	m.live = live;
	m.grant = *g;
	outbox_put(&a->to_files, &m.head);
	return m.head.id;
}

static void
set_feeds(const struct conf *c, struct grant *g, char *const *feed)
{
	for (; *feed != NULL; feed++) {
		for (size_t i = 0; i < c->feeds; i++) {
			if (strcmp(*feed, "*") == 0 ||
			    strcmp(*feed, c->feed[i].name) == 0)
				g->feed[i / 64] |= (uint64_t)1 << i % 64;
		}
	}
}

void
auth_grant(struct auth *a, struct peer *p, const struct auth_request *q,
    const struct identity *who)
{
	struct live *l;

	if (p->in) { /* several were asked for at once */
		auth_reply_to(p, q->head.id, AUTH_NO, 0);
		return;
	}
	if (a->lives == LIVE_MAX) {
		log_error("more than %d logins are live at once", LIVE_MAX);
		auth_reply_to(p, q->head.id, AUTH_WAIT, 1);
		return;
	}
	l = mem_alloc(sizeof *l);
	secret_random(l->grant.handle, sizeof l->grant.handle);
	l->grant.roles = who->roles;
	l->grant.protocol = q->protocol;
	l->grant.from = q->from;
	snprintf(l->grant.user, sizeof l->grant.user, "%s", who->name);
	set_feeds(a->conf, &l->grant, who->feed);
	l->peer = p;
	l->how = q->how;
	l->ask = q->head.id;
	l->allow = tell_files(a, &l->grant, true);
	l->next = a->live;
	a->live = l;
	a->lives++;
	p->in = auth_serves_one(p);
}

/* A client that asks every few seconds over HTTP logs in once, as far as the
 * audit goes. */
static void
note_login(struct auth *a, const struct live *l)
{
	const struct grant *g = &l->grant;
	struct {
		uint64_t peer;
		uint64_t protocol;
		struct in6_addr from;
	} where = { l->peer->number, g->protocol, g->from };
	struct event ev;

	if (auth_seen(a, 'l', slice_of(g->user),
		(struct slice){ (const char *)&where, sizeof where },
		(int64_t)a->conf->remember_s * 1000))
		return;
	event_init(&ev, EVENT_LOGIN);
	ev.protocol = g->protocol;
	ev.from = g->from;
	memcpy(ev.user, g->user, sizeof ev.user);
	ev.how = l->how;
	events_put(a->events, &ev);
}

/* files honours it from now on: it may go out. */
static void
announce(struct auth *a, struct live *l)
{
	struct auth_reply r;

	l->announced = true;
	note_login(a, l);
	WIRE_INIT(&r, WIRE_GRANT);
	r.head.id = l->ask;
	r.verdict = AUTH_YES;
	r.grant = l->grant;
	peers_send(l->peer, &r.head, -1);
}

/* Ends one; tells the peer unless it hung up or asked for it. */
static uint64_t
end_grant(struct auth *a, struct live **at, bool tell)
{
	struct live *l = *at;
	uint64_t allow = tell_files(a, &l->grant, false);

	*at = l->next;
	a->lives--;
	if (tell && !l->announced) {
		l->peer->in = false;
		auth_reply_to(l->peer, l->ask, AUTH_NO, 0);
	} else if (tell) {
		struct auth_revoked m;

		WIRE_INIT(&m, WIRE_REVOKED);
		memcpy(m.handle, l->grant.handle, sizeof m.handle);
		peers_send(l->peer, &m.head, -1);
	}
	free(l);
	return allow;
}

static void
peer_closed(void *ctx, struct peer *p)
{
	struct auth *a = ctx;
	struct live **at = &a->live;

	while (*at != NULL) {
		if ((*at)->peer == p)
			end_grant(a, at, false);
		else
			at = &(*at)->next;
	}
}

static void
logout(struct auth *a, const struct peer *p, const uint8_t handle[16])
{
	for (struct live **at = &a->live; *at != NULL; at = &(*at)->next) {
		if ((*at)->peer == p && (*at)->announced &&
		    memcmp((*at)->grant.handle, handle, 16) == 0) {
			end_grant(a, at, false);
			return;
		}
	}
}

static bool
peer_message(void *ctx, struct peer *p, const union wire_any *m, int fd)
{
	struct auth *a = ctx;

	(void)fd;
	switch (m->head.type) {
	case WIRE_AUTH:
	case WIRE_PUBKEY:
		return auth_login(a, p, &m->auth);
	case WIRE_REVOKED:
		logout(a, p, m->revoked.handle);
		return true;
	default:
		return false;
	}
}

/* --- users and tokens change --------------------------------------------- */

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_list(char *const *a, char *const *b)
{
	for (; a != NULL && b != NULL && *a != NULL && *b != NULL; a++, b++) {
		if (strcmp(*a, *b) != 0)
			return false;
	}
	return (a == NULL || *a == NULL) && (b == NULL || *b == NULL);
}

static bool
same_user(const struct user *a, const struct user *b)
{
	return a != NULL && b != NULL && a->roles == b->roles &&
	       same_text(a->hash, b->hash) && same_list(a->feed, b->feed) &&
	       same_list(a->key, b->key) && same_list(a->network, b->network);
}

static const struct token *
token_named(const struct tokens *t, const char *name)
{
	for (size_t i = 0; t != NULL && i < t->n; i++) {
		if (strcmp(t->token[i]->name, name) == 0)
			return t->token[i];
	}
	return NULL;
}

static bool
same_token(const struct token *a, const struct token *b)
{
	return a != NULL && b != NULL && a->roles == b->roles &&
	       memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0 &&
	       same_list(a->feed, b->feed);
}

static bool
still_holds(const struct grant *g, const struct users *users,
    const struct users *new_users, const struct tokens *tokens,
    const struct tokens *new_tokens)
{
	size_t n = strlen(g->user);

	if (strncmp(g->user, "token:", 6) == 0)
		return same_token(token_named(tokens, g->user + 6),
		    token_named(new_tokens, g->user + 6));
	return same_user(
	    users_find(users, g->user, n), users_find(new_users, g->user, n));
}

static int
parse_keys(const struct wire_keys *m, int fd, struct users **users,
    struct tokens **tokens)
{
	char why[KEYS_ERROR_SIZE] = "";
	size_t n = m->users_bytes + m->tokens_bytes;
	char *text = NULL;
	int rc = -1;

	if (fd == -1 || m->users_bytes > KEYS_MAX ||
	    m->tokens_bytes > KEYS_MAX || bytes_take(&text, fd, n) == -1) {
		log_error("the users and tokens cannot be read");
		return -1;
	}
	if (users_parse(users, text, m->users_bytes, why) == -1 ||
	    tokens_parse(tokens, text + m->users_bytes, m->tokens_bytes, why) ==
		-1)
		log_error("%s", why);
	else
		rc = 0;
	secret_wipe(text, n);
	free(text);
	return rc;
}

static void
answer_keys(struct auth *a)
{
	a->keys_allow = 0;
	peers_insist(a->worker->control, &a->answer.head, -1);
}

/* In force when the parent is answered: that is after files has forgotten what
 * was revoked. */
static void
take_keys(struct auth *a, const struct wire_keys *m, int fd)
{
	struct users *users = NULL;
	struct tokens *tokens = NULL;
	struct live **at = &a->live;
	bool first = a->epoch == 0;

	a->answer = *m;
	a->answer.taken = parse_keys(m, fd, &users, &tokens) == 0;
	if (!a->answer.taken) {
		users_free(users);
		tokens_free(tokens);
		answer_keys(a);
		return;
	}
	forget_seen(a);
	while (*at != NULL) {
		if (still_holds(
			&(*at)->grant, a->users, users, a->tokens, tokens))
			at = &(*at)->next;
		else
			a->keys_allow = end_grant(a, at, true);
	}
	users_free(a->users);
	tokens_free(a->tokens);
	a->users = users;
	a->tokens = tokens;
	a->epoch = m->head.id;
	if (a->keys_allow == 0)
		answer_keys(a);
	if (first)
		worker_ready(a->worker);
}

/* --- the loop ------------------------------------------------------------ */

static void
hear_files(struct auth *a)
{
	union wire_any m;

	if (wire_recv(a->worker->files, &m, sizeof m, NULL) != 1 ||
	    m.head.type != WIRE_ALLOW) {
		a->broken = true;
		return;
	}
	if (a->keys_allow != 0 && m.head.id >= a->keys_allow)
		answer_keys(a);
	if (!m.allow.live)
		return;
	for (struct live *l = a->live; l != NULL; l = l->next) {
		if (l->allow == m.head.id) {
			announce(a, l);
			return;
		}
	}
}

static void
hear_parent(struct auth *a)
{
	union wire_any m;
	int fd;

	if (wire_recv(a->worker->control, &m, sizeof m, &fd) != 1) {
		a->stop = true;
		return;
	}
	switch (m.head.type) {
	case WIRE_CLIENT:
		if (fd != -1)
			peers_add(&a->peers, fd, (enum peer_kind)m.client.kind,
			    &m.client.from);
		fd = -1;
		break;
	case WIRE_KEYS:
		take_keys(a, &m.keys, fd);
		break;
	case WIRE_DRAIN:
		a->draining = true;
		break;
	case WIRE_STOP:
		a->stop = true;
		break;
	default:
		break;
	}
	if (fd != -1)
		close(fd);
}

static void
loop(struct auth *a)
{
	struct worker *w = a->worker;

	while (!a->stop && !a->broken && !(a->draining && a->peers.n == 0)) {
		struct pollfd more[5] = { { w->control, POLLIN, 0 },
			{ w->files,
			    outbox_waiting(&a->to_files) ? POLLIN | POLLOUT
							 : POLLIN,
			    0 },
			{ pool_fd(a->lane[LANE_QUICK].pool), POLLIN, 0 },
			{ pool_fd(a->lane[LANE_SLOW].pool), POLLIN, 0 },
			{ events_waiting(a->events) ? w->events : -1, POLLOUT,
			    0 } };

		peers_wait(&a->peers, more, 5, -1);
		if (more[1].revents & ~POLLOUT)
			hear_files(a);
		outbox_flush(&a->to_files);
		if (more[2].revents != 0 || more[3].revents != 0)
			auth_login_done(a);
		if (more[4].revents != 0)
			events_flush(a->events);
		if (more[0].revents != 0)
			hear_parent(a);
	}
}

int
auth_main(struct worker *w)
{
	struct auth *a = mem_alloc(sizeof *a);
	struct err e = ERR_EMPTY;
	uint8_t key[32];
	int status = 1;

	a->worker = w;
	a->conf = w->conf;
	a->peers.message = peer_message;
	a->peers.closed = peer_closed;
	a->peers.ctx = a;
	a->to_files.sock = w->files;
	fcntl(w->files, F_SETFL, fcntl(w->files, F_GETFL) | O_NONBLOCK);
	a->users = users_new();
	a->tokens = tokens_new();
	a->events = events_open(w->events);
	a->limit = limit_new();
	secret_random(key, sizeof key);
	hmac_sha256_set_key(&a->mac, sizeof key, key);
	secret_wipe(key, sizeof key);
	if (sandbox_paths(SANDBOX_AUTH, w->conf, &e) == -1) {
		log_error("%s", e.text);
		goto out;
	}
	if (auth_login_open(a) == -1) {
		log_error("no thread can be started");
		goto out;
	}
	if (sandbox_calls(SANDBOX_AUTH, &e) == -1) {
		log_error("%s", e.text);
		goto out;
	}
	loop(a);
	status = a->broken ? 1 : 0;
	if (a->broken)
		log_error("files is gone");
out:
	peers_free(&a->peers);
	auth_login_close(a);
	outbox_free(&a->to_files);
	events_close(a->events);
	limit_free(a->limit);
	users_free(a->users);
	tokens_free(a->tokens);
	free(a);
	return status;
}
