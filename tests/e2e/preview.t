#!/bin/sh
# What a dump would change is said before it does: figures, whether it would
# wait, and nothing of it left anywhere, beside a running daemon and without.
. "${srcdir:-.}/tests/e2e/lib.sh"

# quality.csv and summary.txt are written by the clock
files() {
	find published reports archive audit inbox -type f ! -name '.*' \
	    ! -name quality.csv ! -name summary.txt | sort
}
sums() {
	(cd "$dir" && sha256sum state/store.db &&
	    files | xargs stat -c '%n %s %Y %i' && files | xargs sha256sum)
}
value() { # PATH VALUE: of the preview in JSON
	got=$(json "$1" "$work/json")
	[ "$got" = "$2" ] || { echo "$1 is $got"; return 1; }
}
says() { grep -q -- "$1" "$work/text" || { cat "$work/text"; return 1; }; }

instance --feed main --feed other --feed shops
"$python" - "$conf" <<'EOF'
import sys
text = open(sys.argv[1]).read().rstrip()
assert text.endswith('}')
open(sys.argv[1], 'w').write(text[:-1] + '\tsource "till" {\n\t\tid_prefix = "till-"\n\t}\n}\n')
EOF
check "the configuration is taken" "$convdropd" -c "$conf" -t
daemon
at() { day "$1" '%Y-%m-%d 12:00:00'; }
head="create_date_time;id;client_ids;phones;order_status;revenue"
{
	echo "$head"
	for id in $(seq 1 40); do
		echo "$(at 3);$id;$((1000 + id));;PAID;100"
	done
	echo "$(at 3);s1;2001;;IN_PROGRESS;100"
	echo "$(at 3);s2;2002;;IN_PROGRESS;50.50"
	echo "$(at 3);p1;;79991110001;PAID;1"
	echo "$(at 3);c1;2004;;PAID;1"
} >"$work/a.csv"
{
	echo "$head"
	echo "$(at 3);other1;3001;;PAID;5"
	echo "$(at 2);other2;3002;;PAID;5"
} >"$work/b.csv"
drop_and_wait "$work/a.csv" a.csv
drop_and_wait "$work/b.csv" b.csv other
{
	echo "$head"
	for id in $(seq 1 40); do
		echo "$(at 3);$id;$((1000 + id));;PAID;100"
	done
	echo "$(at 3);s1;2001;;PAID;100"
	echo "$(at 3);s2;2002;;PAID;70"
	echo "$(at 3);p1;;79991110002;PAID;1"
	echo "$(at 3);c1;2005;;PAID;1"
	echo "$(at 2);n1;4001;;PAID;10.25"
	echo "$(at 2);other1;4002;;IN_PROGRESS;20"
	echo "$(at 22);late;4003;;PAID;30"
	echo "$(at 20);early;4004;;PAID;40"
	echo "$(at 200);ancient;4005;;PAID;50"
	echo "yesterday;bad;4006;;PAID;60"
	echo "$(at 2);half;4007;7,9991E+10;PAID;70"
} >"$work/c.csv"
tool publish main --reason "to wait for it" >/dev/null
tool publish other --reason "to wait for it, too" >/dev/null
sums >"$work/before"

tool preview main "$work/c.csv" --json >"$work/json"
check "a dump that would be taken is no finding" [ $? = 0 ]
cp "$work/json" "$work/said"
check "it would be taken" value would_be_taken True
check "five orders are new" value new.count 5
check "with their revenue" value new.revenue 170.25
check "two get another status" value statuses.count 2
check "from IN_PROGRESS to PAID, with sums" "$python" -c '
import json, sys
p = json.load(open(sys.argv[1]))
assert p["statuses"]["moves"] == [{"from": "IN_PROGRESS", "to": "PAID", "count": 2,
    "revenue_was": 150.5, "revenue": 170}], p["statuses"]
