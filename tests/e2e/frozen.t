#!/bin/sh
# A source whose dumps were read in the wrong time zone until after a pull: the
# orders whose date went out wrongly are found, and no others.
. "${srcdir:-.}/tests/e2e/lib.sh"

wrong() { # SHIFT [OPTION…]
	tool why --frozen-wrong main --shift "$@" >"$work/out" 2>"$work/err"
}
says() { grep -qF -- "$1" "$work/out" || { cat "$work/out" "$work/err"; return 1; }; }
lacks() { ! grep -qF -- "$1" "$work/out" || { cat "$work/out"; return 1; }; }
holds() { # PYTHON: true of the JSON w
	"$python" - "$work/out" "$1" <<-'EOF'
	import json, sys
	w = json.load(open(sys.argv[1]))
	ids = [o["order"] for o in w["orders"]]
	if not eval(sys.argv[2]):
	    print(json.dumps(w, ensure_ascii=False, indent=1))
	    sys.exit(1)
	EOF
}

instance
file=$dir/published/main/conversions.csv
sed -i '/^feed "main"/,/^}/ s/^}/\
	source "ural" {\
		default_status = "PAID"\
		id_prefix = "u-"\
	}\
}/' "$conf"
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
daemon
d=$(day 3 '%d.%m.%Y') iso=$(day 3 %Y-%m-%d)
{
	echo 'id;Дата;Телефон;Сумма'
	echo "1;$d 12:00:00;89161234501;100"
	echo "2;$d 13:00:00;89161234502;200,50"
	echo "3;$d;89161234503;300"
	echo "4;$d 14:00:00+05:00;89161234504;400"
	echo ";$d 15:00:00;89161234505;500"
	echo ";$d 15:00:00;89161234505;500"
	echo "6;$d 16:00:00;89161234506;"
} >"$work/ural.csv"
printf 'id;Дата;Телефон;Статус;Сумма\n71;%s 12:00:00;89161234571;Оплачен;100\n' "$d" >"$work/crm.csv"
check "a dump in the wrong zone" drop_and_wait "$work/ural.csv" ural.csv main/ural
check "and one in the right one" drop_and_wait "$work/crm.csv" crm.csv
check "are published" within 10 sh -c "grep -q ';u-6;' '$file' && grep -q ';71;' '$file'"
check "nothing is wrong before the settings change" wrong +2
check "and nobody pulled it" says "No order of the feed main"
check "they are pulled" https /main/conversions.csv -K "$work/curlrc" -o "$work/pulled"
within 10 sh -c "'$convdrop' -c '$conf' audit log event=pulled | grep -q https"
printf 'id;Дата;Телефон;Сумма\n9;%s 12:00:00;89161234509;100\n' "$d" >"$work/late.csv"
check "a later one is not" drop_and_wait "$work/late.csv" late.csv main/ural
within 10 grep -q ';u-9;' "$file"

sed -i 's/id_prefix = "u-"/id_prefix = "u-"\n\t\tsource_timezone = "Asia\/Yekaterinburg"/' "$conf"
check "the settings are mended" "$convdropd" -t -c "$conf"
reload
refute "dates that are two hours late" wrong +2
check "are named with what went out and what is right" says "u-1  $iso 12:00:00  $iso 10:00:00  "
check "with their revenue" says "200.50"
check "and their total" says "Orders: 5, with a revenue of 1300.50; without one: 1."
check "and what can be done" says "Direct keeps the creation date that it got first"
check "a date alone is not among them" lacks "u-3 "
check "nor one that names its zone" lacks "u-4 "
check "nor one that nobody pulled" lacks "u-9 "
check "nor another source's" lacks "71 "
check "the exit status tells" sh -c "'$convdrop' -c '$conf' why main --frozen-wrong --shift=+2 >/dev/null; [ \$? = 1 ]"
check "another shift finds none" wrong -2
check "nor does +2:30" wrong +2:30
refute "+2:00 is the same" wrong +2:00
refute "as JSON" wrong +2 --json
check "has them by id" holds 'ids[2:] == ["u-1", "u-2", "u-6"] and len(ids) == 5'
check "those without an id under the one that went out" holds 'ids[0].startswith("auto-") and ids[1] == ids[0] + "-2"'
check "with dates" holds 'w["orders"][2]["published"] == "'"$iso"' 12:00:00" and w["orders"][2]["right"] == "'"$iso"' 10:00:00"'
check "and when each was first pulled" holds 'all(o["first_pull"].startswith("20") for o in w["orders"])'
check "and the row that says so" holds 'w["orders"][2]["dump"] == 1 and w["orders"][2]["line"] == 2'
check "and the total" holds 'w["count"] == 5 and w["revenue"] == "1300.50" and w["without_revenue"] == 1'
check "a later dump that is right changes nothing" drop_and_wait "$work/ural.csv" again.csv main/ural
refute "of what went out" wrong +2 --json
check "of those with an id" holds 'ids[2:] == ["u-1", "u-2", "u-6"]'
for bad in 0 x 2h +2:3 +2:60 27 ''; do
	check "'$bad' is no shift" sh -c "'$convdrop' -c '$conf' why main --frozen-wrong --shift '$bad' 2>/dev/null; [ \$? = 2 ]"
done
check "the shift is needed" sh -c "'$convdrop' -c '$conf' why main --frozen-wrong 2>/dev/null; [ \$? = 2 ]"

# without one of the archived copies
mv "$dir"/archive/main/*/*/*/*-ural.csv-*.gz "$work/"
refute "with one copy gone, the later dump still tells" wrong +2
check "and the gap is told" grep -q "dump 1, ural.csv, was left out" "$work/err"
finish
