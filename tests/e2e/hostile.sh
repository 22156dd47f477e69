# shellcheck shell=sh
# What tests of hostile clients share: while one does its worst, an honest one
# logs in and pulls.  Sourced behind lib.sh; the test has
#
#	pull() …	# URL: an honest pull, true when it gave the file
#	urls=…		# each is pulled

PYTHONDONTWRITEBYTECODE=1 # nothing appears beside the sources
export PYTHONDONTWRITEBYTECODE

ms() {
	"$python" -c 'import time; print(int(time.monotonic() * 1000))'
}

# The best of five tries; none may fail.
quickest() { # URL
	best=100000
	for try in 1 2 3 4 5; do
		begun=$(ms)
		pull "$1" || { echo "$1: try $try"; return 1; }
		took=$(($(ms) - begun))
		[ "$took" -ge "$best" ] || best=$took
		[ "$best" -ge 1000 ] || break
	done
	echo "$best"
}

# The worst of five tries.
slowest() { # URL
	worst=0
	for try in 1 2 3 4 5; do
		begun=$(ms)
		pull "$1" || { echo "$1: try $try"; return 1; }
		took=$(($(ms) - begun))
		[ "$took" -le "$worst" ] || worst=$took
	done
	echo "$worst"
}

# Under a second; where the machine is so busy with other things that a pull
# takes longer anyhow, no more than twice what it may take without the attack.
honest() {
	slow=
	for url in $urls; do
		best=$(quickest "$url") || { echo "$best"; return 1; }
		[ "$best" -lt 1000 ] || slow="$slow $best $url"
	done
	# shellcheck disable=SC2086
	set -- $slow
	[ $# -eq 0 ] && return
	unhold >"$work/unheld"
	while [ $# -gt 0 ]; do
		calm=$(slowest "$2") || return 1
		echo "$2: $1 ms, without the attack $calm ms"
		[ "$1" -le $((2 * calm + 500)) ] || return 1
		shift 2
	done
}

holder=
hold() { # COMMAND…: runs it until unhold, which gives what it printed
	rm -f "$work/ready" "$work/until"
	"$@" >"$work/saw" 2>"$work/saw.err" &
	holder=$!
	within 60 test -e "$work/ready" || cat "$work/saw.err"
}
unhold() { # also when honest did so already
	touch "$work/until" "$work/go"
	[ -z "$holder" ] || wait "$holder"
	holder=
	cat "$work/saw"
	tail -3 "$work/saw.err"
}
