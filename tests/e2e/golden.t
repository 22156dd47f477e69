#!/bin/sh
# Golden folders: tests/golden/NAME holds
#	in.*            a dump
#	args            what convert is called with besides
#	want.OUTPUT     what comes out of it
#	rejects.want    what --rejects says
#	exit            the exit status (none: 0)
#	lint            what lint is called with besides
#	README          which of its headers and values were seen, and where
# What comes out must also pass lint.  Every preset has a folder, and is in the
# manual.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${srcdir:-.}/tests/e2e/lib.sh"

convert() { # FOLDER OUTPUT; its exit status goes to $work/status
	eval "set -- \"\$1\" \"\$2\" $(cat "$1/args")"
	from=$1 to=$2
	shift 2
	"$convdrop" convert "$from"/in.* --output "$to" "$@" \
	    --rejects "$work/rejects" >"$work/out" 2>"$work/said"
	echo $? >"$work/status"
}

lint() { # FOLDER OUTPUT
	now=$(sed -n "s/.*--now '\([^']*\)'.*/\1/p" "$1/args")
	goals=
	[ -f "$1/lint" ] && goals=$(cat "$1/lint")
	# shellcheck disable=SC2086 # a list of options
	"$convdrop" lint "$work/out" --output "$2" --now "$now" $goals
}

golden() { # FOLDER OUTPUT
	name="$(basename "$1"): $2"
	echo 0 >"$work/want"
	[ -f "$1/exit" ] && cat "$1/exit" >"$work/want"
	convert "$1" "$2"
	sed -n 's/.*: preset \([^,]*\),.*/\1/p' "$work/said" >>"$work/presets"
	check "$name: exit status" diff "$work/want" "$work/status"
	check "$name: the bytes" diff -u "$1/want.$2" "$work/out"
	check "$name: the rejects" diff -u "$1/rejects.want" "$work/rejects"
	if [ -s "$work/out" ]; then
		check "$name: lint takes it" lint "$1" "$2"
	fi
}

for folder in "$srcdir"/tests/golden/*/; do
	for want in "$folder"want.*; do
		golden "${folder%/}" "${want##*/want.}"
	done
done
presets=$("$convdrop" presets | sed 's/ .*//')
check "presets are listed" test -n "$presets"
for preset in $presets; do
	check "$preset has a folder" grep -qx "$preset" "$work/presets"
	check "$preset is in the manual" \
	    grep -q "^\.It Cm $preset " "$srcdir/server/convdrop.1"
done
finish
