#!/bin/sh
# withdraw and reprocess when the disk is full or everything is killed in the
# middle: the feed is as before, a sentence says so, and once more it works.
. "${srcdir:-.}/tests/e2e/lib.sh"

${CC:-cc} -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/faults.so" \
    "$srcdir/tests/e2e/faults.c" -ldl || skip_all "no compiler for the faults"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
instance
never_hold
file=$dir/published/main/conversions.csv
full=$dir/state/full

# Two dumps that share orders; the second is large enough to leave the caches.
"$python" - "$(day 3 '%Y-%m-%d')" "$work" <<'EOF2'
import sys
day, work = sys.argv[1:]
head = "create_date_time;id;client_uniq_id;client_ids;order_status;revenue\n"
for name, orders, status in (("one", range(0, 6000), "Лид"),
                             ("two", range(3000, 9000), "PAID")):
    with open("%s/%s.csv" % (work, name), "w") as f:
        f.write(head + (name == "one") *
            ("%s 10:00:00;bad;;79995551122;Кто он;1\n" % day) + "".join("%s 10:00:%02d;k%d;%s%d;17%012d;%s;%d\n" % (
            day, i % 60, i, "u" * 300, i, i + 1, status, i) for i in orders))
EOF2
sed -i 's/^feed "main" {$/&\n\tstatus("*", "Лид", "IN_PROGRESS")/' "$conf"
daemon
check "a dump comes" drop_and_wait "$work/one.csv" one.csv
check "and is published" within 20 grep -q ';k5999;' "$file"
check "another one comes" drop_and_wait "$work/two.csv" two.csv
check "and is published too" within 20 grep -q ';k8999;' "$file"
daemon_stop
# what reprocess is to apply
sed -i 's/"Лид", "IN_PROGRESS"/"Лид", "CANCELLED"/' "$conf"
cp -a "$dir" "$work/before"

again() { rm -rf "$dir"; cp -a "$work/before" "$dir"; }
# Starts the daemon in a process group of its own; steps have numbers, and so
# faults, once it has done what a start makes it do.
group() { # NAME=VALUE…
	: >"$work/log"
	setsid env LD_PRELOAD="$work/faults.so" FAULT_ROLE=ingest \
	    FAULT_COUNT="$dir/state/steps" FAULT_FROM="$dir/state/from" \
	    FAULT_FULL="$full" "$@" "$convdropd" -c "$conf" 2>>"$work/log" &
	daemon_pid=$!
	within 20 grep -q ready "$work/log"
	within 20 settled
	touch "$dir/state/from"
}
strike() {
	kill -KILL "-$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	within 20 sh -c "! kill -0 -$daemon_pid"
	daemon_pid=
	rm -f "$dir/state/from"
}
steps() { cat "$dir/state/steps" 2>/dev/null | wc -c; }
settled() { # no step for a while
	n=$(steps)
	sleep 0.4
	[ "$(steps)" = "$n" ]
}
do_it() { # withdraw or reprocess
	if [ "$1" = withdraw ]; then
		tool withdraw main 2 --reason "the wrong one"
	else
		tool reprocess main
	fi
}
sound() { # what the ledger says is what is published
	tool rebuild main && tool audit verify
}
as_before() {
	cmp "$file" "$work/before/published/main/conversions.csv" &&
	    ! tool dumps main --limit 0 --json | grep -q withdrawn
}
nothing_left() {
	find "$dir/state" "$dir/published" "$dir/reports" "$dir/archive" \
	    \( -name 'etilqs*' -o -name '.convdrop*' -o -name '.*.new' -o \
	    -name '.revised*' \) ! -name .masked >"$work/left"
	[ ! -s "$work/left" ]
}

