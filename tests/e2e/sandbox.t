#!/bin/sh
# What a process that was taken over could do: the probe enters a role's
# sandbox and tries.  Each role has a row; what it may do is listed, all else
# must be refused.
. "${srcdir:-.}/tests/e2e/lib.sh"

"$python" -c '
import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)' ||
    skip_all "this kernel has no Landlock"
instance --feed main --feed other
daemon # makes the store and the other files
daemon_stop

may() { # ROLE: what it may do, a line each
	case $1 in
	auth | ssh-child | ftp-child) ;;
	ssh) echo "fork" ;;
	ftp) printf '%s\n' "fork" "make a socket" ;;
	http) echo "list published" ;;
	files)
		printf '%s\n' "list archive" "list reports" "list inbox" \
		    "write inbox" "list published"
		;;
	ingest)
		printf '%s\n' "list state" "read store" "write state" \
		    "list audit" "list archive" "list reports" "list inbox" \
		    "write inbox" "list published" "write published" \
		    "read passwd"
		;;
	esac | sort
}

# LeakSanitizer traces its own process, which no sandbox allows.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
export ASAN_OPTIONS

for role in auth files ingest http ssh ssh-child ftp ftp-child; do
	"$convdropd" --role-probe $role "$conf" >"$work/$role" 2>"$work/$role.err"
	check "$role: the probe made every attempt" \
	    test "$(grep -c ': ' "$work/$role")" = 22
	sed -n 's/: POSSIBLE$//p' "$work/$role" | sort >"$work/could"
	may $role >"$work/may"
	check "$role can do what it must and no more" \
	    diff -u "$work/may" "$work/could"
	check "$role: the sandbox is whole" test ! -s "$work/$role.err"
done

# The same attempts do succeed outside: the probe can tell.
check "the store is there to be found" test -s "$dir/state/store.db"
check "and so are the users" test -s "$dir/keys/users"
finish
