#!/bin/sh
# A corrected status map is applied to the past: reprocess reads archived dumps
# with today's settings, and refuses as a whole when one could not be read.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main
file=$dir/published/main/conversions.csv
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
feed() { # LINE…: the feed's own settings
	"$python" - "$conf" "$work/plain.conf" "$@" <<-'EOF2'
	import os, re, sys
	if not os.path.exists(sys.argv[2]):
	    open(sys.argv[2], "w").write(open(sys.argv[1]).read())
	text = open(sys.argv[2]).read()
	for line in sys.argv[3:]:
	    key = re.match(r"\w+", line)[0]
	    if "(" not in line:
	        text = re.sub(r"(?m)^\s*#?\s*%s = .*\n" % key, "", text)
	    text = re.sub(r'(feed "?main"? \{\n)', lambda m: m[1] + "\t" + line + "\n", text)
	open(sys.argv[1], "w").write(text)
	EOF2
}
restart() { daemon_stop; daemon; }
drop_statuses() { # NAME STATUS…
	name=$1
	shift
	{
		echo 'Номер;Дата;Телефон;Сумма;Статус'
		n=0
		for s in "$@"; do
			n=$((n + 1))
			echo "$n;$(day 3 %d.%m.%Y) 10:00;7916123450$n;${n}00;$s"
		done
	} >"$work/$name"
	drop_and_wait "$work/$name" "$name"
}

feed 'status("*", "Согласование", "IN_PROGRESS")' 'status("*", "Отгружен", "IN_PROGRESS")'
daemon
check "leads come in" drop_statuses one.csv Согласование Отгружен Согласование
within 10 grep -q ';3;' "$file"
check "and are read as the map says" sh -c "[ \$(grep -c IN_PROGRESS '$file') = 3 ]"
cp "$file" "$work/first.csv"
before=$(stat -c '%Y %i' "$file")
check "under unchanged settings nothing moves" fails_with 0 "have not changed" \
    tool reprocess main --reason "to be sure"
check "not even the update time" [ "$(stat -c '%Y %i' "$file")" = "$before" ]

feed 'status("*", "Согласование", "IN_PROGRESS")' 'status("*", "Отгружен", "PAID")'
restart
check "a dry run with a new map says who becomes what" fails_with 0 \
    "IN_PROGRESS -> PAID: 1 (200.00)" tool reprocess main --dry-run
check "and changes nothing" cmp "$file" "$work/first.csv"
check "the new map is applied to the past" fails_with 0 "With other values than before: 1" \
    tool reprocess main
