# shellcheck shell=sh
# What the end-to-end tests share.  Sourced; POSIX sh.
#
#	. "${srcdir:-.}/tests/e2e/lib.sh"
#	instance --feed main		# makes $dir and $init (the JSON of init)
#	daemon				# starts convdropd, waits until it is ready
#	check "a sentence" command arg…	# one TAP line: does the command succeed?
#	finish
#
# Every test has a folder of its own, $work, and leaves no process behind.

srcdir=${srcdir:-$(pwd)}
builddir=${builddir:-$srcdir}
convdrop=$builddir/convdrop
convdropd=$builddir/convdropd
python=/usr/bin/python3
work=$(mktemp -d "${TMPDIR:-/tmp}/convdrop-test.XXXXXX")
daemon_pid=
tests=0
failed=0
LC_ALL=C.UTF-8
CONVDROP_LOCALEDIR=${CONVDROP_LOCALEDIR:-$builddir/locale}
export LC_ALL CONVDROP_LOCALEDIR

cleanup() {
	if [ -n "$daemon_pid" ]; then
		kill "$daemon_pid" 2>/dev/null && wait "$daemon_pid" 2>/dev/null
	fi
	# what every daemon of this run said, for tests/e2e/secrets.t
	if [ -n "${CONVDROP_TEST_LOGS:-}" ] && [ -f "$work/log" ]; then
		mkdir -p "$CONVDROP_TEST_LOGS"
		kept=$CONVDROP_TEST_LOGS/$(basename "$0")
		cat "$work/log.all" "$work/log" 2>/dev/null >"$kept.log"
		cat "$work"/*/audit/*.jsonl 2>/dev/null >"$kept.audit"
		cp "$work/secrets" "$kept.secrets" 2>/dev/null
	fi
	if [ -z "${KEEP:-}" ]; then rm -rf "$work"; else echo "# kept $work"; fi
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

skip_all() { # REASON
	echo "1..0 # SKIP $1"
	exit 0
}

ok() {
	tests=$((tests + 1))
	echo "ok $tests - $*"
}

not_ok() {
	tests=$((tests + 1))
	failed=$((failed + 1))
	echo "not ok $tests - $*"
}

skip() { # SENTENCE REASON
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

check() { # SENTENCE COMMAND…
	what=$1
	shift
	if "$@" >"$work/check.out" 2>&1; then
		ok "$what"
	else
		not_ok "$what"
		echo "# failed: $*"
		sed 's/^/# /' "$work/check.out" | head -30
	fi
}

is() { # WHAT IT-SHOULD-BE
	[ "$1" = "$2" ] || { echo "\"$1\" is not \"$2\""; return 1; }
}

exits() { # STATUS COMMAND…: what it says is in $work/out and $work/err
	want=$1
	shift
	"$@" >"$work/out" 2>"$work/err"
	got=$?
	[ "$got" -eq "$want" ] || { echo "exit $got"; cat "$work/err"; return 1; }
}
says() { # WORDS [FILE]: which is out or err
	grep -qF -- "$1" "$work/${2:-out}" || { cat "$work/${2:-out}"; return 1; }
}

# True if the command ends with the status and says the words.
fails_with() { # STATUS WORDS COMMAND…
	want=$1 words=$2
	shift 2
	"$@" >"$work/out" 2>&1
	got=$?
	[ "$got" = "$want" ] && grep -qF -- "$words" "$work/out" ||
	    { cat "$work/out"; return 1; }
}

refute() { # SENTENCE COMMAND…: it must fail
	what=$1
	shift
	if "$@" >"$work/check.out" 2>&1; then
		not_ok "$what"
		echo "# should have failed: $*"
	else
		ok "$what"
	fi
}

finish() { # with the plan, so that a script that breaks off is seen
	echo "1..$tests"
	if [ "$failed" -gt 0 ] && [ -f "$work/log" ]; then
		echo "# the daemon's log:"
		tail -n 29 "$work/log" | sed 's/^/# /'
	fi
	exit 0 # the TAP lines have told
}

# Tests that run at the same time draw their ports from different twenties, so
# that a port stays a test's own while its daemon is down.  Whoever holds the
# lock on descriptor 9 owns the twenty.
port_locks=/tmp/convdrop-test-ports
take_ports() {
	mkdir -m 1777 "$port_locks" 2>/dev/null
	for first_port in $(shuf -i 750-1600); do
		first_port=$((first_port * 20))
		# another user's file cannot be opened, and exec would exit
		(: >>"$port_locks/$first_port") 2>/dev/null || continue
		exec 9>>"$port_locks/$first_port"
		flock -n 9 && return
	done
	echo "Bail out! no ports are left"
	exit 1
}
take_ports

# So many of them that nobody listens on, and others at each call.
free_ports() { # N
	"$python" -S - "$first_port" "$work/ports" "$1" <<-'EOF'
	import os, socket, sys
	first, file, n = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
	with open(file, "a+") as f:
	    f.seek(0)
	    given = f.read().split()
	    for port in sorted(range(first, first + 20), key=lambda _: os.urandom(4)):
	        if n == 0 or str(port) in given:
	            continue
	        with socket.socket(socket.AF_INET6) as s:
	            try:
	                s.bind(("::", port))
	            except OSError:
	                continue
	        print(port)
	        print(port, file=f)
	        n -= 1
	EOF
}
free_port() { free_ports 1; }

# until COMMAND succeeds, for at most LIMIT seconds: for what sends no event.
# A slow machine, which is busy besides, is given several times as long.
patience=6
within() { # LIMIT COMMAND…
	end=$(($(date +%s) + patience * $1)) tries=0
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1)) # to ask for the time costs a process
		[ $((tries % 8)) -ne 0 ] || [ "$(date +%s)" -lt "$end" ] || return 1
		sleep 0.05
	done
	return 0 # whatever became of the last sleep
}

# A value of init's JSON: json users.direct.password
json() { # PATH [FILE]
	"$python" -c '
import json, sys
v = json.load(open(sys.argv[2]))
for k in sys.argv[1].split("."):
    v = v[int(k)] if isinstance(v, list) else v[k]
print(v)' "$1" "${2:-$work/init.json}"
}

# instance [OPTION…]: convdrop init with free ports; $dir, $conf, passwords.
# Keys take long to make: of instances alike but for their ports, those of the
# same run are copies of one.
instance() {
	dir=$work/instance
	conf=$dir/convdrop.conf
	# shellcheck disable=SC2046 # three numbers
	set -- $(free_ports 3) "$@"
	sftp_port=$1 https_port=$2 http_port=$3
	shift 3
	set -- --host localhost --sftp-port "$sftp_port" \
	    --https-port "$https_port" --http-port "$http_port" --json "$@"
	kind=$(id -u) before='' ports=''
	for word; do
		case $before in
		--*-port)
			port=${before#--} port=${port%-port}_port
			ports="$ports
s/^$port = .*/$port = $word/"
			;;
		*) kind=$kind$word ;;
		esac
		before=$word
	done
	made=test-instances/$(echo "$kind" | tr / _)
	if mkdir -p "$builddir/$made" 2>/dev/null; then
		made=$builddir/$made
	else # another user's
		made=$work/$made
		mkdir -p "$made"
	fi
	(
		flock 8
		find "$made/init.json" -newer "$convdrop" 2>/dev/null |
		    grep -q . && exit
		rm -rf "$made/made"
		"$convdrop" init "$made/made" "$@" >"$made/new" &&
		    mv "$made/new" "$made/init.json"
	) 8>"$made/lock" || { echo "Bail out! init failed"; exit 1; }
	cp -a "$made/made" "$dir"
	sed -i "$ports" "$conf"
	cp "$made/init.json" "$work/init.json"
	"$python" -S - "$work/init.json" >"$work/init.secrets" <<-'EOF'
	import json, sys
	v = json.load(open(sys.argv[1]))
	for name in "direct", "dropper", "admin", "auditor":
	    print(v["users"][name]["password"])
	print(*v["tokens"].values(), sep="\n")
	EOF
	# shellcheck disable=SC2034 # the tests use them
	{ read -r direct && read -r dropper && read -r admin && read -r auditor; } \
	    <"$work/init.secrets"
	cat "$work/init.secrets" >>"$work/secrets"
	cat >"$work/askpass" <<-'EOF'
	#!/bin/sh
	echo "$SFTP_PASSWORD"
	EOF
	chmod +x "$work/askpass"
}

