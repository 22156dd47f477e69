#!/bin/sh
# A zip archive is dropped: each dump in it has its own entry, report and
# accounting; what cannot be read has its sentence; workbooks go the same way.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main --feed hashed
# the second feed hashes
sed -i '/^feed.*hashed/,$s/pii = plain/pii = hash/' "$conf"
dump() { # ID STATUS: a dump of one order
	printf 'create_date_time;id;client_ids;order_status\n%s;%s;1%s;%s\n' \
	    "$(day 1 '%Y-%m-%d %H:%M:%S')" "$1" "$1" "$2"
}
pack() { # ARCHIVE FOLDER: all that is in it
	"$python" - "$@" <<-'EOP'
	import os, sys, zipfile
	with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
	    for top, _, names in sorted(os.walk(sys.argv[2])):
	        for name in sorted(names):
	            path = os.path.join(top, name)
	            z.write(path, os.path.relpath(path, sys.argv[2]))
	EOP
}
published() { # WORDS [FEED]
	grep -q "$1" "$dir/published/${2:-main}/conversions.csv"
}
report_has() { # NAME WORDS
	grep -q "$2" "$dir/reports/main/$1.report.txt"
}
entries() { # WORDS N: so many lines of the ledger hold them
	[ "$(tool dumps main | grep -c "$1")" = "$2" ]
}

# --- three dumps, one of them bad -------------------------------------------
mkdir -p "$work/three/april" "$work/three/__MACOSX"
dump 1 PAID >"$work/three/a.csv"
dump 2 IN_PROGRESS >"$work/three/april/b.csv"
gzip -nf "$work/three/april/b.csv"
echo "no header here" >"$work/three/c.csv"
echo x >"$work/three/.DS_Store"
echo x >"$work/three/__MACOSX/._a.csv"
pack "$work/three.zip" "$work/three"
daemon
check "an archive leaves the inbox" drop_and_wait "$work/three.zip" three.zip
check "its first dump is published" within 10 published ';1;;11;'
check "so is the one in gzip in a folder" within 10 published ';2;;12;'
check "each dump has its entry" entries three.zip/ 3
check "the bad one is refused alone" entries refused 1
check "and its report says why" report_has three.zip_c.csv "names the columns"
check "the good ones have reports of their own" \
    test -s "$dir/reports/main/three.zip_april_b.csv.gz.report.json"
check "what a Mac leaves is passed over and counted" \
    grep -q "dumps in it: 3, other members, which are passed over: 2" "$work/log"
check "the archive is kept as it came" sh -c \
    "zcat '$dir'/archive/main/*/*/*/*-three.zip-*.gz | cmp - '$work/three.zip'"
check "the same archive again changes nothing" \
    drop_and_wait "$work/three.zip" again.zip
check "its dumps are known" within 10 grep -q "again.zip/a.csv: known already" "$work/log"

# --- workbooks --------------------------------------------------------------
"$python" - "$work/book.xlsx" <<-'EOP'
	import datetime, openpyxl, sys
	book = openpyxl.Workbook()
	when = datetime.datetime.now() - datetime.timedelta(days=1)
	book.active.append(["create_date_time", "id", "client_ids", "order_status"])
	book.active.append([when.replace(microsecond=0), 7, 17, "PAID"])
	book.save(sys.argv[1])
EOP
check "a workbook is taken" drop_and_wait "$work/book.xlsx" book.xlsx
check "and published" within 10 published ';7;;17;'
gzip -nc "$work/book.xlsx" >"$work/book.xlsx.gz"
check "the same one in gzip is known" drop_and_wait "$work/book.xlsx.gz" gz.xlsx.gz
check "by its bytes" within 10 grep -q "gz.xlsx.gz: known already" "$work/log"

# --- hashed -----------------------------------------------------------------
check "a feed that hashes takes an archive" \
    drop_and_wait "$work/three.zip" three.zip hashed
check "and publishes it" within 10 published ';1;;11;' hashed
refute "without keeping it" sh -c \
    "ls '$dir'/archive/hashed/*/*/*/*-three.zip-*.gz"

