#!/bin/sh
# Started as root with an account for each worker: who is who, whose are the
# folders, and the whole job still works.  Takes accounts that Debian has.
. "${srcdir:-.}/tests/e2e/lib.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root"
for name in daemon games backup www-data nobody; do
	id "$name" >/dev/null 2>&1 || skip_all "there is no account $name"
done
account_of() {
	case $1 in
	auth) echo daemon ;;
	files) echo games ;;
	ingest) echo backup ;;
	http) echo www-data ;;
	ssh) echo nobody ;;
	esac
}
roles="auth files ingest http ssh"

chmod 755 "$work"
printf '%s\n' 'create_date_time;id;client_ids;order_status;revenue' \
    "$(day 1 '%Y-%m-%d') 10:00:00;1;1111111111;PAID;100" >"$work/dump.csv"
instance --feed main
cp "$conf" "$work/plain.conf"
sed "s/^user_http = .*/user_http = \"no-such-account\"/" \
    "$work/plain.conf" >"$conf"
"$convdropd" -c "$conf" -t 2>"$work/said"
check "an account that does not exist is refused" test $? = 2
check "by its setting and name" \
    grep -q 'user_http.*no-such-account' "$work/said"
cp "$work/plain.conf" "$conf"
for role in $roles; do
	sed -i "s/^user_$role = .*/user_$role = \"$(account_of $role)\"/" \
	    "$conf"
done

daemon
is_account() { # ROLE: it runs as its account, which is all four of its ids
	pid=$(pgrep -P "$daemon_pid" -f -- "--role $1")
	uid=$(id -u "$(account_of "$1")")
	grep -q "^Uid:.$uid.$uid.$uid.$uid\$" "/proc/$pid/status" &&
	    grep -q "^CapEff:.0000000000000000\$" "/proc/$pid/status"
}
for role in $roles; do
	check "$role is $(account_of $role), without capabilities" \
	    is_account $role
done
owned() { # PATH OWNER:GROUP MODE
	test "$(stat -c '%U:%G %a' "$dir/$1")" = "$2 $3"
}
check "state is ingest's alone" owned state backup:backup 700
check "so is the audit" owned audit backup:backup 700
check "files may write the inbox" owned inbox/main backup:games 2770
check "http may read what is published" \
    owned published/main backup:www-data 2750
check "the reports are ingest's" owned reports/main backup:backup 2750
check "the keys are root's" owned keys root:root 700

published() { test -e "$dir/published/main/conversions.csv"; }
check "a dump is taken" drop_and_wait "$work/dump.csv" a.csv
check "and published" within 20 published
check "it is pulled over HTTPS" test \
    "$(https /main/conversions.csv -u "direct:$direct" -o /dev/null \
        -w '%{http_code}')" = 200
pull() {
	echo "get /main/conversions.csv $work/got" |
	    sftp_as direct "$direct" -o BatchMode=no &&
	    cmp "$work/got" "$dir/published/main/conversions.csv"
}
check "and over SFTP" pull
upload() {
	echo "put $work/dump.csv /inbox/main/b.csv" |
	    sftp_as dropper "$dropper" -o BatchMode=no
}
check "an upload comes in" upload
check "and is taken" within 20 taken b.csv
audit() {
	printf '%s\n' "get /reports/main/a.csv.report.txt $work/report" \
	    "ls /archive/main" | sftp_as auditor "$auditor" -o BatchMode=no
}
check "an auditor reads reports and archive" audit
check "status finds nothing wrong" within 10 "$convdrop" -c "$conf" status
kill -HUP "$daemon_pid"
check "it reloads" within 20 grep -q 'is in force' "$work/log"
check "and still serves" within 20 pull
check "it stops" daemon_stop
finish
