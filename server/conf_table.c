/*
 * The settings, and what each of them takes.
 */
#include "server/conf_table.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/decode.h"
#include "formats/own_preset.h"
#include "formats/writer.h"
#include "formats/zone.h"
#include "keys/users.h"
#include "server/conf.h"
#include "server/lang.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

static bool
made_of(const char *s, const char *set, size_t max)
{
	size_t n = strlen(s);

	return n > 0 && n <= max && strspn(s, set) == n;
}

bool
conf_name_valid(const char *name)
{
	static const char *const reserved[] = { "inbox", "reports", "archive",
		"status", "metrics", "t", "healthz", "readyz" };

	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
		if (strcmp(name, reserved[i]) == 0)
			return false;
	}
	return made_of(name, LOWER DIGIT "_-", FEED_NAME_MAX) &&
	       name[0] != '_' && name[0] != '-';
}

bool
conf_zone_name_valid(const char *name)
{
	return made_of(name, LOWER UPPER DIGIT "_-+/", 64) && name[0] != '/' &&
	       strstr(name, "//") == NULL && strncmp(name, "right/", 6) != 0;
}

static bool
zone_or_none(const char *s)
{
	return *s == '\0' || conf_zone_name_valid(s);
}

static bool
host_valid(const char *s)
{
	return made_of(s, LOWER UPPER DIGIT ".:-", 253);
}

static bool
address_valid(const char *s)
{
	struct in6_addr a;

	return inet_pton(AF_INET, s, &a) == 1 ||
	       inet_pton(AF_INET6, s, &a) == 1;
}

static bool
ipv4_or_none(const char *s)
{
	struct in_addr a;

	return *s == '\0' || inet_pton(AF_INET, s, &a) == 1;
}

static bool
ports_or_none(const char *s)
{
	uint16_t first, last;

	return *s == '\0' || conf_ports(s, &first, &last);
}

static bool
account_valid(const char *s)
{
	return made_of(s, LOWER UPPER DIGIT "_.$-", 64) && s[0] != '-';
}

static bool
account_or_none(const char *s)
{
	return *s == '\0' || account_valid(s);
}

static bool
output_valid(const char *s)
{
	return writer_by_name(s) != NULL;
}

static bool
call_target_valid(const char *s)
{
	struct slice to = preset_target(s);

	return *s == '\0' || (to.n > 0 && !slice_is(to, "skip"));
}

static bool
preset_valid(const char *s)
{
	return *s == '\0' || own_preset_name_valid(s);
}

static bool
encoding_valid(const char *s)
{
	return *s == '\0' || decode_knows(s);
}

static bool
currency_valid(const char *s)
{
	return *s == '\0' || (strlen(s) == 3 && made_of(s, UPPER, 3));
}

static bool
prefix_valid(const char *s)
{
	return *s == '\0' || made_of(s, LOWER UPPER DIGIT "_.-", 32);
}

/* In the folder of convdrop.conf, and not out of it. */
static bool
file_or_none(const char *s)
{
	return *s == '\0' ||
	       (made_of(s, LOWER UPPER DIGIT "_.-/", 255) && s[0] != '/' &&
		   strstr(s, "..") == NULL && s[strlen(s) - 1] != '/');
}

static bool
pipeline_valid(const char *s)
{
	return *s != '\0';
}

static bool
language_or_none(const char *s)
{
	return *s == '\0' || lang_known(s);
}

static const char *const ssh_profiles[] = { "compat", "strict", NULL };
static const char *const same_ids[] = { "preset", "last", "first", "sum",
	NULL };
static const char *const piis[] = { "plain", "hash", NULL };
static const char *const switches[] = { "no", "yes", NULL };
static const char *const steps[] = { "last", "each", NULL };
static const char *const skip_knowns[] = { "keep", "CANCELLED", NULL };

#define MEMBER(type, m) offsetof(struct type, m), sizeof((struct type *)0)->m
#define SERVER(m) MEMBER(conf, m)
#define FEED(m) MEMBER(feed, m)
#define SOURCE(m) MEMBER(settings, m)
#define RANGE(from, to) .min = (from), .max = (to)
#define GIB (UINT64_C(1) << 30)

