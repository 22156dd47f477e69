# Unit tests of keys/, linked with libkeys.a alone.

KEYS_TESTS = tests/keys/test_users tests/keys/test_secret tests/keys/test_token \
	tests/keys/test_keyfile tests/keys/test_cert tests/keys/test_proof

tests_keys_test_users_LDADD = $(LINK_KEYS) $(CMOCKA_LIBS)
tests_keys_test_secret_LDADD = $(LINK_KEYS) $(CMOCKA_LIBS)
tests_keys_test_token_LDADD = $(LINK_KEYS) $(CMOCKA_LIBS)
tests_keys_test_keyfile_LDADD = $(LINK_KEYS) $(CMOCKA_LIBS)
tests_keys_test_cert_LDADD = $(LINK_KEYS) $(CMOCKA_LIBS)
tests_keys_test_proof_SOURCES = tests/keys/test_proof.c tests/keys/proof_kit.h
tests_keys_test_proof_LDADD = $(LINK_KEYS) $(CMOCKA_LIBS)

EXTRA_DIST += tests/keys/folder.h
check_PROGRAMS += $(KEYS_TESTS)
TESTS += $(KEYS_TESTS)
