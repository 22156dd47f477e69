/*
 * Keyed hashes of erased identifiers.  A dump has millions of values and the
 * erased are few: a table of bits over a fast keyed hash (SipHash) says for
 * nearly every value that it is none of them, and only the others are hashed
 * with HMAC and looked for.
 */
#include "server/tombstone.h"

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

#define BRIEFS 65536
#define MD5_TEXT (2 * MD5_DIGEST_SIZE)

struct tombstones {
	struct hmac_sha256_ctx mac;
	uint64_t fast[2]; /* the key of the fast hash */
	uint8_t bit[BRIEFS / 8];
	struct tombstone *stone; /* sorted */
	size_t n, room;
};

/* --- the fast hash ---------------------------------------------------------
 */

static uint64_t
turn(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static void
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
brief_of(const struct tombstones *t, enum tombstone_kind kind, struct slice s)
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

/* --- the set ---------------------------------------------------------------
 */

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

void
tombstones_make(const struct tombstones *t, struct tombstone *out,
    enum tombstone_kind kind, struct slice value)
{
	struct hmac_sha256_ctx mac = t->mac;
	uint8_t head = (uint8_t)kind;

	memset(out, 0, sizeof *out);
	out->kind = kind;
	out->brief = brief_of(t, kind, value);
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
	t->bit[stone->brief / 8] |= (uint8_t)(1U << stone->brief % 8);
}

void
tombstones_add(
    struct tombstones *t, enum tombstone_kind kind, struct slice value)
{
	struct tombstone stone;

	tombstones_make(t, &stone, kind, value);
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

/* --- asking ----------------------------------------------------------------
 */

bool
tombstones_has(
    const struct tombstones *t, enum tombstone_kind kind, struct slice value)
{
	uint16_t brief = brief_of(t, kind, value);
	struct tombstone stone;

	if ((t->bit[brief / 8] >> brief % 8 & 1) == 0)
		return false;
	tombstones_make(t, &stone, kind, value);
	return find(t, &stone) != NULL;
}

bool
tombstones_has_contact(const struct tombstones *t, struct slice plain)
{
	uint8_t sum[MD5_DIGEST_SIZE];
	char text[MD5_TEXT + 1];
	struct md5_ctx md5;

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

bool
tombstones_mentioned(const struct tombstones *t, const struct mention *m)
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

/* --- the key ---------------------------------------------------------------
 */

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