for op in withdraw reprocess; do
	# without a fault: what comes of it, and in how many steps
	again
	group
	begun=$(steps)
	do_it $op >"$work/out" 2>&1
	check "$op without a fault" test $? = 0
	within 20 settled
	total=$(($(steps) - begun))
	cp "$file" "$work/$op.csv"
	daemon_stop
	check "$op changes what is published" sh -c "! cmp -s '$file' \
	    '$work/before/published/main/conversions.csv'"
	check "$op has many steps ($total)" [ $total -ge 30 ]

	point=0
	while [ $point -lt 5 ]; do
		at=$((2 + point * (total * 4 / 5) / 4))
		point=$((point + 1))
		bad=
		again
		group FAULT_FULL_AT=$at
		do_it $op >"$work/out" 2>&1
		got=$?
		# it may be full only when what was published is packed
		if ! within 20 test -e "$full"; then
			bad="the disk was never full;"
		elif [ $got = 2 ]; then
			as_before || bad="it failed and changed something;"
			grep -q "Nothing was changed" "$work/out" ||
			    bad="$bad it does not say that nothing was changed;"
			grep -qiE 'no space|no room|full' "$work/out" ||
			    bad="$bad it does not say why;"
		elif [ $got = 1 ]; then
			grep -qiE 'no space|no room|full' "$work/out" ||
			    bad="$bad it does not say why it is not published;"
		fi
		rm -f "$full"
		if [ $got = 2 ]; then
			do_it $op >"$work/out2" 2>&1 || bad="$bad once more fails;"
		elif grep -q "reports are not in place" "$work/out"; then
			daemon_stop
			daemon
		fi
		within 30 cmp -s "$file" "$work/$op.csv" ||
		    bad="$bad the published file is wrong in the end;"
		sound >"$work/sound" 2>&1 || bad="$bad it does not rebuild;"
		# what is being packed again is not left over
		within 30 nothing_left || bad="$bad something is left over;"
		daemon_stop || bad="$bad the daemon does not end well;"
		if [ -z "$bad" ]; then
			ok "$op, the disk full at step $at of $total, exit $got: $(tail -1 "$work/out" | cut -c1-60)"
		else
			not_ok "$op, the disk full at step $at of $total, exit $got: $bad"
			cat "$work/out" "$work/out2" "$work/sound" "$work/left" 2>/dev/null | sed 's/^/# /'
		fi
	done

	point=0
	while [ $point -lt 5 ]; do
		at=$((2 + point * (total * 4 / 5) / 4))
		point=$((point + 1))
		bad=
		again
		group FAULT_STOP_AT=$at
		do_it $op >"$work/out" 2>&1 &
		asked=$!
		within 60 test -e "$dir/state/steps.stopped" ||
		    bad="it never came to this step;"
		strike
		wait $asked
		daemon
		if tool dumps main --limit 0 --json | grep -q withdrawn ||
		    { [ $op = reprocess ] && grep -h '"reprocessed"' "$dir"/audit/*.jsonl >"$work/done" &&
			cmp -s "$file" "$work/$op.csv"; }; then
			state="done"
		else
			state=before
			within 10 as_before || bad="$bad it is neither done nor as before;"
			do_it $op >"$work/out" 2>&1 || bad="$bad once more fails;"
		fi
		within 30 cmp -s "$file" "$work/$op.csv" ||
		    bad="$bad the published file is wrong in the end;"
		sound >"$work/sound" 2>&1 || bad="$bad it does not rebuild;"
		# what is being packed again is not left over
		within 30 nothing_left || bad="$bad something is left over;"
		daemon_stop || bad="$bad the daemon does not end well;"
		if [ -z "$bad" ]; then
			ok "$op, killed at step $at of $total: as it was $state"
		else
			not_ok "$op, killed at step $at of $total, as it was $state: $bad"
			cat "$work/out" "$work/sound" "$work/left" 2>/dev/null | sed 's/^/# /'
		fi
	done
done

# between the commit and the placing of the reports
staged=$dir/reports/main/.revised
find_trace() { "$python" "$srcdir/tests/e2e/traces.py" "$dir" 79995551122; }
for op in withdraw reprocess; do
	# the last one of them, the first one of them
	name=one.csv.rejects.csv
	[ $op = withdraw ] && name=two.csv.report.txt
	again
	group FAULT_STOP_NAME=$name
	do_it $op >"$work/out" 2>&1 &
	asked=$!
	check "$op is committed, its reports are to be placed" \
	    within 60 test -e "$dir/state/steps.stopped"
	strike
	wait $asked
	check "killed then, they wait beside" test -e "$staged"
	rm -rf "$work/staged"
	cp -a "$staged" "$work/staged"
	daemon
	check "the next start puts them in place" [ ! -e "$staged" ]
	if [ $op = withdraw ]; then
		check "where they say so" grep -q "taken back" \
		    "$dir/reports/main/two.csv.report.txt"
	else
		check "with what is refused now" grep -q 79995551122 \
		    "$dir/reports/main/one.csv.rejects.csv"
	fi
	check "$op is done, and what is published follows" \
	    within 30 cmp -s "$file" "$work/$op.csv"
	check "and it rebuilds" sound
	[ $op = reprocess ] || daemon_stop
done

# reports that could not be placed as yet, when somebody is erased
rm -rf "$staged"
cp -a "$work/staged" "$staged"
check "find looks into reports that wait, too" sh -c "
    echo 79995551122 | '$convdrop' -c '$conf' person find - | grep -q 'reports/main/.revised'"
check "somebody in them is erased" sh -c "echo 79995551122 |
    '$convdrop' -c '$conf' person erase - --reason 'he asked' --many"
check "they wait no more" [ ! -e "$staged" ]
check "and not a trace is left" find_trace
check "nor does a rebuild miss him" sound
rm -rf "$staged"
cp -a "$work/staged" "$staged"
mv "$dir/archive/main" "$work/archive.main"
touch "$dir/archive/main" # where nothing can be archived
refute "when they cannot be placed either, that is told" sh -c "echo 79995551122 |
    '$convdrop' -c '$conf' person erase - --reason 'he asked' --many"
rm "$dir/archive/main"
mv "$work/archive.main" "$dir/archive/main"
check "but nothing of him is in them" sh -c "
    '$python' '$srcdir/tests/e2e/traces.py' '$dir/reports' 79995551122"
check "SIGTERM ends the daemon well" daemon_stop
finish
