#!/bin/sh
# A running instance and one dump of every syntax, by rename and over SFTP:
# what is published, reported, kept and rebuilt; then everything that is no
# dump, each with its own sentence and code, while the last good file stays.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main --feed hashed
sed -i '/^feed.*hashed/,$s/pii = plain/pii = hash/' "$conf"
# every CRM has a source of its own
for name in 1c bitrix amo shop; do
	sed -i "0,/^}/ s/^}/\n\tsource \"$name\" {\n\t\tid_prefix = \"$name-\"\n\t}\n}/" "$conf"
done
sed -i '/source "1c"/,/}/ s/id_prefix/default_status = "PAID"\n\t\tid_prefix/' "$conf"
check "the configuration is good" "$convdropd" -t -c "$conf"
daemon

iso=$(day 1 %Y-%m-%d) day=$(day 1 %d.%m.%Y)
file=$dir/published/main/conversions.csv
line() { grep -qFx "$1" "$file"; } # of the published file
published() { within 15 line "$1"; }
refused_for() { # FILE NAME CODE WORDS: refused, in all three places
	drop_and_wait "$1" "$2" &&
	    within 10 grep -q "$4.*($3)" "$dir/reports/main/$2.report.json" &&
	    [ "$(json state "$dir/reports/main/$2.report.json")" = refused ] &&
	    grep -qE "$4" "$dir/reports/main/$2.report.txt" &&
	    tool dumps main | grep -F "$2" | grep -q refused &&
	    # kept as it came: some archived copy holds its bytes
	    for copy in "$dir"/archive/main/*/*/*/*-"$2"-*.gz; do
		zcat "$copy" 2>/dev/null | cmp -s - "$1" ||
		    cmp -s "$copy" "$1" || return 1
	    done
}

# --- one of each ------------------------------------------------------------
"$python" - "$work" "$iso" "$day" "$srcdir" <<'EOP'
import gzip, io, json, os, sys, zipfile
work, iso, day, srcdir = sys.argv[1:]
def put(name, data, encoding="utf-8"):
    with open(os.path.join(work, name), "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode(encoding))
put("crm.csv", "ID;Этап сделки;Дата создания;Бюджет;Мобильный телефон (контакт)\r\n"
    f"1;Успешно реализовано;{day} 10:00:00;1 500,50;'+7 (916) 123-45-01\r\n"
    f"2;Непонятно;{day} 10:00:00;5;89161234502\r\n", "cp1251")
# what comes late: the phone and the status of the second record alone
put("orders.json", json.dumps([
    {"id": "11", "create_date_time": f"{iso} 11:00:00", "emails": "a11@example.com",
     "order_status": "PAID"},
    {"id": "12", "create_date_time": f"{iso} 11:00:01", "emails": "a12@example.com",
     "order_status": "PAID", "revenue": 7, "note": "\"a;b\"\n=1+1"},
    {"id": "13", "create_date_time": "вчера", "emails": "a13@example.com",
     "phones": "89161234513", "comment": "call 8 916 123-45-13"}]))
# and one whose columns come later than anybody looks ahead
put("late.json", json.dumps([
    {"id": f"L{i}", "create_date_time": f"{iso} 11:30:00" if i % 500 else "вчера",
     "emails": f"a1{i}@example.com", "order_status": "PAID"} for i in range(1, 1501)] + [
    {"id": "L1501", "create_date_time": f"{iso} 11:30:00", "order_status": "PAID",
     "phones": "89161234514", "comment": "call 8 916 123-45-14"},
    {"id": "L1503", "create_date_time": f"{iso} 11:30:00", "emails": "a16@example.com"},
    {"id": "L1502", "create_date_time": "вчера", "order_status": "PAID",
     "phones": "89161234515", "comment": "=call 8 916 123-45-15\n a15@example.com"}]))
put("status.json", json.dumps([
    {"id": f"S{i}", "create_date_time": f"{iso} 11:30:00", "emails": "s@example.com"}
    for i in range(1500)] + [
    {"id": "S1500", "create_date_time": f"{iso} 11:30:00", "emails": "s@example.com",
     "order_status": ""},
    {"id": "S1501", "create_date_time": f"{iso} 11:30:00", "emails": "s@example.com",
     "order_status": "PAID"}]))
put("lines.jsonl", "".join(json.dumps(o) + "\n" for o in [
    {"id": "21", "createDateTime": f"{iso} 12:00:00", "contactPhone": "+79161234521",
     "orderStatus": "IN_PROGRESS"},
    {"id": "22", "createDateTime": f"{iso} 12:00:01", "contactPhone": "+79161234522",
     "orderStatus": "CANCELLED"}]))
head = ["ID", "Стадия сделки", "Сумма", "Дата создания", "Рабочий телефон"]
rows = [["31", "Успешно", "10 000,50", f"{day} 13:00:00", "8 (916) 123-45-31"],
        ["32", "Новая", "", f"{day} 13:00:01", "8 (916) 123-45-32"]]
html = "<table><tr>" + "".join(f"<th>{h}</th>" for h in head) + "</tr>\n" + "".join(
    "<tr>" + "".join(f"<td>{c}</td>" for c in r) + "</tr>\n" for r in rows) + "</table>"
put("bitrix.xls", html)
import openpyxl
from datetime import datetime
book = openpyxl.Workbook()
sheet = book.active
for row in (["Отчёт"], ["Номер", "Дата", "Сумма", "Телефон"],
            ["0000-000041", datetime.fromisoformat(f"{iso} 14:00:00"), 2500, "89161234541"]):
    sheet.append(row)
book.save(os.path.join(work, "1c.xlsx"))
sheet["A3"] = "0000-000042"
book.save(os.path.join(work, "more.xlsx"))
put("1c.xlsx.gz", gzip.compress(open(os.path.join(work, "more.xlsx"), "rb").read()))
direct = "create_date_time;id;phones;order_status\n"
put("plain.csv.gz", gzip.compress((direct + f"{iso} 15:00:00;51;79161234551;PAID\n").encode()))
with zipfile.ZipFile(os.path.join(work, "three.zip"), "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("a.csv", direct + f"{iso} 16:00:00;61;79161234561;PAID\n")
    z.writestr("b.json", json.dumps([{"id": "62", "create_date_time": f"{iso} 16:00:01",
               "phones": "79161234562", "order_status": "SPAM"}]))
    z.writestr("c.csv", "x;y\n1;2\n")
put("shop.csv", "Номер заказа;Дата заказа;Статус;Оплачен;Отменен;Телефон\n"
    f"71;{day} 17:00:00;Возврат;Да;Нет;89161234571\n"
    f"72;{day} 17:00:01;Новый;Да;Нет;89161234572\n")

# --- what is no dump
put("pack.xls", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504) + b"Workbook" + bytes(1000))
put("locked.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504) +
    "EncryptionInfo".encode("utf-16le") + bytes(100) +
    "EncryptedPackage".encode("utf-16le") + bytes(1000))
with zipfile.ZipFile(os.path.join(work, "sheet.ods"), "w") as z:
    z.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    z.writestr("content.xml", "<x/>")
put("act.pdf", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n")
put("1c.xml", '<?xml version="1.0" encoding="windows-1251"?>\n<КоммерческаяИнформация '
    'ВерсияСхемы="2.05"><Документ></Документ></КоммерческаяИнформация>\n', "cp1251")
put("cut.xls", html[:-40])
put("cut.json", json.dumps([{"id": str(i), "create_date_time": f"{iso} 18:00:00",
    "phones": "79161234581", "order_status": "PAID"} for i in range(3)])[:-30])
with zipfile.ZipFile(os.path.join(work, "bomb.zip"), "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("a.csv", b"0" * (100 << 20))
put("bomb.csv.gz", gzip.compress(b"0" * (100 << 20)))
with zipfile.ZipFile(os.path.join(work, "slip.zip"), "w") as z:
    z.writestr("../../inbox/main/evil.csv", direct + f"{iso} 19:00:00;99;79161234599;PAID\n")
put("random.csv", bytes((i * 7919 >> 3) & 255 for i in range(5000)))
put("two.json", json.dumps({"orders": [{"id": "1", "create_date_time": f"{iso} 18:00:00",
    "phones": "79161234581", "order_status": "PAID"}], "clients": [{"id": "2", "phones": "2"}]}))
put("pasted.json", 2 * json.dumps({"result": [{"id": "1", "create_date_time": f"{iso} 18:00:00",
    "phones": "79161234581", "order_status": "PAID"}]}))
EOP
(cd "$work" && printf '%s\n' "x;y" >secret.csv && zip -qX -P secret secret.zip secret.csv)

check "CSV in windows-1251" drop_and_wait "$work/crm.csv" crm.csv main/amo
check "is published" published "$iso 10:00:00;amo-1;;;;79161234501;;;PAID;1500.50;"
check "JSON whose columns come late" drop_and_wait "$work/orders.json" orders.json
check "is published" published "$iso 11:00:01;12;;;a12@example.com;;;;PAID;7;"
check "JSON whose columns come later still" drop_and_wait "$work/late.json" late.json
check "is published" published "$iso 11:30:00;L1501;;;;79161234514;;;PAID;;"
check "a workbook of 1C" drop_and_wait "$work/1c.xlsx" 1c.xlsx main/1c
check "is published" published "$iso 14:00:00;1c-0000-000041;;;;79161234541;;;PAID;2500;"
check "one in gzip" drop_and_wait "$work/1c.xlsx.gz" 1c.xlsx.gz main/1c
check "is published" published "$iso 14:00:00;1c-0000-000042;;;;79161234541;;;PAID;2500;"
check "CSV in gzip" drop_and_wait "$work/plain.csv.gz" plain.csv.gz
check "is published" published "$iso 15:00:00;51;;;;79161234551;;;PAID;;"
check "a shop's dump" drop_and_wait "$work/shop.csv" shop.csv main/shop
check "what was paid is published" published "$iso 17:00:01;shop-72;;;;79161234572;;;PAID;;"
check "what was given back is cancelled" published "$iso 17:00:00;shop-71;;;;79161234571;;;CANCELLED;;"
printf 'put %s /inbox/main/bitrix/b.xls\nput %s /inbox/main/l.jsonl\nput %s /inbox/main/three.zip\n' \
    "$work/bitrix.xls" "$work/lines.jsonl" "$work/three.zip" |
    sftp_as dropper "$dropper" >"$work/o" 2>&1
check "Bitrix24's HTML over SFTP is published" \
    published "$iso 13:00:00;bitrix-31;;;;79161234531;;;PAID;10000.50;"
check "so is an object a line" published "$iso 12:00:01;22;;;;79161234522;;;CANCELLED;;"
check "and each dump of an archive" published "$iso 16:00:01;62;;;;79161234562;;;SPAM;;"
check "but the bad one" within 10 grep -q "(E[0-9]*)" "$dir/reports/main/three.zip_c.csv.report.json"

# --- what is said of them ---------------------------------------------------
accounts() { # every report and the ledger: the buckets hold every record
	"$python" - "$dir" <<-'EOP'
	import csv, glob, json, sys
	seen = {}
	keys = "accepted", "unchanged", "superseded", "skipped", "rejected"
	for path in sorted(glob.glob(sys.argv[1] + "/reports/*/*.report.json")):
	    r = json.load(open(path))
	    assert r["records"] == sum(r[k] for k in keys), path
	    assert path.endswith("/" + r["name"].replace("/", "_") + ".report.json")
	    rows = list(csv.reader(open(path.replace(".report.json", ".rejects.csv"),
	                                encoding="utf-8-sig", newline=""), delimiter=";"))
	    bad = sum(row[1] == "row" for row in rows[1:])
	    if r["state"] == "merged":
	        assert bad == r["rejected"], (path, bad)
	    for row in rows[1:]:
	        assert len(row) <= max(len(rows[0]), 5), (path, rows[0], row)
	    if r["name"] == "late.json":
	        assert rows[0][-2:] == ["phones", "comment"], rows[0]
	        assert [row[0] for row in rows[1:]] == 5 * ["1"], rows
	        assert "вчера" in rows[4] and len(rows[1]) == 9 and len(rows[4]) == 11, rows
	    seen[r["feed"], r["name"]] = r
	assert len(seen) >= 11, seen.keys()
	r = seen["main", "orders.json"]
	assert (r["records"], r["accepted"], r["rejected"]) == (3, 2, 1), r
	assert r["syntax"] == "json", r
	headers = [c["header"] for c in r["columns"]]
	assert headers[-2:] == ["phones", "comment"], headers
	EOP
}
check "reports add up, and their cells have headers" accounts
ledger() {
	tool dumps main | grep -F "$1" | grep -q "$2"
}
check "the ledger knows each" ledger orders.json merged
check "also those of an archive" ledger three.zip/b.json merged
check "the archive holds JSON as it came" sh -c \
    "zcat '$dir'/archive/main/*/*/*/*-orders.json-*.gz | cmp - '$work/orders.json'"
