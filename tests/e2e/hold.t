#!/bin/sh
# The hold gate: for each reason a dump that trips it and a near miss that does
# not; what waits is seen, approved or rejected, and survives kill -9.
. "${srcdir:-.}/tests/e2e/lib.sh"

# make FILE [KEY=VALUE…]: orders N-M of ids=N-M,…; what else is not said is the
# same for the same id at each call
make() {
	BASE=$base "$python" - "$@" <<-'EOF'
	import os, sys, time
	o = dict(a.split("=", 1) for a in sys.argv[2:])
	ids = []
	for part in o["ids"].split(","):
	    a, b = (part.split("-") + [part])[:2]
	    ids += range(int(a), int(b) + 1)
	n = {k: int(o.get(k, 0)) for k in ("back", "fall", "ahead", "shift", "dates")}
	base = int(os.environ["BASE"]) + n["shift"]
	moscow = lambda t, f="%Y-%m-%d %H:%M:%S": time.strftime(f, time.gmtime(t + 10800))
	head = o.get("head", "create_date_time;id;client_ids;order_status;revenue").split(";")
	with open(sys.argv[1], "w") as f:
	    print(*head, sep=";", file=f)
	    for i, id in enumerate(ids):
	        t = base - id % 97 * 3600
	        if i < n["ahead"]:
	            t = time.time() + int(o.get("by", 3600))
	        row = {"create_date_time": moscow(t), "id": id, "client_ids": 10**9 + id,
	               "order_status": o.get("status", "PAID"),
	               "revenue": o.get("revenue", "100")}
	        if i < n["dates"]:
	            row["create_date_time"] = moscow(time.time(), "%Y-%m-%d")
	        if i < n["back"]:
	            row["order_status"] = "IN_PROGRESS"
	        elif i < n["back"] + n["fall"]:
	            row["revenue"] = o["to"]
	        row["Номер заказа"] = id
	        row["Дата создания"] = row["create_date_time"]
	        row["Статус"] = "Оплачен"
	        row["Телефон"] = row["phones"] = 79990000000 + id
	        print(*(row.get(h, "x") for h in head), sep=";", file=f)
	EOF
}
text() { cat "$dir/reports/$1/$2.report.txt" 2>/dev/null; }
state() { # FEED NAME STATE
	[ "$(json state "$dir/reports/$1/$2.report.json")" = "$3" ] ||
	    { text "$1" "$2"; return 1; }
}
passes() { # SENTENCE FEED NAME [KEY=VALUE…]
	what=$1 feed=$2 name=$3
	shift 3
	make "$work/$name" "$@"
	drop_and_wait "$work/$name" "$name" "$feed"
	check "$what" state "$feed" "$name" merged
}
waits() { # SENTENCE WORDS FEED NAME [KEY=VALUE…]
	what=$1 words=$2 feed=$3 name=$4
	shift 4
	make "$work/$name" "$@"
	drop_and_wait "$work/$name" "$name" "$feed"
	check "$what" state "$feed" "$name" held
	check "- and its report says why" sh -c \
	    "tr '\n' ' ' <'$dir/reports/$feed/$name.report.txt' | grep -q -- '$words'"
}
number() { json dump "$dir/reports/$1/$2.report.json"; } # FEED NAME
rows() { grep -c . "$dir/published/$1/conversions.csv"; } # and its header
has_rows() { [ "$(rows "$1")" = "$(($2 + 1))" ] || { rows "$1"; return 1; }; }
lists() { tool dumps "$1" | grep -q -- "$2" || { tool dumps "$1"; return 1; }; }
says() { # WORDS COMMAND…: its exit status is kept
	words=$1
	shift
	"$@" >"$work/said" 2>&1
	said=$?
	grep -q -- "$words" "$work/said" || { cat "$work/said"; return 99; }
	return $said
}

instance --feed main --feed other --feed back --feed old --feed ahead \
    --feed first --feed head --feed mix --feed off --feed zip --feed hash
"$python" - "$conf" <<'EOF'
import re, sys
text = open(sys.argv[1]).read()
def set(feed, name, value):
    global text
    a, b = re.split(r'(?m)^(?=feed "%s")' % feed, text)
    text = a + re.sub(r'(?m)^(\s*)#? ?%s = .*$' % name, r'\1%s = %s' % (name, value), b, count=1)
