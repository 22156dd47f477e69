#!/bin/sh
# A person is erased while everything goes wrong: killed at any step, the disk
# full at any step, dumps that wait, that were withdrawn or rejected, that come
# meanwhile.  It is all or not yet; then no trace is left, nobody else's data is
# lost, and nothing brings him back.
. "${srcdir:-.}/tests/e2e/lib.sh"

${CC:-cc} -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/faults.so" \
    "$srcdir/tests/e2e/faults.c" -ldl || skip_all "no compiler for the faults"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
phone='+7 (999) 555-11-22'
traces() { "$python" "$srcdir/tests/e2e/traces.py" "$dir" "$phone"; }
published() { grep -q -- "$1" "$dir/published/main/conversions.csv"; }
unpublished() { ! published "$1"; }
state_of() { # NAME: of its newest dump
	tool dumps main --limit 0 --json | "$python" -c '
import json, sys
v = json.load(sys.stdin)
v = v["dumps"] if isinstance(v, dict) else v
print(next(d["state"] for d in v if d["name"] == sys.argv[1]))' "$1"
}
is() { [ "$(state_of "$1")" = "$2" ]; }
number_of() {
	tool dumps main --limit 0 --json | "$python" -c '
import json, sys
v = json.load(sys.stdin)
v = v["dumps"] if isinstance(v, dict) else v
print(next(d["id"] if "id" in d else d["dump"] for d in v if d["name"] == sys.argv[1]))' "$1"
}

