#!/bin/sh
# What a client got once, byte for byte and header for header, long after other
# versions have come.
. "${srcdir:-.}/tests/e2e/lib.sh"

replay() { # WHAT VALUE [OPTION…]: bytes to $work/got, the rest to $work/said
	tool audit replay main "$@" >"$work/got" 2>"$work/said"
}
says() { grep -qF -- "$1" "$work/said" || { cat "$work/said"; return 1; }; }
pulls() { # N: so many pulls are in the audit
	[ "$(tool audit log event=pulled | wc -l)" = "$1" ]
}
pulled() { within 10 pulls "$1"; }
get() { # NAME CURL-OPTION…: body and headers of conversions.csv
	name=$1
	shift
	https /main/conversions.csv -K "$work/curlrc" -D "$work/$name.head" \
	    -o "$work/$name.body" "$@"
}
# The headers of an answer that are the file's, as replay writes them.
same_headers() { # NAME
	tr -d '\r' <"$work/$1.head" | grep -iE \
	    '^(ETag|Last-Modified|Cache-Control|Vary|Content-Type|Content-Length|Content-Encoding|Content-Range|Accept-Ranges|X-Content-Type-Options):' |
	    sort >"$work/want"
	grep -E '^[A-Z][A-Za-z-]*: ' "$work/said" | sort >"$work/have"
	diff "$work/want" "$work/have"
}
field() { # NAME KEY: of an answer's headers
	tr -d '\r' <"$work/$1.head" | sed -n "s/^$2: //Ip"
}

instance
file=$dir/published/main/conversions.csv
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"
dump() { # N: a dump of a thousand orders that says N
	echo "create_date_time;id;phones;order_status;revenue"
	i=0
	while [ $i -lt 1000 ]; do
		echo "$(day 2 %Y-%m-%d) 10:00:00;o$i;7916$((1000000 + i));PAID;$1"
		i=$((i + 1))
	done
}
dump 1 >"$work/1.csv"
sed 's/;PAID;1$/;PAID;2/' "$work/1.csv" >"$work/2.csv"
daemon
check "a dump" drop_and_wait "$work/1.csv" one.csv
within 10 test -s "$file" -a -s "$file.gz"
cp "$file" "$work/version1"
check "a pull over HTTPS" get plain
pulled 1
check "one that takes gzip" get packed -H 'Accept-Encoding: gzip'
pulled 2
https /main/conversions.csv.gz -K "$work/curlrc" -D "$work/side.head" -o "$work/side.body"
check "one of the sidecar" pulled 3
check "one of the file's end" get tail -r -100
pulled 4
check "one of its beginning" get begin -r 0-99
pulled 5
get middle -r 1000-1999
check "one of its middle" pulled 6
printf 'get /main/conversions.csv %s/sftp.body\n' "$work" |
    sftp_as direct "$direct" >/dev/null 2>&1
check "one by SFTP" pulled 7
then=$(date -u -d "$(field plain Last-Modified)" +%Y-%m-%dT%H:%M:%SZ)
there=$(TZ=Europe/Moscow date -d "$then" '+%Y-%m-%d %H:%M:%S')
sleep 1.1 # so that a second lies between the versions
check "a later dump" drop_and_wait "$work/2.csv" two.csv
check "changes the file" within 10 grep -q ';PAID;2;' "$file"

# --- by pull ----------------------------------------------------------------
check "replay of the first pull" replay --pull 1
check "its bytes" cmp "$work/got" "$work/plain.body"
check "its headers" same_headers plain
check "who, when, from where" says "pull 1: direct from "
check "that it was complete" says "delivered: $(stat -c %s "$work/version1") of $(stat -c %s "$work/version1") bytes, complete"
check "its hash" says "SHA-256 $(sha256sum "$work/version1" | cut -d' ' -f1), as it was published"
check "which the audit has" says "the audit names the same SHA-256"
check "replay of the packed one" replay --pull 2
check "its bytes" cmp "$work/got" "$work/packed.body"
check "its headers" same_headers packed
check "replay of the sidecar" replay --pull 3
check "its bytes" cmp "$work/got" "$work/side.body"
check "its headers" same_headers side
check "replay of the end" replay --pull 4
check "its bytes" cmp "$work/got" "$work/tail.body"
check "its headers" same_headers tail
check "replay of the beginning, which was not complete" replay --pull 5
check "its bytes" cmp "$work/got" "$work/begin.body"
check "its headers" same_headers begin
check "is said" says "delivered: 100 of "
check "not complete" says "not complete"
check "replay of the middle" replay --pull 6
check "its bytes" cmp "$work/got" "$work/middle.body"
check "its headers" same_headers middle
check "replay of the one by SFTP" replay --pull 7
check "its bytes" cmp "$work/got" "$work/sftp.body"
refute "SFTP has no headers" says "ETag"
refute "there is no pull 8" replay --pull 8
refute "nor one of another name" replay --pull x