check "and published at once" sh -c "grep '^[^;]*;2;' '$file' | grep -q PAID"
reported() { # JSON-KEY VALUE: of one.csv's report
	"$python" -c '
import json, sys
v = json.load(open(sys.argv[1]))
assert str(v[sys.argv[2]]) == sys.argv[3], v' \
	    "$dir/reports/main/one.csv.report.json" "$@"
}
archived() { ls "$dir"/archive/main/*/*/*/*one.csv.report.json* | wc -l; }
were=$(archived)
feed 'status("*", "Согласование", "IN_PROGRESS")'
restart
check "a status is not mapped any more" fails_with 0 "Read once more" \
    tool reprocess main
check "the report says what is refused now" reported rejected 1
check "and which row, with its cells" grep -q 'Отгружен' \
    "$dir/reports/main/one.csv.rejects.csv"
check "so does the letter" grep -q 'Отгружен' \
    "$dir/reports/main/one.csv.report.txt"
check "as the ledger does" sh -c "'$convdrop' -c '$conf' dumps main --json |
    grep -q '\"rejected\":1'"
check "the report is in the archive too" [ "$(archived)" -gt "$were" ]
check "the role report sees the new one" grep -q '"rejected": 1' \
    "$dir/reports/main/.masked/one.csv.report.json"
feed 'status("*", "Согласование", "IN_PROGRESS")' 'status("*", "Отгружен", "PAID")'
restart
check "mapped again" fails_with 0 "Read once more" tool reprocess main
check "nothing is refused" reported rejected 0
check "and nothing is left beside" [ ! -e "$dir/reports/main/.revised" ]
check "the same dump is known under the new settings" drop_and_wait "$work/one.csv" one-again.csv
check "which the report says" sh -c "
    grep -q '\"known\":true' '$dir'/audit/*.jsonl"
check "the feed rebuilds to the same bytes" tool rebuild main

https /main/conversions.csv -K "$work/curlrc" -o /dev/null
within 10 sh -c "grep -h '\"pulled\"' '$dir'/audit/*.jsonl | grep -q '\"complete\":true'"
feed 'source_timezone = "Asia/Yekaterinburg"' 'status("*", "Согласование", "IN_PROGRESS")' \
    'status("*", "Отгружен", "PAID")'
restart
check "a new zone moves no date that was pulled" fails_with 0 "stay as Direct has them" \
    tool reprocess main --since "$(day 1 %Y-%m-%d)"
check "so the bytes are the same" sh -c "grep '^$(day 3 %Y-%m-%d) 10:00:00;1;' '$file'"
check "the feed rebuilds" tool rebuild main

feed 'id_prefix = "crm-"' 'status("*", "Согласование", "IN_PROGRESS")' \
    'status("*", "Отгружен", "PAID")'
restart
check "ids that no dump has any more are cancelled" fails_with 0 \
    "Published as CANCELLED until they leave the window" tool reprocess main
check "and stand beside the new ones" sh -c "
    grep '^[^;]*;1;' '$file' | grep -q CANCELLED &&
    grep '^[^;]*;crm-1;' '$file' | grep -q IN_PROGRESS"
check "the feed rebuilds to the same bytes again" tool rebuild main

cp "$file" "$work/before.csv"
feed 'id_prefix = "crm-"' 'column("Дата", "ignore")'
restart
check "a dump that today's settings refuse stops it all" fails_with 2 "Nothing was changed." \
    tool reprocess main
feed 'id_prefix = "crm-"' 'preset = "roistat"'
restart
check "so does one of which they reject every record" fails_with 2 "every record of it is rejected" \
    tool reprocess main
check "and nothing has changed" cmp "$file" "$work/before.csv"
check "a dump that is not there is none" fails_with 2 "has no dump 99" tool reprocess main 99

# rows that are added up, and a source that is no longer there
feed 'source "shop" { id_prefix = "shop-" same_id = sum status("*", "Отгружен", "PAID") }'
restart
{
	echo 'Номер;Дата;Телефон;Сумма;Статус'
	echo "9;$(day 3 %d.%m.%Y) 10:00;79161234509;100;Отгружен"
	echo "9;$(day 3 %d.%m.%Y) 10:00;79161234509;150;Отгружен"
} >"$work/sum.csv"
check "rows with one id are added up" drop_and_wait "$work/sum.csv" sum.csv main/shop
check "which is published" within 10 grep -q ';shop-9;.*;PAID;250;' "$file"
check "and why says it" fails_with 0 "2 rows of this dump were added up" \
    tool why main shop-9
shop=$(tool dumps main --limit 0 --json | "$python" -c '
import json, sys
print([d["dump"] for d in json.load(sys.stdin)["dumps"] if d["source"] == "shop"][0])')
feed 'status("*", "Согласование", "IN_PROGRESS")' \
    'status("*", "Отгружен", "PAID")'
restart
cp "$file" "$work/before.csv"
check "a dump of a source that is gone is refused by name" fails_with 2 \
    "from the source shop, which is no longer in the configuration" \
    tool reprocess main "$shop"
check "and nothing has changed then" cmp "$file" "$work/before.csv"
check "with all of them it stays as it was, and that is said" fails_with 0 \
    "no longer in the configuration: 1 (source shop)" tool reprocess main
check "as it does" grep -q ';shop-9;.*;PAID;250;' "$file"
check "it can be withdrawn all the same" fails_with 0 "is withdrawn" \
    tool withdraw main "$shop" --reason "no such shop"
check "and is gone" sh -c "! grep -q ';shop-9;' '$file'"
check "and it rebuilds" tool rebuild main
check "SIGTERM ends the daemon well" daemon_stop
finish
