#!/bin/sh
# The tool without a daemon: help, wrong usage, exit statuses, JSON, standard
# input and output.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${srcdir:-.}/tests/e2e/lib.sh"

now='2026-06-30 12:00:00'
header='create_date_time;id;phones;order_status'

exits() { # STATUS ARGUMENT…
	want=$1
	shift
	"$convdrop" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	echo "exit status $got"
	cat "$work/err"
	[ "$got" -eq "$want" ]
}

says() { # WHERE TEXT STATUS ARGUMENT…
	where=$1 text=$2
	shift 2
	exits "$@" && grep -qF -e "$text" "$work/$where"
}

is_json() { # EXPRESSION WHERE STATUS ARGUMENT…
	expression=$1 where=$2
	shift 2
	exits "$@" && "$python" -c "import json, sys
j = json.load(open(sys.argv[1]))
assert $expression, j" "$work/$where"
}

piped() { # FILE ARGUMENT…
	file=$1
	shift
	"$convdrop" "$@" <"$file" >"$work/out" 2>"$work/err"
}

cat >"$work/good.csv" <<END
$header
2026-06-29 10:00:00;1;79995551111;PAID
END
cat >"$work/goal.csv" <<END
$header
2026-06-29 10:00:00;1;79995551111;good_lead
END
cat >"$work/bad.csv" <<END
$header
2026-06-29 10:00:00;1;79995551111;PAID
вчера;2;+79995551111;paid
END
printf '\357\273\277%s\n2026-06-29;1;79995551111;\n' "$header" \
    >"$work/warn.csv"
cat >"$work/dump.csv" <<END
Номер заказа;Дата создания;Статус;Телефон
7;29.06.2026 10:00;оплачен;8 (999) 555-11-11
8;29.06.2026 11:00;на складе;8 (999) 555-11-12
END

# --- the tool itself
check "help names the commands" says out "convert FILE" 0 --help
check "no command is wrong usage" says err "--help" 2
check "an unknown command is named" says err "'frob'" 2 frob
check "the version is told" says out "convdrop 0." 0 --version
for command in init lint convert presets dumps publish status user token \
    audit; do
	check "$command has help" says out "usage: convdrop [-c CONF] $command" \
	    0 "$command" --help
done
check "help of a command" says out "usage: convdrop [-c CONF] lint" 0 help lint
check "help of no command" exits 2 help frob
check "-c needs a path" exits 2 lint x -c
check "a config that is not there is named" says err "$work/none.conf" 2 \
    -c "$work/none.conf" dumps main

# --- lint
check "a clean file is fine" says out "1 row, 1 valid; 0 errors" 0 \
    lint "$work/good.csv" --now "$now"
check "findings name file, line and column" says out \
    "$work/bad.csv:3: create_date_time: Invalid date format 'вчера'" 1 \
    lint "$work/bad.csv" --now "$now"
check "a warning is no error" says out "warn.csv:1: warning: " 0 \
    lint "$work/warn.csv" --now "$now"
check "standard input can be checked" piped "$work/good.csv" \
    lint - --now "$now"
check "a goal must be named" exits 1 lint "$work/goal.csv" --now "$now"
check "a goal that is named is taken" exits 0 lint "$work/goal.csv" \
    --now "$now" --goal other --goal good_lead
check "json, before the command" is_json \
    "j['errors'] == 3 and j['findings'][0]['line'] == 3" out 1 \
    --json lint "$work/bad.csv" --now "$now"
check "json, after it" is_json "j['ok'] and j['rows'] == 1" out 0 \
    lint "$work/good.csv" --now "$now" --json
check "lint wants a file" exits 2 lint
check "lint wants one file" exits 2 lint a b
check "a file that is not there" says err "No such file" 2 \
    lint "$work/none.csv"
check "a folder is no file" says err "folder" 2 lint "$work"
check "an unknown output" says err "no output" 2 \
    lint "$work/good.csv" --output nowhere --now "$now"
check "a --now that is no time" says err "no time" 2 \
    lint "$work/good.csv" --now yesterday
check "an unknown option" exits 2 lint "$work/good.csv" --frob
check "an unknown zone" says err "Mars/Olympus" 2 \
    lint "$work/good.csv" --timezone Mars/Olympus

# --- convert
check "a row that is refused is a finding" says err "order_status" 1 \
    convert "$work/dump.csv" --now "$now"
check "the others are written" grep -q '^2026-06-29 10:00:00;7;' "$work/out"
check "no phone is on standard error" sh -c '! grep -q 555-11 "$1"' - \
    "$work/err"
check "a status is mapped" exits 0 convert "$work/dump.csv" --now "$now" \
    --map-status 'На складе=IN_PROGRESS'
check "a status with a slash or of a pipeline" exits 0 convert \
    "$work/dump.csv" --now "$now" --map-status '*/на складе=skip'
check "a rule without target" exits 2 convert "$work/dump.csv" \
    --now "$now" --map-status 'на складе'
check "a rule with a target that is none" says err "" 2 convert \
    "$work/dump.csv" --now "$now" --map-status 'на складе=paid'
check "an unknown preset" says err "preset" 2 convert "$work/dump.csv" \
    --now "$now" --preset frob
check "standard input can be converted" piped "$work/good.csv" \
    convert - --now "$now"
check "the summary as json" is_json \
    "j['records'] == 2 and j['written'] == 1 and j['rejected'] == 1" err 1 \
    convert "$work/dump.csv" --now "$now" --json
check "no row is no output" exits 1 convert "$work/good.csv" \
    --now '2027-01-01'
check "not a byte" test ! -s "$work/out"
check "rejects that cannot be written" exits 2 convert "$work/dump.csv" \
    --now "$now" --rejects "$work/none/rejects.csv"
printf 'id;phones;order_status\n1;79995551111;PAID\n' >"$work/nodate.csv"
check "a missing column is named" says err "create_date_time" 1 \
    convert "$work/nodate.csv" --now "$now"
if [ -w /dev/full ]; then
	check "a full disk is a failure" sh -c '
		"$1" convert "$2" --now "$3" >/dev/full 2>&1; [ $? -eq 2 ]' \
	    - "$convdrop" "$work/good.csv" "$now"
fi

# --- presets
check "presets are listed" says out "amocrm" 0 presets
check "a dump's columns" says out '"Телефон" -> phones' 0 \
    presets "$work/dump.csv"
check "the same as json" is_json \
    "j['preset'] == 'generic' and j['columns'][3]['field'] == 'phones'" \
    out 0 presets "$work/dump.csv" --json
printf '\037\213\010garbage' >"$work/broken.gz"
check "a dump that cannot be read" says err "corrupt" 1 \
    presets "$work/broken.gz"
check "what is not known of it is null" is_json \
    "not j['ok'] and j['preset'] is None" out 1 presets "$work/broken.gz" --json

# --- killed with a dump in its hands
nothing_left() { # the second dump is on its way, the first one is merged
	mkdir "$work/tmp" && mkfifo "$work/second" || return 1
	TMPDIR="$work/tmp" "$convdrop" convert "$work/good.csv" \
	    "$work/second" --now "$now" >"$work/out" 2>"$work/err" &
	victim=$!
	exec 3>"$work/second" # waits until it is being read
	kill -9 "$victim"
	wait "$victim"
	exec 3>&-
	find "$work/tmp" -mindepth 1 | grep . && return 1
	return 0
}
check "whoever is killed leaves nobody's data behind" nothing_left
finish
