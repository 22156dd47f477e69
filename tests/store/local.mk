# Unit tests of store/.  For each: its name in STORE_TESTS and a line
#	tests_store_test_NAME_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS =

check_PROGRAMS += $(STORE_TESTS)
TESTS += $(STORE_TESTS)

# Sorting, merging and the store share merge_kit: rows as tables write them.
MERGE_KIT = tests/store/merge_kit.h tests/store/merge_kit.c

STORE_TESTS += tests/store/test_mask
tests_store_test_mask_SOURCES = tests/store/test_mask.c store/mask.h
tests_store_test_mask_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_gzip
tests_store_test_gzip_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_temp
tests_store_test_temp_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_growing
tests_store_test_growing_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_sorter
tests_store_test_sorter_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_keeper
tests_store_test_keeper_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_merge
tests_store_test_merge_SOURCES = tests/store/test_merge.c $(MERGE_KIT)
tests_store_test_merge_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_merge_model
tests_store_test_merge_model_SOURCES = tests/store/test_merge_model.c \
	$(MERGE_KIT)
tests_store_test_merge_model_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_merge_vectors
tests_store_test_merge_vectors_SOURCES = tests/store/test_merge_vectors.c \
	$(MERGE_KIT)
tests_store_test_merge_vectors_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_store
tests_store_test_store_SOURCES = tests/store/test_store.c $(MERGE_KIT)
tests_store_test_store_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_steps
tests_store_test_steps_SOURCES = tests/store/test_steps.c $(MERGE_KIT)
tests_store_test_steps_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_queue
tests_store_test_queue_SOURCES = tests/store/test_queue.c $(MERGE_KIT)
tests_store_test_queue_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_store_blocks
tests_store_test_store_blocks_SOURCES = tests/store/test_store_blocks.c \
	$(MERGE_KIT)
tests_store_test_store_blocks_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_archive
tests_store_test_archive_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)

STORE_TESTS += tests/store/test_audit
tests_store_test_audit_LDADD = $(LINK_STORE) $(CMOCKA_LIBS)