instance --feed main
sed -i 's/^\([[:space:]]*\)hold_header = yes$/\1hold_header = no/' "$conf"
d=$(day 2 '%Y-%m-%d')
header='id;create_date_time;order_status;revenue;phones;fio'
others() { # from number $1 to $2, created on day $3
	seq "$1" "$2" | while read -r n; do
		echo "$n;$3 10:00:00;PAID;100;7916000$n;Anna $n"
	done
}
him() { echo "$1;$2 11:00:00;${3:-PAID};5;8 999 555-11-22;Ivan"; }
{ echo "$header"; others 1000 1100 "$d"; him 2001 "$d"; } >"$work/a.csv"
{ echo "$header"; others 1101 1150 "$d"; him 2002 "$d"; } >"$work/wrong.csv"
# older than the one before: it is held
old=$(day 9 '%Y-%m-%d')
{ echo "$header"; others 1201 1240 "$old"; him 2003 "$old"; } >"$work/held.csv"
{ echo "$header"; others 1301 1340 "$old"; him 2004 "$old"; } >"$work/rejected.csv"
# columns that a preset maps
cat >"$work/amo.csv" <<CSV
ID,Название сделки,Дата создания сделки,Ответственный,Этап сделки,Бюджет,Рабочий телефон
5001,"Сделка ""Иван""",$(day 2 '%d.%m.%Y 10:15:00'),Пётр,Успешно реализовано,1500,'+7 999 555-11-22
5002,Другая,$(day 2 '%d.%m.%Y 10:15:00'),Пётр,Успешно реализовано,700,'+79161112233
CSV
"$python" - "$work" "$d" <<'PY'
import sys, zipfile
work, d = sys.argv[1:]
head = "id;create_date_time;order_status;revenue;phones;fio\n"
with zipfile.ZipFile(work + "/z.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("one/x.csv", head + "".join("%d;%s 10:00:00;PAID;1;7916000%d;A\n" % (n, d, n) for n in range(1401, 1420)))
    z.writestr("one_x.csv", head + "3002;%s 10:00:00;PAID;1;7-999-555-11-22;Ivan\n" % d)
PY
printf 'no dump at all\nof 8 (999) 555 11 22\n' >"$work/refused.csv"
daemon
check "a dump is taken" drop_and_wait "$work/a.csv" a.csv
check "its orders are published" within 20 published '^[^;]*;2001;'
for f in wrong.csv z.zip amo.csv refused.csv held.csv rejected.csv; do
	check "$f is taken" drop_and_wait "$work/$f" "$f"
done
check "a preset read the columns" grep -q '"preset": "amocrm' "$dir/reports/main/amo.csv.report.json"
check "two members that would share a report have one each" \
    test -e "$dir/reports/main/z.zip_one_x.csv.report.txt" -a \
    -e "$dir/reports/main/z.zip_2-one_x.csv.report.txt"
check "one waits" is held.csv held
check "another one, too" is rejected.csv held
check "which is rejected" tool reject main "$(number_of rejected.csv)" --reason "a test"
check "a dump is withdrawn" tool withdraw main "$(number_of wrong.csv)" --reason "a test"
check "he is published" within 20 published ';5001;'
ln -s /etc/passwd "$dir/inbox/main/link.csv"
check "a file is put in quarantine" within 20 taken link.csv
cp "$work/a.csv" "$dir/state/quarantine/main/his.csv"
daemon_stop
rm -rf "$work/base"
cp -a "$dir" "$work/base"

fresh() {
	rm -rf "$dir"
	cp -a "$work/base" "$dir"
	rm -f "$dir/state/quarantine/main/his.csv"
}
group() {
	: >"$work/log"
	setsid env LD_PRELOAD="$work/faults.so" FAULT_ROLE=ingest "$@" \
	    "$convdropd" -c "$conf" 2>>"$work/log" &
	daemon_pid=$!
	within 20 grep -q ready "$work/log"
}
steps() { cat "$dir/state/steps" 2>/dev/null | wc -c; }
quiet() { # the daemon has done what a start makes it do
	a=$(steps)
	sleep 3
	[ "$a" = "$(steps)" ]
}
group_is_gone() { ! kill -0 "-$1"; }
strike() {
	kill -KILL "-$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	within 20 group_is_gone "$daemon_pid"
	daemon_pid=
}
erase() { echo "$phone" | tool person erase - --many --reason "he asked" >"$work/act" 2>&1; }
is_done() { # the end may be told once more when it could not be noted
	cat "$dir"/audit/*.jsonl | grep '"erased"' | grep -q '"orders"' &&
	    ! tool status | grep -q Erasure
}
no_trace() {
	traces || return 1
	published '^[^;]*;1000;' && published '^[^;]*;1419;' && published ';5002;' &&
	    unpublished ';2001;' && unpublished ';3002;' && unpublished ';5001;' &&
	    tool audit verify && tool rebuild main
}

# --- what waits, what was taken back
daemon
check "find tells of it" sh -c "echo '$phone' | '$convdrop' -c '$conf' person find - >'$work/found'; [ \$? = 1 ]"
for f in 8-999-555-11-22 '7 999 555 11 22' '(999) 555-11-22' 79995551122 +79995551122 \
    '8 999 5551122' '00 7 999 555-11-22' "7$(printf '\302\240')999$(printf '\302\240')5551122"; do
	check "find knows \"$f\"" sh -c "'$convdrop' -c '$conf' person find '$f' | grep -q 'Records in the store: 3'"
done
check "the file in quarantine is named" grep -q 'quarantine/main/his.csv: it is in quarantine' "$work/found"
for f in held.csv rejected.csv wrong.csv refused.csv amo.csv z.zip; do
	check "so is $f" grep -q "archive/main/.*-$f-\|archive/main/.*-$f.*\.gz" "$work/found"
done
erase
check "what is in quarantine is left to a person" grep -q 'quarantine/main/his.csv' "$work/act"
rm "$dir/state/quarantine/main/his.csv"
check "no trace is left of him" no_trace
check "the one that waits still does" is held.csv held
check "it is approved" tool approve main "$(number_of held.csv)" --reason "it is right"
check "and merged" within 20 is held.csv merged
check "with everybody but him" within 20 published ';1240;'
check "who does not come back" no_trace
check "all is read again" tool reprocess main --since "$(day 30 '%Y-%m-%d')" --reason "again"
check "and he stays away" no_trace
daemon_stop

# --- names that tell of him
fresh
daemon
sed 's/;100;/;101;/' "$work/a.csv" >"$work/named.csv"
check "a dump called by his phone is taken" drop_and_wait "$work/named.csv" "call 8 (999) 555-11-22.csv"
tool person find "$phone" >"$work/found"
check "find tells of the ledger's name" grep -q 'dumps main [0-9]*/call \*' "$work/found"
check "of the archive's" grep -q '^  archive/main/.*-call \*\**.csv-' "$work/found"
check "of the reports'" grep -q '^  reports/main/call \*' "$work/found"
check "and that they stay" grep -q 'They stay' "$work/found"
erase
check "the act tells of them, too" grep -q 'They stay' "$work/act"
check "and has no phone itself" sh -c "! sed 's/[^0-9]//g' '$work/act' | grep -q 9995551122"
his() { # nowhere but in names, and where they are repeated
	"$python" "$srcdir/tests/e2e/traces.py" "$dir" "$phone" |
	    grep -v -e '/audit/' -e '\.report\.' -e 'state/store.db' -e 'log' | grep . && return 1
	return 0
}
check "what is in the files is gone" his
daemon_stop

# --- meanwhile
fresh
group FAULT_COUNT="$dir/state/steps"
within 20 published '^[^;]*;1000;'
within 10 quiet
begun=$(steps)
erase
total=$(($(steps) - begun))
strike
check "an erasure has more than forty steps ($total)" [ "$total" -ge 40 ]
fresh
group FAULT_COUNT="$dir/state/steps" FAULT_STOP_AT=$((begun + total / 2))
erase &
eraser=$!
within 20 test -e "$dir/state/steps.stopped"
{ echo "$header"; others 1500 1510 "$d"; him 2500 "$d"; } >"$work/new.csv"
for n in 1 2 3; do sed "s/;100;/;10$n;/" "$work/new.csv" >"$work/new$n.csv"; drop "$work/new$n.csv" "new$n.csv"; done
tool status >"$work/status" 2>&1
check "status tells of the erasure" grep -q 'Erasure 1 is not done' "$work/status"
check "and of dumps that wait for it" grep -q 'new dumps wait' "$work/status"
strike
wait "$eraser"
daemon
check "killed, it goes on" within 60 is_done
for n in 1 2 3; do check "what came meanwhile is taken ($n)" within 30 taken new$n.csv; done
check "and published" within 20 published '1510;.*;103;'
check "without him" no_trace
check "status is content" sh -c "! '$convdrop' -c '$conf' status | grep -q Erasure"
daemon_stop

# --- killed, or without room, at any step
for n in 0 1 2 3 4 5 6 7 8 9 10 11; do
	at=$((begun + 1 + n * (total - 5) / 11))
	fresh
	group FAULT_COUNT="$dir/state/steps" FAULT_STOP_AT=$at
	erase &
	eraser=$!
	within 20 test -e "$dir/state/steps.stopped"
	strike
	wait "$eraser"
	daemon
	if grep -q 'goes on' "$work/log" || is_done; then
		check "killed at step $at of $total: it is done all the same" within 60 is_done
	else # before it was ever said
		erase
		check "killed at step $at, before it began: it is done when asked for again" is_done
	fi
	check "and no trace is left" no_trace
	daemon_stop
done
for n in 0 1 2 3 4 5 6; do
	at=$((begun + 1 + n * (total - 5) / 6))
	fresh
	group FAULT_COUNT="$dir/state/steps" FAULT_FULL="$dir/state/full" FAULT_FULL_AT=$at
	erase
	rm -f "$dir/state/full"
	kill -TERM "$daemon_pid"
	wait "$daemon_pid"
	daemon_pid=
	daemon
	if ! grep -q 'goes on' "$work/log" && ! is_done; then erase; fi
	check "the disk was full at step $at: it is done in the end" within 60 is_done
	check "and no trace is left then" no_trace
	daemon_stop
done
finish