set("mix", "hold_header", "no")
set("off", "hold", "no")
set("hash", "pii", "hash")
open(sys.argv[1], 'w').write(text)
EOF
check "the configuration is taken" "$convdropd" -c "$conf" -t
base=$(($(date +%s) - 86400))
daemon

# ids of another feed
passes "a feed's first dump passes" other a.csv ids=1-300
passes "so does another feed's" main a.csv ids=1001-1100
passes "new ids that no feed knows pass" main new.csv ids=1001-1004,5001-5096
passes "5 % known ids pass, whoever knows the others" main near.csv ids=1001-1005,1-95
waits "fewer, and another feed knows the others, wait" \
    'Of its 100 ids only 4 (4.0 %) are known to this feed, while the feed other knows 96.0 %' \
    main theirs.csv ids=1006-1009,101-196
check "nothing of it is published" sh -c "! grep -q ';1[0-9][0-9];10000001' '$dir/published/main/conversions.csv'"
check "the report says what to do" sh -c \
    "grep -q 'convdrop approve main [0-9]' '$dir/reports/main/theirs.csv.report.txt'"
check "the audit has it" says '"unknown_ids"' tool audit log event=held feed=main

# orders that go backwards
passes "orders are paid" back a.csv ids=1-100
passes "5 % that go backwards pass" back near.csv ids=1-100 back=5
waits "more wait" 'Of its 95 known orders 6 (6.3 %) would get worse: 6 would go' back trip.csv ids=6-105 back=6
passes "those that were IN_PROGRESS already do not count" back still.csv ids=1-100 back=5 revenue=101
passes "revenue that falls by 20 % passes" back fifth.csv ids=6-100 revenue=80.80
passes "5 % whose revenue falls by more pass" back few.csv ids=6-105 fall=4 to=10 revenue=80.80
waits "more wait" 'worse: 0 would go from PAID or CANCELLED back to IN_PROGRESS, and the revenue of 6' \
    back fall.csv ids=11-100 fall=6 to=60 revenue=80.80
waits "an order counts once: some go back, and the revenue of others falls" \
    'worse: 3 would go from PAID or CANCELLED back to IN_PROGRESS, and the revenue of 3' \
    back both.csv ids=11-100 back=3 fall=3 to=60 revenue=80.80

# older than the last one
passes "the newest row of a dump is of yesterday" old a.csv ids=97-196
passes "one that is two days older passes" old near.csv ids=97-197 shift=-172800
waits "one that is a second more waits" 'which is more than 2 days before the newest row' \
    old trip.csv ids=97-198 shift=-345601

# in the future
passes "rows are of the past" ahead a.csv ids=1-100
passes "2 % of rows in the future pass" ahead near.csv ids=1-100 ahead=2
passes "rows that are a few minutes ahead pass" ahead soon.csv ids=1-100 ahead=50 by=400
passes "dates without a time pass all day" ahead dates.csv ids=1-100 dates=50
waits "more than 2 % wait" 'Of its 100 rows with a time of day 3 (3.0 %) are more than 10 minutes in the future' \
    ahead trip.csv ids=1-100 ahead=3
waits "even in a feed's first dump" 'in the future' first a.csv ids=1-100 ahead=3

# another header
h="create_date_time;id;client_ids;order_status;revenue"
passes "a header comes" head a.csv ids=1-100
passes "it comes again" head near.csv ids=2-101
waits "another one waits" 'Columns gone: revenue; new: comment, manager; moved: -' \
    head trip.csv ids=1-100 "head=create_date_time;id;client_ids;order_status;comment;manager"
waits "so does one in another order" 'Columns gone: -; new: -; moved: order_status, client_ids' \
    head moved.csv ids=1-100 "head=create_date_time;id;order_status;client_ids;revenue"
approved=$(number head moved.csv)
check "it is approved" says "Dump $approved was taken: 100 records, " \
    tool approve head "$approved" --reason "they moved it"
check "the report says so" state head moved.csv merged
passes "its header is the source's from now on" head next.csv ids=1-103 "head=create_date_time;id;order_status;client_ids;revenue"
waits "and the old one waits" 'moved: ' head again.csv ids=1-104

