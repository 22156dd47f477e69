#!/bin/sh
# FTP and FTPS as clients see them: curl, lftp, wget and Python's ftplib pull and
# upload; what is refused; limits; the end of a session.
. "${srcdir:-.}/tests/e2e/lib.sh"

CONVDROP_SANDBOX="kill" # a gap in the sandbox's table would show
export CONVDROP_SANDBOX
ftp_port=$(free_port) ftps_port=$(free_port)
instance --ftp-port "$ftp_port" --ftps-port "$ftps_port"
never_hold
first=$(free_port) # of data
sed -i -E 's/^#? *grace_s *=.*/grace_s = 120/;
    s/^#? *max_unauth_per_address *=.*/max_unauth_per_address = 4/' "$conf"
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon
check "without ftp_plain nothing warns of it" \
    test -z "$(grep ftp_plain "$work/log")"
drop_and_wait "$work/deals.csv" deals.csv
file=$dir/published/main/conversions.csv
within 20 test -s "$file"
mtime=$(stat -c %Y "$file")
size=$(stat -c %s "$file")
out=$work/out

head -c 30000000 /dev/urandom >"$work/big"
cp -p "$work/big" "$dir/published/main/.big" &&
    mv "$dir/published/main/.big" "$dir/published/main/big.csv"
chown --reference="$file" "$dir/published/main/big.csv"
chmod --reference="$file" "$dir/published/main/big.csv"

same() { cmp "$1" "${2:-$file}"; }

# --- curl
explicit=ftp://localhost:$ftp_port implicit=ftps://localhost:$ftps_port
get() { # URL OPTION…
	url=$1
	shift
	rm -f "$out"
	curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" --max-time 120 -R \
	    -u "direct:$direct" "$@" "$url" -o "$out"
}
get "$explicit/main/conversions.csv" >"$work/o" 2>&1
check "curl over explicit FTPS gives the published bytes" same "$out"
check "and their update time" is "$(stat -c %Y "$out")" "$mtime"
get "$implicit/main/conversions.csv" >"$work/o" 2>&1
check "over implicit FTPS too" same "$out"
check "and their update time" is "$(stat -c %Y "$out")" "$mtime"
while read -r options; do
	# shellcheck disable=SC2086
	get "$explicit/main/big.csv" $options >"$work/o" 2>&1
	check "curl $options gives a large file's bytes" same "$out" "$work/big"
done <<'END'
-4
-6
-4 --disable-epsv
--tls-max 1.2
--ftp-method nocwd
END
head -c 12345678 "$work/big" >"$work/part"
curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" --max-time 120 \
    -u "direct:$direct" -C - "$explicit/main/big.csv" -o "$work/part" \
    >"$work/o" 2>&1
check "curl -C - completes a partial file" same "$work/part" "$work/big"
check "curl -I says size and time as HTTP does" is \
    "$(curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" -u "direct:$direct" \
	-I "$explicit/main/conversions.csv" | tr -d '\r' |
	grep -E '^(Last-Modified|Content-Length)' | sort)" \
    "$(https /main/conversions.csv -u "direct:$direct" -I | tr -d '\r' |
	grep -iE '^(Last-Modified|Content-Length)' | sort)"
check "a listing shows size and time" is \
    "$(curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" -u "direct:$direct" \
	"$explicit/main/" | tr -d '\r' | grep ' conversions.csv$')" \
    "$(printf -- '-r--r--r--    1 0        0        %10d %s conversions.csv' \
	"$size" "$(TZ=UTC date -d "@$mtime" '+%b %e %H:%M')")"

