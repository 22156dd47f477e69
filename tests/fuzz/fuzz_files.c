/*
 * What files does with messages of processes that were taken over: forged
 * handles, paths, numbers and descriptors, over two channels.  Whatever comes,
 * a handle is of use on the channel that used it first alone, nothing opens but
 * what its grant shows, and only its own uploads change.
 *
 * The input is a row of records: a byte that says what, a byte each for
 * channel, handle, number and path, or the bytes of a path or of a whole
 * message.
 */
#include <assert.h>
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "net/files.c"
#include "tests/fuzz/no_parent.h"
#include "tests/server/instance.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* --- the instance, and what is in it --- */

static struct instance instance;
static struct files files;
static uint64_t last_numbers[4]; /* that were given out */

static void
remove_instance(void)
{
	instance_close(&instance);
}

static void
make_instance(void)
{
	static const char *const top[] = { "inbox", "published", "archive",
		"reports" };
	static struct worker worker;
	struct err e = ERR_EMPTY;
	int events[2];

	instance_open(&instance, "reserve_bytes = 0\nreserve_percent = 0\n"
				 "feed main { source shop { } }\n"
				 "feed other { }\n");
	atexit(remove_instance);
	for (size_t i = 0; i < 8; i++)
		mkdir(instance_path(&instance, "%s/%s", top[i / 2],
			  i % 2 == 0 ? "main" : "other"),
		    0750);
	mkdir(instance_path(&instance, "inbox/main/shop"), 0750);
	instance_put(instance_path(&instance, "published/main/a.csv"), "main");
	instance_put(instance_path(&instance, "published/other/a.csv"), "no");
	instance_put(instance_path(&instance, "archive/main/a.gz"), "no");
	instance_put(instance_path(&instance, "inbox/other/x.csv"), "no");
	if (symlink("/etc/passwd",
		instance_path(&instance, "published/main/link")) == -1 ||
	    wire_pair(events) == -1)
		abort();
	worker.control = worker.auth = -1;
	worker.conf = instance.conf;
	files.worker = &worker;
	files.conf = instance.conf;
	files.peers.message = peer_message;
	files.peers.closed = peer_closed;
	files.peers.ctx = &files;
	/* nobody reads them: what is over the bound is dropped */
	fcntl(events[0], F_SETFL, O_NONBLOCK);
	files.events = events_open(events[0]);
	files.pool = pool_open(1, 0);
	if (tree_open_roots(&files.tree, files.conf, 0xf, &e) == -1 ||
	    files.pool == NULL)
		abort();
}

static void
empty_folder(const char *name)
{
	DIR *d = opendir(instance_path(&instance, "%s", name));
	struct dirent *de;

	while (d != NULL && (de = readdir(d)) != NULL) {
		if (de->d_type == DT_REG)
			unlinkat(dirfd(d), de->d_name, 0);
	}
	if (d != NULL)
		closedir(d);
}

/* --- grants --- */

#define HANDLES 3u
static struct peer *owner[HANDLES + 1]; /* the one that used it first */

static struct grant
grant_number(unsigned i)
{
	static const unsigned roles[HANDLES] = { ROLE_PULL, ROLE_DROP,
		ROLE_DROP };
	struct grant g;

	memset(&g, 0, sizeof g);
	memset(g.handle, (int)i + 1, sizeof g.handle);
	g.roles = roles[i];
	g.protocol = i == 2 ? PROTO_FTP : PROTO_SFTP;
	g.feed[0] = 1; /* main */
	memcpy(g.user, "u", 2);
	return g;
}

/* --- looking at what happened --- */

static bool
lies_in(int fd, const char *folder)
{
	char link[64], path[PATH_MAX];
	const char *top = instance_path(&instance, "%s", folder);
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return strncmp(path, top, strlen(top)) == 0;
}

static void
judge(const struct peer *p, const struct files_request *q,
    const struct files_reply *r, int fd)
{
	bool without = q->op == FILES_PULL_END || q->op == FILES_PULL_AT;
	unsigned h = q->handle[0] - 1u;
	struct grant g;

	assert(r->head.id == q->head.id);
	assert(fd == -1 || r->error == 0);
	if (r->error != 0 || without)
		return;
	assert(h < HANDLES);
	g = grant_number(h);
	assert(memcmp(g.handle, q->handle, sizeof g.handle) == 0);
	if (owner[h] == NULL)
		owner[h] = (struct peer *)(uintptr_t)p;
	assert(owner[h] == p);
	if (q->op == FILES_OPEN)
		assert(lies_in(fd, h == 0 ? "published/main/" : "inbox/main/"));
	if (q->op == FILES_CREATE)
		assert(h == 1 && lies_in(fd, "inbox/main/"));
	if (q->op == FILES_CREATE || q->op == FILES_OPEN) {
		memmove(last_numbers + 1, last_numbers, 3 * sizeof(uint64_t));
		last_numbers[0] = r->number;
	}
	if (q->op == FILES_LIST)
		assert(h < HANDLES);
}

/* The answer, if there is one by now. */
static void
take_answer(int client, const struct peer *p, const struct files_request *q)
{
	union {
		union wire_any any;
		struct files_reply reply;
	} m;
	int fd = -1;

	while (pool_busy(files.pool) > 0) {
		struct pollfd w = { pool_fd(files.pool), POLLIN, 0 };

		poll(&w, 1, -1);
		upload_synced(&files);
	}
	while (wire_recv(client, &m, sizeof m, &fd) == 1) {
		if (m.any.head.type == WIRE_OPENED)
			judge(p, q, &m.reply, fd);
		if (fd != -1 && m.reply.head.id % 2 == 0)
			(void)!write(fd, "text", 4);
		if (fd != -1)
			close(fd);
	}
}

