# End-to-end tests: shell scripts that print TAP, real clients on real sockets.

# Those that take longest, which mostly wait: `make check` begins with them.
E2E_LONG = tests/e2e/versions.t tests/e2e/cut_off.t tests/e2e/kill.t \
	tests/e2e/profiles.t tests/e2e/revise_faults.t \
	tests/e2e/erase_hard.t tests/e2e/ssh_hard.t tests/e2e/ftp_hard.t \
	tests/e2e/clients.t tests/e2e/keys.t tests/e2e/withdraw.t \
	tests/e2e/sftp_upload.t tests/e2e/http_hard.t tests/e2e/hostile.t \
	tests/e2e/steps.t

E2E_TESTS =
E2E_TESTS += tests/e2e/http.t tests/e2e/pulls.t tests/e2e/pulls_many.t
EXTRA_DIST += tests/e2e/hostile.py
E2E_TESTS += tests/e2e/job.t
E2E_TESTS += tests/e2e/why.t tests/e2e/frozen.t tests/e2e/replay.t
E2E_TESTS += tests/e2e/full.t
EXTRA_DIST += tests/e2e/faults.c
E2E_TESTS += tests/e2e/golden.t tests/e2e/roundtrip.t tests/e2e/tool.t
EXTRA_DIST += tests/golden
E2E_TESTS += tests/e2e/outputs.t
EXTRA_DIST += tests/e2e/outputs.py
E2E_TESTS += tests/e2e/csv_diff.t
EXTRA_DIST += tests/e2e/csv_diff.py
E2E_TESTS += tests/e2e/json_diff.t
EXTRA_DIST += tests/e2e/json_diff.py
E2E_TESTS += tests/e2e/init.t tests/e2e/users.t
E2E_TESTS += tests/e2e/daemon.t tests/e2e/accounts.t \
	tests/e2e/fail2ban.t
EXTRA_DIST += tests/e2e/hostile.sh tests/e2e/hostile_sftp.py tests/e2e/worst.py
E2E_TESTS += tests/e2e/quality.t tests/e2e/reports_role.t \
	tests/e2e/masked.t tests/e2e/quality_diff.t
E2E_TESTS += tests/e2e/explain.t tests/e2e/lang.t
E2E_TESTS += tests/e2e/sandbox.t
EXTRA_DIST += tests/e2e/probe.c
EXTRA_DIST += tests/e2e/hostile_ftp.py
E2E_TESTS += tests/e2e/ftp.t tests/e2e/ftp_data.t tests/e2e/sftp.t
E2E_TESTS += tests/e2e/ftp_upload.t
EXTRA_DIST += tests/e2e/hostile_ssh.py
EXTRA_DIST += tests/e2e/clients
E2E_TESTS += tests/e2e/ingest.t tests/e2e/hash.t tests/e2e/sources.t
E2E_TESTS += tests/e2e/presets.t tests/e2e/statuses.t
E2E_TESTS += tests/e2e/hold.t tests/e2e/preview.t
E2E_TESTS += tests/e2e/reprocess.t tests/e2e/order.t
E2E_TESTS += tests/e2e/rebuild.t
E2E_TESTS += tests/e2e/reprocess_settings.t tests/e2e/reprocess_dumps.t
E2E_TESTS += tests/e2e/withdraw_kinds.t
E2E_TESTS += tests/e2e/kinds.t tests/e2e/formats.t tests/e2e/md5.t

E2E_TESTS += tests/e2e/person.t
EXTRA_DIST += tests/e2e/traces.py
E2E_TESTS += tests/e2e/zip.t tests/e2e/xlsx.t tests/e2e/zone.t
EXTRA_DIST += tests/e2e/xlsx.py

TESTS += $(E2E_TESTS) tests/e2e/secrets.t
EXTRA_DIST += $(E2E_LONG) $(E2E_TESTS) tests/e2e/secrets.t tests/e2e/lib.sh

# after all others of the run, whose logs it searches
tests/e2e/secrets.log: $(filter-out tests/e2e/secrets.log,$(TEST_LOGS))
