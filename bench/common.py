"""What every job of the bench needs: an instance of convdrop, its memory and
its work, dumps, clocks."""
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("builddir", TOP / "build"))
CACHE = pathlib.Path(
    os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"),
    "convdrop-bench")
STOLEN = 0.03  # of a turn's work, by the host, is too much to count
TRIES = 8      # of such a turn


def free_port():
    while True:
        port = random.randint(15000, 32000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return port


def wait_for(what, limit=60.0):
    end = time.monotonic() + limit
    while not what():
        if time.monotonic() > end:
            raise SystemExit("bench: waited in vain")
        time.sleep(0.002)


def accepts(port):
    def probe():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    return probe


def timed(command, **more):
    begin = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **more)
    return time.monotonic() - begin


def ratio_line(job, ours, theirs, peer):
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"{job}: {a:.2f} s, {peer} {b:.2f} s: {b / a:.2f} times its speed "
          f"(ours {min(ours):.2f} to {max(ours):.2f}, "
          f"its {min(theirs):.2f} to {max(theirs):.2f})", flush=True)


class Instance:
    """A convdrop of its own and its daemon."""

    def __init__(self, work, *options):
        self.dir = work / "instance"
        self.sftp, self.https, self.http = (free_port() for _ in range(3))
        out = subprocess.run(
            [BUILD / "convdrop", "init", self.dir, "--json", "--sftp-port",
             str(self.sftp), "--https-port", str(self.https), "--http-port",
             str(self.http), *options],
            check=True, capture_output=True, text=True).stdout
        self.init = json.loads(out)
        self.log = work / "log"
        self.daemon = None

    def tool(self, *words):
        subprocess.run([BUILD / "convdrop", "-c", self.dir / "convdrop.conf",
                        *words], check=True, stdout=subprocess.DEVNULL)

    def start(self, **env):
        with open(self.log, "w") as log:
            self.daemon = subprocess.Popen(
                [BUILD / "convdropd", "-c", self.dir / "convdrop.conf"],
                stderr=log, start_new_session=True,
                env={**os.environ, **env})
        wait_for(lambda: "ready" in self.log.read_text())

    def stop(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            self.daemon.wait()

    def pid(self, role):
        for p in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (p / "cmdline").read_bytes().split(b"\0")
                parent = int((p / "stat").read_text().rsplit(")", 1)[1]
                             .split()[1])
            except OSError:
                continue
            if role.encode() in words and parent == self.daemon.pid:
                return int(p.name)
        return 0


class Memory(threading.Thread):
    """The most private memory that a process had, looked at 50 times a second.
    Pages of files, which the kernel may take back, are not its own."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.status = pathlib.Path(f"/proc/{pid}/status")
        self.peak_kb = 0
        self.ended = threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.02):
            try:
                text = self.status.read_text()
            except OSError:
                return
            for line in text.splitlines():
                if line.startswith("RssAnon"):
                    self.peak_kb = max(self.peak_kb, int(line.split()[1]))

    def stop(self):
        self.ended.set()
        self.join()
        return self.peak_kb / 1024


def make_dump(work, rows, seed, *more, dups=0.2, name=None):
    """A dump of the last hundred days; the generator is a test's."""
    gen = work / "gen_dump"
    if not gen.exists():
        subprocess.run(["gcc", "-O2", "-o", gen, TOP / "tests/gen_dump.c"],
                       check=True)
    path = work / (name or f"dump-{rows}-{seed}.csv")
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 100 * 86400))
    with open(path, "wb") as f:
        subprocess.run([gen, "--rows", str(rows), "--seed", str(seed), "--dups",
                        str(dups), "--first-day", day, "--days", "95",
                        "--multiline", "0", *more], check=True, stdout=f)
    return path


def cpu_of(pid):
    """Seconds that a process and its threads have worked."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    user, system = fields.rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Host:
    """What the host of a virtual machine gave to others from now on, while
    somebody here would have worked (proc_stat(5), steal)."""

    def __init__(self):
        self.before = self.ticks()

    @staticmethod
    def ticks():
        with open("/proc/stat") as f:
            cpu = [int(n) for n in f.readline().split()[1:9]]
        user, nice, system, _, _, irq, softirq, steal = cpu
        return user + nice + system + irq + softirq, steal

    def stolen(self):
        """As a share of what was worked here and what was stolen."""
        worked, stolen = (now - then for now, then in
                          zip(self.ticks(), self.before))
        return stolen / max(worked + stolen, 1)


def left_alone(work):
    """What work() answers, which share of the processors the host took
    meanwhile, and how often it was run again because of that: the turn counts
    that the host left alone most, whatever its outcome."""
    turns = []
    while len(turns) < TRIES and all(stolen > STOLEN for _, stolen in turns):
        host = Host()
        did = work()
        turns.append((did, host.stolen()))
    did, stolen = min(turns, key=lambda turn: turn[1])
    return did, stolen, len(turns) - 1


# --- a server's processes ---

def stat_of(pid):
    """What /proc/PID/stat has after the name; empty when it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rsplit(")", 1)[1].split()


def family(root):
    """A process, its children and theirs."""
    children = {}
    for p in pathlib.Path("/proc").glob("[0-9]*"):
        fields = stat_of(p.name)
        if fields:
            children.setdefault(int(fields[1]), []).append(int(p.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_of_family(root):
    """Seconds that they have worked, and the children that have ended."""
    ticks = 0
    for pid in family(root):
        fields = stat_of(pid)
        ticks += sum(int(f) for f in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def private_kb(pid):
    """The memory that is this process's alone."""
    kb = 0
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith(("Private_Clean", "Private_Dirty")):
            kb += int(line.split()[1])
    return kb


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def set_conf(inst, **settings):
    """Changes settings of an instance that does not run yet."""
    path = inst.dir / "convdrop.conf"
    text = path.read_text()
    for name, value in settings.items():
        text, n = re.subn(rf"(?m)^(\s*){name} = .*",
                          lambda m: f"{m[1]}{name} = {value}", text)
        if n == 0:
            raise SystemExit(f"bench: no setting {name}")
    path.write_text(text)


# --- bench/results.md ---

RESULTS = TOP / "bench/results.md"


def machine():
    model = ""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    control = pathlib.Path(
        "/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    return (f"{os.cpu_count()} cores ({model}), Linux {os.uname().release}, "
            f"{control}")


def write_section(path, name, text):
    """Puts a job's section in the place of the one it had."""
    old = path.read_text() if path.exists() else (
        "# What scripts/bench measured\n\nOnly ratios of one run mean "
        "something: servers, clients and peers share one machine.\n")
    parts = re.split(r"(?m)^(?=## )", old)
    parts = [p for p in parts if not p.startswith(f"## {name}\n")]
    path.write_text("\n\n".join(
        p.strip() for p in [*parts, f"## {name}\n\n{text}"]) + "\n")
