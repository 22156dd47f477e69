#!/bin/sh
# FTP's data connections under attack and under load, and uploads over FTPS as
# they end: well, cut off, aborted, killed.
. "${srcdir:-.}/tests/e2e/lib.sh"

CONVDROP_SANDBOX="kill" # a gap in the sandbox's table would show
export CONVDROP_SANDBOX
ftp_port=$(free_port)
instance --ftp-port "$ftp_port"
never_hold
sed -i -E 's/^#? *idle_s *=.*/idle_s = 10/' "$conf"
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon
drop_and_wait "$work/deals.csv" deals.csv
file=$dir/published/main/conversions.csv
within 20 test -s "$file"
head -c 30000000 /dev/urandom >"$work/big"
cp "$work/big" "$dir/published/main/.big" &&
    mv "$dir/published/main/.big" "$dir/published/main/big.csv"
chown --reference="$file" "$dir/published/main/big.csv"
chmod --reference="$file" "$dir/published/main/big.csv"

audited() { # Python expression over e
	"$convdrop" -c "$conf" audit log 2>/dev/null | "$python" -c "
import json, sys
sys.exit(not any($1 for e in map(json.loads, sys.stdin)))"
}

cat >"$work/lib.py" <<END
import ftplib, io, os, re, socket, ssl, sys, time
context = ssl.create_default_context(cafile="$dir/keys/tls.crt")
big = "$work/big"
def connect(user, password, resumes=False, version=None):
    c = ssl.create_default_context(cafile="$dir/keys/tls.crt")
    if version: c.minimum_version = c.maximum_version = version
    f = ftplib.FTP_TLS(context=c, timeout=60)
    f.connect("localhost", $ftp_port)
    f.login(user, password)
    f.prot_p()
    f.voidcmd("TYPE I")
    f.resumes = resumes
    return f
# The data connection, from the address source, before its handshake.
def dial(f, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", f.makepasv()[1]), 60,
                                    (source, 0))
def secure(f, s):
    return f.context.wrap_socket(
        s, server_hostname="localhost",
        session=f.sock.session if f.resumes else None)
def begin(f, command):
    s = dial(f)
    assert f.sendcmd(command)[:3] == "150"
    return secure(f, s)
def read(s):
    got = bytearray()
    while True:
        some = s.recv(65536)
        if not some: break
        got += some
    s.unwrap().close()
    return bytes(got)
def code(f):
    try: return f.getmultiline()[:3]
    except EOFError: return "end"
def pull(user, password):
    start = time.time()
    f = connect(user, password)
    s = begin(f, "RETR main/conversions.csv")
    whole = read(s) == open("$file", "rb").read()
    return whole and code(f) == "226" and time.time() - start
END
py() { # script on standard input; arguments
	PYTHONPATH=$work timeout 300 "$python" -W ignore - "$@"
}

# --- whose connection it is
py "$direct" >"$work/o" 2>&1 <<'END'
from lib import *
f = connect("direct", sys.argv[1])
port = f.makepasv()[1]
thieves = [socket.create_connection(("127.0.0.1", port), 10, ("127.0.0.2", 0))
           for _ in range(5)]
s = socket.create_connection(("127.0.0.1", port), 60)
start = time.time()
assert f.sendcmd("RETR main/conversions.csv")[:3] == "150"
got = read(secure(f, s))
print(code(f), len(got) > 0, time.time() - start < 9)
for t in thieves:
    try: assert t.recv(1) == b""
    except ConnectionResetError: pass
# one connection is all that a port is for
port = f.makepasv()[1]
s = socket.create_connection(("127.0.0.1", port), 60)
assert f.sendcmd("NLST")[:3] == "150"
try:
    socket.create_connection(("127.0.0.1", port), 5)
    print("a second connection")
except OSError: print("one")
read(secure(f, s))
print(code(f))
# and an earlier port is given up
old = f.makepasv()[1]
f.makepasv()
try:
    socket.create_connection(("127.0.0.1", old), 5)
    print("still open")
