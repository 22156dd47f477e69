# Unit tests of server/.  For each: its name in SERVER_TESTS and a line
#	tests_server_test_NAME_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS =

check_PROGRAMS += $(SERVER_TESTS)
TESTS += $(SERVER_TESTS)

SERVER_TESTS += tests/server/test_http_field
tests_server_test_http_field_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
