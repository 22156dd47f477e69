#!/bin/sh
# The daemon: how it starts, checks, reloads, restarts what dies, and stops.
. "${srcdir:-.}/tests/e2e/lib.sh"

printf '%s\n' 'create_date_time;id;client_ids;order_status;revenue' \
    "$(day 1 '%Y-%m-%d') 10:00:00;1;1111111111;PAID;100" >"$work/dump.csv"

log_has() { grep -q -- "$1" "$work/log"; }
answers() { [ "$(http /healthz -o /dev/null -w '%{http_code}')" = 200 ]; }
pulls() { # USER PASSWORD: the code of a pull
	https /main/conversions.csv -u "$1:$2" -o /dev/null -w '%{http_code}'
}
gone() { ! kill -0 "$1" 2>/dev/null; }

# --- checking
instance --feed main
check "-t takes a fresh instance" "$convdropd" -c "$conf" -t
cp "$conf" "$work/good.conf"

exits_2() { # COMMAND…; what it says goes to said
	"$@" >"$work/said" 2>&1
	[ $? = 2 ]
}
says() { # PATTERN COMMAND…
	pattern=$1
	shift
	exits_2 "$@" && grep -q -- "$pattern" "$work/said"
}
check "without -c it says how it is used" says usage "$convdropd"
echo 'no_such_setting = 1' >>"$conf"
line=$(wc -l <"$conf")
check "-t names file and line of a mistake" \
    says "convdrop.conf:$line:" "$convdropd" -c "$conf" -t
sed 's|Europe/Moscow|Europe/Atlantis|' "$work/good.conf" >"$conf"
check "-t names a time zone that does not exist" \
    says Atlantis "$convdropd" -c "$conf" -t
cp "$work/good.conf" "$conf"
chmod 644 "$dir/keys/users"
check "users that others can read are refused" \
    says keys/users "$convdropd" -c "$conf" -t
check "… by a start too" says keys/users "$convdropd" -c "$conf"
chmod 600 "$dir/keys/users"
mv "$dir/keys/tls.key" "$work/tls.key"
check "a missing key is refused" says tls.key "$convdropd" -c "$conf" -t
mv "$work/tls.key" "$dir/keys/tls.key"

"$python" -c '
import socket, sys, time
s = socket.socket(socket.AF_INET6); s.bind(("::", int(sys.argv[1]))); s.listen()
open(sys.argv[2], "w").close()
time.sleep(3600)' "$http_port" "$work/bound" &
squatter=$!
within 10 test -e "$work/bound"
check "a port in use is refused, by its number" \
    says "Port $http_port" "$convdropd" -c "$conf"
kill "$squatter"
wait "$squatter" 2>/dev/null

# --- running
daemon
check "one line says that it is ready" \
    test "$(grep -c ready "$work/log")" = 1
check "the line names every port" log_has \
    "ready: sftp .*:$sftp_port, https .*:$https_port, http .*:$http_port"
check "the listeners accept" answers
check "a second daemon is refused" \
    says "Another convdropd (process $daemon_pid)" "$convdropd" -c "$conf"
check "the pid file holds its pid" \
    test "$(cat "$dir/state/convdropd.pid")" = "$daemon_pid"
check "the control socket is for its owner alone" \
    test "$(stat -c %a "$dir/state/control")" = 600
check "keys.loaded is the hash of users and tokens" within 5 \
    sh -c "test \"\$(cat '$dir/keys/users' '$dir/keys/tokens' | sha256sum |
        cut -c1-64)\" = \"\$(cat '$dir/state/keys.loaded')\""
drop_and_wait "$work/dump.csv" a.csv
check "a pull works" within 10 test -e "$dir/published/main/conversions.csv"
check "with the password" test "$(pulls direct "$direct")" = 200
secret_free() { # PID: no core, no debugger, no new privileges
	grep -q 'NoNewPrivs:.1' "/proc/$1/status" &&
	    grep -q 'Seccomp:.2' "/proc/$1/status" &&
	    grep -q '^Max core file size *0 *0' "/proc/$1/limits"
}
for role in auth files ingest http ssh; do
	check "$role is sandboxed" secret_free "$(worker $role)"
