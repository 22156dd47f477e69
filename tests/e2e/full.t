#!/bin/sh
# A full disk: a clear line in the log and in status, the dump stays, the last
# good file is served, and it goes on by itself when there is room.
. "${srcdir:-.}/tests/e2e/lib.sh"

${CC:-cc} -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/faults.so" \
    "$srcdir/tests/e2e/faults.c" -ldl || skip_all "no compiler for the faults"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
ftps_port=$(free_port)
instance --ftps-port "$ftps_port"
file=$dir/published/main/conversions.csv
full=$dir/state/full
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
dump() { # STATUS
	printf 'create_date_time;id;phones;order_status;revenue\n%s;1;79161234567;%s;5\n' \
	    "$(day 1 '%Y-%m-%d 10:00:00')" "$1"
}
dump IN_PROGRESS >"$work/one.csv"
dump PAID >"$work/two.csv"

daemon env LD_PRELOAD="$work/faults.so" FAULT_ROLE=ingest FAULT_FULL="$full"
check "with room a dump is published" drop_and_wait "$work/one.csv" one.csv
# it is written down, too, before there is no room
check "and written down" within 20 logged 'conversions.csv: published'
cp "$file" "$work/good.csv"

touch "$full"
drop "$work/two.csv" two.csv
check "without room the log says so" \
    within 20 grep -qiE 'no space|no room' "$work/log"
check "the dump stays in the inbox" test -e "$dir/inbox/main/two.csv"
check "the last good file is there" cmp "$file" "$work/good.csv"
check "and is served" sh -c "curl -sS --cacert '$dir/keys/tls.crt' -K '$work/curlrc' \
    https://localhost:$https_port/main/conversions.csv | cmp - '$work/good.csv'"
pulls() { # N: so many are in the audit
	[ "$(grep -h '"event":"pulled"' "$dir"/audit/*.jsonl | grep -c '"complete":true')" = "$1" ]
}
for url in "sftp://127.0.0.1:$sftp_port" "ftps://localhost:$ftps_port" \
    "http://localhost:$http_port"; do
	check "over ${url%%:*}, too" sh -c \
	    "curl -sSk -K '$work/curlrc' $url/main/conversions.csv | cmp - '$work/good.csv'"
done
check "none of it can be written down" pulls 0
check "which the log says" within 10 grep -q 'for the audit; free some space' "$work/log"
lacks() { # what status says in 20 minutes
	faketime -f +20m "$convdrop" -c "$conf" status |
	    grep 'the audit has lacked who logged in and pulled'
}
if command -v faketime >/dev/null; then
	check "in time status says so, too" within 10 lacks
	refute "not at once" sh -c "'$convdrop' -c '$conf' status | grep 'the audit has lacked'"
else
	skip "status says that the audit lacks pulls" "faketime is not installed"
fi
daemon_kill
daemon env LD_PRELOAD="$work/faults.so" FAULT_ROLE=ingest FAULT_FULL="$full"
check "after a kill the last good file is served without any room" sh -c \
    "curl -sS --cacert '$dir/keys/tls.crt' -K '$work/curlrc' \
    https://localhost:$https_port/main/conversions.csv | cmp - '$work/good.csv'"
check "status says so" within 20 sh -c \
    "'$convdrop' -c '$conf' status >'$work/status'; [ \$? = 1 ] && grep -qiE 'no space|no room|disk' '$work/status'"
rm "$full"
check "with room again it goes on by itself" within 60 grep -q ";PAID;5;$" "$file"
check "and the dump leaves the inbox" within 10 taken two.csv
check "and every pull is in the audit" within 20 pulls 5
no_more() { ! lacks; }
check "so that status says no more of it" within 20 no_more
check "nothing is left over" within 10 sh -c \
    "[ -z \"\$(find '$dir/published' '$dir/archive' '$dir/reports' -name '.*' -type f)\" ]"
check "the audit is whole" "$convdrop" -c "$conf" audit verify
check "SIGTERM ends the daemon well" daemon_stop
finish
