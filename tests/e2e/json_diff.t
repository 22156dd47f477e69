#!/bin/sh
# Our JSON reader against Python's json module on thousands of dumps.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${srcdir:-.}/tests/e2e/lib.sh"
mkdir "$work/files"
check "every cell of 4,000 dumps is as Python reads it; of 4,000 damaged ones \
those are refused that Python refuses" \
    "$python" "$srcdir/tests/e2e/json_diff.py" \
    "$builddir/tests/formats/print_rows" "$work/files"
finish