# --- lftp, wget
lftp_pulls() { # URL
	rm -f "$work"/lftp.*
	cat >"$work/script" <<END
set ssl:ca-file $dir/keys/tls.crt
set ftp:ssl-force true
set ftp:ssl-protect-data true
set net:max-retries 1
set net:timeout 60
open -u direct,$direct $1
get /main/conversions.csv -o $work/lftp.small
pget -n 4 /main/big.csv -o $work/lftp.big
cls -1 /main/*.csv
END
	timeout 300 lftp -f "$work/script" >"$work/lftp.list"
}
for url in "$explicit" "$implicit"; do
	lftp_pulls "$url" >"$work/o" 2>&1
	check "lftp gives the bytes over ${url%%:*}" same "$work/lftp.small"
	check "and their update time" is \
	    "$(stat -c %Y "$work/lftp.small")" "$mtime"
	check "and a file's parts, four at a time" same "$work/lftp.big" \
	    "$work/big"
	check "and lists" is "$(sort "$work/lftp.list" | tr '\n' ' ')" \
	    "/main/big.csv /main/conversions.csv "
done
wget_gives() { # URL OPTION…
	rm -f "$out"
	timeout 300 wget -q --tries=1 --ca-certificate="$dir/keys/tls.crt" \
	    --user=direct --password="$direct" "$@" -O "$out" && same "$out"
}
check "wget over explicit FTPS gives the bytes" \
    wget_gives "ftps://localhost:$ftp_port/main/conversions.csv"
check "over implicit FTPS too" wget_gives --ftps-implicit \
    "ftps://localhost:$ftps_port/main/conversions.csv"

# --- Python's ftplib, and a client that says what it likes
cat >"$work/lib.py" <<END
import ftplib, io, os, re, select, socket, ssl, sys, time
port, implicit = $ftp_port, $ftps_port
context = ssl.create_default_context(cafile="$dir/keys/tls.crt")
class Ftp(ftplib.FTP_TLS):
    # The session of the control connection is not resumed for data, as most
    # clients do not.
    def data(self, command, rest=None):
        s = self.transfercmd(command, rest)
        got = bytearray()
        while True:
            some = s.recv(65536)
            if not some: break
            got += some
        s.unwrap().close()
        self.voidresp()
        return got
def connect(user, password, protect=True):
    f = Ftp(context=context, timeout=60)
    f.connect("localhost", port)
    f.login(user, password)
    if protect: f.prot_p()
    return f
class Raw:
    def __init__(self, tls=False, to=None, family=socket.AF_INET):
        self.s = socket.socket(family)
        self.s.settimeout(60)
        self.s.connect(("127.0.0.1" if family == socket.AF_INET else "::1",
                        to or port))
        if tls: self.wrap()
        self.greeting = self.reply()
    def wrap(self):
        self.s = context.wrap_socket(self.s, server_hostname="localhost")
    def send(self, text):
        self.s.sendall(text.encode() if isinstance(text, str) else text)
    def reply(self):              # the last line of one; "" at the end
        line = b""
        while True:
            try: c = self.s.recv(1)
            except (ConnectionResetError, ssl.SSLError): c = b""
            if not c: return ""
            line += c
            if c == b"\n":
                if re.match(rb"\d\d\d |\$", line): return line.decode().strip()
                line = b""
    def say(self, text):
        self.send(text + "\r\n")
        return self.reply()
    def secure(self):
        assert self.say("AUTH TLS")[:3] == "234"
        self.wrap()
        return self
    def login(self, user, password):
        assert self.say("USER " + user)[:3] == "331"
        return self.say("PASS " + password)
    def passive(self):
        return int(re.search(r"\|\|\|(\d+)\|", self.say("EPSV")).group(1))
def code(*replies): print(*[r[:3] for r in replies])
def slowly(s, done): # all of a transfer, held up until then
    got = bytearray()
    while not done():
        if len(got) < 20000000: got += s.recv(16384)
        time.sleep(0.01)
    while some := s.recv(65536): got += some
    s.unwrap()
    s.close()
    return got
END
py() { # script on standard input; arguments
	PYTHONPATH=$work timeout 300 "$python" -W ignore - "$@"
}
py "$direct" "$out" "$mtime" "$file" >"$work/o" 2>&1 <<'END'
from lib import *
f = connect("direct", sys.argv[1])
with open(sys.argv[2], "wb") as o: o.write(f.data("RETR /main/conversions.csv"))
size = os.path.getsize(sys.argv[4])
when = time.strftime("%Y%m%d%H%M%S", time.gmtime(int(sys.argv[3])))
f.voidcmd("TYPE A")
assert f.sendcmd("SIZE main/conversions.csv") == "213 %d" % size
assert f.data("RETR main/conversions.csv") == open(sys.argv[4], "rb").read()
f.voidcmd("TYPE I")
assert f.sendcmd("MDTM main/conversions.csv") == "213 " + when
fact = dict(f.mlsd("main"))["conversions.csv"]
assert fact == {"type": "file", "size": str(size), "modify": when,
                "perm": "r"}, fact
one = f.sendcmd("MLST main/conversions.csv").split("\n")[1]
assert one == " type=file;size=%d;modify=%s;perm=r; /main/conversions.csv" % (
    size, when), one
f.sendcmd("OPTS MLST size;")
assert dict(f.mlsd("main"))["conversions.csv"] == {"size": str(size)}
assert f.nlst() == ["main"], f.nlst()
f.cwd("main"); assert f.pwd() == "/main"
assert sorted(f.nlst()) == ["big.csv", "conversions.csv",
                            "conversions.csv.gz"], f.nlst()
assert f.nlst("con*.csv") == ["conversions.csv"]
f.sendcmd("CDUP"); assert f.pwd() == "/"
assert "conversions.csv" in f.sendcmd("STAT main")
assert f.data("RETR main/conversions.csv", 7) == \
    open(sys.argv[4], "rb").read()[7:]
assert f.data("RETR main/conversions.csv", size) == b""
for command in ("CWD /inbox", "CWD /archive", "CWD /shop", "CWD /main/x.csv",
                "SIZE /main/.big", "SIZE /../etc/passwd", "SIZE /main",
                "MDTM ../../etc/passwd", "CWD conversions.csv",
                "MLST /keys/users", "STOR /main/x.csv", "STOR /inbox/main/x",
                "DELE /main/big.csv", "RNFR /main/big.csv", "MKD /main/d",
                "SIZE main\\conversions.csv", "CWD \x01"):
    f.makepasv()
    try: sys.exit(command + ": " + f.sendcmd(command))
    except ftplib.error_perm: pass
f.quit()
END
check "ftplib gives the bytes" same "$out"
check "names, sizes and times; nothing else is to be seen" \
    is "$(cat "$work/o")" ""
ln -s /etc/passwd "$dir/published/main/link.csv"
mkfifo "$dir/published/main/fifo.csv"
py "$direct" >"$work/o" 2>&1 <<'END'
from lib import *
f = connect("direct", sys.argv[1])
for path in ("main/link.csv", "main/fifo.csv"):
    assert path[5:] not in f.nlst("main")
    f.makepasv()
    for command in ("SIZE ", "RETR "):
        try: sys.exit(f.sendcmd(command + path))
        except ftplib.error_perm: pass
END
check "a link and a FIFO are no files" is "$(cat "$work/o")" ""
rm "$dir/published/main/link.csv" "$dir/published/main/fifo.csv"

# --- a transfer that is broken off
py "$direct" >"$work/o" 2>&1 <<'END'
from lib import *
f = connect("direct", sys.argv[1])
f.voidcmd("TYPE I")
s = f.transfercmd("RETR main/big.csv")
s.recv(1000)
assert "Data moves" in f.sendcmd("STAT")
f.putcmd("ABOR")
replies = [f.getmultiline()[:3], f.getmultiline()[:3]]
s.close()
assert f.nlst() == ["main"]       # the session goes on
# Telnet's way: an interrupt, and the last byte as urgent data
r = Raw()
r.s.sendall(b"\xff\xf4\xff", socket.MSG_OOB)
r.s.sendall(b"\xf2NOOP\r\n", socket.MSG_OOB)
print(*replies, r.reply()[:3])
END
check "ABOR breaks a transfer off, and the session goes on" \
    is "$(cat "$work/o")" "426 226 200"

# A client that is gone is noticed behind a command that waits, too.
py "$direct" >"$work/o" 2>&1 <<'END'
from lib import *
import struct
f = connect("direct", sys.argv[1])
f.voidcmd("TYPE I")
s = f.transfercmd("RETR main/big.csv")
s.recv(1000)
f.putcmd("QUIT")
time.sleep(0.2)
f.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
f.sock.close()
f.file.close()
time.sleep(0.5)
n = 0
try:
    while True:
        some = len(s.recv(65536))
        n += some
        if not some: break
except OSError: pass
print(n < 30000000 - 1000)
END
check "a control connection that breaks ends the transfer" \
    is "$(cat "$work/o")" True

# --- encryption
py "$direct" "$dropper" >"$work/o" 2>&1 <<'END'
from lib import *
direct = sys.argv[1]
r = Raw()
code(r.say("USER direct"), r.say("PASS " + direct), r.say("PBSZ 0"),
     r.say("PROT P"), r.say("AUTH KERBEROS"), r.say("LIST"))
r.secure()
code(r.login("direct", direct), r.say("AUTH TLS"), r.say("PROT C"),
     r.say("PROT S"), r.say("CCC"), r.say("CDC"), r.say("REIN"),
     r.say("EPSV"), r.say("RETR /main/conversions.csv"))
code(r.say("PORT 127,0,0,1,4,5"), r.say("EPRT |1|127.0.0.1|1029|"),
     r.say("PBSZ 0"), r.say("PROT P"), r.say("QUIT"))
# what somebody on the way puts behind AUTH TLS is not taken for the client's
r = Raw()
r.send("AUTH TLS\r\nUSER direct\r\n")
code(r.reply(), r.reply())
r = Raw()
r.send("AUTH TLS\r\nUS")
code(r.reply(), r.reply())
r = Raw()
code(r.say("USER direct"))
r.secure()
code(r.say("PASS " + direct))     # the name from before does not count
r = Raw(tls=True, to=implicit)    # everything is encrypted unasked
code(r.greeting, r.login("direct", direct), r.say("AUTH TLS"), r.say("EPSV"),
     r.say("QUIT"))
r = Raw(tls=False, to=port)
r.send("AUTH TLS\r\n"); r.reply(); r.send("NOOP\r\n" * 50)
code(r.reply())
for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
    r = Raw()
    r.say("AUTH TLS")
    c = ssl.create_default_context(cafile=context and None)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    c.set_ciphers("ALL:@SECLEVEL=0")
    c.minimum_version = c.maximum_version = old
    try:
        c.wrap_socket(r.s)
        print("spoken")
    except (ssl.SSLError, OSError): print("refused")
END
check "logins and data go encrypted, and stay so" is "$(cat "$work/o")" \
    "$(printf '%s\n' "530 503 503 503 504 530" \
	"230 503 534 536 534 534 502 229 521" "502 502 200 200 221" \
	"421 " "421 " "530" "503" "220 230 503 229 221" "" refused refused)"
check "and the log says what was put in" within 10 \
    logged 'commands came unencrypted behind AUTH TLS'

# --- lines
py "$direct" >"$work/o" 2>&1 <<'END'
from lib import *
r = Raw().secure()
code(r.say("x" * 4095), r.say("NOOP " + "x" * 4090), r.say("x" * 100000),
     r.say("NOOP"), r.say("USER a\0b"), r.say("NOOP"), r.say("NO\xff"),
     r.say(""))
r.send("NOOP\r\nNOOP\nNOOP\r\n")
code(r.reply(), r.reply(), r.reply())
r.send(b"\xff\xf4\xff\xf2NOOP\r\n")
code(r.reply())
code(r.login("direct", sys.argv[1] + "\0x"), r.login("direct", sys.argv[1]))
r.send("NOOP\r\n" * 20000)
code(*{r.reply() for _ in range(20000)})
END
check "lines have a limit, and what follows is taken" is "$(cat "$work/o")" \
    "$(printf '%s\n' "500 500 500 200 501 200 500 500" "200 200 200" 200 \
	"501 230" 200)"

# --- uploads
dump() { # ID
	printf 'create_date_time;id;emails;order_status;revenue\n%s 12:00:00;%s;a%s@example.com;PAID;100\n' \
	    "$(day 3 %Y-%m-%d)" "$1" "$1"
}
published() { # ID
	grep -q ";$1;" "$file"
}
dump 301 >"$work/301.csv"
curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" --max-time 120 \
    -u "dropper:$dropper" -T "$work/301.csv" "$explicit/inbox/main/" \
    >"$work/o" 2>&1
check "curl -T over FTPS is a dump" within 20 published 301
dump 302 >"$work/302.csv"
cat >"$work/script" <<END
set ssl:ca-file $dir/keys/tls.crt
set net:max-retries 1
open -u dropper,$dropper $implicit
put -O /inbox/main $work/302.csv
END
timeout 300 lftp -f "$work/script" >"$work/o" 2>&1
check "so is lftp put" within 20 published 302
dump 303 >"$work/303.csv"
py "$dropper" "$work/303.csv" >"$work/o" 2>&1 <<'END'
from lib import *
f = connect("dropper", sys.argv[1])
text = open(sys.argv[2], "rb").read()
f.cwd("/inbox/main")
s = f.transfercmd("STOR cut.csv")
s.sendall(text)
s.shutdown(socket.SHUT_RDWR)      # without TLS's own end
s.close()
try: print(f.voidresp())
except ftplib.all_errors as e: print(str(e)[:3])
assert f.nlst() == [], f.nlst()
f.storbinary("STOR 303.csv", io.BytesIO(text))
print(f.size("303.csv") == len(text))
f.sendcmd("REST 5"); f.makepasv()
try: f.sendcmd("STOR x.csv")
except ftplib.error_perm as e: print(str(e)[:3])
try: f.sendcmd("APPE x.csv")
except ftplib.error_perm as e: print(str(e)[:3])
END
check "an upload that broke off is none" is "$(cat "$work/o")" \
    "$(printf '%s\n' 426 True 554 502)"
check "and the same file sent whole is a dump" within 20 published 303

# --- audit
pulled() { # Python expression over e
	"$convdrop" -c "$conf" audit log 2>/dev/null | "$python" -c "
import json, sys
sys.exit(not any($1 for e in map(json.loads, sys.stdin)))"
}
big='"big.csv" in e.get("path", "") and e["event"] == "pulled" and e["protocol"] == "ftps"'
check "a whole pull is in the audit" within 10 pulled \
    "$big and e['complete'] and e['bytes'] == 30000000"
check "what was resumed is complete with its rest" within 10 pulled \
    "$big and e['complete'] and e['bytes'] == 30000000 - 12345678"
check "what was broken off is not" within 10 pulled \
    "$big and not e['complete'] and e['bytes'] < 5000000"

# --- a new certificate
reloads() {
	grep -c 'is in force' "$work/log"
}
py "$direct" "$work/begun" "$work/reloaded" "$work/big" >"$work/o" 2>&1 <<'END' &
from lib import *
f = connect("direct", sys.argv[1])
f.voidcmd("TYPE I")
s = f.transfercmd("RETR main/big.csv")
open(sys.argv[2], "w").close()
def reloaded():
    if not os.path.exists(sys.argv[3]): return False
    f.putcmd("NOOP") # which is answered behind the transfer
    return True
got = slowly(s, reloaded)
print(f.voidresp()[:3], got == open(sys.argv[4], "rb").read())
print(f.getmultiline()[:3], f.getmultiline()[:3]) # unasked
END
session=$!
within 20 test -e "$work/begun"
before=$(reloads)
cp "$dir/keys/tls.crt" "$work/old.crt"
(cd "$dir/keys" && openssl req -x509 -newkey ec -pkeyopt \
    ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$work/new.key" \
    -out "$work/new.crt" >"$work/o2" 2>&1)
cat "$work/new.key" >"$dir/keys/tls.key"
cat "$work/new.crt" >"$dir/keys/tls.crt"
kill -HUP "$daemon_pid"
more() { [ "$(reloads)" -gt "$before" ]; }
check "a new certificate is taken by SIGHUP" within 20 more
shown() { get "$explicit/main/conversions.csv" && same "$out"; }
check "and is what new clients are shown" within 20 shown
: >"$work/reloaded"
wait $session
check "a transfer that runs meanwhile goes on; then the session ends" \
    is "$(cat "$work/o")" "$(printf '%s\n' "226 True" "200 421")"

# --- SIGTERM
py "$direct" "$work/reads" "$work/big" >"$work/o" 2>&1 <<'END' &
from lib import *
busy, idle = connect("direct", sys.argv[1]), connect("direct", sys.argv[1])
busy.voidcmd("TYPE I")
s = busy.transfercmd("RETR main/big.csv")
open(sys.argv[2], "w").close()
said = lambda: select.select([idle.sock], [], [], 0)[0]
got = slowly(s, said)
print(idle.sock.recv(4096)[:3])
print(busy.voidresp()[:3], got == open(sys.argv[3], "rb").read())
END
session=$!
within 20 test -e "$work/reads"
check "a stopping daemon exits with 0" daemon_stop
wait $session
check "it ends idle sessions with 421, and lets a pull finish" \
    is "$(cat "$work/o")" "$(printf '%s\n' "b'421'" "226 True")"

# --- without encryption, where it is asked for; a range of ports; NAT
sed -i -E "s/^#? *ftp_plain *=.*/ftp_plain = yes/;
    s/^#? *ftp_passive_ports *=.*/ftp_passive_ports = \"$first-$first\"/;
    s/^#? *ftp_public_address *=.*/ftp_public_address = \"192.0.2.7\"/" "$conf"
daemon
check "plain FTP is said loudly in the log" within 10 logged 'WARNING: ftp_plain is on'
check "and that one client can take all ports" within 10 \
    logged 'has no more ports than one address may have'
"$convdrop" -c "$conf" status >"$work/o" 2>&1
check "and in status" grep -q 'WARNING: ftp_plain is on' "$work/o"
rm -f "$out"
curl -sS --max-time 120 -u "direct:$direct" \
    "$explicit/main/big.csv" -o "$out" >"$work/o" 2>&1
check "curl without encryption gives the bytes" same "$out" "$work/big"
get "$explicit/main/big.csv" >"$work/o" 2>&1
check "and with it" same "$out" "$work/big"
check "wget without encryption gives the bytes" \
    wget_gives --no-passive-ftp --passive-ftp \
    "ftp://[::1]:$ftp_port/main/conversions.csv"
curl -sS --max-time 120 -u "dropper:$dropper" -T "$work/301.csv" \
    "$explicit/inbox/main/" >"$work/o" 2>&1 &&
    not_ok "an upload without encryption is refused" ||
    ok "an upload without encryption is refused"
py "$direct" "$first" >"$work/o" 2>&1 <<'END'
from lib import *
r = Raw()
code(r.login("direct", sys.argv[1]), r.say("AUTH TLS"))
print(r.say("PASV"))
print(r.passive() == int(sys.argv[2]))
a = Raw().secure()
a.login("direct", sys.argv[1])
code(a.say("EPSV"))               # the only port is taken
r.say("QUIT")
end = time.time() + 60
while a.say("EPSV")[:3] != "229" and time.time() < end: time.sleep(0.05)
code(a.say("EPSV 2"), a.say("EPSV 1"), a.say("EPSV ALL"), a.say("PASV"))
b = Raw(family=socket.AF_INET6)
code(b.login("direct", sys.argv[1]), b.say("PASV"))
END
check "data's ports and address are those of the configuration" \
    is "$(cat "$work/o")" "$(printf '%s\n' "230 503" \
	"227 Entering passive mode (192,0,2,7,$((first / 256)),$((first % 256)))." \
	True 425 "522 229 200 501" "230 522")"

# --- the end of a login
py "$direct" "$work/there" >"$work/o" 2>&1 <<'END' &
from lib import *
r = Raw().secure()
r.login("direct", sys.argv[1])
open(sys.argv[2], "w").close()
code(r.reply(), r.reply())
END
session=$!
within 20 test -e "$work/there"
"$convdrop" -c "$conf" user passwd direct >"$work/o2" 2>&1
wait $session
check "a new password ends the sessions of the old one" \
    is "$(cat "$work/o")" "421 "

# nobody logs in from this address from here on
py >"$work/o" 2>&1 <<'END'
from lib import *
r = Raw().secure()
replies = []
while len(replies) < 20 and (not replies or replies[-1] == "530"):
    r.send("USER direct\r\n"); r.reply()
    replies.append(r.say("PASS Wrong-Password-2")[:3])
print(2 <= len(replies) <= 7, replies[-1])
END
check "a connection has few tries" is "$(cat "$work/o")" "True 421"
refute "no password is in the log" logged Wrong-Password-2

# --- limits, which this address reaches
check "the daemon ends cleanly" daemon_stop
sed -i -E 's/^#? *login_s *=.*/login_s = 10/' "$conf"
daemon
"$python" - "$ftp_port" >"$work/o" 2>&1 <<'END'
import socket, sys, time
# four places: the fifth and the sixth make the first two leave
many = []
for _ in range(6):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)
    s.settimeout(60)
    assert s.recv(64) == b"220 convdrop\r\n"
    many.append(s)
start = time.time()
def ends(s):
    try: return s.recv(64)[:3], 5 < time.time() - start < 60
    except ConnectionResetError: return b"", time.time() - start > 5
last = many.pop()
last.settimeout(0.2)
got = b""
while time.time() < start + 60:         # byte after byte is no excuse
    try:
        last.sendall(b"x")
        more = last.recv(64)
        if not more: break
        got += more
    except TimeoutError: pass
    except OSError: break
print(got[:3], 5 < time.time() - start < 60, *[ends(s) for s in many[:2]])
print(*[ends(s) for s in many[2:]])
END
check "who does not log in is limited in number and time" \
    is "$(cat "$work/o")" "$(printf '%s\n' \
	"b'421' True (b'', True) (b'', True)" \
	"(b'421', True) (b'421', True) (b'421', True)")"
check "the limit is named in the log" within 10 logged max_unauth_per_address
check "the daemon ends cleanly again" daemon_stop
finish
