#!/bin/sh
# Every file that golden folders publish is a dump again: read back by the
# preset that its own header chooses, it comes out to the byte; and so are files
# made of damaged dumps.  Visitor parameters cannot be read back: a row has no
# order's id and no date, and one visitor has as many as he has orders.  They
# are refused as a dump.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${srcdir:-.}/tests/e2e/lib.sh"

again() { # FOLDER OUTPUT
	now=$(sed -n "s/.*--now '\([^']*\)'.*/\1/p" "$1/args")
	cp "$1/want.$2" "$work/again"
	if ! "$convdrop" convert "$work/again" --output "$2" --now "$now" \
	    >"$work/out" 2>"$work/said"; then
		cat "$work/said"
		return 1
	fi
	diff -u "$1/want.$2" "$work/out"
}

# Both ways of a damaged dump; a dump that is refused has none.
there_and_back() { # SEED OUTPUT
	"$builddir/tests/nasty_dump" "$1" >"$work/nasty" &&
	    "$convdrop" convert "$work/nasty" --output "$2" --now "$now" \
		--default-status PAID >"$work/once" 2>"$work/said"
	[ -s "$work/once" ] || return 0
	"$convdrop" convert "$work/once" --output "$2" --now "$now" \
	    >"$work/twice" 2>"$work/said" || { cat "$work/said"; return 1; }
	went=$((went + 1))
	diff -u "$work/once" "$work/twice"
}
ten() { # OUTPUT: dumps of ten seeds
	for seed in 1 2 3 4 5 6 7 8 9 10; do
		there_and_back "$seed" "$1" || return 1
	done
}

files=0
for want in "$srcdir"/tests/golden/*/want.*; do
	[ -s "$want" ] || continue
	output=${want##*/want.}
	[ "$output" = metrica-params ] && continue
	folder=$(dirname "$want")
	files=$((files + 1))
	check "$(basename "$folder"): $output again" again "$folder" "$output"
done
check "there are files of every output" test "$files" -ge 40
params=$srcdir/tests/golden/out-params/want.metrica-params
refused() { # FILE WORDS
	! "$convdrop" convert "$1" >"$work/out" 2>"$work/said" &&
	    grep -q "$2" "$work/said"
}
check "visitor parameters are no dump, which is said" \
    refused "$params" "required column is missing"
now='2026-04-23 12:00:00' went=0
for output in conversion-center metrica-offline metrica-simple metrica-orders \
    metrica-orders-json crm-json; do
	check "damaged dumps: $output again" ten $output
done
check "most of them could be read" test "$went" -ge 20
finish
