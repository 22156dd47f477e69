/*
 * What `convdrop init` tells: passwords and tokens, this one time, and what to
 * type into Direct's forms.
 */
#include "tool/ctl_init.h"
#include "server/lang.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "formats/writer.h"

int
init_print_json(const struct conf *c, const struct init_facts *f)
{
	json_t *users = json_object(), *tokens = json_object();

	for (size_t i = 0; i < INIT_USERS; i++)
		json_object_set_new(users, f->user[i],
		    json_pack("{s:s}", "password", f->password[i]));
	for (size_t i = 0; i < c->feeds; i++)
		json_object_set_new(
		    tokens, c->feed[i].name, json_string(f->token[i]));
	return ctl_print_json(json_pack("{s:o,s:o,s:s,s:{s:i,s:i,s:i,s:i,s:i}}",
	    "users", users, "tokens", tokens, "host_key_sha256", f->host_key,
	    "ports", "sftp", c->sftp_port, "https", c->https_port, "http",
	    c->http_port, "ftp", c->ftp_port, "ftps", c->ftps_port));
}

/* Is the host a name or address that only this machine knows as itself? */
static bool
is_local(const char *host)
{
	struct in6_addr six;

	return strcmp(host, "localhost") == 0 ||
	       strncmp(host, "127.", 4) == 0 ||
	       (inet_pton(AF_INET6, host, &six) == 1 &&
		   IN6_IS_ADDR_LOOPBACK(&six));
}

static void
print_link(void *ctx, const char *url)
{
	(void)ctx;
	printf("    %s\n", url);
}

static void
print_by_link(const struct conf *c, const struct init_facts *f)
{
	if (c->https_port == 0 && c->http_port == 0)
		return;
	puts(_("In Direct, form \"by link\" (the URL is a secret: it opens the "
	       "file by itself):"));
	for (size_t i = 0; i < c->feeds; i++) {
		char *feed[] = { c->feed[i].name, NULL };

		link_each(c, feed, f->token[i], print_link, NULL);
	}
	putchar('\n');
}

static void
print_paths(const struct conf *c)
{
	for (size_t i = 0; i < c->feeds; i++)
		printf(_("    path       /%s/%s\n"), c->feed[i].name,
		    c->feed[i].writer[0]->file);
}

static void
print_by_sftp(const struct conf *c, const struct init_facts *f)
{
	if (c->sftp_port == 0)
		return;
	printf(_("In Direct, form \"by SFTP\":\n"
		 "    host       %s\n"
		 "    port       %u\n"
		 "    login      %s\n"
		 "    password   %s\n"),
	    c->host, c->sftp_port, f->user[0], f->password[0]);
	print_paths(c);
	printf(_("The server's key is %s.\n\n"), f->host_key);
}

static void
print_by_ftp(const struct conf *c, const struct init_facts *f)
{
	unsigned port = c->ftp_port != 0 ? c->ftp_port : c->ftps_port;

	if (port == 0)
		return;
	printf(_("In Direct, form \"by FTP\", with the secure protocol "
		 "(FTPS):\n"
		 "    host       %s\n"
		 "    port       %u\n"
		 "    login      %s\n"
		 "    password   %s\n"),
	    c->host, port, f->user[0], f->password[0]);
	print_paths(c);
	if (port != c->ftps_port && c->ftps_port != 0)
		printf(_("Should Direct not get through there, the port is %u: "
			 "%u is for explicit FTPS,\n%u for implicit FTPS.\n"),
		    c->ftps_port, c->ftp_port, c->ftps_port);
	puts(_("Files go over further ports; behind a firewall set "
	       "ftp_passive_ports in\nconvdrop.conf, and open those too.\n"));
}

static bool
has_certificate(const struct conf *c)
{
	return c->https_port != 0 || c->ftp_port != 0 || c->ftps_port != 0;
}

static void
print_warning(const struct conf *c)
{
	if (is_local(c->host))
		printf(_("Direct will NOT fetch from here: \"%s\" is this "
			 "machine alone. On a server\nwith a public name, set "
			 "host in convdrop.conf to that name, open the ports\n"
			 "above, and see to the certificate:\n"),
		    c->host);
	else if (c->https_port != 0)
		puts(_(
		    "Direct will NOT fetch by link yet, since the certificate "
		    "is self-signed:"));
	else if (has_certificate(c))
		puts(_("Direct may not fetch over FTPS yet, since the "
		       "certificate is self-signed:"));
	if (has_certificate(c))
		printf(
		    _("put one from a public authority (an ACME client gets "
		      "it) and its key, mode 0600,\nover %s/keys/tls.crt and "
		      "tls.key, and send convdropd\na SIGHUP.%s\n\n"),
		    c->dir,
		    c->sftp_port != 0 ? _(" SFTP needs no certificate.") : "");
	else if (is_local(c->host))
		puts(_("none is needed without HTTPS and FTPS.\n"));
}

static void
print_zone(const struct conf *c, const struct init_facts *f)
{
	int32_t east = zone_offset(f->zone, (int64_t)time(NULL));
	int32_t size = east < 0 ? -east : east;

	printf(_("Dates in the published files are in the zone %s, which is "
		 "UTC%c%02d:%02d now.\nIt must be the zone of the counter in "
		 "Metrica; if that has another, set timezone\nin "
		 "convdrop.conf.\n\n"),
	    c->feed[0].source[0]->zone, east < 0 ? '-' : '+',
	    (int)(size / 3600), (int)(size / 60 % 60));
}

/* For a shell: in quotes when it has anything unusual. */
static void
print_quoted(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+,:@%";

	if (strspn(s, plain) == strlen(s)) {
		fputs(s, stdout);
		return;
	}
	putchar('\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*s);
	}
	putchar('\'');
}

int
init_print(const struct conf *c, const struct init_facts *f)
{
	static const char *const what[INIT_USERS] = { N_("pulls the files"),
		N_("uploads dumps, reads reports"),
		N_("sees the server's state"),
		N_("reads everything and the archive") };
	char path[PATH_MAX];

	printf(_("An instance of convdrop is made in %s.\n\n"), c->dir);
	puts(_(
	    "Users (the passwords are kept as hashes alone; note them now):"));
	for (size_t i = 0; i < INIT_USERS; i++)
		printf("    %-8s   %s   %s\n", f->user[i], f->password[i],
		    _(what[i]));
	putchar('\n');
	print_by_link(c, f);
	print_by_sftp(c, f);
	print_by_ftp(c, f);
	print_warning(c);
	print_zone(c, f);
	puts(_("Dumps go into:"));
	for (size_t i = 0; i < c->feeds; i++) {
		conf_path(path, c, "inbox", c->feed[i].name, NULL);
		printf("    %s/\n", path);
	}
	conf_path(path, c, "convdrop.conf", NULL);
	printf(_("\nStart the daemon:\n    convdropd -c "));
	print_quoted(path);
	putchar('\n');
	if (fflush(stdout) != 0 || ferror(stdout))
		return ctl_fail("standard output: %s", strerror(errno));
	return CTL_FINE;
}
