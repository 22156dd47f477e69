#!/bin/sh
# Host keys that are to come, and keys and certificate read again while
# transfers run.
. "${srcdir:-.}/tests/e2e/lib.sh"

audited() { grep -h '"event":"key"' "$dir"/audit/*.jsonl | grep -q "$1"; }
scanned() { # what clients see: SHA256:… of the host key of that kind
	ssh-keyscan -T 60 -p "$sftp_port" -t "$1" 127.0.0.1 2>/dev/null |
	    ssh-keygen -lf - | awk '{ print $2 }'
}
on_disk() { ssh-keygen -lf "$dir/keys/$1" | awk '{ print $2 }'; }
offered() { [ "$(scanned "$1")" = "$2" ]; }

instance
first=$(json host_key_sha256)

# --- without a daemon
check "list shows the keys in force" exits 0 tool key list
check "as OpenSSH shows them" says "$(on_disk ssh_host_ed25519_key)"
check "which init printed" is "$first" "$(on_disk ssh_host_ed25519_key)"
check "nothing is to come" says "No host keys are to come."
check "then there is nothing to cancel" exits 2 tool key rotate --cancel
check "a time that is past is refused" exits 2 \
    tool key rotate --at '2020-01-01 00:00'
check "so is one that is none" exits 2 tool key rotate --at tomorrow
check "and two wishes at once" exits 2 tool key rotate --now --cancel
check "keys are made without a time" exits 0 tool key rotate --json
next=$(json keys.0.next_sha256 "$work/out")
check "and are other ones" [ "$next" != "$first" ]
check "those in force stay" is "$(on_disk ssh_host_ed25519_key)" "$first"
check "asked again, they are the same" exits 0 tool key rotate --json
check "so their fingerprints can be told" \
    is "$(json keys.0.next_sha256 "$work/out")" "$next"
check "nobody else can read them" is \
    "$(stat -c %a "$dir/keys/next" "$dir/keys/next/ssh_host_rsa_key" | xargs)" "700 600"
check "they can be forgotten" exits 0 tool key rotate --cancel
refute "and are gone then" test -e "$dir/keys/next"
check "without a daemon they change at once" exits 0 tool key rotate --now --json
check "it says so" is "$(json state "$work/out")" changed
second=$(json keys.0.next_sha256 "$work/out")
check "and it is so" is "$(on_disk ssh_host_ed25519_key)" "$second"
check "the audit knows who asked" audited '"action":"rotate".*"actor"'

# --- with one
daemon
yes "a line that a slow client takes its time to read, again and again" |
    head -c 60000000 >"$dir/published/main/big.csv"
chown --reference="$dir/published/main" "$dir/published/main/big.csv"
check "the daemon offers the new key" offered ed25519 "$second"
check "a time is set" exits 0 tool key rotate --json \
    --at "$(date -u -d '1 hour' '+%Y-%m-%dT%H:%M:%SZ')"
third=$(json keys.0.next_sha256 "$work/out")
third_rsa=$(json keys.1.next_sha256 "$work/out")
check "until then the old one is offered" offered ed25519 "$second"
tool status >"$work/out" 2>&1
check "status shows the coming one" says "$third"
tool status --json >"$work/status.json" 2>&1
check "also as JSON" is "$(json hostkeys.keys.0.next_sha256 "$work/status.json")" "$third"
check "with its time" test -n "$(json hostkeys.at "$work/status.json")"
check "the daemon stops" daemon_stop
check "the time is on disk" exits 0 tool key list
check "and shown" says "The next keys take over at "

# slow transfers, which a change of keys and certificate must not drop
cat >"$work/slow.py" <<'EOF'
import paramiko, sys, time, os
port, password, started, go, out = sys.argv[1:]
t = paramiko.Transport(("127.0.0.1", int(port)))
t.connect(username="direct", password=password)
s = paramiko.SFTPClient.from_transport(t)
f = s.open("/main/big.csv")
data = f.read(32768)
open(started, "w").close()
end = time.monotonic() + 60
while not os.path.exists(go) and time.monotonic() < end:
    data += f.read(32768)
    time.sleep(0.05)
f.prefetch()
data += f.read()
f.close()
open(out, "wb").write(data)
s.close()
t.close()
EOF
slow_pulls() { # begins a slow pull each by SFTP and HTTPS
	rm -f "$work/started" "$work/go"
	"$python" "$work/slow.py" "$sftp_port" "$direct" "$work/started" \
	    "$work/go" "$work/sftp.out" >"$work/sftp.err" 2>&1 &
	by_sftp=$!
	rm -f "$work/https.out"
	curl -sS --cacert "$work/first.crt" --limit-rate 2m --max-time 120 \
	    -u "direct:$direct" -o "$work/https.out" \
	    "https://localhost:$https_port/main/big.csv" 2>"$work/https.err" &
	by_https=$!
	within 20 test -e "$work/started" && within 20 test -s "$work/https.out"
}
cp "$dir/keys/tls.crt" "$work/first.crt"

# in three seconds
daemon
check "it still comes after a restart" offered ed25519 "$second"
slow_pulls
check "the time is moved" exits 0 tool key rotate \
    --at "$(date -u -d '3 seconds' '+%Y-%m-%dT%H:%M:%SZ')"
check "a new certificate is made" openssl req -x509 -newkey ec \
    -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$work/tls.key" \
    -out "$work/tls.crt"
check "the parent changes over by itself" within 20 offered ed25519 "$third"
check "then nothing is to come any more" within 20 test ! -e "$dir/keys/next"
check "and those before are offered no more" offered rsa "$third_rsa"
within 10 audited '"action":"changed".*ssh_host_ed25519_key SHA256:'
check "the audit knows when" audited '"action":"changed".*ssh_host_ed25519_key SHA256:'
cat "$work/tls.key" >"$dir/keys/tls.key"
cat "$work/tls.crt" >"$dir/keys/tls.crt"
kill -HUP "$daemon_pid"
serves_new() {
	curl -sS --cacert "$work/tls.crt" -o /dev/null -u "direct:$direct" \
	    "https://localhost:$https_port/main/"
}
check "the new certificate is served" within 20 serves_new
check "the slow pulls still run" kill -0 $by_sftp $by_https
touch "$work/go"
wait $by_sftp
check "SFTP got every byte through both changes" \
    cmp "$work/sftp.out" "$dir/published/main/big.csv"
wait $by_https
check "HTTPS too" cmp "$work/https.out" "$dir/published/main/big.csv"
complete() {
	[ "$(grep -h '"event":"pulled"' "$dir"/audit/*.jsonl | grep big.csv |
	    grep -c '"complete":true')" -ge 2 ]
}
check "and both are whole in the audit" within 20 complete

check "--now changes a running daemon's" exits 0 tool key rotate --now --json
fourth=$(json keys.0.next_sha256 "$work/out")
check "which is in force when it returns" offered ed25519 "$fourth"
check "a key of the future can be forgotten" exits 0 \
    sh -c "'$convdrop' -c '$conf' key rotate --at '2099-01-01 00:00' &&
    '$convdrop' -c '$conf' key rotate --cancel"
check "the daemon knows" offered ed25519 "$fourth"

# --- broken ones change nothing
tool key rotate --json >"$work/out"
echo 'no key' >"$dir/keys/next/ssh_host_rsa_key"
echo 1 >"$dir/keys/next/at"
chmod 600 "$dir/keys/next/at"
kill -USR1 "$daemon_pid"
check "a broken coming key is named" within 10 \
    grep -q "coming host keys: .*ssh_host_rsa_key" "$work/log"
check "and those in force stay" offered ed25519 "$fourth"
tool key rotate --cancel >/dev/null 2>&1

# --- cut off in the middle
tool key rotate --json >"$work/out"
fifth=$(json keys.0.next_sha256 "$work/out")
fifth_rsa=$(json keys.1.next_sha256 "$work/out")
check "the daemon stops again" daemon_stop
echo 1 >"$dir/keys/next/at"
chmod 600 "$dir/keys/next/at"
mv "$dir/keys/next/ssh_host_ed25519_key" "$dir/keys/"
daemon
check "a change that was cut off is completed at the next start" \
    within 20 offered rsa "$fifth_rsa"
check "for every key" offered ed25519 "$fifth"
check "the daemon ends cleanly" daemon_stop
finish