# --- what cannot be read ----------------------------------------------------
refused_for() { # FILE NAME WORDS
	drop_and_wait "$1" "$2" && report_has "$2" "$3"
}
"$python" - "$work" <<-'EOP'
	import sys, zipfile, zlib
	work = sys.argv[1]
	row = open(work + "/three/a.csv").read()
	def make(name, members, method=zipfile.ZIP_DEFLATED):
	    with zipfile.ZipFile(f"{work}/{name}", "w", method) as z:
	        for m, data in members:
	            z.writestr(m, data)
	make("slip.zip", [("../../inbox/main/evil.csv", row),
	                  ("good.csv", row.replace(";1;11;", ";3;13;"))])
	make("inner.zip", [("a.csv", row)])
	make("nested.zip", [("inner.zip", open(work + "/inner.zip", "rb").read()),
	                    ("good.csv", row.replace(";1;11;", ";4;14;"))])
	make("bomb.zip", [("a.csv", b"0" * (100 << 20))])
	make("empty.zip", [("folder/", b"")])
	make("many.zip", [(f"{i}.csv", "") for i in range(1001)])
	make("sheet.ods", [("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
	                   ("content.xml", "<x/>")])
	data = bytearray(open(work + "/inner.zip", "rb").read())
	data[data.index(b"PK\1\2") + 10] = data[8] = 9
	open(work + "/method.zip", "wb").write(data)
EOP
head -c 200 "$work/three.zip" >"$work/cut.zip"
(cd "$work/three" && zip -qX -P secret "$work/secret.zip" a.csv)
printf '\320\317\021\340\241\261\032\341%01000d' 0 >"$work/old.xls"
check "an encrypted archive" refused_for "$work/secret.zip" secret.zip "protected by a password"
check "a truncated one" refused_for "$work/cut.zip" cut.zip "ends too early"
check "an archive with a bomb leaves the inbox" drop_and_wait "$work/bomb.zip" bomb.zip
check "the bomb was not unpacked to its end" report_has bomb.zip_a.csv "far more"
check "one without a dump" refused_for "$work/empty.zip" empty.zip "holds no dump"
check "one with too many members" refused_for "$work/many.zip" many.zip "more members than"
check "another way of packing" refused_for "$work/method.zip" method.zip "cannot be unpacked"
check "an OpenDocument file" refused_for "$work/sheet.ods" sheet.ods "OpenDocument"
check "a workbook of old" refused_for "$work/old.xls" old.xls "binary .xls"
check "an archive with a slip leaves the inbox" drop_and_wait "$work/slip.zip" slip.zip
check "its name is refused" report_has slip.zip_.._.._inbox_main_evil.csv "leads out"
check "and was no path" test ! -e "$dir/inbox/main/evil.csv"
check "the dump beside it is taken" within 10 published ';3;;13;'
check "an archive within one leaves the inbox" drop_and_wait "$work/nested.zip" nested.zip
check "the inner one is refused" report_has nested.zip_inner.zip "another archive"
check "and the dump beside it is taken" within 10 published ';4;;14;'

check "the store rebuilds to the same bytes" tool rebuild main
check "the audit's chain holds" tool audit verify

# --- one that must wait -------------------------------------------------------
mkdir "$work/two"
dump 81 PAID >"$work/two/a.csv"
dump 82 PAID >"$work/two/b.csv"
pack "$work/two.zip" "$work/two"
mkdir "$dir/reports/main/.two.zip_b.csv.rejects.csv.new" # no report can be made
drop "$work/two.zip" two.zip
check "what came before one that must wait is published" within 10 published ';81;;181;'
check "the archive stays" test -e "$dir/inbox/main/two.zip"
rmdir "$dir/reports/main/.two.zip_b.csv.rejects.csv.new"
check "it comes to its end" within 30 taken two.zip
check "with the one that had to wait" within 10 published ';82;;182;'
check "and the first is not taken again" entries two.zip/a.csv 1

dump 83 PAID >"$work/two/a.csv"
pack "$work/wait.zip" "$work/two"
mkdir "$dir/reports/main/.wait.zip_a.csv.rejects.csv.new"
drop "$work/wait.zip" wait.zip
check "the first may have to wait" within 10 grep -q "wait.zip/a.csv" "$work/log"
rmdir "$dir/reports/main/.wait.zip_a.csv.rejects.csv.new"
check "and is taken later" within 30 taken wait.zip
check "and the archive was kept once" sh -c \
    "[ \"\$(cat '$dir'/audit/* | grep '\"dropped\"' | grep -c '\"wait.zip\"')\" = 1 ]"

# --- killed in the middle ---------------------------------------------------
mkdir -p "$work/many"
for i in $(seq 20 59); do dump "$i" PAID >"$work/many/$i.csv"; done
pack "$work/forty.zip" "$work/many"
drop "$work/forty.zip" forty.zip
within 20 grep -q "forty.zip/2.*accepted" "$work/log"
check "ingest is killed" kill -9 "$(pgrep -P "$daemon_pid" -f -- "--role ingest")"
check "after a kill it comes to its end" within 60 taken forty.zip
check "and every dump is merged once" sh -c \
    "[ \"\$('$convdrop' -c '$conf' dumps main --limit 0 | grep -o 'forty.zip/[0-9]*.csv' | sort | wc -l)\" = 40 ]"
check "to what one go would give" within 10 published ';59;;159;'

# --- the tools --------------------------------------------------------------
convert() { "$convdrop" convert "$@" >"$work/out" 2>"$work/said"; }
check "convert reads a workbook" convert "$work/book.xlsx"
check "also through a pipe" sh -c "cat '$work/book.xlsx' | '$convdrop' convert - | grep -q ';7;;17;'"
check "also in gzip" convert "$work/book.xlsx.gz"
check "an archive of one dump is that dump" convert "$work/inner.zip"
convert "$work/three.zip"
check "of several it takes all" grep -q "three.zip/april/b.csv.gz: 1 record:" "$work/said"
check "into one file" grep -q ';2;;12;' "$work/out"
refute "presets wants one of them" sh -c "'$convdrop' presets '$work/three.zip' 2>'$work/said'"
check "and names them" grep -q "april/b.csv.gz" "$work/said"
check "--member chooses" convert "$work/three.zip" --member april/b.csv.gz
check "that one" grep -q ';2;;12;' "$work/out"
refute "a sheet that is not there is refused" convert "$work/book.xlsx" --sheet Nothing
check "by name" grep -q "no sheet" "$work/said"
check "presets looks into an archive" "$convdrop" presets "$work/inner.zip"
finish
