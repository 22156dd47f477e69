#!/bin/sh
# What a process that was taken over could do: the probe (probe.c) is loaded
# into every process of a running daemon and tries, inside its sandbox, while
# clients are connected, before they log in and after.  Each role has a row;
# what it may do is listed, all else must be refused.
. "${srcdir:-.}/tests/e2e/lib.sh"

"$python" -c '
import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)' ||
    skip_all "this kernel has no Landlock"
${CC:-cc} -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/probe.so" \
    "$srcdir/tests/e2e/probe.c" || skip_all "no compiler for the probe"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
attempts=30
ftp_port=$(free_port)
instance --feed main --feed other --ftp-port "$ftp_port"
# who does not log in is to stay until he was looked at
sed -i -E 's/^#? *login_s *=.*/login_s = 600/' "$conf"

may() { # ROLE: what it may do, a line each
	case $1 in
	auth | ssh-child) ;;
	ftp-child) echo "begin a thread" ;;
	ssh) printf '%s\n' "fork" "clone itself" "share its memory" \
		    "begin a thread" ;;
	ftp) printf '%s\n' "fork" "clone itself" "share its memory" \
		    "begin a thread" "make a socket" ;;
	http) printf '%s\n' "list published" "read another's file" ;;
	files)
		printf '%s\n' "list archive" "list reports" "list inbox" \
		    "write inbox" "list published" "read another's file"
		;;
	ingest)
		printf '%s\n' "list state" "read store" "write state" \
		    "list audit" "list archive" "list reports" "list inbox" \
		    "write inbox" "list published" "read another's file" \
		    "write published" "read passwd" "begin a thread"
		;;
	esac | sort
}
attempted() { # PID
	grep -q "^probe $1: done" "$work/log"
}
# Besides: no process may gain privileges, leave its memory on the disk, be
# looked into by its user, or do without the filter of its role.
field() { # PID NAME
	awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"
}
most_files() { # PID
	awk '/^Max open files/ { print $5 }' "/proc/$1/limits"
}
hardened() { # PID DESCRIPTORS FILTERS
	[ "$(field "$1" NoNewPrivs)" = 1 ] || echo "it may gain privileges"
	[ "$(field "$1" Seccomp_filters)" = "$3" ] || echo "it lacks a filter"
	grep -q '^Max core file size *0 *0 ' "/proc/$1/limits" ||
	    echo "it may dump its core"
	# what cannot be dumped belongs to root, whoever runs it
	[ "$(stat -c %u "/proc/$1/mem")" = 0 ] || echo "it can be looked into"
	[ "$2" = 0 ] || [ "$(most_files "$1")" -le "$2" ] ||
	    echo "it may open $(most_files "$1") files"
}
probe() { # WHO ROLE PID DESCRIPTORS FILTERS
	hardened "$3" "$4" "$5" >"$work/weak"
	check "$1 is hardened" diff -u /dev/null "$work/weak"
	kill -USR2 "$3"
	within 10 attempted "$3"
	check "$1: the probe made every attempt" \
	    test "$(grep -c "^probe $3: .*: " "$work/log")" = "$attempts"
	sed -n "s/^probe $3: \(.*\): POSSIBLE\$/\1/p" "$work/log" |
	    sort >"$work/could"
	may "$2" >"$work/may"
	check "$1 can do what it must and no more" \
	    diff -u "$work/may" "$work/could"
}
policy() { # PID, of the scheduler: 3 is SCHED_BATCH (proc_pid_stat(5))
	sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 39
}
# The C library's copying (role.c): without the instruction that AMD's are slow at.
tuned() { # PID
	case $(uname -m)$(grep -m 1 vendor_id /proc/cpuinfo) in
	x86_64*AMD*) tunable=glibc.cpu.x86_rep_movsb_threshold=0x7fffffffffffffff ;;
	*) tunable= ;;
	esac
	grep -q "^probe $1: tuned $tunable\$" "$work/log"
}
# Landlock is each thread's own.
probe_threads() { # ROLE PID
	for thread in $(cd "/proc/$2/task" && echo *); do
		[ "$thread" != "$2" ] || continue
		before=$(wc -l <"$work/log")
		done_before=$(grep -c "^probe $2: done" "$work/log")
		"$python" -c 'import ctypes, signal, sys
ctypes.CDLL(None).tgkill(int(sys.argv[1]), int(sys.argv[2]), signal.SIGUSR2)
' "$2" "$thread"
		again() { [ "$(grep -c "^probe $2: done" "$work/log")" -gt "$done_before" ]; }
		within 10 again "$@"
		tail -n +"$((before + 1))" "$work/log" |
		    sed -n "s/^probe $2: \(.*\): POSSIBLE\$/\1/p" | sort >"$work/could"
		may "$1" >"$work/may"
		check "a thread of $1 can do what it must and no more" \
		    diff -u "$work/may" "$work/could"
	done
}

