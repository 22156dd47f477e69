#!/bin/sh
# What an admin sees of ingest: what is refused or set aside, status and its
# exit code, dumps, publish, audit, rebuild.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main
dump() { # ID STATUS: a dump of one order
	printf 'create_date_time;id;client_ids;order_status\n%s;%s;1%s;%s\n' \
	    "$(day 1 '%Y-%m-%d %H:%M:%S')" "$1" "$1" "$2"
}
published() { # WORDS: they are in the published file
	grep -q "$1" "$dir/published/main/conversions.csv"
}
refused() { # NAME: its report says that it was refused
	grep -q refused "$dir/reports/main/$1.report.txt"
}

check "without a daemon, status says so and ends with 1" \
    fails_with 1 "does not run" tool status
check "without a daemon, publish says so and ends with 2" \
    fails_with 2 "does not run" tool publish main --reason test
check "publish wants a reason" fails_with 2 usage tool publish main --touch
daemon
check "at first nothing is wrong" fails_with 0 "nothing is wrong" tool status

dump 1 PAID >"$work/one"
check "a dump is taken" drop_and_wait "$work/one" one.csv
check "and published" within 10 published ';1;;11;'
check "status names it" within 10 fails_with 0 one.csv tool status
check "so does dumps" fails_with 0 merged tool dumps main
before=$(stat -c %Y "$dir/published/main/conversions.csv")
drop_and_wait "$work/one" again.csv
check "the same bytes under another name get a report" \
    within 10 test -s "$dir/reports/main/again.csv.report.txt"
check "and no second entry" [ "$(tool dumps main | grep -c merged)" = 1 ]
check "and move no update time" \
    [ "$(stat -c %Y "$dir/published/main/conversions.csv")" = "$before" ]
check "publish --touch does" fails_with 0 published tool publish main --touch --reason "once more"
check "to a later time" \
    [ "$(stat -c %Y "$dir/published/main/conversions.csv")" -gt "$before" ]
check "and the audit knows why" fails_with 0 "once more" tool audit log event=published reason="once more"
check "publish of nothing new says so" fails_with 0 "not changed" tool publish main --reason test
check "an unknown feed is an error" fails_with 2 "no feed" tool publish other --reason test
check "a dump that was merged cannot be approved" fails_with 2 "does not wait: it is merged" tool dumps approve main 1

mkfifo "$dir/inbox/main/pipe.csv"
check "a FIFO is set aside unopened" \
    within 10 test -p "$dir/state/quarantine/main/pipe.csv"
check "its report says why" within 10 refused pipe.csv
ln -s /etc/passwd "$dir/inbox/main/link.csv"
check "so is a symbolic link" \
    within 10 test -L "$dir/state/quarantine/main/link.csv"
check "status ends with 1 then" within 10 fails_with 1 "symbolic link" tool status
printf 'create_date_time;id;client_ids;order_status\n' >"$work/header"
drop_and_wait "$work/header" header.csv
check "a dump of a header alone is refused" within 10 refused header.csv
check "what was published stays" published ';1;;11;'
check "status shows the refusal" within 10 fails_with 1 "last dump was refused" tool status

dump 2 IN_PROGRESS >"$work/two"
check "the next good dump is taken" drop_and_wait "$work/two" two.csv
check "and published beside the first" within 10 published ';2;;12;'
check "and all is well again" within 10 fails_with 0 "nothing is wrong" tool status
check "the store rebuilds to the same bytes" fails_with 0 "are the same" tool rebuild main
check "the audit's chain holds" fails_with 0 "as it was written" tool audit verify
for command in "status" "dumps main" "audit log" "audit verify" "rebuild main" \
    "publish main --reason test"; do
	# shellcheck disable=SC2086
	check "$command --json is JSON" sh -c \
	    "'$convdrop' -c '$conf' $command --json | '$python' -m json.tool"
done

daemon_stop
printf 'x' >>"$(find "$dir/archive/main" -name '*one.csv-*.gz' | head -1)"
check "a changed archive is found" fails_with 1 one.csv tool audit verify
sed -i '1s/main/mine/' "$dir"/audit/*.jsonl
check "a changed line of the audit is found" fails_with 1 jsonl tool audit verify
finish
