#!/bin/sh
# Workbooks that openpyxl writes, cell by cell, and memory that does not grow
# with a sheet.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${srcdir:-.}/tests/e2e/lib.sh"

print_rows=$builddir/tests/formats/print_rows
count=300
mkdir "$work/books"
check "openpyxl writes workbooks" \
    "$python" "$srcdir/tests/e2e/xlsx.py" make "$work/books" $count 7
read_all() {
	i=0
	while [ $i -lt $count ]; do
		"$print_rows" "$work/books/$i.xlsx" >"$work/books/$i.got" || return 1
		i=$((i + 1))
	done
}
check "all of them are read" read_all
check "every cell as openpyxl wrote it" \
    "$python" "$srcdir/tests/e2e/xlsx.py" compare "$work/books" $count

# --- memory -----------------------------------------------------------------
cat >"$work/large.py" <<'EOP'
import sys, zipfile
rows, path = int(sys.argv[1]), sys.argv[2]
rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
    z.writestr("xl/workbook.xml", f'<workbook xmlns:r="{rel}"><sheets><sheet name="a" r:id="a"/></sheets></workbook>')
    z.writestr("xl/_rels/workbook.xml.rels", f'<Relationships><Relationship Id="a" Type="{rel}/worksheet" Target="s.xml"/></Relationships>')
    with z.open("xl/s.xml", "w", force_zip64=True) as f:
        f.write(b"<worksheet><sheetData>")
        for i in range(1, rows + 1):
            f.write(b'<row r="%d">' % i + b"".join(
                b'<c r="%c%d" t="inlineStr"><is><t>cell %d of row %d</t></is></c>' % (65 + k, i, k * 7919 * i, i)
                for k in range(8)) + b"</row>")
        f.write(b"</sheetData></worksheet>")
EOP
peak() { # FILE: KiB
	"$python" - "$print_rows" "$1" <<-'EOP'
	import resource, subprocess, sys
	subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
	print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
	EOP
}
"$python" "$work/large.py" 1000 "$work/small.xlsx"
"$python" "$work/large.py" "${XLSX_ROWS:-60000}" "$work/large.xlsx"
small=$(peak "$work/small.xlsx")
large=$(peak "$work/large.xlsx")
echo "# peak memory: $small KiB for $(stat -c %s "$work/small.xlsx") bytes, $large KiB for $(stat -c %s "$work/large.xlsx")"
check "a sheet sixty times as long takes no more memory" \
    [ "$large" -lt $((small * 2)) ]
finish
