#!/bin/sh
# convdrop rebuild beside a daemon that publishes all the time: no false alarm,
# and a true one when the file is another.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
never_hold
file=$dir/published/main/conversions.csv
on=$(day 2 '%Y-%m-%d')
dump() { # REVENUE
	echo 'create_date_time;id;client_ids;order_status;revenue'
	i=0
	while [ $i -lt 300 ]; do
		echo "$on 10:00:00;o$i;17000$i;PAID;$(($1 + i))"
		i=$((i + 1))
	done
}
daemon
dump 1 >"$work/first.csv"
check "a dump comes" drop_and_wait "$work/first.csv" first.csv
check "and is published" within 10 test -e "$file"
check "a rebuild comes to the same" tool rebuild main

(
	n=2
	while [ ! -e "$work/enough" ]; do
		dump $n >"$work/next.csv"
		drop "$work/next.csv" "d$n.csv"
		n=$((n + 1))
		sleep 0.2
	done
) &
dropping=$!
wrong=0
count=0
last=$(stat -c %Y "$file")
moved=0
begun=$(date +%s)
for_now() { # twelve seconds, or longer until there are versions
	took=$(($(date +%s) - begun))
	[ $took -lt 12 ] || { [ $moved -lt 2 ] && [ $took -lt 200 ]; }
}
while for_now; do
	tool rebuild main >"$work/out" 2>&1 || {
		wrong=$((wrong + 1))
		sed 's/^/# /' "$work/out"
	}
	count=$((count + 1))
	now=$(stat -c %Y "$file")
	[ "$now" = "$last" ] || moved=$((moved + 1))
	last=$now
done
touch "$work/enough"
wait $dropping
check "of $count rebuilds meanwhile none is a false alarm" [ $wrong = 0 ]
check "and versions came meanwhile" [ $moved -ge 2 ]
check "SIGTERM ends the daemon well" daemon_stop
check "it is still the same" tool rebuild main
sed -i 's/PAID/SPAM/' "$file"
refute "another file is told" tool rebuild main
check "in words" sh -c "'$convdrop' -c '$conf' rebuild main | grep -q DIFFER"
rm "$file"
refute "and so is none" tool rebuild main
finish
