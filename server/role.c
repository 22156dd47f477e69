/*
 * The roles, and how a worker of each begins.
 */
#include "server/role.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "keys/secret.h"
#include "net/auth.h"
#include "server/bytes.h"
#include "net/files.h"
#include "net/ftp.h"
#include "net/http.h"
#include "feed/ingest.h"
#include "server/log.h"
#include "server/proc.h"
#include "net/ssh.h"

#define CONTROL_FD 3
#define PEM_MAX (1024 * 1024)
#define CONF_MAX (16 * 1024 * 1024)

#define BIT(protocol) (1U << (protocol))

/* clang-format off */
const struct worker_role roles[WORKER_ROLES] = {
        [WORKER_AUTH]   = { "auth",   auth_main,   SANDBOX_AUTH,
                            false, PEER_NETWORK, 0 },
        [WORKER_FILES]  = { "files",  files_main,  SANDBOX_FILES,
                            false, PEER_NETWORK, 0 },
        [WORKER_INGEST] = { "ingest", ingest_main, SANDBOX_INGEST,
                            false, PEER_NETWORK, 0 },
        [WORKER_HTTP]   = { "http",   http_main,   SANDBOX_HTTP,
                            true,  PEER_NETWORK, BIT(PROTO_HTTPS) | BIT(PROTO_HTTP) },
        [WORKER_SSH]    = { "ssh",    ssh_main,    SANDBOX_SSH,
                            true,  PEER_SSH,     BIT(PROTO_SFTP) },
        [WORKER_FTP]    = { "ftp",    ftp_main,    SANDBOX_FTP,
                            true,  PEER_FTP,     BIT(PROTO_FTP) | BIT(PROTO_FTPS) },
};
/* clang-format on */

static const struct worker_role *
find_role(const char *name)
{
	for (size_t i = 0; i < WORKER_ROLES; i++) {
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	}
	return NULL;
}

/* --- the parent's end ---------------------------------------------------- */

static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE,
	SIGXFSZ };

/* After fork: only what is safe there.  The service manager's or terminal's
 * signals are the parent's business: it tells workers what to do. */
static void __attribute__((noreturn)) become(const char *name, int control)
{
	char self[] = "convdropd", option[] = "--role", role[16] = "";
	char *const argv[] = { self, option, role, NULL };
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	memcpy(role, name, strnlen(name, sizeof role - 1));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	if (null != -1) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	if (control == CONTROL_FD)
		fcntl(control, F_SETFD, 0);
	else
		dup2(control, CONTROL_FD);
	close_range(CONTROL_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execv("/proc/self/exe", argv);
	_exit(127);
}

/* The C library copies by an instruction that is slow on processors of AMD, by
 * twenty times where what is written begins up to 31 bytes further into its
 * page than what is read.  Since 2.39 it knows that (its bug 30994). */
static void
copy_by_moves(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_is("amd"))
		setenv("GLIBC_TUNABLES",
		    "glibc.cpu.x86_rep_movsb_threshold=0x7fffffffffffffff",
		    false);
#endif
}

pid_t
role_spawn(const struct worker_role *r, int *control)
{
	int pair[2];
	pid_t pid;

	if (wire_pair(pair) == -1)
		return -1;
	copy_by_moves();
	pid = fork();
	if (pid == 0)
		become(r->name, pair[1]);
	close(pair[1]);
	if (pid == -1) {
		close(pair[0]);
		return -1;
	}
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*control = pair[0];
	return pid;
}

