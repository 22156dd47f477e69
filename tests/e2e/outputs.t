#!/bin/sh
# Every output as other programs read it: Python's json and csv find in it what
# the dump had.  lint takes it, and names what was damaged on the way.
. "${srcdir:-.}/tests/e2e/lib.sh"

now='2026-07-20 12:00:00'
outputs='metrica-contacts metrica-contacts-json crm-json-clients metrica-orders
    metrica-orders-json metrica-simple crm-json conversion-center'
goals='--goal g1 --goal g2 --goal g3'

convert() { # DUMP OUTPUT
	preset=contacts
	[ "$1" = orders ] && preset=generic
	"$convdrop" convert "$work/$1.csv" --output "$2" --now "$now" \
	    --preset $preset >"$work/$2.out"
}
# shellcheck disable=SC2086 # a list of options
lint() { # FILE OUTPUT
	"$convdrop" lint "$1" --output "$2" --now "$now" $goals
}

check "random contacts and orders are made" \
    "$python" "$srcdir/tests/e2e/outputs.py" make "$work"
for output in $outputs; do
	case $output in
	metrica-contacts* | *clients) dump=contacts ;;
	*) dump=orders ;;
	esac
	check "$output: converted" convert $dump "$output"
	check "$output: lint takes it" lint "$work/$output.out" "$output"
done
check "Python reads the same out of all of them" \
    "$python" "$srcdir/tests/e2e/outputs.py" compare "$work"

for output in metrica-contacts metrica-orders; do
	check "$output: its first byte tells that it is JSON" \
	    lint "$work/$output-json.out" $output
done
check "crm-json: its key tells which of the two files it is" \
    lint "$work/crm-json-clients.out" crm-json
check "a file comes on standard input, too" fails_with 0 "2000 valid" \
    sh -c '"$1" lint - --output metrica-orders --now "$2" '"$goals"' <"$3"' \
    sh "$convdrop" "$now" "$work/metrica-orders.out"

head -c 50000 "$work/crm-json.out" >"$work/cut"
check "a JSON text that is cut is refused" \
    fails_with 1 "has to be one JSON text" lint "$work/cut" crm-json
sed '3s/"id"/id/' "$work/crm-json.out" >"$work/broken"
check "a record that is broken is named by its line" \
    fails_with 1 "$work/broken:3: The record is not valid JSON" \
    lint "$work/broken" crm-json
check "and costs itself alone" fails_with 1 "1999 valid" lint "$work/broken" crm-json
iconv -f UTF-8 -t UTF-16 "$work/metrica-contacts-json.out" >"$work/utf16"
check "JSON in UTF-16 is refused" fails_with 1 "error" \
    lint "$work/utf16" metrica-contacts-json
check "an output that is none is a mistake of the call" \
    fails_with 2 "there is no output" lint "$work/cut" metrica
check "lint in JSON names line and kind" fails_with 1 '"line":3' \
    "$convdrop" --json lint "$work/broken" --output crm-json --now "$now"
finish
