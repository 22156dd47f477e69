#!/bin/sh
# convdrop init: what it makes, for whom, what it prints, and that it makes all
# or nothing.
. "${srcdir:-.}/tests/e2e/lib.sh"

init() { "$convdrop" init "$@"; }
mode_is() { [ "$(stat -c %a "$1")" = "$2" ] || { stat -c '%a %n' "$1"; return 1; }; }

# --- one that is made ---------------------------------------------------------
a=$work/a
umask 077
check "init makes an instance" exits 0 init "$a" --feed main --feed shop \
    --host drop.example.com --timezone Asia/Yekaterinburg
umask 022
cp "$work/out" "$work/printed"
tree=$(cd "$a" && find . | LC_ALL=C sort | tr '\n' ' ')
want=". ./archive ./audit ./convdrop.conf ./inbox ./inbox/main ./inbox/shop \
./keys ./keys/ssh_host_ecdsa_key ./keys/ssh_host_ed25519_key \
./keys/ssh_host_rsa_key ./keys/tls.crt ./keys/tls.key ./keys/tokens \
./keys/users ./published ./published/main ./published/shop ./reports \
./reports/main ./reports/shop ./state "
check "it has what the design names, and nothing else" test "$tree" = "$want"
modes() {
	for f in "$a"/keys/*; do
		mode_is "$f" 600 || return 1
	done
	mode_is "$a" 711 && mode_is "$a/convdrop.conf" 640 &&
	    mode_is "$a/inbox" 770 && mode_is "$a/inbox/shop" 770 || return 1
	for d in keys published published/main reports reports/main archive \
	    audit state; do
		mode_is "$a/$d" 700 || return 1
	done
}
check "only the inbox is open to a group, whatever the umask" modes
check "the configuration is taken by the daemon" "$convdropd" -t -c \
    "$a/convdrop.conf"
settings() {
	grep -q '^host = "drop.example.com"$' "$a/convdrop.conf" &&
	    [ "$(grep -c 'timezone = "Asia/Yekaterinburg"' \
	    "$a/convdrop.conf")" = 2 ] && grep -q '^feed "shop" {$' \
	    "$a/convdrop.conf"
}
check "the configuration says what was asked for" settings

# --- what it prints -----------------------------------------------------------
printed() {
	for word in direct dropper admin auditor \
	    https://drop.example.com:8443/t/ /main/conversions.csv \
	    /shop/conversions.csv self-signed ACME "SFTP needs no certificate" \
	    "Asia/Yekaterinburg, which is UTC+05:00 now" "port       2022" \
	    "path       /main/conversions.csv" \
	    "convdropd -c $a/convdrop.conf"; do
		says "$word" printed || return 1
	done
}
check "it prints what to type into Direct's forms, and what next" printed
no_secret_on_disk() {
	secret=$(sed -n 's/^    password   //p' "$work/printed")
	token=$(sed -n 's,.*/t/\([^/]*\)/main/.*,\1,p' "$work/printed")
	[ ${#secret} -eq 20 ] && [ ${#token} -eq 43 ] &&
	    ! grep -rqF -e "$secret" -e "$token" "$a"
}
check "neither password nor token lies in the instance" no_secret_on_disk
print=$(ssh-keygen -lf "$a/keys/ssh_host_ed25519_key" | cut -d' ' -f2)
check "the fingerprint is the key's" says "$print" printed
cert() {
	openssl x509 -in "$a/keys/tls.crt" -noout -checkhost drop.example.com |
	    grep -q 'does match' &&
	    openssl x509 -in "$a/keys/tls.crt" -noout -text |
	    grep -q 'NIST CURVE: P-256'
}
check "the certificate is for the host, with ECDSA P-256" cert

# --- FTPS ---------------------------------------------------------------------
refute "without a port for it nothing is said of FTP" says FTP, printed
ftps() { # EXPLICIT IMPLICIT PORT: the port to type; the rest is in $work/out
	rm -rf "$work/f"
	exits 0 init "$work/f" --host drop.example.com --https-port 0 \
	    --sftp-port 0 --ftp-port "$1" --ftps-port "$2" || return 1
	for word in 'form "by FTP", with the secure protocol' \
	    "host       drop.example.com" "port       $3" "login      direct" \
	    "password   " "path       /main/conversions.csv" \
	    ftp_passive_ports "may not fetch over FTPS yet" tls.key; do
		says "$word" || return 1
	done
}
check "with one, what to type is" ftps 2121 0 2121
refute "and there is no other port to try" says "Should Direct not"
check "so is it with the other" ftps 0 2990 2990
check "and with both" ftps 2121 2990 2121
check "the second being named" says "the port is 2990"

# --- JSON ---------------------------------------------------------------------
b=$work/b
check "init --json makes one too" exits 0 init "$b" --json --pii hash \
    --sftp-port 0 --http-port 8080
cp "$work/out" "$work/init.json"
keys() {
	"$python" - "$work/init.json" <<-'EOF'
	import json, sys
	v = json.load(open(sys.argv[1]))
	assert list(v) == ["users", "tokens", "host_key_sha256", "ports"], v
	assert sorted(v["users"]) == ["admin", "auditor", "direct", "dropper"]
	assert all(list(u) == ["password"] for u in v["users"].values())
	assert len({u["password"] for u in v["users"].values()}) == 4
	assert list(v["tokens"]) == ["main"] and len(v["tokens"]["main"]) == 43
	assert v["host_key_sha256"].startswith("SHA256:")
	assert v["ports"] == {"sftp": 0, "https": 8443, "http": 8080, "ftp": 0,
	                      "ftps": 0}
	EOF
}
check "its JSON has exactly the keys that scripts rely on" keys
refute "two instances share no host key" cmp "$a/keys/ssh_host_rsa_key" \
    "$b/keys/ssh_host_rsa_key"
roles() {
	"$convdrop" -c "$b/convdrop.conf" user list --json >"$work/users" &&
	    "$python" - "$work/users" <<-'EOF'
	import json, sys
	u = {x["name"]: x for x in json.load(open(sys.argv[1]))["users"]}
	want = {"direct": "pull", "dropper": "drop", "admin": "admin",
	    "auditor": "audit"}
	assert {k: v["roles"] for k, v in u.items()} == \
	    {k: [v] for k, v in want.items()}, u
	assert all(v["feeds"] == ["main"] and v["password"] for v in u.values())
	EOF
}
check "the users have the roles that they are named for" roles
mkdir "$work/empty"
check "an empty folder is taken" exits 0 init "$work/empty" --host localhost
check "localhost is warned of" says '"localhost" is this'
check "with the zone in plain words" says "Europe/Moscow, which is UTC+03:00"

# --- what is refused ----------------------------------------------------------
find "$a" -type f -exec sha256sum {} + | sort >"$work/before"
check "a second init of the same folder is refused" exits 2 init "$a"
check "with a sentence" says "is there and not empty" err
find "$a" -type f -exec sha256sum {} + | sort >"$work/after"
check "and leaves it untouched" cmp "$work/before" "$work/after"
: >"$work/file"
check "a file in its place is refused" exits 2 init "$work/file"
none() { [ ! -e "$work/none" ]; }
while read -r sentence; do
	# shellcheck disable=SC2086
	check "$sentence is refused" exits 2 init "$work/none" ${sentence#*: }
	check "... and nothing is made" none
done <<'EOF'
a port for FTPS that is none: --ftps-port x
a port that is none: --https-port 65536
one port for two: --sftp-port 8443
a zone that does not exist: --timezone Mars/Olympus
a zone with leap seconds: --timezone right/UTC
a feed with a name of ours: --feed status
a feed in capitals: --feed Main
a feed twice: --feed a --feed a
an unknown way with persons' data: --pii rot13
a host that is none: --host a/b
an unknown option: --colour red
a second folder: other
EOF
check "a folder in a missing one is refused" exits 2 init "$work/none/x"

# --- all or nothing -----------------------------------------------------------
exits_full() { "$convdrop" init "$work/none" >/dev/full 2>"$work/err"; [ $? -eq 2 ]; }
check "a full standard output is an error" exits_full
check "... and what was made is removed" none
closed() {
	"$python" - "$convdrop" "$work/none" <<-'EOF'
	import os, subprocess, sys
	r, w = os.pipe()
	os.close(r)
	p = subprocess.run([sys.argv[1], "init", sys.argv[2]], stdout=w,
	    stderr=subprocess.DEVNULL)
	sys.exit(p.returncode == 0)
	EOF
}
check "nobody who reads it is an error" closed
check "... and what was made is removed" none
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	# what runs in the background ignores Ctrl-C; the tool shall not here
	under_strace() { # INJECTION
		ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null \
		    -e "inject=$1" env --default-signal=INT "$convdrop" init \
		    "$work/none" >/dev/null 2>"$work/err"
	}
	interrupted() { # CALL SIGNAL WHEN
		under_strace "$1:signal=$2:when=$3"
		[ $? -gt 128 ] && none
	}
	check "Ctrl-C while folders are made leaves nothing" \
	    interrupted mkdir INT 4
	check "Ctrl-C while keys are made leaves nothing" \
	    interrupted renameat2 INT 3
	check "SIGTERM at the last file leaves nothing" \
	    interrupted renameat2 TERM 8
	no_room() {
		under_strace fsync:error=ENOSPC:when=5
		[ $? -eq 2 ] && none && says "No space left" err
	}
	check "a full disk leaves nothing but a sentence" no_room
else
	skip "interrupted at any point it leaves nothing" "no strace"
fi
finish
