/*
 * SSH and TLS in `convdrop status`.
 */
#include "tool/status_ssh.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "server/lang.h"
#include "server/negotiated.h"
#include "server/rotate.h"

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

/* --- host keys ------------------------------------------------------------ */

static json_t *
print_json(const char *print)
{
	return print[0] == '\0' ? json_null() : json_string(print);
}

static json_t *
when_json(int64_t at)
{
	time_t t = (time_t)at;
	char text[32];
	struct tm tm;

	if (at == 0)
		return json_null();
	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

int
status_hostkeys(json_t *into, const struct conf *c, struct err *e)
{
	json_t *keys = json_array();
	struct rotation r;

	if (rotate_look(&r, c, e) == -1)
		goto failed;
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		char now[FINGERPRINT_SIZE], next[FINGERPRINT_SIZE];
		enum hostkey_type type = (enum hostkey_type)t;

		if (rotate_fingerprint(now, c, type, false, e) == -1 ||
		    rotate_fingerprint(next, c, type, true, e) == -1)
			goto failed;
		json_array_append_new(
		    keys, json_pack("{s:s, s:o, s:o}", "key",
			      hostkey_file(type), "sha256", print_json(now),
			      "next_sha256", print_json(next)));
	}
	json_object_set_new(into, "hostkeys",
	    json_pack("{s:o, s:b, s:o}", "keys", keys, "coming", r.there, "at",
		when_json(r.at)));
	return 0;
failed:
	json_decref(keys);
	return -1;
}

void
status_print_hostkeys(const json_t *all)
{
	const json_t *h = json_object_get(all, "hostkeys"), *key;
	const char *at = text_of(h, "at");
	size_t i;

	json_array_foreach(json_object_get(h, "keys"), i, key)
	    printf(_("host key: %s %s\n"), text_of(key, "key"),
		text_of(key, "sha256"));
	json_array_foreach(json_object_get(h, "keys"), i, key)
	{
		const char *next = text_of(key, "next_sha256");

		if (next[0] == '\0')
			continue;
		if (at[0] == '\0')
			printf(_("coming host key: %s %s, no time is set\n"),
			    text_of(key, "key"), next);
		else
			printf(_("coming host key: %s %s, from %s on\n"),
			    text_of(key, "key"), next, at);
	}
}

/* --- clients -------------------------------------------------------------- */

void
status_note_login(json_t *clients, const json_t *line, int64_t now)
{
	json_t *since = when_json(now - (int64_t)CLIENT_DAYS * 86400);
	char key[1024];

	/* times of one form are in order as texts */
	if (json_object_get(line, "cipher") != NULL &&
	    strcmp(text_of(line, "time"), json_string_value(since)) >= 0) {
		json_t *o = json_deep_copy(line);

		snprintf(key, sizeof key, "%s %s %s", text_of(line, "user"),
		    text_of(line, "protocol"), text_of(line, "client"));
		json_object_del(o, "event");
		json_object_del(o, "heard");
		json_object_del(o, "prev");
		json_object_set_new(clients, key, o);
	}
	json_decref(since);
}

static bool
lists(const json_t *lacks, enum ssh_list l)
{
	const json_t *o;
	size_t i;

	json_array_foreach(lacks, i, o)
	{
		if (strcmp(json_string_value(o), ssh_list_key(l)) == 0)
			return true;
	}
	return false;
}

/* The lists in which strict has nothing for a client: "cipher, MAC". */
static void
name_lists(char *out, size_t size, const json_t *lacks)
{
	size_t n = 0;

	out[0] = '\0';
	for (int l = 0; l < SSH_LISTS; l++) {
		if (!lists(lacks, (enum ssh_list)l) || n >= size)
			continue;
		n += (size_t)snprintf(out + n, size - n, "%s%s",
		    n == 0 ? "" : ", ", ssh_list_name((enum ssh_list)l));
	}
}

/* "direct (SSH-2.0-JSch: host key)", behind what is there. */
static void
add_lacking(char *out, size_t size, const json_t *client, const json_t *lacks)
{
	size_t n = strlen(out);
	char named[128];

	name_lists(named, sizeof named, lacks);
	snprintf(out + n, size - n, "%s%s (%s: %s)", n == 0 ? "" : "; ",
	    text_of(client, "user"), text_of(client, "client"), named);
}

static json_t *
judge(const json_t *list, const struct conf *c)
{
	unsigned unknown = 0, n = 0;
	char lacking[1024] = "", text[1400];
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
	{
		const json_t *v = json_object_get(o, "strict_lacks");

		if (v == NULL)
			continue; /* it is no SSH */
		n++;
		unknown += json_is_null(v);
		if (json_array_size(v) > 0)
			add_lacking(lacking, sizeof lacking, o, v);
	}
	if (c->ssh_profile == SSH_STRICT)
		snprintf(text, sizeof text,
		    _("ssh_profile = \"strict\" is in force."));
	else if (n == 0)
		snprintf(text, sizeof text,
		    _("Nobody logged in over SFTP in the last %d days, so it "
		      "is not known whom ssh_profile = \"strict\" would shut "
		      "out."),
		    CLIENT_DAYS);
	else if (lacking[0] != '\0')
		snprintf(text, sizeof text,
		    _("ssh_profile = \"strict\" would shut out: %s."), lacking);
	else if (unknown > 0)
		snprintf(text, sizeof text,
		    ngettext("Of %u client in the last %d days it is not known "
			     "whether ssh_profile = \"strict\" would do; the "
			     "others would also connect.",
			"Of %u clients in the last %d days it is not known "
			"whether ssh_profile = \"strict\" would do; the others "
			"would also connect.",
			unknown),
		    unknown, CLIENT_DAYS);
	else
		snprintf(text, sizeof text,
		    _("Everybody who logged in over SFTP in the last %d days "
		      "would also connect under ssh_profile = \"strict\"."),
		    CLIENT_DAYS);
	return json_string(text);
}

/* "strict": true, false, or null. */
static void
add_strict(json_t *o)
{
	const json_t *v = json_object_get(o, "strict_lacks");

	if (v != NULL)
		json_object_set_new(o, "strict",
		    json_is_null(v) ? json_null()
				    : json_boolean(json_array_size(v) == 0));
}

void
status_clients(json_t *into, json_t *clients, const struct conf *c)
{
	json_t *list = json_array(), *o;
	const char *key;

	json_object_foreach(clients, key, o)
	{
		add_strict(o);
		json_array_append(list, o);
	}
	json_object_set_new(into, "clients", list);
	if (c->sftp_port != 0)
		json_object_set_new(into, "strict", judge(list, c));
}

static void
print_client(const json_t *o)
{
	const char *client = text_of(o, "client");

	if (client[0] == '\0')
		client = "-";
	if (json_object_get(o, "kex") != NULL)
		printf(_("client  %s  %s by %s: %s, %s, %s, %s, %s\n"),
		    text_of(o, "time"), text_of(o, "user"),
		    text_of(o, "protocol"), client, text_of(o, "kex"),
		    text_of(o, "hostkey"), text_of(o, "cipher"),
		    text_of(o, "mac"));
	else
		printf(_("client  %s  %s by %s: %s, %s, %s\n"),
		    text_of(o, "time"), text_of(o, "user"),
		    text_of(o, "protocol"), client, text_of(o, "tls"),
		    text_of(o, "cipher"));
}

void
status_print_clients(const json_t *all)
{
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(all, "clients"), i, o)
	    print_client(o);
	if (json_object_get(all, "strict") != NULL)
		printf("%s\n", text_of(all, "strict"));
}
