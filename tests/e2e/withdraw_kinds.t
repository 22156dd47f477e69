#!/bin/sh
# Withdrawn after a pull: contacts, calls and chats have no status, so they are
# gone, which is said; calls that are orders are CANCELLED.  Of the only dump:
# the last version stays in place, and the answer and status say so.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main --feed calls --feed lone
never_hold
"$python" - "$conf" <<'EOF2'
import re, sys
text = open(sys.argv[1]).read()
feeds = re.split(r'(?m)^(?=feed ")', text)
for i, outputs in ((1, '"conversion-center", "metrica-calls", "metrica-chats", "metrica-contacts"'),
                   (2, '"conversion-center", "metrica-calls"')):
    feeds[i] = re.sub(r"(?m)^(\s*)#? ?outputs = .*$",
                      lambda m: m[1] + "outputs = { %s }" % outputs, feeds[i])
feeds[2] = re.sub(r"(?m)^(\s*)#? ?calls_as_orders = .*$",
                  r'\1calls_as_orders = "goal:phoned"', feeds[2])
open(sys.argv[1], "w").write("".join(feeds))
EOF2
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
has() { grep -q "$3" "$dir/published/$1/$2"; } # FEED FILE WORDS
pulls() { cat "$dir"/audit/*.jsonl | grep '"pulled"' | grep -c '"complete":true'; }
more_pulls() { [ "$(pulls)" -gt "$1" ]; }
pull() { # FEED FILE
	before=$(pulls)
	https "/$1/$2" -K "$work/curlrc" -o /dev/null && within 10 more_pulls "$before"
}
withdraw() { tool withdraw "$1" "$(dump_number "$2" "$1")" --reason "wrong"; }
no_problem() { # WORDS
	! tool status | grep -qF -- "$1"
}
at=$(day 1 %Y-%m-%dT10:00:00+03:00)
clients() { # N…
	echo "uniq_id,name,emails,phones,client_ids"
	for n in "$@"; do echo "c$n,Anna,a$n@example.com,7900000000$n,100000$n"; done
}
chats() { # N…
	echo "ClientId,DateTime,ChatPlatform,ChatUsername"
	for n in "$@"; do echo "200000$n,$(date -d "$at" +%s),telegram,chat$n"; done
}
calls() { # N…
	echo "StaticCall,ClientId,DateTime,Price,PhoneNumber,TalkDuration,HoldDuration,CallMissed,Tag,FirstTimeCaller,URL,CallTrackerURL"
	for n in "$@"; do
		echo "0,300000$n,$(date -d "$at" +%s),,+7900555000$n,60,5,0,call$n,1,,"
	done
}
orders() {
	echo 'create_date_time;id;client_ids;order_status;revenue'
	echo "$at;$1;400000$1;PAID;100"
}

daemon
# what stays, then what is withdrawn
for kind in clients chats calls; do
	$kind 1 >"$work/$kind.csv"
	$kind 2 3 >"$work/more-$kind.csv"
	check "$kind come" drop_and_wait "$work/$kind.csv" "$kind.csv"
	check "more $kind come" drop_and_wait "$work/more-$kind.csv" "more-$kind.csv"
done
orders 1 >"$work/orders.csv"
check "an order comes" drop_and_wait "$work/orders.csv" orders.csv
check "contacts are published" within 10 has main contacts.csv '^c3,'
check "so are chats" within 10 has main chats.csv '2000003'
check "so are calls" within 10 has main calls.csv 'call3\|3000003'
for f in contacts.csv chats.csv calls.csv; do
	check "$f is pulled" pull main $f
done
for kind in clients chats calls; do
	check "a dry run tells what nobody can be told: $kind" within 10 fails_with 0 \
	    "completed pull" tool withdraw main "$(dump_number "more-$kind.csv")" --dry-run
	check "withdrawn: the answer says that they vanish: $kind" fails_with 0 \
	    "Gone, although a completed pull carried them: 2 contacts, calls or chats." \
	    withdraw main "more-$kind.csv"
done
refute "they are in no file: contacts" has main contacts.csv '^c[23],'
refute "chats" has main chats.csv '200000[23]'
refute "calls" has main calls.csv '300000[23]'
check "what others brought stays" has main contacts.csv '^c1,'
check "in each of them" has main chats.csv 2000001
check "really" has main calls.csv 3000001
check "and it rebuilds" tool rebuild main
check "status has nothing to say of that" no_problem "taken back"

# calls that are orders
for f in calls.csv more-calls.csv; do
	check "$f comes where calls are orders" drop_and_wait "$work/$f" "$f" calls
done
check "they are" within 10 has calls conversions.csv '79005550003'
check "and pulled as such" pull calls conversions.csv
check "withdrawn they are CANCELLED" fails_with 0 \
    "Published as CANCELLED until they leave the window" withdraw calls more-calls.csv
check "in the orders" has calls conversions.csv '79005550003.*CANCELLED'
check "which rebuild" tool rebuild calls

# the only dump
check "the only dump of a feed" drop_and_wait "$work/orders.csv" lone.csv lone
check "is published" within 10 has lone conversions.csv ';1;'
cp "$dir/published/lone/conversions.csv" "$work/lone.csv"
check "withdrawn: the answer says that the last version stays" fails_with 1 \
    "Until then the last version stays in place." withdraw lone lone.csv
check "and what to do about it" grep -qF 'take the access away' "$work/out"
check "so it does" cmp "$dir/published/lone/conversions.csv" "$work/lone.csv"
check "status names it" fails_with 1 "lone: conversions.csv is not published" tool status
check "and that it has what was taken back" grep -qF \
    "with records that were taken back since (1 of the feed)" "$work/out"
check "and what to do, too" grep -qF '"convdrop token del"' "$work/out"
orders 7 >"$work/right.csv"
check "the right dump comes" drop_and_wait "$work/right.csv" right.csv lone
check "and takes its place" within 10 has lone conversions.csv ';7;'
check "without the wrong one" sh -c "! grep -q ';1;' '$dir/published/lone/conversions.csv'"
check "status has nothing to say then" within 10 no_problem "taken back"
check "it rebuilds, too" tool rebuild lone

# the only contacts, that were pulled
check "the only contacts are withdrawn" fails_with 1 "Until then the last version stays in place." \
    withdraw main clients.csv
check "status names their file" fails_with 1 "main: contacts.csv is not published" tool status
check "the orders are published all the same" has main conversions.csv ';1;'
check "SIGTERM ends the daemon well" daemon_stop
finish
