#!/bin/sh
# Nothing that the role report is shown says who somebody is, whatever a dump
# holds and wherever it holds it: dumps made for that, and a dump of every CRM
# with its dates spoilt, so that all rows are refused and shown.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
never_hold
masked=$dir/reports/main/.masked
daemon

# 8 911 000-00-NN, ivanNN@, 17123456789012345NN, Сидоров: none may be seen
cat >"$work/make.py" <<'EOF2'
import sys
day, path = sys.argv[1:]
head = ("create_date_time;id;client_ids;phones;emails;emails_md5;phones_md5;client_uniq_id;user_id;yclid;"
        "purchase_id;order_status;revenue;currency;Клиент;name;комментарий")
md5 = "0cc175b9c0f1b6a831c399e2697726"
rows = [
    f"b1;1712345678901234501;+7 911 000-00-01;ivan01@example.com;{md5}61;{md5}62;u-79110000002;user-71;"
    "1234567890123456789;p-79110000003;Позвонить Ивану Сидорову 8 911 000 00 04 до 5;abc;RUB;Иван Сидоров;"
    "Иван;звонить 8 (911) 000 00 05, почта ivan06@example.com",
    "79110000007;x;;;;;;;;;ivan07@почта.рф;по договору 79110000008;Сидоров;;;",
    "ivan08@почта.рф;x;+7;oops;zz;zz;;;;;PAID;=cmd|8 911 000 00 09;-79110000010;=Сидоров;+Сидоров;@ivan11",
    "b4;+7 911 000-00-12;ivan13@example.com;;;;;;;PAID;100;RUB;Сидоров;Иван;",
    "b5;;;1712345678901234502;+7 911 000-00-14;ivan15@example.com;;;;;;;Сидоров;PAID;Сидоров;RUB;Иван;Иван;к",
    'b6;"a\nСидоров";"+7 911\n000-00-16";;;;;;;;"Сидоров\n8911 000 0017";;;;;',
    f"{md5}63;;;;;;;;;;{md5}64;тел.8-911-000-00-18;;;;",
    "1712345678901234503;;;;;;;;;;1712345678901234504;заказ 5 от 8 911 000 00 19;;;;",
    "b11 тел 8 911 000 00 22;;;;;;;;;;PAID;1;;;;",
    "Иван Сидоров;;;;;;;;;;8 911\xa0000\u201100\u201123;Сидоров;;;;",
]
with open(path, "w") as f:
    print(head, file=f)
    for date in ("неизвестно", day, "Сидоров Иван", "8 911 000 00 20"):
        for row in rows:
            print(f"{date};{row}", file=f)
EOF2
now=$(day 1 '%Y-%m-%d 10:00:00')
"$python" "$work/make.py" "$now" "$work/all.csv"
printf '%s;c1;1712345678901234505;+7 911 000-00-25;ivan26@example.com;Сидоров;PAID;1\n' "$now" >"$work/headless.csv"
printf 'create_date_time;id;phones;order_status;8 911 000 00 29 доб 1;ivan30@example.com;1712345678901234506\nx;d1;;PAID;1;1;1\n' >"$work/header.csv"
cat >"$work/keys.json" <<EOF2
[{"create_date_time":"x","id":"e1","phones":{"+79110000031":"a","ivan32@example.com":{"b":1}},
  "order_status":{"name":"к Сидорову 8 911 000 00 33"},"client_ids":[1712345678901234507],"x":["8\\u0020911 000 00 34"]},
 {"create_date_time":"$now","id":"e2","phones":["+791","ivan35@example.com"],"order_status":"n8 911 000 00 36","revenue":"Сидоров"}]
