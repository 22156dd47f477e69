# Unit tests of server/.  For each: its name in SERVER_TESTS and a line
#	tests_server_test_NAME_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS =

check_PROGRAMS += $(SERVER_TESTS)
TESTS += $(SERVER_TESTS)

SERVER_TESTS += tests/server/test_http_field
tests_server_test_http_field_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_ranges tests/server/test_sftp_packet \
	tests/server/test_sftp tests/server/test_ssh_profile
tests_server_test_ranges_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_sftp_packet_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_sftp_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_ssh_profile_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_watch
tests_server_test_watch_SOURCES = tests/server/test_watch.c \
	tests/server/instance.h
tests_server_test_watch_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_report tests/server/test_ingest \
	tests/server/test_publish
tests_server_test_report_SOURCES = tests/server/test_report.c \
	tests/server/instance.h
tests_server_test_report_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_ingest_SOURCES = tests/server/test_ingest.c \
	tests/server/ingest_bench.h
tests_server_test_ingest_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_publish_SOURCES = tests/server/test_publish.c \
	tests/server/ingest_bench.h
tests_server_test_publish_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_conf
tests_server_test_conf_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_vectors_upd
tests_server_test_vectors_upd_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
