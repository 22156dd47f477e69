#!/bin/sh
# Clients that take all they can, over every protocol; while each is at it, an
# honest one logs in and pulls in under a second.
. "${srcdir:-.}/tests/e2e/lib.sh"
. "$srcdir/tests/e2e/hostile.sh"

instance
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon
drop_and_wait "$work/deals.csv" deals.csv
published=$dir/published/main
within 20 test -s "$published/conversions.csv"
put() { # NAME < bytes: as a file that is published
	cat >"$published/$1" && chown --reference="$published" "$published/$1" &&
	    chmod 644 "$published/$1"
}
yes "a line that a slow client takes its time to read, again and again" |
    head -c 40000000 | put big.csv

pull() { # URL
	curl -sSk --interface 127.0.0.99 --max-time 120 -u "direct:$direct" \
	    -o "$work/pulled" "$1" &&
	    cmp "$work/pulled" "$published/conversions.csv"
}
urls="sftp://127.0.0.1:$sftp_port/main/conversions.csv
    https://127.0.0.1:$https_port/main/conversions.csv
    http://127.0.0.1:$http_port/main/conversions.csv"
sftp_worst() { # ACTION USER PASSWORD ARGUMENT…
	action=$1 user=$2 password=$3
	shift 3
	hold "$python" "$srcdir/tests/e2e/hostile_sftp.py" "$action" \
	    "$sftp_port" "$user" "$password" "$work/ready" "$work/until" "$@"
}
before=$(worker ssh; worker http; worker files; worker auth)

check "an honest client pulls in under a second" honest

# --- silence
silent() { # PORT ADDRESS…: ten from each, until unhold
	port=$1
	shift
	hold "$python" "$srcdir/tests/e2e/hostile.py" silent "$port" \
	    "$work/ready" "$work/until" "$@"
}
fifty=$(for i in $(seq 50); do echo "127.0.1.$i"; done)
one=$(for i in $(seq 50); do echo 127.0.0.99; done)
for port in "$sftp_port" "$https_port" "$http_port"; do
	silent "$port" $fifty
	check "500 silent connections from 50 addresses, port $port" honest
	unhold >/dev/null
	silent "$port" $one
	sleep 1 # who comes with such a crowd, from its address, is one of it
	check "500 from the honest one's own address, port $port" honest
	unhold >/dev/null
done
# known or not: an address that never logged in gets in, too
silent "$sftp_port" $fifty
unknown() {
	curl -sSk --interface 127.0.0.98 --max-time 120 -u "direct:$direct" \
	    -o "$work/pulled" \
	    "sftp://127.0.0.1:$sftp_port/main/conversions.csv"
}
check "a client from an address nobody knows gets in" within 40 unknown
unhold >/dev/null

# --- too much at once
sftp_worst handles direct "$direct" /main/conversions.csv 3000
check "3,000 handles" honest
unhold >"$work/o"
check "of which 64 are given, and the session goes on" is "$(cat "$work/o")" \
    "64 2936 True"
sftp_worst reads direct "$direct" /main/big.csv 4000
check "4,000 reads at once, and no answer taken" honest
rss() { # KiB of the largest child of ssh
	for p in $(pgrep -P "$(worker ssh)"); do
		awk '/^RssAnon/ { print $2 }' "/proc/$p/status"
	done | sort -n | tail -1
}
idle=$(rss)
[ -n "$idle" ] && echo "# the session has $idle KiB"
# 4,000 answers would be a gigabyte; sanitizers keep what is freed
check "which are not kept in memory" [ "${idle:-0}" -lt 150000 ]
unhold >"$work/o"
check "and harm nobody" is "$(cat "$work/o")" asked
sftp_worst slow direct "$direct" /main/big.csv 8
check "slow readers over SFTP" honest
unhold >"$work/o"
check "who get what they take" is "$(cat "$work/o")" True
slow_http() { # PORT plain|tls: five of them
	rm -f "$work/go" "$work"/started.? "$work"/slow.size.?
	slow_ones=
	for i in 1 2 3 4 5; do
		"$python" "$srcdir/tests/e2e/hostile.py" slow "$1" "$2" \
		    /main/big.csv "direct:$direct" "$work/slow.$i" \
		    "$work/started.$i" "$work/go" >"$work/slow.size.$i" 2>&1 &
		slow_ones="$slow_ones $!"
	done
	for i in 1 2 3 4 5; do
		within 30 test -e "$work/started.$i"
	done
}
for kind in "plain $http_port" "tls $https_port"; do
	slow_http "${kind#* }" "${kind% *}"
	check "slow readers over HTTP, ${kind% *}" honest
	touch "$work/go"
	wait $slow_ones
	check "who get all of it in the end" \
	    is "$(cat "$work"/slow.size.? | sort -u)" 40000000
