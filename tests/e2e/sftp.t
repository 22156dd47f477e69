#!/bin/sh
# SFTP as clients see it: OpenSSH, curl, paramiko and lftp pull; logins that
# fail; what is refused; limits; the end of a login.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
# more connections than clients open at once
sed -i -E 's/^#? *grace_s *=.*/grace_s = 120/;
    s/^#? *max_unauth_per_address *=.*/max_unauth_per_address = 4/' "$conf"
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/id" </dev/null
daemon
drop_and_wait "$work/deals.csv" deals.csv
file=$dir/published/main/conversions.csv
within 20 test -s "$file"
mtime=$(stat -c %Y "$file")
out=$work/out

# a large file, for what a small one does not show
head -c 30000000 /dev/urandom >"$work/big"
cp -p "$work/big" "$dir/published/main/.big" &&
    mv "$dir/published/main/.big" "$dir/published/main/big.csv"
chown --reference="$file" "$dir/published/main/big.csv"
chmod --reference="$file" "$dir/published/main/big.csv"

same() { cmp "$1" "${2:-$file}"; }

get() { # REMOTE LOCAL OPTION…
	remote=$1 local=$2
	shift 2
	rm -f "$local"
	echo "get -p $remote $local" | sftp_as direct "$direct" "$@"
}

# --- OpenSSH
get /main/conversions.csv "$out" >"$work/o" 2>&1
check "sftp with a password gives the published bytes" same "$out"
check "and their update time" is "$(stat -c %Y "$out")" "$mtime"
get main/conversions.csv "$out" >"$work/o" 2>&1
check "a path without a slash is the same file" same "$out"
get /main/big.csv "$out" -B 262144 >"$work/o" 2>&1
check "sftp -B 262144 gives the bytes" same "$out" "$work/big"
get /main/big.csv "$out" -B 1000 -R 64 >"$work/o" 2>&1
check "sftp -B 1000 -R 64 gives the bytes" same "$out" "$work/big"
get /main/big.csv "$out" -B 32768 -R 1024 >"$work/o" 2>&1
check "more requests at once than are answered gives the bytes" \
    same "$out" "$work/big"
get /main/conversions.csv "$out" -C -v >"$work/o" 2>&1
check "nothing is compressed, even when the client wants it" \
    grep -q 'server->client cipher: .* compression: none' "$work/o"
for cipher in aes256-gcm@openssh.com aes128-ctr; do
	get /main/big.csv "$out" -c $cipher -o RekeyLimit=1M >"$work/o" 2>&1
	check "new keys every megabyte, $cipher" same "$out" "$work/big"
done
rm -f "$out"
head -c 12345678 "$work/big" >"$out"
echo "reget /main/big.csv $out" | sftp_as direct "$direct" >"$work/o" 2>&1
check "reget completes a partial file" same "$out" "$work/big"
echo 'ls -l /main' | sftp_as direct "$direct" >"$work/ls" 2>&1
check "ls -l shows the size and the time" grep -qE \
    "^-r--r--r-- .* $(stat -c %s "$file") $(LC_ALL=C TZ=UTC date -d "@$mtime" '+%b %e %H:%M') conversions.csv" "$work/ls"
put() { # LOCAL REMOTE
	echo "put $1 $2" | sftp_as direct "$direct"
}
cp "$file" "$work/before"
refute "a write into what is published is refused" \
    put "$work/deals.csv" /main/conversions.csv
check "and nothing changed" same "$work/before"

# --- logins
"$convdrop" -c "$conf" user add keyed --role pull --feed main --no-password \
    --key "$work/id.pub" >"$work/o" 2>&1
key_login() { # USER KEY OPTION…
	user=$1 key=$2
	shift 2
	rm -f "$out"
	# shellcheck disable=SC2086
	echo "get /main/conversions.csv $out" | sftp $ssh_options \
	    -o PasswordAuthentication=no -o IdentitiesOnly=yes -i "$key" "$@" \
	    -P "$sftp_port" -b - "$user@127.0.0.1"
}
key_login keyed "$work/id" >"$work/o" 2>&1
check "a public key logs in" same "$out"
refute "the key of one user is not another's" key_login direct "$work/id"
# auth verifies each by itself, whatever the key exchange hashed with
set --
for key in rsa-2048 rsa-4096 ecdsa-256 ecdsa-384 ecdsa-521; do
	ssh-keygen -q -t "${key%-*}" -b "${key#*-}" -N '' -C '' \
	    -f "$work/$key" </dev/null
	set -- "$@" --key "$work/$key.pub"
done
"$convdrop" -c "$conf" user add keys --role pull --feed main --no-password \
    --key "$work/id.pub" "$@" >"$work/o" 2>&1
