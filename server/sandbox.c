/*
 * Sandboxes: two tables, one of paths (Landlock), one of system calls
 * (seccomp).  Both only narrow what a process may do, and last.
 *
 * What is not listed answers EPERM; with CONVDROP_SANDBOX=kill in the
 * environment (tests) it ends the process, so that a gap in the table shows.
 */
#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"
#include "server/log.h"

#define BIT(role) (1U << (role))

enum {
	AUTH = BIT(SANDBOX_AUTH),
	FILES = BIT(SANDBOX_FILES),
	INGEST = BIT(SANDBOX_INGEST),
	HTTP = BIT(SANDBOX_HTTP),
	SSH = BIT(SANDBOX_SSH),
	SSH_CHILD = BIT(SANDBOX_SSH_CHILD),
	FTP = BIT(SANDBOX_FTP),
	FTP_CHILD = BIT(SANDBOX_FTP_CHILD),
	MASTER = SSH | FTP,
	SSHD = SSH | SSH_CHILD, /* a child inherits its parent's limits, so
				 * the parent has all that a child has */
	FTPD = FTP | FTP_CHILD,
	NET = HTTP | SSHD | FTPD,
	ALL = AUTH | FILES | INGEST | NET,
	DISK = FILES | INGEST
};

/* --- Landlock ------------------------------------------------------------ */

/* Newer than the header that Debian 12 has. */
#define ACCESS_REFER (1ULL << 13)
#define ACCESS_TRUNCATE (1ULL << 14)
#define ACCESS_IOCTL_DEV (1ULL << 15)
#define ACCESS_NET_BIND (1ULL)
#define ACCESS_NET (3ULL) /* bind and connect, TCP */
#define SCOPE_ALL (3ULL)  /* abstract sockets, signals */

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define CHANGE                                                                 \
	(READ | LANDLOCK_ACCESS_FS_WRITE_FILE |                                \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |     \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_DIR |      \
	    ACCESS_REFER | ACCESS_TRUNCATE)
#define TAKE_OUT /* the inbox may hold what is neither file nor folder, and it \
		  * is moved to quarantine */                                  \
	(CHANGE | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_CHAR |      \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define EVERYTHING ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* clang-format off */
static const struct {
        unsigned roles;
        const char *path; /* in the instance, or absolute */
        uint64_t access;
} paths[] = {
        { FILES | HTTP, "published",            READ },
        { FILES,        "inbox",                CHANGE },
        { FILES,        "reports",              READ },
        { FILES,        "archive",              READ },
        { INGEST,       "inbox",                TAKE_OUT },
        { INGEST,       "state",                TAKE_OUT },
        { INGEST,       "published",            CHANGE },
        { INGEST,       "reports",              CHANGE },
        { INGEST,       "archive",              CHANGE },
        { INGEST,       "audit",                CHANGE },
        { INGEST,       ".",                    LANDLOCK_ACCESS_FS_READ_DIR },
        { INGEST,       "/usr/share/zoneinfo",  READ },
        { INGEST,       "/etc",                 READ }, /* accounts' names */
        { INGEST,       "/dev/null",            READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE },
#ifdef SANITIZE
        { ALL,          "/proc",                READ },
#endif
};
/* clang-format on */

static uint64_t
handled(int abi)
{
	uint64_t all = EVERYTHING;

	if (abi >= 2)
		all |= ACCESS_REFER;
	if (abi >= 3)
		all |= ACCESS_TRUNCATE;
	if (abi >= 5)
		all |= ACCESS_IOCTL_DEV;
	return all;
}

/* A path that does not exist is one that cannot be opened. */
static int
allow_path(int ruleset, const struct conf *c, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule;
	char full[PATH_MAX];
	struct stat st;
	int rc = 0;

	if (path[0] == '/')
		snprintf(full, sizeof full, "%s", path);
	else
		conf_path(full, c, path, NULL);
	memset(&rule, 0, sizeof rule);
	rule.parent_fd = open(full, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		access &= LANDLOCK_ACCESS_FS_READ_FILE |
			  LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE;
	rule.allowed_access = access;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) == -1)
		rc = -1;
	close(rule.parent_fd);
	return rc;
}

static int
allow_paths(int ruleset, unsigned role, const struct conf *c, uint64_t all)
{
	const char *zones = getenv("TZDIR");

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		if ((paths[i].roles & role) != 0 &&
		    allow_path(
			ruleset, c, paths[i].path, paths[i].access & all) == -1)
			return -1;
	}
	if (role == INGEST && zones != NULL && zones[0] == '/' &&
	    strlen(zones) < PATH_MAX)
		return allow_path(ruleset, c, zones, READ);
	return 0;
}

