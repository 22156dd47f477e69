#!/bin/sh
# A person goes from everywhere: from the store, from archived dumps of every
# kind, from archived versions, from what is published, from reports; and stays
# away when the next dump brings him back.  The audit and a rebuild agree.
. "${srcdir:-.}/tests/e2e/lib.sh"

phone='+7 (999) 555-11-22' mail=Ivan.Petrov@Example.com
client=1665391200123456789
traces() { # …: no file of the instance has a trace of him
	"$python" "$srcdir/tests/e2e/traces.py" "$dir" "$@"
}
published() { grep -q -- "$2" "$dir/published/$1/conversions.csv"; }
unpublished() { ! published "$@"; }
rebuilds() { # FEED
	tool rebuild "$1" --json >"$work/rebuild.json" || {
		cat "$work/rebuild.json"
		return 1
	}
}
status_is() { # STATUS COMMAND…
	want=$1
	shift
	"$@" >"$work/out" 2>&1
	got=$?
	[ "$got" = "$want" ] || { echo "exit status $got"; cat "$work/out"; return 1; }
}
says() { grep -q -- "$1" "$work/out" || { cat "$work/out"; return 1; }; }
merged() { # FEED NAME: the last dump of that name was
	grep -q '"state": "merged"' "$dir/reports/$1/$2.report.json" ||
	    { cat "$dir/reports/$1/$2.report.txt"; return 1; }
}

instance --feed main --feed hash --feed alone --feed crm
# the feed hash publishes hashes
"$python" - "$conf" <<'EOF'
import re, sys
text = open(sys.argv[1]).read()
head, *feeds = re.split(r'(?m)^(?=feed ")', text)
feeds[1] = re.sub(r'(?m)^(\s*)#? ?pii = .*$', r'\1pii = "hash"', feeds[1])
feeds[0] = re.sub(r'(?m)^(\s*)#? ?outputs = .*$',
    r'\1outputs = { "conversion-center", "metrica-orders", "crm-json" }', feeds[0])
feeds[3] = re.sub(r'(?m)^(\s*)#? ?outputs = .*$',
    r'\1outputs = { "conversion-center", "metrica-contacts", "metrica-calls" }', feeds[3])
open(sys.argv[1], 'w').write(head + ''.join(feeds))
EOF
check "the configuration is taken" "$convdropd" -c "$conf" -t
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"

d=$(day 2 '%Y-%m-%d')
header='id;create_date_time;order_status;revenue;phones;emails;client_ids;fio;comment'
others() { # orders of other people, from number $1 to $2
	seq "$1" "$2" | while read -r n; do
		echo "$n;$d 10:00:00;PAID;100;7916000$n;;;Anna $n;"
	done
}
{
	echo "$header"
	others 1000 1040
	echo "2001;$d 11:00:00;PAID;1500.50;8 999 555 11 22;;;Ivan Petrov;call 8(999)555-11-22"
	echo "2002;$d 12:00:00;IN_PROGRESS;10;;$mail;;Ivan Petrov;"
	echo "2003;$d 13:00:00;PAID;77;+79995551122, 89161112233;;;Ivan Petrov;an office"
	echo "2004;$d 14:00:00;PAID;88;;;$client;;"
	echo "2005;no date;PAID;1;+7-999-555-11-22;;;Ivan Petrov;refused"
} >"$work/a.csv"
gzip -c "$work/a.csv" >"$work/a.csv.gz"
{
	echo "$header"
	others 1041 1050
	echo "2006;$d 11:30:00;PAID;5;9995551122;IVAN.PETROV@example.com;$client;Пётр;"
} >"$work/b.csv"
iconv -f utf-8 -t windows-1251 "$work/b.csv" >"$work/b1251.csv"
"$python" - "$work" "$d" <<'EOF'
import json, sys, zipfile
work, d = sys.argv[1:]
keys = "id create_date_time order_status revenue phones emails client_ids fio comment".split()
rows = [dict(zip(keys, [str(n), d + " 10:00:00", "PAID", 100, "7916000%d" % n, "", "", "Anna", ""]))
        for n in range(1051, 1060)]
rows.append(dict(zip(keys, ["2007", d + " 15:00:00", "PAID", 9, "7 999 555-11-22", "", "", "Ivan", "x"])))
json.dump(rows, open(work + "/c.json", "w"))
with zipfile.ZipFile(work + "/d.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("one.csv", ";".join(keys) + "\n" + "".join(
        "%d;%s 10:00:00;PAID;100;7916000%d;;;Anna;\n" % (n, d, n) for n in range(1060, 1070)) +
        "2008;%s 16:00:00;PAID;3;8-999-555-11-22;;;Ivan;\n" % d)
