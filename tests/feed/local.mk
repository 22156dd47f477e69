# Unit tests of feed/.  For each: its name in FEED_TESTS and a line
#	tests_feed_test_NAME_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS =

# the long ones: `make check` begins with them
FEED_LONG = tests/feed/test_accounting tests/feed/test_mutants \
	tests/feed/test_rebuild

check_PROGRAMS += $(FEED_LONG) $(FEED_TESTS)
TESTS += $(FEED_TESTS)

FEED_TESTS += tests/feed/test_watch
tests_feed_test_watch_SOURCES = tests/feed/test_watch.c \
	tests/server/instance.h
tests_feed_test_watch_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_report
tests_feed_test_report_SOURCES = tests/feed/test_report.c \
	tests/server/instance.h
tests_feed_test_report_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_ingest
tests_feed_test_ingest_SOURCES = tests/feed/test_ingest.c \
	tests/feed/ingest_bench.h
tests_feed_test_ingest_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_publish
tests_feed_test_publish_SOURCES = tests/feed/test_publish.c \
	tests/feed/ingest_bench.h
tests_feed_test_publish_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_pouring
tests_feed_test_pouring_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_packing
tests_feed_test_packing_SOURCES = tests/feed/test_packing.c \
	tests/feed/ingest_bench.h
tests_feed_test_packing_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_clockcheck
tests_feed_test_clockcheck_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_quality
tests_feed_test_quality_SOURCES = tests/feed/test_quality.c $(MERGE_KIT)
tests_feed_test_quality_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

tests_feed_test_accounting_SOURCES = tests/feed/test_accounting.c \
	tests/feed/ingest_bench.h tests/nasty_dump.c tests/nasty_dump.h
tests_feed_test_accounting_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

tests_feed_test_mutants_SOURCES = tests/feed/test_mutants.c \
	tests/feed/ingest_bench.h tests/mutant.c tests/mutant.h
tests_feed_test_mutants_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_heard
tests_feed_test_heard_SOURCES = tests/feed/test_heard.c \
	tests/feed/ingest_bench.h
tests_feed_test_heard_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_rulings
tests_feed_test_rulings_SOURCES = tests/feed/test_rulings.c \
	tests/feed/ingest_bench.h
tests_feed_test_rulings_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

tests_feed_test_rebuild_SOURCES = tests/feed/test_rebuild.c \
	tests/feed/ingest_bench.h
tests_feed_test_rebuild_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_statuses
tests_feed_test_statuses_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_unpack
tests_feed_test_unpack_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_gate
tests_feed_test_gate_SOURCES = tests/feed/test_gate.c \
	tests/feed/ingest_bench.h
tests_feed_test_gate_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_gate_life
tests_feed_test_gate_life_SOURCES = tests/feed/test_gate_life.c \
	tests/feed/ingest_bench.h
tests_feed_test_gate_life_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_erase
tests_feed_test_erase_SOURCES = tests/feed/test_erase.c \
	tests/feed/ingest_bench.h
tests_feed_test_erase_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)

FEED_TESTS += tests/feed/test_kinds
tests_feed_test_kinds_SOURCES = tests/feed/test_kinds.c $(MERGE_KIT)
tests_feed_test_kinds_LDADD = $(LINK_FEED) $(CMOCKA_LIBS)
