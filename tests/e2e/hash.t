#!/bin/sh
# pii = hash: from the drop to the pull no phone, e-mail or name is kept or
# said anywhere; and it can still be rebuilt, and dropped twice.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main --pii hash
# The feed's CRM is amoCRM, which names a contact by its phone.
sed -i 's/^\tpreset = .*/\tpreset = "amocrm"/' "$conf"
when=$(day 2 '%d.%m.%Y')
head='ID;Этап сделки;Дата создания;Бюджет;Основной контакт;Мобильный телефон (контакт);Рабочий email (контакт);Примечание 1'
{
	echo "$head"
	echo "1;Успешно реализовано;$when 10:00:00;1 500,50;+7 916 123-45-67;'+7 (916) 123-45-67;Secret.Person@Example.com;перезвонить 89161234567"
	echo "2;Переговоры;$when 11:00:00;;Секретов;8 916 123 45 68, 79161234569;;"
	echo ";Переговоры;$when 12:00:00;;;89161234570;;без номера"
	echo ";Переговоры;$when 12:00:00;;;89161234570;;без номера"
	# what is refused names nobody either: a bad phone, a status that nothing
	# maps, a row that lost a cell so that the phone stands under the amount
	echo "5;Переговоры;$when 12:00:00;;;9161234;secret@example;"
	echo "6;Согласование;$when 12:00:00;;Секретов;89161234571;;"
	echo "7;Переговоры;$when 12:00:00;+79161234572;x;;;"
	echo "8;Переговоры;$when 12:00:00;89161234573"
	echo "9;89161234574;$when 12:00:00;;x;89161234574;secret.person@example.com;"
	echo "10;Переговоры;+7 916 123-45-75;;x;89161234575;;"
} >"$work/deals.csv"
md5() { printf %s "$1" | md5sum | cut -d' ' -f1; }

# Does any file of the instance, unpacked, hold one of them?
leaks() {
	{
		find "$dir/archive" -name '*.gz' -exec zcat {} +
		find "$dir/archive" "$dir/published" "$dir/reports" "$dir/audit" \
		    "$dir/state" "$dir/inbox" -type f ! -name '*.gz' -exec cat {} +
		find "$dir/archive" "$dir/reports" "$dir/state" "$dir/audit"
		cat "$work/log"
	} | grep -aiE '916.?.?123.?45.?[67]|9161234[^0-9a-f]|secret|Секретов'
}

daemon
check "a dump with persons in it is taken" drop_and_wait "$work/deals.csv" deals.csv
file=$dir/published/main/conversions.csv
check "and published" within 10 test -s "$file"
check "phones and e-mails as MD5 only" grep -qx \
    "$(day 2 %Y-%m-%d) 10:00:00;1;;;;;$(md5 secret.person@example.com);$(md5 79161234567);PAID;1500.50;" "$file"
check "each of a list" grep -q \
    ";\"$(md5 79161234568),$(md5 79161234569)\";" "$file"
check "two rows without an id are two orders" [ "$(grep -c ";$(md5 79161234570);" "$file")" = 2 ]
check "the report counts what was refused" grep -qE \
    '^ *6 rejected' "$dir/reports/main/deals.csv.report.txt"
check "and shows the shape of a bad phone" grep -q \
    "identifier '0000000'" "$dir/reports/main/deals.csv.report.txt"
check "and the status that is to be mapped" grep -q \
    'status("\*", "Согласование"' "$dir/reports/main/deals.csv.report.txt"
refute "nothing of a person is anywhere" leaks
check "the store rebuilds to the same bytes" tool rebuild main
before=$(stat -c '%Y %i' "$file")
check "the same bytes are taken again" drop_and_wait "$work/deals.csv" again.csv
check "and change nothing" [ "$(stat -c '%Y %i' "$file")" = "$before" ]
check "and are no second dump" [ "$(tool dumps main | grep -c merged)" = 1 ]

{ echo "$head"; for i in 1 2 3; do echo "$i;secret$i@example.com"; done; } >"$work/bad.csv"
sed 's/Дата создания/Когда/' "$work/deals.csv" >"$work/nodate.csv"
check "a dump without its date column is refused" drop_and_wait "$work/nodate.csv" nodate.csv
check "its report says that the original was not kept" within 10 grep -q \
    "was not kept" "$dir/reports/main/nodate.csv.report.txt"
check "so is one of cut rows" drop_and_wait "$work/bad.csv" bad.csv
within 10 test -s "$dir/reports/main/bad.csv.report.txt"
refute "still nothing of a person is anywhere" leaks
daemon_stop
refute "nor after the daemon ended" leaks
check "the audit's chain holds" tool audit verify
finish
