# What scripts/ holds and the distribution needs.
EXTRA_DIST += scripts/registry scripts/tally scripts/setup scripts/build \
	scripts/test scripts/lint scripts/quickstart scripts/sample-dump \
	scripts/bench scripts/check-layers.t scripts/peers/python_csv_sqlite.py
TESTS += scripts/check-layers.t