/* --- records --- */

struct bytes {
	const uint8_t *p;
	size_t n;
};

static uint8_t
byte(struct bytes *b)
{
	if (b->n == 0)
		return 0;
	b->n--;
	return *b->p++;
}

static void
put_path(char out[FILES_PATH_MAX], struct bytes *b)
{
	static const char *const known[] = { "/main/a.csv", "/other/a.csv",
		"/inbox/main/new.csv", "/inbox/main/new.csv.part",
		"/inbox/main/shop/new.csv", "/inbox/main/.upload-x", "/main",
		"/inbox/main", "/", "/main/link", "/main/../other/a.csv",
		"/inbox/other/x.csv", "/archive/main/a.gz",
		"../../../../etc/passwd", "/inbox/main/../../state/x" };
	size_t which = byte(b), n;

	memset(out, 0, FILES_PATH_MAX);
	if (which < sizeof known / sizeof *known) {
		memcpy(out, known[which], strlen(known[which]));
		return;
	}
	n = which < b->n ? which : b->n;
	memcpy(out, b->p, n);
	b->p += n;
	b->n -= n;
}

static void
next_request(struct files_request *q, struct bytes *b)
{
	uint8_t which;

	WIRE_INIT(q, WIRE_FILE);
	memset(q->handle, byte(b) % (HANDLES + 2), sizeof q->handle);
	q->op = byte(b) % (FILES_PULL_AT + 2);
	q->head.id = byte(b);
	which = byte(b);
	q->number = which < 4 ? last_numbers[which] : which;
	q->bytes = which * 1000000007ULL;
	q->complete = which & 1;
	put_path(q->path, b);
	if (q->op == FILES_RENAME)
		put_path(q->path2, b);
}

static void
next_pull(struct files_pull *m, struct bytes *b)
{
	char path[FILES_PATH_MAX];

	WIRE_INIT(m, WIRE_PULL);
	memset(m->handle, byte(b) % (HANDLES + 2), sizeof m->handle);
	m->step = byte(b) % (PULL_ENDS + 2);
	m->number = byte(b) % 8;
	m->bytes = byte(b);
	m->complete = m->bytes & 1;
	put_path(path, b);
	memcpy(m->path, path, sizeof m->path);
}

static void
raw_request(struct files_request *q, struct bytes *b)
{
	size_t n = b->n < sizeof *q ? b->n : sizeof *q;

	WIRE_INIT(q, WIRE_FILE);
	memcpy((uint8_t *)q + sizeof q->head, b->p,
	    n > sizeof q->head ? n - sizeof q->head : 0);
	b->p += n;
	b->n -= n;
}

static void
allow(struct peer *auth, unsigned i, bool live)
{
	struct auth_allow m;

	WIRE_INIT(&m, WIRE_ALLOW);
	m.live = live;
	m.grant = grant_number(i);
	files.auth = auth;
	assert(hear_auth(&files, auth, &m));
	if (!live)
		owner[i] = NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes b = { data, n };
	struct peer *peer[3]; /* auth, and two */
	int client[3];

	if (files.conf == NULL)
		make_instance();
	memset(owner, 0, sizeof owner);
	memset(last_numbers, 0, sizeof last_numbers);
	for (size_t i = 0; i < 3; i++) {
		int pair[2];

		if (wire_pair(pair) == -1)
			abort();
		peer[i] = peers_add(&files.peers, pair[0],
		    i == 1 ? PEER_SSH_CHILD : PEER_FTP_CHILD, NULL);
		client[i] = pair[1];
		fcntl(client[i], F_SETFL, O_NONBLOCK);
	}
	for (unsigned i = 0; i < HANDLES; i++)
		allow(peer[0], i, true);
	for (unsigned k = 0; b.n > 0 && k < 64; k++) {
		uint8_t what = byte(&b);
		size_t who = 1 + what % 2;
		union wire_any m;

		if (what >= 250) { /* auth ends one, or it begins again */
			allow(peer[0], what % HANDLES, what >= 253);
			take_answer(client[0], peer[0], &m.file);
			continue;
		}
		if (peer[who]->gone)
			continue;
		if (what >= 220 && what < 235) {
			next_pull(&m.pull, &b);
			peer_message(&files, peer[who], &m, -1);
			if (what % 3 == 0)
				tell_begun(
				    &files, peer[who]->data, INT64_MAX / 2);
			continue;
		}
		if (what >= 240)
			raw_request(&m.file, &b);
		else
			next_request(&m.file, &b);
		if (what >= 235) /* what only auth may say */
			m.head.type = WIRE_ALLOW;
		if (!peer_message(&files, peer[who], &m, -1))
			continue;
		assert(m.head.type == WIRE_FILE);
		upload_police(&files);
		take_answer(client[who], peer[who], &m.file);
	}
	files.auth = NULL;
	peers_free(&files.peers);
	for (unsigned i = 0; i < HANDLES; i++) {
		const struct grant g = grant_number(i);
		struct allowed **at = find_allowed(&files, g.handle);

		if (*at != NULL)
			disallow(&files, at);
	}
	while (pool_busy(files.pool) > 0) {
		struct pollfd w = { pool_fd(files.pool), POLLIN, 0 };

		poll(&w, 1, -1);
		upload_synced(&files);
	}
	assert(files.open_uploads == 0);
	for (size_t i = 0; i < 3; i++)
		close(client[i]);
	empty_folder("inbox/main");
	empty_folder("inbox/main/shop");
	return 0;
}
