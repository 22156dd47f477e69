/*
 * For the tests: enters a role's sandbox and tries what that role must not.
 */
#ifndef SERVER_PROBE_H
#define SERVER_PROBE_H

int probe_run(const char *role, const char *conf_path);

#endif
