# Unit tests of formats/, linked with libformats.a alone: that is the proof
# that it knows no other folder.  For each: its name, its LDADD.
#
# check_PROGRAMS += tests/formats/test_slice
# tests_formats_test_slice_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)

FORMATS_TESTS = tests/formats/test_slice \
	tests/formats/test_read_csv \
	tests/formats/test_read_json \
	tests/formats/test_dump_grown \
	tests/formats/test_read_html \
	tests/formats/test_ahead tests/formats/test_belt \
	tests/formats/test_decode \
	tests/formats/test_unzip \
	tests/formats/test_read_xlsx \
	tests/formats/test_charset \
	tests/formats/test_status \
	tests/formats/test_errors tests/formats/test_damage \
	tests/formats/test_conv \
	tests/formats/test_settings tests/formats/test_ignore \
	tests/formats/test_zone tests/formats/test_dated \
	tests/formats/test_check \
	tests/formats/test_writer \
	tests/formats/test_write_metrica \
	tests/formats/test_write_json \
	tests/formats/test_rejects \
	tests/formats/test_strict \
	tests/formats/test_lint \
	tests/formats/test_lint_outputs \
	tests/formats/test_lint_json \
	tests/formats/test_normal_metrica \
	tests/formats/test_normal tests/formats/test_mention \
	tests/formats/test_vectors \
	tests/formats/test_map \
	tests/formats/test_own_preset \
	tests/formats/test_dump_settle \
	tests/formats/test_presets \
	tests/formats/test_dump

tests_formats_test_ahead_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_belt_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_dump_SOURCES = tests/formats/test_dump.c \
	tests/formats/dump_kit.h
tests_formats_test_dump_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_presets_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_own_preset_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_dump_settle_SOURCES = tests/formats/test_dump_settle.c \
	tests/formats/dump_kit.h
tests_formats_test_dump_settle_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_map_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_normal_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_mention_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_zone_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_dated_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_settings_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_ignore_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_conv_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_errors_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_damage_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_status_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_slice_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_check_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_writer_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_write_metrica_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_write_json_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
EXTRA_DIST += tests/formats/write_kit.h
tests_formats_test_rejects_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_strict_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_lint_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_lint_outputs_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_lint_json_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_normal_metrica_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_vectors_SOURCES = tests/formats/test_vectors.c \
	tests/formats/vectors.h tests/formats/vectors_metrica.c
tests_formats_test_vectors_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_charset_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_decode_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_dump_grown_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_read_json_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_read_html_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_read_csv_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)

tests_formats_test_unzip_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)
tests_formats_test_read_xlsx_LDADD = $(LINK_FORMATS) $(CMOCKA_LIBS)

check_PROGRAMS += $(FORMATS_TESTS)
TESTS += $(FORMATS_TESTS)

# What a reader makes of a dump, for comparison with other people's readers.
check_PROGRAMS += tests/formats/print_rows
tests_formats_print_rows_LDADD = $(LINK_FORMATS)

# Small damaged dumps; a test may also link tests/nasty_dump.c and call it.
check_PROGRAMS += tests/nasty_dump
tests_nasty_dump_SOURCES = tests/nasty_dump.h tests/nasty_dump.c \
	tests/nasty_dump_main.c
EXTRA_DIST += tests/formats/memory.h tests/formats/rows.h tests/formats/make_zip.h \
	tests/formats/encode.h tests/formats/lint_kit.h tests/formats/split.h
