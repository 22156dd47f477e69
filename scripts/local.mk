# What scripts/ holds and the distribution needs.
EXTRA_DIST += scripts/registry scripts/tally
