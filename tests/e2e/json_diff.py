"""Our JSON reader against Python's json module.

usage: json_diff.py PRINT_ROWS FOLDER [SEED]

Random dumps in every shape that is read, from Python's own encoder and from
one that writes as people do (odd blanks, escapes, long numbers, names twice).
Python parses their records, flattens them by the rules of convdrop(1), and
every cell and line must be the same.  Then some bytes are changed: a dump must
be read without complaint if and only if Python still takes it for JSON.
"""
import json
import os
import random
import re
import subprocess
import sys

FILES = 4000
MUTANTS = 4000
BATCH = 200
LONG = 3  # dumps whose names go on coming behind the first thousand records
NAMES = ["id", "clientUniqId", "create_date_time", "phone", "Имя", "a b", "e",
         "é", "x.y", "\"q\"", "tab\t", "😀", "revenue", "", "u\u2028", "\\"]
LETTERS = "abc  ЖЩёé€😀\"\\/\b\f\n\r\t\x7f\u00a0\u2028'&<>;,.{}[]:0179-+"


class Object(list):
    """Members in their order, also those of one name."""


def parse(text):
    return json.loads(text, object_pairs_hook=Object, parse_int=str,
                      parse_float=str)


# --- the rules ---------------------------------------------------------------

def text_of(value):
    return {None: "", True: "true", False: "false"}.get(value, value)


def walk(cells, name, value, listed):
    if isinstance(value, Object):
        for key, v in value:
            walk(cells, key if name is None else name + "." + key, v, listed)
    elif isinstance(value, list):
        for v in value:
            walk(cells, name, v, True)
    elif listed and cells.get(name):
        if text_of(value):
            cells[name] += "," + text_of(value)
    else:
        cells[name] = text_of(value)


def flatten(record):
    cells = {}
    walk(cells, None, record, False)
    return cells


def shown(name):
    return name if name.strip(" \t\n\v\f\r\u00a0") else '"' + name + '"'


# --- dumps -------------------------------------------------------------------

def number(chance):
    kind = chance.random()
    if kind < 0.4:
        return str(chance.randrange(-10 ** 6, 10 ** 6))
    if kind < 0.6:
        return str(chance.randrange(10 ** 17, 2 ** 64))
    if kind < 0.9:
        return f"{chance.randrange(10 ** 7)}.{chance.randrange(100):02}"
    return chance.choice(["0", "-0", "1E+5", "-2.50e-03", "0.1e1", "12e0"])


def letters(chance):
    return "".join(chance.choice(LETTERS)
                   for _ in range(chance.choice([0, 1, 3, 10, 40])))


def string(chance, s):
    """With escapes where none are needed."""
    out = []
    for c in s:
        short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t",
                 "\r": "\\r", "\b": "\\b", "\f": "\\f", "/": "\\/"}.get(c)
        if short and (c != "/" or chance.random() < 0.5):
            out.append(short)
        elif c < " " or chance.random() < 0.1:
            units = c.encode("utf-16-be").hex()
            out.extend("\\u" + (units[i:i + 4].upper() if chance.random() < 0.5
                                else units[i:i + 4])
                       for i in range(0, len(units), 4))
        else:
            out.append(c)
    return '"' + "".join(out) + '"'


def blanks(chance):
    return chance.choice(["", "", "", " ", "  ", "\t"])


