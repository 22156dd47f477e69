#!/bin/sh
# The user's job: a dump dropped in the inbox comes out of SFTP, HTTPS and HTTP
# as Direct's file, the same everywhere; what is wrong is said, nothing is lost.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
never_hold # the dumps of this job have many headers
token=$(json tokens.main)
file=$dir/published/main/conversions.csv
reports=$dir/reports/main
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon

# --- what is dropped comes out ------------------------------------------------
check "a dump leaves the inbox" drop_and_wait "$work/deals.csv" deals.csv
check "and is published" within 10 test -s "$file"
printf 'get -p /main/conversions.csv %s/sftp.csv\n' "$work" |
    sftp_as direct "$direct" >"$work/sftp.out" 2>&1
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
https /main/conversions.csv -K "$work/curlrc" -R -o "$work/https.csv"
http /main/conversions.csv -K "$work/curlrc" -R -o "$work/http.csv"
https "/t/$token/main/conversions.csv" -R -o "$work/token.csv"
for way in sftp https http token; do
	check "$way gives the published bytes" cmp "$file" "$work/$way.csv"
	check "$way gives its update time" \
	    [ "$(stat -c %Y "$file")" = "$(stat -c %Y "$work/$way.csv")" ]
done
check "the header is Direct's" [ "$(head -1 "$file")" = \
    "create_date_time;id;client_uniq_id;client_ids;emails;phones;emails_md5;phones_md5;order_status;revenue;cost" ]
check "one row per order" [ "$(tail -n +2 "$file" | cut -d';' -f2 | sort | uniq -d | wc -l)" = 0 ]
check "eight orders are in it" [ "$(tail -n +2 "$file" | wc -l)" = 8 ]
check "the newest row of an order counts" grep -q ";2002;.*;PAID;25000;18400$" "$file"
check "phones are digits" grep -q ";2001;;1712345678123456789;anna.smirnova@yandex.ru;79161234567;;;PAID;1508.50;900$" "$file"
check "a list is quoted" grep -q ';"79217008090,79217008091";' "$file"
check "a row whose phone Excel damaged stays by its ClientID" \
    grep -q ";2006;;1712345681556677889;;;;;PAID;7700;$" "$file"
check "our linter takes it" "$convdrop" lint "$file"
check "the report accounts for every record" grep -qE \
    "^ *13 records in the dump" "$reports/deals.csv.report.txt"
check "the rejects name line, code and Direct's text for a status" \
    grep -q "Invalid 'order_status' value" "$reports/deals.csv.rejects.csv"
check "and for a date" grep -q "Invalid date format" "$reports/deals.csv.rejects.csv"
check "and for a row without identifiers" \
    grep -q "All columns with identifiers are empty" "$reports/deals.csv.rejects.csv"
check "and for a value that was dropped" \
    grep -q "Invalid 'phones' identifier" "$reports/deals.csv.rejects.csv"
check "the original is in the archive, as dropped" sh -c \
    "find '$dir/archive/main' -name '*-deals.csv-*.gz' -exec zcat {} + | cmp - '$work/deals.csv'"
check "the version is in the archive" sh -c \
    "find '$dir/archive/main/published' -name '*conversions.csv*.gz' -exec zcat {} + | cmp - '$file'"

# --- the same again changes nothing -------------------------------------------
before=$(stat -c '%Y %i' "$file")
check "the same bytes are taken again" drop_and_wait "$work/deals.csv" again.csv
gzip -c "$work/deals.csv" >"$work/deals.csv.gz"
check "and gzipped" drop_and_wait "$work/deals.csv.gz" deals.csv.gz
check "and move nothing" [ "$(stat -c '%Y %i' "$file")" = "$before" ]

# --- changes move the update time, strictly ------------------------------------
row() { # ID STATUS REVENUE
	printf '%s;%s;79161234567;%s;%s\n' "$(day 1 '%Y-%m-%d 10:00:00')" "$1" "$2" "$3"
}
dump() { # rows on stdin
	echo "create_date_time;id;phones;order_status;revenue"
	cat
}
row 1 PAID 100 | dump >"$work/one.csv"
row 1 PAID 200 | dump >"$work/two.csv"
drop "$work/one.csv" one.csv
drop "$work/two.csv" two.csv
check "two changes at once both arrive" within 15 grep -q ";1;.*;PAID;200;" "$file"
# every version ever published is in the audit, with its own time
check "no two versions have one update time" within 10 sh -c "
    cat '$dir'/audit/*.jsonl | $python -c '
import json, sys
t = [e[\"mtime\"] for e in map(json.loads, sys.stdin) if e[\"event\"] == \"published\"]
assert len(t) >= 2 and t == sorted(set(t)), t'"

# --- bad dumps ------------------------------------------------------------------
good=$(sha256sum <"$file")
refused() { # NAME: it left the inbox, has a report, and the file is the same
	within 20 taken "$1" && within 5 test -s "$reports/$1.report.txt" &&
	    [ "$(sha256sum <"$file")" = "$good" ]
}
: >"$work/empty.csv"
drop "$work/empty.csv" empty.csv
check "an empty dump is refused and changes nothing" refused empty.csv
dump </dev/null >"$work/header.csv"
drop "$work/header.csv" header.csv
check "so is one with only a header" refused header.csv
head -c 200 "$work/deals.csv.gz" >"$work/cut.csv.gz"
drop "$work/cut.csv.gz" cut.csv.gz
check "a truncated gzip is refused" refused cut.csv.gz
printf 'a;b\n1;2\n' >"$work/columns.csv"
drop "$work/columns.csv" columns.csv
check "a dump without the columns is refused" refused columns.csv
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do row "x$i" Неведомо 1; done | dump >"$work/status.csv"
drop "$work/status.csv" status.csv
check "a dump of unmapped statuses is refused" refused status.csv
head -c 200000000 /dev/zero | gzip -9 >"$work/bomb.gz"
drop "$work/bomb.gz" bomb.gz
check "a bomb is refused" refused bomb.gz
check "status says so" sh -c "'$convdrop' -c '$conf' status; [ \$? = 1 ]"

# --- mended config -----------------------------------------------------------
sed -i '/^feed "main" {/a status("*", "Неведомо", "IN_PROGRESS")' "$conf"
reload
drop "$work/status.csv" status.csv
check "after the config is mended the same file works" \
    within 20 grep -q ";x12;.*;IN_PROGRESS;1;" "$file"

# --- what is not a file -----------------------------------------------------------
mkfifo "$dir/inbox/main/pipe.csv"
ln -s /etc/passwd "$dir/inbox/main/link.csv"
check "a FIFO goes to quarantine" \
    within 20 sh -c "ls '$dir/state/quarantine/main' | grep -q pipe.csv"
check "so does a symlink" \
    within 20 sh -c "ls '$dir/state/quarantine/main' | grep -q link.csv"

# --- audit and end ---------------------------------------------------------------------
check "the audit's chain and archive are whole" "$convdrop" -c "$conf" audit verify
check "pulls are in the audit" sh -c "'$convdrop' -c '$conf' audit log pulled | grep -q direct"
check "the store can be rebuilt to the same bytes" "$convdrop" -c "$conf" rebuild main
check "SIGTERM ends the daemon well" daemon_stop
finish
