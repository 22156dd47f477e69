#!/bin/sh
# HTTP and HTTPS against clients that mean no good: silence, drips, framing
# that others would read otherwise, targets, tokens, TLS, guessed passwords.
. "${srcdir:-.}/tests/e2e/lib.sh"

hostile() { "$python" "$srcdir/tests/e2e/hostile.py" "$@"; }
set_to() { # SETTING VALUE
	sed -i "s/^\($1 = \).*/\1$2/" "$conf"
}
says() { # WANT COMMAND…: it prints exactly this
	want=$1
	shift
	got=$("$@")
	[ "$got" = "$want" ] || { echo "got: $got"; return 1; }
}
log_has() { grep -q -- "$1" "$work/log"; }

instance --feed main --feed other
set_to http_request_s 2
set_to idle_s 3
daemon
main=$(json tokens.main)
other=$(json tokens.other)
printf '%s\n' 'create_date_time;id;client_ids;order_status;revenue' \
    "$(day 1 '%Y-%m-%d') 10:00:00;1;1111111111;PAID;100" >"$work/dump.csv"
drop_and_wait "$work/dump.csv" a.csv
drop_and_wait "$work/dump.csv" a.csv other
within 10 test -e "$dir/published/main/conversions.csv"
within 10 test -e "$dir/published/other/conversions.csv"
yes "a line that a slow client takes its time to read, again and again" |
    head -c 20000000 >"$dir/published/main/big.csv"
path=/main/conversions.csv

# --- silence and drips
cut() { # KIND PORT FIRST: after http_request_s, whatever was sent
	seconds=$(hostile drip "$2" "$1" "$3")
	[ "$seconds" -ge 1 ] && [ "$seconds" -le 50 ] ||
	    { echo "after $seconds s"; return 1; }
}
check "a header that drips is cut at http_request_s" cut plain "$http_port" -
check "also after an answer over the same connection" \
    cut plain "$http_port" kept
check "also under TLS, before it has begun" cut tls "$https_port" -

pull_from() { # ADDRESS: an honest pull
	curl -sSf --interface "$1" --max-time 60 -o "$work/pull" \
	    --user "direct:$direct" "http://127.0.0.1:$http_port$path" &&
	    cmp "$work/pull" "$dir/published/main/conversions.csv"
}
# One of three tries does what a busy machine may not do at once.
served_beside() { # PULL PORT ADDRESS…: while there are silent connections
	pull=$1 port=$2
	shift 2
	for try in 1 2 3; do
		rm -f "$work/held" "$work/unhold"
		hostile silent "$port" "$work/held" "$work/unhold" "$@" \
		    >"$work/holds" &
		holder=$!
		within 10 test -e "$work/held"
		"$pull" 127.0.0.2
		got=$?
		touch "$work/unhold"
		wait "$holder"
		[ $got = 0 ] && return
		echo "try $try: $got"
	done
	return 1
}
one=127.0.0.1
five="127.0.0.11 127.0.0.12 127.0.0.13 127.0.0.14 127.0.0.15"
by_sftp() {
	echo "get $path $work/pull" | sftp_as direct "$direct" &&
	    cmp "$work/pull" "$dir/published/main/conversions.csv"
}
# shellcheck disable=SC2086 # addresses
check "fifty silent ones from one address lock nobody else out" \
    served_beside pull_from "$http_port" $one $one $one $one $one
# shellcheck disable=SC2086
check "fifty from five addresses neither" \
    served_beside pull_from "$http_port" $five
# shellcheck disable=SC2086
check "nor over SFTP" served_beside by_sftp "$sftp_port" $five
check "the log says which limit was reached" within 10 log_has "max_unauth_per_address"
check "… and for how many" within 10 log_has "max_unauthenticated"
check "the log is not flooded" \
    [ "$(grep -c "max_unauth" "$work/log")" -le 40 ]

rm -f "$work/deaf"
for kind in plain tls; do
	port=$http_port
	[ $kind = plain ] || port=$https_port
	hostile deaf "$port" $kind /main/big.csv "direct:$direct" "$work/deaf" \
	    >"$work/deaf.$kind" &
done
stalled() { [ "$(grep -c "took nothing of its answer" "$work/log")" -ge 1 ]; }
check "who asks and reads nothing is cut at idle_s" within 15 stalled
incomplete() { # N pulls of big.csv, in the audit
	[ "$(grep -h '"event":"pulled"' "$dir"/audit/*.jsonl |
	    grep '"path":"main/big.csv"' |
	    grep -c '"complete":false')" -ge "$1" ]
}
check "… and stands in the audit as incomplete, also under TLS" \
    within 15 incomplete 2