def value(chance, depth):
    kind = chance.random()
    if kind < 0.35:
        return string(chance, letters(chance))
    if kind < 0.6:
        return number(chance)
    if kind < 0.75 or depth > 3:
        return chance.choice(["true", "false", "null"])
    gap = blanks(chance)
    if kind < 0.87:
        return members(chance, depth + 1, chance.randrange(4))
    inner = [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return "[" + gap + ("," + gap).join(inner) + gap + "]"


def members(chance, depth, n):
    gap = blanks(chance)
    inner = [gap + string(chance, chance.choice(NAMES)) + gap + ":" + gap +
             value(chance, depth) for _ in range(n)]
    return "{" + ",".join(inner) + gap + "}"


def dump(chance, records=None):
    """Its text, and where each record begins and what it is."""
    n = records or chance.choice([1, 2, 3, 10, 30])
    own = chance.random() < 0.6
    eol = chance.choice(["\n", "\r\n", "\r"])
    shape = chance.choice(["list", "list", "wrapped", "lines"])
    rows = []
    for i in range(n):
        if own:
            rows.append(members(chance, 1, chance.randrange(6)))
        else:
            plain = json.loads(members(chance, 1, chance.randrange(6)))
            rows.append(json.dumps(
                plain, ensure_ascii=chance.random() < 0.5,
                indent=2 if chance.random() < 0.3 else None))
        if records and i > 1100 and i % 50 == 0:
            rows[-1] = f'{{"new{i % 200}": {i}, "id": 1}}'
    if shape == "lines":
        rows.insert(0, '{"id": 1}')  # one alone may be read as a wrapping
        rows.append('{"id": 2}')
        head, between, tail = "", eol * chance.randrange(1, 3), eol
    else:
        gap = chance.choice(["", eol, eol + "  ", " "])
        head, between, tail = "[" + gap, "," + gap, gap + "]"
        if not rows[0].strip("{} \n"):
            rows[0] = '{"id": 3}'
    if shape == "wrapped":
        head = '{"page": {"n": [1, []]}, "t": "[{", "orders": ' + head
        tail += ', "total": ' + number(chance) + "}" + eol
    text, begins = head, []
    for i, row in enumerate(rows):
        text += between if i else ""
        begins.append(len(text))
        text += row
    return text + tail, begins, rows, shape


def line_of(text, at):
    return 1 + len(re.findall(r"\r\n|\r|\n", text[:at]))


def encode(chance, text):
    name = chance.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
    return text.encode(name)


# --- comparing ---------------------------------------------------------------

def ours(program, paths):
    out = subprocess.run([program, "-m", *paths], stdout=subprocess.PIPE,
                         check=True).stdout.decode()
    files, rows = [], []
    for line in out.splitlines() if "\u2028" not in out else out.split("\n"):
        row = json.loads(line) if line else None
        if isinstance(row, str):
            files.append((row, rows))
            rows = []
        elif row is not None:
            rows.append(row)
    return files


def compare(want, got):
    end, rows = got
    if end != "end":
        return f"reading ended with {end}"
    header, seen = [], 0
    for line, cells, reject in rows:
        if line == 0:
            if cells[:len(header)] != header:
                return f"the header {header} became {cells}"
            header = cells
            continue
        if reject != "none":
            return f"line {line} was refused: {reject}"
        if seen == len(want):
            return f"line {line}: a record too many"
        at, record = want[seen]
        seen += 1
        if line != at:
            return f"line {line}, Python: {at}"
        if len(cells) != len(header):
            return f"line {line}: {len(cells)} cells of {len(header)}"
        full = {shown(k): v for k, v in record.items()}
        if {k: v for k, v in zip(header, cells)} != \
                {k: full.pop(k, "") for k in header} or full:
            return f"line {line}: {header} {cells}, Python: {record}"
    return None if seen == len(want) else f"{seen} of {len(want)} records"


def differential(program, folder, chance):
    bad = 0
    for batch in range(FILES // BATCH):
        paths = [os.path.join(folder, f"{i}.json") for i in range(BATCH)]
        want = []
        for i, path in enumerate(paths):
            long = batch == 0 and i < LONG
            text, begins, rows, _ = dump(chance, 1600 if long else None)
            want.append([(line_of(text, at), flatten(parse(row)))
                         for at, row in zip(begins, rows)])
            with open(path, "wb") as f:
                f.write(encode(chance, text))
        for path, w, g in zip(paths, want, ours(program, paths)):
            why = compare(w, g)
            if why is not None:
                bad += 1
                if bad <= 10:
                    print(f"batch {batch}, {path}: {why}")
    print(f"{FILES} dumps, {bad} differ")
    return bad


def takes(text):
    """Does Python? Without what it takes beyond JSON, half pairs, zeros."""
    def none(_):
        raise ValueError
    try:
        all_of_it = json.loads(text, parse_constant=none,
                               object_pairs_hook=list)
        back = json.dumps(all_of_it, ensure_ascii=False)
        back.encode()
    except ValueError:
        return False
    return re.search(r"(?<!\\)(\\\\)*\\u0000", back) is None


def mutate(chance, text, first):
    """A comma more between records is no harm to us, so none is touched; and
    what begins otherwise is no JSON."""
    at = chance.randrange(first + 1, len(text))
    other = chance.choice('{}[]":x0-+.\\ \n\tnulltrue')
    if text[at] == ",":
        return text
    return text[:at] + chance.choice(["", other, other + text[at]]) + \
        text[at + 1:]


def mutants(program, folder, chance):
    bad = refused = 0
    for _ in range(MUTANTS // BATCH):
        paths = [os.path.join(folder, f"{i}.json") for i in range(BATCH)]
        texts = []
        for path in paths:
            shape = ""
            while shape != "list":
                text, begins, _, shape = dump(chance)
            texts.append(mutate(chance, text, begins[0]))
            with open(path, "wb") as f:
                f.write(texts[-1].encode())
        for text, (end, rows) in zip(texts, ours(program, paths)):
            clean = end == "end" and all(row[2] == "none" for row in rows)
            refused += not clean
            if clean != takes(text):
                bad += 1
                if bad <= 10:
                    print(f"{end}, Python: {takes(text)}: {text!r}")
    print(f"{MUTANTS} mutants, {refused} refused, {bad} wrongly")
    return bad


def main():
    program, folder = sys.argv[1:3]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20260630
    chance = random.Random(seed)
    bad = differential(program, folder, chance)
    bad += mutants(program, folder, chance)
    return 1 if bad else 0


sys.exit(main())
