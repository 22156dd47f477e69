#!/bin/sh
# Dumps whose times make no sense, and for each a near miss: the report warns of
# the one, names the shift and the zone, and says nothing of the other.
. "${srcdir:-.}/tests/e2e/lib.sh"

# dump NAME KIND [SHIFT]: orders as a CRM in Moscow has them, in $work/NAME
dump() {
	"$python" - "$work/$1" "$2" "${3:-0}" <<-'EOF'
	import datetime, random, sys
	path, kind, shift = sys.argv[1], sys.argv[2], float(sys.argv[3])
	tick = datetime.timedelta
	now = datetime.datetime.utcnow() + tick(hours=3)
	day = now.replace(hour=0, minute=0, second=0, microsecond=0)
	write = "%Y-%m-%d %H:%M:%S"
	price = random.randint(1, 10**9)  # never the same bytes again
	rows = []  # id, time
	if kind in ("live", "more"):  # every six minutes of two days
	    # more: none that was known before
	    rows = [(i + (kind == "more") * 1000, now - tick(minutes=2 + 6 * i))
	        for i in range(480)]
	elif kind == "known":  # of three days ago
	    rows = [(i, day - tick(days=3) + tick(hours=12, minutes=i))
	        for i in range(300)]
	elif kind == "day":  # from 10 to 22 o'clock
	    rows = [(i, day - tick(days=2 + i // 60) +
	        tick(hours=10, minutes=12 * (i % 60))) for i in range(300)]
	elif kind == "round":  # from 0 to 24 o'clock
	    rows = [(i + 1000, day - tick(days=1 + i // 48) +
	        tick(minutes=30 * (i % 48))) for i in range(480)]
	elif kind in ("dates", "some"):
	    for i in range(30):
	        noon = kind == "some" and i % 3 == 0
	        rows.append((i, day - tick(days=2 + i % 20) +
	            tick(hours=12 if noon else 0, minutes=i if noon else 0)))
	elif kind == "days":  # as dates alone
	    write = "%Y-%m-%d"
	    rows = [(i + 100, day - tick(days=2 + i % 20)) for i in range(30)]
	with open(path, "w") as f:
	    print("id;create_date_time;order_status;phones;revenue", file=f)
	    for i, t in rows:
	        t += tick(hours=shift)
	        print(f"{i};{t.strftime(write)};PAID;7999{i:07};{price}", file=f)
	EOF
}

# said FEED NAME WANT: the codes of the report's warnings, with their hours
said() {
	"$python" - "$dir/reports/$1/$2.report.json" "$3" <<-'EOF'
	import json, sys
	r = json.load(open(sys.argv[1]))
	got = " ".join(f"{w['code']}{w['shift_seconds'] / 3600:+g}"
	    for w in r["warnings"])
	print(got, r["state"])
	sys.exit(got != sys.argv[2])
	EOF
}
text_has() { # FEED NAME WORDS
	grep -q -- "$3" "$dir/reports/$1/$2.report.txt" ||
	    { cat "$dir/reports/$1/$2.report.txt"; return 1; }
}
drop_it() { # FEED NAME KIND [SHIFT]
	dump "$2" "$3" "${4:-0}"
	drop_and_wait "$work/$2" "$2" "$1"
}

set --
for f in ahead held behind moved night late dates some change months days; do
	set -- "$@" --feed "$f"
done
instance "$@"
"$python" - "$conf" <<'EOF'
import re, sys
text = open(sys.argv[1]).read()
# the gate is another test's
head, *feeds = re.split(r'(?m)^(?=feed ")', text)
feeds = [f if f.startswith('feed "held') else
    re.sub(r'(?m)^(\s*)hold = yes', r'\1hold = no', f) for f in feeds]
feeds = [re.sub(r'(?m)^(\s*)(# ?)?source_timezone = .*$',
    r'\1source_timezone = "Europe/Berlin"', f)
    if f.startswith('feed "change') else f for f in feeds]
text = head + ''.join(feeds)
open(sys.argv[1], "w").write(text)
EOF
check "the configuration is taken" "$convdropd" -c "$conf" -t
daemon

# --- against the arrival ---
check "a dump that is right comes" drop_it ahead right.csv live
check "and nothing is said" said ahead right.csv ""
check "one from Yekaterinburg comes" drop_it ahead east.csv more 2
check "its newest rows are from after it came" said ahead east.csv "W613+2"
check "the zone is named" text_has ahead east.csv \
    'source_timezone = "Asia/Yekaterinburg"'
check "and the shift" text_has ahead east.csv 'shifted by +2 h'
check "a dump that waits" drop_it held wait.csv live 3
check "has the warning, too" said held wait.csv "W613+3"
check "in the letter" text_has held wait.csv "W613: Rows that were created"

for n in 1 2 3; do
	check "live dump $n" drop_it behind "live$n.csv" live
done
check "live dumps are fine" said behind live3.csv ""
check "an export with new orders alone, in UTC" drop_it behind utc.csv more -3
check "is hours old for the first time" said behind utc.csv "W614-3"
check "UTC is named" text_has behind utc.csv 'source_timezone = "UTC"'
check "old orders, three hours after" drop_it behind late.csv more -3
check "are late and not shifted, if they are as they were" \
    said behind late.csv ""

# --- against what is known ---
check "orders of some days ago" drop_it moved first.csv known
check "nothing is known of them" said moved first.csv ""
check "and again, three hours earlier" drop_it moved again.csv known -3
check "all moved" said moved again.csv "W615-3"
check "and again, as they are" drop_it moved same.csv known -3
check "none moved" said moved same.csv ""

# --- over the day ---
check "a shop by day" drop_it night day.csv day
check "is as it should be" said night day.csv ""
check "one by night" drop_it late night.csv day 12
check "is told" said late night.csv "W616+12"
check "one that never closes" drop_it night round.csv round
check "is none of it" said night round.csv ""

# --- as they are written ---
check "dates dressed as times" drop_it dates midnight.csv dates
check "are told" said dates midnight.csv "W617+0"
check "some of them" drop_it some some.csv some
check "are not" said some some.csv ""
check "dates alone" drop_it some days.csv days
check "neither" said some days.csv ""

spring=$("$python" -c '
import datetime
d = datetime.date.today() - datetime.timedelta(days=1)
while not (d.month == 3 and d.day > 24 and d.weekday() == 6):
    d -= datetime.timedelta(days=1)
print(d)')
cat >"$work/spring.csv" <<EOF
id;create_date_time;order_status;phones
1;$(day 2 '%Y-%m-%d') 10:00:00;PAID;79990000001
2;$spring 02:30:00;PAID;79990000002
3;$spring 01:30:00;PAID;79990000003
EOF
grep -v ' 02:' "$work/spring.csv" >"$work/hour.csv"
check "an hour that never was" drop_and_wait "$work/spring.csv" spring.csv change
check "is told" said change spring.csv "W618+0"
check "with its line" text_has change spring.csv \
    "the clock of the source's zone skips: 1, first in line 3"
check "the hour before it" drop_and_wait "$work/hour.csv" hour.csv change
check "is fine" said change hour.csv ""

"$python" - "$work/months.csv" "$work/days-first.csv" <<'EOF'
import datetime, sys
now = datetime.datetime.utcnow()
months, days = (open(p, "w") for p in sys.argv[1:])
for f in months, days:
    print("id;create_date_time;order_status;phones", file=f)
for i in range(60):
    t = now - datetime.timedelta(days=2 + i, hours=i % 5)
    for f, form in (months, "%m.%d.%Y %H:%M"), (days, "%d.%m.%Y %H:%M"):
        print(f"{i};{t.strftime(form)};PAID;7999{i:07}", file=f)
EOF
check "months before days" drop_and_wait "$work/months.csv" months.csv months
check "are told" said months months.csv "W619+0"
check "days before months" drop_and_wait "$work/days-first.csv" days.csv days
check "are fine" said days days.csv ""

# --- elsewhere ---
check "preview warns" sh -c '"$1" -c "$2" preview ahead "$3" | grep -q W613' - \
    "$convdrop" "$conf" "$work/wait.csv"
check "convert warns, too" sh -c '"$1" convert "$2" 2>&1 >/dev/null |
    grep -q "W613: Rows that were created after the dump came"' - \
    "$convdrop" "$work/east.csv"
check "and not of what is right" sh -c '! "$1" convert "$2" 2>&1 >/dev/null |
    grep -q "W6"' - "$convdrop" "$work/right.csv"
check "its JSON has them" sh -c '"$1" convert "$2" --json 2>&1 >/dev/null |
    grep -q "\"code\": *\"W613\""' - "$convdrop" "$work/east.csv"
check "explain knows them" sh -c '"$1" explain W613 | grep -q timezone' - \
    "$convdrop"
finish