touch "$work/deaf"
for p in $(jobs -p); do [ "$p" = "$daemon_pid" ] || wait "$p"; done

# --- from here on nobody need be quick
check "the daemon ends" daemon_stop
set_to http_request_s 10
set_to idle_s 120
daemon

# --- framing
auth="Authorization: Basic $(printf 'direct:%s' "$direct" | base64 -w0)"
first="GET $path HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n"
head_of() { "$python" -c 'print("X: " + "a" * int('"$1"'))'; }
thousand() { "$python" -c 'print("a: b\\r\\n" * 1000)'; }
while IFS='|' read -r what want text; do
	check "$what" says "$want" hostile raw "$http_port" "$want" "$text"
done <<EOF2
a plain request is answered and the connection kept|200 open|$first\\r\\n
two requests in one packet are answered in order|200 404 open|$first\\r\\nGET /main/none HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
HTTP/1.0 needs no Host, and ends|200 closed|GET $path HTTP/1.0\\r\\n$auth\\r\\n\\r\\n
HTTP/1.1 without Host is refused|400 closed|GET $path HTTP/1.1\\r\\n$auth\\r\\n\\r\\n
two Hosts|400 closed|${first}Host: h\\r\\n\\r\\n
HTTP/0.9|400 closed|GET $path\\r\\n\\r\\n
HTTP/2.0|505 closed|GET $path HTTP/2.0\\r\\nHost: h\\r\\n\\r\\n
Transfer-Encoding|400 closed|${first}Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n
Transfer-Encoding, whatever it says|400 closed|${first}transfer-encoding: identity\\r\\n\\r\\n
an empty Transfer-Encoding|400 closed|${first}Transfer-Encoding:\\r\\n\\r\\n
both lengths|400 closed|${first}Content-Length: 0\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n
a body|400 closed|${first}Content-Length: 5\\r\\n\\r\\nhello
two lengths, equal|400 closed|${first}Content-Length: 0\\r\\nContent-Length: 0\\r\\n\\r\\n
a list of lengths|400 closed|${first}Content-Length: 0, 0\\r\\n\\r\\n
a length with a sign|400 closed|${first}Content-Length: +0\\r\\n\\r\\n
a length in hexadecimal|400 closed|${first}Content-Length: 0x0\\r\\n\\r\\n
a length that is none|400 closed|${first}Content-Length: a\\r\\n\\r\\n
a space before the colon|400 closed|${first}Transfer-Encoding : chunked\\r\\n\\r\\n
a tab in a name|400 closed|${first}Transfer-Encoding\\t: chunked\\r\\n\\r\\n
a vertical tab in a name|400 closed|${first}Transfer-Encoding\\x0b: chunked\\r\\n\\r\\n
a NUL in a name|400 closed|${first}Transfer\\0-Encoding: chunked\\r\\n\\r\\n
a byte over 0x7f in a name|400 closed|${first}X\\xff: y\\r\\n\\r\\n
a comma in a name|400 closed|${first}X,Y: z\\r\\n\\r\\n
a folded line|400 closed|${first}X: y\\r\\n Transfer-Encoding: chunked\\r\\n\\r\\n
a line without a colon|400 closed|${first}X\\r\\n\\r\\n
two logins|400 closed|${first}$auth\\r\\n\\r\\n
DELETE|405 closed|DELETE $path HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
OPTIONS|405 closed|OPTIONS * HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n
a made up method|405 closed|GETX $path HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n
a header of 15 KiB is taken|200 open|$first$(head_of 15000)\\r\\n\\r\\n
a header of 17 KiB is not|431 closed|$first$(head_of 17000)\\r\\n\\r\\n
a thousand headers are not|431 closed|$first$(thousand)\\r\\n
the absolute form is understood|200 open|GET http://h$path HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
escapes are undone once|200 open|GET /%6dain%2Fconversions.csv HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
… and not twice|404 open|GET /%256dain/conversions.csv HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
doubled slashes are one|200 open|GET //main///conversions.csv HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
escaped dots lead nowhere|400 open|GET /main/%2e%2e/%2E%2E/keys/users HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
nor with escaped slashes|400 open|GET /main%2f..%2f..%2fkeys%2fusers HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
nor with backslashes|400 open|GET /main\\\\\\\\..\\\\\\\\conversions.csv HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
a hidden name is not there|404 open|GET /main/.hidden HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
an escaped NUL|400 closed|GET $path%00.txt HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
half an escape|400 closed|GET $path%2 HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
a long target|400 closed|GET /$(thousand | tr -cd ab) HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n
a token opens its own feed|200 open|GET /t/$main$path HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n
… and no other|404 open|GET /t/$other$path HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n
… by whatever way|404 open|GET $path?token=$other HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n
one token in both places is that token|200 open|GET /t/$main$path?token=$main HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n
two tokens are refused|400 closed|GET /t/$other$path?token=$main HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n
a login comes before a token|200 open|GET /t/$other$path HTTP/1.1\\r\\nHost: h\\r\\n$auth\\r\\n\\r\\n
EOF2
check "a password with a NUL behind it is wrong" \
    says 401 hostile login_bytes "$http_port" "direct:$direct\\0x"
