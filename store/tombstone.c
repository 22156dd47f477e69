/*
 * Keyed hashes of erased identifiers.  A dump has millions of values and the
 * erased are few: a table of bits over a fast keyed hash (SipHash) says for
 * nearly every value that it is none of them, and only the others are hashed
 * with HMAC and looked for.
 */
#include "store/tombstone.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "formats/arena.h"
#include "server/bytes.h"

#define BRIEFS 65536 /* of sixteen bits */
#define MD5_TEXT (2 * MD5_DIGEST_SIZE)

/* What a stone's brief has: sixteen bits each, of what it is of, and of a
 * contact that is known as plain text, of that and of a phone's last digits. */
enum table {
	OF_VALUE,
	OF_PLAIN,
	OF_TAIL,
	TABLES
};
#define IS_PLAIN (UINT64_C(1) << 48)
#define IS_PHONE (UINT64_C(1) << 49)

struct tombstones {
	struct hmac_sha256_ctx mac;
	uint64_t fast[2]; /* the key of the fast hash */
	uint8_t bit[TABLES][BRIEFS / 8];
	struct tombstone *stone; /* sorted */
	size_t n, room;
	size_t of[TOMBSTONE_KINDS];
	size_t hidden; /* contacts of whom only the MD5 is known */
};

/* --- the fast hash -------------------------------------------------------- */

