#!/bin/sh
# Any client: those that people have, over every protocol and with every login
# that they can do, pull the published file and drop dumps.  The list of cells
# below is what is run, and README.md's table must say the same.
. "${srcdir:-.}/tests/e2e/lib.sh"

# client | function | protocol | what it does there
#
# password, key, Basic, link: so it logs in, and pulls the whole file
# resume: pulls the rest of a part     unchanged: does not pull what it has
# gzip: pulls the file compressed      drop: uploads a dump
# ftps is FTPS begun by AUTH TLS, implicit is FTPS on a port of its own
sed 's/ *| */|/g' >"$work/cells" <<'END'
OpenSSH sftp  | openssh     | sftp     | password key resume drop
lftp          | lftp        | sftp     | password key resume drop
lftp          | lftp        | ftps     | password resume drop
lftp          | lftp        | implicit | password resume drop
lftp          | lftp        | ftp      | password resume
lftp          | lftp        | https    | Basic link resume
lftp          | lftp        | http     | Basic link resume
curl          | curl        | sftp     | password key resume drop
curl          | curl        | ftps     | password resume unchanged drop
curl          | curl        | implicit | password resume unchanged drop
curl          | curl        | ftp      | password resume unchanged
curl          | curl        | https    | Basic link resume unchanged gzip
curl          | curl        | http     | Basic link resume unchanged gzip
wget          | wget        | ftps     | password resume
wget          | wget        | implicit | password resume
wget          | wget        | ftp      | password resume
wget          | wget        | https    | Basic link resume unchanged
wget          | wget        | http     | Basic link resume unchanged
paramiko      | paramiko    | sftp     | password key drop
AsyncSSH      | asyncssh    | sftp     | password key drop
JSch          | jsch        | sftp     | password key resume drop
Commons Net   | commons_net | ftps     | password resume drop
Commons Net   | commons_net | implicit | password resume drop
Commons Net   | commons_net | ftp      | password resume
ftplib        | ftplib      | ftps     | password resume drop
ftplib        | ftplib      | ftp      | password resume
urllib        | urllib      | ftp      | password
urllib        | urllib      | https    | Basic link
urllib        | urllib      | http     | Basic link
Chromium      | chromium    | https    | Basic link
Chromium      | chromium    | http     | Basic link
END

# --- the README's table
awk -F'|' -v protocols='sftp ftps implicit ftp https http' '
BEGIN { n = split(protocols, protocol, " ") }
!($1 in known) { known[$1]; client[++clients] = $1 }
{ gsub(" ", ", ", $4); does[$1, $3] = $4 }
END {
	for (i = 1; i <= clients; i++) {
		line = "| " client[i] " |"
		for (j = 1; j <= n; j++) {
			text = does[client[i], protocol[j]]
			line = line " " text (text == "" ? "" : " ") "|"
		}
		print line
	}
}' "$work/cells" >"$work/table"
sed -n '/^| client | SFTP/,/^$/p' "$srcdir/README.md" |
    sed '1,2d; /^$/d' >"$work/readme"
check "README.md's table of clients says what is run here" \
    diff "$work/readme" "$work/table"

# --- the daemon, a file to pull, and what the clients have to know
PORT_ftp=$(free_port) PORT_ftps=$(free_port)
instance --ftp-port "$PORT_ftp" --ftps-port "$PORT_ftps" \
    --feed main --feed drops
never_hold
sed -i 's/^\([[:space:]]*\)ftp_plain = no$/\1ftp_plain = yes/' "$conf"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/ed25519" </dev/null
ssh-keygen -q -t ecdsa -m PEM -N '' -C '' -f "$work/ecdsa" </dev/null
ssh-keygen -q -t rsa -N '' -C '' -f "$work/rsa" </dev/null
"$convdrop" -c "$conf" user add keyed --role pull --feed main --no-password \
    --key "$work/ed25519.pub" --key "$work/ecdsa.pub" \
    --key "$work/rsa.pub" >"$work/o" 2>&1 ||
    { echo "Bail out! no user with keys"; exit 1; }
PORT_sftp=$sftp_port PORT_https=$https_port PORT_http=$http_port
PORT_implicit=$PORT_ftps PORT_ftps=$PORT_ftp
DIRECT=$direct DROPPER=$dropper TOKEN=$(json tokens.main)
KEY=$work/ed25519 KEY_ECDSA=$work/ecdsa KEY_RSA=$work/rsa
CA=$dir/keys/tls.crt PULL_PATH=/main/conversions.csv
# nobody's own settings
HOME=$work/home
mkdir "$HOME"
unset http_proxy https_proxy ftp_proxy all_proxy
export PORT_sftp PORT_ftp PORT_ftps PORT_implicit PORT_https PORT_http \
    DIRECT DROPPER TOKEN KEY KEY_ECDSA KEY_RSA CA PULL_PATH HOME

