#!/bin/sh
# Uploads over FTPS as real clients make them: temporary names that are renamed,
# times and modes that are set, files that are deleted again, what a session
# sees of them.  And what a resumed pull is, by every protocol.
. "${srcdir:-.}/tests/e2e/lib.sh"

CONVDROP_SANDBOX="kill" # a gap in the sandbox's table would show
export CONVDROP_SANDBOX
ftp_port=$(free_port) ftps_port=$(free_port)
instance --ftp-port "$ftp_port" --ftps-port "$ftps_port"
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
left() { # nothing of an upload is left
	[ -z "$(find "$inbox" -type f)" ]
}
cat >"$work/lib.py" <<EOF
import ftplib, io, os, socket, ssl, sys, time
context = ssl.create_default_context(cafile="$dir/keys/tls.crt")
def connect(password, user="dropper"):
    f = ftplib.FTP_TLS(context=context, timeout=60)
    f.connect("localhost", $ftp_port)
    f.login(user, password)
    f.prot_p()
    return f
def code(f, command):
    try: return f.sendcmd(command)[:3]
    except ftplib.Error as e: return str(e)[:3]
def gone(path): # ingest took it
    end = time.time() + 60
    while os.path.exists(path) and time.time() < end: time.sleep(0.05)
    return not os.path.exists(path)
EOF
py() { # script on standard input; arguments
	PYTHONPATH=$work timeout 300 "$python" -W ignore - "$@"
}

