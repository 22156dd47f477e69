#!/bin/sh
# A pull that runs while fifty versions are published reads one whole version,
# and no two versions share an update time.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
file=$dir/published/main/conversions.csv
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
daemon

"$python" - >"$work/wide.csv" <<EOF
print("create_date_time;id;phones;order_status;revenue")
for i in range(30000):
    print("$(day 1 '%Y-%m-%d 10:00:00');w%d;7916%07d;PAID;%d" % (i, i, i))
EOF
check "a wide file is published" drop_and_wait "$work/wide.csv" wide.csv
within 10 grep -q ";w29999;" "$file"
cp "$file" "$work/version.csv"

# two slow pulls: 1.9 MB at 30 KB/s take a minute
https /main/conversions.csv -K "$work/curlrc" --limit-rate 30k --max-time 900 \
    -o "$work/slow.csv" &
pull=$!
printf 'get /main/conversions.csv %s/slow-sftp.csv\n' "$work" |
    sftp_as direct "$direct" -l 250 >/dev/null 2>&1 &
sftp_pull=$!

n=0
missed=0
while [ $n -lt 50 ]; do
	n=$((n + 1))
	printf 'create_date_time;id;phones;order_status;revenue\n%s;changing;79161234567;PAID;%s\n' \
	    "$(day 1 '%Y-%m-%d 10:00:00')" "$n" >"$work/change.csv"
	drop "$work/change.csv" "change$n.csv"
	within 20 grep -q ";changing;.*;PAID;$n;$" "$file" || missed=$((missed + 1))
done
check "fifty changes are published" [ "$missed" = 0 ]
wait $pull
check "HTTPS read the very version it began with" cmp "$work/slow.csv" "$work/version.csv"
wait $sftp_pull
check "so did SFTP" cmp "$work/slow-sftp.csv" "$work/version.csv"
check "no two versions have one update time, and it only grows" within 10 sh -c "
    cat '$dir'/audit/*.jsonl | $python -c '
import json, sys
t = [e[\"mtime\"] for e in map(json.loads, sys.stdin) if e[\"event\"] == \"published\"]
assert len(t) >= 51 and t == sorted(set(t)), t'"
check "SIGTERM ends the daemon well" daemon_stop
finish