static uint64_t
turn(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline void
round_of(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = turn(v[1], 13) ^ v[0];
	v[0] = turn(v[0], 32);
	v[2] += v[3];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = turn(v[1], 17) ^ v[2];
	v[2] = turn(v[2], 32);
}

/* SipHash-1-3, folded to sixteen bits. */
static uint16_t
brief_of(const struct tombstones *t, unsigned kind, struct slice s)
{
	uint64_t v[4] = { t->fast[0] ^ UINT64_C(0x736f6d6570736575),
		t->fast[1] ^ UINT64_C(0x646f72616e646f6d),
		t->fast[0] ^ UINT64_C(0x6c7967656e657261),
		t->fast[1] ^ UINT64_C(0x7465646279746573) };
	uint64_t last = (uint64_t)s.n << 56 ^ (uint64_t)kind << 48, word;

	for (; s.n >= sizeof word; s.p += sizeof word, s.n -= sizeof word) {
		memcpy(&word, s.p, sizeof word);
		v[3] ^= word;
		round_of(v);
		v[0] ^= word;
	}
	for (size_t i = 0; i < s.n; i++)
		last ^= (uint64_t)(unsigned char)s.p[i] << (8 * i);
	v[3] ^= last;
	round_of(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		round_of(v);
	word = v[0] ^ v[1] ^ v[2] ^ v[3];
	return (uint16_t)(word ^ word >> 16 ^ word >> 32 ^ word >> 48);
}

/* --- the set -------------------------------------------------------------- */

struct tombstones *
tombstones_new(const uint8_t key[TOMBSTONE_KEY])
{
	static const uint8_t fast[] = "the fast hash";
	struct tombstones *t = mem_alloc(sizeof *t);
	struct hmac_sha256_ctx mac;
	uint8_t digest[SHA256_DIGEST_SIZE];

	hmac_sha256_set_key(&t->mac, TOMBSTONE_KEY, key);
	mac = t->mac;
	hmac_sha256_update(&mac, sizeof fast - 1, fast);
	hmac_sha256_digest(&mac, sizeof digest, digest);
	memcpy(t->fast, digest, sizeof t->fast);
	return t;
}

void
tombstones_free(struct tombstones *t)
{
	if (t == NULL)
		return;
	free(t->stone);
	explicit_bzero(t, sizeof *t);
	free(t);
}

static struct slice
tail_of(struct slice phone)
{
	size_t n = phone.n < MENTION_TAIL ? phone.n : MENTION_TAIL;

	return (struct slice){ phone.p + phone.n - n, n };
}

/* Of what is no kind of tombstone, so that no two briefs tell of each other. */
static uint16_t
brief_of_plain(const struct tombstones *t, enum table table, struct slice s)
{
	return brief_of(t, TOMBSTONE_KINDS + (unsigned)table, s);
}

static uint64_t
briefs_of(const struct tombstones *t, struct slice plain)
{
	uint64_t brief = 0;

	if (plain.n == 0)
		return 0;
	brief = IS_PLAIN | (uint64_t)brief_of_plain(t, OF_PLAIN, plain) << 16;
	if (memchr(plain.p, '@', plain.n) == NULL)
		brief |= IS_PHONE |
			 (uint64_t)brief_of_plain(t, OF_TAIL, tail_of(plain))
			     << 32;
	return brief;
}

void
tombstones_make(const struct tombstones *t, struct tombstone *out,
    enum tombstone_kind kind, struct slice value, struct slice plain)
{
	struct hmac_sha256_ctx mac = t->mac;
	uint8_t head = (uint8_t)kind;

	memset(out, 0, sizeof *out);
	out->kind = kind;
	out->brief = brief_of(t, kind, value) | briefs_of(t, plain);
	hmac_sha256_update(&mac, 1, &head);
	hmac_sha256_update(&mac, value.n, (const uint8_t *)value.p);
	hmac_sha256_digest(&mac, sizeof out->hash, out->hash);
}

static int
order(const void *a, const void *b)
{
	const struct tombstone *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return memcmp(x->hash, y->hash, sizeof x->hash);
}

static const struct tombstone *
find(const struct tombstones *t, const struct tombstone *s)
{
	return t->n == 0 ? NULL : bsearch(s, t->stone, t->n, sizeof *s, order);
}

static void
mark(struct tombstones *t, enum table table, uint64_t brief)
{
	uint16_t b = (uint16_t)(brief >> 16 * table);

	t->bit[table][b / 8] |= (uint8_t)(1U << b % 8);
}

static bool
is_marked(const struct tombstones *t, enum table table, uint16_t brief)
{
	return (t->bit[table][brief / 8] >> brief % 8 & 1) != 0;
}

void
tombstones_keep(struct tombstones *t, const struct tombstone *stone)
{
	if (find(t, stone) != NULL)
		return;
	if (t->n == t->room) {
		t->room = t->room == 0 ? 16 : 2 * t->room;
		t->stone = mem_grow(t->stone, t->room * sizeof *t->stone);
	}
	t->stone[t->n++] = *stone;
	qsort(t->stone, t->n, sizeof *t->stone, order);
	t->of[stone->kind]++;
	mark(t, OF_VALUE, stone->brief);
	if ((stone->brief & IS_PLAIN) != 0)
		mark(t, OF_PLAIN, stone->brief);
	else
		t->hidden += stone->kind == TOMBSTONE_CONTACT;
	if ((stone->brief & IS_PHONE) != 0)
		mark(t, OF_TAIL, stone->brief);
}

void
tombstones_add(struct tombstones *t, enum tombstone_kind kind,
    struct slice value, struct slice plain)
{
	struct tombstone stone;

	tombstones_make(t, &stone, kind, value, plain);
	tombstones_keep(t, &stone);
}

size_t
tombstones_count(const struct tombstones *t)
{
	return t == NULL ? 0 : t->n;
}

const struct tombstone *
tombstones_at(const struct tombstones *t, size_t i)
{
	return &t->stone[i];
}

/* --- asking --------------------------------------------------------------- */

bool
tombstones_has(
    const struct tombstones *t, enum tombstone_kind kind, struct slice value)
{
	static const struct slice unknown = { "", 0 };
	struct tombstone stone;

	if (t->of[kind] == 0 ||
	    !is_marked(t, OF_VALUE, brief_of(t, kind, value)))
		return false;
	tombstones_make(t, &stone, kind, value, unknown);
	return find(t, &stone) != NULL;
}

/* Before it is hashed. */
static bool
may_have_contact(const struct tombstones *t, enum table table, struct slice s)
{
	return t->hidden > 0 ||
	       (t->of[TOMBSTONE_CONTACT] > 0 &&
		   is_marked(t, table, brief_of_plain(t, table, s)));
}

bool
tombstones_has_contact(const struct tombstones *t, struct slice plain)
{
	uint8_t sum[MD5_DIGEST_SIZE];
	char text[MD5_TEXT + 1];
	struct md5_ctx md5;

	if (!may_have_contact(t, OF_PLAIN, plain))
		return false;
	md5_init(&md5);
	md5_update(&md5, plain.n, (const uint8_t *)plain.p);
	md5_digest(&md5, sizeof sum, sum);
	bytes_hex(text, sum, sizeof sum);
	return tombstones_has(
	    t, TOMBSTONE_CONTACT, (struct slice){ text, MD5_TEXT });
}

struct slice
tombstone_id(struct arena *a, const char *feed, struct slice id)
{
	size_t n = strlen(feed);
	char *p = arena_alloc(a, n + 1 + id.n);

	memcpy(p, feed, n);
	p[n] = '/';
	if (id.n > 0)
		memcpy(p + n + 1, id.p, id.n);
	return (struct slice){ p, n + 1 + id.n };
}

bool
tombstones_has_id(const struct tombstones *t, enum tombstone_kind kind,
    const char *feed, struct slice id)
{
	char buf[FEED_NAME_MAX + 1 + 256];
	struct arena a = ARENA_EMPTY;
	struct slice name;
	bool has;

	if (id.n == 0)
		return false;
	if (id.n <= 256) {
		size_t n = strlen(feed);

		memcpy(buf, feed, n);
		buf[n] = '/';
		memcpy(buf + n + 1, id.p, id.n);
		return tombstones_has(
		    t, kind, (struct slice){ buf, n + 1 + id.n });
	}
	name = tombstone_id(&a, feed, id);
	has = tombstones_has(t, kind, name);
	arena_free(&a);
	return has;
}

/* --- in a text ------------------------------------------------------------ */

struct seeking {
	const struct tombstones *stones;
	void (*each)(void *ctx, struct slice span);
	void *ctx;
};

static bool
may_be(void *ctx, enum mention_kind kind, struct slice raw)
{
	const struct seeking *s = ctx;

	return may_have_contact(
	    s->stones, kind == MENTION_PHONE ? OF_TAIL : OF_PLAIN, raw);
}

static bool
is_one(const struct tombstones *t, const struct mention *m)
{
	switch (m->kind) {
	case MENTION_PHONE:
	case MENTION_EMAIL:
		return tombstones_has_contact(t, m->value);
	case MENTION_MD5:
		return tombstones_has(t, TOMBSTONE_CONTACT, m->value);
	case MENTION_CLIENT_ID:
		return tombstones_has(t, TOMBSTONE_CLIENT_ID, m->value);
	}
	return false;
}

static void
tell(void *ctx, const struct mention *m)
{
	const struct seeking *s = ctx;

	if (is_one(s->stones, m))
		s->each(s->ctx, m->span);
}

void
tombstones_mentioned(const struct tombstones *t, struct arena *a,
    struct slice text, void (*each)(void *ctx, struct slice span), void *ctx)
{
	struct seeking s = { t, each, ctx };
	struct mention_how how = { may_be, tell, &s };

	mention_each(a, text, &how);
}

/* --- the key -------------------------------------------------------------- */

int
tombstone_key_new(uint8_t key[TOMBSTONE_KEY], struct err *e)
{
	if (getrandom(key, TOMBSTONE_KEY, 0) != TOMBSTONE_KEY)
		return err_set(e, "make a key: %s", strerror(errno));
	return 0;
}

/* Under a hidden name first: there is a whole key or none. */
static int
make_key(const struct conf *c, const char *path, uint8_t key[TOMBSTONE_KEY],
    struct err *e)
{
	char temp[PATH_MAX], state[PATH_MAX];
	int fd, dir, rc = -1;

	conf_path(temp, c, "state", ".erasure.key.new", NULL);
	conf_path(state, c, "state", NULL);
	if (tombstone_key_new(key, e) == -1)
		return -1;
	unlink(temp);
	fd = open(
	    temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1 && bytes_write(fd, key, TOMBSTONE_KEY) == 0 &&
	    fsync(fd) == 0 && rename(temp, path) == 0)
		rc = 0;
	dir = rc == 0 ? open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir == -1 || fsync(dir) == -1)
		rc = err_set(e, "make %s: %s", path, strerror(errno));
	if (dir != -1)
		close(dir);
	if (fd != -1)
		close(fd);
	return rc;
}

int
tombstone_key_read(
    const struct conf *c, bool make, uint8_t key[TOMBSTONE_KEY], struct err *e)
{
	char path[PATH_MAX], *text = NULL;
	size_t n = 0;

	conf_path(path, c, "state", "erasure.key", NULL);
	if (bytes_read(&text, &n, path, TOMBSTONE_KEY) == -1) {
		if (errno != ENOENT)
			return err_set(e, "read %s: %s", path, strerror(errno));
		if (!make)
			return 0;
		return make_key(c, path, key, e) == -1 ? -1 : 1;
	}
	if (n == TOMBSTONE_KEY)
		memcpy(key, text, TOMBSTONE_KEY);
	explicit_bzero(text, n);
	free(text);
	return n == TOMBSTONE_KEY
		   ? 1
		   : err_set(e, "%s is damaged: it has %zu bytes, not %d", path,
			 n, TOMBSTONE_KEY);
}
