#!/bin/sh
# What becomes of pulls that run, and what the audit says of them: whole ones,
# parts, clients that vanish, users that are removed, reloads, stops and kills.
. "${srcdir:-.}/tests/e2e/lib.sh"

hostile() { "$python" "$srcdir/tests/e2e/hostile.py" "$@"; }
log_has() { grep -q -- "$1" "$work/log"; }
lines_of() { grep -h '"event":"pulled"' "$dir"/audit/*.jsonl | grep -c "\"$1\""; }
begin() { # NAME PORT KIND: a pull that lasts until go NAME
	rm -f "$work/$1.started" "$work/$1.go"
	hostile slow "$2" "$3" /main/big.csv "$1:$(puller "$1")" \
	    "$work/$1.out" "$work/$1.started" "$work/$1.go" >"$work/$1.bytes" &
	eval "pid_$1=\$!"
	within 10 test -e "$work/$1.started"
}
go() { # NAME: it may go on; waits for its end
	touch "$work/$1.go"
	eval "wait \$pid_$1"
}
whole() { cmp "$work/$1.out" "$dir/published/main/big.csv"; }
serial() { # of the certificate that is served
	echo | openssl s_client -connect "127.0.0.1:$https_port" 2>/dev/null |
	    openssl x509 -noout -serial
}
new_serial() { [ "$(serial)" != "$1" ]; }

instance --feed main
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon
drop_and_wait "$work/deals.csv" deals.csv
file=$dir/published/main/conversions.csv
within 10 test -s "$file.gz"
size=$(stat -c %s "$file")
gz=$(stat -c %s "$file.gz")
yes "a line that a slow client takes its time to read, again and again" |
    head -c 20000000 >"$dir/published/main/big.csv"
path=/main/conversions.csv

# --- whole ones and parts, by every protocol
for p in whole part gzip resumed; do eval "$p=\$(puller $p)"; done
# shellcheck disable=SC2154
{
https $path --user "whole:$whole" -o "$work/a"
check "a whole pull over HTTPS has its exact bytes" \
    audited whole https "\"bytes\":$size," "\"size\":$size," '"complete":true'
check "… and the version's hash" \
    audited whole https "$(sha256sum "$file" | cut -c1-64)"
http $path --user "whole:$whole" -o "$work/a"
check "over HTTP too" \
    audited whole http "\"bytes\":$size," "\"size\":$size," '"complete":true'
echo "get $path $work/a" | sftp_as whole "$whole" >/dev/null
check "over SFTP too" \
    audited whole sftp "\"bytes\":$size," "\"size\":$size," '"complete":true'
http $path --user "gzip:$gzip" --compressed -o "$work/a"
check "a pull of the gzip variant has the bytes of that" audited gzip http \
    "\"bytes\":$gz," "\"size\":$gz," '"complete":true' conversions.csv.gz
check "… and the version's hash" \
    audited gzip http "$(sha256sum "$file" | cut -c1-64)"
http $path --user "part:$part" -r 10-29 -o "$work/a"
check "a range is its bytes, and incomplete" \
    audited part http '"bytes":20,' "\"size\":$size," '"complete":false'
head -c 100 "$file" >"$work/a"
http $path --user "resumed:$resumed" -C - -o "$work/a"
check "a resumed pull is complete with its rest" audited resumed http \
    "\"bytes\":$((size - 100))," '"complete":true'
}

# --- those that break off
plausible() { # USER PROTOCOL READ: at least what it read, and not all
	audited "$1" "$2" '"complete":false' || return 1
	bytes=$(printf '%s' "$line" | sed 's/.*"bytes":\([0-9]*\),.*/\1/')
	[ "$bytes" -ge "$(($3 * 9 / 10))" ] && [ "$bytes" -lt 20000000 ] ||
	    { echo "bytes: $bytes"; return 1; }
}
for kind in http https; do
	port=$http_port tls=plain
	[ $kind = http ] || port=$https_port tls=tls
	hostile vanish "$port" $tls /main/big.csv \
	    "gone-$kind:$(puller gone-$kind)" 1000000 >/dev/null
	check "a client that vanished over $kind is incomplete" \
	    plausible gone-$kind $kind 1000000
done

head -c 1000000 "$dir/published/main/big.csv" >"$dir/published/main/small.csv"
hostile vanish "$http_port" plain /main/small.csv "early:$(puller early)" \
    20000 >/dev/null
check "also when the kernel had taken all of it" plausible early http 20000
check "… and fewer bytes than there were" test "$bytes" -lt 1000000

