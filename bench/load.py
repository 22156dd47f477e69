"""The job `load`: sessions held, pulls running, versions coming, and nothing
that grows, breaks or mixes."""
import base64
import ftplib
import hashlib
import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time

from bench.common import (
    RESULTS, Instance, descriptors, family, free_port, machine, private_kb,
    set_conf, write_section)
from bench.serve import SSH, ask

SESSIONS = 200
PULLS = 20
REST_S = 5  # before it is looked what processes hold
POKE_S = 8  # each session held is asked something that often
GROWTH = 1.25
GROWTH_KB = 2048  # what an allocator may keep besides


class Trouble:
    def __init__(self):
        self.lock = threading.Lock()
        self.seen = []

    def add(self, what):
        with self.lock:
            self.seen.append(what)
        print(f"load: {what}", flush=True)


# --- versions: the file that is pulled, and a feed's own ---

class Publisher(threading.Thread):
    """Every second a new version of a large file, beside the old one and then
    in its place as publishing does it, and a dump with a new price, which
    ingest makes a version of the feed's own file."""

    def __init__(self, inst, mb):
        super().__init__(daemon=True)
        self.folder = inst.dir / "published/main"
        self.inbox = inst.dir / "inbox/main"
        self.own = self.folder / "conversions.csv"
        self.day = time.strftime("%Y-%m-%d",
                                 time.gmtime(time.time() - 3 * 86400))
        self.mb = mb
        self.block = os.urandom(1 << 20)
        self.hashes = {}
        self.own_seen = set()
        self.ended = threading.Event()
        self.version()

    def version(self):
        n = len(self.hashes) + 1
        digest, hidden = hashlib.sha256(), self.folder / ".large"
        with open(hidden, "wb") as f:
            for k in range(self.mb):
                part = f"{n:016}".encode() + self.block[16:]
                digest.update(part)
                f.write(part)
        self.hashes[digest.hexdigest()] = n
        hidden.rename(self.folder / "large.csv")
        dump = self.inbox / ".dump"
        dump.write_text("create_date_time;id;emails;order_status;revenue\n"
                        f"{self.day} 12:00:00;1;a@example.com;PAID;{n}\n")
        dump.rename(self.inbox / f"dump-{n}.csv")

    def run(self):
        due = time.monotonic() + 1
        while not self.ended.is_set():
            if self.ended.wait(max(0.0, min(due - time.monotonic(), 0.1))):
                break
            if self.own.exists():
                self.own_seen.add(self.own.stat().st_ino)
            if time.monotonic() >= due:
                self.version()
                due = max(due + 1, time.monotonic())

    def stop(self):
        self.ended.set()
        self.join()


# --- pulls ---

