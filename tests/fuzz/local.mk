# A fuzz target NAME is tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput, and
# a folder of inputs tests/fuzz/corpus/NAME.  `make check` replays the inputs;
# with --enable-fuzz (clang) the programs are fuzzers instead:
#
#	tests/fuzz/fuzz_NAME -max_total_time=600 CORPUS
#
# For each target: its name in FUZZERS, and its three lines below.

FUZZERS =

if FUZZ
fuzz_main =
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
fuzz_main = tests/fuzz/replay.c
fuzz_ldflags = $(AM_LDFLAGS)
TESTS += $(FUZZERS)
endif
check_PROGRAMS += $(FUZZERS)
EXTRA_DIST += tests/fuzz/corpus

# FUZZERS += tests/fuzz/fuzz_decode
# tests_fuzz_fuzz_decode_SOURCES = tests/fuzz/fuzz_decode.c $(fuzz_main)
# tests_fuzz_fuzz_decode_LDADD = $(LINK_FORMATS)
# tests_fuzz_fuzz_decode_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_http
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(fuzz_main)
tests_fuzz_fuzz_http_LDADD = $(LINK_NET)
tests_fuzz_fuzz_http_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_ftp
tests_fuzz_fuzz_ftp_SOURCES = tests/fuzz/fuzz_ftp.c $(fuzz_main)
tests_fuzz_fuzz_ftp_LDADD = $(LINK_NET)
tests_fuzz_fuzz_ftp_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_ftp_session
tests_fuzz_fuzz_ftp_session_SOURCES = tests/fuzz/fuzz_ftp_session.c \
	$(fuzz_main)
tests_fuzz_fuzz_ftp_session_LDADD = $(LINK_NET)
tests_fuzz_fuzz_ftp_session_LDFLAGS = $(fuzz_ldflags) \
	-Wl,--wrap=auth_ask,--wrap=files_ask

FUZZERS += tests/fuzz/fuzz_passive
tests_fuzz_fuzz_passive_SOURCES = tests/fuzz/fuzz_passive.c $(fuzz_main)
tests_fuzz_fuzz_passive_LDADD = $(LINK_NET)
tests_fuzz_fuzz_passive_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_files tests/fuzz/fuzz_auth
tests_fuzz_fuzz_files_SOURCES = tests/fuzz/fuzz_files.c $(fuzz_main)
tests_fuzz_fuzz_files_LDADD = $(LINK_NET)
tests_fuzz_fuzz_files_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_auth_SOURCES = tests/fuzz/fuzz_auth.c $(fuzz_main)
tests_fuzz_fuzz_auth_LDADD = $(LINK_NET)
tests_fuzz_fuzz_auth_LDFLAGS = $(fuzz_ldflags) -Wl,--wrap=crypt_ra

FUZZERS += tests/fuzz/fuzz_sftp
tests_fuzz_fuzz_sftp_SOURCES = tests/fuzz/fuzz_sftp.c $(fuzz_main)
tests_fuzz_fuzz_sftp_LDADD = $(LINK_NET)
tests_fuzz_fuzz_sftp_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_conf tests/fuzz/fuzz_users
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(fuzz_main)
tests_fuzz_fuzz_conf_LDADD = $(LINK_SERVER)
tests_fuzz_fuzz_conf_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_users_SOURCES = tests/fuzz/fuzz_users.c $(fuzz_main)
tests_fuzz_fuzz_users_LDADD = $(LINK_KEYS)
tests_fuzz_fuzz_users_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_lint
tests_fuzz_fuzz_lint_SOURCES = tests/fuzz/fuzz_lint.c $(fuzz_main)
tests_fuzz_fuzz_lint_LDADD = $(LINK_FORMATS)
tests_fuzz_fuzz_lint_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_decode
tests_fuzz_fuzz_decode_SOURCES = tests/fuzz/fuzz_decode.c $(fuzz_main)
tests_fuzz_fuzz_decode_LDADD = $(LINK_FORMATS)
tests_fuzz_fuzz_decode_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_csv
tests_fuzz_fuzz_csv_SOURCES = tests/fuzz/fuzz_csv.c $(fuzz_main)
tests_fuzz_fuzz_csv_LDADD = $(LINK_FORMATS)
tests_fuzz_fuzz_csv_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_normal tests/fuzz/fuzz_zone tests/fuzz/fuzz_dump
tests_fuzz_fuzz_normal_SOURCES = tests/fuzz/fuzz_normal.c $(fuzz_main)
tests_fuzz_fuzz_normal_LDADD = $(LINK_FORMATS)
tests_fuzz_fuzz_normal_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_zone_SOURCES = tests/fuzz/fuzz_zone.c $(fuzz_main)
tests_fuzz_fuzz_zone_LDADD = $(LINK_FORMATS)
tests_fuzz_fuzz_zone_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_dump_SOURCES = tests/fuzz/fuzz_dump.c $(fuzz_main)
tests_fuzz_fuzz_dump_LDADD = $(LINK_FORMATS)
tests_fuzz_fuzz_dump_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_wire
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/fuzz_wire.c $(fuzz_main)
tests_fuzz_fuzz_wire_LDADD = $(LINK_NET)
tests_fuzz_fuzz_wire_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_json tests/fuzz/fuzz_html
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(fuzz_main)
tests_fuzz_fuzz_json_LDADD = $(LINK_FORMATS)
tests_fuzz_fuzz_json_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_html_SOURCES = tests/fuzz/fuzz_html.c $(fuzz_main)
tests_fuzz_fuzz_html_LDADD = $(LINK_FORMATS)
tests_fuzz_fuzz_html_LDFLAGS = $(fuzz_ldflags)
EXTRA_DIST += tests/fuzz/read_any.h tests/fuzz/no_parent.h

FUZZERS += tests/fuzz/fuzz_zip tests/fuzz/fuzz_xlsx
tests_fuzz_fuzz_zip_SOURCES = tests/fuzz/fuzz_zip.c $(fuzz_main)
tests_fuzz_fuzz_zip_LDADD = $(LINK_FORMATS)
tests_fuzz_fuzz_zip_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_xlsx_SOURCES = tests/fuzz/fuzz_xlsx.c $(fuzz_main)
tests_fuzz_fuzz_xlsx_LDADD = $(LINK_FORMATS)
tests_fuzz_fuzz_xlsx_LDFLAGS = $(fuzz_ldflags)

FUZZERS += tests/fuzz/fuzz_explain
tests_fuzz_fuzz_explain_SOURCES = tests/fuzz/fuzz_explain.c $(fuzz_main) \
	tool/explain.h tool/explain.c
tests_fuzz_fuzz_explain_LDADD = $(LINK_SERVER)
tests_fuzz_fuzz_explain_LDFLAGS = $(fuzz_ldflags)
