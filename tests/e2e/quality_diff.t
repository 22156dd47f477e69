#!/bin/sh
# The quality table against another computation, in Python, of dumps that a
# random number made: orders of two sources, again with other values, amounts with
# kopecks, rows without an identifier.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
never_hold
sed -i 's/^feed "main" {/feed "main" {\n  source "shop" { preset = "direct" }/' "$conf"
mkdir -p "$dir/inbox/main/shop"
cat >"$work/make.py" <<'EOF2'
import datetime, json, random, sys
seed, work = int(sys.argv[1]), sys.argv[2]
r = random.Random(seed)
today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=3))).replace(tzinfo=None)
statuses = ["PAID", "IN_PROGRESS", "CANCELLED", "SPAM"]
orders, known = {}, {}
def client_id(): return str(r.randrange(10**18, 2 * 10**18))
def phone(): return "79%09d" % r.randrange(10**9)
for dump, source in enumerate(["", "shop", "", "shop"]):
    with open("%s/%d.csv" % (work, dump), "w") as f:
        print("create_date_time;id;client_ids;phones;emails;order_status;revenue", file=f)
        for i in range(300):
            id = "o%d" % (dump * 150 + i)
            o = orders.setdefault(id, {"at": today.replace(microsecond=0) - datetime.timedelta(
                days=r.randrange(1, 60), seconds=r.randrange(3600)), "c": "", "p": "", "e": ""})
            was = dict(o)
            if r.random() < .4: o["c"] = o["c"] or client_id()
            if r.random() < .3: o["p"] = o["p"] or phone()
            if r.random() < .2: o["e"] = o["e"] or "u%d@example.com" % r.randrange(10**6)
            taken = o["c"] or o["p"] or o["e"]
            o["status"] = r.choice(statuses)
            o["revenue"] = r.choice([0, r.randrange(10**7), r.randrange(10**4) * 100])
            same = all(was.get(k) == v for k, v in o.items())
            o["source"] = was["source"] if same else source  # of the last that changed it
            print(o["at"].strftime("%Y-%m-%d %H:%M:%S"), id, o["c"], o["p"], o["e"], o["status"],
                  "%d.%02d" % divmod(o["revenue"], 100), sep=";", file=f)
            if not taken:
                orders[id] = was
want = {}
for o in orders.values():
    if "status" not in o:
        continue
    contact = o["p"] or o["e"]
    cl = ("maximum" if contact else "good") if o["c"] else ("medium" if contact else "invalid")
    for by, name in (("all", ""), ("day", str(o["at"].date())), ("status", o["status"]), ("source", o["source"])):
        line = want.setdefault(by + ";" + name, {})
        for key in ("orders", cl):
            n, money = line.get(key, (0, 0))
            line[key] = (n + 1, money + o["revenue"])
json.dump({"lines": want}, open(work + "/want.json", "w"))
EOF2
cat >"$work/compare.py" <<'EOF2'
import csv, io, json, sys
want = json.load(open(sys.argv[1]))
rows = csv.DictReader(io.StringIO(open(sys.argv[2], encoding="utf-8-sig").read()), delimiter=";")
have = {row["by"] + ";" + row["name"]: row for row in rows}
assert set(have) == set(want["lines"]), set(have) ^ set(want["lines"])
kinds = ("maximum", "good", "medium", "invalid")
def half_up(part, whole):
    return (2000 * part + whole) // (2 * whole) if whole else 0
for key, line in want["lines"].items():
    row = have[key]
    for kind in kinds:
        n, money = line.get(kind, (0, 0))
        assert int(row[kind]) == n, (key, kind, row, line)
        assert round(float(row["revenue_" + kind]) * 100) == money, (key, kind, row, line)
    n, money = line["orders"]
    assert int(row["orders"]) == n and round(float(row["revenue"]) * 100) == money, (key, row)
    for column, i in (("client_id_percent", 0), ("revenue_client_id_percent", 1)):
        part = sum(line.get(k, (0, 0))[i] for k in ("maximum", "good"))
        assert round(float(row[column]) * 10) == half_up(part, line["orders"][i]), (key, column, row)
days = [k for k in have if k.startswith("day;")]
assert days == sorted(days), days
EOF2
daemon
for seed in 1 2 3; do
	"$python" "$work/make.py" $seed "$work"
	check "a dump" drop_and_wait "$work/0.csv" "0-$seed.csv"
	check "one of the other source" drop_and_wait "$work/1.csv" "1-$seed.csv" main/shop
	check "again the first" drop_and_wait "$work/2.csv" "2-$seed.csv"
	check "again the other" drop_and_wait "$work/3.csv" "3-$seed.csv" main/shop
	"$convdrop" -c "$conf" quality main --csv >"$work/q.csv"
	check "every number is what it should be" "$python" "$work/compare.py" \
	    "$work/want.json" "$work/q.csv"
	check "SIGTERM ends the daemon" daemon_stop
	rm -rf "$dir/state" "$dir/archive/main" "$dir/published/main" "$dir/reports/main"
	[ $seed = 3 ] || daemon
done

# --- Direct's two warnings
said() { "$convdrop" -c "$conf" quality main; }
drop_one() { # ROW…
	rm -rf "$dir/state" "$dir/archive/main" "$dir/published/main" "$dir/reports/main"
	daemon
	{
		echo "create_date_time;id;client_ids;phones;order_status;revenue"
		for row; do echo "$(day 1 '%Y-%m-%d 10:00:00');$row;PAID;1"; done
	} >"$work/w.csv"
	drop_and_wait "$work/w.csv" w.csv && said >"$work/said"
	daemon_stop
}
all="All orders have a ClientID. Direct warns of such a file: orders that were made offline, by phone or in a shop, are probably missing."
none="No order has a ClientID. Direct warns of such a file: orders that were made on the site will be linked with visits poorly."
drop_one "a;1712345678901234567;" "b;1712345678901234568;79990000001"
check "all have a ClientID: Direct's first warning" grep -qF "$all" "$work/said"
refute "not the second" grep -qF "$none" "$work/said"
drop_one "a;;79990000001" "b;;79990000002"
check "none has: its second" grep -qF "$none" "$work/said"
refute "not the first" grep -qF "$all" "$work/said"
drop_one "a;;79990000001" "b;1712345678901234568;79990000002"
refute "one of two: neither" grep -qF "Direct warns" "$work/said"
finish
