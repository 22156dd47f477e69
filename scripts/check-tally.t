#!/bin/sh
# scripts/tally: the count is the last line, and before it stands what failed,
# with what the logs say of it.
srcdir=${srcdir:-.}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
n=0
check() { # SENTENCE COMMAND…
	n=$((n + 1))
	what=$1
	shift
	if "$@" >/dev/null; then echo "ok $n - $what"; else
		echo "not ok $n - $what"
		sed 's/^/# /' "$work/said"
	fi
}
ran() { # NAME RESULT…: a test, whose log is on stdin
	name=$1
	shift
	cat >"$work/$name.log"
	printf ':test-result: %s\n' "$@" >"$work/$name.trs"
}
tally() {
	sh "$srcdir/scripts/tally" "$work"/*.trs >"$work/said"
	got=$(tail -n 1 "$work/said")
	[ "$got" = "$1" ]
}
has() { grep -qx -- "$1" "$work/said"; }
hasnt() { ! has "$@"; }

ran good PASS SKIP <<EOF
ok 1 - one
PASS: good 1 - one
# of no interest
EOF
check "what passed and what was skipped is counted" \
    tally "1 passed, 0 failed, 1 skipped"
check "and nothing else is said" [ "$(wc -l <"$work/said")" = 1 ]

ran bad PASS FAIL PASS <<EOF
a complaint
not ok 1 - one
FAIL: bad 1 - one
# why
$(seq -f '# line %g' 100)
ok 2 - two
PASS: bad 2 - two
# of no interest
1..2
# the log of the daemon
EOF
ran crashed PASS ERROR <<EOF
a report of the sanitizer
ok 1 - one
PASS: crashed 1 - one
ERROR: crashed - exited with status 1
EOF
check "what failed is counted" tally "4 passed, 2 failed, 1 skipped"
check "it is named" has 'FAIL: bad 1 - one'
check "with what the log says" has '    # why'
check "but not all of much" hasnt '    # line 100'
check "and with the log of its daemon" has '    # the log of the daemon'
check "not with what others say" hasnt '    # of no interest'
check "a test that broke off is named" has 'ERROR: crashed - exited with status 1'
check "with its standard error" has '    a report of the sanitizer'
check "which else is not shown" hasnt '    a complaint'
check "where nothing ran, nothing passed" \
    [ "$(sh "$srcdir/scripts/tally")" = "0 passed, 1 failed" ]
echo "1..$n"
