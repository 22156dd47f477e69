# Unit tests of keys/, linked with libkeys.a alone.

KEYS_TESTS =

check_PROGRAMS += $(KEYS_TESTS)
TESTS += $(KEYS_TESTS)
