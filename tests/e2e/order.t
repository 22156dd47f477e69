#!/bin/sh
# One order: cancelled whatever dumps say, released, a field of it forgotten.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
file=$dir/published/main/conversions.csv
drop_orders() { # NAME REVENUE
	{
		echo 'create_date_time;id;client_ids;phones;order_status;revenue'
		echo "$(day 3 '%Y-%m-%d 10:00:00');a;5001;79161234501;PAID;$2"
		echo "$(day 3 '%Y-%m-%d 11:00:00');b;5002;79161234502;PAID;$2"
	} >"$work/$1"
	drop_and_wait "$work/$1" "$1" && within 10 grep -q ";b;.*;$2;" "$file"
}
is() { grep "^[^;]*;$1;" "$file" | grep -q "$2"; } # ORDER WORDS

daemon
check "orders come in" drop_orders one.csv 100
check "an order is cancelled" fails_with 0 "is CANCELLED from now on" \
    tool order cancel main a --reason "a test order"
check "and published so at once" is a ';CANCELLED;100;'
check "later dumps do not change that" drop_orders two.csv 200
check "but its other values" is a ';CANCELLED;200;'
check "cancelled it is already" fails_with 0 "already" \
    tool order cancel main a --reason "a test order"
check "or it is SPAM" fails_with 0 "is SPAM from now on" \
    tool order cancel main a --as SPAM --reason "a robot"
check "and published so" is a ';SPAM;200;'
check "the feed rebuilds to the same bytes" tool rebuild main
check "released it has the dumps' status" fails_with 0 "that the dumps say again" \
    tool order release main a
check "at once" is a ';PAID;200;'
check "nobody decided on another one" fails_with 2 "nothing to release" \
    tool order release main b
check "an order that nobody knows is none" fails_with 2 "knows no order x" \
    tool order cancel main x --reason "not there"
check "a status that is none is refused" fails_with 2 "CANCELLED or as SPAM" \
    tool order cancel main a --as PAID --reason "no"
check "a reason must be given" fails_with 2 "usage" tool order cancel main a
check "a phone is forgotten" fails_with 0 "is forgotten" tool order forget main a phones
check "and not published any more" sh -c "! grep ';a;' '$file' | grep -q 79161234501"
check "the others stay" is a ';5001;'
check "what is not there cannot be forgotten" fails_with 2 "has no value of phones" \
    tool order forget main a phones
check "nor what is no field" fails_with 2 "is no field that can be forgotten" \
    tool order forget main a create_date_time
check "the feed rebuilds without it" tool rebuild main
check "a later dump brings one again" drop_orders three.csv 300
check "as it must" is a '79161234501'
check "the audit has who and why, and no phone" sh -c "
    grep -h '\"cancelled\"' '$dir'/audit/*.jsonl | grep -q 'a test order' &&
    grep -h '\"released\"' '$dir'/audit/*.jsonl | grep -q actor &&
    grep -h '\"forgotten\"' '$dir'/audit/*.jsonl | grep -q '\"field\":\"phones\"' &&
    ! grep -h '\"forgotten\"' '$dir'/audit/*.jsonl | grep -q 7916"
check "the audit's chain holds" tool audit verify
check "SIGTERM ends the daemon well" daemon_stop
finish