done

# --- users and tokens
again() { # the daemon says that it took the keys of now
	test "$(cat "$dir/keys/users" "$dir/keys/tokens" | sha256sum |
	    cut -c1-64)" = "$(cat "$dir/state/keys.loaded")"
}
cp "$dir/keys/users" "$work/users"
sed '/^user "direct"/,/^}/d' "$work/users" >"$dir/keys/users"
kill -USR1 "$daemon_pid"
check "SIGUSR1 reads the users again" within 10 again
check "a removed user is out, remembered or not" \
    test "$(pulls direct "$direct")" = 401
echo 'user "x {' >"$dir/keys/users"
kill -USR1 "$daemon_pid"
check "broken users are refused" within 10 log_has "stay in force"
check "and others still log in" test \
    "$(http /main/conversions.csv -u "auditor:$auditor" -o /dev/null \
        -w '%{http_code}')" = 200
cat "$work/users" >"$dir/keys/users"
kill -USR1 "$daemon_pid"
check "mended users are taken" within 10 again
check "the user is back" test "$(pulls direct "$direct")" = 200

# --- death
for role in http ssh ingest auth files; do
	old=$(worker $role)
	kill -9 "$old"
	check "a killed $role is started again" within 20 other_worker $role "$old"
	check "… and a pull works" within 20 \
	    sh -c "test \"\$(curl -sk -u direct:$direct -o /dev/null \
	    -w '%{http_code}' https://localhost:$https_port/main/conversions.csv)\" = 200"
done
pull_sftp() {
	echo "get /main/conversions.csv $work/got" |
	    sftp_as direct "$direct" -o BatchMode=no && cmp "$work/got" \
	    "$dir/published/main/conversions.csv"
}
check "SFTP works after all that" within 20 pull_sftp

# --- reload
echo 'no_such_setting = 1' >>"$conf"
kill -HUP "$daemon_pid"
check "a bad configuration is named by file and line" \
    within 10 log_has "convdrop.conf:$line:"
check "and the one before stays in force" test "$(pulls direct "$direct")" = 200
cp "$work/good.conf" "$conf"
cp "$dir/keys/tls.crt" "$work/tls.crt"
echo 'not a certificate' >"$dir/keys/tls.crt"
kill -HUP "$daemon_pid"
check "so is a bad certificate" within 10 log_has "tls.crt"
cp "$work/tls.crt" "$dir/keys/tls.crt"
old_http=$(worker http)
old_ingest=$(worker ingest)
old_port=$http_port
http_port=$(free_port)
sed "s/= *$old_port\$/= $http_port/" "$work/good.conf" >"$conf"
kill -HUP "$daemon_pid"
check "SIGHUP takes a new port" within 20 answers
check "the old workers leave" within 20 gone "$old_http"
check "ingest too" within 20 gone "$old_ingest"
refused() { ! curl -s -o /dev/null "http://localhost:$old_port/healthz"; }
check "the old port is closed" within 10 refused
check "logins are as they were" test "$(pulls direct "$direct")" = 200
within 20 worker ingest
check "and dumps are taken" drop_and_wait "$work/dump.csv" b.csv

# --- stop
children=$(pgrep -P "$daemon_pid")
check "SIGTERM ends it with 0" daemon_stop
left() {
	for p in $children; do
		kill -0 "$p" 2>/dev/null && return 1
	done
	return 0
}
check "no worker is left" left
check "the line with ready came once" \
    test "$(grep -c ' ready: ' "$work/log")" = 1
daemon
check "it starts again" answers
hard=$daemon_pid
children=$(pgrep -P "$daemon_pid")
kill -9 "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
daemon_pid=
check "workers do not outlive a killed parent" within 10 left
daemon
check "after kill -9 it starts again" answers
check "as another process" test "$daemon_pid" != "$hard"
check "and stops" daemon_stop
finish
