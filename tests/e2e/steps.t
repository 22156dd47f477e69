#!/bin/sh
# status_steps = each: Direct sees every status that an order took, one a pull,
# over a daemon that is killed between; the update time moves with the bytes, and
# a rebuild comes to the same.  Beside it a feed that shows the last one alone.
. "${srcdir:-.}/tests/e2e/lib.sh"

at=$(day 2 '%Y-%m-%d') && at="$at 10:00:00"

# dump N STATUS…: order N in these statuses, a row each
dump() {
	echo "id;create_date_time;order_status;phones;revenue"
	n=$1
	shift
	for status; do
		echo "$n;$at;$status;7999000000$n;100"
	done
}
come() { # FEED N STATUS…: it comes as a dump of its own
	feed=$1
	dumps=$((${dumps:-0} + 1))
	shift
	dump "$@" >"$work/dump$dumps.csv"
	drop_and_wait "$work/dump$dumps.csv" "dump$dumps.csv" "$feed"
}
shows() { # FEED N STATUS: the file has order N in that status
	grep -q "^[^;]*;$2;.*;$3;100;" "$dir/published/$1/conversions.csv" ||
	    { cat "$dir/published/$1/conversions.csv"; return 1; }
}
soon() { within 15 shows "$@"; }
pull() { # FEED: as Direct does; what it got is in $work/pulled
	https "/$1/conversions.csv" -R -K "$work/curlrc" -o "$work/pulled"
}
pulled() { # N STATUS
	grep -q "^[^;]*;$1;.*;$2;100;" "$work/pulled" ||
	    { cat "$work/pulled"; return 1; }
}
mtime() { stat -c %Y "$dir/published/$1/conversions.csv"; }

instance --feed main --feed plain
"$python" - "$conf" <<'EOF'
import re, sys
text = open(sys.argv[1]).read()
head, *feeds = re.split(r'(?m)^(?=feed ")', text)
feeds = [re.sub(r'(?m)^(\s*)hold = yes', r'\1hold = no', f) for f in feeds]
feeds[0], n = re.subn(r'(?m)^(\s*)status_steps = last', r'\1status_steps = each',
    feeds[0])
assert n == 1, "init writes the setting"
for i, f in enumerate(feeds):
    feeds[i] = f.rstrip().rstrip("}") + \
        '\tstatus("*", "GOOD", "goal:good_lead")\n}\n'
open(sys.argv[1], "w").write(head + "".join(feeds))
EOF
check "the configuration is taken" "$convdropd" -c "$conf" -t
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
daemon

check "a lead comes" come main 1 IN_PROGRESS
check "and is published" soon main 1 IN_PROGRESS
check "and pulled" pull main
check "as it is" pulled 1 IN_PROGRESS
check "it becomes a good one" come main 1 GOOD
check "that is shown at once, for the one before was pulled" \
    soon main 1 good_lead
check "it becomes a sale" come main 1 PAID
sleep 2
check "that waits" shows main 1 good_lead
before=$(mtime main)
check "until the good lead was pulled" pull main
check "and it was" pulled 1 good_lead
check "then the sale is shown" soon main 1 PAID
check "with a later update time" [ "$(mtime main)" -gt "$before" ]
check "and pulled" pull main
check "so all three were" pulled 1 PAID

check "another lead comes" come main 2 IN_PROGRESS
check "and is published" soon main 2 IN_PROGRESS
check "and becomes two things within one dump" come main 2 GOOD PAID
daemon_kill
daemon
check "a kill later the first is shown" soon main 2 IN_PROGRESS
check "and pulled" pull main
check "then the second" soon main 2 good_lead
check "and pulled" pull main
check "then the third" soon main 2 PAID
sleep 2
before=$(mtime main)
check "which nothing follows: it is pulled" pull main
sleep 2
check "and the file stays as it is" [ "$(mtime main)" = "$before" ]

check "a third lead comes" come main 3 IN_PROGRESS
check "and becomes a good one" come main 3 GOOD
check "that waits" soon main 3 IN_PROGRESS
check "it is cancelled" come main 3 CANCELLED
check "which waits for nothing" soon main 3 CANCELLED

check "a fourth lead comes" come main 4 IN_PROGRESS
check "and becomes a good one and a sale" come main 4 GOOD PAID
check "both wait" soon main 4 IN_PROGRESS
check "status says so" within 15 sh -c \
    '"$1" -c "$2" status | grep -q "earlier status until it was pulled: 1"' - \
    "$convdrop" "$conf"
check "so does why" within 15 sh -c \
    '"$1" -c "$2" why main 4 | grep -q "published as IN_PROGRESS until .*: good_lead PAID"' - \
    "$convdrop" "$conf"
check "it is pulled" pull main
check "the second is shown" soon main 4 good_lead
check "a rebuild comes to the same file" tool rebuild main

check "elsewhere a lead comes" come plain 1 IN_PROGRESS
check "and becomes a good one" come plain 1 GOOD
check "and a sale" come plain 1 PAID
check "of which the last is shown" soon plain 1 PAID
daemon_stop

sed -i 's/status_steps = each/status_steps = last/' "$conf"
daemon
check "with the setting as it was nothing waits any more" soon main 4 PAID
check "a wrong value is told" sh -c \
    'sed "s/status_steps = last/status_steps = all/" "$2" >"$2.wrong" &&
    ! "$1" -c "$2.wrong" -t 2>"$3" && grep -q status_steps "$3"' - \
    "$convdropd" "$conf" "$work/said"
finish