static int
restrict_paths(unsigned role, const struct conf *c, struct err *e)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset_attr attr = { 0, 0, 0 };
	int ruleset, rc = -1;

	if (abi < 1) {
		log_warn("this kernel has no Landlock: files are protected by "
			 "their owners and modes alone");
		return 0;
	}
	attr.fs = handled((int)abi);
	attr.net = abi >= 4 ? ACCESS_NET : 0;
	if (role == FTP) /* binds the ports of its children's data */
		attr.net &= ~ACCESS_NET_BIND;
	attr.scoped = abi >= 6 ? SCOPE_ALL : 0;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    abi >= 6   ? sizeof attr
	    : abi >= 4 ? 2 * sizeof attr.fs
		       : sizeof attr.fs,
	    0);
	if (ruleset == -1)
		return err_set(e, "Landlock: %s", strerror(errno));
	if (allow_paths(ruleset, role, c, attr.fs) == -1 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == -1)
		err_set(e, "Landlock: %s", strerror(errno));
	else
		rc = 0;
	close(ruleset);
	return rc;
}

/* --- seccomp ------------------------------------------------------------- */

/* clang-format off */
static const struct {
        unsigned roles;
        const char *calls; /* unknown ones (another machine) are left out */
} calls[] = {
        /* to live */
        { ALL,  "brk munmap mremap madvise futex futex_waitv exit exit_group "
                "rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack "
                "restart_syscall sched_yield getpid gettid getppid "
                "set_robust_list rseq set_tid_address membarrier "
                "clock_gettime clock_getres clock_nanosleep nanosleep "
                "gettimeofday time getrandom getuid geteuid getgid getegid "
                "uname tgkill" },
        /* on what is open */
        { ALL,  "read readv pread64 write writev pwrite64 close dup fcntl "
                "fstat newfstatat lseek poll ppoll select pselect6" },
        /* over the channels */
        { ALL,  "sendmsg recvmsg sendto recvfrom shutdown socketpair "
                "getsockopt eventfd2 pipe2" },
        { FILES, "memfd_create" },
        /* clients */
        { NET,  "getsockname getpeername setsockopt" },
        { HTTP | SSH | FTPD | INGEST, "accept accept4" },
        { HTTP, "epoll_create1 epoll_ctl epoll_wait epoll_pwait sendfile "
                "sendmmsg listen" },
        /* A child syncs what it wrote before it says that it is whole. */
        { SSHD | FTPD, "fsync fdatasync getrusage" },
        { SSHD, "setitimer" }, /* the watchdog */
        { FTPD, "sendfile" },
        /* The listeners of FTP's data; the children only get them. */
        { FTP,  "bind listen" },
        /* One process per connection, which then enters its own sandbox. */
        { MASTER, "wait4 waitid kill signalfd4 prctl seccomp prlimit64 getrlimit "
                "setrlimit landlock_create_ruleset landlock_add_rule "
                "landlock_restrict_self close_range sched_setscheduler" },
        /* files on the disk */
        { HTTP | DISK, "openat2 fadvise64 statx getdents64 access faccessat "
                "faccessat2 readlink readlinkat" },
        { HTTP | DISK, "openat open stat lstat" },
        { DISK, "fsync fdatasync ftruncate fallocate renameat renameat2 "
                "unlinkat mkdirat fchmod fstatfs statfs dup3" },
        { INGEST, "rename link linkat unlink mkdir rmdir symlinkat chmod "
                "fchmodat fchown fchownat chown utimensat futimesat truncate "
                "sync_file_range syncfs copy_file_range sendfile splice flock "
                "inotify_init1 inotify_add_watch inotify_rm_watch getcwd "
                "epoll_create1 epoll_ctl epoll_wait epoll_pwait "
                "timerfd_create timerfd_settime signalfd4 memfd_create "
                "getrusage sysinfo prlimit64 getrlimit umask getsockname "
                "getpeername getdents setpriority" },
#ifdef SANITIZE
        { ALL,  "sched_getaffinity sysinfo prctl getrusage prlimit64 getrlimit "
                "readlink openat open stat getcwd ioctl" },
#endif
};
/* clang-format on */

static int
allow_call(scmp_filter_ctx f, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);
	int rc;

	if (nr == __NR_SCMP_ERROR || nr < 0)
		return 0;
	rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0);
	return rc == -EEXIST ? 0 : rc;
}

