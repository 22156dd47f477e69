#!/bin/sh
# What the daemons said during the whole suite holds no password, no token, no
# phone and no e-mail (I8); the audit holds no password and no token.
. "${srcdir:-.}/tests/e2e/lib.sh"

[ -d "${CONVDROP_TEST_LOGS:-}" ] || skip_all "no other test kept its log"

"$python" - "$CONVDROP_TEST_LOGS" >"$work/found" <<'EOF'
import pathlib, re, sys

kept = pathlib.Path(sys.argv[1])
secrets = set()
for f in kept.glob("*.secrets"):
    secrets.update(w.encode() for w in f.read_text().split() if len(w) >= 8)
phone = re.compile(rb"(?<![0-9])(?:\+?[78])[ (-]*9[0-9]{2}[) -]*[0-9]{3}[ -]*"
                   rb"[0-9]{2}[ -]*[0-9]{2}(?![0-9])")
email = re.compile(rb"[A-Za-z0-9._%+-]+@(?!openssh\.com|libssh\.org)"
                   rb"[A-Za-z0-9-]+\.[A-Za-z]{2,}")
# a process that the sanitizers report shows addresses, not data
lines = found = 0
for f in sorted(kept.glob("*.log")) + sorted(kept.glob("*.audit")):
    for n, line in enumerate(f.read_bytes().split(b"\n"), 1):
        lines += 1
        why = [b"a secret"] if any(s in line for s in secrets) else []
        if f.suffix == ".log":
            why += [b"a phone"] if phone.search(line) else []
            why += [b"an e-mail"] if email.search(line) else []
        for w in why:
            found += 1
            print(f"{f.name}:{n}: {w.decode()}")
print(f"{lines} lines, {len(secrets)} secrets, {found} found")
EOF
sed 's/^/# /' "$work/found"
# shellcheck disable=SC2046 # the last line's words
set -- $(tail -1 "$work/found")
check "the other tests left lines to search" [ "${1:-0}" -gt 100 ]
check "and secrets to search for" [ "${3:-0}" -gt 20 ]
check "none was found" [ "${5:-1}" = 0 ]
finish
