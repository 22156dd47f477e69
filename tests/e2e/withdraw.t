#!/bin/sh
# A wrong dump is taken back: orders return to what they were, vanish, or are
# published as CANCELLED when a completed pull carried them; frozen dates stay;
# a kill -9 in the middle leaves the old state or the new one.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
sed -i 's/^\([[:space:]]*\)hold = .*/\1hold = no/' "$dir/convdrop.conf"
file=$dir/published/main/conversions.csv
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
pulls() { grep -h '"pulled"' "$dir"/audit/*.jsonl | grep -c '"complete":true'; }
pull() {
	before=$(pulls)
	https /main/conversions.csv -K "$work/curlrc" -o "$work/pulled.csv" &&
	    within 10 sh -c "[ \$(cat '$dir'/audit/*.jsonl | grep '\"pulled\"' |
		grep -c '\"complete\":true') -gt $before ]"
}
row() { grep "^[^;]*;$1;" "$file"; } # ORDER
head='create_date_time;id;client_ids;phones;order_status;revenue'
at() { day "$1" "%Y-%m-%d $2"; }

daemon
{
	echo "$head"
	echo "$(at 3 10:00:00);a;5001;79161234501;IN_PROGRESS;100"
	echo "$(at 3 11:00:00);b;5002;79161234502;IN_PROGRESS;200"
	i=0
	while [ $i -lt 20 ]; do
		echo "$(at 4 10:00:00);k$i;600$i;;PAID;10"
		i=$((i + 1))
	done
} >"$work/one.csv"
{
	echo "$head"
	echo "$(at 2 10:00:00);a;5001;;PAID;999"
	echo "$(at 2 11:00:00);c;5003;;PAID;300"
	echo "$(at 2 12:00:00);d;5004;;PAID;400"
} >"$work/two.csv"
printf '%s\n' "$head" "$(at 3 10:00:00);z;5001;;PAID;1" >"$work/only.csv"
check "a dump comes, the only one" drop_and_wait "$work/only.csv" only.csv
check "and is published" within 10 row z
check "a dry run says that nothing else would be published" \
    fails_with 0 "the last version would stay in place" \
    tool withdraw main "$(dump_number only.csv)" --dry-run
check "so does the withdrawal" \
    fails_with 1 "the last version stays in place" \
    tool withdraw main "$(dump_number only.csv)" --reason "the only one"
check "and it stays" row z
check "a dump is taken" drop_and_wait "$work/one.csv" one.csv
within 10 grep -q ';b;' "$file"
cp "$file" "$work/first.csv"
check "another one, which is wrong" drop_and_wait "$work/two.csv" two.csv
within 10 grep -q ';d;' "$file"
two=$(dump_number two.csv)

check "a dry run says what would change" fails_with 0 "gone: 2 (revenue" \
    tool withdraw main "$two" --dry-run
check "and changes nothing" row c
check "as JSON it has every change" sh -c "
    '$convdrop' -c '$conf' withdraw main $two --dry-run --json | $python -c '
import json, sys
v = json.load(sys.stdin)
c = {x[\"id\"]: x for x in v[\"changes\"]}
assert sorted(c) == [\"a\", \"c\", \"d\"], c
assert c[\"a\"][\"was\"][\"status\"] == \"PAID\", c
assert c[\"a\"][\"is\"][\"status\"] == \"IN_PROGRESS\", c
assert v[\"totals\"][\"gone\"][\"records\"] == 2, v
assert v[\"totals\"][\"left\"] == 22, v'"
check "a reason must be given" fails_with 2 "usage" tool withdraw main "$two"
check "a dump that is not there is none" fails_with 2 "has no dump 99" \
    tool withdraw main 99 --reason wrong

check "withdrawn before anybody pulled" fails_with 0 "is withdrawn" \
    tool withdraw main "$two" --reason "last month's export"
check "the published bytes are those from before it" cmp "$file" "$work/first.csv"
check "the ledger says so" sh -c "'$convdrop' -c '$conf' dumps main | grep -q withdrawn"
check "and the audit, with the reason" sh -c "
    cat '$dir'/audit/*.jsonl | grep '\"withdrawn\"' | grep -q \"last month's export\""
check "the report of it says so" sh -c "
    grep -q 'taken back' '$dir/reports/main/two.csv.report.txt' &&
    grep -q '\"state\": \"withdrawn\"' '$dir/reports/main/two.csv.report.json'"
check "withdrawn it is, and not again" fails_with 2 "it is withdrawn" \
    tool withdraw main "$two" --reason again
check "the feed rebuilds to the same bytes" tool rebuild main

# once more, and pulled this time
check "the same dump can be dropped again" drop_and_wait "$work/two.csv" again.csv
within 10 grep -q ';d;' "$file"
check "it is pulled" pull
again=$(dump_number again.csv)
check "the dry run knows who must be told" within 10 fails_with 0 "published as CANCELLED" \
    tool withdraw main "$again" --dry-run
check "withdrawn after a pull" fails_with 0 "may not be taken back" \
    tool withdraw main "$again" --reason "wrong feed"
check "what was pulled is CANCELLED" sh -c "
    grep '^[^;]*;c;' '$file' | grep -q CANCELLED &&
    grep '^[^;]*;d;' '$file' | grep -q CANCELLED"
check "an order that was there before has its values again" sh -c "
    grep '^[^;]*;a;' '$file' | grep -q 'IN_PROGRESS;100'"
check "but the creation time that went out" sh -c "
    grep '^$(at 2 10:00:00);a;' '$file'"
check "an SFTP client sees the same" sh -c "
    printf 'get /main/conversions.csv $work/sftp.csv\n' >'$work/batch'"
sftp_as direct "$direct" <"$work/batch" >/dev/null 2>&1
check "byte for byte" cmp "$work/sftp.csv" "$file"
check "the feed rebuilds to the same bytes again" tool rebuild main

printf '%s\n%s;c;5003;;PAID;350\n' "$head" "$(at 1 10:00:00)" >"$work/back.csv"
check "a later dump brings an order back" drop_and_wait "$work/back.csv" back.csv
check "with its status and the date that went out" within 10 \
    grep -q "^$(at 2 11:00:00);c;.*;PAID;350;" "$file"
check "the feed still rebuilds" tool rebuild main

# kill -9 in the middle: one state or the other, whenever it comes
"$python" - >"$work/mid.csv" <<EOF3
print("$head")
for i in range(20000):
    print("$(at 1 10:00:00);m%d;%d;;PAID;%d" % (i, 100000 + i, i))
EOF3
check "many orders" drop_and_wait "$work/mid.csv" mid.csv
within 20 grep -q ';m19999;' "$file"
daemon_stop
mid=$(dump_number mid.csv)
cp "$file" "$work/old.csv"
torn=0
cut=0
for delay in 0.1 0.3 0.6 0.9 1.2 1.6 2 3; do
	daemon
	tool withdraw main "$mid" --reason "killed" >"$work/out" 2>&1 &
	asked=$!
	sleep $delay
	daemon_kill
	wait $asked && break # it was faster
	cut=$((cut + 1))
	state=$(tool dumps main --limit 0 --json | "$python" -c '
import json, sys
print([d["state"] for d in json.load(sys.stdin)["dumps"]
       if d["name"] == "mid.csv"][0])')
	[ "$state" = merged ] || break
	cmp -s "$file" "$work/old.csv" || torn=1
done
check "killed in the middle ($cut times), it had changed nothing" [ $torn = 0 ]
daemon
[ "$(tool dumps main --limit 0 --json | grep -o withdrawn | wc -l)" -gt 3 ] ||
    tool withdraw main "$mid" --reason "not killed" >/dev/null
check "then it is done" within 30 sh -c "! grep -q ';m1;' '$file'"
check "and the feed rebuilds to the same bytes" tool rebuild main
check "nothing is left over" within 20 sh -c "[ -z \"\$(find '$dir/state' -name 'etilqs*' -o -name '.convdrop*')\" ]"

# a pull that began before the withdrawal and ends after it
"$python" - >"$work/wide.csv" <<EOF2
print("create_date_time;id;client_uniq_id;client_ids;order_status;revenue")
for i in range(15000):
    print("$(at 1 10:00:00);w%d;%s%d;%d;PAID;%d" % (i, "u" * 500, i, 10 ** 9 + i, i))
EOF2
check "a wide dump" drop_and_wait "$work/wide.csv" wide.csv
within 20 grep -q ';w14999;' "$file"
wide=$(dump_number wide.csv)
https /main/conversions.csv -K "$work/curlrc" --max-time 600 --limit-rate 400k -o "$work/slow.csv" &
slow=$!
within 10 sh -c "[ -s '$work/slow.csv' ]"
kill -STOP $slow
check "withdrawn while a pull of it runs" fails_with 0 "is withdrawn" \
    tool withdraw main "$wide" --reason "the other shop's"
check "its orders are gone" sh -c "! grep -q ';w1;' '$file'"
kill -CONT $slow
wait $slow
check "the pull got the version it began with" grep -q ';w14999;' "$work/slow.csv"
check "so its orders come back as CANCELLED" within 20 grep -q ';w14999;.*CANCELLED' "$file"
check "and it rebuilds" tool rebuild main
check "SIGTERM ends the daemon well" daemon_stop

finish