dump() { # FIRST-ID ROWS: orders
	awk -v first="$1" -v rows="$2" -v day="$(day 3 %Y-%m-%d)" 'BEGIN {
		print "create_date_time;id;emails;order_status;revenue"
		for (i = first; i < first + rows; i++)
			printf "%s 12:00:%02d;%d;a%d@example.com;PAID;%d.50\n",
			    day, i % 60, i, i, i % 9973
	}'
}
dump 1000000 5000 >"$work/first.csv"
daemon
drop_and_wait "$work/first.csv" first.csv
within 20 test -s "$dir/published$PULL_PATH"
cp -p "$dir/published$PULL_PATH" "$work/whole"
# A part that is another's: who pulls all of the file again is found out.
head -c 100001 /dev/zero | tr '\0' x >"$work/part"
{ cat "$work/part"; tail -c +100002 "$work/whole"; } >"$work/resumed"

# --- clients
# client_NAME runs the cells of standard input, "PROTOCOL HOW", in a folder of its
# own: it pulls into got/PROTOCOL.HOW and uploads dump/PROTOCOL.csv.  Most are a
# loop over NAME_cell PROTOCOL HOW FILE, to whom an upload's place is $there.
each() { # NAME
	while read -r protocol how; do
		there=/inbox/drops/$1.$protocol.csv
		local=got/$protocol.$how
		[ "$how" != drop ] || local=dump/$protocol.csv
		"$1_cell" "$protocol" "$how" "$local" </dev/null ||
		    echo "$protocol $how failed"
	done
}
client_openssh() { each openssh; }
client_lftp() { each lftp; }
client_curl() { each curl; }
client_wget() { each wget; }

url() { # PROTOCOL [LOGIN@]
	case $1 in
	sftp) echo "sftp://localhost:$PORT_sftp" ;;
	ftp | ftps) echo "ftp://localhost:$PORT_ftp" ;;
	implicit) echo "ftps://localhost:$PORT_implicit" ;;
	http) echo "http://${2:-}localhost:$PORT_http" ;;
	https) echo "https://${2:-}localhost:$PORT_https" ;;
	esac
}

openssh_cell() {
	case $2 in
	drop) echo "put -p $3 $there" | sftp_as dropper "$DROPPER" ;;
	resume) echo "reget $PULL_PATH $3" | sftp_as direct "$DIRECT" ;;
	password) echo "get $PULL_PATH $3" | sftp_as direct "$DIRECT" ;;
	key)
		# shellcheck disable=SC2086
		echo "get $PULL_PATH $3" | sftp $ssh_options -i "$KEY" \
		    -o IdentitiesOnly=yes -o PasswordAuthentication=no \
		    -P "$PORT_sftp" -b - keyed@127.0.0.1
		;;
	esac
}

# After its last command lftp ends ssh at once, perhaps before that has passed on
# that the file is closed; the pull is complete all the same.
lftp_cell() {
	login="-u direct,$DIRECT" does="get $PULL_PATH -o $3"
	tls=yes by=PreferredAuthentications=password
	case $2 in
	drop) login="-u dropper,$DROPPER" does="put $3 -o $there" ;;
	key) login="-u keyed,none" by="IdentitiesOnly=yes -i $KEY" ;;
	link) does="get $(url "$1")/t/$TOKEN$PULL_PATH -o $3" ;;
	resume) does="get -c $PULL_PATH -o $3" ;;
	esac
	[ "$1" != ftp ] || tls=no
	# shellcheck disable=SC2086
	cat >script <<END
set sftp:connect-program "ssh -a -x $(echo $ssh_options) -o $by"
set ssl:ca-file $CA
set ftp:ssl-allow $tls
set ftp:ssl-force $tls
set ftp:ssl-protect-data $tls
set net:max-retries 1
set net:timeout 60
set cmd:fail-exit yes
set xfer:use-temp-file $([ "$2" = drop ] && echo yes || echo no)
$([ "$2" = link ] || echo open "$login" "$(url "$1")")
$does
END
	timeout 300 lftp -f script
}