static int
allow_calls(scmp_filter_ctx f, unsigned role)
{
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		char list[1024], *rest = list;
		const char *name;

		if (!(calls[i].roles & role))
			continue;
		snprintf(list, sizeof list, "%s", calls[i].calls);
		while ((name = strsep(&rest, " ")) != NULL) {
			int rc = name[0] == '\0' ? 0 : allow_call(f, name);

			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

#define NEW_NAMESPACES                                                         \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |         \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

#define THREAD (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)

/* Those that depend on their arguments. */
static int
allow_some(scmp_filter_ctx f, unsigned role)
{
	const struct scmp_arg_cmp of_a_stream =
	    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff, SOCK_STREAM); /* and flags */
	int rc = 0;

	/* Memory, but never memory that can be run. */
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* The C library then falls back to clone, whose flags can be seen. */
	rc |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (role & MASTER) {
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, NEW_NAMESPACES, 0));
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fork), 0);
	}
	if (role == FTP) { /* no local ones, no datagrams */
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
		    SCMP_A0(SCMP_CMP_EQ, AF_INET, 0), of_a_stream);
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
		    SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0), of_a_stream);
	}
	/* Threads, and never a process: ingest's, and FTP's for large files.
	 * They have this very filter. */
	if (role & (INGEST | FTP_CHILD))
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		    SCMP_A0(
			SCMP_CMP_MASKED_EQ, THREAD | NEW_NAMESPACES, THREAD));
	return rc;
}

static int
restrict_calls(unsigned role, struct err *e)
{
	const char *mode = getenv("CONVDROP_SANDBOX");
	uint32_t otherwise = mode != NULL && strcmp(mode, "kill") == 0
				 ? SCMP_ACT_KILL_PROCESS
				 : SCMP_ACT_ERRNO(EPERM);
	scmp_filter_ctx f = seccomp_init(otherwise);
	int rc = -1;

	if (f == NULL)
		return err_set(e, "seccomp: cannot begin");
	if (allow_calls(f, role) != 0 || allow_some(f, role) != 0) {
		err_set(e, "seccomp: a rule is refused");
		goto out;
	}
	/* Of all threads. */
	seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	rc = seccomp_load(f);
	if (rc == -EINVAL || rc == -ENOSYS || rc == -EOPNOTSUPP) {
		log_warn("this kernel has no seccomp filter: system calls are "
			 "not restricted");
		rc = 0;
	} else if (rc != 0) {
		rc = err_set(e, "seccomp: %s", strerror(-rc));
	}
out:
	seccomp_release(f);
	return rc;
}

/* --- limits -------------------------------------------------------------- */

#define MIB (1024UL * 1024)

/* 0: as it is.  The log may be a file, so its size is limited only where an
 * upload's limit is far above. */
/* clang-format off */
static const struct {
        rlim_t descriptors, memory;
} limits[SANDBOX_ROLES] = {
        [SANDBOX_AUTH]      = {  8192,  512 * MIB },
        [SANDBOX_FILES]     = { 65536,  512 * MIB },
        [SANDBOX_INGEST]    = {     0,          0 },
        [SANDBOX_HTTP]      = { 16384, 2048 * MIB },
        [SANDBOX_SSH]       = { 16384,  256 * MIB },
        [SANDBOX_SSH_CHILD] = {  1024,  256 * MIB },
        [SANDBOX_FTP]       = { 16384,  256 * MIB },
        [SANDBOX_FTP_CHILD] = {    64,  256 * MIB }, /* few ports of data */
};
/* clang-format on */

static void
lower(__rlimit_resource_t what, rlim_t to)
{
	struct rlimit r;

	if (to == 0 || getrlimit(what, &r) == -1)
		return;
	if (r.rlim_max == RLIM_INFINITY || r.rlim_max > to)
		r.rlim_max = to;
	if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > to)
		r.rlim_cur = r.rlim_max;
	setrlimit(what, &r);
}

static void
restrict_limits(enum sandbox_role r, const struct conf *c)
{
	lower(RLIMIT_NOFILE, limits[r].descriptors);
#ifndef SANITIZE
	lower(RLIMIT_DATA, limits[r].memory);
#endif
	if (BIT(r) & (SSH_CHILD | FTP_CHILD))
		lower(RLIMIT_FSIZE, c->limits.packed_bytes);
}

int
sandbox_paths(enum sandbox_role r, const struct conf *c, struct err *e)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &none) == -1)
		return err_set(
		    e, "cannot give up privileges: %s", strerror(errno));
	restrict_limits(r, c);
	return restrict_paths(BIT(r), c, e);
}

int
sandbox_calls(enum sandbox_role r, struct err *e)
{
	return restrict_calls(BIT(r), e);
}

int
sandbox_enter(enum sandbox_role r, const struct conf *c, struct err *e)
{
	return sandbox_paths(r, c, e) == -1 ? -1 : sandbox_calls(r, e);
}
