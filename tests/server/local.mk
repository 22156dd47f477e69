# Unit tests of server/.  For each: its name in SERVER_TESTS and a line
#	tests_server_test_NAME_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS =

check_PROGRAMS += $(SERVER_TESTS)
TESTS += $(SERVER_TESTS)

SERVER_TESTS += tests/server/test_address
tests_server_test_address_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_bytes
tests_server_test_bytes_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_conf
tests_server_test_conf_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_wire
tests_server_test_wire_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_sandbox
tests_server_test_sandbox_SOURCES = tests/server/test_sandbox.c \
	tests/server/instance.h
tests_server_test_sandbox_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_conf_preset
tests_server_test_conf_preset_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