while read -r key sign kex; do
	key_login keys "$work/$key" -o KexAlgorithms="$kex" \
	    -o PubkeyAcceptedAlgorithms="$sign" >"$work/o" 2>&1
	check "by $sign after $kex" same "$out"
done <<EOF
id ssh-ed25519 diffie-hellman-group16-sha512
rsa-2048 rsa-sha2-256 curve25519-sha256
rsa-2048 rsa-sha2-512 diffie-hellman-group18-sha512
rsa-4096 rsa-sha2-512 diffie-hellman-group14-sha256
ecdsa-256 ecdsa-sha2-nistp256 ecdh-sha2-nistp256
ecdsa-384 ecdsa-sha2-nistp384 diffie-hellman-group16-sha512
ecdsa-521 ecdsa-sha2-nistp521 curve25519-sha256
EOF
refute "auth found every proof right" logged 'proof does not hold\|was overheard'
echo ls | sftp_as direct Wrong-Password-1 >"$work/o" 2>&1 &&
    not_ok "a wrong password fails" || ok "a wrong password fails"
echo ls | sftp_as nobody Wrong-Password-1 >"$work/o" 2>&1 &&
    not_ok "an unknown user fails" || ok "an unknown user fails"
refute "no password is in the log" logged Wrong-Password-1
check "the client and what was agreed on are in the log" within 10 \
    logged 'client "SSH-2.0-OpenSSH.*key exchange .*cipher .*MAC '
# shellcheck disable=SC2086
ssh $ssh_options -o Ciphers=aes128-cbc -p "$sftp_port" direct@127.0.0.1 \
    </dev/null >"$work/o" 2>&1
check "a failed negotiation names the list that did not match" \
    within 10 logged 'no common cipher algorithm: the client offers aes128-cbc'

# --- other clients
curl -sS -k --max-time 120 -u "direct:$direct" \
    "sftp://127.0.0.1:$sftp_port/main/conversions.csv" -R -o "$out" 2>"$work/o"
check "curl gives the bytes" same "$out"
curl -sS -k --max-time 120 -u "direct:$direct" \
    "sftp://127.0.0.1:$sftp_port/main/big.csv" -o "$out" 2>"$work/o"
check "curl gives a large file's bytes" same "$out" "$work/big"
cat >"$work/lftp" <<EOF
set sftp:auto-confirm yes
set net:max-retries 1
set net:timeout 60
open -p $sftp_port -u direct,$direct sftp://127.0.0.1
get /main/conversions.csv -o $work/lftp.out
EOF
timeout 300 lftp -f "$work/lftp" >"$work/o" 2>&1
check "lftp gives the bytes" same "$work/lftp.out"
check "and their update time" is "$(stat -c %Y "$work/lftp.out")" "$mtime"

cat >"$work/lib.py" <<EOF
import os, sys, time, paramiko
def connect(user, password):
    t = paramiko.Transport(("127.0.0.1", $sftp_port))
    t.banner_timeout = t.handshake_timeout = t.auth_timeout = 120
    t.connect(username=user, password=password)
    return t, paramiko.SFTPClient.from_transport(t)
EOF
py() { # script on standard input; arguments
	PYTHONPATH=$work timeout 300 "$python" - "$@"
}
py "$direct" "$out" "$mtime" >"$work/o" 2>&1 <<'EOF'
import sys; from lib import *
t, s = connect("direct", sys.argv[1])
s.get("/main/conversions.csv", sys.argv[2])
st = s.stat("/main/conversions.csv")
assert st.st_mtime == int(sys.argv[3]), st.st_mtime
assert st.st_size == os.path.getsize(sys.argv[2])
assert sorted(s.listdir("/")) == ["main"], s.listdir("/")
for path in ("/inbox", "/archive", "/shop", "/main/.big", "/../etc/passwd"):
    try:
        s.stat(path)
        sys.exit("there is " + path)
    except IOError:
        pass
t.close()
EOF
check "paramiko gives the bytes" same "$out"
check "and the update time; nothing else is to be seen" is "$(cat "$work/o")" ""

# --- one whole version
py "$direct" "$file" "$work/ready" "$out" >"$work/o" 2>&1 <<'EOF' &
import sys; from lib import *
t, s = connect("direct", sys.argv[1])
f = s.open("/main/conversions.csv")
size = f.stat().st_size
got = f.read(100)
old = open(sys.argv[2], "rb").read()
open(sys.argv[3], "w").close()
while open(sys.argv[2], "rb").read() == old:
    time.sleep(0.05)
while len(got) < size:
    got += f.read(100)
