/*
 * convdrop.conf: libconfuse's syntax, one table of settings that the parser,
 * `convdrop init` (which writes every setting with its default and a line that
 * explains it) and convdrop.conf(5) share.  Workers get the text that the
 * parent read and parse it themselves, so all see the same.
 */
#ifndef SERVER_CONF_H
#define SERVER_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "formats/settings.h"
#include "formats/writer.h"
#include "server/err.h"

#define FEEDS_MAX 1024
/* Of [a-z0-9_-], first a letter or digit; never inbox, reports, archive,
 * status, metrics, t. */
#define FEED_NAME_MAX 63

/* In reports/FEED/: what those may see who may not see personal data. */
#define REPORTS_MASKED ".masked"

enum ssh_profile {
	SSH_COMPAT,
	SSH_STRICT
};

/* When a dump must wait until somebody approved it (gate.h); 0 switches a
 * reason off. */
struct hold {
	unsigned on;                /* 1 */
	unsigned unknown_percent;   /* 5 */
	unsigned backwards_percent; /* 5 */
	unsigned revenue_percent;   /* 20 */
	unsigned older_days;        /* 2 */
	unsigned future_percent;    /* 2 */
	unsigned future_minutes;    /* 10 */
	unsigned header, preset;    /* 1 */
};

struct feed {
	char *name;
	size_t index;             /* in conf.feed: its bit in a grant */
	struct settings **source; /* [0] is the default source, "" */
	size_t sources;
	char **output;                /* as written: outputs and writers' names;
				       * conversion-center alone unless set; NULL-terminated */
	const struct writer **writer; /* what they mean: each file once */
	size_t writers;
	unsigned window_days;       /* the longest of them; 0: any age */
	char *calls_as_orders;      /* "" or the target that calls get as
				     * orders, where an output takes them */
	struct target_rule *target; /* metrica-offline: a status's goal */
	size_t targets;
	unsigned shrink_percent; /* 70; 0 is off */
	unsigned shrink_rows;    /* 100 */
	unsigned stale_hours;    /* 36: status complains after that */
	unsigned each_step;      /* 0; 1: statuses that came between two pulls
				  * are published one after the other */
	struct hold hold;
};

struct conf {
	char *dir;     /* the folder of the file; all paths below are in it */
	char *host;    /* for printed URLs */
	char **listen; /* addresses; NULL-terminated; default "::" (dual) */
	uint16_t sftp_port, https_port, http_port; /* 0 is off */
	uint16_t ftp_port, ftps_port;              /* explicit, implicit TLS */
	unsigned ftp_plain;       /* 1: logins without encryption too */
	char *ftp_passive_ports;  /* "" or what conf_ports takes */
	char *ftp_public_address; /* "" or an IPv4 address */
	enum ssh_profile ssh_profile;
	char *language; /* "" is the environment's; "en", "ru" */
	char *user_auth, *user_files, *user_ingest, *user_http, *user_ssh;
	char *user_ftp;
	/* accounts when started as root; "" stays as it is */
	char **inbox_owner;     /* account names or numbers; NULL-terminated */
	unsigned settle_ms;     /* 2000 */
	unsigned rescan_s;      /* 60 */
	unsigned window_days;   /* 112 */
	unsigned grace_s;       /* 30 */
	uint64_t publish_bytes; /* 300000000 */
	unsigned keep_dump_days, keep_pulled_days; /* 180, at least 120 */
	unsigned keep_unpulled_days;               /* 7 */
	unsigned keep_audit_days;                  /* 1095 */
	uint64_t reserve_bytes;   /* 1 GiB: of the disk, kept free, */
	unsigned reserve_percent; /* 10: or this, whichever is less */
	unsigned max_connections, max_per_address;            /* 200, 20 */
	unsigned max_unauthenticated, max_unauth_per_address; /* 50, 10 */
	unsigned early_drop_from, early_drop_percent;         /* 25, 30 */
	char **exempt; /* networks; NULL-terminated; NULL: none */
	unsigned login_s, login_tries, idle_s; /* 30, 6, 300 */
	unsigned http_request_s;               /* 15 */
	unsigned remember_s; /* 300: a login that succeeded, by auth */
	struct limits limits;
	struct own_preset **preset; /* presets/NAME.conf, by name */
	size_t presets;
	/* Files that ignore_identifiers names, each as the ignored and
	 * ignore_file of settings of its own. */
	struct settings **ignore;
	size_t ignores;
	struct feed *feed;
	size_t feeds;
};

/* The file's text, and behind it those of the presets beside it and of the
 * files that ignore_identifiers names: what conf_parse takes.  malloc'ed. */
int conf_read(char **text, size_t *n, const char *path, struct err *e);

/* text of n bytes; path (which need not exist) is for messages, "file:line:",
 * and its folder becomes conf.dir.  Checks everything that can be checked
 * without opening a file, so not whether a time zone exists. */
int conf_parse(struct conf **out, const char *text, size_t n, const char *path,
    struct err *e);
/* Reads the file, then conf_parse, then checks the zones. */
int conf_load(struct conf **out, const char *path, struct err *e);
void conf_free(struct conf *c);

/* Days that an output of a writer reaches back; 0: any age. */
unsigned conf_window(const struct conf *c, const struct writer *w);

const struct feed *conf_feed(const struct conf *c, const char *name); /* NULL */
const struct settings *feed_source(const struct feed *f, const char *source);

/* The bytes of /usr/share/zoneinfo/NAME (or $TZDIR), checked: no "..", a TZif
 * without leap seconds.  zone_free what comes out. */
struct zone;
int conf_zone(struct zone **out, const char *name, struct err *e);

/* "50000-50099", in that order. */
bool conf_ports(const char *s, uint16_t *first, uint16_t *last);

/* "DIR/a/b" into out of PATH_MAX bytes; parts end with NULL. */
void conf_path(char *out, const struct conf *c, ...) __attribute__((sentinel));

/* The text of a fresh convdrop.conf: every setting, its default, a line. */
struct conf_init {
	const char *const *feed;
	size_t feeds;
	const char *timezone, *host, *pii;
	unsigned sftp_port, https_port, http_port, ftp_port, ftps_port;
	const char *user[6]; /* auth files ingest http ssh ftp */
};
char *conf_text(const struct conf_init *i); /* malloc'ed */

/* The text s as one of convdrop.conf: in quotes, on one line, and "${" so that
 * it is no variable. */
void conf_put_quoted(FILE *to, const char *s);

#endif