tool() { # ARGUMENT…: of the admin's tool
	"$convdrop" -c "$conf" "$@"
}

# For what is not about the hold gate: no dump of any feed waits.
never_hold() {
	sed -i 's/^\([[:space:]]*\)hold = yes$/\1hold = no/' "$conf"
}

# Starts convdropd and waits for its line with "ready"; more arguments are the
# command it is run under (strace …).
daemon() {
	cat "$work/log" >>"$work/log.all" 2>/dev/null
	: >"$work/log"
	"$@" "$convdropd" -c "$conf" 2>>"$work/log" &
	daemon_pid=$!
	within 20 grep -q ready "$work/log" && return
	echo "Bail out! convdropd is not ready"
	sed 's/^/# /' "$work/log"
	exit 1
}

# Ends the daemon as an admin does; its exit status.
daemon_stop() {
	kill -TERM "$daemon_pid" 2>/dev/null
	wait "$daemon_pid"
	status=$?
	daemon_pid=
	return $status
}

# Ends it as a loss of power does.  The next daemon needs the ports, which are
# free when the last of its processes is gone.
daemon_kill() {
	family="$daemon_pid $(pgrep -P "$daemon_pid" | xargs)"
	for pid in ${family#* }; do
		family="$family $(pgrep -P "$pid" | xargs)"
	done
	# shellcheck disable=SC2086 # a list of numbers
	kill -KILL $family 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
	# shellcheck disable=SC2086
	within 20 are_gone $family
}
are_gone() { # PID…: none is there, but as one that nobody waited for
	for pid in "$@"; do
		case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in
		'' | Z* | X*) ;;
		*) return 1 ;;
		esac
	done
}

