#!/bin/sh
# Orders, their clients, calls and chats in one feed with several outputs:
# whichever comes first, the files say the same; calls are orders; ids that
# differ by zeros; a kill and a rebuild change nothing.
. "${srcdir:-.}/tests/e2e/lib.sh"

published() { cat "$dir/published/$1/$2" 2>/dev/null; }
has() { # FEED FILE WORDS: they are in the file
	published "$1" "$2" | grep -q -- "$3" || { published "$1" "$2"; return 1; }
}
lacks() { ! published "$1" "$2" | grep -q -- "$3"; }
reports() { # FEED NAME WORDS
	grep -q -- "$3" "$dir/reports/$1/$2.report.txt" ||
	    { cat "$dir/reports/$1/$2.report.txt"; return 1; }
}
tally() { # FEED NAME KEY VALUE: the report's tally says so
	"$python" - "$dir/reports/$1/$2.report.json" "$3" "$4" <<-'EOF'
	import json, sys
	t = json.load(open(sys.argv[1]))
	sys.exit(str(t[sys.argv[2]]) != sys.argv[3] and str(t[sys.argv[2]]))
	EOF
}
get() { # FEED FILE: over HTTPS, as Direct does
	https "/$1/$2" -K "$work/curlrc"
}

instance --feed main --feed other --feed plain
# what init writes, with the outputs of this test
"$python" - "$conf" <<'EOF'
import re, sys
text = open(sys.argv[1]).read()
outputs = ('outputs = { "conversion-center", "metrica-calls", "metrica-chats", '
           '"metrica-contacts", "metrica-orders", "crm-json", "metrica-offline" }')
head, *feeds = re.split(r'(?m)^(?=feed ")', text)
for i in (0, 1):
    feeds[i] = re.sub(r'(?m)^(\s*)#? ?outputs = .*$', r'\1' + outputs, feeds[i])
    # both get the same dumps
    feeds[i] = re.sub(r'(?m)^(\s*)#? ?hold = .*$', r'\1hold = no', feeds[i])
    feeds[i] = re.sub(r'(?m)^(\s*)#? ?calls_as_orders = .*$',
                      r'\1calls_as_orders = "goal:phoned"', feeds[i])
    feeds[i] = feeds[i].rstrip().rstrip('}') + '\ttarget("PAID", "order_paid")\n}\n'
open(sys.argv[1], 'w').write(head + ''.join(feeds))
EOF
check "the configuration is taken" "$convdropd" -c "$conf" -t
printf 'user = "direct:%s"\n' "$direct" >"$work/curlrc"

d1=$(day 1 '%Y-%m-%d') d2=$(day 2 '%Y-%m-%d') old=$(day 200 '%Y-%m-%d')
cat >"$work/orders.json" <<EOF
{"orders":[
{"id":"1001","createDateTime":"$d2 10:00:00","clientUniqId":"c1","clientType":"CONTACT","orderStatus":"PAID","revenue":100.5},
{"id":"1002","createDateTime":"$d2 11:00:00","clientUniqId":"c2","clientType":"CONTACT","orderStatus":"IN_PROGRESS","contactPhone":"+7 999 111-22-33"},
{"id":"1003","createDateTime":"$d2 12:00:00","clientUniqId":"c3","clientType":"CONTACT","orderStatus":"PAID"},
{"id":"900","createDateTime":"$old 12:00:00","clientUniqId":"c1","clientType":"CONTACT","orderStatus":"PAID","contactPhone":"79990000000"}
]}
EOF
cat >"$work/clients.json" <<EOF
{"clients":[
{"clientUniqId":"c1","name":"Anna","contactPhone":"8 (999) 555-11-11","contactEmail":"Anna@Example.com","clientIds":["1695123456789012345"]}
]}
EOF
cat >"$work/more-clients.json" <<EOF
{"clients":[
{"clientUniqId":"c3","name":"Boris","contactPhone":"79995553333"}
]}
EOF
cat >"$work/calls.csv" <<EOF
UserId,ClientId,Yclid,DateTime,PhoneNumber,TalkDuration,Tag
,1695123456789012399,,$(date -d "$d1 12:00:00 UTC" +%s),+79991112255,65,shop
EOF
cat >"$work/chats.csv" <<EOF
ClientId,DateTime,ChatPlatform,ChatUsername
1695123456789012398,$(date -d "$d1 13:00:00 UTC" +%s),telegram,somebody
EOF
cat >"$work/yclid.csv" <<EOF
UserId,Yclid,Target,DateTime,Price
,123456789,order_paid,$(date -d "$d1 14:00:00 UTC" +%s),5
EOF

