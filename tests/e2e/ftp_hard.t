#!/bin/sh
# FTP clients that mean no good; while each is at it, an honest one logs in and
# pulls in under a second.
. "${srcdir:-.}/tests/e2e/lib.sh"
. "$srcdir/tests/e2e/hostile.sh"

CONVDROP_SANDBOX="kill" # a gap in the sandbox's table would show
export CONVDROP_SANDBOX
first=$((first_port + 8)) last=$((first_port + 19)) # of data
seq "$first" "$last" >"$work/ports"
ftp_port=$(free_port) ftps_port=$(free_port)
instance --ftp-port "$ftp_port" --ftps-port "$ftps_port"
never_hold
sed -i -E "s/^#? *ftp_passive_ports *=.*/ftp_passive_ports = \"$first-$last\"/;
    s/^#? *max_per_address *=.*/max_per_address = 10/;
    s/^#? *max_unauth_per_address *=.*/max_unauth_per_address = 5/" "$conf"
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon
drop_and_wait "$work/deals.csv" deals.csv
published=$dir/published/main
within 20 test -s "$published/conversions.csv"
yes "a line that a slow client takes its time to read, again and again" |
    head -c 40000000 >"$published/big.csv"
chown --reference="$published" "$published/big.csv"

urls=ftp://localhost:$ftp_port/main/conversions.csv
pull() { # URL
	curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" --max-time 120 \
	    --interface 127.0.0.99 -u "direct:$direct" -o "$work/pulled" \
	    "$1" &&
	    cmp "$work/pulled" "$published/conversions.csv"
}
worst_on() { # PORT USER PASSWORD ACTION ARGUMENT…: until unhold
	to=$1 user=$2 password=$3 action=$4
	shift 4
	hold "$python" "$srcdir/tests/e2e/hostile_ftp.py" "$action" "$to" \
	    "$user" "$password" "$work/ready" "$work/until" "$@"
}
worst() { # ACTION ARGUMENT…
	worst_on "$ftp_port" direct "$direct" "$@"
}
saw() { # SENTENCE WHAT: which is what it printed
	unhold >"$work/o"
	check "$1" is "$(cat "$work/o")" "$2"
}
before=$(worker ftp; worker files; worker auth)

check "an honest client pulls in under a second" honest

# --- connections
worst bounce
check "PORT, EPRT and LPRT, again and again" honest
saw "connect to nobody" "425 502"
worst knock "$first" "$last"
check "somebody who knocks at all ports of data, all the time" honest
saw "gets in nowhere" True
touch "$work/until"
check "who comes behind thieves that fill the queue of its port is served" is \
    "$("$python" "$srcdir/tests/e2e/hostile_ftp.py" thieves "$ftp_port" \
	direct "$direct" "$work/ready" "$work/until" 40 2>&1 | tail -1)" \
    "226 True True"
check "and they are in the log" within 10 \
    logged '127.0.0.77: a data connection was refused'
worst ports 10
check "as many sessions as an address may have, and each asks for ports" honest
saw "which they get" "227 229"
worst no_one
check "RETR, and nobody comes for it" honest
saw "and ABOR ends it" "('426', '226')"
fifty=$(for i in $(seq 50); do echo "127.0.1.$i"; done)
one=$(for i in $(seq 50); do echo 127.0.0.99; done)
for port in "$ftp_port" "$ftps_port"; do
	# shellcheck disable=SC2086
	worst_on "$port" - - silent $fifty
	check "500 silent connections from 50 addresses, port $port" honest
	saw "all of which were opened" 500
done
# shellcheck disable=SC2086
worst silent $one
sleep 1 # who comes with such a crowd, from its address, is one of it
check "500 from the honest one's own address" honest
unhold >"$work/o"
worst half 3
check "TLS handshakes that are never ended" honest
saw "harm nobody" True

# --- encryption
worst prompt 15
check "sessions of TLS, one after the other" honest
saw "whose first command is not held back" True
worst injections
check "commands unencrypted behind AUTH TLS" honest
saw "are not obeyed" "('234', False) ('421', False)"
worst downgrades
check "PROT C, CCC and a data connection without TLS" honest
saw "encryption stays" \
    "534 536 536 534 534 503 503 502 200 502 502 502 502 b''"

