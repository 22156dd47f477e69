#!/bin/sh
# The life of an order: dumps in several formats and encodings, what each row
# became and changed, the versions that carried it and the pulls that took them.
. "${srcdir:-.}/tests/e2e/lib.sh"

why() { tool why "$@" >"$work/why.out" 2>"$work/why.err"; }
says() { # WORDS: the last answer has this line
	grep -qF -- "$1" "$work/why.out" ||
	    { echo "missing: $1"; cat "$work/why.out" "$work/why.err"; return 1; }
}
lacks() { ! grep -qF -- "$1" "$work/why.out" || { cat "$work/why.out"; return 1; }; }
holds() { # PYTHON: true of the JSON w of the last answer
	"$python" - "$work/why.out" "$1" <<-'EOF'
	import json, sys
	w = json.load(open(sys.argv[1]))
	dumps = [x for x in w["history"] if x["what"] == "dump"]
	versions = [x for x in w["history"] if x["what"] == "version"]
	def row(d):
	    return d["rows"][0]
	def cells(d):
	    return {c["column"]: c["value"] for c in row(d)["cells"]}
	def field(d, name):
	    return next(f for f in row(d)["fields"] if f["field"] == name)
	def change(d, name):
	    return next((c["was"], c["is"]) for c in d["merge"]["changes"] if c["field"] == name)
	if not eval(sys.argv[2]):
	    print(json.dumps(w, ensure_ascii=False, indent=1))
	    sys.exit(1)
	EOF
}

instance --feed main --feed other
file=$dir/published/main/conversions.csv
sed -i '/^feed "main"/,/^}/ s/^}/\
	source "shop" {\
		source_timezone = "Asia\/Yekaterinburg"\
		id_prefix = "shop-"\
		default_status = "PAID"\
	}\
	source "api" {\
		status("*", "won", "PAID")\
	}\
	source "book" {\
		status("*", "Отгружен", "goal:shipped")\
	}\
}/' "$conf"
check "the configuration is good" "$convdropd" -t -c "$conf"
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
daemon
dmy=$(day 3 '%d.%m.%Y') iso=$(day 3 %Y-%m-%d)

# a deal of amoCRM in windows-1251; its phone is bad but for one
{
	echo 'ID;Этап сделки;Дата создания;Бюджет;Мобильный телефон (контакт);Рабочий email (контакт);Основной контакт;Заметка'
	echo "77310;Переговоры;$dmy 09:00:00;1;89161234500;;;"
	echo "7731;Переговоры;$dmy 10:00:00;1 000;8 (926) 123-45-67, 12;ivan@mail.ru;Иван Петров;перезвонить на 8 903 111 22 33"
	echo "7732;Неведомо;$dmy 10:00:00;5;89161234501;;;"
} | iconv -t WINDOWS-1251 >"$work/1.csv"
check "a dump of amoCRM in windows-1251" drop_and_wait "$work/1.csv" deals.csv
check "is published" within 10 grep -q ';7731;.*;IN_PROGRESS;1000;' "$file"
cp "$file" "$work/version1.csv"
https /main/conversions.csv -K "$work/curlrc" -o "$work/pull1.csv"
check "and pulled" within 10 sh -c "'$convdrop' -c '$conf' audit log event=pulled complete=true | grep -q https"

# the same order by another system: JSON with its number written otherwise
cat >"$work/2.json" <<EOF
[{"id": "\\u0037731", "created_at": "${iso}T11:30:00+04:00", "status": "won", "price": 1500.5, "phone": "+79261234567"},
 {"id": "8000", "created_at": "${iso}T11:30:00+04:00", "status": "won", "price": 2, "phone": "+79261234599"}]
EOF
check "a dump in JSON" drop_and_wait "$work/2.json" api.json main/api
check "is published" within 10 grep -q ';7731;.*;PAID;1500.50;' "$file"
printf 'get /main/conversions.csv %s/pull2.csv\n' "$work" |
    sftp_as direct "$direct" >/dev/null 2>&1
check "and pulled by SFTP" within 10 sh -c "'$convdrop' -c '$conf' audit log event=pulled complete=true | grep -q sftp"

# a workbook
"$python" - "$work/3.xlsx" "$iso" <<'EOF'
import datetime, sys
import openpyxl
b = openpyxl.Workbook()
b.active.append(["id", "Дата создания", "Статус", "Сумма", "Телефон"])
day = datetime.datetime.fromisoformat(sys.argv[2])
b.active.append([7731, day.replace(hour=10), "Отгружен", 1700, "+7 926 123-45-67"])
b.save(sys.argv[1])
EOF
check "a workbook" drop_and_wait "$work/3.xlsx" book.xlsx main/book
check "is published" within 10 grep -q ';7731;.*;shipped;1700;' "$file"
https /main/conversions.csv -K "$work/curlrc" -o "$work/pull3.csv"

