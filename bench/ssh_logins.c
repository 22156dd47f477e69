/*
 * Logins over SFTP, one after the other in some processes at a time: key
 * exchange, public key, the subsystem's greeting.  Prints logins a second.
 *
 *	ssh_logins PORT USER KEYFILE LOGINS PROCESSES
 */
#include <libssh/libssh.h>
#include <libssh/sftp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
fail(ssh_session s, const char *what)
{
	fprintf(stderr, "ssh_logins: %s: %s\n", what, ssh_get_error(s));
	return -1;
}

static int
login(const char *port, const char *user, ssh_key key)
{
	ssh_session s = ssh_new();
	sftp_session f = NULL;
	int rc = -1, no = 0;

	ssh_options_set(s, SSH_OPTIONS_PROCESS_CONFIG, &no);
	ssh_options_set(s, SSH_OPTIONS_HOST, "127.0.0.1");
	ssh_options_set(s, SSH_OPTIONS_PORT_STR, port);
	ssh_options_set(s, SSH_OPTIONS_USER, user);
	ssh_options_set(s, SSH_OPTIONS_KEY_EXCHANGE, "curve25519-sha256");
	ssh_options_set(s, SSH_OPTIONS_HOSTKEYS, "ssh-ed25519");
	ssh_options_set(s, SSH_OPTIONS_CIPHERS_C_S, "aes128-gcm@openssh.com");
	ssh_options_set(s, SSH_OPTIONS_CIPHERS_S_C, "aes128-gcm@openssh.com");
	if (ssh_connect(s) != SSH_OK)
		fail(s, "connect");
	else if (ssh_userauth_publickey(s, NULL, key) != SSH_AUTH_SUCCESS)
		fail(s, "login");
	else if ((f = sftp_new(s)) == NULL || sftp_init(f) != SSH_OK)
		fail(s, "sftp");
	else
		rc = 0;
	if (f != NULL)
		sftp_free(f);
	ssh_disconnect(s);
	ssh_free(s);
	return rc;
}

int
main(int argc, char **argv)
{
	int logins, processes, bad = 0, status;
	ssh_key key = NULL;
	double begin;

	if (argc != 6 || ssh_pki_import_privkey_file(
			     argv[3], NULL, NULL, NULL, &key) != SSH_OK)
		return 2;
	logins = atoi(argv[4]);
	processes = atoi(argv[5]);
	begin = now();
	for (int i = 0; i < processes; i++) {
		if (fork() != 0)
			continue;
		for (int k = i; k < logins; k += processes) {
			if (login(argv[1], argv[2], key) == -1)
				_exit(1);
		}
		_exit(0);
	}
	while (wait(&status) != -1)
		bad |= status != 0;
	printf("%f\n", logins / (now() - begin));
	return bad;
}