/* clang-format off */
const struct setting conf_setting[] = {
{ "host", SCOPE_SERVER, TYPE_TEXT, SERVER(host), "localhost",
  "The name in printed URLs; never an address to listen on.",
  .valid = host_valid, .allowed = N_("a host name or an IP address"),
  .heading = "Where clients connect" },
{ "listen", SCOPE_SERVER, TYPE_LIST, SERVER(listen), "::",
  "Addresses to listen on; \"::\" is all of IPv6 and IPv4.",
  .valid = address_valid, .allowed = N_("IP addresses such as \"::\"") },
{ "sftp_port", SCOPE_SERVER, TYPE_NUMBER, SERVER(sftp_port), "2022",
  "The port for SFTP; 0 is off.", RANGE(0, 65535) },
{ "https_port", SCOPE_SERVER, TYPE_NUMBER, SERVER(https_port), "8443",
  "The port for HTTPS; 0 is off.", RANGE(0, 65535) },
{ "http_port", SCOPE_SERVER, TYPE_NUMBER, SERVER(http_port), "0",
  "The port for HTTP without encryption; 0 is off.", RANGE(0, 65535) },
{ "ftp_port", SCOPE_SERVER, TYPE_NUMBER, SERVER(ftp_port), "0",
  "The port for FTP that becomes FTPS by AUTH TLS; 0 is off.",
  RANGE(0, 65535) },
{ "ftps_port", SCOPE_SERVER, TYPE_NUMBER, SERVER(ftps_port), "0",
  "The port for FTPS that is encrypted from the first byte; 0 is off.",
  RANGE(0, 65535) },
{ "ftp_plain", SCOPE_SERVER, TYPE_CHOICE, SERVER(ftp_plain), "no",
  "yes: FTP without encryption too; everybody on the way reads passwords.",
  .choice = switches },
{ "ftp_passive_ports", SCOPE_SERVER, TYPE_TEXT, SERVER(ftp_passive_ports), "",
  "Ports for FTP's data, such as 50000-50099; \"\": any that is free.",
  .valid = ports_or_none,
  .allowed = N_("\"\" or a range of ports such as 50000-50099") },
{ "ftp_public_address", SCOPE_SERVER, TYPE_TEXT, SERVER(ftp_public_address),
  "", "The IPv4 address that clients reach, when behind NAT; \"\": our own.",
  .valid = ipv4_or_none, .allowed = N_("\"\" or an IPv4 address") },
{ "ssh_profile", SCOPE_SERVER, TYPE_CHOICE, SERVER(ssh_profile), "compat",
  "compat: all safe algorithms that old clients speak; strict: newest only.",
  .choice = ssh_profiles },
{ "language", SCOPE_SERVER, TYPE_TEXT, SERVER(language), "",
  "Language of log and reports: en or ru; \"\" is the environment's.",
  .valid = language_or_none, .allowed = N_("en, ru or \"\"") },

{ "user_auth", SCOPE_SERVER, TYPE_TEXT, SERVER(user_auth), "",
  "Account of the process that checks logins; \"\" stays as it is.",
  .valid = account_or_none, .allowed = N_("the name of an account, or \"\""),
  .heading = "Accounts, used when started as root" },
{ "user_files", SCOPE_SERVER, TYPE_TEXT, SERVER(user_files), "",
  "Account of the process that opens files for clients.",
  .valid = account_or_none, .allowed = N_("the name of an account, or \"\"") },
{ "user_ingest", SCOPE_SERVER, TYPE_TEXT, SERVER(user_ingest), "",
  "Account of the process that reads dumps and publishes.",
  .valid = account_or_none, .allowed = N_("the name of an account, or \"\"") },
{ "user_http", SCOPE_SERVER, TYPE_TEXT, SERVER(user_http), "",
  "Account of the process that speaks HTTPS and HTTP.",
  .valid = account_or_none, .allowed = N_("the name of an account, or \"\"") },
{ "user_ssh", SCOPE_SERVER, TYPE_TEXT, SERVER(user_ssh), "",
  "Account of the processes that speak SFTP.",
  .valid = account_or_none, .allowed = N_("the name of an account, or \"\"") },
{ "user_ftp", SCOPE_SERVER, TYPE_TEXT, SERVER(user_ftp), "",
  "Account of the processes that speak FTP and FTPS.",
  .valid = account_or_none, .allowed = N_("the name of an account, or \"\"") },

{ "inbox_owners", SCOPE_SERVER, TYPE_LIST, SERVER(inbox_owner), "",
  "Accounts besides root and ours whose files in the inbox are taken.",
  .valid = account_valid, .allowed = N_("names or numbers of accounts"),
  .heading = "From the inbox to the published file" },
{ "settle_ms", SCOPE_SERVER, TYPE_NUMBER, SERVER(settle_ms), "2000",
  "Milliseconds that a file must stay unchanged before it is a dump.",
  RANGE(10, 3600000) },
{ "rescan_s", SCOPE_SERVER, TYPE_NUMBER, SERVER(rescan_s), "60",
  "Seconds between two looks through the whole inbox.", RANGE(1, 86400) },
{ "window_days", SCOPE_SERVER, TYPE_NUMBER, SERVER(window_days), "112",
  "Orders created within so many days are published; Direct takes no older.",
  RANGE(1, 112) },
{ "publish_bytes", SCOPE_SERVER, TYPE_BYTES, SERVER(publish_bytes),
  "300000000", "The largest file published; Direct takes no larger.",
  RANGE(1024, 300000000) },
{ "grace_s", SCOPE_SERVER, TYPE_NUMBER, SERVER(grace_s), "30",
  "Seconds that running transfers get to end when the daemon stops.",
  RANGE(0, 3600) },

{ "keep_dump_days", SCOPE_SERVER, TYPE_NUMBER, SERVER(keep_dump_days), "180",
  "Days that a dump stays in the archive; at least 120, for rebuilding.",
  RANGE(120, 36500), .heading = "What is kept, and for how long" },
{ "keep_pulled_days", SCOPE_SERVER, TYPE_NUMBER, SERVER(keep_pulled_days),
  "180", "Days that a published version which somebody pulled is kept.",
  RANGE(120, 36500) },
{ "keep_unpulled_days", SCOPE_SERVER, TYPE_NUMBER,
  SERVER(keep_unpulled_days), "7",
  "Days that a published version which nobody pulled is kept.",
  RANGE(1, 36500) },
{ "keep_audit_days", SCOPE_SERVER, TYPE_NUMBER, SERVER(keep_audit_days),
  "1095", "Days that the audit is kept; at least 120.", RANGE(120, 36500) },
{ "reserve_bytes", SCOPE_SERVER, TYPE_BYTES, SERVER(reserve_bytes), "1GiB",
  "Room on the disk that is left free: so much, or",
  RANGE(0, UINT64_C(1) << 50) },
{ "reserve_percent", SCOPE_SERVER, TYPE_NUMBER, SERVER(reserve_percent), "10",
  "this percentage of the disk, whichever is less.", RANGE(0, 100) },

{ "max_connections", SCOPE_SERVER, TYPE_NUMBER, SERVER(max_connections), "200",
  "Connections at one time,", RANGE(1, 10000),
  .heading = "Limits on clients" },
{ "max_per_address", SCOPE_SERVER, TYPE_NUMBER, SERVER(max_per_address), "20",
  "and from one address.", RANGE(1, 10000) },
{ "max_unauthenticated", SCOPE_SERVER, TYPE_NUMBER,
  SERVER(max_unauthenticated), "50", "Connections not yet logged in,",
  RANGE(1, 10000) },
{ "max_unauth_per_address", SCOPE_SERVER, TYPE_NUMBER,
  SERVER(max_unauth_per_address), "10", "and from one address.",
  RANGE(1, 10000) },
{ "early_drop_from", SCOPE_SERVER, TYPE_NUMBER, SERVER(early_drop_from), "25",
  "From so many not yet logged in on, a new one may end one of them at random,",
  RANGE(1, 10000) },
{ "early_drop_percent", SCOPE_SERVER, TYPE_NUMBER, SERVER(early_drop_percent),
  "30", "with this chance, which grows to 100 at max_unauthenticated; 0: never.",
  RANGE(0, 100) },
{ "exempt", SCOPE_SERVER, TYPE_LIST, SERVER(exempt), "",
  "Networks that no penalty for wrong logins and no early drop ever hits.",
  .valid = user_network_valid,
  .allowed = N_("an address or a network such as 192.0.2.0/24") },
{ "login_s", SCOPE_SERVER, TYPE_NUMBER, SERVER(login_s), "30",
  "Seconds within which a client must have logged in.", RANGE(1, 3600) },
{ "login_tries", SCOPE_SERVER, TYPE_NUMBER, SERVER(login_tries), "6",
  "Tries to log in on one connection.", RANGE(1, 100) },
{ "idle_s", SCOPE_SERVER, TYPE_NUMBER, SERVER(idle_s), "300",
  "Seconds after which a silent connection is closed.", RANGE(1, 86400) },
{ "http_request_s", SCOPE_SERVER, TYPE_NUMBER, SERVER(http_request_s), "15",
  "Seconds within which an HTTP request must have arrived.",
  RANGE(1, 3600) },
{ "remember_s", SCOPE_SERVER, TYPE_NUMBER, SERVER(remember_s), "300",
  "Seconds for which a login that succeeded is remembered; 0 is off.",
  RANGE(0, 3600) },

{ "dump_packed_bytes", SCOPE_SERVER, TYPE_BYTES, SERVER(limits.packed_bytes),
  "4GiB", "The largest dump taken, as dropped,",
  RANGE(1, UINT64_C(1) << 50), .heading = "Limits on dumps" },
{ "dump_plain_bytes", SCOPE_SERVER, TYPE_BYTES, SERVER(limits.plain_bytes),
  "64GiB", "and unpacked.", RANGE(1, UINT64_C(1) << 50) },
{ "dump_ratio", SCOPE_SERVER, TYPE_NUMBER, SERVER(limits.ratio), "200",
  "How many times its size a packed dump may unpack to,",
  RANGE(1, 1000000) },
{ "dump_ratio_from", SCOPE_SERVER, TYPE_BYTES, SERVER(limits.ratio_from),
  "64MiB", "once it is larger than this.", RANGE(0, UINT64_C(1) << 50) },
{ "dump_line_bytes", SCOPE_SERVER, TYPE_BYTES, SERVER(limits.line_bytes),
  "1MiB", "The longest record, with its line breaks.",
  RANGE(1024, 64 << 20) },
{ "dump_field_bytes", SCOPE_SERVER, TYPE_BYTES, SERVER(limits.field_bytes),
  "64KiB", "The longest cell.", RANGE(64, 64 << 20) },
{ "dump_columns", SCOPE_SERVER, TYPE_NUMBER, SERVER(limits.columns), "4096",
  "The most columns.", RANGE(1, 65536) },
{ "dump_members", SCOPE_SERVER, TYPE_NUMBER, SERVER(limits.members), "1000",
  "The most files in a zip archive.", RANGE(1, 65535) },

{ "timezone", SCOPE_COUNTER, TYPE_TEXT, SOURCE(zone), "Europe/Moscow",
  "The time zone that is set in the Metrica counter.",
  .valid = conf_zone_name_valid,
  .allowed = N_("a zone's name such as Europe/Moscow") },
{ "outputs", SCOPE_FEED, TYPE_LIST, FEED(output), "conversion-center",
  "The files to publish.", .valid = output_valid,
  .allowed = N_("names of outputs such as \"conversion-center\"") },
{ "calls_as_orders", SCOPE_FEED, TYPE_TEXT, FEED(calls_as_orders), "",
  "What calls are as orders, found by phone: IN_PROGRESS, goal:ID …; \"\": none.",
  .valid = call_target_valid,
  .allowed = N_("\"\", PAID, IN_PROGRESS, CANCELLED, SPAM or goal:ID") },
{ "pii", SCOPE_COUNTER, TYPE_CHOICE, SOURCE(pii), "plain",
  "plain: phones and e-mails as in the dump; hash: as MD5 only.",
  .choice = piis },
{ "skip_known", SCOPE_COUNTER, TYPE_CHOICE, SOURCE(skip_known), "keep",
  "A published order whose new status is skip: keep its row, or CANCELLED.",
  .choice = skip_knowns },
{ "status_steps", SCOPE_FEED, TYPE_CHOICE, FEED(each_step), "last",
  "Statuses that came between two pulls: the last, or each after the other.",
  .choice = steps },
{ "shrink_percent", SCOPE_FEED, TYPE_NUMBER, FEED(shrink_percent), "70",
  "A file with less than this percentage of the rows expected is withheld;",
  RANGE(0, 100) },
{ "shrink_rows", SCOPE_FEED, TYPE_NUMBER, FEED(shrink_rows), "100",
  "files of up to so many rows never are.", RANGE(0, 1000000000) },
{ "stale_hours", SCOPE_FEED, TYPE_NUMBER, FEED(stale_hours), "36",
  "Hours without a dump or a pull after which status complains.",
  RANGE(1, 8760) },
{ "hold", SCOPE_FEED, TYPE_CHOICE, FEED(hold.on), "yes",
  "A dump that looks like the wrong one waits for approval; no: never.",
  .choice = switches },
{ "hold_unknown_percent", SCOPE_FEED, TYPE_NUMBER,
  FEED(hold.unknown_percent), "5",
  "It waits when fewer of its ids are known here, but more elsewhere; 0: off.",
  RANGE(0, 100) },
{ "hold_backwards_percent", SCOPE_FEED, TYPE_NUMBER,
  FEED(hold.backwards_percent), "5",
  "Or more of its known orders go back to IN_PROGRESS or lose revenue, by",
  RANGE(0, 100) },
{ "hold_revenue_percent", SCOPE_FEED, TYPE_NUMBER,
  FEED(hold.revenue_percent), "20",
  "more than this percentage of what it was; 0: revenue does not matter.",
  RANGE(0, 100) },
{ "hold_older_days", SCOPE_FEED, TYPE_NUMBER, FEED(hold.older_days), "2",
  "Or its newest row is more days older than the last dump's; 0: off.",
  RANGE(0, 3650) },
{ "hold_future_percent", SCOPE_FEED, TYPE_NUMBER, FEED(hold.future_percent),
  "2", "Or more of its rows with a time of day are in the future; 0: off;",
  RANGE(0, 100) },
{ "hold_future_minutes", SCOPE_FEED, TYPE_NUMBER, FEED(hold.future_minutes),
  "10", "that is by more minutes than this.", RANGE(0, 10080) },
{ "hold_header", SCOPE_FEED, TYPE_CHOICE, FEED(hold.header), "yes",
  "Or its header is not that of the source's last dump.", .choice = switches },
{ "hold_preset", SCOPE_FEED, TYPE_CHOICE, FEED(hold.preset), "yes",
  "Or it needs a preset that is new to the source, for orders known.",
  .choice = switches },

{ "preset", SCOPE_SOURCE, TYPE_TEXT, SOURCE(preset), "",
  "The CRM that made the dumps (convdrop presets); \"\": by their headers.",
  .valid = preset_valid,
  .allowed = N_("\"\" or a name that `convdrop presets` lists") },
{ "encoding", SCOPE_SOURCE, TYPE_TEXT, SOURCE(encoding), "",
  "The encoding of the dumps, such as windows-1251; \"\" is detected.",
  .valid = encoding_valid,
  .allowed = N_("\"\", utf-8, windows-1251, koi8-r, cp866, utf-16le or utf-16be") },
{ "delimiter", SCOPE_SOURCE, TYPE_DELIMITER, SOURCE(delimiter), "",
  "What stands between columns: \";\", \",\", \"|\" or \"tab\"; \"\": detected.",
  .allowed = N_("\"\", \";\", \",\", \"|\" or \"tab\"") },
{ "sheet", SCOPE_SOURCE, TYPE_TEXT, SOURCE(sheet), "",
  "The sheet to read of an .xlsx workbook; \"\": the first one shown.",
  .valid = NULL },
{ "source_timezone", SCOPE_SOURCE, TYPE_TEXT, SOURCE(source_zone), "",
  "The time zone of dates in the dumps; \"\" is the counter's.",
  .valid = zone_or_none,
  .allowed = N_("\"\" or a zone's name such as Asia/Yekaterinburg") },
{ "id_prefix", SCOPE_SOURCE, TYPE_TEXT, SOURCE(id_prefix), "",
  "Put before every order id, so that two sources' orders stay apart.",
  .valid = prefix_valid,
  .allowed = N_("up to 32 letters, digits, dots, _ and -") },
{ "default_status", SCOPE_SOURCE, TYPE_TEXT, SOURCE(default_status), "",
  "The status of all orders of a dump without a status column; \"\": none.",
  .valid = NULL },
{ "currency", SCOPE_SOURCE, TYPE_TEXT, SOURCE(currency), "",
  "The currency of amounts, such as RUB; \"\" is any.",
  .valid = currency_valid, .allowed = N_("\"\" or three capital letters") },
{ "start_date", SCOPE_SOURCE, TYPE_DAY, SOURCE(start_day), "",
  "Orders created before this day (YYYY-MM-DD) are skipped; \"\" is off.",
  .allowed = N_("\"\" or a day such as 2026-01-31") },
{ "same_id", SCOPE_SOURCE, TYPE_CHOICE, SOURCE(same_id), "preset",
  "Rows of one id in a dump: last, first, or the sum of their amounts.",
  .choice = same_ids },
{ "max_bad_percent", SCOPE_SOURCE, TYPE_NUMBER, SOURCE(max_bad_percent), "20",
  "A dump is refused when more of its records than this percentage, and",
  RANGE(0, 100) },
{ "max_bad_rows", SCOPE_SOURCE, TYPE_NUMBER, SOURCE(max_bad_rows), "10",
  "more than this many, are damaged.", RANGE(0, 1000000000) },
{ "ignore_identifiers", SCOPE_SOURCE, TYPE_TEXT, SOURCE(ignore_file), "",
  "A file of phones, e-mails and ClientIDs that are nobody's own; \"\": none.",
  .valid = file_or_none,
  .allowed = N_("\"\" or the path of a file in the instance's folder") },
{ "pipelines", SCOPE_SOURCE, TYPE_PIPELINES, SOURCE(pipeline), "",
  "Only orders of these pipelines are taken; none is all.",
  .valid = pipeline_valid, .allowed = N_("names of pipelines") },
{ "spam_words", SCOPE_SOURCE, TYPE_WORDS, SOURCE(spam_word),
  "спам,нецелев,не целев",
  "Parts of a loss reason that make a cancelled order SPAM.",
  .valid = pipeline_valid, .allowed = N_("parts of words") },
{ .name = NULL }
};
/* clang-format on */