f.close()
open(sys.argv[4], "wb").write(got)
assert got == old
t.close()
EOF
pull=$!
within 20 test -e "$work/ready"
cp "$file" "$work/old"
sed 's/^2001;/3001;/' "$work/deals.csv" >"$work/more.csv"
drop "$work/more.csv" more.csv
wait $pull
check "a pull of a file that is replaced meanwhile is one whole version" \
    same "$out" "$work/old"
refute "which is not the new one" same "$out"

# --- nothing but SFTP
SFTP_PORT=$sftp_port
export SFTP_PORT
for what in exec shell pty "a tunnel" forwarding; do
	py "$direct" "$what" >"$work/o" 2>"$work/o2" <<'EOF'
import sys; from lib import *
t, _ = connect("direct", sys.argv[1])
try:
    if sys.argv[2] == "a tunnel":
        t.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1))
    elif sys.argv[2] == "forwarding":
        t.request_port_forward("", 0)
    else:
        c = t.open_session()
        {"exec": lambda: c.exec_command("sftp-server"),
         "shell": lambda: c.invoke_shell(),
         "pty": lambda: c.get_pty()}[sys.argv[2]]()
except (paramiko.SSHException, EOFError) as e:
    print("refused")
EOF
	check "$what is refused" is "$(tail -1 "$work/o")" refused
done

# One session over a connection; who asks for more is told, and goes on.
py "$direct" >"$work/o" 2>"$work/o2" <<'EOF'
import sys; from lib import *
t, s = connect("direct", sys.argv[1])
f = s.open("/main/conversions.csv")
for _ in range(3):
    try:
        t.open_session(timeout=60)
        print("opened")
    except paramiko.ChannelException as e:
        print(e.code, end=" ") # SSH_OPEN_ADMINISTRATIVELY_PROHIBITED
print(len(f.read()) == f.stat().st_size)
t.close()
EOF
check "a second session over a connection is refused, the first goes on" \
    is "$(cat "$work/o")" "1 1 1 True"
mkfifo "$work/first"
get_over() { sftp_as direct "$direct" -o ControlPath="$work/mux" "$@"; }
get_over -o ControlMaster=yes <"$work/first" >"$work/o" 2>&1 &
session=$!
exec 8>"$work/first"
echo "ls /main" >&8
within 20 grep -q conversions.csv.gz "$work/o"
check "OpenSSH's connection is there to be shared" test -S "$work/mux"
rm -f "$out" "$work/out2"
echo "get /main/conversions.csv $out" | get_over >"$work/o2" 2>&1 8>&-
check "a second sftp over it opens its own" same "$out"
echo "get /main/conversions.csv $work/out2" >&8
exec 8>&-
wait $session
check "and the first one goes on" same "$work/out2"

# --- audit
pulled() { # JQ-like Python expression over e
	"$convdrop" -c "$conf" audit log --json 2>/dev/null | "$python" -c "
import json, sys
found = 0
def walk(v):
    global found
    if isinstance(v, dict):
        e = v
        if $1: found += 1
        for x in v.values(): walk(x)
    elif isinstance(v, list):
        for x in v: walk(x)
text = sys.stdin.read()
try: walk(json.loads(text))
except ValueError:
    for line in text.splitlines(): walk(json.loads(line))
sys.exit(found == 0)"
}
big='"big.csv" in str(e.get("path", e.get("file", ""))) and e.get("event") == "pulled"'
check "a whole pull is in the audit" within 10 pulled \
    "$big and e.get('complete') and e.get('bytes') == 30000000"
check "what reget fetched reached the end" within 10 pulled \
    "$big and e.get('complete') and e.get('bytes') == 30000000 - 12345678"
# A client that has the bytes and is gone, with or without a word, as lftp is
# after its last command; and one whose system says that it broke off.
cat >"$work/gone.py" <<'EOF'
import socket, struct; from lib import *
t, s = connect("direct", sys.argv[1])
n = int(sys.argv[2])
f = s.open("/main/big.csv")
f.seek(30000000 - n)
got = 0
while got < n: got += len(f.read(32768))
if sys.argv[3].startswith("word"):
    m = paramiko.Message()
    m.add_byte(b"\1") # SSH_MSG_DISCONNECT, by the application
    m.add_int(11)
    m.add_string("bye")
    m.add_string("")
    t._send_message(m)
    time.sleep(0.2)
if sys.argv[3].endswith("reset"):
    t.sock.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
os._exit(0)
EOF
while read -r bytes how complete; do
	py "$direct" "$bytes" "$how" <"$work/gone.py" >"$work/o" 2>&1
	check "$bytes bytes, then a $how: complete is $complete" within 10 \
	    pulled "$big and e.get('complete') is $complete and e.get('bytes') == $bytes"