# --- lftp: temporary names
lftp_does() { # commands on standard input
	{
		cat <<EOF
set ssl:ca-file $dir/keys/tls.crt
set ftp:ssl-force true
set ftp:ssl-protect-data true
set net:max-retries 1
set net:timeout 60
open -u dropper,$dropper ftp://localhost:$ftp_port
EOF
		cat
	} >"$work/script"
	timeout 300 lftp -f "$work/script"
}
dump 201 "$work/l.csv"
lftp_does >"$work/o" 2>&1 <<EOF
set xfer:use-temp-file yes
put $work/l.csv -o /inbox/main/l.csv
cls -1 /inbox/main/*.csv
EOF
check "lftp's put under a temporary name is seen under the name it gets" \
    is "$(tail -1 "$work/o")" /inbox/main/l.csv
check "and is a dump" within 20 order_is_published 201
dump 202 "$work/p.csv"
lftp_does >"$work/o" 2>&1 <<EOF
set cmd:fail-exit true
set xfer:use-temp-file yes
set xfer:temp-file-name *.filepart
put $work/p.csv -o /inbox/main/p.csv
chmod 640 /inbox/main/p.csv
EOF
check "one by way of p.csv.filepart ends well, with a chmod" \
    is "$?:$(cat "$work/o")" 0:
check "and is a dump" within 20 order_is_published 202
mkdir "$work/from"
dump 203 "$work/from/m.csv"
lftp_does >"$work/o" 2>&1 <<EOF
mirror -R $work/from /inbox/main
EOF
check "lftp's mirror -R, which sets times and modes, ends well" \
    is "$?:$(cat "$work/o")" 0:
check "and gives a dump" within 20 order_is_published 203

# --- curl
curl_puts() { # NAME OPTION…
	name=$1
	shift
	curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" --max-time 120 \
	    -u "dropper:$dropper" -T "$work/c.csv" "$@" \
	    "ftp://localhost:$ftp_port/inbox/main/$name"
}
dump 204 "$work/c.csv"
check "curl -Q renames what it uploaded" curl_puts c.csv.part \
    -Q '-RNFR c.csv.part' -Q '-RNTO c.csv'
check "and it is a dump" within 20 order_is_published 204
dump 205 "$work/c.csv"
check "curl -Q deletes what it uploaded" curl_puts d.csv.part \
    -Q '-DELE d.csv.part'
check "and nothing is left" within 20 left
refute "curl cannot append to a file" curl_puts e.csv --append

# --- ftplib: every command, and what the session sees
dump 206 "$work/w.csv"
py "$dropper" "$work/w.csv" "$inbox" "$published" >"$work/o" 2>&1 <<'EOF'
from lib import *
f = connect(sys.argv[1])
text = open(sys.argv[2], "rb").read()
def put(name): f.storbinary("STOR " + name, io.BytesIO(text))
f.cwd("/inbox/main")
put("w.csv.filepart")
f.voidcmd("TYPE I")
assert f.size("w.csv.filepart") == len(text)
when = f.sendcmd("MDTM w.csv.filepart")
for command in ("MFMT 20200102030405 w.csv.filepart",
                "MDTM 20200102030405 w.csv.filepart",
                "SITE CHMOD 644 w.csv.filepart",
                "SITE UTIME 20200102030405 w.csv.filepart",
                "SITE UTIME w.csv.filepart 20200102030405 20200102030405 "
                "20200102030405 UTC"):
    assert code(f, command)[0] == "2", command
assert f.sendcmd("MDTM w.csv.filepart") == when     # ours stays
assert code(f, "RNTO w.csv") == "503"
assert code(f, "RNFR none.csv") == "550"
assert code(f, "RNTO w.csv") == "503"
time.sleep(2.5)                  # longer than settle_ms: it waits for its name
assert ";206;" not in open(sys.argv[4]).read()
assert f.nlst() == ["w.csv.filepart"], f.nlst()
assert f.rename("w.csv.filepart", "w.csv")[:3] == "250"
assert code(f, "RNTO w2.csv") == "503"              # RNFR counts once
assert gone(sys.argv[3] + "/w.csv")
# still there for whoever uploaded it
assert f.size("w.csv") == len(text)
assert "size=%d;" % len(text) in f.sendcmd("MLST w.csv")
assert dict(f.mlsd())["w.csv"]["size"] == str(len(text))
assert code(f, "MDTM w.csv") == "213"
assert code(f, "SITE CHMOD 600 w.csv") == "200"
assert code(f, "DELE w.csv") == "550"               # it is a dump
assert code(f, "SIZE w.csv.filepart") == "550"      # the old name
# hidden
put(".h.tmp")
assert f.size(".h.tmp") == len(text) and ".h.tmp" in f.nlst()
assert not os.path.exists(sys.argv[3] + "/.h.tmp")
assert code(f, "DELE .h.tmp") == "250"
assert code(f, "SIZE .h.tmp") == "550"
put("y.csv.part")
assert code(f, "RNFR y.csv.part") == "350" and code(f, "RNTO .y") == "553"
assert code(f, "RNFR y.csv.part") == "350"
assert code(f, "RNTO /main/y.csv")[0] == "5"        # where it may not
assert code(f, "DELE y.csv.part") == "250"
assert [n for n in os.listdir(sys.argv[3]) if n[0] == "."] == []
for command in ("MKD d", "RMD d", "APPE x.csv", "STOU", "STOU x.csv",
                "DELE /inbox/main", "RNFR /inbox/main", "SITE EXEC x",
                "SITE UTIME x", "SITE CHMOD 644 /inbox", "MFMT x w.csv",
                "MFMT 20200102030405 /reports", "DELE .none",
                "SITE CHMOD 644", "MDTM 20200102030405 none.csv"):
    f.makepasv()
    assert code(f, command)[0] == "5", command
f.quit()
EOF
check "ftplib renames, deletes, sets times; sees what ingest took" \
    is "$(cat "$work/o")" ""
check "and its upload is a dump from its renaming on" \
    within 20 order_is_published 206

# --- others' files
dump 207 "$work/o.csv"
py "$dropper" "$direct" "$work/o.csv" >"$work/o" 2>&1 <<'EOF'
from lib import *
one, two = connect(sys.argv[1]), connect(sys.argv[1])
puller = connect(sys.argv[2], "direct")
one.storbinary("STOR /inbox/main/o.csv.tmp", open(sys.argv[3], "rb"))
for f in (two, puller):
    for path in ("/inbox/main/o.csv.tmp", "/main/conversions.csv"):
        for command in ("DELE %s", "RNFR %s", "MFMT 20200102030405 %s",
                        "SITE CHMOD 600 %s", "MDTM 20200102030405 %s"):
            assert code(f, command % path)[0] == "5", command % path
assert two.nlst("/inbox/main") == []
assert one.rename("/inbox/main/o.csv.tmp", "/inbox/main/o.csv")[:3] == "250"
# under a hidden name, and never renamed
one.storbinary("STOR /inbox/main/.never.csv", open(sys.argv[3], "rb"))
one.quit()
EOF
check "a session changes nothing but its own uploads" \
    is "$(cat "$work/o")" ""
check "what was renamed is a dump" within 20 order_is_published 207
check "what has a hidden name to the end goes with its session" \
    within 20 left
check "and the log says so" within 10 logged 'begins with a dot'

# --- a client that wants to resume an upload, as FileZilla does: REST, STOR
dump 231 "$work/r.csv"
py "$dropper" "$work/r.csv" <<'EOF' >"$work/o" 2>&1
from lib import *
text = open(sys.argv[2], "rb").read()
f = connect(sys.argv[1])
f.cwd("/inbox/main")
s = f.transfercmd("STOR r.csv")
s.sendall(text[:40])
s.shutdown(socket.SHUT_RDWR)  # it breaks off
s.close()
try: f.voidresp()
except ftplib.all_errors as e: print(str(e)[:3])
print(code(f, "SIZE r.csv"))  # nothing to go on from, nor for a new session
g = connect(sys.argv[1])
g.cwd("/inbox/main")
print(code(g, "SIZE r.csv"), g.nlst())
for s in f, g:
    print(code(s, "REST 40"))
    s.makepasv()
    try: s.sendcmd("STOR r.csv")
    except ftplib.error_perm as e: print(e)
# the refused offset is not kept for what comes next
print(g.storbinary("STOR r.csv", io.BytesIO(text))[:3],
      g.size("r.csv") == len(text))
g.quit()
EOF
refused="554 Uploads are not resumed here: send the file again from its beginning (overwrite it)."
check "an upload that broke off is not resumed, and then made anew" is \
    "$(cat "$work/o")" "426
550
550 []
350
$refused
350
$refused
226 True"
check "which becomes a dump" within 20 order_is_published 231

# --- a resumed pull is complete with its rest, whatever the protocol
size=$(stat -c %s "$published")
for how in ftps https sftp; do
	eval "$how=\$(puller rest-$how)"
	head -c 50 "$published" >"$work/rest.$how"
done
# shellcheck disable=SC2154
{
curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" -u "rest-ftps:$ftps" -C - \
    "ftp://localhost:$ftp_port/main/conversions.csv" -o "$work/rest.ftps" \
    >"$work/o" 2>&1
https /main/conversions.csv -u "rest-https:$https" -C - -o "$work/rest.https" \
    >"$work/o" 2>&1
echo "reget /main/conversions.csv $work/rest.sftp" |
    sftp_as rest-sftp "$sftp" >"$work/o" 2>&1
}
for how in ftps https sftp; do
	check "a pull resumed over $how is whole" \
	    cmp "$work/rest.$how" "$published"
	check "and complete with its rest" audited "rest-$how" "$how" \
	    "\"bytes\":$((size - 50))," "\"size\":$size," '"complete":true'
done
curl -sS --ssl-reqd --cacert "$dir/keys/tls.crt" -u "direct:$direct" \
    "ftp://localhost:$ftp_port/main/conversions.csv" >"$work/direct"
told() { # by status: this pull
	"$convdrop" -c "$conf" status --json >"$work/status"
	"$python" - "$work/status" <<'EOF'
import json, sys
p = json.load(open(sys.argv[1]))["feeds"][0]["pulls"]
assert {"direct", "rest-ftps"} <= {x["user"] for x in p
    if x["protocol"] == "ftps" and x["complete"]}, p
EOF
}
check "status shows pulls over FTPS as the others" within 10 told
number() { # of the pull of rest-ftps
	"$python" - "$work/status" <<'EOF'
import json, sys
for p in json.load(open(sys.argv[1]))["feeds"][0]["pulls"]:
    if p["user"] == "rest-ftps": print(p["pull"])
EOF
}
"$convdrop" -c "$conf" audit replay main --pull "$(number)" >"$work/replayed" 2>"$work/o"
tail -c +51 "$published" >"$work/tail"
check "audit replay gives the rest that was pulled" \
    cmp "$work/replayed" "$work/tail"
# shellcheck disable=SC2154
py "$ftps" "$size" >"$work/o" 2>&1 <<'EOF'
from lib import *
f = connect(sys.argv[1], "rest-ftps")
f.voidcmd("TYPE I")
s = f.transfercmd("RETR /main/conversions.csv", int(sys.argv[2]))
print(len(s.recv(10)))
s.unwrap().close()
print(f.voidresp()[:3])
EOF
check "what was resumed at the end gets nothing" \
    is "$(cat "$work/o")" "$(printf '%s\n' 0 226)"
check "and is not a complete pull" audited rest-ftps ftps \
    '"bytes":0,' '"complete":false'

check "the daemon ends cleanly" daemon_stop
finish