# --- by time ------------------------------------------------------------------
check "the version of a time in UTC" replay --at "$then"
check "its bytes" cmp "$work/got" "$work/version1"
check "its headers" same_headers plain
check "the zone it names" says "by the zone it names"
check "a time in the feed's zone" replay --at "$there"
check "its bytes" cmp "$work/got" "$work/version1"
check "which zone that was" says "in the feed's zone Europe/Moscow"
check "now" replay --at "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
check "is the present version" cmp "$work/got" "$file"
check "the sidecar of a time" replay --at "$then" --file conversions.csv.gz
check "its bytes" cmp "$work/got" "$work/side.body"
refute "before all versions" replay --at 2020-01-01T00:00:00Z
check "says so" says "was published before"
refute "no time at all" replay --at yesterday
refute "both" replay --at "$then" --pull 1

# --- JSON and a file ------------------------------------------------------------
check "as JSON, with the bytes in a file" sh -c "'$convdrop' -c '$conf' audit replay main --pull 1 --output '$work/out' --json >'$work/json'"
check "the bytes" cmp "$work/out" "$work/plain.body"
check "the ETag" [ "$(json headers.ETag "$work/json")" = "$(field plain ETag)" ]
check "the hash" [ "$(json sha256 "$work/json")" = "$(sha256sum "$work/version1" | cut -d' ' -f1)" ]
check "as published and as audited" [ "$(json sha256_matches "$work/json")$(json audit_matches "$work/json")" = TrueTrue ]
check "the pull" [ "$(json pull.user "$work/json")" = direct ]
check "status shows the numbers" sh -c "'$convdrop' -c '$conf' status | grep -q 'pull 7 '"
check "so does the audit" sh -c "'$convdrop' -c '$conf' audit log event=pulled pull=7 | grep -q sftp"

# --- what is not as it was --------------------------------------------------------
check "the daemon ends" daemon_stop
check "replay needs none" replay --pull 1
kept=$(ls "$dir"/archive/main/published/*/*/*/*-"$(sha256sum "$work/version1" | cut -c1-12)".gz)
cp "$kept" "$work/kept"
gzip -c "$work/2.csv" >"$work/forged"
cat "$work/forged" >"$kept"
refute "an archived copy that was changed" replay --pull 1
check "is not hidden" says "which is NOT that of what was published"
rm "$kept"
refute "one that is gone" replay --pull 1
check "and nobody knows why" says "the audit does not say why"

# one that expired: published long ago, pulled by nobody
"$python" - "$dir" "$kept" "$work/kept" <<'EOF'
import os, shutil, sqlite3, sys
home, kept, copy = sys.argv[1:]
old = "archive/main/published/2020/01/01/" + os.path.basename(kept)
os.makedirs(os.path.dirname(os.path.join(home, old)))
shutil.copy(copy, os.path.join(home, old))
db = sqlite3.connect(os.path.join(home, "state/store.db"))
db.execute("UPDATE publications SET archive = ? WHERE archive = ?",
           (old, os.path.relpath(kept, home)))
db.execute("UPDATE facts SET value = '0' WHERE key = 'purged'")
db.commit()
EOF
months=$(date -u +%Y-%m-)
daemon
check "the daemon lets an old copy expire" within 20 sh -c "'$convdrop' -c '$conf' audit log event=expired | grep -q 2020"
refute "replay of it" replay --pull 1
said_on() { # WORDS: and a date of this month, or of when that began
	says "$1 $months" || says "$1 $(date -u +%Y-%m-)"
}
check "says when it expired" said_on "expired on"
check "exits 1" sh -c "'$convdrop' -c '$conf' audit replay main --pull 1 2>/dev/null; [ \$? = 1 ]"

# a person is erased: the bytes that went out are no more
check "a pull of the present version" get late
pulled 8
check "a person is erased" tool person erase 79161000007 --reason "asked for it"
refute "replay of what had him" replay --pull 8
check "says when that was" said_on "a person was erased from it on"
check "and the hash of what went out" says "$(sha256sum "$work/late.body" | cut -d' ' -f1)"
check "its headers are told all the same" same_headers late
refute "nothing of him is there" grep -q 79161000007 "$work/got"
finish
