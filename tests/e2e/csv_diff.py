"""Ten thousand CSV files, read by us and by Python's csv module.

    csv_diff.py PRINT_ROWS FOLDER [SEED]

Python writes them, in every dialect that spreadsheets and CRMs write, and reads
them back; every cell must be the same.  Spaces and tabs around a cell are left
out of the comparison: we take them off, as libcsv does, where a cell has no
quotes.
"""
import csv
import json
import os
import random
import subprocess
import sys

FILES = 10000
BATCH = 500
HEADER = ["id", "create_date_time", "phones", "emails", "order_status",
          "revenue", "Примечание 1", "client_ids"]
WORDS = ["", "", "0", "79995551111", "+7 (999) 555-11-11", "Оплачен", "ё",
         "a;b", "a,b", "a\tb", "a|b", 'he said "no"', '"', '""', "two\nlines",
         "two\r\nlines", "\n", "x" * 300, " padded ", "\u00a0", "'+7", "=1+1",
         "1 508,50", "mail@example.com", ";", ",", "\"\n;", "№ 7"]
ENCODINGS = ["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1251"]


def rows_of(chance):
    width = chance.randint(2, len(HEADER))
    rows = [HEADER[:width]]
    for _ in range(chance.randint(1, 12)):
        rows.append([chance.choice(WORDS) for _ in range(width)])
    # a row of nothing at all is a blank line to Python and to us
    return [row for row in rows if any(row)]


def write(path, chance, delimiter, encoding):
    quoting = chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL,
                             csv.QUOTE_NONNUMERIC])
    end = chance.choice(["\n", "\r\n"])
    with open(path, "w", newline="", encoding=encoding,
              errors="replace") as f:
        w = csv.writer(f, delimiter=delimiter, quoting=quoting,
                       lineterminator=end)
        w.writerows(rows_of(chance))
    with open(path, newline="", encoding=encoding) as f:
        return [row for row in csv.reader(f, delimiter=delimiter) if row]


def ours(program, paths, delimiter, encoding):
    command = [program, "-m", "-x", "-e", {"cp1251": "cp1251"}.get(encoding,
                                                                  "")]
    if delimiter is not None:
        command += ["-d", delimiter]
    said = subprocess.run([*command, *paths], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    files, rows = [], []
    for line in said.splitlines():
        row = json.loads(line)
        if isinstance(row, str):
            files.append((row, rows))
            rows = []
        else:
            rows.append(row)
    return files


def trimmed(rows):
    return [[cell.strip(" \t") for cell in row] for row in rows]


def compare(path, want, got):
    end, rows = got
    if end != "end":
        return f"{path}: reading ended with {end}"
    for row in rows:
        if row[2] != "none":
            return f"{path}: line {row[0]} was refused: {row[2]}"
    if trimmed(row[1] for row in rows) != trimmed(want):
        for a, b in zip(rows, want):
            if trimmed([a[1]]) != trimmed([b]):
                return f"{path}: line {a[0]}: {a[1]!r}, Python: {b!r}"
        return f"{path}: {len(rows)} rows, Python: {len(want)}"
    return None


def main():
    program, folder = sys.argv[1:3]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20260630
    chance = random.Random(seed)
    bad = 0
    for batch in range(FILES // BATCH):
        delimiter = chance.choice(";,\t|")
        encoding = chance.choice(ENCODINGS)
        # found out, where it can be: a header of two has too few of them
        told = delimiter if delimiter == "|" or chance.random() < 0.5 else None
        paths = [os.path.join(folder, f"{i}.csv") for i in range(BATCH)]
        want = [write(p, chance, delimiter, encoding) for p in paths]
        got = ours(program, paths, told, encoding)
        assert len(got) == len(paths)
        for path, w, g in zip(paths, want, got):
            why = compare(path, w, g)
            if why is not None:
                bad += 1
                if bad <= 10:
                    print(f"seed {seed}, batch {batch} ({delimiter!r}, "
                          f"{encoding}, told {told!r}): {why}")
    print(f"{FILES} files, {bad} differ")
    return 1 if bad else 0


sys.exit(main())
