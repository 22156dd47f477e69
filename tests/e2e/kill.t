#!/bin/sh
# kill -9 of the whole process group at thirty points of an ingest, each a step
# that makes something last.  After a restart nothing is lost, nothing doubled,
# no file torn, nothing left over.
. "${srcdir:-.}/tests/e2e/lib.sh"

${CC:-cc} -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/faults.so" \
    "$srcdir/tests/e2e/faults.c" -ldl || skip_all "no compiler for the faults"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
instance
file=$dir/published/main/conversions.csv
cp -a "$dir" "$work/fresh"

# Two dumps that share orders, so that the second changes and adds.
"$python" - "$(day 3 '%Y-%m-%d')" "$work" <<'EOF'
import sys
day, work = sys.argv[1:]
head = "create_date_time;id;phones;client_ids;order_status;revenue\n"
with open(work + "/first.csv", "w") as f:
    f.write(head + "".join("%s 10:00:%02d;k%d;7916%07d;;IN_PROGRESS;%d\n" %
                           (day, i % 60, i, i, i) for i in range(3000)))
with open(work + "/second.csv", "w") as f:
    f.write(head + "".join("%s 10:00:%02d;k%d;;17%012d;PAID;%d\n" %
                           (day, i % 60, i, i, i + 1) for i in range(1500, 4500)))
    f.write("not a date;bad;79161234567;;PAID;1\n")
EOF

group() { # starts the daemon in a process group of its own, with the faults
	: >"$work/log"
	setsid env LD_PRELOAD="$work/faults.so" FAULT_ROLE=ingest "$@" \
	    "$convdropd" -c "$conf" 2>>"$work/log" &
	daemon_pid=$!
	within 20 grep -q ready "$work/log"
}
group_is_gone() { # PID
	! kill -0 "-$1"
}
fresh() {
	rm -rf "$dir"
	cp -a "$work/fresh" "$dir"
}
plainly() { # both dumps, without a fault, for comparison
	fresh
	daemon
	drop_and_wait "$work/first.csv" first.csv
	within 20 test -s "$file"
	before=$(stat -c %i "$file")
	drop_and_wait "$work/second.csv" second.csv
	within 20 sh -c "[ \$(stat -c %i '$file') != $before ]"
	daemon_stop
}

plainly
cp "$file" "$work/want.csv"
cp -a "$dir" "$work/wanted"

# How many such steps has the second dump?
fresh
daemon
drop_and_wait "$work/first.csv" first.csv
within 20 test -s "$file"
daemon_stop
cp -a "$dir" "$work/one"
group FAULT_COUNT="$dir/state/steps"
steps() { cat "$dir/state/steps" 2>/dev/null | wc -c; }
begun=$(steps)
drop "$work/second.csv" second.csv
within 20 cmp -s "$file" "$work/want.csv"
within 5 taken second.csv
total=$(($(steps) - begun))
kill -TERM "$daemon_pid"; wait "$daemon_pid"; daemon_pid=
check "an ingest has more than thirty steps ($total)" [ "$total" -ge 30 ]

orders_are_right() {
	cmp "$file" "$work/want.csv"
}
accounted() { # the ledger has the second dump merged once
	"$convdrop" -c "$conf" dumps main --limit 0 --json >"$work/dumps.json" &&
	    "$python" - "$work/dumps.json" <<-'EOF'
	import json, sys
	v = json.load(open(sys.argv[1]))
	v = v["dumps"] if isinstance(v, dict) else v
	merged = [d["name"] for d in v if d["state"] == "merged"]
	assert sorted(merged) == ["first.csv", "second.csv"], merged
	EOF
}
nothing_left() {
	[ -z "$(ls "$dir/inbox/main")" ] &&
	    [ -z "$(find "$dir/published" "$dir/reports" "$dir/archive" \
		-name '.*' -type f -o -name '*.tmp' -type f)" ]
}
reported() {
	[ -s "$dir/reports/main/second.csv.report.txt" ] &&
	    grep -q "not a date" "$dir/reports/main/second.csv.rejects.csv"
}

# the last few steps come in no fixed number: then the kill comes after the end
stopped_or_done() {
	[ -e "$dir/state/steps.stopped" ] ||
	    { taken second.csv && orders_are_right; }
}

point=0
while [ $point -lt 30 ]; do
	point=$((point + 1))
	# the count differs by a few from run to run: the last is left out
	at=$((begun + 1 + (point - 1) * (total - 10) / 29))
	rm -rf "$dir"
	cp -a "$work/one" "$dir"
	group FAULT_COUNT="$dir/state/steps" FAULT_STOP_AT=$at
	drop "$work/second.csv" second.csv
	bad=
	within 20 stopped_or_done || bad="it neither stopped nor ended;"
	kill -KILL "-$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	# the workers hold the ports until the last of them is gone
	within 20 group_is_gone "$daemon_pid"
	daemon_pid=
	daemon
	within 20 taken second.csv || bad="$bad the dump stays in the inbox;"
	within 20 orders_are_right || bad="$bad the published file is wrong;"
	accounted || bad="$bad the ledger is wrong;"
	daemon_stop || bad="$bad the daemon does not end well;"
	nothing_left || bad="$bad something is left over;"
	reported || bad="$bad the report is missing;"
	"$convdrop" -c "$conf" audit verify >"$work/verify" 2>&1 ||
	    bad="$bad the audit is broken;"
	if [ -z "$bad" ]; then
		ok "killed at step $at of $((begun + total)): nothing lost, nothing doubled"
	else
		not_ok "killed at step $at: $bad"
		sed 's/^/# /' "$work/verify" | head -5
		find "$dir/inbox" "$dir/published" "$dir/reports" -type f | sed 's/^/# /'
	fi
done
finish