bool
conf_ports(const char *s, uint16_t *first, uint16_t *last)
{
	unsigned from, to;
	char end;

	if (!made_of(s, DIGIT "-", 11) ||
	    sscanf(s, "%5u-%5u%c", &from, &to, &end) != 2 || from < 1 ||
	    from > to || to > UINT16_MAX)
		return false;
	*first = (uint16_t)from;
	*last = (uint16_t)to;
	return true;
}

/* A number that fills the whole text; sizes may end with their unit. */
static bool
parse_number(const char *s, bool bytes, uint64_t *out)
{
	static const struct {
		const char *name;
		unsigned shift;
	} unit[] = { { "", 0 }, { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 } };
	size_t units = bytes ? sizeof unit / sizeof *unit : 1;
	size_t digits = strspn(s, DIGIT);
	uint64_t n = 0;

	if (digits == 0 || digits > 18)
		return false;
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (uint64_t)(s[i] - '0');
	for (size_t i = 0; i < units; i++) {
		if (strcmp(s + digits, unit[i].name) == 0 &&
		    n <= UINT64_MAX >> unit[i].shift) {
			*out = n << unit[i].shift;
			return true;
		}
	}
	return false;
}

static void
put_number(void *member, size_t size, uint64_t n)
{
	uint16_t n16 = (uint16_t)n;
	uint32_t n32 = (uint32_t)n;

	if (size == sizeof n16)
		memcpy(member, &n16, size);
	else if (size == sizeof n32)
		memcpy(member, &n32, size);
	else
		memcpy(member, &n, sizeof n);
}