daemon
check "orders are taken" drop_and_wait "$work/orders.json" orders.json
check "the one with a phone of its own is published" within 10 has main conversions.csv ';1002;c2;;;79991112233;'
check "those whose client nobody knows are not" lacks main conversions.csv ';100[13];'
check "too old an order is not in Direct's file" lacks main conversions.csv ';900;'
check "but in those that take any age" within 10 has main orders.csv '^900;'
check "the report says how many wait" reports main orders.json '2 orders that name a client'
check "and so does status" within 10 sh -c "'$convdrop' -c '$conf' status | grep -q 'not known yet: 2'"
check "status says what the others lack" \
    within 10 sh -c "'$convdrop' -c '$conf' status | grep -q 'lack what the file needs: [1-9].*ClientId'"
check "whom orders name is a client already" within 10 has main contacts.csv '^c3,'

check "the clients are taken" drop_and_wait "$work/clients.json" clients.json
check "and the first order is published with the client's identifiers" \
    within 10 has main conversions.csv ';1001;c1;1695123456789012345;anna@example.com;79995551111;;;PAID;100.50;'
check "the other waits" lacks main conversions.csv ';1003;'
check "the goal of its status is in the offline conversions" \
    within 10 has main offline-conversions.csv '^1695123456789012345,.*,order_paid,'
check "the contact has a name" within 10 has main contacts.csv '^c1,Anna,'
check "in JSON, too" within 10 has main contacts.json '"name":"Anna"'
check "and in the agency's file" within 10 has main crm-clients.json '"name":"Anna"'
check "the rest of the clients are taken" drop_and_wait "$work/more-clients.json" more.json
check "now nobody waits" within 10 has main conversions.csv ';1003;c3;;;79995553333;'
check "and status says no more of it" within 10 sh -c "! '$convdrop' -c '$conf' status | grep -q 'not known yet'"

check "calls are taken" drop_and_wait "$work/calls.csv" calls.csv
check "a call is a call" within 10 has main calls.csv '1695123456789012399'
check "and an order" within 10 has main conversions.csv ';call-.*;79991112255;;;phoned;'
check "chats are taken" drop_and_wait "$work/chats.csv" chats.csv
check "and published" within 10 has main chats.csv 'telegram,somebody'
check "an order known by its yclid alone is taken" drop_and_wait "$work/yclid.csv" yclid.csv
check "nothing of it is refused" tally main yclid.csv accepted 1
check "Direct has no use for it" lacks main conversions.csv ' 17:00:00;'
check "Metrica has" within 10 has main offline-conversions.csv ',123456789,.*,order_paid,'
drop_and_wait "$work/yclid.csv" yclid.csv plain
check "a feed of Direct's file alone refuses the dump" within 10 reports plain yclid.csv "client_ids, emails, phones"

# the other way round
for name in chats.csv calls.csv yclid.csv more-clients.json clients.json orders.json; do
	drop_and_wait "$work/$name" "$name" other
done
check "whatever comes first, the orders are the same" within 10 \
    sh -c "cmp '$dir/published/main/conversions.csv' '$dir/published/other/conversions.csv'"
