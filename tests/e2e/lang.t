#!/bin/sh
# Both programs speak Russian without a Russian locale, and the catalogue is
# complete.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${srcdir:-.}/tests/e2e/lib.sh"

speaks() { # WORD [VARIABLE=VALUE…] -- COMMAND…: what it says has the word
	word=$1
	shift
	env -u LC_ALL -u LC_MESSAGES -u LANG -u LANGUAGE "$@" 2>&1 |
	    grep -q -- "$word"
}

# --- which language -------------------------------------------------------------
ru=использование en=usage
for v in LC_ALL=ru_RU.UTF-8 LC_MESSAGES=ru_RU LANG=ru LANG=ru_RU.KOI8-R \
    "LC_ALL= LANG=ru_UA.UTF-8" CONVDROP_LANG=ru; do
	# shellcheck disable=SC2086 # one or two settings
	check "$v is Russian" speaks $ru $v "$convdrop" --help
done
for v in LC_ALL=C LANG=C.UTF-8 LANG=en_US.UTF-8 LANG=run LANG=de_DE \
    "LC_ALL=C LANG=ru_RU.UTF-8"; do
	# shellcheck disable=SC2086
	check "$v is English" speaks $en $v "$convdrop" --help
done
check "nothing set is English" speaks $en "$convdrop" --help
check "--lang ru wins over the locale" speaks $ru LANG=C "$convdrop" --lang ru --help
check "also behind the command" speaks $ru "$convdrop" lint --help --lang=ru
check "--lang en as well" speaks $en LANG=ru_RU.UTF-8 "$convdrop" --lang en --help
refute "another one is refused" "$convdrop" --lang de --help
check "the daemon's usage is Russian" speaks $ru LANG=ru "$convdropd" --help
check "numbers and dates stay as they were" sh -c "
    '$convdrop' --lang ru convert '$srcdir'/tests/golden/direct/in.csv \
	--now '2026-04-30 12:00:00' 2>'$work/said' >'$work/ru.csv'
    '$convdrop' --lang en convert '$srcdir'/tests/golden/direct/in.csv \
	--now '2026-04-30 12:00:00' 2>'$work/said' >'$work/en.csv'
    cmp '$work/ru.csv' '$work/en.csv'"
check "a row error of Direct's stays Direct's" sh -c "
    '$convdrop' --lang ru lint '$srcdir'/tests/golden/direct/in.csv |
    grep -q \"Invalid date format '31.02.2026'\""
check "ours is Russian" sh -c "printf 'a;b\n1\n' |
    '$convdrop' --lang ru convert - 2>&1 | grep -q 'не называет столбцы'"

# --- the daemon, in its sandbox ---------------------------------------------------
instance --feed main
sed -i 's/^language = ""/language = "ru"/' "$conf"
daemon
check "what programs read stays as it is" sh -c \
    "'$convdrop' -c '$conf' --lang ru status --json | grep -q '\"running\": *true'"
check "what people read does not" sh -c \
    "'$convdrop' -c '$conf' --lang ru status | head -1 | grep -q ': работает'"
check "the daemon's log is Russian" grep -q "готов" "$work/log"
printf 'create_date_time;id;phones;order_status\nвчера;1;79995551111;PAID\n%s 10:00:00;2;;PAID\n' \
    "$(date -u -d yesterday +%Y-%m-%d)" >"$work/a.csv"
cp "$work/a.csv" "$dir/inbox/main/.x" && mv "$dir/inbox/main/.x" "$dir/inbox/main/a.csv"
report=$dir/reports/main/a.csv.report.txt
check "the report comes" within 20 test -s "$report"
check "and is a Russian letter" grep -q "Что исправить в первую очередь" "$report"
check "with plurals" grep -q "отклонена 1 строка: E201" "$report"
check "HTTPS refuses in Russian" sh -c \
    "curl -sk https://localhost:$https_port/main/conversions.csv | grep -q 'Нужен вход'"
check "SFTP works" sh -c "SFTP_PASSWORD='$dropper' SSH_ASKPASS='$work/askpass' \
    SSH_ASKPASS_REQUIRE=force setsid sftp -q -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -P $sftp_port dropper@localhost <<-E
	ls /inbox/main
	E"
sed -i 's/^language = "ru"/language = "en"/' "$conf"
kill -HUP "$daemon_pid"
check "a reload changes the language" within 20 grep -q "is in force" "$work/log"
daemon_stop
check "nothing died in its sandbox" sh -c "! grep -q 'signal 31\|сигналом 31' '$work/log'"

# --- the catalogue ---------------------------------------------------------------
po=$srcdir/po/ru.po
# shellcheck disable=SC2046,SC2086 # lists of names
(cd "$srcdir" && sh po/extract . "$work/convdrop.pot" \
    formats/*.[ch] keys/*.[ch] server/*.[ch] net/*.[ch] store/*.[ch] \
    feed/*.[ch] tool/*.[ch])
check "formats and plurals fit" msgfmt --check-format --check-domain -o /dev/null "$po"
check "no text is missing in it, or fuzzy" sh -c "
    msgcmp --use-untranslated '$po' '$work/convdrop.pot' 2>'$work/cmp' || { cat '$work/cmp'; exit 1; }"
check "all are translated" sh -c "
    msgfmt --statistics -o /dev/null '$po' 2>&1 | { ! grep -E 'fuzzy|untranslated'; }"
check "every code has a Russian meaning and cure" sh -c "
    '$convdrop' --lang ru explain --all --json | '$python' -c '
import json, re, sys
for e in json.load(sys.stdin)[\"errors\"]:
    for k in (\"meaning\", \"cure\"):
        if not re.search(\"[а-я]\", e[k]):
            sys.exit(e[\"code\"] + \" \" + k)'"
check "every sentence that is printed is marked" "$python" "$srcdir/po/unmarked" "$srcdir"
finish
