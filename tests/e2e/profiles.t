#!/bin/sh
# What auditors of protocols find, and what an admin is told before "strict".
. "${srcdir:-.}/tests/e2e/lib.sh"
exec 3>&1 # for what a check has to tell besides

says() { tool status | grep -qF -- "$1" || { tool status; return 1; }; }
status_is() { # JSON-PATH WANT
	tool status --json >"$work/status.json"
	is "$(json "$1" "$work/status.json")" "$2"
}
pull_sftp() { # OPTION…
	echo ls | sftp_as direct "$direct" "$@" >/dev/null 2>&1
}
set_profile() {
	sed -i -E "s/^#? *ssh_profile *=.*/ssh_profile = \"$1\"/" "$conf"
}

# --- what clients negotiated
ftp_port=$(free_port) ftps_port=$(free_port)
instance --ftp-port "$ftp_port" --ftps-port "$ftps_port"
daemon
check "nobody came yet" says 'Nobody logged in over SFTP in the last 30 days'
pull_sftp
seen() { [ "$(tool status | grep -c "^client ")" -ge "$1" ]; }
check "a client is shown" within 10 seen 1
check "by its banner" says 'direct by sftp: SSH-2.0-OpenSSH_'
check "with what was agreed on" status_is clients.0.hostkey ssh-ed25519
check "it would do under strict" status_is clients.0.strict True
check "and so everybody would" says \
    'Everybody who logged in over SFTP in the last 30 days would also connect under ssh_profile = "strict".'
https /main/ -u "direct:$direct" -A "a client of Direct's" -o /dev/null
check "TLS is shown too" within 10 says \
    "direct by https: a client of Direct's, TLS1.3, TLS_AES_256_GCM_SHA384"
curl -sk --max-time 120 -u "direct:$direct" -o /dev/null \
    "sftp://127.0.0.1:$sftp_port/main/"
check "whom strict would shut out is named, with the list" within 10 says \
    'ssh_profile = "strict" would shut out: direct (SSH-2.0-libssh2_1.10.0: MAC).'
check "he is no problem, though" status_is clients.1.user direct
pull_sftp -o KexAlgorithms=ecdh-sha2-nistp256 -c aes128-ctr
check "the last of a client's logins counts" within 10 says \
    ': key exchange); direct (SSH-2.0-libssh2_1.10.0: MAC)'
check "the audit has it with the login" within 10 grep -q \
    '"event":"login".*"client":"SSH-2.0-libssh2_1.10.0","kex":.*"strict_lacks":\["mac"\]' \
    "$dir"/audit/*.jsonl

# --- testssl.sh on what speaks TLS
# What is above LOW, a line each, but what a self-signed certificate cannot have.
findings() { # FILE
	"$python" - "$1" <<'EOF'
import json, sys
of_its_own = {"cert_chain_of_trust", "cert_revocation", "OCSP_stapling",
              "cert_caRecord", "DNS_CAArecord", "cert_ocspRevoked",
              "cert_crlDistributionPoints", "cert_validityPeriod",
              "cert_extlifeSpan", "cert_trust",
              "cert_expirationStatus", "cert_notAfter",
              "engine_problem"}  # of the machine's own openssl
try:
    found = json.load(open(sys.argv[1]))
except (OSError, ValueError) as e:
    sys.exit(print("report", "cannot be read:", e))
ids = {f["id"] for f in found}
for protocol in "TLS1_2", "TLS1_3":
    if protocol not in ids:
        print(protocol, "was not looked at")
for f in found:
    if (f["severity"] not in ("OK", "INFO", "LOW", "DEBUG")
            and f["id"].split(" ")[0] not in of_its_own
            and not f["id"].startswith("scanTime")):
        print(f["id"], f["severity"], f["finding"])
EOF
}
testssl=$(command -v testssl || command -v testssl.sh)
# how long it waits, and how many connections may fail, on a slow machine
export HEADER_MAXSLEEP=15 MAX_WAITSOCK=20 CCS_MAX_WAITSOCK=10
export MAX_SOCKET_FAIL=10 MAX_OSSL_FAIL=10 MAX_HEADER_FAIL=10
look() { # NAME OPTION… ADDRESS
	report=$work/tls.$1.json
	shift
	rm -f "$report"
	timeout 900 "$testssl" --quiet --color 0 --warnings off --ip 127.0.0.1 \
	    -n none --openssl-timeout 60 --jsonfile "$report" \
	    -p -s -f -S -H -I -R -C -Z -W -L -F -J -D -O "$@" \
	    >"$work/testssl" 2>&1 ||
	    echo "testssl.sh ended with status $?"
	findings "$report"
}
# What a slow machine made of a handshake, another look does not find again:
# bad is what three looks find, by its name.
finds_nothing() { # NAME ADDRESS OPTION…
	: >"$work/looks"
	for n in 1 2 3; do
		look "$@" >"$work/found"
		sed "s/^/# $1, look $n: /" "$work/found" >&3
		cut -d ' ' -f 1 "$work/found" | sort -u >>"$work/looks"
		sort "$work/looks" | uniq -c | grep -q "^ *$n " || return 0
	done
	cat "$work/found" "$work/testssl"
	return 1
}
if [ -n "$testssl" ]; then
	check "testssl.sh finds nothing above LOW, https" \
	    finds_nothing https "https://localhost:$https_port"
	check "testssl.sh finds nothing above LOW, ftp" \
	    finds_nothing ftp -t ftp "localhost:$ftp_port"
	check "testssl.sh finds nothing above LOW, ftps" \
	    finds_nothing ftps "localhost:$ftps_port"
else
	skip "testssl.sh, https, ftp, ftps" "testssl.sh is not installed"
fi
check "the daemon ends" daemon_stop

# --- ssh-audit on strict
set_profile strict
daemon
check "strict says so" says 'ssh_profile = "strict" is in force.'
if command -v ssh-audit >/dev/null; then
	# 2.5.0 does not know the marker of strict key exchange, which no
	# client can choose
	ssh-audit -n -t 60 -p "$sftp_port" -l warn 127.0.0.1 >"$work/ssh-audit" 2>&1
	check "ssh-audit sees the server" sh -c \
	    "ssh-audit -n -t 60 -p $sftp_port 127.0.0.1 | grep -q '(kex) curve25519-sha256 '"
	refute "ssh-audit has nothing to fail or to warn of" sh -c \
	    "grep -E '\\[(fail|warn)\\]' '$work/ssh-audit' |
	    grep -vF kex-strict-s-v00@openssh.com"
	check "it does not know one marker" \
	    [ "$(grep -cE '\[(fail|warn)\]' "$work/ssh-audit")" -le 1 ]
else
	skip "ssh-audit" "ssh-audit is not installed"
fi
check "the daemon ends cleanly" daemon_stop
finish