except OSError: print("closed")
END
check "who is not the client gets nothing, and the client all" \
    is "$(cat "$work/o")" "$(printf '%s\n' "226 True True" one 226 closed)"
check "the log says who tried" within 10 \
    logged '127.0.0.2: a data connection was refused'
py "$direct" >"$work/o" 2>&1 <<'END'
from lib import *
trap = socket.create_server(("127.0.0.1", 0))
trap.settimeout(1)
port = trap.getsockname()[1]
f = connect("direct", sys.argv[1])
for command in ("PORT 127,0,0,1,%d,%d" % divmod(port, 256),
                "EPRT |1|127.0.0.1|%d|" % port,
                "RETR main/conversions.csv", "LIST"):
    try: print(f.sendcmd(command)[:3])
    except ftplib.all_errors as e: print(str(e)[:3])
try:
    trap.accept()
    print("it came")
except TimeoutError: print("nobody came")
END
check "the server connects to nobody" is "$(cat "$work/o")" \
    "$(printf '%s\n' 502 502 425 425 "nobody came")"

# --- how a transfer may end
py "$direct" >"$work/o" 2>&1 <<'END'
from lib import *
# no client comes: ABOR ends the waiting
f = connect("direct", sys.argv[1])
f.makepasv()
f.putcmd("RETR main/big.csv")
time.sleep(0.2)
f.putcmd("ABOR")
print(code(f), code(f))
# what comes is no TLS
s = dial(f)
assert f.sendcmd("RETR main/big.csv")[:3] == "150"
s.sendall(b"GET / HTTP/1.1\r\n\r\n")
print(code(f))
s.close()
# the client breaks off, and goes on from there
s = begin(f, "RETR main/big.csv")
s.recv(1000)
s.close()
print(code(f))
f.sendcmd("REST 29999000")
print(read(begin(f, "RETR main/big.csv")) == open(big, "rb").read()[-1000:],
      code(f))
# the session of the control connection, resumed for data
for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    f = connect("direct", sys.argv[1], True, version)
    f.voidcmd("NOOP")
    for _ in range(2):
        s = begin(f, "RETR main/big.csv")
        print(s.session_reused, read(s) == open(big, "rb").read(), code(f))
END
check "a transfer that ends badly leaves the session as it was" \
    is "$(cat "$work/o")" "$(printf '%s\n' "426 226" 522 426 "True 226" \
	"True True 226" "True True 226" "True True 226" "True True 226")"
check "TLS's failure is in the log" within 10 logged 'handshake of a data connection'

# --- clients that do not read, while an honest one does
py "$direct" >"$work/o" 2>&1 <<'END'
from lib import *
stuck = []
for _ in range(5):
    f = connect("direct", sys.argv[1])
    s = dial(f)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    assert f.sendcmd("RETR main/big.csv")[:3] == "150"
    stuck.append((f, secure(f, s)))
start = time.time()
took = pull("direct", sys.argv[1])
print(took and took < 9)
print(*{code(f) for f, s in stuck}, 5 < time.time() - start < 60)
END
check "who takes nothing is ended after idle_s, and holds up nobody" \
    is "$(cat "$work/o")" "$(printf '%s\n' True "426 True")"
check "its pull is not a whole one" within 10 audited \
    "'big.csv' in e.get('path', '') and e['event'] == 'pulled' and
     not e['complete'] and e['bytes'] < 29000000"

# --- two threads send what is large, however it ends
py "$(worker ftp)" "$(puller whole)" "$(puller aborts)" "$(puller dies)" \
    >"$work/o" 2>&1 <<'END'
from lib import *
import signal
master, *passwords = sys.argv[1:]
def of(pid): # its threads; it may be gone
    try: return len(os.listdir(f"/proc/{pid}/task"))
    except OSError: return 0
def threads(n): # of the sessions that there are; one that ended lingers a while
    end = time.time() + 60
    while True:
        children = open(f"/proc/{master}/task/{master}/children").read().split()
        most = max(of(pid) for pid in children)
        if most == n or time.time() > end: return most
        time.sleep(0.05)
