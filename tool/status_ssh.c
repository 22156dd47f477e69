/*
 * SSH and TLS in `convdrop status`.
 */
#include "tool/status_ssh.h"

#include <stdio.h>
#include <time.h>

#include "server/lang.h"
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
