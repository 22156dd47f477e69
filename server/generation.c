/*
 * A generation of workers.
 */
#include "server/generation.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "server/bytes.h"
#include "server/lang.h"
#include "server/log.h"
#include "server/role.h"

/* --- reading ------------------------------------------------------------- */

/* The text that is checked is the text that the workers get. */
static int
read_conf(struct generation *g, const char *path, struct err *e)
{
	struct conf *checked = NULL;
	char *text = NULL;
	int rc = -1;

	g->path = realpath(path, NULL);
	if (g->path == NULL)
		return err_set(e, "Cannot read the configuration %s: %s.", path,
		    strerror(errno));
	if (conf_load(&checked, g->path, e) == -1)
		return -1;
	conf_free(checked); /* its zones are fine */
	if (conf_read(&text, &g->text_n, g->path, e) == -1)
		return -1;
	g->text = bytes_seal(text, g->text_n);
	if (g->text == -1) {
		err_set(e, "Cannot read the configuration %s: %s.", path,
		    strerror(errno));
		goto out;
	}
	rc = conf_parse(&g->conf, text, g->text_n, g->path, e);
	if (rc == 0)
		lang_open(g->conf->language);
out:
	free(text);
	return rc;
}

bool
generation_wants(const struct generation *g, enum role_id role)
{
	const struct conf *c = g->conf;

	switch (role) {
	case WORKER_HTTP:
		return c->https_port != 0 || c->http_port != 0;
	case WORKER_SSH:
		return c->sftp_port != 0;
	case WORKER_FTP:
		return c->ftp_port != 0 || c->ftps_port != 0;
	default:
		return true;
	}
}

static bool
needs_certificate(const struct conf *c)
{
	return c->https_port != 0 || c->ftp_port != 0 || c->ftps_port != 0;
}

int
generation_read(struct generation **out, const char *path, struct err *e)
{
	struct generation *g = mem_alloc(sizeof *g);

	g->text = -1;
	for (size_t i = 0; i < WORKER_ROLES; i++)
		g->child[i].control = -1;
	if (read_conf(g, path, e) == -1 ||
	    layout_accounts(g->account, g->conf, e) == -1 ||
	    (g->conf->sftp_port != 0 &&
		keyset_hostkeys(&g->hostkeys, &g->hostkey_halves, g->conf, e) ==
		    -1) ||
	    (needs_certificate(g->conf) &&
		keyset_certificate(&g->certificate, g->conf, e) == -1)) {
		generation_free(g);
		return -1;
	}
	*out = g;
	return 0;
}

int
generation_listen(
    struct generation *g, const struct generation *old, struct err *e)
{
	return listen_open(
	    &g->listening, g->conf, old == NULL ? NULL : &old->listening, e);
}

void
generation_free(struct generation *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < WORKER_ROLES; i++) {
		if (g->child[i].control != -1)
			close(g->child[i].control);
	}
	listen_close(&g->listening);
	keyset_pem_close(&g->hostkeys);
	keyset_pem_close(&g->hostkey_halves);
	keyset_pem_close(&g->certificate);
	if (g->text != -1)
		close(g->text);
	conf_free(g->conf);
	free(g->path);
	free(g);
}

/* --- starting ------------------------------------------------------------ */

static int
give_pems(int control, const struct pem_keys *k)
{
	for (size_t i = 0; i < k->n; i++) {
		if (role_give(control, GIVE_PEM, (uint32_t)i, k->pem[i].fd,
			k->pem[i].n) == -1)
			return -1;
	}
	return 0;
}

static int
give_listeners(int control, const struct generation *g, enum role_id role)
{
	for (size_t i = 0; i < g->listening.n; i++) {
		const struct bound *b = &g->listening.bound[i];

		if (!(roles[role].protocols & 1U << b->protocol))
			continue;
		if (role_give(control, GIVE_LISTENER, b->protocol, b->fd, 0) ==
		    -1)
			return -1;
	}
	return 0;
}

/* A channel from a network process to auth or files. */
static int
connect_to(const struct child *server, enum wire_gift what, enum role_id role,
    int control)
{
	int pair[2], rc = -1;

	if (wire_pair(pair) == -1)
		return -1;
	if (wire_introduce(server->control, roles[role].kind, NULL, pair[0]) ==
		0 &&
	    role_give(control, what, 0, pair[1], 0) == 0)
		rc = 0;
	close(pair[0]);
	close(pair[1]);
	return rc;
}

static int
give_network(int control, struct generation *g, enum role_id role)
{
	const struct pem_keys *pem =
	    role == WORKER_SSH ? &g->hostkeys : &g->certificate;

	if (connect_to(&g->child[WORKER_AUTH], GIVE_AUTH, role, control) ==
		-1 ||
	    connect_to(&g->child[WORKER_FILES], GIVE_FILES, role, control) ==
		-1 ||
	    give_pems(control, pem) == -1)
		return -1;
	return give_listeners(control, g, role);
}