# --- lines
worst lines
check "lines without an end, and Telnet's commands without one" honest
saw "are refused, and the session goes on; a NUL is no login" \
    "200 500 500 200 500 200 501 331 501 230 503"

# --- paths and offsets
ln -s /etc/passwd "$published/link.csv"
ln -s "$dir/keys" "$published/keys"
mkfifo "$published/fifo.csv"
chmod 666 "$published/fifo.csv"
worst paths /main/link.csv /main/keys/users /main/fifo.csv /main/keys \
    ../../../../etc/passwd /main/../../etc/passwd '/main/..\..\etc\passwd' \
    //etc//passwd "/main/$(printf '%0300d' 0)" '~root/etc' '-l /etc/passwd'
check "a FIFO, links and dots" honest
saw "lead nowhere, and at once" True
rm "$published/link.csv" "$published/keys" "$published/fifo.csv"
worst offsets
check "offsets that are none, or too large" honest
saw "are refused" "501 501 501 501 501 501 501 501 554 501 501"

# --- too much at once
worst deaf 5
rss() { # KiB of the largest child of ftp
	for p in $(pgrep -P "$(worker ftp)"); do
		awk '/^RssAnon/ { print $2 }' "/proc/$p/status"
	done | sort -n | tail -1
}
check "sessions that read neither data nor replies" honest
largest=$(rss)
echo "# the largest has $largest KiB"
check "and fill no memory" [ "${largest:-0}" -lt 60000 ]
saw "harm nobody" 5
huge=$dir/reports/main
"$python" - "$huge" <<'EOF'
import os, sys
st = os.stat(sys.argv[1])
for i in range(20000):
    path = "%s/2026-%05d.csv.report.txt" % (sys.argv[1], i)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
    os.chown(path, st.st_uid, st.st_gid)
EOF
n=$(find "$huge" -maxdepth 1 -type f -name '*report.txt' | wc -l)
worst_on "$ftp_port" dropper "$dropper" folder /reports/main "$n"
check "a folder of 20,000 files, listed again and again" honest
saw "every one of them" True
find "$huge" -name '2026-*' -delete

# --- ends
worst aborts 25
check "ABOR at every moment" honest
saw "ends the transfer and not the session" 257
worst_on "$ftp_port" dropper "$dropper" cuts "$dir/inbox/main" 24
check "uploads that are cut at every moment, in every way" honest
saw "leave nothing" "[]"
refute "and are no dumps" grep -q '"uploaded"' "$dir"/audit/*.jsonl
worst no_one
children() { pgrep -P "$(worker ftp)"; }
# shellcheck disable=SC2046 # a list of numbers
kill -9 $(children)
check "all processes of connections are killed" honest
unhold >"$work/o"
check "the log says so" within 10 logged 'was killed by signal 9'

# --- guesses
worst guesses 8
check "somebody guesses passwords, and has to wait over HTTPS, too" is "$(curl -sk -o "$work/o" \
    -w '%{http_code}' --interface 127.0.0.66 -u nobody-here:wrong \
    "https://localhost:$https_port/main/")" 429
check "while the honest one pulls" honest
saw "and each answer takes its time" "530 held back"
refute "no guess is in the log" logged wrong-

check "no process had to be started again" is \
    "$(worker ftp; worker files; worker auth)" "$before"

# --- deadlines that do not wait for whoever always says a little more
daemon_stop
sed -i -E 's/^#? *login_s *=.*/login_s = 15/' "$conf"
daemon
for how in "$ftps_port:-" "$ftp_port:AUTH TLS"; do
	# shellcheck disable=SC2086
	worst_on "${how%%:*}" - - dripping 15 "${how#*:}" $fifty
	check "500 handshakes a byte at a time, port ${how%%:*}" honest
	saw "are ended when a login may take no longer" "500 0 True"
done

check "the daemon ends cleanly" daemon_stop
finish
