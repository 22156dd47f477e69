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

# Sorting, merging and the store share merge_kit: rows as tables write them.
MERGE_KIT = tests/server/merge_kit.h tests/server/merge_kit.c
SERVER_TESTS += tests/server/test_sorter tests/server/test_merge \
	tests/server/test_merge_model tests/server/test_merge_vectors \
	tests/server/test_store
tests_server_test_sorter_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_merge_SOURCES = tests/server/test_merge.c $(MERGE_KIT)
tests_server_test_merge_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_merge_model_SOURCES = tests/server/test_merge_model.c \
	$(MERGE_KIT)
tests_server_test_merge_model_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_merge_vectors_SOURCES = tests/server/test_merge_vectors.c \
	$(MERGE_KIT)
tests_server_test_merge_vectors_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_store_SOURCES = tests/server/test_store.c $(MERGE_KIT)
tests_server_test_store_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
