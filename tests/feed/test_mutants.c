/*
 * The whole line a dump travels, with thousands of damaged dumps of every
 * syntax and preset: those of tests/golden, mutated.  Nothing crashes or
 * hangs; each record is in one bucket (I1), and ledger, report.json and
 * rejects.csv tell the same; a refused dump changes no record and no
 * published file; every file that is published passes the linter; archive and
 * ledger give the same store again (I10).
 */
#include <dirent.h>
#include <glob.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "feed/rebuild.h"
#include "tests/mutant.h"
#include "tests/feed/ingest_bench.h"

#define MUTANTS "30" /* of each seed; the environment may want more */
#define PUBLISH_EVERY 10
#define PATIENCE 300               /* seconds for one, on a busy machine */
#define SUMMER INT64_C(1784538000) /* 2026-07-20 12:00 in Moscow */
#define SEEDS 256

/* Feeds that take what the seeds are made of; the second one hashes. */
#define SETTINGS                                                               \
	" timezone = \"Europe/Moscow\"\n default_status = \"IN_PROGRESS\"\n"   \
	" max_bad_percent = 50\n hold = no\n status(\"*\", \"WON\", "          \
	"\"PAID\")\n"
static const char *const conf[] = {
	"feed \"main\" {\n" SETTINGS
	" outputs = { \"conversion-center\", \"metrica-offline\", "
	"\"metrica-calls\", \"metrica-chats\", \"metrica-params\", "
	"\"metrica-contacts\", \"metrica-orders\", \"metrica-simple\", "
	"\"crm-json\" }\n}\n",
	"feed \"main\" {\n" SETTINGS
	" pii = hash\n outputs = { \"conversion-center\", "
	"\"metrica-offline\", \"metrica-calls\", \"metrica-params\", "
	"\"metrica-contacts\", \"metrica-orders\" }\n}\n",
};

static struct bench b;
static char what[1024]; /* which mutant, what was done to it */
static struct {
	uint64_t dumps, merged, refused, known, records, rejected;
} seen;

/* --- the golden dumps ---------------------------------------------------- */

static struct mutant seed[SEEDS];
static char *seed_name[SEEDS];
static size_t seeds;

static int
read_seeds(void **state)
{
	const char *dir = getenv("srcdir");
	char pattern[PATH_MAX];
	glob_t g;

	(void)state;
	snprintf(pattern, sizeof pattern, "%s/tests/golden/*/in.*",
	    dir != NULL ? dir : ".");
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (; seeds < g.gl_pathc && seeds < SEEDS; seeds++) {
		FILE *f = fopen(g.gl_pathv[seeds], "rb");
		char *bytes = malloc(1 << 20);

		assert_non_null(f);
		assert_non_null(bytes);
		seed[seeds].n = fread(bytes, 1, 1 << 20, f);
		seed[seeds].bytes = bytes;
		seed_name[seeds] = strdup(g.gl_pathv[seeds]);
		fclose(f);
	}
	globfree(&g);
	return 0;
}

static int
free_seeds(void **state)
{
	(void)state;
	for (size_t i = 0; i < seeds; i++) {
		free(seed[i].bytes);
		free(seed_name[i]);
	}
	return 0;
}

/* --- what the store and the published files hold ------------------------- */

static void
mix(uint64_t *digest, const void *p, size_t n)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < n; i++)
		*digest = (*digest ^ s[i]) * UINT64_C(0x100000001b3);
}

static int
mix_order(void *ctx, const struct order *o, struct err *e)
{
	static struct arena a = ARENA_EMPTY;
	struct slice packed = conv_pack(&a, &o->conv);

	(void)e;
	mix(ctx, o->id.p, o->id.n);
	mix(ctx, &o->line, sizeof o->line);
	mix(ctx, packed.p, packed.n);
	arena_free(&a);
	return 0;
}

static uint64_t
digest_of_store(void)
{
	uint64_t digest = UINT64_C(0xcbf29ce484222325);
	unsigned kinds = (1U << RECORD_KINDS) - 1;

	if (store_orders(b.in.store, "main", kinds, INT64_MIN, INT64_MAX,
		mix_order, &digest, &b.e) == -1)
		fail_msg("%s: %s", what, b.e.text);
	return digest;
}

