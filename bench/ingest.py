"""The jobs `ingest` and `rebuild`: from the inbox to the published file."""
import math
import os
import re
import shutil
import statistics
import subprocess
import time

from bench.common import (
    CACHE, TOP, Instance, Memory, cpu_of, cpu_of_children,
    make_dump, ratio_line, timed, wait_for)

CACHE_MB = 16  # store/store.c: PRAGMA cache_size
DUCKDB = "1.5.6-r.1"
NODE_MODULES = CACHE / "node_modules"


def published_after(inst, dump):
    """Seconds from the rename into the inbox to the rename of the file."""
    target = inst.dir / "published/main/conversions.csv"
    before = target.stat().st_ino if target.exists() else 0
    hidden = inst.dir / "inbox/main/.dump"
    shutil.copy(dump, hidden)
    begin = time.monotonic()
    hidden.rename(inst.dir / "inbox/main" / dump.name)
    wait_for(lambda: target.exists() and target.stat().st_ino != before, 600)
    return time.monotonic() - begin


def one_ingest(work, dump):
    """A new instance's first dump: seconds, peak of private memory in MB."""
    folder = work / "ingest"
    folder.mkdir()
    inst = Instance(folder)
    inst.start()
    try:
        wait_for(lambda: inst.pid("ingest") != 0)
        memory = Memory(inst.pid("ingest"))
        return published_after(inst, dump), memory.stop()
    finally:
        inst.stop()
        shutil.rmtree(folder)


def python_peer(work, dump):
    try:
        return timed(["/usr/bin/python3",
                      TOP / "scripts/peers/python_csv_sqlite.py", dump,
                      work / "peer.db", work / "peer.csv"])
    finally:
        remove_peer(work)


def duckdb_peer(work, dump):
    try:
        return timed(["node", TOP / "scripts/peers/duckdb.js", dump,
                      work / "peer.csv", work / "peer.db"],
                     env={**os.environ, "NODE_PATH": str(NODE_MODULES)})
    finally:
        remove_peer(work)


def remove_peer(work):
    for p in work.glob("peer.*"):
        p.unlink()


def install_duckdb():
    """Into a folder outside the tree; why it cannot be, else None."""
    if (NODE_MODULES / "@duckdb/node-api").is_dir():
        return None
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not installed"
    NODE_MODULES.parent.mkdir(parents=True, exist_ok=True)
    out = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix",
         NODE_MODULES.parent, f"@duckdb/node-api@{DUCKDB}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return None if out.returncode == 0 else "npm cannot install it: " + (
        (out.stderr.strip().splitlines() or ["no reason given"])[-1])


def race(work, options, rows, peers):
    """Interleaved rounds; the median of ours, the peak of its memory."""
    dump = make_dump(work, rows, 1)
    size = dump.stat().st_size / 1e6
    ours, peak = [], 0
    theirs = {name: [] for name, _ in peers}
    for _ in range(options.rounds):
        took, memory = one_ingest(work, dump)
        ours.append(took)
        peak = max(peak, memory)
        for name, run in peers:
            theirs[name].append(run(work, dump))
    dump.unlink()
    job = f"ingest {rows} rows ({size:.0f} MB), drop to published"
    for name, took in theirs.items():
        ratio_line(job, ours, took, name)
    took = statistics.median(ours)
    print(f"{job}: {took:.2f} s, peak private memory of ingest {peak:.0f} MB"
          + (f", {peak - CACHE_MB:.0f} MB apart from the database's cache "
             f"({CACHE_MB} MB, full)" if rows >= 1000000 else ""), flush=True)
    return took


def ingest(work, options):
    python = ("Python csv + sqlite", python_peer)
    peers = [python]
    missing = install_duckdb()
    if missing:
        print(f"ingest: without DuckDB as a peer: {missing}", flush=True)
    else:
        peers.append(("DuckDB", duckdb_peer))
    race(work, options, options.rows, [python])
    if options.short:
        return
    million = race(work, options, 1000000, peers)
    rounds, options.rounds = options.rounds, min(options.rounds, 3)
    five = race(work, options, 5000000, [])
    options.rounds = rounds
    print(f"ingest 5000000 rows against 1000000: {five / million:.2f} times as "
          f"long, growth exponent {math.log(five / million) / math.log(5):.2f}",
          flush=True)


def make_days(work, rows, dumps):
    """What a feed of so many orders is fed: an export of all there are, then a
    day's orders, the third of it, and those that changed."""
    daily = rows * 6 // 10 // max(dumps - 1, 1)
    first = rows - daily * (dumps - 1)
    begin = 0
    for n in range(dumps):
        new = daily if n > 0 else first
        yield make_dump(work, new, 1, "--first", str(begin), "--changed",
                        str(2 * new if n > 0 else 0), "--per-day",
                        str(rows // 95 + 1), dups=0, name=f"{n:03}.csv")
        begin += new


def settled(inst):
    """Waits until the ingest process has nothing more to do, packing too."""
    pid = inst.pid("ingest")
    before = -1.0
    while before != (before := cpu_of(pid)):
        time.sleep(1.5)


class Clock:
    """Seconds, and those that were worked, of one thing."""

    def __init__(self, used):
        self.used = used
        self.begin = time.monotonic(), used()

    def stop(self):
        return time.monotonic() - self.begin[0], self.used() - self.begin[1]


def one_history(work, dumps):
    """A new instance's: how long ingesting, rebuilding, reprocessing take."""
    folder = work / "rebuild"
    folder.mkdir()
    inst = Instance(folder)
    conf = inst.dir / "convdrop.conf"
    conf.write_text(re.sub(r"(?m)^(\s*)hold = .*", r"\1hold = no",
                           conf.read_text()))
    inst.start()
    try:
        wait_for(lambda: inst.pid("ingest") != 0)
        pid = inst.pid("ingest")
        inbox = inst.dir / "inbox/main"
        for dump in dumps:
            shutil.copy(dump, inbox / f".{dump.name}")
        ours = Clock(lambda: cpu_of(pid))
        for dump in dumps:
            (inbox / f".{dump.name}").rename(inbox / dump.name)
        wait_for(lambda: not [p for p in os.listdir(inbox)
                              if not p.startswith(".")], 36000)
        inst.tool("publish", "main", "--reason", "what is due")
        took = [ours.stop()]
        settled(inst)
        again = Clock(cpu_of_children)
        inst.tool("rebuild", "main")
        took.append(again.stop())
        ours = Clock(lambda: cpu_of(pid))
        inst.tool("reprocess", "main")
        took.append(ours.stop())
        return took
    finally:
        inst.stop()
        shutil.rmtree(folder)


def rebuild(work, options):
    """The past once more against the first time.  That one publishes seldom,
    for the dumps lie there all at once; day by day it would take longer."""
    rows, count = options.rows, options.dumps
    dumps = list(make_days(work, rows, count))
    took = [one_history(work, dumps) for _ in range(options.rounds)]
    for i, name in ((1, "rebuilt"), (2, "reprocessed")):
        for k, what in ((0, "wall"), (1, "CPU")):
            first = statistics.median(t[0][k] for t in took)
            again = statistics.median(t[i][k] for t in took)
            ratio = statistics.median(t[0][k] / t[i][k] for t in took)
            print(f"{rows} orders, {count} dumps, {what} time: ingested in "
                  f"{first:.2f} s, {name} in {again:.2f} s: {ratio:.2f} times "
                  "the speed", flush=True)
