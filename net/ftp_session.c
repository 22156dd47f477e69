/*
 * Login, encryption, and the commands that are not about files.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "keys/secret.h"
#include "net/ftp_list.h"
#include "net/ftp_session.h"
#include "server/clock.h"
#include "server/lang.h"
#include "server/log.h"

static bool
is(struct slice arg, const char *word)
{
	arg = slice_trim(arg);
	return arg.n == strlen(word) && strncasecmp(arg.p, word, arg.n) == 0;
}

/* --- login --- */

static void
do_host(struct ftp *s, struct slice arg)
{
	(void)arg; /* there is one server here, whatever its name */
	ftp_say(s, "220 This is the server.");
}

static void
do_user(struct ftp *s, struct slice arg)
{
	s->named = false;
	if (!s->state.tls && !s->conf->ftp_plain) {
		ftp_say(s, "530 Encryption comes first: AUTH TLS.");
		return;
	}
	if (arg.n > sizeof s->user) {
		ftp_say(s, "501 The name is too long.");
		return;
	}
	memcpy(s->user, arg.p, arg.n);
	s->user_n = arg.n;
	s->named = true;
	ftp_say(s, "331 The password, please.");
}

static void
refuse_login(struct ftp *s)
{
	if (++s->tries >= s->conf->login_tries)
		ftp_over(s, N_("too many logins failed"));
	else
		ftp_say(s, "530 Name and password do not fit.");
}

static void
accept_login(struct ftp *s, const struct grant *g)
{
	s->grant = *g;
	s->state.in = true;
	if (wire_send_plain(s->it->report, WIRE_IN) == -1)
		ftp_over(s, N_("the accepting process is gone"));
	log_info("%s: client \"%s\", %s.", s->from, s->client,
	    s->tls != NULL ? tls_describe(s->tls) : _("not encrypted"));
	ftp_say(s, "230 You are logged in.");
}

static void
do_pass(struct ftp *s, struct slice arg)
{
	struct auth_request q;
	struct auth_reply r;
	bool revoked = false;

	if (!s->named) {
		ftp_say(s, "503 The name comes first: USER.");
		return;
	}
	s->named = false;
	if (arg.n > sizeof q.secret) {
		refuse_login(s);
		return;
	}
	WIRE_INIT(&q, WIRE_AUTH);
	q.method = AUTH_PASSWORD;
	q.protocol = s->tls != NULL ? PROTO_FTPS : PROTO_FTP;
	q.from = s->it->from;
	q.user_n = (uint32_t)s->user_n;
	memcpy(q.user, s->user, s->user_n);
	q.secret_n = (uint32_t)arg.n;
	if (arg.n > 0)
		memcpy(q.secret, arg.p, arg.n);
	if (s->tls != NULL)
		tls_negotiated(s->tls, &q.how);
	if (auth_ask(s->it->auth, &q, &r, &revoked) == -1) {
		ftp_over(s, N_("the process that knows the users is gone"));
	} else if (r.verdict == AUTH_YES) {
		accept_login(s, &r.grant);
		if (revoked)
			ftp_over(s, N_("the login was changed or removed"));
	} else {
		if (r.verdict == AUTH_WAIT)
			auth_hold_back(r.retry_s, s->deadline);
		refuse_login(s);
	}
	secret_wipe(&q, sizeof q);
}

static void
do_quit(struct ftp *s, struct slice arg)
{
	(void)arg;
	ftp_say(s, "221 Goodbye.");
	ftp_over(s, NULL);
}

/* --- encryption --- */

int
ftp_encrypt(struct ftp *s)
{
	s->tls = tls_new(s->identity, s->it->fd, TLS_CONTROL);
	if (s->tls == NULL) {
		ftp_over(s, N_("out of memory"));
	} else if (tls_handshake_by(s->tls, s->deadline) == -1) {
		s->gone = true; /* nothing more can be said to it */
		s->over = true;
		if (errno == EPROTO)
			log_info("%s: the TLS handshake failed: %s.", s->from,
			    tls_why(s->tls));
		else if (errno == ETIMEDOUT)
			log_info(
			    "%s: the TLS handshake took too long.", s->from);
	} else {
		s->state.tls = true;
		/* with a port of its own everything is encrypted unasked */
		if (s->it->protocol == PROTO_FTPS) {
			s->protected = true;
			ftp_data_protect(s->data, true);
		}
	}
	return s->over ? -1 : 0;
}

