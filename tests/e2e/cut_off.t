#!/bin/sh
# Pulls that are cut off, by real clients over every protocol: the audit has
# each, once, with the bytes that had gone out, whoever was killed and whatever
# ingest was doing.
. "${srcdir:-.}/tests/e2e/lib.sh"

mine() { # USER FACT…: the only pull of that user has these facts
	who=$1
	shift
	grep -h '"event":"pulled"' "$dir"/audit/*.jsonl |
	    grep -F "\"user\":\"$who\"" >"$work/lines"
	[ "$(wc -l <"$work/lines")" = 1 ] || { cat "$work/lines"; return 1; }
	for fact in "$@"; do
		grep -qF "$fact" "$work/lines" || { cat "$work/lines"; return 1; }
	done
}
audited() { within 15 mine "$@" || mine "$@"; }
cut_off() { # USER PROTOCOL: with some of its bytes
	audited "$1" "\"protocol\":\"$2\"" '"complete":false' || return 1
	bytes=$(sed 's/.*"bytes":\([0-9]*\),.*/\1/' "$work/lines")
	[ "$bytes" -ge 300000 ] && [ "$bytes" -lt 20000000 ] || {
		cat "$work/lines"
		return 1
	}
}
begin() { # USER KIND: a slow pull, once it has run for a while
	pw=$("$convdrop" -c "$conf" user add "$1" --role pull --feed main --json |
	    "$python" -c 'import json, sys; print(json.load(sys.stdin)["password"])')
	case $2 in
	sftp) url=sftp://127.0.0.1:$sftp_port ;;
	https) url=https://localhost:$https_port ;;
	http) url=http://localhost:$http_port ;;
	esac
	echo "user = \"$1:$pw\"" >"$work/$1.curl"
	echo "$pw" >>"$work/secrets"
	curl -sS -k -K "$work/$1.curl" --limit-rate 500k -o "$work/$1.out" \
	    "$url/main/big.csv" 2>"$work/$1.err" 9>&- &
	pids="$pids $!"
	eval "pid_$1=\$!"
}
running() { # USER…: all have pulled for long enough to be told of
	for u in "$@"; do
		within 20 sh -c "[ \"\$(stat -c %s '$work/$u.out')\" -gt 2000000 ]" ||
		    return 1
	done
}
stop_clients() {
	for p in $pids; do
		kill -9 "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
	pids=
}
strike() { # everything at once, as the kernel or a loss of power does
	# shellcheck disable=SC2046
	kill -9 "$daemon_pid" $(pgrep -P "$daemon_pid")
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
	within 10 sh -c "! pgrep -f '$conf' >/dev/null"
}
logins_of() { # USER N
	[ "$(grep -h '"event":"login"' "$dir"/audit/*.jsonl |
	    grep -cF "\"user\":\"$1\"")" = "$2" ]
}
pids=

instance --feed main
sed -i 's/^# *\(grace_s\|idle_s\) = .*//' "$conf"
sed -i "s/^\([[:space:]]*\)grace_s = .*/\1grace_s = 1/" "$conf"
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon
drop_and_wait "$work/deals.csv" deals.csv
within 20 test -s "$dir/published/main/conversions.csv"
yes "a line that a slow client takes its time to read, again and again" |
    head -c 20000000 >"$dir/published/main/big.csv"

# --- the client vanishes, or what serves it
begin gone sftp
begin went https
begin child sftp
check "pulls run" running gone went child
# shellcheck disable=SC2154 # by begin
kill -9 "$pid_gone" "$pid_went"
check "a client of SFTP that vanished" cut_off gone sftp
check "one of HTTPS" cut_off went https
ssh=$(pgrep -P "$daemon_pid" -f -- "--role ssh")
pgrep -P "$ssh" | xargs kill -9
check "a session of SFTP that was killed" cut_off child sftp
stop_clients

# --- the daemon is killed
begin ssh sftp
begin tls https
begin plain http
check "pulls run again" running ssh tls plain
strike
daemon
check "a kill of the daemon: the pull over SFTP" cut_off ssh sftp
check "the one over HTTPS" cut_off tls https
check "the one over HTTP" cut_off plain http
check "which says why" audited plain "the daemon ended before"
check "nothing else is told twice" logins_of ssh 1
stop_clients

# --- the daemon is killed while ingest can write nothing
"$python" - "$dir/state/store.db" "$work/locked" "$work/unlock" <<'PY' &
import os, sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("BEGIN IMMEDIATE")
open(sys.argv[2], "w").close()
while not os.path.exists(sys.argv[3]):
    time.sleep(0.05)
c.execute("ROLLBACK")
PY
locker=$!
within 10 test -e "$work/locked"
begin held sftp
begin kept https
https /main/conversions.csv -K "$work/kept.curl" -o "$work/whole"
check "pulls run while the store is somebody else's" running held kept
# shellcheck disable=SC2154 # by begin
kill -9 "$pid_kept"
ends_kept() { # N: so many ends of kept's pulls lie in state/events
	"$python" - "$dir/state/events" "$1" <<-'PY'
	import struct, sys
	data = open(sys.argv[1], "rb").read()
	record = struct.unpack_from("Q", data, 8)[0]
	ends = 0
	for at in range(24, len(data) - record + 1, record):
	    kind = struct.unpack_from("I", data, at + 32)[0]
	    ends += kind == 3 and b"kept\0" in data[at:at + record]
	sys.exit(ends != int(sys.argv[2]))
	PY
}
check "a client vanishes then" within 20 ends_kept 2
strike
touch "$work/unlock"
wait "$locker"
daemon
check "a pull that ran when nothing could be written" cut_off held sftp
both() { [ "$(grep -h '"event":"pulled"' "$dir"/audit/*.jsonl | grep -cF '"user":"kept"')" = 2 ]; }
check "one that ended then, and one before it" within 15 both
whole_too() { grep -h '"user":"kept"' "$dir"/audit/*.jsonl | grep '"event":"pulled"' | grep -q '"complete":true'; }
check "of which one is complete" whole_too
stop_clients

# --- the daemon drains, for a shorter time than a pull lasts
begin late sftp
begin slow https
check "pulls run once more" running late slow
check "the daemon stops" daemon_stop
stop_clients
daemon
check "a pull that draining cut off over SFTP" cut_off late sftp
check "one over HTTPS" cut_off slow https
check "the audit's chain is whole" "$convdrop" -c "$conf" audit verify
check "nothing is left to be heard" sh -c "! grep -q 'cannot be read' '$work/log'"
daemon_stop
finish