# a second preset
passes "a preset comes" mix a.csv ids=1-100
waits "a second one with known ids waits" 'read with the preset generic, which this source never had before, and 1 of its 100 ids' \
    mix trip.csv ids=100-199 "head=Дата создания;Номер заказа;Статус;Телефон"
passes "one whose ids are all new passes" mix near.csv ids=7001-7100 "head=Дата создания;Номер заказа;Статус;Телефон"

# switched off
passes "hold = no: the first" off a.csv ids=1-100
passes "and whatever follows passes" off b.csv ids=1-100 back=50 ahead=20 shift=-864000 "head=$h;more"

# what waits
check "dumps lists it with the reason" lists main 'known to this feed'
check "before all others" sh -c "'$convdrop' -c '$conf' dumps main | head -1 | grep -q ' held '"
n=$(number main theirs.csv)
check "status finds it" sh -c "'$convdrop' -c '$conf' status | grep -q 'WRONG: main: 1 dump waits for approval: dump $n, theirs.csv'"
tool status --json >"$work/status"
check "in JSON, too" "$python" -c '
import json, sys
s = json.load(open(sys.argv[1]))
main = [f for f in s["feeds"] if f["feed"] == "main"][0]
assert [h["dump"] for h in main["held"]] == [int(sys.argv[2])], main["held"]
assert "other" in main["held"][0]["reason"] and not s["ok"]' "$work/status" "$n"
tool status >/dev/null
check "and ends with 1" [ $? = 1 ]
ledger() {
	tool dumps main --limit 0 --json |
	    "$python" -c 'import json,sys; print(len(json.load(sys.stdin)["dumps"]))'
}
before=$(ledger)
drop_and_wait "$work/theirs.csv" theirs-again.csv main
check "the same bytes again wait as the same dump" sh -c \
    "grep -q 'as number $n' '$dir/reports/main/theirs-again.csv.report.txt'"
check "the ledger has it once" [ "$(ledger)" = "$before" ]

# rejected
check "rejecting needs a reason" sh -c "'$convdrop' -c '$conf' reject main $n; [ \$? = 2 ]"
refute "another feed cannot reject it" tool reject other "$n" --reason no
check "it is rejected" says 'nothing of it was taken' tool dumps reject main "$n" --reason "the other feed's"
check "the ledger says who and why" lists main "Rejected by .*: the other feed's. It had waited for this: Of its 100"
check "the report, too" state main theirs.csv refused
check "the audit, too" says "the other feed's" tool audit log event=rejected "dump=$n"
refute "twice is once too often" tool reject main "$n" --reason again
refute "nor can it be approved" tool approve main "$n"
drop_and_wait "$work/theirs.csv" theirs.csv main
check "dropped again it waits again" state main theirs.csv held
check "under a number of its own" [ "$(number main theirs.csv)" -gt "$n" ]

# approved
n=$(number main theirs.csv)
tool publish main --reason "to wait for it" >/dev/null
has=$(rows main)
daemon_kill
check "it waits after kill -9" lists main 'known to this feed'
refute "without a daemon it cannot be approved" tool approve main "$n"
daemon
tool approve main "$n" >/dev/null 2>&1 &
asked=$!
sleep 0.0"$(shuf -i 1-9 -n 1)"
daemon_kill
wait "$asked"
daemon
if tool dumps main | head -1 | grep -q ' held '; then
	check "after a kill in the middle it waits whole" [ "$(rows main)" = "$has" ]
	check "and is approved" says "Dump $n was taken: 100 records" tool dumps approve main "$n"
else
	ok "after a kill in the middle it is taken whole"
fi
tool publish main --reason "to wait for it" >/dev/null
check "all of it is published" [ "$(rows main)" = $((has + 96)) ]
check "the report says that it was taken" within 20 state main theirs.csv merged
check "the audit says who" says '"actor":"' tool audit log event=approved "dump=$n"
refute "twice is once too often" tool approve main "$n"
drop_and_wait "$work/theirs.csv" theirs.csv main
check "the same bytes are known now" [ "$(number main theirs.csv)" = "$n" ]
check "the feed rebuilds to the same bytes" tool rebuild main

