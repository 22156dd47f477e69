#!/bin/sh
# Our CSV reader against Python's csv module on ten thousand files.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${srcdir:-.}/tests/e2e/lib.sh"
mkdir "$work/files"
check "every cell of 10,000 files is as Python reads it" \
    "$python" "$srcdir/tests/e2e/csv_diff.py" \
    "$builddir/tests/formats/print_rows" "$work/files"
finish