check "and a workbook" sh -c \
    "zcat '$dir'/archive/main/*/*/*/*-1c.xlsx-*.gz | cmp - '$work/1c.xlsx'"
check "the store rebuilds to the same bytes" tool rebuild main

# records on one line are told apart
printf '[{"id":"A","create_date_time":"%s","phones":"","order_status":"PAID"},{"id":"B","create_date_time":"%s","phones":"","order_status":"PAID"}]' \
    "$iso 10:00:00" "$iso 11:00:00" >"$work/line.json"
"$convdrop" convert "$work/line.json" --rejects "$work/line.csv" >"$work/o" 2>&1
check "records of one line are refused by name" \
    [ "$(grep -c ";[AB];$iso 1[01]:00:00;" "$work/line.csv")" = 2 ]
check "each once" [ "$(grep -c ";A;" "$work/line.csv")" = 1 ]

# a status column that comes late is asked from then on
status_late() {
	"$convdrop" convert "$work/status.json" --default-status PAID \
	    --rejects "$work/line.csv" >"$work/o" 2>"$work/said"
	grep -q " 1502 records: 1501 accepted.* 1 rejected" "$work/said" &&
	    grep -q "E309;.*;S1500;" "$work/line.csv"
}
check "an order without one is refused then" status_late

# --- hashed: nobody is anywhere ---------------------------------------------
leaks() { # phones (also cut into groups) and e-mails of the dumps
	{
		find "$dir"/archive/hashed -name '*.gz' -exec zcat {} +
		find "$dir"/archive/hashed "$dir"/published/hashed \
		    "$dir"/reports/hashed "$dir"/inbox/hashed -type f \
		    ! -name '*.gz' -exec cat {} +
		cat "$work/log"
	} | grep -aE '916.?.?.?123.?45|a1[0-9]@|@example'
}
for name in orders.json late.json lines.jsonl bitrix.xls plain.csv.gz three.zip shop.csv; do
	check "$name, hashed" drop_and_wait "$work/$name" "$name" hashed