curl_cell() {
	protocol=$1 how=$2 local=$3
	set -- -sS --max-time 120 "$(url "$1")$PULL_PATH"
	case $how in
	drop) set -- -sS --max-time 120 "$(url "$protocol")$there" \
		-u "dropper:$DROPPER" -T "$local" ;;
	link) set -- -sS --max-time 120 "$(url "$protocol")/t/$TOKEN$PULL_PATH" ;;
	key) set -- "$@" -u keyed: --key "$KEY" --pubkey "$KEY.pub" ;;
	*) set -- "$@" -u "direct:$DIRECT" ;;
	esac
	case $protocol in
	sftp) set -- "$@" -k ;; # whatever the host key
	ftps) set -- "$@" --ssl-reqd --cacert "$CA" ;;
	*) set -- "$@" --cacert "$CA" ;;
	esac
	case $how in
	drop) curl "$@" ;;
	resume) curl "$@" -C - -o "$local" ;;
	gzip)
		curl "$@" --compressed -D head -o "$local"
		grep -i '^content-encoding: gzip' head || rm "$local"
		;;
	unchanged)
		curl "$@" -R -z 'Sun, 06 Nov 1994 08:49:37 GMT' -o "$local"
		curl "$@" -z "$local" -o again
		[ ! -s again ] || rm "$local"
		;;
	*) curl "$@" -o "$local" ;;
	esac
}

wget_cell() {
	protocol=$1 how=$2 local=$3
	url=$(url "$1")
	[ "$1" != ftps ] || url=ftps://localhost:$PORT_ftps
	set -- -nv -S --no-config --tries=1 --timeout=120 --ca-certificate="$CA"
	[ "$protocol" != implicit ] || set -- "$@" --ftps-implicit
	if [ "$how" = link ]; then
		set -- "$@" "$url/t/$TOKEN$PULL_PATH"
	else
		set -- "$@" --user=direct --password="$DIRECT" "$url$PULL_PATH"
	fi
	case $how in
	resume) wget "$@" -c -O "$local" ;;
	unchanged)
		wget "$@" -N
		wget "$@" -N -o again
		! grep ' 304 ' again || mv conversions.csv "$local"
		;;
	*) wget "$@" -O "$local" ;;
	esac
}

python_client() { # NAME
	timeout 300 "$python" -W ignore "$srcdir/tests/e2e/clients/clients.py" "$1"
}
client_paramiko() { python_client paramiko; }
client_asyncssh() { python_client asyncssh; }
client_ftplib() { python_client ftplib; }
client_urllib() { python_client urllib; }

client_chromium() {
	while read -r protocol how; do
		case $how in
		link) echo "$protocol.link $(url "$protocol")/t/$TOKEN$PULL_PATH" ;;
		Basic) echo "$protocol.Basic $(url "$protocol" \
		    "direct:$DIRECT@")$PULL_PATH" ;;
		esac
	done >urls
	timeout 300 "$python" "$srcdir/tests/e2e/clients/chromium.py" "$chromium" "$(pwd)" \
	    <urls
}
chromium=$(command -v chromium-headless-shell || command -v chromium)

# One virtual machine for both.
java_path=/usr/share/java/jsch.jar:/usr/share/java/commons-net.jar
client_jsch() {
	cd ..
	ecj -17 -proc:none -nowarn -cp "$java_path" -d "$work/java" \
	    "$srcdir/tests/e2e/clients/Clients.java"
	for name in jsch commons_net; do
		cells_of $name | sed "s/^/$name /"
	done | timeout 300 java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m \
	    -cp "$work/java:$java_path" Clients
}
client_commons_net() { cat ../jsch/log; }

# --- all of them
there_is() { # CLIENT
	case $1 in
	openssh) command -v sftp ;;
	lftp | curl | wget) command -v "$1" ;;
	chromium) test -n "$chromium" ;;
	jsch | commons_net)
		command -v java && command -v ecj && for jar in \
		    $(echo "$java_path" | tr : ' '); do test -e "$jar" || return
		done
		;;
	*) "$python" -c "import $1" ;;
	esac
}
cells_of() { # CLIENT: "PROTOCOL HOW" a line
	awk -F'|' -v name="$1" '$2 == name {
		n = split($4, how, " ")
		for (i = 1; i <= n; i++) print $3, how[i]
	}' "$work/cells"
}
first=2000000
for name in $(cut -d'|' -f2 "$work/cells" | uniq); do
	there_is "$name" >"$work/o" 2>&1 || continue
	mkdir -p "$work/run/$name/got" "$work/run/$name/dump"
	cells_of "$name" | while read -r protocol how; do
		case $how in
		resume) cp "$work/part" "$work/run/$name/got/$protocol.$how" ;;
		drop)
			dump $first 2000 >"$work/run/$name/dump/$protocol.csv"
			echo $((first + 2000)) >"$work/first"
			first=$((first + 2000))
			;;
		esac
	done
	[ ! -e "$work/first" ] || first=$(cat "$work/first")