for kind in http https; do
	port=$http_port tls=plain
	[ $kind = http ] || port=$https_port tls=tls
	hostile ahead "$port" $tls $path "ahead-$kind:$(puller ahead-$kind)" \
	    200 >/dev/null
	all_told() { [ "$(lines_of "ahead-$kind")" = 200 ]; }
	check "who asks 200 times over $kind and is gone is told of as often" \
	    within 10 all_told
	whole_ones=$(grep -h '"event":"pulled"' "$dir"/audit/*.jsonl |
	    grep "\"ahead-$kind\"" | grep -c '"complete":true')
	check "… but has not what the kernel had taken ($whole_ones)" \
	    test "$whole_ones" -lt 20
done

begin removed "$http_port" plain
"$convdrop" -c "$conf" user del removed >/dev/null
go removed
refute "a removed user's pull ends" whole removed
check "… incomplete" audited removed http '"complete":false'

# --- a new certificate, a broken one
begin before "$https_port" tls
old_http=$(worker http)
old=$(serial)
cp -p "$dir/keys/tls.crt" "$work/tls.crt"
cp -p "$dir/keys/tls.key" "$work/tls.key"
"$convdrop" init "$work/new" --json >"$work/new.json"
cat "$work/new/keys/tls.crt" >"$dir/keys/tls.crt"
cat "$work/new/keys/tls.key" >"$dir/keys/tls.key"
kill -HUP "$daemon_pid"
check "after SIGHUP new connections see the new certificate" \
    within 20 new_serial "$old"
check "while the old worker serves on" kill -0 "$old_http"
new=$(serial)
go before
check "and a pull that ran ends whole" whole before
check "… and is complete" \
    audited before https '"bytes":20000000,' '"complete":true'
check "… and told once" [ "$(lines_of before)" = 1 ]
echo broken >"$dir/keys/tls.crt"
kill -HUP "$daemon_pid"
check "a broken certificate is said in the log" within 10 log_has "tls.crt"
check "and the one before stays in force" [ "$(serial)" = "$new" ]
cat "$work/tls.crt" >"$dir/keys/tls.crt" # not the key's
kill -HUP "$daemon_pid"
check "so is one that does not fit its key" within 10 \
    sh -c "[ \$(grep -c 'stays in force' '$work/log') -ge 2 ]"
check "and is not used either" [ "$(serial)" = "$new" ]
cat "$work/new/keys/tls.crt" >"$dir/keys/tls.crt"

# --- clients that come while the configuration is read again
alone() { [ "$(worker "$1" | wc -l)" = 1 ]; }
hostile comers "$work/enough" "$sftp_port" "$https_port" "$http_port" \
    >"$work/missed" &
comers=$!
for again in once twice; do
	check "the configuration is read $again" reload
done
touch "$work/enough"
wait $comers
check "and none who came meanwhile is turned away" is "$(cat "$work/missed")" 0

# --- workers that are killed
within 30 alone http
within 30 alone files
begin killed "$http_port" plain
old=$(worker http)
kill -9 "$old"
go killed
check "a killed http is started again" within 20 other_worker http "$old"
refute "its pull broke off" whole killed
check "… and is in the audit as incomplete" \
    audited killed http '"complete":false'
begin orphan "$http_port" plain
old=$(worker files)
kill -9 "$old"
go orphan
check "a pull that ran when files was killed is incomplete" \
    audited orphan http '"complete":false'
answers() {
	[ "$(http $path --user "direct:$direct" -o /dev/null \
	    -w '%{http_code}')" = 200 ]
}
for role in auth files; do
	within 20 worker $role
	old=$(worker $role)
	kill -9 "$old"
	within 20 other_worker $role "$old"
	check "HTTP works again after $role was killed" within 20 answers
done

# --- the daemon is stopped, or killed
begin stopped "$https_port" tls
kill -TERM "$daemon_pid"
within 10 log_has "Stopping"
go stopped
wait "$daemon_pid"
status=$?
daemon_pid=
check "SIGTERM lets a pull end whole" whole stopped
check "then the daemon ends with 0" [ $status = 0 ]
check "and the pull is complete in the audit" \
    audited stopped https '"bytes":20000000,' '"complete":true'
daemon
begin struck "$http_port" plain
begun() { # USER: the beginning went from http over files to ingest's store
	"$python" - "$dir/state/store.db" "$1" <<-'EOF'
	import sqlite3, sys
	c = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
	n = c.execute("SELECT count(*) FROM pulls WHERE user = ?", sys.argv[2:])
	sys.exit(n.fetchone()[0] == 0)
	EOF
}
check "a pull begins" within 10 begun struck
kill -9 "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
daemon_pid=
go struck
gone() { ! pgrep -f "$conf" >/dev/null; }
within 10 gone
daemon
check "a pull that a kill of the daemon broke off is found at the start" \
    audited struck http '"complete":false'
check "the audit's chain is whole" "$convdrop" -c "$conf" audit verify
finish