cells = [keys] + [[str(n), d + " 10:00:00", "PAID", "100", "7916000%d" % n, "", "", "Anna", ""]
                  for n in range(1070, 1080)]
cells.append(["2009", d + " 17:00:00", "PAID", "4", "+7 999 555 11 22", "Ivan.Petrov@example.com", "", "Ivan", ""])
sheet = "".join("<row>" + "".join(
    '<c t="inlineStr"><is><t>%s</t></is></c>' % c for c in row) + "</row>" for row in cells)
head = '<?xml version="1.0"?>'
types = "http://schemas.openxmlformats.org/package/2006/content-types"
rels = "http://schemas.openxmlformats.org/package/2006/relationships"
main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
with zipfile.ZipFile(work + "/e.xlsx", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("[Content_Types].xml", head + '<Types xmlns="%s"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>' % types)
    z.writestr("_rels/.rels", head + '<Relationships xmlns="%s"><Relationship Id="rId1" Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>' % (rels, office))
    z.writestr("xl/workbook.xml", head + '<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>' % (main, office))
    z.writestr("xl/_rels/workbook.xml.rels", head + '<Relationships xmlns="%s"><Relationship Id="rId1" Type="%s/worksheet" Target="worksheets/sheet1.xml"/></Relationships>' % (rels, office))
    z.writestr("xl/worksheets/sheet1.xml", head + '<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (main, sheet))
EOF
printf 'this is no dump\nof +7 999 555 11 22\n' >"$work/nonsense.csv"

daemon
check "a packed dump is taken" drop_and_wait "$work/a.csv.gz" a.csv.gz
check "and merged" merged main a.csv.gz
check "it is published" within 20 published main ';2001;'
https "/main/conversions.csv" -K "$work/curlrc" -o "$work/pulled.csv"
check "and was pulled with him in it" grep -q 79995551122 "$work/pulled.csv"
for f in b1251.csv c.json d.zip e.xlsx nonsense.csv; do
	check "$f is taken" drop_and_wait "$work/$f" "$f"
done
for f in b1251.csv c.json d.zip_one.csv e.xlsx; do
	check "$f is merged" merged main "$f"
done
check "the same dump once more is taken" drop_and_wait "$work/e.xlsx" again.xlsx
check "the feed that hashes takes one" drop_and_wait "$work/a.csv.gz" a.csv.gz hash
check "and merges it" merged hash a.csv.gz
check "everything is published" within 20 published main ';2009;'
check "the feed that hashes publishes" within 20 published hash ';2001;'
{
	echo "$header"
	echo "5001;$d 11:00:00;PAID;5;$phone;;;Ivan;"
} >"$work/alone.csv"
check "a feed has nobody else" drop_and_wait "$work/alone.csv" alone.csv alone
check "and publishes him" within 20 published alone ';5001;'
{
	echo "$header"
	echo "6001;$d 10:00:00;PAID;1;79160000601;;;Zoe;"
	echo "6002;$d 10:00:00;PAID;2;79160000602;;;Zoe;"
} >"$work/before.csv"
{
	echo "$header"
	echo "6001;$d 10:00:00;;;$phone;;;Ivan;"
	echo "6002;$d 10:00:00;;3;;$mail;;Ivan;"
} >"$work/after.csv"
check "an order has somebody else's phone" drop_and_wait "$work/before.csv" before.csv
check "and then his" drop_and_wait "$work/after.csv" after.csv
check "which is published" within 20 published main ';6001;;;;79995551122;'
https "/hash/conversions.csv" -K "$work/curlrc" -o /dev/null
check "before: a rebuild agrees" rebuilds main
refute "before: there are traces of him" traces "$phone" "$mail" "$client"

# --- looking
check "find answers 1 when he stands somewhere" status_is 1 tool person find "$phone"
check "it names an order" says 2001
check "and the shared one's other identifier, masked" says '7916\*\*\*2233'
check "and an archived dump" says 'archive/main/.*a.csv'
check "find answers 0 for somebody else" status_is 0 tool person find +79990000001
check "what is no identifier is told" status_is 2 tool person find 12
echo "$mail" >"$work/stdin"
check "identifiers come from standard input" status_is 1 tool person find - <"$work/stdin"
check "find in JSON" status_is 1 tool person find "$client" --json
check "has the order" says '"2004"'

# --- erasing
check "without a reason nothing is erased" status_is 2 tool person erase "$phone"
printf '%s\n' "$phone" "$mail" "$client" >"$work/stdin"
{
	echo "$header"
	seq 1 15 | while read -r n; do
		echo "80$n;$d 10:00:00;PAID;1;+7 999 555 00 99, 791611100$((n + 10));;;Office;"
	done
} >"$work/office.csv"
check "an office has many orders" drop_and_wait "$work/office.csv" office.csv crm
check "which are published" within 20 published crm ';8015;'
check "its phone is no person's" status_is 2 tool person erase '+7 999 555 00 99' --reason "an office"
check "which is said" says "more than one person's"
check "nothing was erased" published crm ';8015;.*79995550099'
{
	echo "$header"
	echo "5001;$d 11:00:00;PAID;5;79160005001;;;Zoe;"
} >"$work/two.csv"
check "two feeds have an order of one id" drop_and_wait "$work/two.csv" two.csv
check "which is not guessed at" status_is 2 tool person erase 5001 --reason "which?"
check "but asked" says 'order FEED ID'
check "he is erased" status_is 0 tool person erase - --reason "he asked for it" <"$work/stdin"
cp "$work/out" "$work/act"
check "the act says what was downloaded" says 'main/conversions.csv 2001: .* downloads: 1, '
check "with its status and revenue" says '\[PAID 1500.50\]'
check "the act has no phone" sh -c "! grep -q 9995551122 '$work/act'"
check "no trace of him is left" traces "$phone" "$mail" "$client"
check "nobody's identifier was in the log" sh -c "! grep -q -i -e 9995551122 -e 555-11-22 -e ivan '$work/log'"
check "the audit accepts it" tool audit verify
moved() { [ -f "$dir/$(json archive "$dir/reports/main/a.csv.gz.report.json")" ]; }
check "the report names the copy that is left" moved
check "his orders are no longer published" unpublished main ';2001;'
check "the shared order stays with the other phone" published main ';2003;.*79161112233'
check "an order that had another's phone before has it again" published main ';6001;;;;79160000601;'
check "and one that had his e-mail beside it stays without" published main ';6002;;;;79160000602;'
check "where nobody is left, nothing is published" [ ! -e "$dir/published/alone/conversions.csv" ]
check "others stay" published main ';1000;'
check "a rebuild agrees" rebuilds main
check "also where hashes are published" rebuilds hash
check "a line of a dump that was written anew can be shown" sh -c "'$convdrop' -c '$conf' why main 2006 >/dev/null 2>&1; '$convdrop' -c '$conf' why main 1041 | grep -q 'Anna\|A\*\*\*'"
check "find finds nothing" status_is 0 tool person find "$phone" "$mail" "$client"
changed() {
	f=$(find "$dir/archive/main" -name '*-c.json-????????????.gz' | head -1)
	cp -p "$f" "$work/kept" && echo x | gzip >"$f"
	tool audit verify >/dev/null
	rc=$?
	cp -p "$work/kept" "$f"
	return $rc
}
refute "another change is still found" changed
check "and is over" tool audit verify

# --- the next dump brings him back
sed 's/;1500.50;/;1600;/; s/;10;/;20;/' "$work/a.csv" >"$work/a2.csv"
echo "3001;$d 18:00:00;PAID;6;tel. 8 (999) 555 11 22;;;Ivan;" >>"$work/a2.csv"
echo "3002;$d 18:00:00;PAID;6;79160009999;;;Boris;" >>"$work/a2.csv"
check "the next dump is taken" drop_and_wait "$work/a2.csv" a2.csv
check "and merged" merged main a2.csv
for f in c.json d.zip e.xlsx nonsense.csv; do
	check "$f comes again" drop_and_wait "$work/$f" "2$f"
done
check "and where hashes are published" drop_and_wait "$work/a2.csv" a2.csv hash
check "what is new is published" within 20 published main ';3002;'
check "still there is no trace of him" traces "$phone" "$mail" "$client"
tool preview main "$work/a2.csv" --json >"$work/preview.json"
check "preview knows whom nobody may bring back" sh -c "! grep -q '\"2001\"\|\"3001\"' '$work/preview.json'"
check "the report says how many rows were left out" grep -q 'rows of erased persons, left out' "$dir/reports/main/a2.csv.report.txt"
check "the audit agrees" tool audit verify
check "a rebuild agrees with that, too" rebuilds main
check "and where hashes are published" rebuilds hash

# --- an order by its id
check "an order is found by its id" status_is 1 tool person find --order main 1005
check "and erased" status_is 0 tool person erase --order main 1005 --reason "an order"
check "it is gone" unpublished main ';1005;'
sed 's/;100;/;101;/' "$work/a.csv" >"$work/a3.csv"
check "a dump that has it again is taken" drop_and_wait "$work/a3.csv" a3.csv
check "others change" within 20 published main ';1006;.*;101'
check "it stays away" unpublished main ';1005;'
check "a rebuild agrees then" rebuilds main
check "the audit, too" tool audit verify

# --- a client, her orders and calls
cat >"$work/clients.json" <<EOF
{"clients":[
{"clientUniqId":"c1","name":"Olga","contactPhone":"8 (999) 555-44-33"},
{"clientUniqId":"c2","name":"Boris","contactPhone":"79995553333"}
]}
EOF
cat >"$work/orders.json" <<EOF
{"orders":[
{"id":"7001","createDateTime":"$d 10:00:00","clientUniqId":"c1","clientType":"CONTACT","orderStatus":"PAID","revenue":1},
{"id":"7002","createDateTime":"$d 11:00:00","clientUniqId":"c2","clientType":"CONTACT","orderStatus":"PAID","revenue":2}
]}
EOF
cat >"$work/calls.csv" <<EOF
UserId,ClientId,Yclid,DateTime,PhoneNumber,TalkDuration,Tag
,1695123456789012399,,$(date -d "$d 12:00:00 UTC" +%s),+79995554433,65,shop
,1695123456789012398,,$(date -d "$d 12:00:00 UTC" +%s),+79995553333,65,shop
EOF
for f in clients.json orders.json calls.csv; do
	check "$f is taken" drop_and_wait "$work/$f" "$f" crm
	check "and merged" merged crm "$f"
done
check "her order is published with her phone" within 20 published crm ';7001;.*79995554433'
echo '+7 999 555-44-33' >"$work/stdin"
check "she is erased" status_is 0 tool person erase - --reason "she asked" <"$work/stdin"
check "her order goes, for it was hers by her client id" unpublished crm ';7001;'
check "the other's stays" published crm ';7002;.*79995553333'
check "no trace of her is left" traces '+79995554433'
check "a rebuild agrees about clients" rebuilds crm
sed 's/"revenue":1/"revenue":11/; s/"revenue":2/"revenue":22/' "$work/orders.json" >"$work/orders2.json"
sed 's/Olga/Olga K/; s/Boris/Boris K/' "$work/clients.json" >"$work/clients2.json"
check "the clients come again" drop_and_wait "$work/clients2.json" clients2.json crm
check "and the orders" drop_and_wait "$work/orders2.json" orders2.json crm
check "the other's changes" within 20 published crm ';7002;.*;22;'
check "she stays away" unpublished crm ';7001;'
check "and leaves no trace" traces '+79995554433'
check "and a rebuild still agrees about clients" rebuilds crm
check "and the audit" tool audit verify

# --- killed in the middle
{
	echo "$header"
	others 1100 1130
	echo "4001;$d 11:00:00;PAID;15;79997770011;;;Petr;"
} >"$work/k.csv"
for n in 1 2 3 4 5 6; do
	sed "s/;15;/;1$n;/" "$work/k.csv" >"$work/k$n.csv"
	drop_and_wait "$work/k$n.csv" "k$n.csv"
done
check "somebody else is published" within 20 published main ';4001;'
echo +79997770011 >"$work/stdin"
tool person erase - --reason "killed" <"$work/stdin" >"$work/killed" 2>&1 &
asker=$!
within 20 sh -c "cat '$dir'/audit/*.jsonl | grep -q 'erased.*-k1.csv'"
daemon_kill
wait "$asker"
daemon
finished() {
	[ "$(cat "$dir"/audit/*.jsonl | grep -c '"erased".*"orders"')" = "$1" ] &&
	    ! tool status | grep -q Erasure
}
check "what was interrupted goes on" within 30 finished 4
check "no trace is left then" traces +79997770011
check "the audit accepts that" tool audit verify
check "and a rebuild" rebuilds main
check "its act can be seen" status_is 0 tool person act 4
daemon_stop
finish