done
for name in $(cut -d'|' -f2 "$work/cells" | uniq); do
	[ -d "$work/run/$name" ] || continue
	(cd "$work/run/$name" && cells_of "$name" | "client_$name") \
	    >"$work/run/$name/log" 2>&1
done

# --- what came of it
ledger=$work/ledger
all_taken() {
	"$convdrop" -c "$conf" dumps drops --json >"$ledger" 2>&1
	for dump in "$work"/run/*/dump/*; do
		grep -q "$(sha256sum "$dump" | cut -c1-64)" "$ledger" ||
		    return
	done
}
within 20 all_taken

pulled() { # CLIENT PROTOCOL HOW
	want=$work/whole
	[ "$3" != resume ] || want=$work/resumed
	cmp "$work/run/$1/got/$2.$3" "$want"
}
dropped() { # CLIENT PROTOCOL: in the ledger under its name, whole
	"$python" - "$ledger" "$1.$2.csv" \
	    "$(sha256sum "$work/run/$1/dump/$2.csv" | cut -c1-64)" <<'END'
import json, sys
taken = [d for d in json.load(open(sys.argv[1]))["dumps"] if d["name"] == sys.argv[2]]
assert len(taken) == 1 and taken[0]["sha256"] == sys.argv[3], taken
assert taken[0]["state"] == "merged", taken
END
}
cell() { # CLIENT FUNCTION PROTOCOL HOW
	case $4 in
	drop) check "$1, $3: drops a dump, whole" dropped "$2" "$3" ;;
	*) check "$1, $3: $4 gives the published bytes" pulled "$2" "$3" "$4" ;;
	esac
}
while IFS='|' read -r client name protocol does; do
	for how in $does; do
		if [ -d "$work/run/$name" ]; then
			before=$failed
			cell "$client" "$name" "$protocol" "$how"
			[ "$failed" -eq "$before" ] ||
			    sed "s/^/# $name said: /" "$work/run/$name/log"
		else
			skip "$client, $protocol: $how" "$client is not installed"
		fi
	done
done <"$work/cells"
audited() { # every pull of the cells, and each as a complete one
	"$convdrop" -c "$conf" audit log event=pulled >"$work/pulls"
	"$python" - "$work/pulls" "$work"/run/*/got/* <<'END'
import json, sys
pulls = [json.loads(line) for line in open(sys.argv[1])]
parts = [e for e in pulls if not e["complete"]]
assert not parts, parts
assert len(pulls) >= len(sys.argv) - 2, len(pulls)
END
}
within 10 audited
check "the audit has every pull as a complete one" audited
need_compat() { # as the README says
	"$convdrop" -c "$conf" audit log event=login protocol=sftp |
	    "$python" -c '
import json, os, re, sys
lacking = {re.split("[-_ ]", e["client"])[2]
           for e in map(json.loads, sys.stdin) if e["strict_lacks"]}
there = {{"jsch": "JSCH", "curl": "libssh2"}.get(os.path.basename(run))
         for run in sys.argv[1:]}
assert lacking == there - {None}, lacking' "$work"/run/*
}
check "JSch and libssh2 would be shut out by strict, no others" \
    within 10 need_compat
check "the daemon ends cleanly" daemon_stop

# --- strict, as the README says
sed -i -E 's/^#? *ssh_profile *=.*/ssh_profile = "strict"/' "$conf"
sed -n 's_|sftp|.*_|sftp|password_p' \
    "$work/cells" >"$work/strict.cells"
mv "$work/strict.cells" "$work/cells"
daemon
for name in $(cut -d'|' -f2 "$work/cells"); do
	[ -d "$work/run/$name" ] || continue
	mkdir -p "$work/strict/$name/got"
	(cd "$work/strict/$name" && cells_of "$name" | "client_$name") \
	    >"$work/strict/$name/log" 2>&1
	case $name in
	jsch | curl)
		refute "$name does not speak strict" \
		    test -s "$work/strict/$name/got/sftp.password"
		;;
	*)
		check "$name speaks strict" \
		    cmp "$work/whole" "$work/strict/$name/got/sftp.password"
		;;
	esac
done
[ ! -d "$work/strict/curl" ] || check "the log says which list it lacks" within 10 grep -q \
    'no common MAC algorithm: the client offers .*"compat" has' "$work/log"
check "the daemon ends cleanly again" daemon_stop
finish
