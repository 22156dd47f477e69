#!/bin/sh
# convdrop explain: a code, Direct's banner, its file of errors; with an
# instance the order, the dump and the line behind each row. And the pages that
# list the codes.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${srcdir:-.}/tests/e2e/lib.sh"
cd "$work" || exit 1

explain() { "$convdrop" explain "$@"; }
says() { # PATTERN ARGUMENT…
	pattern=$1
	shift
	explain "$@" 2>&1 | grep -q -- "$pattern"
}
exits() { # STATUS ARGUMENT…
	want=$1
	shift
	explain "$@" >"$work/said" 2>&1
	[ $? -eq "$want" ]
}

# --- without an instance ------------------------------------------------------
check "a code is explained" says "^E203 .*older than 113 days" e203
check "with its cure" says "How to mend it: " E203
check "a banner is" says "^E109 " "неверная  кодировка файла..."
check "in several words of the shell" says "^E105 " В файле указан неправильный разделитель
check "a part of one that begins two is both" says "^E103 " "проверьте настройки подключения"
check "in Russian too" says "Как исправить: " --lang ru E207
check "JSON says the same" sh -c "'$convdrop' explain E207 --json |
    grep -q '\"code\":\"E207\",\"name\":\"phones\"'"
check "an unknown text exits 1" exits 1 "something else went wrong"
check "and says so" grep -q "convdrop-errors(7)" "$work/said"
check "no text exits 2" exits 2
check "a known one exits 0" exits 0 E101
check "all codes are listed" sh -c "[ \$('$convdrop' explain --all | grep -c '^[EW][0-9]') -gt 80 ]"
printf 'номер строки;id;ошибка\n4;77;"Invalid '"'phones'"' identifier '"'7,9E+10'"'"\n5;78;что-то новое\n' >errors.csv
check "a file of errors is read" says "row 2, line 4 of the published file: order 77 (phones: 7,9E+10)" errors.csv
check "from standard input too" sh -c "'$convdrop' explain - <errors.csv | grep -q 'order 77'"
check "rows that are not known are counted" sh -c "'$convdrop' explain errors.csv --json | grep -q '\"unrecognised\":1'"
check "a windows-1251 file as well" sh -c "iconv -f utf-8 -t cp1251 errors.csv >cp.csv && '$convdrop' explain cp.csv | grep -q 'order 77'"
printf '' >empty.csv
check "an empty file exits 1" exits 1 empty.csv
refute "a file that is not there is a text" says "^E" nowhere.csv
check "our own rejects are explained" sh -c "
    '$convdrop' convert '$srcdir'/tests/golden/direct/in.csv --now '2026-04-30 12:00:00' --rejects rejects.csv >out.csv 2>said
    '$convdrop' explain rejects.csv | grep -q '^E210 '"

# --- with an instance ---------------------------------------------------------
instance --feed main
daemon
day=$(date -u -d '-2 days' +%Y-%m-%d)
cat >deals.csv <<-END
	create_date_time;id;phones;order_status;revenue
	$day 10:00:00;1001;79995551111;PAID;100
	$day 10:00:01;1002;79995551112;PAID;200
	$day 10:00:02;1003;79995551113;PAID;300
END
cp deals.csv "$dir/inbox/main/.x" && mv "$dir/inbox/main/.x" "$dir/inbox/main/deals.csv"
check "a dump is published" within 20 test -s "$dir/published/main/conversions.csv"
explain() { "$convdrop" -c "$conf" explain "$@"; }
printf 'line;error\n3;Invalid '"'phones'"' identifier '"'79995551112'"'\n' >lines.csv
check "a line of the published file is its order" says "line 3 of the published file: order 1002" lines.csv
check "which came from a dump's line" says "came from deals.csv (dump 1, .*), line 3" lines.csv
check "that is shown" says "$day 10:00:01;1002;79995551112;PAID;200" lines.csv
printf 'id;error\n1003;All columns with identifiers are empty\n9;All columns with identifiers are empty\n' >ids.csv
check "an id is found without a line" says "came from deals.csv (dump 1, .*), line 4" ids.csv
check "an id that nobody knows is said to be" says "no feed here knows this order" ids.csv
check "words name the line as well" says "order 1001" "строка 2: Invalid 'emails' identifier 'x'"
check "JSON has dump and line" sh -c "'$convdrop' -c '$conf' explain ids.csv --json |
    grep -q '\"dump\":1,\"name\":\"deals.csv\",\"dump_line\":4,'"
refute "an unknown feed is refused" explain E207 --feed nope
daemon_stop

# --- the pages ----------------------------------------------------------------
check "the manual's tables are the registry's" \
    "$python" "$srcdir/scripts/error-pages" "$convdrop" "$srcdir/server" --check
finish
