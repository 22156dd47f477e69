#!/bin/sh
# Every file that golden folders publish is a dump again: read back by the
# preset that its own header chooses, it comes out to the byte.  Visitor
# parameters are no records (a row is a key and a value), so they stay out.
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
finish
