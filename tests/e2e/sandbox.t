#!/bin/sh
# What a process that was taken over could do: the probe enters a role's
# sandbox and tries.  Each role has a row; what it may do is listed, all else
# must be refused.
. "${srcdir:-.}/tests/e2e/lib.sh"

"$python" -c '
import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)' ||
    skip_all "this kernel has no Landlock"
ftp_port=$(free_port)
instance --feed main --feed other --ftp-port "$ftp_port"
daemon # makes the store and the other files
daemon_stop

may() { # ROLE: what it may do, a line each
	case $1 in
	auth | ssh-child | ftp-child) ;;
	ssh) echo "fork" ;;
	ftp) printf '%s\n' "fork" "make a socket" ;;
	http) echo "list published" ;;
	files)
		printf '%s\n' "list archive" "list reports" "list inbox" \
		    "write inbox" "list published"
		;;
	ingest)
		printf '%s\n' "list state" "read store" "write state" \
		    "list audit" "list archive" "list reports" "list inbox" \
		    "write inbox" "list published" "write published" \
		    "read passwd"
		;;
	esac | sort
}

# LeakSanitizer traces its own process, which no sandbox allows.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
export ASAN_OPTIONS

for role in auth files ingest http ssh ssh-child ftp ftp-child; do
	"$convdropd" --role-probe $role "$conf" >"$work/$role" 2>"$work/$role.err"
	check "$role: the probe made every attempt" \
	    test "$(grep -c ': ' "$work/$role")" = 24
	sed -n 's/: POSSIBLE$//p' "$work/$role" | sort >"$work/could"
	may $role >"$work/may"
	check "$role can do what it must and no more" \
	    diff -u "$work/may" "$work/could"
	check "$role: the sandbox is whole" test ! -s "$work/$role.err"
done

# The processes themselves, with the sessions of clients who did not log in yet
# and of those who did: none may gain privileges, leave its memory on the disk,
# be looked into by its user, or do without the filter of its role.
cat >"$work/sessions.py" <<'END'
import os, paramiko, socket, ssl, sys, time
sftp, ftp, password, ready, until = sys.argv[1:]
held = [socket.create_connection(("127.0.0.1", int(p))) for p in (sftp, ftp)]
for s in held: assert s.recv(10)
t = paramiko.Transport(("127.0.0.1", int(sftp)))
t.connect(username="direct", password=password)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
s = socket.create_connection(("127.0.0.1", int(ftp)))
s.recv(99)
s.sendall(b"AUTH TLS\r\n")
s.recv(99)
s = c.wrap_socket(s)
for line in b"USER direct\r\n", b"PASS " + password.encode() + b"\r\n":
    s.sendall(line)
    print(s.recv(99)[:3])
open(ready, "w").close()
end = time.monotonic() + 60
while not os.path.exists(until) and time.monotonic() < end: time.sleep(0.05)
END
daemon
"$python" -W ignore "$work/sessions.py" "$sftp_port" "$ftp_port" "$direct" \
    "$work/ready" "$work/until" >"$work/sessions" 2>&1 &
sessions=$!
check "clients come, and two of four log in" within 30 test -e "$work/ready"
field() { # PID NAME
	awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"
}
most_files() { # PID
	awk '/^Max open files/ { print $5 }' "/proc/$1/limits"
}
hardened() { # PID DESCRIPTORS
	[ "$(field "$1" NoNewPrivs)" = 1 ] || echo "it may gain privileges"
	[ "$(field "$1" Seccomp)" = 2 ] || echo "it has no filter"
	grep -q '^Max core file size *0 *0 ' "/proc/$1/limits" ||
	    echo "it may dump its core"
	# what cannot be dumped belongs to root, whoever runs it
	[ "$(stat -c %u "/proc/$1/mem")" = 0 ] || echo "it can be looked into"
	[ "$2" = 0 ] || [ "$(most_files "$1")" -le "$2" ] ||
	    echo "it may open $(most_files "$1") files"
}
while read -r role files child_files children; do
	pid=$(pgrep -P "$daemon_pid" -f -- "--role $role")
	check "$role is one process, and hardened" \
	    test "$(hardened "$pid" "$files")" = ""
	[ "$children" -gt 0 ] || continue
	n=0
	for child in $(pgrep -P "$pid"); do
		n=$((n + 1))
		hardened "$child" "$child_files" >"$work/weak"
		# its parent's filter, and its own
		[ "$(field "$child" Seccomp_filters)" = 2 ] ||
		    echo "it has its parent's filter alone" >>"$work/weak"
		check "a connection of $role, too" test ! -s "$work/weak"
	done
	check "$role: before the login and after" test $n -eq "$children"
done <<'END'
auth 8192 0 0
files 65536 0 0
ingest 0 0 0
http 16384 0 0
ssh 16384 1024 2
ftp 16384 64 2
END
touch "$work/until"
wait $sessions
check "both were let in" test "$(cat "$work/sessions")" = \
    "$(printf '%s\n' "b'331'" "b'230'")"
daemon_stop

# The same attempts do succeed outside: the probe can tell.
check "the store is there to be found" test -s "$dir/state/store.db"
check "and so are the users" test -s "$dir/keys/users"
finish
