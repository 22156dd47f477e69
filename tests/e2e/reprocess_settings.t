#!/bin/sh
# Whatever setting was mended, reprocess applies today's to the past; what it
# cannot read any more it names, and then nothing is changed.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main
never_hold
sed -i 's/^window_days = .*/window_days = 30/' "$conf"
file=$dir/published/main/conversions.csv
cp "$conf" "$work/plain.conf"
settings() { # LINE…: today's settings of the feed
	cp "$work/plain.conf" "$conf"
	for line in "$@"; do
		sed -i -e "/^feed/,\$s/^[[:space:]]*${line%% *} = .*//" \
		    -e "s/^feed \"main\" {\$/&\\n\\t$line/" "$conf"
	done
	daemon_stop
	daemon
}
row() { grep -q "^[^;]*;$1;.*$2" "$file"; } # ORDER WORDS
no_row() { ! grep -q "^[^;]*;$1;" "$file"; }
as_it_was() { cmp "$file" "$work/before.csv" && tool rebuild main; }

mkdir "$dir/presets"
preset() { # STATUS of what was montiert
	cat >"$dir/presets/windows.conf" <<-EOF2
	title = "Windows, contracts"
	proof("Договор")
	column("Договор", "id")
	column("Подписан", "create_date_time")
	column("Телефон*", "phones")
	column("Этап", "order_status")
	column("Сумма договора", "revenue")
	status("*", "Замер", "IN_PROGRESS")
	status("*", "Смонтировано", "$1")
	EOF2
}

# --- a preset of one's own
preset IN_PROGRESS
daemon
{
	echo 'Договор;Подписан;Телефон 1;Этап;Сумма договора'
	echo "W1;$(day 3 %d.%m.%Y) 10:00:00;89161234567;Смонтировано;1000"
	echo "W2;$(day 3 %d.%m.%Y) 11:00:00;89161234568;Замер;2000"
	echo "W3;$(day 3 %d.%m.%Y) 12:00:00;84951112233;Замер;3000"
} >"$work/windows.csv"
check "a dump of a CRM with a preset of our own" drop_and_wait "$work/windows.csv" windows.csv
check "is published" within 10 row W1 IN_PROGRESS
preset PAID
settings
check "the preset is mended, and so is the past" fails_with 0 \
    "With other values than before: 1" tool reprocess main
check "as it says now" row W1 PAID
check "it rebuilds" tool rebuild main
cp "$file" "$work/before.csv"
mv "$dir/presets/windows.conf" "$work/windows.conf"
settings
check "the preset is gone: the dump is named that cannot be read" fails_with 2 \
    "dump 1" tool reprocess main
check "with a hint what is gone" grep -qF 'presets/windows.conf' "$work/out"
check "a dry run says so, too" fails_with 2 "windows" tool reprocess main --dry-run
check "and nothing has changed" as_it_was
mv "$work/windows.conf" "$dir/presets/windows.conf"

# --- identifiers that are nobody's
printf '8 495 111-22-33 # the office\n' >"$dir/office.txt"
settings 'ignore_identifiers = "office.txt"'
check "the office's phone is nobody's now" fails_with 0 "Read once more" \
    tool reprocess main
check "so who has no other is gone" no_row W3
check "the report says so" grep -q '"rejected": 1' \
    "$dir/reports/main/windows.csv.report.json"
echo '# nobody' >"$dir/office.txt"
settings 'ignore_identifiers = "office.txt"'
check "the file is emptied" fails_with 0 "New: 1 record." tool reprocess main
check "and he is back" row W3 IN_PROGRESS
cp "$file" "$work/before.csv"
rm "$dir/office.txt"
kill -HUP "$daemon_pid"
check "the file is gone: the daemon goes on with what it knows" \
    within 10 grep -q 'office.txt' "$work/log"
check "the tool names it" fails_with 2 "office.txt" tool reprocess main --dry-run
check "and nothing has changed then" cmp "$file" "$work/before.csv"
echo '# nobody' >"$dir/office.txt"

# --- one encoding instead of another
printf 'Номер;Дата;ClientID;Сумма;Статус;Кампания\nE1;%s 10:00;9001;700;Оплачен;Весна\n' \
    "$(day 2 %d.%m.%Y)" | iconv -t cp1251 >"$work/cp1251.csv"
check "a dump in Windows' Cyrillic" drop_and_wait "$work/cp1251.csv" cp1251.csv
check "is read as that" within 10 row E1 PAID
cp "$file" "$work/before.csv"
number=$(tool dumps main --limit 0 --json | "$python" -c '
import json, sys
print([d["dump"] for d in json.load(sys.stdin)["dumps"] if d["name"] == "cp1251.csv"][0])')
settings 'encoding = "utf-8"'
check "an encoding that it is not in stops it all" fails_with 2 "dump $number" \
    tool reprocess main
check "in so many words" grep -q "Nothing was changed." "$work/out"
check "and nothing has changed after that" as_it_was
settings 'encoding = "windows-1251"'
check "the right one alone moves nothing" fails_with 0 "Read once more" \
    tool reprocess main "$number"
check "as the bytes say" as_it_was

# --- rows with one id, ids, the window
{
	echo 'create_date_time;id;client_ids;order_status;revenue'
	echo "$(day 2 %Y-%m-%d) 10:00:00;S1;9101;PAID;100"
	echo "$(day 2 %Y-%m-%d) 10:00:00;S1;9101;PAID;150"
	echo "$(day 60 %Y-%m-%d) 10:00:00;OLD;9102;PAID;50"
} >"$work/twice.csv"
settings
check "rows with one id, one of which is very old" drop_and_wait "$work/twice.csv" twice.csv
check "the last of them counts" within 10 row S1 ';150;'
settings 'same_id = sum'
check "they are added up now" fails_with 0 "With other values than before: 1" \
    tool reprocess main
check "in what is published" row S1 ';250;'
check "which rebuilds" tool rebuild main
settings 'same_id = sum' 'id_prefix = "shop-"'
check "a prefix is another id" fails_with 0 "Read once more" tool reprocess main
check "which stands for the old one that nobody pulled" row shop-S1 ';250;'
check "that is gone" no_row S1
check "that rebuilds, too" tool rebuild main
check "the very old order is outside the window" no_row shop-OLD
sed -i 's/^window_days = .*/window_days = 112/' "$work/plain.conf"
settings 'same_id = sum' 'id_prefix = "shop-"'
check "with a longer window" fails_with 0 "Read once more" tool reprocess main
check "it is among the orders" row shop-OLD PAID
check "and that rebuilds" tool rebuild main
sed -i 's/^window_days = .*/window_days = 1/' "$work/plain.conf"
settings 'same_id = sum' 'id_prefix = "shop-"'
cp "$file" "$work/before.csv"
check "a window that none of them is in: the answer says what stays" fails_with 1 \
    "Until then the last version stays in place." tool reprocess main
check "and so it does" cmp "$file" "$work/before.csv"
check "SIGTERM ends the daemon well" daemon_stop
finish