def some_of(user, password):
    f = connect(user, password)
    print(user, threads(1), end=" ")
    s = begin(f, "RETR main/big.csv")
    got = b""
    while len(got) < 3000000: got += s.recv(65536)
    print(threads(2), got == open(big, "rb").read(len(got)), end=" ")
    return f, s, got
f, s, got = some_of("whole", passwords[0])
print(got + read(s) == open(big, "rb").read(), code(f), threads(1))
f, s, _ = some_of("aborts", passwords[1])
f.putcmd("ABOR")
print(code(f), code(f), f.voidcmd("NOOP")[:3], threads(1))
sys.stdout.flush()
if os.fork() == 0: # after the last one, so nothing is held by two
    some_of("dies", passwords[2])
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
os.wait()
END
check "who takes it, aborts it or is killed meets the second thread only then" \
    is "$(cat "$work/o")" "$(printf '%s\n' "whole 1 2 True True 226 1" \
	"aborts 1 2 True 426 226 200 1" "dies 1 2 True ")"
check "the audit has all the bytes of a whole pull" within 10 audited \
    "e.get('user') == 'whole' and e.get('complete') and
     e['bytes'] == 30000000"
for user in aborts dies; do
	check "and of one that $user those that arrived" within 10 audited \
	    "e.get('user') == '$user' and e['event'] == 'pulled' and
	     not e['complete'] and 2990000 <= e['bytes'] < 30000000"
done

# --- a login that ends meanwhile
"$convdrop" -c "$conf" user add brief --role pull --feed main --json \
    >"$work/brief.json"
py "$(json password "$work/brief.json")" "$work/begun" >"$work/o" 2>&1 <<'END' &
from lib import *
f = connect("brief", sys.argv[1])
s = begin(f, "RETR main/big.csv")
open(sys.argv[2], "w").close()
got = b""
try:
    while len(got) < 30000000:
        some = s.recv(2000)
        if not some: break
        got += some
        time.sleep(0.01)
except OSError: pass
print(len(got) < 30000000, code(f))
END
session=$!
within 20 test -e "$work/begun"
"$convdrop" -c "$conf" user del brief >"$work/o2" 2>&1
wait $session
check "a transfer ends with its login" is "$(cat "$work/o")" "True 421"

# --- uploads
rows() { # ID ROWS
	echo 'create_date_time;id;emails;order_status;revenue'
	"$python" -c "
for i in range($2):
    print('$(day 3 %Y-%m-%d) 12:00:00;$1-%d;a%d@example.com;PAID;100' % (i, i))"
}
published() { grep -q ";$1;" "$file"; } # ID
archived() { # FILE: its very bytes are in the archive
	sum=$(sha256sum <"$1")
	find "$dir/archive" -path '*/published/*' -prune -o -name '*.gz' \
	    -exec sh -c 'zcat "$1" | sha256sum' - {} \; | grep -qF "$sum"
}
upload() { # FILE CURL-OPTION…
	name=$1
	shift
	curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" --max-time 120 \
	    -u "dropper:$dropper" -T "$name" "$@" \
	    "ftp://localhost:$ftp_port/inbox/main/"
}
n=0
while read -r options; do
	n=$((n + 1))
	rows "u$n" 40000 >"$work/u$n.csv" # about 2 MB
	# shellcheck disable=SC2086
	upload "$work/u$n.csv" $options >"$work/o" 2>&1
	check "curl -T $options is a dump, with every row" \
	    within 30 published "u$n-39999"
	check "and byte for byte in the archive" within 10 \
	    archived "$work/u$n.csv"
done <<'END'
--tlsv1.3
--tls-max 1.2
--no-sessionid
--disable-epsv
END