# another order alone: a version that has 7731 as it was
printf 'id;Дата;Телефон;Сумма\n55;%s 10:00:00;89167654321;900\n;%s;8 916 765-43-22;100\n' \
    "$dmy" "$dmy" >"$work/4.csv"
check "a dump of the shop" drop_and_wait "$work/4.csv" shop.csv main/shop
check "is published" within 10 grep -q ';shop-55;' "$file"
check "and pulled" https /main/conversions.csv -K "$work/curlrc" -o "$work/pull4.csv"
pulled() { why main 7731 --json && holds 'sum(len(v["pulls"]) for v in versions) == 4'; }
within 20 pulled

# --- one order, as text ------------------------------------------------------
check "why finds it" why main 7731
check "the dump, its name, preset and encoding" says "deals.csv (preset amocrm, windows-1251): merged"
check "the line" says "line 3"
check "a cell as it stood, masked" says "Мобильный телефон (контакт): 8926***4567,***"
check "an e-mail, masked" says "Рабочий email (контакт): i***@mail.ru"
check "a name, masked" says "Основной контакт: И*** П***"
check "a column that nobody mapped, masked" says "Заметка: 8903***2233"
check "what its status became, and why" says 'order_status: "Переговоры" -> IN_PROGRESS (status map of the preset amocrm)'
check "what its phone became" says 'phones: "8926***4567,***" -> 7926***4567 (normalised)'
check "a value that was left out" says "left out: "
check "what the merge made" says "the merge made the order"
check "what a merge changed" says "order_status: IN_PROGRESS -> PAID"
check "a rule of the settings" says 'order_status: "won" -> PAID (status rule of the source'"'s settings)"
check "a date by the zone it names" says "(by the zone it names, written in Europe/Moscow)"
check "a frozen date that stayed" says "its creation date was frozen by a pull"
check "the workbook" says "book.xlsx (preset "
check "a goal" says 'order_status: "Отгружен" -> shipped'
check "the versions" says "published conversions.csv, SHA-256 $(sha256sum "$work/version1.csv" | cut -c1-12)"
check "a pull by HTTPS" says "pull 1 took it: direct from "
check "one by SFTP" says "by sftp, complete at"
check "a later version with the same" says "and so did 1 later version"
check "what it is now" says "order_status: shipped"
check "that its date is frozen" says "its creation date is frozen"
check "nothing of the person is shown" lacks 9261234567
check "nor the e-mail" lacks ivan@
check "nor the name" lacks Петров

# --- the same as JSON ----------------------------------------------------------
check "why --json" why main 7731 --json
check "three dumps" holds 'len(dumps) == 3'
check "one row of each" holds '[len(d["rows"]) for d in dumps] == [1, 1, 1]'
check "in their order" holds '[d["name"] for d in dumps] == ["deals.csv", "api.json", "book.xlsx"]'
check "the encodings" holds 'dumps[0]["encoding"] == "windows-1251" and dumps[1]["source"] == "api"'
check "the cells" holds 'cells(dumps[0])["ID"] == "7731" and cells(dumps[0])["Бюджет"] == "1 000"'
check "what a cell became" holds 'field(dumps[0], "revenue")["to"] == "1000"'
check "the date of the JSON" holds 'field(dumps[1], "create_date_time")["to"] == "'"$iso"' 10:30:00"'
check "what changed" holds 'change(dumps[1], "revenue") == ("1000", "1500.50")'
check "a date that a pull had frozen" holds 'dumps[1]["merge"]["date_kept"] and dumps[1]["merge"]["frozen"]'
check "nothing was before the first" holds 'dumps[0]["merge"]["made"] and not dumps[0]["merge"]["frozen"]'
check "four versions" holds 'len(versions) == 4'
check "what they carried" holds '[v["values"]["revenue"] for v in versions] == ["1000", "1500.50", "1700", "1700"]'
check "with the date that went out" holds 'set(v["values"]["create_date_time"] for v in versions) == {"'"$iso"' 10:00:00"}'
check "only those that may differ were looked into" holds '[v["looked"] for v in versions] == [True, True, True, False]'
check "the hash" holds 'versions[0]["sha256"] == "'"$(sha256sum "$work/version1.csv" | cut -d' ' -f1)"'"'
check "each was pulled" holds '[[p["protocol"] for p in v["pulls"]] for v in versions] == [["https"], ["sftp"], ["https"], ["https"]]'
check "and the pulls have numbers" holds '[v["pulls"][0]["pull"] for v in versions] == [1, 2, 3, 4]'
check "what it is now" holds 'w["now"]["values"]["order_status"] == "shipped" and w["now"]["frozen"]'