static void
do_auth(struct ftp *s, struct slice arg)
{
	if (s->state.tls) {
		ftp_say(s, "503 This connection is encrypted already.");
		return;
	}
	if (!is(arg, "TLS") && !is(arg, "TLS-C") && !is(arg, "SSL")) {
		ftp_say(s, "504 Only TLS is known here: AUTH TLS.");
		return;
	}
	/* Whoever is on the way may have put it there, to have it taken for
	 * what the client says encrypted. */
	if (s->in_at < s->in_n) {
		ftp_over(s, N_("commands came unencrypted behind AUTH TLS"));
		return;
	}
	ftp_say(s, "234 Begin TLS.");
	ftp_flush_by(s, s->deadline);
	s->named = false;
	if (!s->over)
		ftp_encrypt(s);
}

static void
do_pbsz(struct ftp *s, struct slice arg)
{
	uint64_t n;

	if (!ftp_number(slice_trim(arg), &n))
		ftp_say(s, "501 PBSZ needs a size: PBSZ 0.");
	else
		ftp_say(s, "200 PBSZ=0");
}

static void
do_prot(struct ftp *s, struct slice arg)
{
	if (is(arg, "P")) {
		s->protected = true;
		ftp_data_protect(s->data, true);
		ftp_say(s, "200 Data goes encrypted.");
	} else if (is(arg, "C")) {
		ftp_say(s, "534 Over FTPS data goes encrypted: PROT P.");
	} else {
		ftp_say(s, "536 PROT P is the only level here.");
	}
}

/* --- about server and session --- */

static void
do_feat(struct ftp *s, struct slice arg)
{
	static const char *const features[] = { "AUTH TLS", "EPSV", "HOST",
		"MDTM", "PASV", "PBSZ", "PROT", "REST STREAM", "SIZE", "TVFS",
		"UTF8" };
	char facts[FTP_FACTS_MAX];

	(void)arg;
	ftp_facts_text(facts, s->facts, true);
	ftp_say(s, "211-What this server can do:");
	for (size_t i = 0; i < sizeof features / sizeof *features; i++)
		ftp_say(s, " %s", features[i]);
	ftp_say(s, " MLST %s", facts);
	ftp_say(s, "211 End.");
}

static void
do_opts(struct ftp *s, struct slice arg)
{
	struct slice command = slice_cut(&arg, ' ');
	char facts[FTP_FACTS_MAX];

	if (is(command, "MLST")) {
		s->facts = ftp_facts(arg);
		ftp_facts_text(facts, s->facts, false);
		ftp_say(s, "200 MLST OPTS %s", facts);
	} else if (is(command, "UTF8") || is(command, "UTF-8")) {
		if (is(arg, "OFF"))
			ftp_say(s, "504 Names are UTF-8 here.");
		else
			ftp_say(s, "200 Names are UTF-8.");
	} else {
		ftp_say(s, "501 That command has no options.");
	}
}

static void
do_help(struct ftp *s, struct slice arg)
{
	char line[128];
	size_t n = 0;

	(void)arg;
	ftp_say(s, "214-The commands known here, some of them refused:");
	for (enum ftp_verb v = 0; v < FTP_VERBS; v++) {
		n += (size_t)snprintf(
		    line + n, sizeof line - n, " %-4s", ftp_verb_name(v));
		if (v % 10 == 9 || v == FTP_VERBS - 1) {
			ftp_say(s, "%s", line);
			n = 0;
		}
	}
	ftp_say(s, "214 End.");
}

static void
do_noop(struct ftp *s, struct slice arg)
{
	(void)arg;
	ftp_say(s, "200 Yes.");
}

static void
do_syst(struct ftp *s, struct slice arg)
{
	(void)arg;
	ftp_say(s, "215 UNIX Type: L8");
}

