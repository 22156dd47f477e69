#!/bin/sh
# convdrop user and token: a change is in force when the command returns.
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main --feed shop
audited() { grep -hF "$1" "$dir"/audit/*.jsonl | grep -qF "$2"; }

# --- without a daemon ---------------------------------------------------------
check "a user is added" exits 0 tool user add anna --role pull,report \
    --feed main --network 127.0.0.0/8,::1/128 --json
anna=$(json password "$work/out")
check "the password is made for him" test ${#anna} -eq 20
refute "and lies nowhere in the clear" grep -rqF "$anna" "$dir"
check "the audit says who was added" audited '"event":"user"' '"user":"anna"'
check "and by whom" audited '"action":"add"' '"actor":'
check "a name is taken once" exits 2 tool user add anna --role pull --feed main
check "an unknown feed is refused" exits 2 tool user add x --role pull --feed y
check "with a sentence" says 'there is no feed "y"' err
check "an unknown role is refused" exits 2 tool user add x --role root \
    --feed main
check "no role is refused" exits 2 tool user add x --feed main
check "no feed is refused" exits 2 tool user add x --role pull
check "a network that is none is refused" exits 2 tool user add x --role pull \
    --feed main --network 300.1.1.1
check "neither password nor key is refused" exits 2 tool user add x --role pull \
    --feed main --no-password
check "a name that could be a path is refused" exits 2 tool user add ../x \
    --role pull --feed main
check "an option of another command is refused" exits 2 tool user del anna \
    --role pull
short() { echo short | tool user passwd anna --password-stdin; }
check "a short password is refused" exits 2 short
typed() { echo "my own password" | tool user passwd anna --password-stdin; }
check "one's own password is taken from standard input" exits 0 typed
refute "and not repeated" says "my own"
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
check "a user with a key and no password is added" exits 0 tool user add keyed \
    --role drop --feed '*' --key "$work/key.pub" --no-password
refute "nothing is printed as a password" says assword
check "a private key is not taken for a public one" exits 2 tool user add x \
    --role drop --feed main --key "$work/key"
check "list shows them" exits 0 tool user list
check "with their networks" says "127.0.0.0/8,::1/128"
refute "and never a hash" says '$y$'
check "a deleted user is gone" exits 0 tool user del keyed
check "a second time is an error" exits 2 tool user del keyed
check "a token is added with its URLs" exits 0 tool token add agency --feed main
check "for each file" says "/main/conversions.csv"
check "tokens are listed" exits 0 tool token list --json
check "by name" says '"name":"agency"'
check "a deleted token is gone" exits 0 tool token del agency
check "a second time is an error" exits 2 tool token del agency
chmod 644 "$dir/keys/users"
check "a file that others can read is refused" exits 2 tool user list
check "with what to do" says "chmod" err
chmod 600 "$dir/keys/users"
many() { # 20 at the same time: none is lost
	for i in 1 2 3 4 5 6 7 8 9 10; do
		tool token add "t$i" --feed main >/dev/null &
		eval "p$i=\$!"
	done
	for i in 1 2 3 4 5 6 7 8 9 10; do
		eval "wait \$p$i" || return 1
	done
	[ "$(tool token list | grep -c '^t[0-9]')" -eq 10 ]
}
check "ten changes at the same time are ten changes" many

# --- a daemon that does not answer, in an instance of its own -----------------
mkdir "$work/deaf"
"$convdrop" init "$work/deaf" --json >/dev/null
"$python" - "$work/deaf/state/convdropd.pid" "$work/deaf.ready" <<'EOF' &
import fcntl, os, signal, sys, time
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
f = open(sys.argv[1], "w")
fcntl.lockf(f, fcntl.LOCK_EX)
f.write("%d\n" % os.getpid())
f.flush()
open(sys.argv[2], "w").close()
time.sleep(3600)
EOF
deaf=$!
within 10 test -e "$work/deaf.ready"
"$convdrop" -c "$work/deaf/convdrop.conf" user add x --role pull --feed main \
    >"$work/deaf.out" 2>"$work/deaf.err" &
asked=$!

# --- with one that does -------------------------------------------------------
daemon
opens() { # STATUS PATH CURL-OPTION…
	want=$1
	shift
	got=$(https "$@" -o /dev/null -w '%{http_code}')
	[ "$got" = "$want" ] || { echo "status $got"; return 1; }
}
check "the typed password opens the feed" opens 200 /main/ \
    --user "anna:my own password"
check "and no other feed" opens 404 /shop/ --user "anna:my own password"
check "the daemon takes a new user" exits 0 tool user add bert --role pull \
    --feed shop --json
bert=$(json password "$work/out")
check "at once" opens 200 /shop/ --user "bert:$bert"
check "the daemon takes a new password" exits 0 tool user passwd bert --json
check "at once: the new one opens" opens 200 /shop/ \
    --user "bert:$(json password "$work/out")"
check "and the old one, though remembered, does not" opens 401 /shop/ \
    --user "bert:$bert"
check "a deleted user" exits 0 tool user del anna
check "is out at once" opens 401 /main/ --user "anna:my own password"
check "a new token" exits 0 tool token add extra --feed shop --json
extra=$(json secret "$work/out")
check "opens at once" opens 200 "/t/$extra/shop/"
check "a deleted token" exits 0 tool token del extra
check "opens nothing from then on" opens 401 "/t/$extra/shop/"
loaded() {
	sum=$(cat "$dir/keys/users" "$dir/keys/tokens" | sha256sum | cut -c1-64)
	[ "$(head -c 64 "$dir/state/keys.loaded")" = "$sum" ]
}
check "the daemon tells which files it has loaded" loaded
check "it stops well" daemon_stop
check "the next change needs no daemon" exits 0 tool user del bert

wait "$asked"
check "a daemon that does not answer is an error" test $? -eq 2
check "with a sentence" grep -q "has not loaded them" "$work/deaf.err"
kill "$deaf" 2>/dev/null
wait "$deaf" 2>/dev/null
finish