# out of its turn: what came later stays newer
trip=$(number back trip.csv)
check "a dump is approved after later ones" says 'Dump' tool approve back "$trip"
check "what came later stays" grep -q ';11;.*;PAID;80.80;' "$dir/published/back/conversions.csv"
check "the feed rebuilds to the same bytes" tool rebuild back

# members of an archive
make "$work/good.csv" ids=1-100
drop_and_wait "$work/good.csv" good.csv zip
make "$work/m1.csv" ids=1-101
make "$work/m2.csv" ids=1-102 back=20
make "$work/m3.csv" ids=1-103
"$python" -c '
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    for f in sys.argv[2:]:
        z.write(f, f.split("/")[-1])' "$work/all.zip" "$work/m1.csv" "$work/m2.csv" "$work/m3.csv"
check "an archive is taken" drop_and_wait "$work/all.zip" all.zip zip
check "one of its dumps waits" state zip all.zip_m2.csv held
check "the first does not" state zip all.zip_m1.csv merged
check "nor does the last" state zip all.zip_m3.csv merged
check "the one is approved alone" says 'was taken: 102 records' tool approve zip "$(number zip all.zip_m2.csv)"
check "what a later one had as it was stays as it was" sh -c \
    "! grep -q IN_PROGRESS '$dir/published/zip/conversions.csv'"
check "the feed rebuilds to the same bytes" tool rebuild zip

# without its copy
make "$work/m4.csv" ids=21-104 back=20
drop_and_wait "$work/m4.csv" m4.csv zip
n=$(number zip m4.csv)
copy=$dir/$(json archive "$dir/reports/zip/m4.csv.report.json")
mv "$copy" "$work/copy"
tool approve zip "$n" >"$work/said" 2>&1
check "what has no copy in the archive cannot be approved" [ $? = 2 ]
check "and it is said what to do" grep -q 'reject it and drop the file again' "$work/said"
check "it is rejected, whatever the reason is like" \
    tool reject zip "$n" --reason "$(printf 'expired\033[31m\n"; DROP\377')"
check "which is shown harmlessly" sh -c \
    "'$convdrop' -c '$conf' dumps zip | grep 'Rejected by' | grep 'expired' | grep -qv \"\$(printf '\\033')\""
mv "$work/copy" "$copy"
drop_and_wait "$work/m4.csv" m4.csv zip
check "dropped again it is approved" says 'was taken: 84 records' tool approve zip "$(number zip m4.csv)"

# two, the later one first
make "$work/t1.csv" ids=50-105 back=20
make "$work/t2.csv" ids=70-106 back=20
drop_and_wait "$work/t1.csv" t1.csv zip
drop_and_wait "$work/t2.csv" t2.csv zip
check "the later of two is approved" says 'was taken: 37 records' tool approve zip "$(number zip t2.csv)"
check "then the earlier" says 'was taken: 56 records' tool approve zip "$(number zip t1.csv)"
check "the feed rebuilds to the same bytes" tool rebuild zip

# hashed
h="create_date_time;id;phones;order_status;revenue"
make "$work/h1.csv" ids=1-100 "head=$h"
make "$work/h2.csv" ids=1-101 back=50 "head=$h"
echo "yesterday;999;79991112233;PAID;1" >>"$work/h2.csv"
drop_and_wait "$work/h1.csv" h1.csv hash
drop_and_wait "$work/h2.csv" h2.csv hash
check "a dump of a feed that hashes waits" state hash h2.csv held
check "it is approved from its hashed copy" says 'was taken: 102 records, .* 0 superseded, 0 skipped, 1 rejected' \
    tool approve hash "$(number hash h2.csv)"
check "what was refused stays in its report" grep -q '^103;row;' "$dir/reports/hash/h2.csv.rejects.csv"
check "and what to mend first, in its letter" grep -q "What to mend first" "$dir/reports/hash/h2.csv.report.txt"
refute "no phone is anywhere" sh -c "find '$dir/archive' '$dir/reports/hash' -type f -exec zcat -f {} + | grep -a 79990000050"
check "the feed rebuilds to the same bytes" tool rebuild hash

check "the audit is whole" tool audit verify
check "SIGTERM ends the daemon well" daemon_stop
finish
