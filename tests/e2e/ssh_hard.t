#!/bin/sh
# SSH clients that mean no good, below SFTP; while each is at it, an honest one
# logs in and pulls.
. "${srcdir:-.}/tests/e2e/lib.sh"

CONVDROP_SANDBOX="kill" # a gap in the sandbox's table would show
export CONVDROP_SANDBOX
# what is freed is not kept for long, or memory could not be judged
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:quarantine_size_mb=1"
instance
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon
drop_and_wait "$work/deals.csv" deals.csv
file=$dir/published/main/conversions.csv
within 20 test -s "$file"

is() { [ "$1" = "$2" ] || { echo "\"$1\" is not \"$2\""; return 1; }; }
logged() { grep -q -- "$1" "$work/log"; }
worker() { pgrep -P "$daemon_pid" -f -- "--role $1"; }
children() { pgrep -P "$(worker ssh)"; }
honest() {
	rm -f "$work/out"
	echo "get /main/conversions.csv $work/out" |
	    sftp_as direct "$direct" && cmp "$work/out" "$file"
}
worst() { # ACTION
	rm -f "$work/ready" "$work/until"
	"$python" -W ignore "$srcdir/tests/e2e/hostile_ssh.py" "$1" "$sftp_port" \
	    direct "$direct" "$work/ready" "$work/until" >"$work/saw" \
	    2>"$work/saw.err" &
	holder=$!
	within 60 test -e "$work/ready" || cat "$work/saw.err"
}
saw() { # SENTENCE WHAT
	touch "$work/until"
	wait "$holder"
	check "$1" is "$(cat "$work/saw"; tail -3 "$work/saw.err")" "$2"
}
before=$(worker ssh; worker files; worker auth)

check "an honest client pulls" honest

# libssh would write to them for ever, whoever hangs up
worst tiny_packets
check "clients that take packets of 10 bytes" honest
two_ended() { [ "$(grep -c 'without getting on, and was ended' "$work/log")" = 2 ]; }
check "lose their processes" within 60 two_ended
check "by their address" logged '127.0.0.1: the process of the connection worked for 5 s'
saw "one of them greeted first" True
gone() { [ -z "$(children)" ]; }
check "and nothing of them is left" within 10 gone

worst floods
check "a flood of requests, channels and data for nobody" honest
rss() { # KiB of the largest child of ssh
	for p in $(children); do
		awk '/^RssAnon/ { print $2 }' "/proc/$p/status"
	done | sort -n | tail -1
}
largest=$(rss)
echo "# the largest has $largest KiB"
check "fills no memory" [ "${largest:-0}" -lt 40000 ]
saw "and the session goes on" "True True True"

worst others
check "other channels than one with SFTP" honest
saw "are refused, and it goes on" "True True"

worst before_login
check "channels before a login, and logins after it" honest
saw "end the connection" "False True False"

# new keys in both directions, while bytes go
head -c 10000000 /dev/urandom >"$work/noise"
rekeyed() { # CIPHER
	echo "put $work/noise /inbox/main/noise.part" | sftp_as dropper "$dropper" \
	    -c "$1" -o RekeyLimit=256K
}
for cipher in aes128-ctr aes256-gcm@openssh.com chacha20-poly1305@openssh.com; do
	check "an upload with new keys every 256 KiB, $cipher" rekeyed $cipher
done

check "no process had to be started again" is \
    "$(worker ssh; worker files; worker auth)" "$before"
check "the daemon ends cleanly" daemon_stop
finish