check "so is a name with one" \
    says 401 hostile login_bytes "$http_port" "direct\\0:$direct"

check "a connection that is logged in is so for that login alone" \
    says "200 401 401 401 200 200" hostile changing "$http_port" "$path" \
    "/t/$main$path" "direct:$direct" "direct:wrong" "direkt:$direct"

# --- tokens that end
rm -f "$work/asked" "$work/again"
token=$("$convdrop" -c "$conf" token add short --feed main --json >"$work/short" &&
    json secret "$work/short")
hostile kept "$http_port" "/t/$token$path" "$work/asked" "$work/again" \
    >"$work/kept" &
keeper=$!
within 10 test -e "$work/asked"
"$convdrop" -c "$conf" token del short >/dev/null
touch "$work/again"
wait "$keeper"
check "a deleted token is 401 at once, on a connection that knew it" \
    [ "$(cat "$work/kept")" = "200 401" ]

# --- TLS
tls() { # OPTION…: the protocol and cipher, by openssl
	echo | openssl s_client -connect "127.0.0.1:$https_port" \
	    -CAfile "$dir/keys/tls.crt" "$@" 2>&1
}
tls_with() { tls "$@" | grep -q "^New, TLSv1\.[23], Cipher is [^(]"; }
check "TLS 1.3 works" tls_with -tls1_3
check "TLS 1.2 works" tls_with -tls1_2
refute "TLS 1.1 does not" tls_with -tls1_1 -cipher DEFAULT@SECLEVEL=0
refute "TLS 1.0 does not" tls_with -tls1 -cipher DEFAULT@SECLEVEL=0
refute "CBC does not" tls_with -tls1_2 \
    -cipher ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384:AES128-SHA
refute "key exchange by RSA does not" tls_with -tls1_2 \
    -cipher AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA256
refused() { # another handshake in a session of TLS 1.2
	: >"$work/again.msg"
	(echo R && within 10 told_no) | openssl s_client -tls1_2 -msg \
	    -connect "127.0.0.1:$https_port" >"$work/again.msg" 2>&1
	told_no
}
told_no() { grep -q "<<< .*, warning no_renegotiation" "$work/again.msg"; }
check "a session is not negotiated again, and the client is told" refused
before=$(worker http)
hostile raw "$https_port" closed "GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n" \
    "\\0\\xff\\x16\\x03\\x03" >"$work/plain"
refute "plain HTTP on the port of HTTPS is not answered" grep -q 200 "$work/plain"
check "and harms nobody" [ "$(worker http)" = "$before" ]

cpu() { # ROLE: clock ticks of its process
	"$python" -c 'import sys
f = open("/proc/%s/stat" % sys.argv[1]).read().rsplit(")", 1)[1].split()
print(int(f[11]) + int(f[12]))' "$(worker "$1")"
}
(within 10 test -s "$work/session") | openssl s_client -connect "127.0.0.1:$https_port" -tls1_3 \
    -sess_out "$work/session" >/dev/null 2>&1
check "a session is resumed" sh -c "echo | openssl s_client -connect \
    '127.0.0.1:$https_port' -sess_in '$work/session' 2>&1 | grep -q '^Reused, TLSv1.3'"
check "it may begin with no early data" sh -c \
    "openssl sess_id -in '$work/session' -noout -text | grep -q 'Max Early Data: 0$'"
# A copy that says it may: with field 15 of an SSL_SESSION, which is how much.
"$python" - "$work/session" >"$work/early" <<'EOF'
import base64, sys
lines = open(sys.argv[1]).read().split("\n")
der = base64.b64decode("".join(x for x in lines if not x.startswith("-----")))
def bounds(at):
    n, at = der[at + 1], at + 2
    if n & 0x80:
        at, n = at + n - 0x80, int.from_bytes(der[at:at + n - 0x80], "big")
    return at, at + n
