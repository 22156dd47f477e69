#!/bin/sh
# Quality: the table by day, status and source, what Direct is too late for, and
# identifiers that many orders share; the same in reports/FEED/ without asking.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
sed -i 's/^feed "main" {/feed "main" {\n  source "shop" { preset = "direct" }/' "$conf"
mkdir -p "$dir/inbox/main/shop"
reports=$dir/reports/main
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
daemon

quality() { "$convdrop" -c "$conf" quality main "$@"; }
header="create_date_time;id;client_ids;phones;order_status;revenue"
# orders I FROM DAY CLIENT_IDS PHONES STATUS REVENUE: a row
row() { echo "$(day "$2" '%Y-%m-%d 10:00:00');$1;$3;$4;$5;$6"; }

check "nothing is nothing to mend" quality
{
	echo "$header"
	row a1 1 11 79990000001 PAID 100
	row a2 1 12 "" PAID 50.50
	row a3 2 "" 79990000003 IN_PROGRESS ""
} >"$work/first.csv"
check "a dump is taken" drop_and_wait "$work/first.csv" first.csv
{
	echo "$header"
	row s1 2 "" 79990000004 PAID 10
} >"$work/shop.csv"
check "a dump of another source is taken" drop_and_wait "$work/shop.csv" shop.csv main/shop
within 10 grep -q ";s1;" "$dir/published/main/conversions.csv"

quality --json >"$work/q.json"
check "the table is that of the orders" "$python" - "$work/q.json" <<-'EOF2'
	import json, sys
	q = json.load(open(sys.argv[1]))
	assert [q[c] for c in ("orders", "maximum", "good", "medium", "invalid")] == [4, 1, 1, 2, 0], q
	assert q["revenue"] == {"maximum": 100, "good": 50.5, "medium": 10, "invalid": 0, "all": 160.5}, q
	assert [d["orders"] for d in q["days"]] == [2, 2], q
	assert {s["status"]: s["orders"] for s in q["statuses"]} == {"PAID": 3, "IN_PROGRESS": 1}, q
	assert {s["source"]: s["orders"] for s in q["sources"]} == {"": 3, "shop": 1}, q
	assert q["shared"]["identifiers"] == 0, q
EOF2
quality --since "$(day 1 %Y-%m-%d)" --json >"$work/q.json"
check "--since leaves out what is older" [ "$(json orders "$work/q.json")" = 2 ]
quality --since yesterday >"$work/out" 2>&1
check "a day that is none is refused" [ $? = 2 ]
check "--csv is the file in reports" within 20 sh -c "
    '$convdrop' -c '$conf' quality main --csv | cmp - '$reports/quality.csv'"
check "summary.txt says what came and what went out" within 10 sh -c "
    grep -q 'Last dump: shop.csv' '$reports/summary.txt' &&
    grep -q 'Published: conversions.csv' '$reports/summary.txt' &&
    grep -q 'maximum: ClientID, and phone or e-mail' '$reports/summary.txt'"

