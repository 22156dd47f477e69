#!/bin/sh
# The statuses of a dump under a feed's settings; pipelines, payment, rates and
# words that make spam, from the configuration to the published file.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main
never_hold # its dumps have many headers
statuses() { # WANTED-EXIT FILE [OPTION…]; into $work/out
	want=$1
	shift
	tool statuses main "$@" >"$work/out" 2>"$work/err"
	[ $? -eq "$want" ]
}
when=$(day 2 '%d.%m.%Y')
{
	echo 'ID;Этап сделки;Воронка;Причина отказа;Бюджет;Дата создания;Рабочий телефон (контакт)'
	echo "1;Успешно реализовано;Продажи;;100;$when 10:00:00;89161234561"
	echo "2;Успешно реализовано;Найм;;100;$when 10:00:00;89161234562"
	echo "3;Счёт выставлен;Опт;;100;$when 10:00:00;89161234563"
	echo "4;счет  выставлен;Опт;;100;$when 10:00:00;89161234564"
	echo "5;Закрыто и не реализовано;Продажи;Конкурент;100;$when 10:00:00;89161234565"
	echo "6;Закрыто и не реализовано;Продажи;спам;100;$when 10:00:00;89161234566"
	echo "7;;Продажи;;100;$when 10:00:00;89161234567"
} >"$work/amo.csv"

check "some are unmapped" statuses 1 "$work/amo.csv"
check "with the line to paste and how many" grep -q \
    '^  status("Опт", "Счёт выставлен", "IN_PROGRESS")  # 2$' "$work/out"
check "a sale of several pipelines needs their names" grep -q \
    '^  status("Найм", "Успешно реализовано", "PAID")  # 1$' "$work/out"
check "the others are told with what they become" grep -q \
    '1  SPAM  *"Закрыто и не реализовано", "Продажи"  (by the preset)' "$work/out"
check "unmapped ones come first" sh -c "grep -n 'Счёт выставлен\|CANCELLED  ' '$work/out' | head -2 | tail -1 | grep -q CANCELLED"
check "rows without a status are counted" grep -q 'Rows without a status: 1\.' "$work/out"
check "the dump as a whole would be refused" grep -q 'has the pipelines "Продажи", "Найм", "Опт"' "$work/err"
check "all of it as JSON" sh -c "'$convdrop' -c '$conf' statuses main '$work/amo.csv' --json | '$python' -c '
import json, sys
v = json.load(sys.stdin)
assert not v[\"ok\"] and v[\"status\"] == \"pipelines\" and v[\"rows\"] == 7
assert v[\"empty\"] == 1 and v[\"left_out\"] == 0
s = v[\"statuses\"]
assert [x[\"to\"] for x in s] == [None] * 3 + [\"CANCELLED\", \"SPAM\"], s
assert s[0][\"count\"] == 2 and s[0][\"line\"].startswith(\"status(\")'"

# --- as a dump
daemon
check "the dump is taken" drop_and_wait "$work/amo.csv" amo.csv
check "and refused with what to write" within 10 grep -q \
    'status("PIPELINE", "Успешно реализовано", "PAID")' "$dir/reports/main/amo.csv.report.txt"
refute "nothing of it is published" test -e "$dir/published/main/conversions.csv"

# --- the lines are pasted
sed -i '/^feed "main"/,/^}/ {
	s/^\tspam_words = .*/\tspam_words = { "конкурент" }/
	s/^}/\tstatus("Опт", "Счёт выставлен", "IN_PROGRESS")\n\tstatus("Продажи", "Успешно реализовано", "PAID")\n}/
}' "$conf"
check "the configuration is good" "$convdropd" -t -c "$conf"
check "a pipeline that is not named stays unmapped" statuses 1 "$work/amo.csv"
check "its line is the only one" sh -c "[ \"\$(grep -c '^  status(' '$work/out')\" = 1 ] && grep -q '^  status(\"Найм\"' '$work/out'"
check "the other sale is mapped by the settings" grep -q \
    'PAID  *"Успешно реализовано", "Продажи"  (by the settings)' "$work/out"
check "the word of the source makes spam, the usual one no more" sh -c "
    grep -q '1  SPAM ' '$work/out' && grep -q '1  CANCELLED ' '$work/out'"
check "SIGHUP takes it" reload
check "the dump again" drop_and_wait "$work/amo.csv" amo.csv
file=$dir/published/main/conversions.csv
check "a sale is published" within 10 grep -q ';1;.*;PAID;100;$' "$file"
refute "of the pipeline that is named alone" grep -q ';2;.*;PAID;' "$file"
check "the refused row says why" grep -q 'the settings name other pipelines' "$dir/reports/main/amo.csv.rejects.csv"
check "spam is published as such" grep -q ';5;.*;SPAM;100;$' "$file"

# --- payment and currency
sed -i '/^feed "main"/,/^}/ {
	s/^\tcurrency = .*/\tcurrency = "RUB"\n\trate("USD", "92.505")/
	s/^}/\tcolumn("Оплата", "paid")\n}/
}' "$conf"
{
	echo 'Номер заказа;Дата;Телефон;Статус;Оплата;Сумма;Валюта'
	echo "11;$when 10:00:00;89161234571;Новый;да;10,01;USD"
	echo "12;$when 10:00:00;89161234572;Новый;нет;10;руб"
	echo "13;$when 10:00:00;89161234573;Новый;да;10;EUR"
} >"$work/shop.csv"
check "payment decides" statuses 0 "$work/shop.csv"
check "and is named" grep -q 'PAID  *"Новый"  (by the column of payment)' "$work/out"
check "SIGHUP takes the rate" reload
check "a dump in two currencies" drop_and_wait "$work/shop.csv" shop.csv
# 10.01 * 92.505 = 925.97505
check "an amount is converted" within 10 grep -q ';11;.*;PAID;925.98;$' "$file"
check "the source's own stays" grep -q ';12;.*;IN_PROGRESS;10;$' "$file"
check "a currency without a rate is refused, with what to do" sh -c "
    grep 'EUR' '$dir/reports/main/shop.csv.rejects.csv' | grep -q 'rate('"
check "the store rebuilds to the same bytes" tool rebuild main

# --- what is no order
printf 'clientUniqId;clientType;name;phones\nc1;CONTACT;A;79161234567\n' >"$work/clients.csv"
check "a dump of clients needs none" statuses 0 "$work/clients.csv"
check "and is not said to be refused" sh -c "
    grep -q 'are no orders: 1' '$work/out' && ! grep -q 'is refused' '$work/out'"

# --- what cannot be asked
check "a feed that does not exist" sh -c "'$convdrop' -c '$conf' statuses nosuch '$work/amo.csv' 2>&1 | grep -q nosuch"
check "a source that does not exist" sh -c "'$convdrop' -c '$conf' statuses main '$work/amo.csv' --source x 2>&1 | grep -q 'no source'"
check "a file that is no dump" statuses 1 "$conf"
check "wrong usage" sh -c "'$convdrop' -c '$conf' statuses main; [ \$? -eq 2 ]"
finish
