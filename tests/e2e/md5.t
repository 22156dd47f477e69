#!/bin/sh
# What pii = hash publishes is what md5sum(1) makes of the phones and e-mails as
# Direct wants them: some hundreds of each, written as people write them.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${srcdir:-.}/tests/e2e/lib.sh"

instance --feed main --pii hash
file=$dir/published/main/conversions.csv

# the dump, and in folders phones/ and emails/ a file with what each order's
# identifiers are when normalised
"$python" - "$work" "$(day 1 %Y-%m-%d)" <<'EOP'
import os, random, sys
work, day = sys.argv[1:]
random.seed(20260722)
def phone():
    n = "".join(random.choice("0123456789") for _ in range(9))
    a, b, c, d = "9" + n[:2], n[2:5], n[5:7], n[7:]
    return f"7{a}{b}{c}{d}", random.choice([
        f"+7 ({a}) {b}-{c}-{d}", f"8{a}{b}{c}{d}", f"8 {a} {b} {c} {d}",
        f"'+7{a}{b}{c}{d}", f"{a}{b}{c}{d}", f"7-{a}-{b}-{c}-{d}",
        f"+7\u00a0{a}\u00a0{b}\u2011{c}\u2011{d}"])
def email():
    user = "".join(random.choice("abcdefgxyz0123456789._-")
                   for _ in range(random.randint(1, 12))).strip("._-") or "a"
    while ".." in user:
        user = user.replace("..", ".")
    mail = f"{user}@{random.choice(['example.com', 'mail.example.org', 'ya.example'])}"
    return mail, random.choice([mail, mail.upper(), mail.title(), f"  {mail} ", f"\u00a0{mail}"])
for kind in ("phones", "emails"):
    os.mkdir(f"{work}/{kind}")
with open(f"{work}/people.csv", "w", encoding="utf-8") as f:
    f.write("create_date_time;id;phones;emails;order_status\n")
    for i in range(400):
        p, pw = phone()
        e, ew = email()
        f.write(f"{day} 10:00:00;o{i:03};{pw};{ew};PAID\n")
        open(f"{work}/phones/o{i:03}", "w").write(p)
        open(f"{work}/emails/o{i:03}", "w").write(e)
EOP
sums() { # KIND: "order md5" by md5sum, one call for all
	(cd "$work/$1" && md5sum -- *) | awk '{ print $2, $1 }'
}
published() { # COLUMN: "order md5"
	tail -n +2 "$file" | awk -F ';' -v c="$1" '{ print $2, $c }'
}
same() { # KIND COLUMN
	sums "$1" >"$work/sums" && published "$2" | diff "$work/sums" -
}
daemon
check "a dump of four hundred people is taken" \
    drop_and_wait "$work/people.csv" people.csv
check "and published" within 20 test -s "$file"
check "every phone's MD5 is md5sum's" same phones 8
check "every e-mail's MD5 is md5sum's" same emails 7
check "there are four hundred" [ "$(published 8 | wc -l)" = 400 ]
finish