static uint64_t
digest_of_files(void)
{
	uint64_t digest = UINT64_C(0xcbf29ce484222325);
	DIR *dir = opendir(instance_path(&b.inst, "published/main"));
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct stat st;

		assert_int_equal(fstatat(dirfd(dir), entry->d_name, &st, 0), 0);
		if (!S_ISREG(st.st_mode))
			continue;
		mix(&digest, &st.st_ino, sizeof st.st_ino);
		mix(&digest, &st.st_mtim.tv_sec, sizeof st.st_mtim.tv_sec);
	}
	if (dir != NULL)
		closedir(dir);
	return digest;
}

/* --- what is said of a dump ---------------------------------------------- */

static void
check_tally(const struct dump_entry *d)
{
	const struct tally *t = &d->tally;
	bool refused = d->state == DUMP_REFUSED;

	if (t->records != t->accepted + t->unchanged + t->superseded +
			      t->skipped + t->rejected)
		fail_msg("%s: the records do not add up", what);
	if (refused && (d->reason[0] == '\0' || t->rejected != t->records))
		fail_msg("%s: refused, but why, or not wholly", what);
	if (!refused && t->records == 0)
		fail_msg("%s: merged without a record", what);
}

static const char *
report_path(const char *name, const char *suffix)
{
	char file[512];

	snprintf(file, sizeof file, "%s%s", name, suffix);
	for (char *p = file; *p != '\0'; p++)
		if (*p == '/')
			*p = '_';
	return instance_path(&b.inst, "reports/main/%s", file);
}

static void
check_json(const char *name, const struct dump_entry *d)
{
	const struct {
		const char *key;
		uint64_t n;
	} item[] = { { "records", d->tally.records },
		{ "accepted", d->tally.accepted },
		{ "unchanged", d->tally.unchanged },
		{ "superseded", d->tally.superseded },
		{ "skipped", d->tally.skipped },
		{ "rejected", d->tally.rejected } };
	char *text = instance_get(report_path(name, ".report.json"));
	json_error_t why;
	json_t *j = json_loads(text, 0, &why);

	if (j == NULL)
		fail_msg("%s: report.json: %s", what, why.text);
	for (size_t i = 0; i < sizeof item / sizeof *item; i++) {
		json_t *n = json_object_get(j, item[i].key);

		if (!json_is_integer(n) ||
		    (uint64_t)json_integer_value(n) != item[i].n)
			fail_msg(
			    "%s: report.json has other %s", what, item[i].key);
	}
	if (strcmp(json_string_value(json_object_get(j, "state")),
		dump_state_name(d->state)) != 0)
		fail_msg("%s: report.json has another state", what);
	json_decref(j);
	free(text);
}

/* A merged dump's rejects.csv has a line for every record that is rejected. */
static void
check_rejects(const char *name, const struct dump_entry *d)
{
	char line[8192];
	FILE *f = fopen(report_path(name, ".rejects.csv"), "r");
	uint64_t rows = 0;
	bool quoted = false;

	assert_non_null(f);
	for (size_t n = 0;;) {
		int c = getc(f);

		if (c == EOF)
			break;
		quoted ^= c == '"';
		if (n + 1 < sizeof line)
			line[n++] = (char)c;
		if (c != '\n' || quoted)
			continue;
		line[n] = '\0';
		n = strspn(line, "0123456789");
		rows += n > 0 && strncmp(line + n, ";row;", 5) == 0;
		n = 0;
	}
	fclose(f);
	if (d->state == DUMP_MERGED && rows != d->tally.rejected)
		fail_msg("%s: rejects.csv has %llu rows instead of %llu", what,
		    (unsigned long long)rows,
		    (unsigned long long)d->tally.rejected);
}

static void
note_dump(void *ctx, const char *name, const struct dump_entry *d, bool known)
{
	bool *changes = ctx;

	seen.dumps++;
	seen.known += known;
	seen.merged += !known && d->state == DUMP_MERGED;
	seen.refused += d->state == DUMP_REFUSED;
	seen.records += d->tally.records;
	seen.rejected += d->tally.rejected;
	*changes = *changes || (!known && d->state == DUMP_MERGED);
	check_tally(d);
	if (known)
		return; /* the report is the first one's */
	check_json(name, d);
	check_rejects(name, d);
}

static bool
check_entry(void *ctx, const struct dump_entry *d)
{
	(void)ctx;
	check_tally(d);
	return true;
}

/* --- one mutant ---------------------------------------------------------- */

