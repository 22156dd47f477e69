/*
 * Sandboxes: each role in a process of its own.  What a role must be able to
 * do still works; what it must not, answers an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "server/sandbox.h"
#include "tests/server/instance.h"

static struct instance instance;

/* The process's answer: 0 for success, else an errno; 200 and more for a
 * sandbox that could not be entered, 1000 and a signal for a death. */
static int
within(enum sandbox_role r, int (*act)(const char *path), const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = ERR_EMPTY;

		if (sandbox_enter(r, instance.conf, &e) == -1)
			_exit(200);
		_exit(act(path));
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static int
act_open(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC) == -1 ? errno : 0;
}

static int
act_create(const char *path)
{
	return openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) ==
		       -1
		   ? errno
		   : 0;
}

static int
act_socket(const char *path)
{
	(void)path;
	return socket(AF_INET, SOCK_STREAM, 0) == -1 ? errno : 0;
}

static int
act_fork(const char *path)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	(void)path;
	if (pid == 0)
		_exit(0);
	return pid == -1 ? errno : 0;
}

static int
act_core(const char *path)
{
	struct rlimit r;

	(void)path;
	return getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_max == 0 ? 0 : 1;
}

/* What every process must go on doing. */
static int
act_live(const char *path)
{
	char *p = malloc(10 * 1024 * 1024);
	int pair[2];
	struct timespec t;

	(void)path;
	if (p == NULL || clock_gettime(CLOCK_REALTIME, &t) == -1)
		return 1;
	memset(p, 1, 10 * 1024 * 1024);
	free(p);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
		return 2;
	return send(pair[0], "x", 1, MSG_NOSIGNAL) == 1 ? 0 : 3;
}

static int
setup(void **state)
{
	FILE *f;

	(void)state;
	instance_open(&instance, "feed main { }\n");
	mkdir(instance_path(&instance, "published/main"), 0755);
	f = fopen(instance_path(&instance, "published/main/a"), "w");
	assert_non_null(f);
	fclose(f);
	f = fopen(instance_path(&instance, "state/store.db"), "w");
	assert_non_null(f);
	fclose(f);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	instance_close(&instance);
	return 0;
}

enum {
	NO = -1
}; /* any error will do */

static void
each_role_does_what_it_must_and_no_more(void **state)
{
	enum {
		A = SANDBOX_AUTH,
		F = SANDBOX_FILES,
		I = SANDBOX_INGEST,
		H = SANDBOX_HTTP,
		S = SANDBOX_SSH,
		C = SANDBOX_SSH_CHILD
	};
	/* clang-format off */
	static const struct {
		const char *what;
		int (*act)(const char *path);
		const char *path;
		int want[SANDBOX_ROLES];
	} cases[] = {
		/*                                        A   F   I   H   S   C */
		{ "live",         act_live,   "",         { 0,  0,  0,  0,  0,  0 } },
		{ "published",    act_open,   "published/main/a",
		                                          { NO, 0,  0,  0,  NO, NO } },
		{ "store",        act_open,   "state/store.db",
		                                          { NO, NO, 0,  NO, NO, NO } },
		{ "passwd",       act_open,   "/etc/passwd",
		                                          { NO, NO, 0,  NO, NO, NO } },
		{ "new in inbox", act_create, "inbox/n",  { NO, 0,  0,  NO, NO, NO } },
		{ "new published", act_create, "published/n",
		                                          { NO, NO, 0,  NO, NO, NO } },
		{ "socket",       act_socket, "",         { NO, NO, NO, NO, NO, NO } },
		{ "fork",         act_fork,   "",         { NO, NO, NO, NO, 0,  NO } },
	};
	/* clang-format on */

	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
		skip();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int r = A; r <= C; r++) {
			const char *path =
			    cases[i].path[0] == '/'
				? cases[i].path
				: instance_path(&instance, "%s", cases[i].path);
			int got =
			    within((enum sandbox_role)r, cases[i].act, path);

			print_message(
			    "# %s, role %d: %d\n", cases[i].what, r, got);
			if (cases[i].want[r] == NO)
				assert_in_range(got, 1, 199);
			else
				assert_int_equal(got, cases[i].want[r]);
		}
	}
}

static void
a_gap_shows_when_tests_ask_for_it(void **state)
{
	(void)state;
	setenv("CONVDROP_SANDBOX", "kill", 1);
	assert_int_equal(
	    within(SANDBOX_SSH_CHILD, act_socket, ""), 1000 + SIGSYS);
	assert_int_equal(within(SANDBOX_SSH_CHILD, act_live, ""), 0);
	unsetenv("CONVDROP_SANDBOX");
}

static void
no_core_is_ever_written(void **state)
{
	(void)state;
	assert_int_equal(within(SANDBOX_INGEST, act_core, ""), 0);
}

static int
act_enter_child(const char *path)
{
	struct err e = ERR_EMPTY;

	if (sandbox_enter(SANDBOX_SSH_CHILD, instance.conf, &e) == -1)
		return 100;
	return act_fork(path) == 0 ? 101 : act_live(path);
}

static void
a_child_enters_its_own_within_its_parents(void **state)
{
	(void)state;
	setenv("CONVDROP_SANDBOX", "", 1);
	assert_int_equal(within(SANDBOX_SSH, act_enter_child, ""), 0);
	unsetenv("CONVDROP_SANDBOX");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_role_does_what_it_must_and_no_more),
		cmocka_unit_test(a_gap_shows_when_tests_ask_for_it),
		cmocka_unit_test(no_core_is_ever_written),
		cmocka_unit_test(a_child_enters_its_own_within_its_parents),
	};

	cmocka_run_group_tests(tests, setup, teardown);
	return 0;
}