# What is cut off is no dump, whatever is cut and whenever.
py "$dropper" "$work/u1.csv" "$dir/inbox/main" >"$work/o" 2>&1 <<'END'
from lib import *
text = open(sys.argv[2], "rb").read()
def inbox(): return sorted(os.listdir(sys.argv[3]))
def gone(f): return f.nlst() == [] and inbox() == []
stalled = []
for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    f = connect("dropper", sys.argv[1], False, version)
    f.cwd("/inbox/main")
    for part in 0, 1, len(text) // 2, len(text):
        s = begin(f, "STOR cut.csv")
        s.sendall(text[:part])
        s.shutdown(socket.SHUT_WR)        # FIN, but no close_notify
        print(code(f), gone(f))
        s.close()
        s = begin(f, "STOR cut.csv")
        s.sendall(text[:part])
        raw = s.detach()                  # reset
        raw = socket.socket(fileno=raw)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                       b"\1\0\0\0\0\0\0\0")
        raw.close()
        print(code(f), gone(f))
    s = begin(f, "STOR cut.csv")
    s.sendall(text[:100000])
    f.putcmd("ABOR")
    print(code(f), code(f), gone(f))
    s.close()
    s = begin(f, "STOR cut.csv")          # the control connection breaks
    s.sendall(text[:100000])
    f.sock.shutdown(socket.SHUT_RDWR)
    f.close()
    end = time.time() + 60
    while inbox() and time.time() < end: time.sleep(0.05)
    print(inbox())
    s.close()
    f = connect("dropper", sys.argv[1], False, version)
    f.cwd("/inbox/main")
    stalled.append(f)
for f in stalled:                         # and one that stalls
    f.data = begin(f, "STOR cut.csv")
    f.data.sendall(text[:100000])
print(*[code(f) for f in stalled], *[gone(f) for f in stalled])
END
cut="$(for _ in 1 2 3 4 5 6 7 8; do echo "426 True"; done)"
one=$(printf '%s\n' "$cut" "426 226 True" "[]")
check "an upload that is cut off, reset, aborted or stalls leaves nothing" \
    is "$(cat "$work/o")" "$(printf '%s\n' "$one" "$one" "426 426 True True")"
check "and none of it was uploaded" is \
    "$(grep -h '"uploaded"' "$dir"/audit/*.jsonl | grep -c cut.csv)" 0
curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" --limit-rate 1M \
    -u "dropper:$dropper" -T "$work/big" \
    "ftp://localhost:$ftp_port/inbox/main/" >"$work/o" 2>&1 &
client=$!
begun() { [ -n "$(find "$dir/inbox/main" -name '.upload-*' -size +100k)" ]; }
check "a slow upload lies in a hidden file" within 20 begun
kill -9 $client
empty() { [ -z "$(ls -A "$dir/inbox/main")" ]; }
check "its client is killed, and nothing is left" within 20 empty

# A name again, a name for later, and what may not be.
rows v1 10 >"$work/v1.csv"
rows v2 10 >"$work/v2.csv"
py "$dropper" "$direct" "$work/v1.csv" "$work/v2.csv" >"$work/o" 2>&1 <<'END'
from lib import *
f = connect("dropper", sys.argv[1])
f.cwd("/inbox/main")
for name in sys.argv[3:5]:
    print(f.storbinary("STOR same.csv", open(name, "rb"))[:3])
print(f.storbinary("STOR сделки за май.csv".encode().decode("utf-8"),
                   open(sys.argv[3], "rb"))[:3])
for command in ("STOR .hidden/x.csv", "STOR ../x.csv", "STOR /main/x.csv",
                "STOR no/such/folder.csv", "STOR", "STOR /inbox/other/x.csv",
                "STOR " + "n" * 300):
    s = dial(f)
    try: print(command[:30], f.sendcmd(command))
    except ftplib.error_perm: pass
    s.close()
f = connect("direct", sys.argv[2])       # may not upload at all
dial(f)
try: print(f.sendcmd("STOR /inbox/main/x.csv"))
except ftplib.error_perm as e: print(str(e)[:3])
END
check "a name twice is two dumps; names that may not be are refused" \
    is "$(cat "$work/o")" "$(printf '%s\n' 226 226 226 550)"
check "the first" within 20 published v1-9
check "and the second" within 20 published v2-9
check "the audit knows who uploaded, and how" within 10 audited \
    "e['event'] == 'uploaded' and e['user'] == 'dropper' and
     e['protocol'] == 'ftps' and 'same.csv' in e['path']"
check "the daemon ends cleanly" daemon_stop
finish