# --- plain ------------------------------------------------------------------------
check "why --plain" why main 7731 --plain
check "shows the phone" says "8 (926) 123-45-67"
check "and the name" says "Иван Петров"
check "which the audit says" sh -c "'$convdrop' -c '$conf' audit log event=archive_read order=7731 | grep -q 'why --plain'"
check "the audit's chain is whole" tool audit verify

# --- other orders -------------------------------------------------------------------
check "a row that was refused" why main 7732
check "is told, with the reason" says "the row was refused: "
check "and that the feed does not have it" says "the feed does not have it"
check "an order with a prefix" why main shop-55
check "its id" says '(with the source'"'s id_prefix \"shop-\")"
check "its zone" says "read in Asia/Yekaterinburg, written in Europe/Moscow"
check "its status" says "the default status"
auto=$(grep -o 'auto-[0-9a-f]*' "$file" | head -1)
check "an order without an id" why main "$auto"
check "is found in its row" says "made of the row's content"
check "a date alone" says "a date without a time is its last second"

refute "an unknown one" why main 4711
check "exits 1" sh -c "'$convdrop' -c '$conf' why main 4711 >/dev/null; [ \$? = 1 ]"
refute "one with zeros" why main 007731
check "names its near miss" says "main 7731 (order)"
refute "one without its prefix" why main 55
check "names that with it" says "main shop-55 (order)"
refute "one in the wrong feed" why other 7731
check "names the other feed" says "main 7731 (order)"
refute "an unknown kind" why main 7731 --kind thing
check "exits 2" sh -c "'$convdrop' -c '$conf' why main 7731 --kind thing 2>/dev/null; [ \$? = 2 ]"
check "an unknown feed too" sh -c "'$convdrop' -c '$conf' why nowhere 1 2>/dev/null; [ \$? = 2 ]"

# --- what people decide ------------------------------------------------------------------
check "a dump with another header" sh -c "
    printf 'ID;Этап сделки;Дата создания;Бюджет;Телефон\\n7731;Переговоры;%s 10:00:00;9;89261234567\\n' '$dmy' >'$work/5.csv'"
check "is dropped" drop_and_wait "$work/5.csv" other.csv
check "an order is cancelled" tool order cancel main 7731 --reason "a call of ivan@mail.ru"
check "a dump is withdrawn" tool withdraw main 3 --reason "of last month"
# (a version is written down once its file is there)
withdrawn() { why main 7731 --json && holds 'versions[-1]["values"]["revenue"] == "1500.50"'; }
check "both are published, and known" within 10 withdrawn
check "why" why main 7731
check "tells the dump that waits" says "other.csv (preset amocrm, utf-8): held, nothing of it counts as yet"
check "who cancelled it" says "cancel, by $(id -un)"
check "what was decided" says "status CANCELLED"
check "the dump that was withdrawn" says "): withdrawn, nothing of it counts any more"
check "and by whom" says "withdraw, by $(id -un): of last month"
check "that its status was decided" says "its status was decided by a person"
check "as JSON" why main 7731 --json
check "the states" holds '[d["state"] for d in dumps] == ["merged", "merged", "withdrawn", "held"]'
check "what versions carried, before and after" holds '[v["values"]["revenue"] for v in versions][:4] == ["1000", "1500.50", "1700", "1700"] and versions[-1]["values"]["revenue"] == "1500.50" and versions[-1]["values"]["order_status"] == "CANCELLED"'
check "what it is now" holds 'w["now"]["values"]["revenue"] == "1500.50" and w["now"]["values"]["order_status"] == "CANCELLED" and w["now"]["ruled"]'

# --- without the archive ---------------------------------------------------------------
check "the daemon ends" daemon_stop
check "why needs no daemon" why main 7731
mv "$dir"/archive/main/*/*/*/*-deals.csv-*.gz "$work/"
mv "$dir"/archive/main/published/*/*/*/*-"$(sha256sum "$work/version1.csv" | cut -c1-12)".gz "$work/"
check "when copies are gone" why main 7731
check "it says so of the dump" says "1 dump could not be looked into: dump 1"
check "and of no version that it cannot tell of" lacks "$(sha256sum "$work/version1.csv" | cut -c1-12)"
finish