static int
give_ingest(int control, const struct shared *s)
{
	if (role_give(control, GIVE_EVENTS, 0, s->events[0], 0) == -1)
		return -1;
	return role_give(control, GIVE_COMMAND, 0, s->command, 0);
}

/* pair: auth's and files' channel to one another. */
static int
give_inner(int control, const struct generation *g, const struct shared *s,
    enum role_id role, const int pair[2])
{
	if (role_give(control, GIVE_EVENTS, 0, s->events[1], 0) == -1)
		return -1;
	if (role == WORKER_FILES)
		return role_give(control, GIVE_AUTH, 0, pair[1], 0);
	if (role_give(control, GIVE_FILES, 0, pair[0], 0) == -1)
		return -1;
	return give_pems(control, &g->hostkey_halves);
}

static int
spawn(struct generation *g, enum role_id role, const struct shared *s,
    const int pair[2], int64_t now_ms, struct err *e)
{
	struct child *c = &g->child[role];
	const struct role_config config = { g->path, g->text, g->text_n,
		&g->account[role] };
	int control = -1, rc;

	c->pid = role_spawn(&roles[role], &control);
	if (c->pid == -1) {
		c->pid = 0;
		return err_set(e, "Cannot start %s: %s.", roles[role].name,
		    strerror(errno));
	}
	c->control = control;
	c->ready = c->quiet = false;
	c->keys = 0;
	c->again_ms = 0;
	c->started_ms = now_ms;
	rc = role_send_config(control, &config);
	if (rc == 0)
		rc = roles[role].network ? give_network(control, g, role)
		     : role == WORKER_INGEST
			 ? give_ingest(control, s)
			 : give_inner(control, g, s, role, pair);
	if (rc == 0)
		rc = wire_send_plain(control, WIRE_START);
	if (rc == 0 && role == WORKER_AUTH)
		rc = generation_send_keys(g, s);
	if (rc == -1) {
		int keep = errno;

		generation_kill(g, role);
		return err_set(e, "Cannot start %s: %s.", roles[role].name,
		    strerror(keep));
	}
	return 0;
}

int
generation_spawn(struct generation *g, enum role_id role,
    const struct shared *s, int64_t now_ms, struct err *e)
{
	return spawn(g, role, s, NULL, now_ms, e);
}

int
generation_start(
    struct generation *g, const struct shared *s, int64_t now_ms, struct err *e)
{
	int pair[2], rc = -1;

	if (wire_pair(pair) == -1)
		return err_set(
		    e, "Cannot start the workers: %s.", strerror(errno));
	if (spawn(g, WORKER_AUTH, s, pair, now_ms, e) == 0 &&
	    spawn(g, WORKER_FILES, s, pair, now_ms, e) == 0)
		rc = 0;
	close(pair[0]);
	close(pair[1]);
	for (enum role_id r = 0; rc == 0 && r < WORKER_ROLES; r++) {
		if (roles[r].network && generation_wants(g, r))
			rc = generation_spawn(g, r, s, now_ms, e);
	}
	return rc;
}

/* --- telling ------------------------------------------------------------- */

bool
generation_ready(const struct generation *g)
{
	for (enum role_id r = 0; r < WORKER_ROLES; r++) {
		if (r != WORKER_INGEST && generation_wants(g, r) &&
		    !g->child[r].ready)
			return false;
	}
	return true;
}

bool
generation_quiet(const struct generation *g)
{
	for (enum role_id r = 0; r < WORKER_ROLES; r++) {
		if (roles[r].network && g->child[r].pid != 0 &&
		    !g->child[r].quiet)
			return false;
	}
	return true;
}

bool
generation_empty(const struct generation *g)
{
	for (size_t i = 0; i < WORKER_ROLES; i++) {
		if (g->child[i].pid != 0)
			return false;
	}
	return true;
}

void
generation_tell(struct generation *g, enum role_id role, enum wire_type type)
{
	if (g->child[role].pid != 0 && g->child[role].control != -1)
		wire_send_plain(g->child[role].control, type);
}

void
generation_kill(struct generation *g, enum role_id role)
{
	if (g->child[role].pid != 0)
		kill(g->child[role].pid, SIGKILL);
}

int
generation_send_keys(struct generation *g, const struct shared *s)
{
	const struct child *c = &g->child[WORKER_AUTH];

	if (c->pid == 0 || c->control == -1)
		return 0;
	return wire_send(c->control, &s->logins.m.head, s->logins.fd);
}
