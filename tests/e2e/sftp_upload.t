#!/bin/sh
# Uploads over SFTP as real clients make them: put, put with a stat after it,
# temporary names that are renamed, sessions that break off.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
daemon
inbox=$dir/inbox/main
published=$dir/published/main/conversions.csv

# dump ID FILE: a dump with one order
dump() {
	printf 'create_date_time;id;emails;order_status;revenue\n%s 12:00:00;%s;a%s@example.com;PAID;100\n' \
	    "$(day 3 %Y-%m-%d)" "$1" "$1" >"$2"
}
order_is_published() { # ID
	grep -q ";$1;" "$published"
}
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

# --- OpenSSH
dump 101 "$work/openssh.csv"
printf 'put %s /inbox/main/openssh.csv\nls -l /inbox/main\n' \
    "$work/openssh.csv" | sftp_as dropper "$dropper" >"$work/o" 2>&1
check "put ends well" grep -q "^-rw.* openssh.csv" "$work/o"
check "and is a dump" within 20 order_is_published 101
dump 102 "$work/kept.csv"
printf 'cd /inbox/main\nput -p %s\n' "$work/kept.csv" |
    sftp_as dropper "$dropper" >"$work/o" 2>&1
check "put -p, which sets times and modes, is a dump" \
    within 20 order_is_published 102
dump 103 "$work/odd name.csv"
printf 'put "%s" "/inbox/main/сделки за май.csv"\n' "$work/odd name.csv" |
    sftp_as dropper "$dropper" >"$work/o" 2>&1
check "a Russian name with blanks is a dump" within 20 order_is_published 103

# --- paramiko: after put it asks for the size, even when ingest took the file
dump 104 "$work/p.csv"
py "$dropper" "$work/p.csv" "$inbox/p.csv" >"$work/o" 2>&1 <<'EOF'
import sys; from lib import *
t, s = connect("dropper", sys.argv[1])
st = s.put(sys.argv[2], "/inbox/main/p.csv")
end = time.time() + 60
while os.path.exists(sys.argv[3]) and time.time() < end:
    time.sleep(0.05)
assert not os.path.exists(sys.argv[3])
size = os.path.getsize(sys.argv[2])
assert st.st_size == size and s.stat("/inbox/main/p.csv").st_size == size
t.close()
EOF
check "paramiko's put with its stat ends well" is "$(cat "$work/o")" ""
check "a stat still knows it after ingest took it" within 20 \
    order_is_published 104

# --- WinSCP: x.filepart, then x
dump 105 "$work/w.csv"
py "$dropper" "$work/w.csv" "$inbox" "$published" >"$work/o" 2>&1 <<'EOF'
import sys; from lib import *
t, s = connect("dropper", sys.argv[1])
part, name = "/inbox/main/w.csv.filepart", "/inbox/main/w.csv"
data = open(sys.argv[2], "rb").read()
with s.open(part, "wx") as f:
    f.set_pipelined(True)
    f.write(data)
s.chmod(part, 0o644)
s.utime(part, (1, 1))
assert s.stat(part).st_size == len(data)
assert "w.csv.filepart" in s.listdir("/inbox/main"), s.listdir("/inbox/main")
time.sleep(2.5)                  # longer than settle_ms: it waits for its name
assert ";105;" not in open(sys.argv[4]).read()
assert "w.csv.filepart" in s.listdir("/inbox/main")
s.rename(part, name)
assert s.stat(name).st_size == len(data)
try:
    s.stat(part)
    sys.exit("the old name is still there")
except IOError:
    pass
t.close()
EOF
check "an upload is renamed from x.filepart to x" is "$(cat "$work/o")" ""
check "and is a dump from then on" within 20 order_is_published 105

# --- lftp with a temporary name
dump 106 "$work/l.csv"
cat >"$work/lftp" <<EOF
set sftp:auto-confirm yes
set net:max-retries 1
set net:timeout 60
set xfer:use-temp-file yes
set xfer:temp-file-name *.filepart
open -p $sftp_port -u dropper,$dropper sftp://127.0.0.1
put $work/l.csv -o /inbox/main/l.csv
EOF
timeout 300 lftp -f "$work/lftp" >"$work/o" 2>&1
check "lftp's put by way of l.csv.filepart is a dump" \
    within 20 order_is_published 106

dump 107 "$work/l.csv"
sed -i '/temp-file-name/d; s/l\.csv/l7.csv/g; s,put [^ ]*,put '"$work/l.csv," \
    "$work/lftp"
timeout 300 lftp -f "$work/lftp" >"$work/o" 2>&1
check "so is one by way of a hidden name, as lftp has it by default" \
    within 20 order_is_published 107

