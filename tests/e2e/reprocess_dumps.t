#!/bin/sh
# Which dumps reprocess reads: a list, those since a day, all; what was held,
# refused, withdrawn or is past its time among them; and whatever they are
# packed in: zip, gzip, xlsx, another encoding, hashed.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main
file=$dir/published/main/conversions.csv
row() { grep -q "^[^;]*;$1;.*$2" "$file"; } # ORDER WORDS
state() { # NAME STATE
	tool dumps main --limit 0 --json | "$python" -c '
import json, sys
is_ = [d["state"] for d in json.load(sys.stdin)["dumps"] if d["name"] == sys.argv[1]]
assert is_ == [sys.argv[2]], is_' "$@"
}
map() { # FEED TARGET: what "Отгружен" is from now on
	sed -i "/^feed \"$1\" {\$/,/^}/{/Отгружен/d}
	    s/^feed \"$1\" {\$/&\n\tstatus(\"*\", \"Отгружен\", \"$2\")/" "$conf"
	[ -z "$daemon_pid" ] && return
	daemon_stop
	daemon
}
orders() { # ID…: a dump of them
	echo 'Номер;Дата;ClientID;Сумма;Статус'
	for id in "$@"; do
		echo "$id;$(day 3 %d.%m.%Y) 10:00;17${#id}$(printf %s "$id" |
		    cksum | cut -d' ' -f1);100;Отгружен"
	done
}
came() { # DUMP DAYS: the ledger says that it came so many days ago, at noon
	daemon_stop
	"$python" - "$dir/state/store.db" "$1" \
	    "$(date -d "$(feed_day "$2") 09:00 UTC" +%s)" <<-'EOF2'
	import sqlite3, sys
	s = sqlite3.connect(sys.argv[1])
	n = s.execute("UPDATE dumps SET at = ? WHERE id = ?",
	              (int(sys.argv[3]), int(sys.argv[2]))).rowcount
	s.commit()
	assert n == 1
	EOF2
	daemon
}

map main IN_PROGRESS
daemon
orders a1 a2 a3 >"$work/one.csv"
orders b1 b2 >"$work/two.csv"
orders c1 >"$work/three.csv"
mkdir "$work/zip"
orders z1 z2 >"$work/zip/first.csv"
orders z3 | iconv -t cp1251 >"$work/zip/second.csv"
gzip -k "$work/zip/second.csv"
rm "$work/zip/second.csv"
"$python" - "$work" <<'EOF2'
import openpyxl, sys, zipfile
work = sys.argv[1]
with zipfile.ZipFile(work + "/two.zip", "w", zipfile.ZIP_DEFLATED) as z:
    for n in ("first.csv", "second.csv.gz"):
        z.write(work + "/zip/" + n, n)
book = openpyxl.Workbook()
for line in open(work + "/three.csv"):
    book.active.append(line.strip().replace("c1", "x1").split(";"))
book.save(work + "/book.xlsx")
EOF2
hold() { # the gate is for one dump of this test alone
	sed -i "s/^\([[:space:]]*\)hold = .*/\1hold = $1/" "$conf"
	daemon_stop
	daemon
}
hold no
for f in one.csv two.csv three.csv two.zip book.xlsx; do
	check "$f comes" drop_and_wait "$work/$f" "$f"
done
for id in a1 b2 c1 z1 z3 x1; do
	check "$id is published" within 10 row $id IN_PROGRESS
done
echo 'nothing;that;anybody knows' >"$work/bad.csv"
check "a dump is refused" drop_and_wait "$work/bad.csv" bad.csv
check "which is in the ledger" within 10 state bad.csv refused
orders w1 >"$work/wrong.csv"
check "one is withdrawn" drop_and_wait "$work/wrong.csv" wrong.csv
within 10 row w1 IN_PROGRESS
tool withdraw main "$(dump_number wrong.csv)" --reason wrong >/dev/null
check "as the ledger says" state wrong.csv withdrawn
hold yes
{
	echo 'Номер;Дата;ClientID;Сумма;Статус;Ещё'
	echo "h1;$(day 3 %d.%m.%Y) 10:00;17777;100;Отгружен;x"
} >"$work/held.csv"
check "one waits" drop_and_wait "$work/held.csv" held.csv
check "as the ledger says, too" within 10 state held.csv held
check "what was dropped rebuilds" tool rebuild main

# --- a list
map main PAID
check "two of them are read" fails_with 0 "2 dumps; the settings of 0" \
    tool reprocess main "$(dump_number one.csv)" "$(dump_number book.xlsx)"
check "those two" sh -c "
    [ \$(grep -c PAID '$file') = 4 ] && grep '^[^;]*;x1;' '$file' | grep -q PAID"
check "it rebuilds" tool rebuild main
check "the same number twice is one dump" fails_with 0 "1 dump; the settings of 1" \
    tool reprocess main "$(dump_number one.csv)" "$(dump_number one.csv)"
for f in held refused withdrawn; do
	case $f in
	held) name=held.csv ;;
	refused) name=bad.csv ;;
	*) name=wrong.csv ;;
	esac
	check "a dump that is $f is refused by its state" fails_with 2 "it is $f" \
	    tool reprocess main "$(dump_number $name)" "$(dump_number one.csv)"