assert [o["id"] for o in p["statuses"]["orders"]] == ["s1", "s2"]' "$work/json"
check "one gets another revenue" value revenue.orders.0.id s2
check "what it was" value revenue.was 50.5
check "and is" value revenue.is 70.0
check "one loses an identifier" value lost.count 1
check "a phone" value lost.orders.0.fields.0 phones
check "two gain one" value gained.count 2
check "ClientIDs unite" value gained.orders.0.id c1
check "one id is another feed's, too" value shared.count 1
check "by name" value shared.orders.0.feed other
check "one is too late for Direct" value too_late.count 1
check "it is the one of 22 days ago" value too_late.orders.0.id late
check "one is outside the window" value outside_window.count 1
check "one is refused" value rejected.count 1
check "by its line" value rejected.rows.0.line 51
check "one value is" value values.count 1
check "the tally adds up" value tally.records 51
refute "no phone is said" grep -q '9991110\|9991E' "$work/json"

tool preview main "$work/c.csv" >"$work/text"
check "as text it says the same" says 'would be taken'
check "with the new orders" says '^New: 5'
check "their revenue" says 'revenue 170.25'
check "statuses" says 'IN_PROGRESS -> PAID: 2, revenue 150.50 -> 170'
check "those too late" says "late  $(at 22)"
refute "no phone is said" grep -q '9991110\|9991E' "$work/text"
check "through a pipe, too" sh -c "'$convdrop' -c '$conf' preview main - --json <'$work/c.csv' | sed 's/\"file\":\"[^\"]*\"//' >'$work/piped' && sed 's/\"file\":\"[^\"]*\"//' '$work/json' | cmp - '$work/piped'"
gzip -k "$work/c.csv"
check "and compressed" sh -c "'$convdrop' -c '$conf' preview main '$work/c.csv.gz' --json | sed 's/\"file\":\"[^\"]*\"//' | cmp - '$work/piped'"

tool preview main "$work/b.csv" --json >"$work/json"
check "a dump that would wait is a finding" [ $? = 1 ]
check "why" value held.0.code unknown_ids
tool preview main "$work/b.csv" >"$work/text"
check "in words" says 'the feed other knows 100.0 %'
tool preview main "$work/a.csv" >"$work/text"
check "one that is known changes nothing" says 'is known as dump 1'
printf 'id;phones\n1;79991112233\n' >"$work/bad.csv"
tool preview main "$work/bad.csv" >"$work/text"
check "one that would be refused is a finding" [ $? = 1 ]
check "why it would be" says 'would be refused as a whole: '
tool preview shops "$work/a.csv" --source till --json >"$work/json"
check "a source's settings count" value new.orders.0.id till-1
refute "there is no such feed" tool preview nobody "$work/a.csv"
refute "there is no such source" tool preview shops "$work/a.csv" --source nobody
refute "there is no such file" tool preview main "$work/nothing.csv"

{
	echo "$head"
	for id in $(seq 1 3000); do echo "$(at 1);many$id;$((5000 + id));;PAID;1"; done
} >"$work/many.csv"
tool preview main "$work/many.csv" >"$work/text"
check "the first 20 of each are shown" sh -c "[ \"\$(grep -c '    many' '$work/text')\" = 20 ]"
check "and how many more there are" says 'and 2980 more'
tool preview main "$work/many.csv" --json >"$work/json"
check "JSON has all" value new.orders.2999.id many999
sums >"$work/after"
check "nothing was changed by any of them" diff "$work/before" "$work/after"

daemon_stop
sums >"$work/before"
tool preview main "$work/c.csv" --json | sed 's/"file":"[^"]*"//' >"$work/alone"
check "without a daemon it says the same" cmp "$work/piped" "$work/alone"
sums >"$work/after"
check "and changes nothing" diff "$work/before" "$work/after"
daemon
check "dropped, it does what was said" drop_and_wait "$work/c.csv" c.csv
check "to every record" "$python" -c '
import json, sys
report, said = (json.load(open(f)) for f in sys.argv[1:])
said = said["tally"]
assert {k: report[k] for k in said} == said, (report, said)' \
    "$dir/reports/main/c.csv.report.json" "$work/said"
finish