EOF2
mkdir "$work/zip"
cp "$work/all.csv" "$work/zip/Сидорова 79110000037.csv"
(cd "$work/zip" && "$python" -m zipfile -c ../in.zip ./*)
for f in all.csv headless.csv header.csv keys.json in.zip; do
	check "$f is taken" drop_and_wait "$work/$f" "$f"
done
cp "$work/all.csv" "$work/again.csv"
echo >>"$work/again.csv"
check "one that is named by a phone" drop_and_wait "$work/again.csv" "ivan23@example.com +79110000024.csv"
echo "{{{ 8 911 000 00 38" >"$work/none.csv"
check "one that is none, named likewise" drop_and_wait "$work/none.csv" "8 911 000 00 39.json"
check "the originals are what they were" grep -q "8 911 000 00 04" "$dir/reports/main/all.csv.rejects.csv"
check "a refused row is there, by its line" grep -q '^2;row;E201;create_date_time;' "$masked/all.csv.rejects.csv"
last_told() { grep -q 'Last dump: 0 000 000 00 00.xxxx' "$masked/summary.txt"; }
check "the summary tells of the last dump without its phone" within 30 last_told
check "every report has a twin" within 20 sh -c "
    [ \$(ls '$dir/reports/main' | wc -l) = \$(ls '$masked' | wc -l) ]"
cat >"$work/find.py" <<'EOF2'
import os, re, sys
bad = re.compile(r"911[\s()\-\xa0\u2011]*000[\s()\-\xa0\u2011]*00[\s()\-\xa0\u2011]*\d\d|ivan\d\d|17123456789012345\d\d"
                 r"|1234567890123456789|0cc175b9c0f1|user-71|почта")
names = re.compile("Сидоров|Иван")
found = []
for name in os.listdir(sys.argv[1]):
    if name.endswith(".new"):
        continue  # it is being written
    text = name + "\n" + open(os.path.join(sys.argv[1], name), errors="replace").read()
    found += [(name, m.group()) for m in bad.finditer(text)]
    # a name in the status column of a row that is whole is a status
    if "header" not in name:
        found += [(name, m.group()) for m in names.finditer(re.sub(r';Сидоров;000000000', '', text))]
print(*found, sep="\n")
sys.exit(bool(found))
EOF2
check "nobody is in what is shown" "$python" "$work/find.py" "$masked"

# --- every CRM
n=0
for f in "$srcdir"/tests/golden/*/in*; do
	n=$((n + 1))
	"$python" - "$f" "$work/golden" <<-'EOF2'
		import re, shutil, sys
		data = open(sys.argv[1], "rb").read()
		if data[:2] not in (b"PK", b"\x1f\x8b") and b"\0" not in data:
		    data = re.sub(rb"\b(20\d\d)-(\d\d)-(\d\d)", rb"xx\1-\2-\3", data)
		    data = re.sub(rb"\b(\d\d)\.(\d\d)\.(20\d\d)", rb"xx\1.\2.\3", data)
		open(sys.argv[2], "wb").write(data)
	EOF2
	drop_and_wait "$work/golden" "golden-$n-${f##*/}" || not_ok "$f is taken"
done
check "dumps of all CRMs are refused row by row" [ "$(cat "$masked"/golden-*.rejects.csv | grep -c ';row;')" -gt 100 ]
cat >"$work/crms.py" <<'EOF2'
import glob, io, os, re, sys, zipfile, gzip
golden, masked = sys.argv[1:]
def texts(path):
    data = open(path, "rb").read()
    if data[:2] == b"PK":
        z = zipfile.ZipFile(io.BytesIO(data))
        blobs = [z.read(n) for n in z.namelist()]
    else:
        blobs = [gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data]
    for b in blobs:
        yield b.decode("utf-16" if b[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
def tokens(text):
    out = set(re.findall(r"[\w.+-]+@[\w-]+\.[\w.]+", text))
    out |= set(re.findall(r"\b[0-9a-f]{32}\b", text)) | set(re.findall(r"\b\d{15,20}\b", text))
    for m in re.finditer(r"(?:\+|\b[78])[\d ()\-]{9,}\d", text):
        digits = re.sub(r"\D", "", m.group())
        if len(digits) == 11 and digits[1] == "9":
            out.add("phone " + digits[1:])
    return out
have = set()
for path in glob.glob(golden + "/*/in*"):
    for text in texts(path):
        have |= tokens(text)
assert len(have) > 50, len(have)
shown = set()
for path in glob.glob(masked + "/golden-*"):
    shown |= tokens(open(path, errors="replace").read())
print(*(have & shown), sep="\n")
sys.exit(bool(have & shown))
EOF2
check "no phone, e-mail, hash or ClientID of theirs is shown" \
    "$python" "$work/crms.py" "$srcdir/tests/golden" "$masked"
check "SIGTERM ends the daemon well" daemon_stop
finish