# The configuration is read again: when this returns it is in force, and nobody
# takes a dump by the one before any more.
reload() {
	forces=$(grep -c 'is in force' "$work/log")
	before_reload=$(worker ingest)
	kill -HUP "$daemon_pid"
	within 20 reloaded
}
reloaded() {
	[ "$(grep -c 'is in force' "$work/log")" -gt "$forces" ] &&
	    other_worker ingest "$before_reload"
}

logged() { # WORDS: by a daemon of this test
	cat "$work/log.all" "$work/log" 2>/dev/null | grep -q -- "$1"
}

worker() { # ROLE: its process
	pgrep -P "$daemon_pid" -f -- "--role $1"
}
other_worker() { # ROLE OLD-PID: it runs, and it is another process
	now=$(worker "$1") && [ "$now" != "$2" ]
}

# drop FILE NAME [FOLDER]: as an admin does, renamed into place
drop() {
	cp "$1" "$dir/inbox/${3:-main}/.$2.copy" &&
	    mv "$dir/inbox/${3:-main}/.$2.copy" "$dir/inbox/${3:-main}/$2"
}

# The dump NAME left the inbox (and so was merged or refused).
taken() { # NAME [FOLDER]
	[ ! -e "$dir/inbox/${2:-main}/$1" ]
}
drop_and_wait() { # FILE NAME [FOLDER]
	drop "$@" && within 30 taken "$2" "${3:-main}"
}

dump_number() { # NAME [FEED]
	tool dumps "${2:-main}" --limit 0 --json | "$python" -c '
import json, sys
print([d["dump"] for d in json.load(sys.stdin)["dumps"]
       if d["name"] == sys.argv[1]][0])' "$1"
}

puller() { # NAME: a user of its own for each pull; the password
	tool user add "$1" --role pull --feed main --json >"$work/$1.json" &&
	    json password "$work/$1.json"
}
pulled() { # USER PROTOCOL FACT…: the last such pull in the audit has these
	who=$1 how=$2
	shift 2
	line=$(grep -h '"event":"pulled"' "$dir"/audit/*.jsonl |
	    grep -F "\"user\":\"$who\"" | grep -F "\"protocol\":\"$how\"" | tail -1)
	for fact in "$@"; do
		case $line in
		*"$fact"*) ;;
		*) echo "$fact is not in: $line"; return 1 ;;
		esac
	done
}
audited() { # the same, within a while
	within 10 pulled "$@" || pulled "$@"
}

ssh_options="-q -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null
    -o GlobalKnownHostsFile=/dev/null -F none"

# sftp_as USER PASSWORD [OPTION…] < batch
sftp_as() {
	user=$1
	SFTP_PASSWORD=$2
	export SFTP_PASSWORD
	shift 2
	# shellcheck disable=SC2086
	SSH_ASKPASS=$work/askpass SSH_ASKPASS_REQUIRE=force DISPLAY='' \
	    setsid -w sftp $ssh_options -o PubkeyAuthentication=no \
	    -o NumberOfPasswordPrompts=1 -o BatchMode=no -P "$sftp_port" "$@" -b - \
	    "$user@127.0.0.1"
}

https() { # PATH CURL-OPTION…
	url=$1
	shift
	curl -sS --cacert "$dir/keys/tls.crt" --max-time 120 "$@" \
	    "https://localhost:$https_port$url"
}
http() {
	url=$1
	shift
	curl -sS --max-time 120 "$@" "http://localhost:$http_port$url"
}

# A day N days before the test began, as dumps write it: day 3 %d.%m.%Y.  It is
# the same one when midnight passes meanwhile.
began=$(date '+%Y-%m-%d %H:%M:%S')
day() { # N FORMAT
	date -d "$1 days ago $began" +"$2"
}
