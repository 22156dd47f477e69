# End-to-end tests: shell scripts that print TAP, real clients on real sockets.

E2E_TESTS =

TESTS += $(E2E_TESTS)
EXTRA_DIST += $(E2E_TESTS)