class Puller(threading.Thread):
    def __init__(self, urls, words, versions, trouble):
        super().__init__(daemon=True)
        self.urls, self.words = urls, words
        self.versions, self.trouble = versions, trouble
        self.pulls = self.torn = 0
        self.ended = threading.Event()

    def pull(self, url):
        p = subprocess.Popen(["curl", "-sSf", "-k", *self.words, url],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        digest = hashlib.sha256()
        while block := p.stdout.read(1 << 18):
            digest.update(block)
        said = p.stderr.read().decode().strip()
        if p.wait() != 0:
            self.trouble.add(f"{url}: {said}")
        elif digest.hexdigest() not in self.versions:
            self.torn += 1
            self.trouble.add(f"{url}: the bytes are of no version")
        self.pulls += 1

    def run(self):
        while not self.ended.is_set():
            self.pull(self.urls[self.pulls % len(self.urls)])


# --- sessions ---

class HeldSftp:
    def __init__(self, rig):
        self.p = subprocess.Popen(
            [str(w) for w in ("sftp", *SSH, "-i", rig.key, "-b", "-", "-P",
                              rig.inst.sftp, "bench@127.0.0.1")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.poke()

    def poke(self):
        if self.p.poll() is not None:
            raise OSError("the SFTP session is over")
        self.p.stdin.write("cd /main\n")  # pwd alone asks the server nothing
        ask(self.p, "pwd")

    def close(self):
        self.p.stdin.close()
        self.p.wait()


class HeldFtps:
    def __init__(self, rig):
        self.f = ftplib.FTP_TLS(context=rig.context, timeout=60)
        self.f.connect("localhost", rig.ftp)
        self.f.login("direct", rig.password)
        self.f.prot_p()

    def poke(self):
        self.f.voidcmd("NOOP")

    def close(self):
        self.f.close()


class HeldHttps:
    def __init__(self, rig):
        self.request = (f"HEAD /main/large.csv HTTP/1.1\r\nHost: localhost\r\n"
                        f"Authorization: {rig.basic}\r\n\r\n").encode()
        s = socket.create_connection(("localhost", rig.inst.https), 60)
        self.s = rig.context.wrap_socket(s, server_hostname="localhost")
        self.poke()

    def poke(self):
        self.s.sendall(self.request)
        if not self.s.recv(4096).startswith(b"HTTP/1.1 200 "):
            raise OSError("the HTTPS session is over")

    def close(self):
        self.s.close()


class Keeper(threading.Thread):
    """Asks every session something, so that each is known to live."""

    def __init__(self, sessions, trouble):
        super().__init__(daemon=True)
        self.sessions, self.trouble = sessions, trouble
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(POKE_S):
            for held in self.sessions:
                try:
                    held.poke()
                except (OSError, EOFError, ftplib.Error) as e:
                    self.trouble.add(f"{type(held).__name__}: {e}")

    def stop(self):
        self.ended.set()
        self.join()


# --- what processes hold ---

def role_of(pid):
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return " ".join(w.decode() for w in words[1:] if w
                    and not w.startswith((b"-", b"/"))) or "parent"


def look(inst):
    """Of each role: processes, private memory in KB, descriptors."""
    seen = {}
    for pid in family(inst.daemon.pid):
        role = role_of(pid)
        if role is None:
            continue
        count, kb, fds = seen.get(role, (0, 0, 0))
        seen[role] = (count + 1, kb + private_kb(pid), fds + descriptors(pid))
    return seen


def flat(before, after):
    return (after[1] <= before[1] * GROWTH + GROWTH_KB
            and after[2] <= before[2] and after[0] <= before[0])


def come_to_rest(inst, processes):
    end = time.monotonic() + 20
    while time.monotonic() < end and len(family(inst.daemon.pid)) > processes:
        time.sleep(0.1)
    time.sleep(REST_S)


class Rig:
    def __init__(self, work):
        self.ftp = free_port()
        self.inst = inst = Instance(work, "--ftp-port", str(self.ftp))
        set_conf(inst, max_connections=1000, max_per_address=900,
                 max_unauthenticated=800, max_unauth_per_address=700,
                 early_drop_percent=0, reserve_bytes="1MiB", hold="no",
                 http_request_s=120)
        self.key = work / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        self.key], check=True)
        inst.tool("user", "add", "bench", "--role", "pull", "--feed", "main",
                  "--key", f"{self.key}.pub")
        self.password = inst.init["users"]["direct"]["password"]
        self.basic = "Basic " + base64.b64encode(
            f"direct:{self.password}".encode()).decode()
        self.curlrc = work / "curlrc"
        self.curlrc.write_text(f'user = "direct:{self.password}"\n')
        self.context = ssl.create_default_context(
            cafile=inst.dir / "keys/tls.crt")

    def urls(self):
        i = self.inst
        return [f"sftp://localhost:{i.sftp}/main/large.csv",
                f"https://localhost:{i.https}/main/large.csv",
                f"ftp://localhost:{self.ftp}/main/large.csv",
                f"http://localhost:{i.http}/main/large.csv"]


def run_load(rig, options, trouble):
    """What processes held before and after, and how much was done."""
    mb = min(options.mb, 100)
    kinds = (HeldSftp, HeldHttps, HeldFtps)
    words = ["--ssl-reqd", "-K", str(rig.curlrc)]
    publisher = Publisher(rig.inst, mb)
    urls = rig.urls()
    warm = Puller(urls, words, publisher.hashes, trouble)
    for url in urls * 3:
        warm.pull(url)
    sessions = [kinds[n % len(kinds)](rig) for n in range(SESSIONS)]
    try:
        keeper = Keeper(sessions, trouble)
        keeper.start()
        time.sleep(REST_S)
        before = look(rig.inst)
        processes = len(family(rig.inst.daemon.pid))
        pullers = [Puller(urls[n % 4:] + urls[:n % 4], words,
                          publisher.hashes, trouble) for n in range(PULLS)]
        begin = time.monotonic()
        for thread in (publisher, *pullers):
            thread.start()
        time.sleep(options.seconds)
        for p in pullers:
            p.ended.set()
        for p in pullers:
            p.join()
        seconds = time.monotonic() - begin
        publisher.stop()
        keeper.stop()
        come_to_rest(rig.inst, processes)
        after = look(rig.inst)
    finally:
        for held in sessions:
            held.close()
    return before, after, {
        "seconds": seconds, "MB": mb,
        "pulls": sum(p.pulls for p in pullers),
        "torn": sum(p.torn for p in pullers),
        "versions": len(publisher.hashes),
        "own versions": len(publisher.own_seen)}


def load(work, options):
    rig, trouble = Rig(work), Trouble()
    rig.inst.start(JOURNAL_STREAM="1")  # with each line's priority
    try:
        before, after, did = run_load(rig, options, trouble)
    finally:
        rig.inst.stop()
    for line in rig.inst.log.read_text().splitlines():
        if re.match(r"<[0-4]>", line):  # a warning, or worse
            trouble.add(f"log: {line}")
    lines = [
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {machine()}; "
        f"{did['seconds']:.0f} seconds, {SESSIONS} sessions held (SFTP, HTTPS, "
        f"FTPS), {PULLS} pulls at a time of {did['MB']} MB (SFTP, HTTPS, FTPS, "
        f"HTTP): {did['pulls']} pulls, {did['versions']} versions of the file "
        f"that is pulled and {did['own versions']} of the feed's own, "
        f"{did['torn']} torn reads, {len(trouble.seen)} errors.", "",
        "| role | processes | private memory, KB | descriptors | flat |",
        "|---|---|---|---|---|"]
    grown = 0
    for role in sorted(before):
        b, a = before[role], after.get(role, (0, 0, 0))
        fine = flat(b, a)
        grown += not fine
        lines.append(f"| {role} | {b[0]}, then {a[0]} | {b[1]}, then {a[1]} | "
                     f"{b[2]}, then {a[2]} | {'yes' if fine else 'no'} |")
    print("load: " + "\n".join(lines), flush=True)
    if options.seconds >= 300 or options.write:
        write_section(options.write or RESULTS, "load", "\n".join(lines))
    if trouble.seen or grown:
        raise SystemExit("bench: load: see above")