# --- curl
dump 108 "$work/c.csv"
curl -sS -k --max-time 120 -u "dropper:$dropper" -T "$work/c.csv" \
    "sftp://127.0.0.1:$sftp_port/inbox/main/c.csv" >"$work/o" 2>&1
check "curl's upload is a dump" within 20 order_is_published 108

# --- broken off
dump 109 "$work/b.csv"
py "$dropper" "$work/b.csv" >"$work/o" 2>&1 <<'EOF'
import sys; from lib import *
t, s = connect("dropper", sys.argv[1])
f = s.open("/inbox/main/b.csv", "w")
f.write(open(sys.argv[2], "rb").read())   # all of it, but no close
f.flush()
t.sock.close()                            # the line is cut
t, s = connect("dropper", sys.argv[1])
f = s.open("/inbox/main/b2.csv", "w")
f.write(open(sys.argv[2], "rb").read())
f.flush()
os._exit(0)                               # the client dies
EOF
left() { # nothing of an upload is left
	[ -z "$(find "$inbox" -type f)" ]
}
check "uploads that broke off leave nothing behind" within 20 left
sleep 2.5 # longer than settle_ms
refute "and are never a dump" order_is_published 109
dump 110 "$work/r.csv"
py "$dropper" "$work/r.csv" >"$work/o" 2>&1 <<'EOF'
import sys; from lib import *
t, s = connect("dropper", sys.argv[1])
f = s.open("/inbox/main/r.csv", "w")
f.seek(50)                                # as reput does
f.write(open(sys.argv[2], "rb").read()[50:])
try:
    f.close()
    s.stat("/inbox/main/r.csv")
    print("it is there")
except IOError:
    print("refused")
t.close()
EOF
check "an upload whose beginning is missing is refused" \
    is "$(cat "$work/o")" refused

# --- names that are taken
dump 111 "$work/t1.csv"
dump 112 "$work/t2.csv"
py "$dropper" "$work/t1.csv" "$work/t2.csv" "$inbox/t.csv" >"$work/o" 2>&1 <<'EOF'
import shutil, sys; from lib import *
t, s = connect("dropper", sys.argv[1])
shutil.copy(sys.argv[2], sys.argv[4])     # another waits under that name
s.put(sys.argv[3], "/inbox/main/t.csv")
assert s.stat("/inbox/main/t.csv").st_size == os.path.getsize(sys.argv[3])
t.close()
EOF
check "an upload of a name that is taken ends well" is "$(cat "$work/o")" ""
check "neither dump is lost" within 20 sh -c \
    "grep -q ';111;' '$published' && grep -q ';112;' '$published'"

# --- what is refused
py "$dropper" "$direct" "$work/p.csv" "$inbox" >"$work/o" 2>&1 <<'EOF'
import shutil, sys; from lib import *
def refused(f, *a):
    try:
        f(*a)
        print("allowed:", f.__name__, *a)
    except IOError:
        pass
t, s = connect("dropper", sys.argv[1])
shutil.copy(sys.argv[3], sys.argv[4] + "/.hidden")
open(sys.argv[4] + "/.foreign.part", "w").close()
open(sys.argv[4] + "/foreign.part", "w").close()
assert s.listdir("/inbox/main") == [], s.listdir("/inbox/main")
refused(s.stat, "/inbox/main/foreign.part")
refused(s.remove, "/inbox/main/foreign.part")
refused(s.rename, "/inbox/main/foreign.part", "/inbox/main/x.csv")
refused(s.put, sys.argv[3], "/main/x.csv")
refused(s.put, sys.argv[3], "/reports/main/x.csv")
refused(s.put, sys.argv[3], "/inbox/x.csv")
refused(s.put, sys.argv[3], "/inbox/other/x.csv")
refused(s.put, sys.argv[3], "/inbox/main/../../archive/x.csv")
refused(s.mkdir, "/inbox/main/sub")
refused(s.symlink, "/etc/passwd", "/inbox/main/link.csv")
s.put(sys.argv[3], "/inbox/main/own.tmp")
refused(s.rename, "/inbox/main/own.tmp", "/reports/main/x.csv")
s.remove("/inbox/main/own.tmp")
refused(s.stat, "/inbox/main/own.tmp")
t.close()
t, s = connect("direct", sys.argv[2])
refused(s.put, sys.argv[3], "/inbox/main/x.csv")
refused(s.put, sys.argv[3], "/main/x.csv")
t.close()
EOF
check "only one's own uploads, and only in the inbox" is "$(cat "$work/o")" ""

uploads() {
	"$convdrop" -c "$conf" audit log --json 2>/dev/null | grep -q 'openssh.csv'
}
check "the audit knows who uploaded" within 10 uploads
check "the daemon ends cleanly" daemon_stop
finish