# Two clients who do not log in, then two who do.  They look whether they are
# still served when told to.
cat >"$work/sessions.py" <<'END'
import os, paramiko, socket, ssl, sys, time
sftp, ftp, password, ready, until = sys.argv[1:]
held = [socket.create_connection(("127.0.0.1", int(p))) for p in (sftp, ftp)]
for s in held: assert s.recv(10)
t = paramiko.Transport(("127.0.0.1", int(sftp)))
t.banner_timeout = t.handshake_timeout = t.auth_timeout = 120
t.connect(username="direct", password=password)
files = paramiko.SFTPClient.from_transport(t)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
s = socket.create_connection(("127.0.0.1", int(ftp)))
s.recv(99)
s.sendall(b"AUTH TLS\r\n")
s.recv(99)
s = c.wrap_socket(s)
def say(line):
    s.sendall(line + b"\r\n")
    return s.recv(99)[:3].decode()
say(b"USER direct")
print("ftp", say(b"PASS " + password.encode()), flush=True)
print("sftp", *files.listdir("/"), flush=True)
open(ready, "w").close()
end = time.monotonic() + 600
while not os.path.exists(until) and time.monotonic() < end: time.sleep(0.05)
print("ftp", say(b"SIZE /main/conversions.csv"))
print("sftp", files.stat("/main/conversions.csv").st_size)
END
sessions() { # begins them
	rm -f "$work/ready" "$work/until"
	"$python" -W ignore "$work/sessions.py" "$sftp_port" "$ftp_port" \
	    "$direct" "$work/ready" "$work/until" >"$work/sessions" 2>&1 &
	sessions=$!
	within 30 test -e "$work/ready"
}

daemon env LD_PRELOAD="$work/probe.so" PROBE_DIR="$dir"
for feed in main other; do
	mkdir -p "$dir/published/$feed"
	echo "x" >"$dir/published/$feed/conversions.csv"
done
check "clients come, and two of four log in" sessions
while read -r role files child_files; do
	probe "$role" "$role" "$(worker "$role")" "$files" 1
	check "$role copies as the processor is fast at" tuned "$(worker "$role")"
	probe_threads "$role" "$(worker "$role")"
	[ -n "$child_files" ] || continue
	when="before the login"
	for child in $(pgrep -P "$(worker "$role")"); do
		# its parent's filter, and its own
		probe "a session of $role $when" "$role-child" "$child" \
		    "$child_files" 2
		check "a session of $role interrupts nobody" \
		    test "$(policy "$child")" = 3
		when="after the login"
	done
	check "$role had both" test "$when" = "after the login"
done <<'END'
auth 8192
files 65536
ingest 0
http 16384
ssh 16384 1024
ftp 16384 64
END
touch "$work/until"
wait $sessions
check "those sessions were logged in, and still are served" \
    diff -u - "$work/sessions" <<'END'
ftp 230
sftp main other
ftp 213
sftp 2
END
daemon_stop

# Where a gap in the table is to show, the first attempt is the last.
CONVDROP_SANDBOX="kill"
export CONVDROP_SANDBOX
daemon env LD_PRELOAD="$work/probe.so" PROBE_DIR="$dir"
sessions
killed() { # N
	[ "$(grep -c 'was killed by signal 31' "$work/log")" = "$1" ]
}
for role in ssh ftp; do
	# shellcheck disable=SC2046
	kill -USR2 $(pgrep -P "$(worker $role)")
done
check "each of the four dies when it tries" within 10 killed 4
refute "and got nothing" grep -q POSSIBLE "$work/log"
touch "$work/until"
wait $sessions
daemon_stop

# The same attempts do succeed outside: the probe can tell.
LD_PRELOAD=$work/probe.so PROBE_DIR=$dir "$python" -c '
import os, signal
os.kill(os.getpid(), signal.SIGUSR2)' 2>"$work/outside"
check "what the probe tries is there to be had" \
    test "$(grep -c POSSIBLE "$work/outside")" -ge 24
finish
