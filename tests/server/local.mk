# Unit tests of server/.  For each: its name in SERVER_TESTS and a line
#	tests_server_test_NAME_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS =

check_PROGRAMS += $(SERVER_TESTS)
TESTS += $(SERVER_TESTS)

SERVER_TESTS += tests/server/test_address
tests_server_test_address_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
SERVER_TESTS += tests/server/test_http_field
tests_server_test_http_field_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_outbox
tests_server_test_outbox_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_ranges tests/server/test_sftp_packet \
	tests/server/test_sftp tests/server/test_ssh_profile
tests_server_test_ranges_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_sftp_packet_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_sftp_SOURCES = tests/server/test_sftp.c \
	tests/server/sftp_kit.h tests/server/sftp_kit.c
tests_server_test_sftp_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_ssh_profile_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_mask tests/server/test_frozen \
	tests/server/test_http_answer
tests_server_test_mask_SOURCES = tests/server/test_mask.c \
	server/mask.h
tests_server_test_mask_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_frozen_SOURCES = tests/server/test_frozen.c \
	server/frozen.h server/frozen.c server/mask.h \
	server/trace_private.h server/trace_rows.c server/trace_tell.c
tests_server_test_frozen_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_http_answer_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_explain
tests_server_test_explain_SOURCES = tests/server/test_explain.c \
	server/explain.h server/explain.c
tests_server_test_explain_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

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

SERVER_TESTS += tests/server/test_packing tests/server/test_gzip
tests_server_test_packing_SOURCES = tests/server/test_packing.c \
	tests/server/ingest_bench.h
tests_server_test_packing_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_gzip_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_clockcheck
tests_server_test_clockcheck_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_conf
tests_server_test_conf_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

# Sorting, merging and the store share merge_kit: rows as tables write them.
MERGE_KIT = tests/server/merge_kit.h tests/server/merge_kit.c
SERVER_TESTS += tests/server/test_sorter tests/server/test_merge \
	tests/server/test_merge_model tests/server/test_merge_vectors \
	tests/server/test_store
tests_server_test_sorter_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_merge_SOURCES = tests/server/test_merge.c $(MERGE_KIT)
tests_server_test_merge_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
SERVER_TESTS += tests/server/test_steps tests/server/test_quality
tests_server_test_quality_SOURCES = tests/server/test_quality.c $(MERGE_KIT)
tests_server_test_quality_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
SERVER_TESTS += tests/server/test_queue
tests_server_test_queue_SOURCES = tests/server/test_queue.c $(MERGE_KIT)
tests_server_test_queue_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_steps_SOURCES = tests/server/test_steps.c $(MERGE_KIT)
tests_server_test_steps_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
SERVER_TESTS += tests/server/test_store_blocks
tests_server_test_store_blocks_SOURCES = tests/server/test_store_blocks.c \
	$(MERGE_KIT)
tests_server_test_store_blocks_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
SERVER_TESTS += tests/server/test_kinds
tests_server_test_kinds_SOURCES = tests/server/test_kinds.c $(MERGE_KIT)
tests_server_test_kinds_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_merge_model_SOURCES = tests/server/test_merge_model.c \
	$(MERGE_KIT)
tests_server_test_merge_model_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_merge_vectors_SOURCES = tests/server/test_merge_vectors.c \
	$(MERGE_KIT)
tests_server_test_merge_vectors_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_store_SOURCES = tests/server/test_store.c $(MERGE_KIT)
tests_server_test_store_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_wire tests/server/test_limit \
	tests/server/test_tree tests/server/test_auth \
	tests/server/test_files tests/server/test_sandbox
tests_server_test_wire_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_limit_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_tree_SOURCES = tests/server/test_tree.c \
	tests/server/instance.h
tests_server_test_tree_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_auth_SOURCES = tests/server/test_auth.c \
	tests/server/worker_kit.h tests/server/instance.h
tests_server_test_auth_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_files_SOURCES = tests/server/test_files.c \
	tests/server/worker_kit.h tests/server/instance.h
tests_server_test_files_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_sandbox_SOURCES = tests/server/test_sandbox.c \
	tests/server/instance.h
tests_server_test_sandbox_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_accounting
tests_server_test_accounting_SOURCES = tests/server/test_accounting.c \
	tests/server/ingest_bench.h tests/nasty_dump.c tests/nasty_dump.h
tests_server_test_accounting_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
SERVER_TESTS += tests/server/test_mutants
tests_server_test_mutants_SOURCES = tests/server/test_mutants.c \
	tests/server/ingest_bench.h tests/mutant.c tests/mutant.h
tests_server_test_mutants_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_archive tests/server/test_audit
tests_server_test_archive_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_audit_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
SERVER_TESTS += tests/server/test_heard
tests_server_test_heard_SOURCES = tests/server/test_heard.c \
	tests/server/ingest_bench.h
tests_server_test_heard_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_rulings
tests_server_test_rulings_SOURCES = tests/server/test_rulings.c \
	tests/server/ingest_bench.h
tests_server_test_rulings_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
SERVER_TESTS += tests/server/test_rebuild
tests_server_test_rebuild_SOURCES = tests/server/test_rebuild.c \
	tests/server/ingest_bench.h
tests_server_test_rebuild_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_conf_preset tests/server/test_statuses
tests_server_test_conf_preset_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
tests_server_test_statuses_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_unpack
tests_server_test_unpack_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_gate
tests_server_test_gate_SOURCES = tests/server/test_gate.c \
	tests/server/ingest_bench.h
tests_server_test_gate_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
SERVER_TESTS += tests/server/test_gate_life
tests_server_test_gate_life_SOURCES = tests/server/test_gate_life.c \
	tests/server/ingest_bench.h
tests_server_test_gate_life_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)

SERVER_TESTS += tests/server/test_erase
tests_server_test_erase_SOURCES = tests/server/test_erase.c \
	tests/server/ingest_bench.h
tests_server_test_erase_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
SERVER_TESTS += tests/server/test_preview
tests_server_test_preview_SOURCES = tests/server/test_preview.c \
	tests/server/ingest_bench.h server/preview.h server/preview.c
tests_server_test_preview_LDADD = $(LINK_SERVER) $(CMOCKA_LIBS)
