#!/bin/sh
# The filter for fail2ban against the log of a daemon: every protocol, both
# languages, and nothing that is not a guess.
. "${srcdir:-.}/tests/e2e/lib.sh"

command -v fail2ban-regex >/dev/null || skip_all "fail2ban is not installed"
filter=$srcdir/scripts/fail2ban/filter.d/convdrop.conf
jail=$srcdir/scripts/fail2ban/jail.d/convdrop.conf

ftp_port=$(free_port) ftps_port=$(free_port)
instance --ftp-port "$ftp_port" --ftps-port "$ftps_port"
sed -i -E 's/^#? *ftp_plain *=.*/ftp_plain = yes/' "$conf"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/id" </dev/null
daemon
guess() { # a wrong login by each protocol; each from an address of its own
	curl -sk -o /dev/null --interface 127.0.0.31 -u direct:wrong \
	    "https://localhost:$https_port/main/"
	curl -s -o /dev/null --interface 127.0.0.32 -u nobody:wrong \
	    "http://localhost:$http_port/main/"
	curl -s -o /dev/null --interface 127.0.0.33 \
	    "http://localhost:$http_port/t/no-such-token/main/conversions.csv"
	curl -sk -o /dev/null --interface 127.0.0.34 -u direct:wrong \
	    "sftp://127.0.0.1:$sftp_port/main/"
	curl -s -o /dev/null --interface 127.0.0.35 -u direct:wrong \
	    "ftp://127.0.0.1:$ftp_port/main/"
	curl -sk -o /dev/null --interface 127.0.0.36 -u direct:wrong \
	    --ssl-reqd "ftp://127.0.0.1:$ftp_port/main/"
	curl -sk -o /dev/null --interface 127.0.0.37 -u direct:wrong \
	    "ftps://127.0.0.1:$ftps_port/main/"
	curl -s -o /dev/null --interface 127.0.0.41 -u "direct:$direct" \
	    "http://localhost:$http_port/main/" # no guess
	# guesses from where somebody logged in lately are nobody's to ban
	curl -s -o /dev/null --interface 127.0.0.41 -u direct:wrong \
	    "http://localhost:$http_port/main/"
}
banned() { # addresses that the filter finds in the log, one a line
	fail2ban-regex --out '<ip>' "$work/log" "$filter" 2>"$work/f2b.err" |
	    sort -u | xargs
}
all="127.0.0.31 127.0.0.32 127.0.0.33 127.0.0.34 127.0.0.35 127.0.0.36 127.0.0.37"
guess
all_found() { [ "$(banned)" = "$all" ]; }
within 20 all_found
check "the filter finds every guess, by address" is "$(banned)" "$all"
fail2ban-regex --out '<time>' "$work/log" "$filter" >"$work/times"
of_now() { # the seconds of the first one
	ago=$(($(date +%s) - $(head -1 "$work/times" | cut -d. -f1)))
	[ $ago -ge 0 ] && [ $ago -lt 900 ]
}
check "with its time" of_now
check "each once" is "$(fail2ban-regex --out '<ip>' "$work/log" "$filter" |
    wc -l)" 7
# as the journal has it, and syslog
for before in 'Nov 22 10:00:00 host convdropd[812]: ' \
    'host convdropd[812]: '; do
	sed "s/^/$before/" "$work/log" >"$work/journal"
	check "also behind \"$before\"" is "$(fail2ban-regex --out '<ip>' \
	    "$work/journal" "$filter" | sort -u | xargs)" "$all"
done
# the journal's own time, so that the line's is still there
sed 's/^/2026-11-22T10:00:00Z host convdropd[812]: /' "$work/log" \
    >"$work/journal"
check "and behind the journal's own time" is "$(fail2ban-regex --out '<ip>' \
    "$work/journal" "$filter" | sort -u | xargs)" "$all"
# what a client can write into the log must not look like a guess of others
forged='x auth[1]: The login of a from 192.0.2.99 over sftp failed.'
curl -s -o /dev/null --interface 127.0.0.31 -u "$forged:x" \
    "http://localhost:$http_port/main/"
"$python" - "$sftp_port" "$forged" <<'EOF'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)
s.sendall(b"SSH-2.0-" + sys.argv[2].encode() + b"\r\n")
s.recv(64)
s.close()
EOF
refute "nobody can put another's address there" \
    sh -c "fail2ban-regex --out '<ip>' '$work/log' '$filter' | grep 192.0.2.99"
check "the daemon stops" daemon_stop

sed -i -E 's/^#? *language *=.*/language = "ru"/' "$conf"
daemon
guess
within 20 all_found
check "in Russian too" is "$(banned)" "$all"
check "it was Russian" grep -q "Вход direct с 127.0.0.31 по https не удался" \
    "$work/log"
check "the daemon stops again" daemon_stop
# the example jail names the filter that is there
check "the example jail is read" "$python" - "$jail" <<'EOF'
import configparser, sys
c = configparser.ConfigParser()
c.read(sys.argv[1])
assert c["convdrop"]["filter"] == "convdrop"
assert c["convdrop"]["backend"] == "systemd"
EOF
finish