static bool
take_number(const struct setting *s, const char *value, void *member)
{
	uint64_t n;

	if (!parse_number(value, s->type == TYPE_BYTES, &n) || n < s->min ||
	    n > s->max)
		return false;
	if (member != NULL)
		put_number(member, s->size, n);
	return true;
}

static bool
take_choice(const struct setting *s, const char *value, void *member)
{
	for (uint64_t i = 0; s->choice[i] != NULL; i++) {
		if (strcmp(s->choice[i], value) != 0)
			continue;
		if (member != NULL)
			put_number(member, s->size, i);
		return true;
	}
	return false;
}

static bool
take_delimiter(const char *value, char *member)
{
	static const struct {
		const char *name;
		char c;
	} row[] = { { "", '\0' }, { ";", ';' }, { ",", ',' }, { "|", '|' },
		{ "tab", '\t' } };

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		if (strcmp(row[i].name, value) != 0)
			continue;
		if (member != NULL)
			*member = row[i].c;
		return true;
	}
	return false;
}

static bool
take_day(const char *value, int64_t *member)
{
	struct wall w = { 0 };
	char end;

	if (*value != '\0' &&
	    (strlen(value) != 10 || !made_of(value, DIGIT "-", 10) ||
		sscanf(value, "%4d-%2d-%2d%c", &w.year, &w.month, &w.day,
		    &end) != 3 ||
		value[4] != '-' || value[7] != '-' || !wall_valid(&w) ||
		w.year < 1971))
		return false;
	if (member != NULL)
		*member = *value == '\0' ? 0 : wall_days(&w);
	return true;
}