done
within 15 grep -q "shop.csv" "$dir/reports/hashed/shop.csv.report.json"
md5=$(printf a12@example.com | md5sum | cut -d' ' -f1)
check "is published as MD5" within 15 grep -qFx \
    "$iso 11:00:01;12;;;;;$md5;;PAID;7;" "$dir/published/hashed/conversions.csv"
refute "nobody's phone or e-mail is anywhere, late columns included" leaks
check "reports of the hashed add up" accounts
check "it rebuilds to the same bytes" tool rebuild hashed

# --- what is no dump --------------------------------------------------------
cp -p "$file" "$work/good"
stat -c '%Y %i' "$file" >"$work/good.stat"
while read -r name code words; do
	check "$name has its sentence" refused_for "$work/$name" "$name" "$code" "$words"
done <<'EOF2'
pack.xls E[0-9]* binary .xls workbook
locked.xlsx E[0-9]* workbook is protected by a password
sheet.ods E[0-9]* OpenDocument
act.pdf E[0-9]* PDF document
1c.xml E[0-9]* is XML, perhaps CommerceML
cut.xls E[0-9]* ends in the middle
cut.json E[0-9]* ends in the middle
bomb.csv.gz E[0-9]* far more than a dump
secret.zip E[0-9]* protected by a password
random.csv E[0-9]* neither text nor
two.json E[0-9]* more than one list
pasted.json E[0-9]* more than one list
EOF2
check "a bomb in an archive is taken" drop_and_wait "$work/bomb.zip" bomb.zip
check "and not unpacked" within 10 grep -q "far more than.*(E[0-9]*)" "$dir/reports/main/bomb.zip_a.csv.report.json"
check "a name that leads out is taken" drop_and_wait "$work/slip.zip" slip.zip
check "and refused" within 10 sh -c "grep -q 'leads out.*(E[0-9]*)' '$dir'/reports/main/slip.zip.report.json"
check "and was no path" test ! -e "$dir/inbox/main/evil.csv"
check "the last good file is what it was" cmp "$work/good" "$file"
check "to the second" [ "$(stat -c '%Y %i' "$file")" = "$(cat "$work/good.stat")" ]
check "the store rebuilds as before" tool rebuild main
check "the audit's chain holds" tool audit verify
check "the daemon ends cleanly" daemon_stop
finish