static void
do_clnt(struct ftp *s, struct slice arg)
{
	log_safe(
	    s->client, sizeof s->client, arg.p == NULL ? "" : arg.p, arg.n);
	ftp_say(s, "200 Noted.");
}

void
ftp_tell_state(struct ftp *s, bool busy)
{
	ftp_say(s, "211-convdrop");
	ftp_say(s, " You are %s, from %s.", s->grant.user, s->from);
	ftp_say(s, " Commands go %s, data %s.",
	    s->state.tls ? "encrypted" : "unencrypted",
	    s->protected ? "encrypted" : "unencrypted");
	ftp_say(s, " TYPE %c, STRU F, MODE S.", s->type);
	if (busy)
		ftp_say(s, " Data moves.");
	ftp_say(s, "211 End.");
}

static void
do_stat(struct ftp *s, struct slice arg)
{
	if (ftp_skip_options(arg).n == 0 && arg.n == 0)
		ftp_tell_state(s, false);
	else
		ftp_stat_path(s, ftp_skip_options(arg));
}

static void
do_abor(struct ftp *s, struct slice arg)
{
	(void)arg;
	ftp_data_close(s->data);
	ftp_say(s, "226 There is nothing to break off.");
}

/* --- how data goes --- */

static void
do_type(struct ftp *s, struct slice arg)
{
	if (is(arg, "A") || is(arg, "A N")) {
		s->type = 'A';
		ftp_say(s, "200 TYPE A; the bytes stay as they are.");
	} else if (is(arg, "I") || is(arg, "L 8") || is(arg, "L")) {
		s->type = 'I';
		ftp_say(s, "200 TYPE I.");
	} else {
		ftp_say(s, "504 TYPE I and TYPE A are known here.");
	}
}

static void
do_mode(struct ftp *s, struct slice arg)
{
	ftp_say(s, is(arg, "S") ? "200 MODE S." : "504 Only MODE S is known.");
}

static void
do_stru(struct ftp *s, struct slice arg)
{
	ftp_say(s, is(arg, "F") ? "200 STRU F." : "504 Only STRU F is known.");
}

void (*const ftp_handler[FTP_VERBS])(struct ftp *s, struct slice arg) = {
	[FTP_ABOR] = do_abor,
	[FTP_AUTH] = do_auth,
	[FTP_CDUP] = ftp_cdup,
	[FTP_CLNT] = do_clnt,
	[FTP_CWD] = ftp_cwd,
	[FTP_DELE] = ftp_dele,
	[FTP_EPSV] = ftp_epsv_command,
	[FTP_FEAT] = do_feat,
	[FTP_HELP] = do_help,
	[FTP_HOST] = do_host,
	[FTP_LIST] = ftp_list,
	[FTP_MDTM] = ftp_mdtm,
	[FTP_MFMT] = ftp_mfmt,
	[FTP_MLSD] = ftp_mlsd,
	[FTP_MLST] = ftp_mlst,
	[FTP_MODE] = do_mode,
	[FTP_NLST] = ftp_nlst,
	[FTP_NOOP] = do_noop,
	[FTP_OPTS] = do_opts,
	[FTP_PASS] = do_pass,
	[FTP_PASV] = ftp_pasv_command,
	[FTP_PBSZ] = do_pbsz,
	[FTP_PROT] = do_prot,
	[FTP_PWD] = ftp_pwd,
	[FTP_QUIT] = do_quit,
	[FTP_REST] = ftp_rest,
	[FTP_RETR] = ftp_retr,
	[FTP_RNFR] = ftp_rnfr,
	[FTP_RNTO] = ftp_rnto,
	[FTP_SITE] = ftp_site,
	[FTP_SIZE] = ftp_size,
	[FTP_STAT] = do_stat,
	[FTP_STOR] = ftp_stor,
	[FTP_STRU] = do_stru,
	[FTP_SYST] = do_syst,
	[FTP_TYPE] = do_type,
	[FTP_USER] = do_user,
	[FTP_XCUP] = ftp_cdup,
	[FTP_XCWD] = ftp_cwd,
	[FTP_XPWD] = ftp_pwd,
};