static bool
take_text(const struct setting *s, const char *value, char **member)
{
	if (s->valid != NULL && !s->valid(value))
		return false;
	if (member != NULL) {
		free(*member);
		*member = mem_string(value);
	}
	return true;
}

static bool
take_element(const struct setting *s, const char *value, char ***member)
{
	size_t n = 0;

	if (!s->valid(value))
		return false;
	if (member == NULL)
		return true;
	while (*member != NULL && (*member)[n] != NULL)
		n++;
	*member = mem_grow(*member, (n + 2) * sizeof **member);
	(*member)[n] = mem_string(value);
	(*member)[n + 1] = NULL;
	return true;
}

static bool
take_pipeline(const struct setting *s, const char *value, void *member)
{
	if (!s->valid(value))
		return false;
	if (member != NULL)
		settings_add_pipeline(
		    (void *)((char *)member - s->offset), value);
	return true;
}

static bool
take_word(const struct setting *s, const char *value, void *member)
{
	if (!s->valid(value))
		return false;
	if (member != NULL)
		settings_add_spam_word(
		    (void *)((char *)member - s->offset), value);
	return true;
}

bool
setting_is_list(const struct setting *s)
{
	return s->type == TYPE_LIST || s->type == TYPE_PIPELINES ||
	       s->type == TYPE_WORDS;
}

