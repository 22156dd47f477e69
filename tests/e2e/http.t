#!/bin/sh
# HTTP and HTTPS with curl and raw sockets: logins, tokens, conditions, ranges,
# the gzip sidecar, framing that must be refused, folders, probes.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance
token=$(json tokens.main)
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon
drop_and_wait "$work/deals.csv" deals.csv
file=$dir/published/main/conversions.csv
within 20 test -s "$file"
path=/main/conversions.csv
login="--user direct:$direct"

same() { cmp "$1" "$file"; }
status_is() { # WANT CURL-FUNCTION PATH OPTION…
	want=$1
	shift
	got=$("$@" -o /dev/null -w '%{http_code}')
	[ "$got" = "$want" ] || { echo "status $got"; return 1; }
}
header() { # NAME FUNCTION PATH OPTION…: its value
	name=$1
	shift
	"$@" -o /dev/null -D - | tr -d '\r' | sed -n "s/^$name: //Ip"
}
raw() { # the bytes of a request on stdin, the answer on stdout
	"$python" - "$http_port" <<-EOF
	import socket, sys
	s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)
	s.settimeout(60)
	s.sendall($1)
	out = b""
	try:
	    while True:
	        b = s.recv(65536)
	        if not b: break
	        out += b
	except OSError:
	    pass
	sys.stdout.buffer.write(out)
	EOF
}
refused() { # python bytes: answered 400 or 405, and closed
	raw "$1" | head -1 | grep -qE ' 40[05] '
}
basic=$(printf 'direct:%s' "$direct" | base64 -w0)

# shellcheck disable=SC2086
{
https $path $login -o "$work/a" && http $path $login -o "$work/b"
check "HTTPS with a login gives the published bytes" same "$work/a"
check "HTTP with a login gives them too" same "$work/b"
https "/t/$token$path" -o "$work/c"; https "$path?token=$token" -o "$work/d"
check "the token link gives them" same "$work/c"
check "the token in the query gives them" same "$work/d"
check "no login is 401" status_is 401 https $path
check "a wrong password is 401" status_is 401 https $path --user direct:wrong
check "an unknown user is 401" status_is 401 https $path --user nobody:wrong
check "a wrong token is 401" status_is 401 https "/t/${token%?}x$path"
check "a 401 names the scheme" \
    sh -c "[ -n \"\$(curl -sk -D - -o /dev/null https://localhost:$https_port$path | grep -i '^www-authenticate: basic')\" ]"
check "a user without the role sees nothing" status_is 404 https $path \
    --user "dropper:$dropper"

etag=$(header etag https $path $login)
modified=$(header last-modified https $path $login)
check "Last-Modified is the file's update time" \
    [ "$(date -d "$modified" +%s)" = "$(stat -c %Y "$file")" ]
check "the type is text/csv; charset=utf-8" \
    [ "$(header content-type https $path $login)" = "text/csv; charset=utf-8" ]
twin() { # NAME TEXT: a published file, as old and as large as its twins
	echo "$2" >"$dir/published/main/$1.csv"
	touch -r "$file" "$dir/published/main/$1.csv"
}
twin one 1111; twin two 2222
pulled() { # NAME TEXT
	[ "$(https "/main/$1.csv" $login)" = "$2" ]
}
for text in 1111 2222 1111; do
	name=$([ $text = 1111 ] && echo one || echo two)
	check "files of one time and size are not mixed up: $name" \
	    pulled "$name" $text
done
twin one 3333
check "nor is one with what was in its place before" pulled one 3333
rm "$dir/published/main/one.csv" "$dir/published/main/two.csv"
check "HEAD has the length" \
    [ "$(header content-length https $path $login -I)" = "$(stat -c %s "$file")" ]
check "If-None-Match with its ETag is 304" \
    status_is 304 https $path $login -H "If-None-Match: $etag"
check "If-None-Match with another is 200" \
    status_is 200 https $path $login -H 'If-None-Match: "x"'
check "If-Modified-Since its time is 304" \
    status_is 304 https $path $login -H "If-Modified-Since: $modified"
check "If-Modified-Since before is 200" status_is 200 https $path $login \
    -H "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"
check "If-Match with another ETag is 412" \
    status_is 412 https $path $login -H 'If-Match: "x"'

https $path $login -r 10-29 -o "$work/part"
check "a range is those bytes" \
    sh -c "tail -c +11 '$file' | head -c 20 | cmp - '$work/part'"
check "a range is 206" status_is 206 http $path $login -r 0-0
http $path $login -r -5 -o "$work/part"
check "a suffix range is the end" sh -c "tail -c 5 '$file' | cmp - '$work/part'"
check "a range past the end is 416" status_is 416 https $path $login -r 99999999-
check "If-Range with its ETag keeps the range" \
    status_is 206 https $path $login -r 0-1 -H "If-Range: $etag"
check "If-Range with another gives all" \
    status_is 200 https $path $login -r 0-1 -H 'If-Range: "x"'
head -c 100 "$file" >"$work/resumed"
https $path $login -C - -o "$work/resumed"
check "a broken download is resumed" same "$work/resumed"

https $path $login --compressed -o "$work/gz" -D "$work/gz.head"
check "gzip is sent to those who take it, and is the same" same "$work/gz"
check "the gzip variant says so" grep -qi '^content-encoding: gzip' "$work/gz.head"
check "and that it varies" grep -qi '^vary: accept-encoding' "$work/gz.head"
check "and has an ETag of its own" \
    sh -c "! grep -qiF 'etag: $etag' '$work/gz.head'"
https $path.gz $login | gunzip >"$work/sidecar"
check "the sidecar can be pulled by its name" same "$work/sidecar"

check "the top folder lists the feed" \
    sh -c "curl -sk $login https://localhost:$https_port/ | grep -q 'href=\"main/\"'"
check "the feed's folder lists the file" \
    sh -c "curl -sk $login https://localhost:$https_port/main/ | grep -q conversions.csv"
check "a folder without its slash is redirected" status_is 301 https /main $login
check "what does not exist is 404" status_is 404 https /main/other.csv $login
check ".. leads nowhere" status_is 400 https /main/../../keys/users $login --path-as-is
check "the dropper reads reports" status_is 200 https \
    /reports/main/deals.csv.report.txt --user "dropper:$dropper"
check "and lists them" \
    sh -c "curl -sk --user dropper:$dropper https://localhost:$https_port/reports/main/ | grep -q deals.csv.rejects.csv"
check "healthz and readyz need no login" \
    sh -c "curl -skf https://localhost:$https_port/healthz && curl -sf http://localhost:$http_port/readyz"
}
check "POST is refused" status_is 405 http $path --user "direct:$direct" -d x

head="GET $path HTTP/1.1\\r\\nHost: h\\r\\nAuthorization: Basic $basic\\r\\n"
check "a plain request by hand is answered" \
    sh -c "printf '%s' '$(raw "b\"${head}Connection: close\\r\\n\\r\\n\"" | head -1)' | grep -q ' 200 '"
for bad in \
    "Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n" \
    "Content-Length: 5\\r\\n\\r\\nhello" \
    "Content-Length: 0\\r\\nContent-Length: 0\\r\\n\\r\\n" \
    "Content-Length: +0\\r\\n\\r\\n" \
    "Host: other\\r\\n\\r\\n" \
    "X Y: z\\r\\n\\r\\n"; do
	check "refused: $(printf '%s' "$bad" | cut -c1-40)" refused "b\"$head$bad\""
done
check "a request without Host is refused" refused \
    "b\"GET $path HTTP/1.1\\r\\nAuthorization: Basic $basic\\r\\n\\r\\n\""
finish
