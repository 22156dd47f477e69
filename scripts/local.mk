# What scripts/ holds and the distribution needs.
EXTRA_DIST += scripts/registry scripts/tally scripts/unit scripts/setup scripts/build \
	scripts/test scripts/lint scripts/coverage scripts/memory scripts/cppcheck.cfg scripts/quickstart \
	scripts/sample-dump scripts/bench bench/common.py bench/flood.py bench/ingest.py bench/load.py \
	bench/peers.py bench/serve.py bench/ssh_logins.c bench/tls_connects.c scripts/peers/python_csv_sqlite.py scripts/peers/duckdb.js \
	scripts/error-pages scripts/check-layers.t scripts/check-tally.t tests/data tests/gen_dump.c
TESTS += scripts/check-layers.t scripts/check-tally.t

# What systemd reads: the service, and an account for each role.
systemdunitdir = $(prefix)/lib/systemd/system
systemdunit_DATA = convdropd.service
sysusersdir = $(prefix)/lib/sysusers.d
# in a folder of its own: ./convdrop.conf would be taken for a configuration
sysusers_DATA = sysusers.d/convdrop.conf
EXTRA_DIST += scripts/convdropd.service scripts/convdrop.sysusers
CLEANFILES += convdropd.service sysusers.d/convdrop.conf
convdropd.service: scripts/convdropd.service Makefile
	$(AM_V_GEN)sed 's|/usr/sbin|$(sbindir)|' \
	    $(srcdir)/scripts/convdropd.service >$@
sysusers.d/convdrop.conf: scripts/convdrop.sysusers
	$(AM_V_GEN)$(MKDIR_P) sysusers.d && \
	    cp $(srcdir)/scripts/convdrop.sysusers $@

# For who wants a firewall to keep guessers away: a filter, and an example jail.
fail2bandir = $(pkgdatadir)/fail2ban
fail2banfilterdir = $(fail2bandir)/filter.d
fail2banjaildir = $(fail2bandir)/jail.d
dist_fail2banfilter_DATA = scripts/fail2ban/filter.d/convdrop.conf
dist_fail2banjail_DATA = scripts/fail2ban/jail.d/convdrop.conf
