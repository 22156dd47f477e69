#!/bin/sh
# A preset as a text file of the instance, and what is said of a dump's columns.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main
when=$(day 2 '%d.%m.%Y') iso=$(day 2 %Y-%m-%d)
mkdir "$dir/presets"
cat >"$dir/presets/windows.conf" <<'EOF'
# a shop of windows
title = "Windows, contracts"
proof("Договор")
column("Договор", "id")
column("Подписан", "create_date_time")
column("Телефон менеджера", "ignore")
column("Телефон*", "phones")
column("Этап", "order_status")
column("Сумма договора", "revenue")
status("*", "Замер", "IN_PROGRESS")
status("*", "Смонтировано", "PAID")
EOF
header='Договор;Подписан;Телефон менеджера;Телефон 1;Этап;Сумма договора;ga_client_id;Цвет'
{
	echo "$header"
	echo "Д-1;$when 10:00:00;84951112233;89161234567;Смонтировано;1000;1.2;белый"
	echo "Д-2;$when 11:00:00;84951112233;89161234568;замер;2000;1.3;белый"
} >"$work/dump.csv"

# --- the tool
check "the list names it" sh -c "'$convdrop' -c '$conf' presets | grep -q '^windows .*Windows, contracts.*instance'"
check "and the built-in ones" sh -c "'$convdrop' -c '$conf' presets | grep -q '^amocrm '"
check "the list as JSON" sh -c "'$convdrop' -c '$conf' presets --json | '$python' -c '
import json, sys
v = {p[\"name\"]: p for p in json.load(sys.stdin)}
assert not v[\"windows\"][\"built_in\"] and v[\"amocrm\"][\"built_in\"]
assert v[\"windows\"][\"kind\"] == \"orders\" and v[\"calltouch\"][\"kind\"] == \"calls\"'"
tool presets "$work/dump.csv" >"$work/out"
check "a dump is recognised" grep -q '^preset  *windows$' "$work/out"
check "a column has its field" grep -q '4  "Телефон 1" -> phones' "$work/out"
check "one that is none of ours is ignored" grep -q '3  "Телефон менеджера" -> (ignored)' "$work/out"
check "Google's ClientID is named" grep -q '"ga_client_id" -> (ignored) This is Google' "$work/out"
check "so is a column that nobody knows" grep -q '"Цвет" -> (ignored) It is no field' "$work/out"
check "all of it as JSON" sh -c "'$convdrop' -c '$conf' presets '$work/dump.csv' --json | '$python' -c '
import json, sys
v = json.load(sys.stdin)
assert v[\"preset\"] == \"windows\" and v[\"fits\"][\"windows\"] > 1000
c = {x[\"header\"]: x for x in v[\"columns\"]}
assert c[\"ga_client_id\"][\"google\"] and not c[\"Цвет\"][\"google\"]
assert c[\"Этап\"][\"field\"] == \"order_status\" and c[\"Этап\"][\"note\"] is None'"
check "without the instance it is not known" sh -c "cd '$work' && '$convdrop' presets dump.csv --json | grep -qv '\"preset\":\"windows\"'"
check "convert knows it with -c" sh -c "'$convdrop' -c '$conf' convert '$work/dump.csv' >'$work/converted' && grep -q ';Д-1;.*;PAID;1000;' '$work/converted'"
check "by its name too" sh -c "'$convdrop' -c '$conf' convert '$work/dump.csv' --preset windows | cmp - '$work/converted'"

# --- the daemon
daemon
file=$dir/published/main/conversions.csv
check "a dump is taken" drop_and_wait "$work/dump.csv" one.csv
check "and read with it" within 10 grep -q "^$iso 10:00:00;Д-1;;;;79161234567;;;PAID;1000;$" "$file"
check "the report says so of Google's ClientID" grep -q "Google's ClientID" "$dir/reports/main/one.csv.report.txt"

echo 'column("x", "nosuch")' >>"$dir/presets/windows.conf"
refute "one that is broken makes the configuration wrong" "$convdropd" -t -c "$conf"
check "with its file and line" sh -c "'$convdropd' -t -c '$conf' 2>&1 | grep -q 'presets/windows.conf:12: .nosuch. is no field'"
kill -HUP "$daemon_pid"
check "SIGHUP leaves the old one in force" within 10 grep -q 'presets/windows.conf:12' "$work/log"
sed 's/Д-/Е-/' "$work/dump.csv" >"$work/two.csv"
check "so that the next dump is read as before" drop_and_wait "$work/two.csv" two.csv
check "it is" within 10 grep -q ';Е-1;.*;PAID;1000;$' "$file"

# a mended file: the stage means something else from now on
sed -i -e '/nosuch/d' -e 's/"Смонтировано", "PAID"/"Смонтировано", "CANCELLED"/' "$dir/presets/windows.conf"
check "SIGHUP takes the mended one" reload
sed 's/Д-/Ж-/' "$work/dump.csv" >"$work/three.csv"
check "a dump after it" drop_and_wait "$work/three.csv" three.csv
check "has the new meaning" within 10 grep -q ';Ж-1;.*;CANCELLED;1000;$' "$file"
check "what was read before keeps its own" grep -q ';Д-1;.*;PAID;1000;$' "$file"
check "the same bytes with another preset are another dump" drop_and_wait "$work/dump.csv" again.csv
check "and change the order" within 10 grep -q ';Д-1;.*;CANCELLED;1000;$' "$file"
check "the store rebuilds to the same bytes, each dump by its preset" tool rebuild main
rm "$dir/presets/windows.conf"
check "also when the file is gone" tool rebuild main
finish