done
check "and then nothing was changed" grep -q "Nothing was changed." "$work/out"
check "a number that is none is a usage error" fails_with 2 usage \
    tool reprocess main one
check "a list and a day together, too" fails_with 2 usage \
    tool reprocess main 1 --since "$(day 0 %Y-%m-%d)"
check "a day that is none is told" fails_with 2 "--since takes a day" \
    tool reprocess main --since 22.11.2026
check "and so is the 31st of April" fails_with 2 "--since takes a day" \
    tool reprocess main --since 2026-04-31

# --- since a day, which is one of the feed's zone
zone=Europe/Moscow
dropped=$(TZ=$zone date '+%Y-%m-%d 12:00:00')
feed_day() { # N: days before that
	TZ=$zone date -d "$1 days ago $dropped" +%Y-%m-%d
}
came "$(dump_number two.csv)" 2
came "$(dump_number three.csv)" 1
check "from tomorrow on there is none" fails_with 0 "0 dumps" \
    tool reprocess main --since "$(feed_day -1)"
check "since yesterday: all but the one before" fails_with 0 "5 dumps" \
    tool reprocess main --since "$(feed_day 1)"
check "which is as it was" row b1 IN_PROGRESS
for id in c1 z1 z2 z3; do
	check "the others are not: $id" row $id PAID
done
check "what waits goes on waiting" state held.csv held
check "what was withdrawn does not come back" sh -c "! grep -q ';w1;' '$file'"
check "since then: that one, too" fails_with 0 "6 dumps; the settings of 5" \
    tool reprocess main --since "$(feed_day 2)"
check "as it is now" row b1 PAID
check "it rebuilds" tool rebuild main
check "approved it is read as when it was judged" \
    tool approve main "$(dump_number held.csv)" --reason right
check "that is, not as PAID" within 10 row h1 IN_PROGRESS
check "until it is read once more" fails_with 0 "1 dump; the settings of 0" \
    tool reprocess main "$(dump_number held.csv)"
check "as PAID" row h1 PAID
check "and it rebuilds" tool rebuild main

# --- past its time
lost=$(tool dumps main --limit 0 --json | "$python" -c '
import json, sys
print([d["archive"] for d in json.load(sys.stdin)["dumps"] if d["name"] == "two.csv"][0])')
mv "$dir/$lost" "$work/lost.gz"
map main IN_PROGRESS
cp "$file" "$work/before.csv"
check "a copy that should be there is missed by name" fails_with 2 "dump $(dump_number two.csv)" \
    tool reprocess main
check "and nothing is changed" cmp "$file" "$work/before.csv"
came "$(dump_number two.csv)" 200
check "past its time the others are read" fails_with 0 "past its time had them: 2" \
    tool reprocess main
check "and what it had stays" row b1 PAID
check "others are as the map says" row a1 IN_PROGRESS
check "named, it is missed" fails_with 2 "dump $(dump_number two.csv) is not there any more" \
    tool reprocess main "$(dump_number two.csv)"

# --- hashed: only the records are in the archive
daemon_stop
instance_of_hash() {
	dir=$work/hash
	conf=$dir/convdrop.conf
	file=$dir/published/main/conversions.csv
	"$convdrop" init "$dir" --host localhost --pii hash --feed main \
	    --sftp-port "$sftp_port" --https-port "$https_port" \
	    --http-port "$http_port" --json >"$work/hash.json" || return 1
	never_hold
}
check "a feed that hashes" instance_of_hash
map main IN_PROGRESS
daemon
{
	echo 'Номер;Дата;Телефон;Сумма;Статус'
	echo "p1;$(day 3 %d.%m.%Y) 10:00;89995551122;100;Отгружен"
	echo "p1;$(day 3 %d.%m.%Y) 10:00;89995551122;150;Отгружен"
	echo "p2;$(day 3 %d.%m.%Y) 10:00;89995551133;150;Кто он"
} >"$work/hashed.csv"
check "a dump with phones" drop_and_wait "$work/hashed.csv" hashed.csv
check "is published with hashes" within 10 row p1 ';150;'
cp "$file" "$work/before.csv"
map main PAID
check "statuses stay as they were mapped, which is said" fails_with 0 \
    "Of 1 of them the archive has only hashed records" tool reprocess main
check "so nothing moves" cmp "$file" "$work/before.csv"
sed -i 's/^\(	*same_id = \).*/\1sum/' "$conf"
daemon_stop
daemon
check "but rows with one id are added up" fails_with 0 \
    "With other values than before: 1" tool reprocess main --since "$(day 0 %Y-%m-%d)"
check "in what is published" row p1 ';250;'
check "what was refused then stays in its report" grep -q 'p2\|^4;' \
    "$dir/reports/main/hashed.csv.rejects.csv"
check "and in the ledger" sh -c "'$convdrop' -c '$conf' dumps main --json |
    grep -q '\"rejected\":1'"
check "it rebuilds" tool rebuild main
refute "and not a phone is anywhere" sh -c "
    find '$dir' -type f -exec zcat -f {} + | grep -a 9995551122"
check "SIGTERM ends the daemon well" daemon_stop
finish