done

# --- huge folders
huge=$dir/reports/main
"$python" - "$huge" <<'EOF'
import os, sys
st = os.stat(sys.argv[1])
for i in range(20000):
    path = "%s/2026-%05d.csv.report.txt" % (sys.argv[1], i)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
    os.chown(path, st.st_uid, st.st_gid)
EOF
n=$(find "$huge" -maxdepth 1 -type f ! -name '.*' | wc -l)
sftp_worst lists dropper "$dropper" /reports/main "$n"
check "a folder of 20,000 files, listed again and again" honest
unhold >"$work/o"
check "every one of them" is "$(cat "$work/o")" True
sftp_worst begins dropper "$dropper" /reports/main 12
check "the same in twelve sessions at once" honest
unhold >"$work/o"
check "all of which were answered" is "$(cat "$work/o")" True
list_http() {
	rm -f "$work/stop"
	touch "$work/ready"
	while [ ! -e "$work/until" ]; do
		curl -s -u "dropper:$dropper" -o "$work/list" \
		    "http://127.0.0.1:$http_port/reports/main/"
	done
	grep -c 'report.txt"' "$work/list"
}
hold list_http
check "the same over HTTP" honest
unhold >/dev/null
find "$huge" -name '2026-*' -delete

# --- what is no file, and ways out
ln -s /etc/passwd "$published/link.csv"
ln -s "$dir/keys" "$published/keys"
ln -s ../../keys/users "$published/users.csv"
mkfifo "$published/fifo.csv"
chmod 666 "$published/fifo.csv"
sftp_worst opens direct "$direct" /main/link.csv /main/keys/users \
    /main/users.csv /main/fifo.csv /main/../../keys/users \
    /../../../../etc/passwd main/../../state/store.db /main/./../../etc/passwd \
    '/main/..\..\keys\users' /main//../..//keys/users /main/keys
check "a FIFO, links and dots in SFTP" honest
unhold >"$work/o"
check "lead nowhere, and at once" is "$(cat "$work/o")" True
nowhere() { # PATH: over HTTP
	curl -s --path-as-is --max-time 120 -u "direct:$direct" -o "$work/got" \
	    -w '%{http_code}' "http://127.0.0.1:$http_port$1"
}
for path in /main/link.csv /main/keys/users /main/users.csv /main/fifo.csv \
    /main/../../keys/users /main/%2e%2e/%2e%2e/keys/users /../etc/passwd \
    /main/keys/ /main/..%2f..%2fkeys%2fusers; do
	code=$(nowhere "$path")
	case $code in
	400 | 404) ok "$path over HTTP is $code" ;;
	*) not_ok "$path over HTTP is $code" ;;
	esac
done
check "an honest client does not notice" honest
refute "and a listing shows none of them" sh -c \
    "curl -s -u 'direct:$direct' 'http://127.0.0.1:$http_port/main/' |
    grep -E 'link|keys|users|fifo'"

check "no process had to be started again" is \
    "$(worker ssh; worker http; worker files; worker auth)" "$before"
check "the daemon ends cleanly" daemon_stop
finish
