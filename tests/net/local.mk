# Unit tests of net/.  For each: its name in NET_TESTS and a line
#	tests_net_test_NAME_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS =

check_PROGRAMS += $(NET_TESTS)
TESTS += $(NET_TESTS)

NET_TESTS += tests/net/test_http_field
tests_net_test_http_field_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_ftp_command
tests_net_test_ftp_command_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_ftp_list
tests_net_test_ftp_list_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_outbox
tests_net_test_outbox_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_ranges
tests_net_test_ranges_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_sftp_packet
tests_net_test_sftp_packet_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_sftp
tests_net_test_sftp_SOURCES = tests/net/test_sftp.c tests/net/sftp_kit.h \
	tests/net/sftp_kit.c
tests_net_test_sftp_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_ssh_pace
tests_net_test_ssh_pace_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_ssh_packet
tests_net_test_ssh_packet_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_ssh_profile
tests_net_test_ssh_profile_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_ssh_proof
tests_net_test_ssh_proof_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_http_hold
tests_net_test_http_hold_LDADD = $(LINK_NET) $(CMOCKA_LIBS)
NET_TESTS += tests/net/test_http_answer
tests_net_test_http_answer_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_door
tests_net_test_door_SOURCES = tests/net/test_door.c tests/server/instance.h
tests_net_test_door_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_limit
tests_net_test_limit_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_tree
tests_net_test_tree_SOURCES = tests/net/test_tree.c tests/server/instance.h
tests_net_test_tree_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_auth
tests_net_test_auth_SOURCES = tests/net/test_auth.c tests/net/auth_kit.h \
	tests/keys/proof_kit.h tests/net/worker_kit.h tests/server/instance.h
tests_net_test_auth_LDADD = $(LINK_NET) $(CMOCKA_LIBS)
tests_net_test_auth_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=crypt_ra

NET_TESTS += tests/net/test_guessing
tests_net_test_guessing_SOURCES = tests/net/test_guessing.c \
	tests/net/auth_kit.h tests/keys/proof_kit.h tests/net/worker_kit.h \
	tests/server/instance.h
tests_net_test_guessing_LDADD = $(LINK_NET) $(CMOCKA_LIBS)
tests_net_test_guessing_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=crypt_ra

NET_TESTS += tests/net/test_files
tests_net_test_files_SOURCES = tests/net/test_files.c tests/net/files_kit.h \
	tests/net/worker_kit.h tests/server/instance.h
tests_net_test_files_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_files_upload
tests_net_test_files_upload_SOURCES = tests/net/test_files_upload.c \
	tests/net/files_kit.h tests/net/worker_kit.h tests/server/instance.h
tests_net_test_files_upload_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_tls
tests_net_test_tls_SOURCES = tests/net/test_tls.c tests/net/tls_kit.h
tests_net_test_tls_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_ftp_data
tests_net_test_ftp_data_SOURCES = tests/net/test_ftp_data.c \
	tests/net/ftp_kit.h tests/net/tls_kit.h
tests_net_test_ftp_data_LDADD = $(LINK_NET) $(CMOCKA_LIBS)
tests_net_test_ftp_data_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_ms

NET_TESTS += tests/net/test_ftp_transfer
tests_net_test_ftp_transfer_SOURCES = tests/net/test_ftp_transfer.c \
	tests/net/ftp_kit.h tests/net/tls_kit.h
tests_net_test_ftp_transfer_LDADD = $(LINK_NET) $(CMOCKA_LIBS)
tests_net_test_ftp_transfer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_ms

NET_TESTS += tests/net/test_ftp_seal
tests_net_test_ftp_seal_SOURCES = tests/net/test_ftp_seal.c \
	tests/net/ftp_kit.h tests/net/tls_kit.h
tests_net_test_ftp_seal_LDADD = $(LINK_NET) $(CMOCKA_LIBS)
tests_net_test_ftp_seal_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_ms \
	-Wl,--wrap=belt_thread -Wl,--wrap=tls_seal

NET_TESTS += tests/net/test_near
tests_net_test_near_LDADD = $(LINK_NET) $(CMOCKA_LIBS)

NET_TESTS += tests/net/test_path
tests_net_test_path_LDADD = $(LINK_NET) $(CMOCKA_LIBS)
