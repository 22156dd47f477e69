#!/bin/sh
# Proves the layers of the tree by what each file includes; prints TAP.
#
#	formats/ includes formats/ alone; keys/ includes keys/ alone
#	server/ is what all stand on; net/ and store/ do not know each other;
#	feed/ knows no protocol; SQL is in store/store*.c alone
set -eu
cd "${srcdir:-$(dirname "$0")/..}"
n=0

rule() { # SENTENCE FILES FORBIDDEN-PATTERN
	n=$((n + 1))
	# shellcheck disable=SC2086 # a pattern of names
	if bad=$(grep -nE "$3" $2); then
		echo "not ok $n - $1"
		echo "$bad" | sed 's/^/# /'
	else
		echo "ok $n - $1"
	fi
}

own='^#[[:space:]]*include "'
echo 1..7
rule "formats includes nothing of ours but itself" "formats/*.[ch]" \
    "$own(keys|server|net|store|feed|tool|tests)/"
rule "keys includes nothing of ours but itself" "keys/*.[ch]" \
    "$own(formats|server|net|store|feed|tool|tests)/"
# the tables of roles and of messages name what every folder has
rule "server stands below the other folders" \
    "$(find server -name '*.[ch]' ! -name 'role.?' ! -name wire.c | tr '\n' ' ')" \
    "$own(net|store|feed|tool|tests)/"
rule "protocols never see the store or ingest" "net/*.[ch]" \
    "$own(store|feed|tool|tests)/"
rule "the store knows no protocol and not what is done with it" \
    "store/*.[ch]" "$own(net|feed|tool|tests)/"
rule "ingest knows no protocol" "feed/*.[ch]" "$own(net|tool|tests)/"
rule "SQL is in the store alone" \
    "$(find server net feed tool store -name '*.c' ! -name 'store*.c' | tr '\n' ' ')" \
    'sqlite3_|\b(SELECT|INSERT INTO|UPDATE|DELETE FROM) [a-z_*]+ '