static void
drop_mutant(const char *name, const struct mutant *m, int64_t at)
{
	uint64_t before = digest_of_store();
	bool changes = false;
	int fd = memfd_create("dump", MFD_CLOEXEC);

	if (fd == -1 || write(fd, m->bytes, m->n) != (ssize_t)m->n)
		abort();
	b.e.text[0] = '\0';
	alarm(PATIENCE);
	if (ingest_file(&b.in, b.feed, b.feed->source[0], name, fd, at,
		note_dump, &changes, &b.e) == -1)
		fail_msg("%s: %s", what, b.e.text);
	alarm(0);
	close(fd);
	if (!changes && digest_of_store() != before)
		fail_msg("%s: nothing was merged, but the store differs", what);
	if (store_dumps(b.in.store, "main", 3, check_entry, NULL, &b.e) == -1)
		fail_msg("%s: %s", what, b.e.text);
}

/* Only that there is no valid row may withhold a file. */
static void
check_withheld(void)
{
	char reason[512];
	int64_t since;

	for (size_t i = 0; i < b.feed->writers; i++) {
		if (store_withheld(b.in.store, "main", b.feed->writer[i]->file,
			reason, sizeof reason, &since, &b.e) != 1)
			continue;
		if (strstr(reason, "E501") == NULL)
			fail_msg("%s: %s: %s", what, b.feed->writer[i]->file,
			    reason);
	}
}

static void
check_rebuild(int64_t now)
{
	struct rebuild r;

	if (bench_publish(&b, now, NULL) == PUBLISH_LATER)
		bench_publish(&b, now + 1, NULL);
	assert_int_equal(mkdir(instance_path(&b.inst, "again"), 0700), 0);
	if (rebuild_feed(&r, b.inst.conf, b.feed, b.in.store,
		instance_path(&b.inst, "again"), &b.e) == -1)
		fail_msg("%s: %s", what, b.e.text);
	if (r.differ > 0)
		fail_msg("%s: rebuilt, %llu of %llu files differ", what,
		    (unsigned long long)r.differ, (unsigned long long)r.files);
}

static void
drop_mutants(size_t of)
{
	const char *name = strrchr(seed_name[of], '/') + 1;
	const char *only = getenv("MUTANT"); /* one of each, to look at */
	const char *many = getenv("MUTANTS");
	uint64_t n = strtoull(many != NULL ? many : MUTANTS, NULL, 10);
	uint64_t first = 0; /* other seeds that come and go change nothing */
	int64_t now = SUMMER;

	mix(&first, seed[of].bytes, seed[of].n);
	bench_open(&b, conf[first % 2]);
	for (uint64_t i = 0; i < n; i++, now += 2) {
		uint64_t files = digest_of_files();
		struct mutant m;

		if (only != NULL && strtoull(only, NULL, 10) != i)
			continue;
		snprintf(what, sizeof what,
		    "mutant %llu of %s:", (unsigned long long)i, seed_name[of]);
		m = mutant_make(&seed[of], &seed[(of + 1 + i) % seeds],
		    first + i, what, sizeof what);
		if (only != NULL || many != NULL)
			print_message("# %s\n", what);
		if (only != NULL)
			fwrite(m.bytes, 1, m.n, stderr);
		drop_mutant(name, &m, now);
		free(m.bytes);
		if (digest_of_files() != files)
			fail_msg("%s: a published file changed", what);
		if (i % PUBLISH_EVERY == 0 &&
		    bench_publish(&b, now, NULL) == PUBLISH_WITHHELD)
			check_withheld();
	}
	check_rebuild(now);
	bench_close(&b);
}

static void
on_alarm(int sig)
{
	(void)sig;
	(void)!write(STDERR_FILENO, what, strlen(what));
	(void)!write(STDERR_FILENO, " it hangs\n", 10);
	abort();
}

static void
nothing_is_lost_of_damaged_dumps_of_any_kind(void **state)
{
	(void)state;
	signal(SIGALRM, on_alarm);
	assert_true(seeds > 60);
	for (size_t i = 0; i < seeds; i++)
		drop_mutants(i);
	print_message("# %llu dumps: %llu merged, %llu refused, %llu known; "
		      "%llu records, %llu rejected\n",
	    (unsigned long long)seen.dumps, (unsigned long long)seen.merged,
	    (unsigned long long)seen.refused, (unsigned long long)seen.known,
	    (unsigned long long)seen.records,
	    (unsigned long long)seen.rejected);
	/* or the damage is too little, or too much, and proves nothing */
	assert_true(seen.merged > seen.dumps / 4);
	assert_true(seen.refused > seen.dumps / 20);
	assert_true(seen.rejected > seen.records / 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost_of_damaged_dumps_of_any_kind),
	};

	cmocka_run_group_tests(tests, read_seeds, free_seeds);
	return 0;
}
