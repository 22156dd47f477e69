#!/bin/sh
# One feed of a CRM and a shop, each with its own preset, encoding, zone and
# prefix; and a second feed that has nothing to do with them.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main --feed other
# into feed "main" alone: up to its closing brace
sed -i '/^feed "main"/,/^}/ s/^}/\
	source "shop" {\
		preset = "generic"\
		encoding = "windows-1251"\
		source_timezone = "Asia\/Yekaterinburg"\
		id_prefix = "shop-"\
		default_status = "PAID"\
		column("Код", "id")\
	}\
}/' "$conf"
check "the configuration is good" "$convdropd" -t -c "$conf"
daemon
check "the source has its folder" within 10 test -d "$dir/inbox/main/shop"

when=$(day 2 '%d.%m.%Y') iso=$(day 2 %Y-%m-%d)
printf 'ID;Этап сделки;Дата создания;Бюджет;Мобильный телефон (контакт)\n1001;Переговоры;%s 10:00:00;500;89161234567\n' \
    "$when" >"$work/crm.csv"
printf 'Код;Дата;Телефон;Сумма\n1001;%s 10:00:00;8 916 765-43-21;900 руб\n1002;%s;8 916 765-43-22;100\n' \
    "$when" "$when" | iconv -t WINDOWS-1251 >"$work/shop.csv"
file=$dir/published/main/conversions.csv
check "the CRM's dump is taken" drop_and_wait "$work/crm.csv" day.csv
check "the shop's of the same name too" drop_and_wait "$work/shop.csv" day.csv main/shop
check "lead 1001 and order 1001 are two orders" within 10 \
    sh -c "[ \$(tail -n +2 '$file' | wc -l) = 3 ]"
check "the lead keeps its id and the counter's time" grep -qx \
    "$iso 10:00:00;1001;;;;79161234567;;;IN_PROGRESS;500;" "$file"
check "the order has its prefix, and its time is Yekaterinburg's" grep -qx \
    "$iso 08:00:00;shop-1001;;;;79167654321;;;PAID;900;" "$file"
check "a date alone is the counter's" grep -qx \
    "$iso 23:59:59;shop-1002;;;;79167654322;;;PAID;100;" "$file"
check "the ledger names the source" sh -c "'$convdrop' -c '$conf' dumps main | grep -q shop"
check "nothing of it is in the other feed" test ! -e "$dir/published/other/conversions.csv"

# the same bytes for another source are another dump
check "the CRM's bytes dropped as the shop's are read as the shop's" \
    drop_and_wait "$work/crm.csv" crm.csv main/shop
check "so they are refused: in its encoding they have no date" within 10 grep -q \
    "refused as a whole" "$dir/reports/main/crm.csv.report.txt"
check "a dump for the other feed" drop_and_wait "$work/crm.csv" day.csv other
check "is published there" within 10 grep -q ";1001;" "$dir/published/other/conversions.csv"
check "and moves nothing here" [ "$(tail -n +2 "$file" | wc -l)" = 3 ]

# each source speaks for its own orders
sed 's/Переговоры/Успешно реализовано/' "$work/crm.csv" >"$work/crm2.csv"
check "the CRM's next dump" drop_and_wait "$work/crm2.csv" day.csv
check "changes its lead" within 10 grep -q ";1001;.*;PAID;500;$" "$file"
check "and not the order" grep -q ";shop-1001;.*;PAID;900;$" "$file"
check "the store rebuilds to the same bytes" tool rebuild main
check "both" tool rebuild other

# a source of its own pipelines, and of orders since a day
sed -i '/^feed "other"/,/^}/ s/^}/\
	source "retail" {\
		pipelines = { "Розница", "Опт" }\
		start_date = "'"$(day 3 %Y-%m-%d)"'"\
		id_prefix = "r-"\
	}\
}/' "$conf"
kill -HUP "$daemon_pid"
check "SIGHUP makes its folder" within 20 test -d "$dir/inbox/other/retail"
{
	echo 'ID;Этап сделки;Воронка;Дата создания;Бюджет;Мобильный телефон (контакт)'
	echo "1;Успешно реализовано;РОЗНИЦА;$when 10:00:00;10;89161234561"
	echo "2;Успешно реализовано;Найм;$when 10:00:00;20;89161234562"
	echo "3;Успешно реализовано;Опт;$(day 4 '%d.%m.%Y') 10:00:00;30;89161234563"
	echo "4;Успешно реализовано;Опт;$when 11:00:00;40;89161234564"
} >"$work/retail.csv"
check "its dump is taken" drop_and_wait "$work/retail.csv" retail.csv other/retail
others=$dir/published/other/conversions.csv
check "both of its pipelines are sales" within 10 sh -c "
    grep -q ';r-1;.*;PAID;10;' '$others' && grep -q ';r-4;.*;PAID;40;' '$others'"
refute "an order of another pipeline is left out" grep -q ';r-2;' "$others"
refute "so is one from before its first day" grep -q ';r-3;' "$others"
check "both are counted as skipped" sh -c "'$convdrop' -c '$conf' dumps other --json | '$python' -c '
import json, sys
d = json.load(sys.stdin)[\"dumps\"][0]
assert d[\"skipped\"] == 2 and d[\"accepted\"] == 2, d'"
check "they rebuild to the same bytes" tool rebuild other

# a folder that is no source
mkdir "$dir/inbox/main/stranger"
cp "$work/crm.csv" "$dir/inbox/main/stranger/x.csv"
check "the next dump is still taken" drop_and_wait "$work/crm2.csv" again.csv
check "a dump in a folder that is no source stays there" test -f "$dir/inbox/main/stranger/x.csv"
finish