# --- statuses that came and went between two pulls
https /main/conversions.csv -K "$work/curlrc" -o "$work/pulled.csv"
pulled() { grep -q '"complete":true' "$dir"/audit/*.jsonl; }
check "the file is pulled" within 10 pulled
for status in good_lead PAID; do
	{
		echo "$header"
		row a3 2 "" 79990000003 "$status" 70
	} >"$work/step.csv"
	sed -i 's/good_lead/goal:good_lead/' "$work/step.csv"
	drop_and_wait "$work/step.csv" "step-$status.csv"
done
missed() {
	quality --json >"$work/q.json"
	[ "$(json missed.orders "$work/q.json")" = 1 ] &&
	    [ "$(json missed.pairs.0.status "$work/q.json")" = good_lead ]
}
check "good_lead came and went, and is told" within 10 missed
check "in words too" sh -c "'$convdrop' -c '$conf' quality main | grep -q 'good_lead, then PAID: 1'"
check "and in the summary" within 10 grep -q "good_lead, then PAID: 1" "$reports/summary.txt"

# --- too late
{
	echo "$header"
	row late 30 "" 79990000009 PAID 500
	row fresh 1 "" 79990000010 PAID 500
} >"$work/late.csv"
check "an old order comes" drop_and_wait "$work/late.csv" late.csv
within 10 grep -q ";late;" "$dir/published/main/conversions.csv"
quality --json >"$work/q.json"
check "it was there too late for the first pull to help" \
    [ "$(json late.orders "$work/q.json")$(json late_and_never_pulled.orders "$work/q.json")" = 00 ]

# --- shared
{
	echo "$header"
	i=0
	while [ $i -lt 25 ]; do
		i=$((i + 1))
		row "o$i" 3 "" "+7 495 000-00-00, 7999100000$((10 + i))" PAID 1
	done
} >"$work/office.csv"
check "orders with the office's phone come" drop_and_wait "$work/office.csv" office.csv
within 10 grep -q ";o25;" "$dir/published/main/conversions.csv"
quality --shared >"$work/shared"
check "it is found" [ $? = 1 ]
check "with how many, masked" grep -q "25  phones      7495[*][*][*]0000" "$work/shared"
refute "the phone itself is not shown" grep -q 74950000000 "$work/shared"
quality --shared --plain >"$work/shared"
check "but with --plain" grep -q "25  phones      74950000000" "$work/shared"
check "the summary counts it" within 10 grep -q "more than 20 orders share: 1" "$reports/summary.txt"
refute "no phone is in the summary" grep -rq 7495000 "$reports/summary.txt" "$reports/quality.csv"

# --- ignored
cat >"$dir/ignore.txt" <<-'EOF2'
	# ours
	8 (495) 000-00-00   # the office
	c523d04542feb526ea83dc33a4dc6aea
	test@example.com
EOF2
sed -i 's/^feed "main" {/feed "main" {\n  ignore_identifiers = "ignore.txt"/' "$conf"
sed -i '/ignore_identifiers = ""/d' "$conf"
check "the configuration is good" "$convdropd" -t -c "$conf"
check "it is loaded again" reload
{
	echo "$header"
	row n1 3 "" "+74950000000" PAID 1
	row n2 3 "" "+7 495 0000000, 79992000001" PAID 1
	row n3 3 "" "79991234567" PAID 1
} >"$work/new.csv"
check "a dump with ignored phones comes" drop_and_wait "$work/new.csv" new.csv
check "the phone is dropped, the other one stays" within 10 \
    grep -q ";n2;;;;79992000001;" "$dir/published/main/conversions.csv"
refute "what is left without identifiers is refused" \
    grep -q ";n[13];" "$dir/published/main/conversions.csv"
check "the report says so" sh -c "
    grep -q ';value;E315;phones;' '$reports/new.csv.rejects.csv' &&
    grep -q '^2;row;E210' '$reports/new.csv.rejects.csv'"
rm "$dir/ignore.txt"
refute "a file that is not there is an error" "$convdropd" -t -c "$conf"
printf '# ours\noffice\n' >"$dir/ignore.txt"
"$convdropd" -t -c "$conf" 2>"$work/out"
check "a line that is no identifier is named" grep -q "ignore.txt:2:" "$work/out"
sed -i '/ignore_identifiers = "ignore.txt"/d' "$conf"
rm "$dir/ignore.txt"
check "a rebuild needs no file" "$convdrop" -c "$conf" rebuild main
check "SIGTERM ends the daemon well" daemon_stop

# --- hashed: neither the ledger nor the archive has the phone, and a rebuild
# needs no file
rm -rf "$dir"
instance --pii hash
printf '+7 495 000-00-00\n' >"$dir/ignore.txt"
sed -i 's/ignore_identifiers = ""/ignore_identifiers = "ignore.txt"/' "$conf"
daemon
check "a hashed feed takes a dump" drop_and_wait "$work/new.csv" new.csv
within 10 grep -q ";n2;" "$dir/published/main/conversions.csv"
md5=$(printf 79992000001 | md5sum | cut -c1-32)
check "the hash of the ignored phone is dropped" grep -q ";n2;;;;;;$md5;" \
    "$dir/published/main/conversions.csv"
check "more orders are there than before" grep -q ";n3;" "$dir/published/main/conversions.csv"
refute "the ignored one is not" grep -q ";n1;" "$dir/published/main/conversions.csv"
rm "$dir/ignore.txt"
sed -i 's/ignore_identifiers = "ignore.txt"/ignore_identifiers = ""/' "$conf"
check "its rebuild needs no file" "$convdrop" -c "$conf" rebuild main
refute "no file has the phone" sh -c "
    find '$dir' -type f | while read -r f; do
	case \$f in *.gz) zcat \"\$f\" ;; *) cat \"\$f\" ;; esac
    done | grep -aE '74950000000|495 000-00-00'"
check "SIGTERM ends it" daemon_stop
finish