static void
say_allowed(const struct setting *s, char *why, size_t size)
{
	size_t n = 0;

	if (s->allowed != NULL) {
		snprintf(why, size, "%s", _(s->allowed));
	} else if (s->choice != NULL) {
		for (size_t i = 0; s->choice[i] != NULL && n < size; i++)
			n += (size_t)snprintf(why + n, size - n, "%s%s",
			    i == 0                     ? ""
			    : s->choice[i + 1] == NULL ? _(" or ")
						       : ", ",
			    s->choice[i]);
	} else {
		snprintf(why, size, _("%s from %llu to %llu"),
		    s->type == TYPE_BYTES
			? _("a size such as 300000000, 64KiB, 5MiB or 1GiB,")
			: _("a whole number"),
		    (unsigned long long)s->min, (unsigned long long)s->max);
	}
}

bool
setting_take(const struct setting *s, const char *value, void *member,
    char *why, size_t size)
{
	bool fits = false;

	switch (s->type) {
	case TYPE_TEXT:
		fits = take_text(s, value, member);
		break;
	case TYPE_NUMBER:
	case TYPE_BYTES:
		fits = take_number(s, value, member);
		break;
	case TYPE_CHOICE:
		fits = take_choice(s, value, member);
		break;
	case TYPE_DELIMITER:
		fits = take_delimiter(value, member);
		break;
	case TYPE_DAY:
		fits = take_day(value, member);
		break;
	case TYPE_LIST:
		fits = take_element(s, value, member);
		break;
	case TYPE_WORDS:
		fits = take_word(s, value, member);
		break;
	case TYPE_PIPELINES:
		fits = take_pipeline(s, value, member);
		break;
	}
	if (!fits)
		say_allowed(s, why, size);
	return fits;
}