for file in calls.csv chats.csv contacts.csv contacts.json orders.csv orders.json \
    crm-orders.json crm-clients.json offline-conversions.csv; do
	check "$file is the same" within 10 cmp "$dir/published/main/$file" "$dir/published/other/$file"
	check "and is served" sh -c "curl -sS --cacert '$dir/keys/tls.crt' -K '$work/curlrc' \
	    https://localhost:$https_port/main/$file | cmp - '$dir/published/main/$file'"
done
for output in conversion-center metrica-calls metrica-chats metrica-contacts \
    metrica-contacts-json metrica-orders metrica-orders-json crm-json crm-json-clients metrica-offline; do
	case $output in
	conversion-center) file=conversions.csv ;;
	metrica-calls) file=calls.csv ;;
	metrica-chats) file=chats.csv ;;
	metrica-contacts) file=contacts.csv ;;
	metrica-contacts-json) file=contacts.json ;;
	metrica-orders) file=orders.csv ;;
	metrica-orders-json) file=orders.json ;;
	crm-json) file=crm-orders.json ;;
	crm-json-clients) file=crm-clients.json ;;
	metrica-offline) file=offline-conversions.csv ;;
	esac
	check "lint takes $file" tool lint "$dir/published/main/$file" --output "$output" --goal phoned --goal order_paid
done

# ids
cat >"$work/zeros.csv" <<EOF
create_date_time;id;phones;order_status
$d1 15:00:00;01001;79995550001;PAID
$d1 15:00:00;1002.0;79995550002;PAID
$d1 15:00:00;00777;79995550003;PAID
$d1 15:00:00;777;79995550004;PAID
EOF
check "ids that differ by zeros are taken with the dump" drop_and_wait "$work/zeros.csv" zeros.csv
check "but their rows are refused" tally main zeros.csv rejected 3
check "by name" grep -q "^2;row;E[0-9]*;id;.*'1001'.*;01001;79995550001;PAID" "$dir/reports/main/zeros.csv.rejects.csv"
check "with their cells" grep -q "^5;row;E[0-9]*;id;.*'00777'.*;777;79995550004;PAID" "$dir/reports/main/zeros.csv.rejects.csv"
check "the row that came first is an order" within 10 has main conversions.csv ';00777;'
check "none of the others is" lacks main conversions.csv ';\(01001\|1002.0\|777\);'
printf 'create_date_time;id;client_ids;order_status\n%s;00123;111;PAID\n' \
    "$(day 1 '%Y-%m-%d %H:%M:%S')" >"$work/padded.csv"
sed 's/;00123;111;/;123;112;/' "$work/padded.csv" >"$work/bare.csv"
refute "convert knows the id of another dump" sh -c \
    "'$convdrop' convert '$work/padded.csv' '$work/bare.csv' --rejects '$work/both.csv' >'$work/out' 2>&1"
check "the file of several dumps' rejects has one BOM, at its beginning" \
    sh -c "[ \"\$(grep -c \"\$(printf '\\357\\273\\277')\" '$work/both.csv')\" = 1 ]"
check "and refuses with the cells" grep -q '^2;row;E[0-9]*;id;.*;123;112;PAID' "$work/both.csv"

# nothing changes by itself
sums() { (cd "$dir/published" && find . -type f ! -name '*.gz' | sort | xargs stat -c '%n %Y' && find . -type f | sort | xargs sha256sum); }
tool publish main --reason "to wait for it" >/dev/null
tool publish other --reason "to wait for it" >/dev/null
sums >"$work/before"
daemon_kill
daemon
drop_and_wait "$work/clients.json" again.json
tool publish main --reason "to wait for it" >/dev/null
sums >"$work/after"
check "a kill and a known dump change no byte and no update time" diff "$work/before" "$work/after"
for feed in main other; do
	check "the store of $feed rebuilds to the same bytes" tool rebuild $feed
done
check "the audit is whole" tool audit verify
check "nothing is wrong" sh -c "'$convdrop' -c '$conf' status | grep -v 'plain' | grep -q 'daemon: running'"
check "SIGTERM ends the daemon well" daemon_stop
finish
