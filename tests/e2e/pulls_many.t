#!/bin/sh
# Many short pulls, which http, files and ingest tell one another of by the
# batch: each is in the audit once, whatever is slow, or killed behind it.
. "${srcdir:-.}/tests/e2e/lib.sh"

worker() { pgrep -P "$daemon_pid" -f -- "--role $1"; }
other_worker() { # ROLE OLD-PID: it runs, and it is another process
	now=$(worker "$1") && [ "$now" != "$2" ]
}
lines() { # USER FACT: of its pulls in the audit
	grep -h '"event":"pulled"' "$dir"/audit/*.jsonl |
	    grep -F "\"user\":\"$1\"" | grep -cF "$2"
}
has() { # USER FACT COUNT: so many of its pulls have it
	[ "$(lines "$1" "$2")" = "$3" ]
}
audited() {
	within 60 has "$@" || { echo "there are $(lines "$1" "$2")"; return 1; }
}
puller() { # NAME: a user of its own for each case
	"$convdrop" -c "$conf" user add "$1" --role pull --feed main --json \
	    >"$work/$1.json" && json password "$work/$1.json"
}
pull_many() { # FUNCTION USER COUNT OPTION…: the statuses, over one connection
	how=$1 user=$2 count=$3
	shift 3
	$how "$path?[1-$count]" --user "$user:$password" -o "$work/a.#1" \
	    -w '%{http_code}\n' "$@"
	rm -f "$work"/a.*
}

instance --feed main
"$srcdir/scripts/sample-dump" >"$work/deals.csv"
daemon
drop_and_wait "$work/deals.csv" deals.csv
path=/main/conversions.csv
within 10 test -s "$dir/published$path" -a -s "$dir/published$path.gz"
size=$(stat -c %s "$dir/published$path")

for how in http https; do
	password=$(puller many-$how)
	pull_many $how many-$how 300 >"$work/codes"
	check "300 pulls over $how are answered" \
	    [ "$(grep -c '^200$' "$work/codes")" = 300 ]
	check "… and each is complete in the audit" \
	    audited many-$how "\"bytes\":$size,\"size\":$size,\"complete\":true" 300
done
check "… under a number of its own" [ "$(grep -ho '"pull":[0-9]*' \
    "$dir"/audit/*.jsonl | sort | uniq -d | wc -l)" = 0 ]

# the login ends with the connection, and before files has heard of the pull
password=$(puller brief)
for i in 1 2 3 4 5 6 7 8 9 10; do
	https $path --user "brief:$password" -o "$work/brief.$i"
done
check "pulls of connections that end at once are there too" \
    audited brief '"complete":true' 10

# when nobody takes what http tells
password=$(puller busy)
timeout 900 "$python" - "$http_port" "busy:$password" "$(worker files)" \
    "$path" >"$work/codes" <<-'EOF'
	import base64, http.client, os, signal, sys
	port, login, files, path = sys.argv[1:]
	fields = {"Authorization":
	          "Basic " + base64.b64encode(login.encode()).decode()}
	c = http.client.HTTPConnection("127.0.0.1", int(port))
	def pull():
	    c.request("GET", path, headers=fields)
	    answer = c.getresponse()
	    answer.read()
	    print(answer.status)
	pull()  # it is logged in
	os.kill(int(files), signal.SIGSTOP)
	try:
	    for i in range(899):
	        pull()
	finally:
	    os.kill(int(files), signal.SIGCONT)
EOF
answered=$(grep -c '^200$' "$work/codes")
busy=$(grep -c '^503$' "$work/codes")
check "what could not be told is refused: the server is busy" [ "$busy" -gt 0 ]
check "… and nothing else happens to a client" \
    [ $((answered + busy)) = 900 ]
check "each one that was answered is in the audit" \
    audited busy '"complete":true' "$answered"
password=$(puller after)
pull_many https after 10 >"$work/codes"
check "then all is answered again" [ "$(grep -c '^200$' "$work/codes")" = 10 ]

# what was told survives who told it
password=$(puller killed)
old=$(worker http)
pull_many https killed 50 >"$work/codes"
kill -9 "$old"
check "http is killed, and started again" within 20 other_worker http "$old"
check "its last pulls are in the audit" audited killed '"event":"pulled"' 50
check "the audit's chain is whole" "$convdrop" -c "$conf" audit verify
finish