int
role_send_config(int control, const struct role_config *c)
{
	struct wire_config m;
	size_t n = strlen(c->path);

	WIRE_INIT(&m, WIRE_CONFIG);
	if (n >= sizeof m.path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	m.bytes = c->text_n;
	m.change = c->account->change;
	m.uid = c->account->uid;
	m.gid = c->account->gid;
	m.groups = (uint32_t)c->account->groups;
	for (size_t i = 0; i < c->account->groups; i++)
		m.group[i] = c->account->group[i];
	m.parent = (int32_t)getpid();
	memcpy(m.path, c->path, n);
	return wire_send(control, &m.head, c->text);
}

int
role_give(
    int control, enum wire_gift what, uint32_t number, int fd, uint64_t bytes)
{
	struct wire_give m;

	WIRE_INIT(&m, WIRE_GIVE);
	m.what = what;
	m.number = number;
	m.bytes = bytes;
	return wire_send(control, &m.head, fd);
}

/* --- the worker's end ---------------------------------------------------- */

union message {
	struct wire head;
	struct wire_config config;
	struct wire_give give;
	struct wire_plain plain;
	uint8_t bytes[WIRE_MAX];
};

static int
drop_to(const struct wire_config *m, struct err *e)
{
	gid_t group[4];

	if (!m->change)
		return 0;
	for (size_t i = 0; i < m->groups && i < 4; i++)
		group[i] = m->group[i];
	if (setgroups(m->groups, group) == -1 ||
	    setresgid(m->gid, m->gid, m->gid) == -1 ||
	    setresuid(m->uid, m->uid, m->uid) == -1)
		return err_set(
		    e, "cannot become user %u: %s", m->uid, strerror(errno));
	if (setuid(0) != -1 || setgid(0) != -1)
		return err_set(e, "could become root again");
	return 0;
}

/* What every worker is, whatever its sandbox allows besides. */
static int
harden(pid_t parent, struct err *e)
{
	const struct rlimit none = { 0, 0 };

	/* A change of user has cleared the first. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &none) == -1)
		return err_set(
		    e, "cannot harden the process: %s", strerror(errno));
	if (getppid() != parent)
		return err_set(e, "the daemon is gone");
	return 0;
}

static int
take_config(
    struct worker *w, const struct wire_config *m, int fd, struct err *e)
{
	struct conf *c = NULL;
	char *text = NULL;
	int rc = -1;

	if (m->groups > 4 || m->bytes > CONF_MAX || w->conf != NULL ||
	    memchr(m->path, '\0', sizeof m->path) == NULL || fd == -1)
		return err_set(e, "the parent sent a broken message");
	if (bytes_take(&text, fd, m->bytes) == -1)
		return err_set(
		    e, "cannot read the configuration: %s", strerror(errno));
	if (drop_to(m, e) == -1 || harden(m->parent, e) == -1)
		goto out;
	if (conf_parse(&c, text, m->bytes, m->path, e) == -1)
		goto out;
	w->conf = c;
	rc = 0;
out:
	free(text);
	return rc;
}

/* Keeps the descriptor, or reads it; *fd is -1 when it was kept. */
static int
take_gift(struct worker *w, const struct wire_give *m, int *fd)
{
	int *const single[GIVE_GIFTS] = { [GIVE_AUTH] = &w->auth,
		[GIVE_FILES] = &w->files,
		[GIVE_EVENTS] = &w->events,
		[GIVE_COMMAND] = &w->command };

	if (m->what >= GIVE_GIFTS || *fd == -1)
		return -1;
	if (m->what == GIVE_PEM) {
		if (m->number >= 4 || m->bytes > PEM_MAX ||
		    w->pem[m->number] != NULL ||
		    bytes_take(&w->pem[m->number], *fd, m->bytes) == -1)
			return -1;
		w->pem_n[m->number] = m->bytes;
		return 0;
	}
	if (m->what == GIVE_LISTENER) {
		if (w->listeners == 64)
			return -1;
		w->listener[w->listeners].fd = *fd;
		w->listener[w->listeners++].protocol = m->number;
	} else {
		*single[m->what] = *fd;
	}
	*fd = -1;
	return 0;
}

/* 1 when all is there, 0 for more, -1. */
static int
take(struct worker *w, const union message *m, int *fd, struct err *e)
{
	switch (m->head.type) {
	case WIRE_CONFIG:
		return take_config(w, &m->config, *fd, e);
	case WIRE_GIVE:
		if (take_gift(w, &m->give, fd) == -1)
			return err_set(e, "the parent sent a broken gift");
		return 0;
	case WIRE_START:
		return w->conf != NULL
			   ? 1
			   : err_set(e, "the parent sent no configuration");
	default:
		return err_set(e, "the parent sent an unexpected message");
	}
}

static int
receive(struct worker *w, struct err *e)
{
	union message m;
	int done = 0;

	while (done == 0) {
		int fd;
		int n = wire_recv(w->control, &m, sizeof m, &fd);

		if (n != 1)
			return err_set(e, "the parent is gone");
		done = take(w, &m, &fd, e);
		if (fd != -1)
			close(fd);
	}
	return done == 1 ? 0 : -1;
}

int
proc_worker(const char *name)
{
	static struct worker w = { .control = CONTROL_FD,
		.auth = -1,
		.files = -1,
		.events = -1,
		.command = -1 };
	const struct worker_role *r = find_role(name);
	struct err e = ERR_EMPTY;

	if (r == NULL || fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) == -1) {
		log_error("--role is for convdropd itself.");
		return 2;
	}
	log_open(r->name);
	tzset(); /* the C library reads its file once: now, while it may */
	w.role = (enum role_id)(r - roles);
	if (receive(&w, &e) == -1) {
		log_error("%s.", e.text);
		return 1;
	}
	return r->run(&w);
}
