"""Random workbooks by openpyxl, and what a reader should make of their cells.

	xlsx.py make FOLDER COUNT SEED	writes N.xlsx and N.want
	xlsx.py compare FOLDER COUNT	against N.got, what print_rows wrote

Inline strings, rich text, numbers without a cell's name and other producers'
prefixes are not openpyxl's way, so its files are rewritten here and there.
"""
import datetime
import decimal
import json
import random
import re
import sys
import zipfile

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904

LETTERS = "абвгдёЖЩЫюя abcXYZ 0123456789;,\"'&<>\n\t€№😀\u00a0"
DAY = datetime.timedelta(days=1)


def number_text(v):
    """A number as a person meant it: 15 of openpyxl's 16 digits."""
    if isinstance(v, int):
        return str(v)
    fifteen = decimal.Context(prec=15, rounding=decimal.ROUND_HALF_UP)
    return format(fifteen.create_decimal("%.16g" % v).normalize(), "f")


def random_text(r):
    n = r.choice((1, 3, 10, 200))
    return "".join(r.choice(LETTERS) for _ in range(n))


def random_cell(r):
    """(value, number format or None, what is expected)"""
    kind = r.randrange(9)
    if kind == 0:
        return None, None, ""
    if kind == 1:
        v = random_text(r)
        return v, None, v
    if kind == 2:
        v = r.choice((r.randrange(100), r.randrange(10**15), -r.randrange(10**6)))
        return v, None, number_text(v)
    if kind == 3:
        v = r.choice((r.randrange(10**9) / 100, r.random(), r.random() * 1e-4))
        return v, r.choice((None, "0.00", '#,##0.00" руб."')), number_text(v)
    if kind == 4:
        v = r.random() < 0.5
        return v, None, "true" if v else "false"
    when = datetime.datetime(1905, 1, 1) + DAY * r.randrange(60000)
    if kind == 5:
        return when.date(), "dd.mm.yyyy", when.strftime("%Y-%m-%d")
    when += datetime.timedelta(seconds=r.randrange(1, 86400))
    if kind == 6:
        form = r.choice(("yyyy-mm-dd hh:mm:ss", "dd/mm/yy h:mm", "[$-419]d mmm yyyy;@"))
        return when, form, when.strftime("%Y-%m-%d %H:%M:%S")
    if kind == 7:
        return when.time(), "h:mm", when.strftime("%H:%M:%S")
    return r.choice(("#N/A", "#DIV/0!")), None, None


def rewrite(path, r):
    """What other producers do to the same cells."""
    with zipfile.ZipFile(path) as z:
        parts = {i.filename: z.read(i) for i in z.infolist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    shared = parts.get("xl/sharedStrings.xml", b"").decode()
    strings = re.findall(r"<si>(.*?)</si>", shared, re.S)
    if r.random() < 0.3:  # inline strings
        sheet = re.sub(
            r't="s"><v>(\d+)</v>',
            lambda m: 't="inlineStr"><is>%s</is>' % strings[int(m[1])], sheet)
    if r.random() < 0.3:  # a prefix of one's own
        sheet = re.sub(r"<(/?)(worksheet|sheetData|row|c|v|is|t)(?=[ >/])", r"<\1x:\2", sheet)
        sheet = sheet.replace("xmlns=", "xmlns:x=", 1)
        sheet = re.sub(r"<(?![/?x])", "<x:", sheet).replace("</", "</x:").replace("x:x:", "x:")
    if shared and r.random() < 0.3:  # rich text, and how it is read aloud
        text = re.sub(
            r"<si><t( [^>]*)?>(.)(.*?)</t></si>",
            lambda m: '<si><r><t xml:space="preserve">%s</t></r><r><rPr><b/></rPr>'
            '<t xml:space="preserve">%s</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si>'
            % (m[2], m[3]) if m[2] != "&" else m[0], shared, flags=re.S)
        parts["xl/sharedStrings.xml"] = text.encode()
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    with zipfile.ZipFile(path, "w", r.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as z:
        for name, data in parts.items():
            z.writestr(name, data)


def make_one(path, want, r):
    book = openpyxl.Workbook()
    if r.random() < 0.3:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    rows = []
    for line in range(1, r.choice((2, 10, 60))):
        cells = []
        if r.random() < 0.2:
            continue
        for column in range(1, r.choice((2, 5, 20))):
            value, form, expect = random_cell(r)
            if value is None:
                cells.append("")
                continue
            cell = sheet.cell(line, column, value)
            if form is not None:
                cell.number_format = form
            cells.append(value if expect is None else expect)
        while cells and cells[-1] == "":
            cells.pop()
        if cells:
            rows.append([line, cells])
    book.save(path)
    rewrite(path, r)
    with open(want, "w") as f:
        json.dump(rows, f)


def compare_one(want, got):
    rows = []
    for text in open(got):
        line, cells, reject = json.loads(text)
        assert reject == "none", text
        while cells and cells[-1] == "":
            cells.pop()
        if cells:
            rows.append([line, cells])
    expected = json.load(open(want))
    for a, b in zip(expected, rows):
        if a != b:
            sys.exit(f"{got}: wanted {a}, not {b}")
    if len(expected) != len(rows):
        sys.exit(f"{got}: wanted {len(expected)} rows, not {len(rows)}")


def main():
    folder, count = sys.argv[2], int(sys.argv[3])
    r = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 0)
    for i in range(count):
        if sys.argv[1] == "make":
            make_one(f"{folder}/{i}.xlsx", f"{folder}/{i}.want", r)
        else:
            compare_one(f"{folder}/{i}.want", f"{folder}/{i}.got")


main()
