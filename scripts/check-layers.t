#!/bin/sh
# Proves the layers of the tree by what each file includes; prints TAP.
#
#	formats/ includes formats/ alone; keys/ includes keys/ alone
#	in server/, protocols know tree, auth, files and wire, never store or
#	ingest, and ingest knows no protocol; SQL is in store*.c alone
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
echo 1..5
rule "formats includes nothing of ours but itself" "formats/*.[ch]" \
    "$own(keys|server|tests)/"
rule "keys includes nothing of ours but itself" "keys/*.[ch]" \
    "$own(formats|server|tests)/"
rule "protocols never see the store or ingest" \
    "server/http*.[ch] server/ssh*.[ch] server/sftp*.[ch]" \
    "$own""server/(store|merge|ingest|publish|archive|watch|report|sorter)"
rule "ingest knows no protocol" \
    "server/ingest*.[ch] server/publish*.[ch] server/store*.[ch] server/merge*.[ch] server/watch*.[ch] server/report*.[ch] server/archive*.[ch]" \
    "$own""server/(http|ssh|sftp|files|tree)"
rule "SQL is in the store alone" \
    "$(find server -name '*.c' ! -name 'store*.c' | tr '\n' ' ')" \
    'sqlite3_|\b(SELECT|INSERT INTO|UPDATE|DELETE FROM) [a-z_*]+ '
