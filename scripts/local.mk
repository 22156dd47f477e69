# What scripts/ holds and the distribution needs.
EXTRA_DIST += tests/data tests/gen_dump.c scripts/registry scripts/tally scripts/setup scripts/build \
	scripts/test scripts/lint scripts/quickstart scripts/sample-dump \
	scripts/bench scripts/cppcheck.cfg scripts/check-layers.t scripts/peers/python_csv_sqlite.py
TESTS += scripts/check-layers.t

# What systemd reads: the service, and an account for each role.
systemdunitdir = $(prefix)/lib/systemd/system
dist_systemdunit_DATA = scripts/convdropd.service
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = convdrop.conf
EXTRA_DIST += scripts/convdrop.sysusers
CLEANFILES += convdrop.conf
convdrop.conf: scripts/convdrop.sysusers
	$(AM_V_GEN)cp $(srcdir)/scripts/convdrop.sysusers $@