done <<'EOF'
1000001 close True
1000002 reset False
1000003 word-and-close True
1000004 word-and-reset False
EOF

# --- SIGTERM
py "$direct" "$work/reads" "$work/big" >"$work/o" 2>&1 <<'EOF' &
import sys; from lib import *
busy, s = connect("direct", sys.argv[1])
idle, other = connect("direct", sys.argv[1])
other.listdir("/main")
f = s.open("/main/big.csv")
got = f.read(1000)
open(sys.argv[2], "w").close()
end = time.time() + 60
while idle.is_active() and time.time() < end:
    time.sleep(0.05)
assert not idle.is_active()
f.prefetch(30000000)
got += f.read()
f.close()
assert got == open(sys.argv[3], "rb").read()
print("all of it")
busy.close()
EOF
session=$!
within 20 test -e "$work/reads"
check "a stopping daemon exits with 0" daemon_stop
wait $session
check "it ends idle sessions, and lets a pull finish" \
    is "$(cat "$work/o")" "all of it"

# --- the strict profile
sed -i -E 's/^#? *ssh_profile *=.*/ssh_profile = "strict"/' "$conf"
daemon
get /main/conversions.csv "$out" >"$work/o" 2>&1
check "OpenSSH speaks the strict profile" same "$out"
check "without ChaCha20" within 10 logged 'key exchange curve25519-sha256, host key ssh-ed25519, cipher aes128-ctr, MAC .*etm'
refute "strict refuses a NIST curve" get /main/conversions.csv "$out" \
    -o KexAlgorithms=ecdh-sha2-nistp256
check "and the log names the profile that would do" \
    within 10 logged 'no common key exchange algorithm.*"compat" has'
refute "it has no ECDSA host key" get /main/conversions.csv "$out" \
    -o HostKeyAlgorithms=ecdsa-sha2-nistp256

# --- the end of a login
py "$direct" "$work/there" "$work/gone" >"$work/o" 2>&1 <<'EOF' &
import sys; from lib import *
t, s = connect("direct", sys.argv[1])
s.listdir("/main")
open(sys.argv[2], "w").close()
end = time.time() + 60
while t.is_active() and time.time() < end:
    time.sleep(0.05)
if not t.is_active():
    open(sys.argv[3], "w").close()
t.close()
EOF
session=$!
within 20 test -e "$work/there"
"$convdrop" -c "$conf" user passwd direct >"$work/o2" 2>&1
wait $session
check "a new password ends the sessions of the old one" test -e "$work/gone"
refute "the old password is no longer taken" get /main/conversions.csv "$out"

# nobody logs in from this address from here on
py >"$work/o" 2>/dev/null <<'EOF'
import sys; from lib import *
t = paramiko.Transport(("127.0.0.1", int(os.environ["SFTP_PORT"])))
t.start_client(timeout=60)
tries = 0
try:
    while tries < 20:
        try:
            t.auth_password("direct", "Wrong-Password-2")
        except paramiko.AuthenticationException:
            tries += 1
        if not t.is_active():
            break
except (paramiko.SSHException, EOFError, OSError):
    pass
print(2 <= tries <= 7, t.is_active())
EOF
check "a connection has few tries" is "$(cat "$work/o")" "True False"

# --- limits
check "the daemon ends cleanly" daemon_stop
sed -i -E 's/^#? *login_s *=.*/login_s = 10/' "$conf"
daemon
"$python" - "$sftp_port" >"$work/o" 2>&1 <<'EOF'
import socket, sys, time
# four places: the fifth and the sixth make the first two leave
many = []
for _ in range(6):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)
    s.settimeout(60)
    assert s.recv(64).startswith(b"SSH-2.0-convdrop\r\n")
    many.append(s)
start = time.time()
def ends(s): # the key exchange offer may come, then the end
    while True:
        try:
            if not s.recv(65536): break
        except ConnectionResetError: break
    return time.time() - start
two, rest = [ends(s) for s in many[:2]], [ends(s) for s in many[2:]]
print(max(two) + 1 < min(rest), max(rest) < 60)
EOF
check "who does not log in is limited in number and time" \
    is "$(cat "$work/o")" "True True"
check "the limit is named in the log" within 10 logged max_unauth_per_address
py >"$work/o" 2>&1 <<'EOF'
import sys; from lib import *
start = time.time()
t = paramiko.Transport(("127.0.0.1", int(os.environ["SFTP_PORT"])))
t.start_client(timeout=60)
while t.is_active() and time.time() < start + 100:
    time.sleep(0.05)
print(5 < time.time() - start < 100)
EOF
check "who only exchanges keys is limited in time too" \
    is "$(cat "$work/o")" True
check "the daemon ends cleanly again" daemon_stop
finish
