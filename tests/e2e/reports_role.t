#!/bin/sh
# The role report: over HTTPS and SFTP the latest quality, summary and the dumps'
# reports of its feed, masked; nothing else.  The role drop reads originals.  Of a
# folder with too many some are listed, and that is said.
. "${srcdir:-.}/tests/e2e/lib.sh"

ftp_port=$(free_port)
instance --feed main --feed other --ftp-port "$ftp_port"
analyst=$("$convdrop" -c "$conf" user add analyst --role report --feed main --json | "$python" -c '
import json, sys; print(json.load(sys.stdin)["password"])')
check "convdrop makes a user of the role report" [ -n "$analyst" ]
echo "$analyst" >>"$work/secrets"
printf 'user = "analyst:%s"\n' "$analyst" >"$work/curlrc"
printf 'user = "dropper:%s"\n' "$dropper" >"$work/droprc"
reports=$dir/reports/main
daemon

cat >"$work/deals.csv" <<-EOF2
	create_date_time;id;client_ids;phones;emails;Клиент;order_status;revenue
	$(day 1 '%Y-%m-%d 10:00:00');a1;;+7 916 123-45-67;;Иван Петров;PAID;100
	$(day 1 '%Y-%m-%d 10:00:00');a2;171234567890;+7 (916) 999;oops;Анна Чехова;PAID;1
	неизвестно;a3;;+7 916 765-43-21;secret@example.com;Пётр Ильин;PAID;1
EOF2
check "a dump with refused rows is taken" drop_and_wait "$work/deals.csv" deals.csv
# behind the publication nothing is left to be told
check "the overview is written" within 20 sh -c "
    for f in '$reports' '$reports/.masked'; do
	grep -q 'Published: conversions.csv' \"\$f/summary.txt\" &&
	    [ -e \"\$f/quality.csv\" ] || exit 1
    done"
check "the original holds the phone, for the CRM's admin" grep -q "765-43-21" "$reports/deals.csv.rejects.csv"

files="quality.csv summary.txt deals.csv.rejects.csv deals.csv.report.json deals.csv.report.txt"
mkdir "$work/https" "$work/sftp"
for f in $files; do
	check "HTTPS gives $f" https "/reports/main/$f" -K "$work/curlrc" -f -o "$work/https/$f"
	echo "get /reports/main/$f $work/sftp/$f" >>"$work/batch"
done
check "SFTP gives them" sftp_as analyst "$analyst" <"$work/batch"
for f in $files; do
	check "$f is the same over both" cmp "$work/https/$f" "$work/sftp/$f"
done
check "the refused rows are there, masked" sh -c "
    grep -q '^4;row;' '$work/https/deals.csv.rejects.csv' &&
    grep -q '+0 000 000-00-00' '$work/https/deals.csv.rejects.csv'"
refute "no phone, e-mail, name or ClientID is in any of it" \
    grep -rqE '9161234567|123-45-67|[(]916|765-43|secret@|Ильин|Чехова|171234567890' "$work/https" "$work/sftp"
check "quality.csv is the feed's" grep -q "^all;;2;0;1;1;0" "$work/https/quality.csv"

echo "ls -1a /reports/main" | sftp_as analyst "$analyst" >"$work/list" 2>&1
refute "the hidden folder is not listed" grep -q masked "$work/list"
check "all five are" [ "$(grep -c 'csv\|txt\|json' "$work/list")" -ge 5 ]
echo "ls -1 /" | sftp_as analyst "$analyst" >"$work/list" 2>&1
check "it sees reports alone" sh -c "grep -q reports '$work/list' && ! grep -qE 'main|inbox|archive|other' '$work/list'"

status() { https "$1" -K "$work/${2:-curlrc}" -o /dev/null -w '%{http_code}'; }
for path in /main/conversions.csv /inbox/main/deals.csv /archive/main \
    /reports/other/summary.txt /reports/main/.masked/deals.csv.rejects.csv \
    /reports/main/../other/summary.txt /status; do
	check "$path is not for it" sh -c "case $(status "$path") in 400|403|404) ;; *) exit 1 ;; esac"
done
for path in /main/conversions.csv /archive/main /inbox/main/deals.csv /reports/main/.masked/deals.csv.rejects.csv; do
	echo "get $path $work/stolen" | sftp_as analyst "$analyst" >/dev/null 2>&1
	refute "nor over SFTP: $path" [ -e "$work/stolen" ]
done
echo "put $work/deals.csv /inbox/main/x.csv" | sftp_as analyst "$analyst" >/dev/null 2>&1
refute "it uploads nothing" [ -e "$dir/inbox/main/x.csv" ]

https /reports/main/deals.csv.rejects.csv -K "$work/droprc" -f -o "$work/original"
check "the role drop reads the original" cmp "$work/original" "$reports/deals.csv.rejects.csv"
check "and the summary" [ "$(status /reports/main/summary.txt droprc)" = 200 ]
check "plain HTTP gives it too" sh -c "
    [ $(http /reports/main/summary.txt -K "$work/curlrc" -o /dev/null -w '%{http_code}') = 200 ]"
echo "+7 916 765-43-21" | "$convdrop" -c "$conf" person erase - --reason asked >"$work/act" 2>&1
check "when a person is erased, the masked row goes too" sh -c "
    ! grep -q ';a3;' '$reports/deals.csv.rejects.csv' &&
    ! grep -qs ';a3;' '$reports/.masked/deals.csv.rejects.csv'"

# --- one more than a listing shows
"$python" - "$dir/reports/other" <<'EOF'
import os, sys
st = os.stat(sys.argv[1])
for i in range(65537):
    path = "%s/%05d.csv.report.txt" % (sys.argv[1], i)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
    os.chown(path, st.st_uid, st.st_gid)
EOF
listed() { # FILE: all that fit, whatever stands around them
	is "$(grep -c '\.csv\|\.txt' "$1")" 65536
}
more="The folder has more files than these"
https /reports/other/ -K "$work/droprc" >"$work/list"
check "HTTPS lists 65,536 files" listed "$work/list"
check "and says that there are more" says "$more" list
curl -sSv --ssl-reqd --cacert "$dir/keys/tls.crt" -K "$work/droprc" \
    "ftp://localhost:$ftp_port/reports/other/" >"$work/list" 2>"$work/said"
check "so does FTP" listed "$work/list"
check "in its last reply" says "226 $more" said
"$python" - "$sftp_port" "$dropper" >"$work/list" 2>&1 <<'EOF'
import paramiko, sys
from paramiko import sftp
t = paramiko.Transport(("127.0.0.1", int(sys.argv[1])))
t.connect(username="dropper", password=sys.argv[2])
s = paramiko.SFTPClient.from_transport(t)
kind, m = s._request(sftp.CMD_OPENDIR, "/reports/other")
folder = m.get_binary()
while True:
    s._async_request(type(None), sftp.CMD_READDIR, folder)
    kind, answer = s._read_packet()
    m = paramiko.Message(answer)
    m.get_int()
    if kind != sftp.CMD_NAME:
        break
    for _ in range(m.get_int()):
        print(m.get_text())
        m.get_text()
        paramiko.SFTPAttributes._from_msg(m)
print(m.get_int(), m.get_text())
t.close()
EOF
check "and SFTP" listed "$work/list"
check "with its end" says "1 $more" list
check "the log names the folder" logged \
    "reports/other: the folder has more than 65536 files"
check "once" is "$(grep -c 'more than 65536' "$work/log")" 1
check "SIGTERM ends the daemon well" daemon_stop
finish
