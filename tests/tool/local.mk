# Unit tests of tool/.  For each: its name in TOOL_TESTS and a line
#	tests_tool_test_NAME_LDADD = $(LINK_TOOL) $(CMOCKA_LIBS)

TOOL_TESTS =

check_PROGRAMS += $(TOOL_TESTS)
TESTS += $(TOOL_TESTS)

LINK_TOOL = $(LINK_FEED)

TOOL_TESTS += tests/tool/test_frozen
tests_tool_test_frozen_SOURCES = tests/tool/test_frozen.c tool/frozen.h \
	tool/frozen.c store/mask.h tool/trace_private.h tool/trace_rows.c \
	tool/trace_seek.c tool/trace_tell.c
tests_tool_test_frozen_LDADD = $(LINK_TOOL) $(CMOCKA_LIBS)

TOOL_TESTS += tests/tool/test_explain
tests_tool_test_explain_SOURCES = tests/tool/test_explain.c tool/explain.h \
	tool/explain.c
tests_tool_test_explain_LDADD = $(LINK_TOOL) $(CMOCKA_LIBS)

TOOL_TESTS += tests/tool/test_preview
tests_tool_test_preview_SOURCES = tests/tool/test_preview.c \
	tests/feed/ingest_bench.h tool/preview.h tool/preview.c
tests_tool_test_preview_LDADD = $(LINK_TOOL) $(CMOCKA_LIBS)
