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
	[ "$bytes" -ge 300000 ] && [ "$bytes" -lt $slow_bytes ] || {
		cat "$work/lines"
		return 1
	}
}
begin() { # USER KIND [FILE [RATE]]: a slow pull
	pw=$("$convdrop" -c "$conf" user add "$1" --role pull --feed main --json |
	    "$python" -c 'import json, sys; print(json.load(sys.stdin)["password"])')
	case $2 in
	sftp) url=sftp://127.0.0.1:$sftp_port ;;
	https) url=https://localhost:$https_port ;;
	http) url=http://localhost:$http_port ;;
	ftp) url=ftp://localhost:$ftp_port ;;
	ftps) url=ftps://localhost:$ftps_port ;;
	esac
	echo "user = \"$1:$pw\"" >"$work/$1.curl"
	echo "$pw" >>"$work/secrets"
	curl -sS -k -K "$work/$1.curl" --limit-rate "${4:-500k}" -o "$work/$1.out" \
	    "$url/main/${3:-slow.csv}" 2>"$work/$1.err" 9>&- &
	pids="$pids $!"
	eval "pid_$1=\$!"
}
running() { # USER…: all have pulled for long enough to be told of
	for u in "$@"; do
		within 20 sh -c "[ \"\$(stat -c %s '$work/$u.out')\" -gt 2000000 ]" ||
		    return 1
	done
}
# curl takes more than a rate allows at first, and then rests: so it shows, too,
# whether the last of it was told when nothing more moves.
in_store() { # USER…: some of their bytes
	"$python" - "$dir/state/store.db" "$@" <<-'EOF'
	import sqlite3, sys
	c = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
	for user in sys.argv[2:]:
	    n = c.execute("SELECT max(bytes) FROM pulls WHERE user = ?", [user])
	    assert (n.fetchone()[0] or 0) >= 300000, user
	EOF
}
told() { # USER…: the store knows that some of their bytes went out
	within 20 in_store "$@"
}
stop_clients() {
	for p in $pids; do
		kill -9 "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
	pids=
}
logins_of() { # USER N
	[ "$(grep -h '"event":"login"' "$dir"/audit/*.jsonl |
	    grep -cF "\"user\":\"$1\"")" = "$2" ]
}
pids=

ftp_port=$(free_port) ftps_port=$(free_port)
instance --feed main --ftp-port "$ftp_port" --ftps-port "$ftps_port"
sed -i 's/^\([[:space:]]*\)ftp_plain = no$/\1ftp_plain = yes/' "$conf"
sed -i 's/^# *\(grace_s\|idle_s\) = .*//' "$conf"
sed -i "s/^\([[:space:]]*\)grace_s = .*/\1grace_s = 1/" "$conf"
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon
drop_and_wait "$work/deals.csv" deals.csv
within 20 test -s "$dir/published/main/conversions.csv"
yes "a line that a slow client takes its time to read, again and again" |
    head -c 20000000 >"$dir/published/main/big.csv"
# no machine is so slow that it ends by itself; a hole needs no room
slow_bytes=400000000
truncate -s $slow_bytes "$dir/published/main/slow.csv"

# --- the client vanishes, or what serves it
begin gone sftp
begin went https
begin left ftps
begin lost ftp
begin child sftp
begin other ftps
check "pulls run" running gone went left lost child other
check "which the store is told" told gone went left lost child other
# shellcheck disable=SC2154 # by begin
kill -9 "$pid_gone" "$pid_went" "$pid_left" "$pid_lost"
check "a client of SFTP that vanished" cut_off gone sftp
check "one of HTTPS" cut_off went https
check "one of FTPS" cut_off left ftps
check "one of FTP" cut_off lost ftp
for role in ssh ftp; do
	pgrep -P "$(worker $role)" | xargs kill -9
done
check "a session of SFTP that was killed" cut_off child sftp
check "one of FTPS" cut_off other ftps
stop_clients

# --- the daemon is killed
begin ssh sftp
begin tls https
begin plain http
begin sealed ftps
begin bare ftp
check "pulls run again" running ssh tls plain sealed bare
check "which the store is told" told ssh tls plain sealed bare
daemon_kill
daemon
check "a kill of the daemon: the pull over SFTP" cut_off ssh sftp
check "the one over HTTPS" cut_off tls https
check "the one over HTTP" cut_off plain http
check "the one over FTPS" cut_off sealed ftps
check "the one over FTP" cut_off bare ftp
check "which says why" audited plain "the daemon ended before"
check "nothing else is told twice" within 15 logins_of ssh 1
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
	PULL_END, PULLED = 3, 9  # of which a short one may be either
	ends = 0
	for at in range(24, len(data) - record + 1, record):
	    kind = struct.unpack_from("I", data, at + 32)[0]
	    ends += kind in (PULL_END, PULLED) and b"kept\0" in data[at:at + record]
	sys.exit(ends != int(sys.argv[2]))
	PY
}
check "a client vanishes then" within 20 ends_kept 2
daemon_kill
touch "$work/unlock"
wait "$locker"
daemon
check "a pull that ran when nothing could be written" cut_off held sftp
both() { [ "$(grep -h '"event":"pulled"' "$dir"/audit/*.jsonl | grep -cF '"user":"kept"')" = 2 ]; }
check "one that ended then, and one before it" within 15 both
whole_too() { grep -h '"user":"kept"' "$dir"/audit/*.jsonl | grep '"event":"pulled"' | grep -q '"complete":true'; }
check "of which one is complete" whole_too
stop_clients

# --- a process is killed that others need
begin by_a sftp
begin by_b ftps
begin by_c https big.csv 4m
begin by_d sftp big.csv 4m
begin by_e ftps big.csv 4m
check "pulls run beside ingest" running by_a by_b by_c by_d by_e
kill -9 "$(worker ingest)"
for pull in "by_c https" "by_d sftp" "by_e ftps"; do
	eval "wait \$pid_${pull% *}"
	check "its end breaks off none: ${pull#* }" \
	    cmp "$work/${pull% *}.out" "$dir/published/main/big.csv"
	check "which the audit has whole" audited "${pull% *}" \
	    "\"protocol\":\"${pull#* }\"" '"complete":true' '"bytes":20000000,'
done
old_ssh=$(worker ssh) old_ftp=$(worker ftp)
kill -9 "$(worker auth)"
check "without auth no session goes on: SFTP" cut_off by_a sftp
check "nor FTPS" cut_off by_b ftps
stop_clients
both_back() { other_worker ssh "$old_ssh" && other_worker ftp "$old_ftp"; }
within 20 both_back
begin at_ssh sftp
begin at_ftp ftps
check "sessions begin again" running at_ssh at_ftp
check "which the store is told" told at_ssh at_ftp
kill -9 "$(worker ssh)" "$(worker ftp)"
check "the accepting process of SFTP takes its sessions with it" \
    cut_off at_ssh sftp
check "that of FTPS, too" cut_off at_ftp ftps
stop_clients

# --- the daemon drains, for a shorter time than a pull lasts
begin late sftp
begin slow https
begin tardy ftps
check "pulls run once more" running late slow tardy
check "which the store is told" told late slow tardy
check "the daemon stops" daemon_stop
stop_clients
daemon
check "a pull that draining cut off over SFTP" cut_off late sftp
check "one over HTTPS" cut_off slow https
check "one over FTPS" cut_off tardy ftps
check "the audit's chain is whole" "$convdrop" -c "$conf" audit verify
check "nothing is left to be heard" sh -c "! grep -q 'cannot be read' '$work/log'"
daemon_stop
finish