at, end = bounds(0)
fields = []
while at < end:
    to = bounds(at)[1]
    fields.append(der[at:to])
    at = to
fields.append(bytes.fromhex("af0402024000"))
der = b"".join(sorted(fields, key=lambda f: max(f[0], 0xa0)))
der = b"\x30\x82" + len(der).to_bytes(2, "big") + der
print("-----BEGIN SSL SESSION PARAMETERS-----",
      base64.encodebytes(der).decode() + "-----END SSL SESSION PARAMETERS-----",
      sep="\n")
EOF
printf 'GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n' >"$work/first"
: >"$work/said"
(within 10 grep -q '^Early data' "$work/said"
    printf 'GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n') |
    openssl s_client -connect "127.0.0.1:$https_port" -ign_eof \
	-sess_in "$work/early" -early_data "$work/first" >"$work/said" 2>&1
check "which is refused when it comes all the same" \
    grep -q '^Early data was rejected' "$work/said"
check "and is not what is answered" says 1 grep -c '^HTTP/1.1 ' "$work/said"
hellos() { tls -tls1_3 -msg | grep -c ">>> .* ClientHello"; }
check "whoever sends a key of X25519 need not say hello again" says 1 hellos
at_once() { [ "$(hostile prompt "$https_port" "$path" "direct:$direct")" -lt 35 ]; }
check "a request that is sent behind the handshake is not held back" at_once
check "requests that come along with its end are answered, each" \
    says 40 hostile together "$https_port" "$path" "direct:$direct" 40
used=$(cpu http)
hostile unfinished "$https_port" >/dev/null
check "a handshake that waits for its client costs no work" \
    [ "$(($(cpu http) - used))" -lt 150 ]
hostile slow "$http_port" plain /main/big.csv "direct:$direct" "$work/big" \
    "$work/begun" "$work/go" >/dev/null &
slow=$!
within 10 test -e "$work/begun"
used=$(cpu http)
hostile unfinished "$https_port" >/dev/null
used=$(($(cpu http) - used))
touch "$work/go"
wait "$slow"
check "nor beside a plain download" [ "$used" -lt 150 ]
check "… whose client reads slowly, but all" \
    cmp "$work/big" "$dir/published/main/big.csv"

# --- guesses
used=$(cpu auth)
check "a hundred connections with one login are served" \
    says 200 hostile many "$http_port" "direct:$direct" 100
# a hash takes at least a tick of 10 ms, more with sanitizers
check "and the password is not hashed for each" \
    [ "$(($(cpu auth) - used))" -lt 80 ]
alike() { # by one of three tries
	for n in 1 2 3; do
		times=$(hostile timing "$http_port" "127.0.0.3$n" \
		    direct:wrong nobody:wrong)
		echo "wrong password, unknown user: $times ms"
		# shellcheck disable=SC2086 # two numbers
		"$python" -c '
import sys
a, b = map(int, sys.argv[1:])
sys.exit(max(a, b) > 5 * min(a, b) + 50)' $times && return
	done
	return 1
}
check "an unknown user takes as long as a wrong password, about" alike
hostile guesses "$http_port" 127.0.0.22 "direct:$direct-not" 30 >"$work/guesses"
check "after some guesses an address must wait" grep -q " 429 retry-after:[1-9]" \
    "$work/guesses"
check "not from the first" grep -q "^401 401 401" "$work/guesses"
check "while others log in" pull_from 127.0.0.23
hostile guesses "$http_port" 127.0.0.24 "$direct:direct" 1 >/dev/null
failed_from() { grep -hF '"event":"login_failed"' "$dir"/audit/*.jsonl | grep -F "$1"; }
check "the audit has the guesses, by name" within 5 \
    sh -c "grep -h '\"event\":\"login_failed\"' '$dir'/audit/*.jsonl |
    grep '127.0.0.22' | grep -q '\"user\":\"direct\"'"
within 5 failed_from 127.0.0.24
check "who typed the password as the name is nobody by name" \
    sh -c "grep -h '127.0.0.24' '$dir'/audit/*.jsonl | grep -q '\"user\":\"(unknown)\"'"
refute "so no password is in the audit or the log" \
    grep -qrF "$direct" "$dir/audit" "$work/log.all" "$work/log"
refute "and no token" \
    grep -qrF "$main" "$dir/audit" "$work/log.all" "$work/log"
check "the http process is still the first one" [ "$(worker http)" = "$before" ]
finish
