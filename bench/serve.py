"""The job `serve`: each way to pull, against the server people use for it."""
import base64
import dataclasses
import ftplib
import getpass
import gzip
import os
import pathlib
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import time

from bench import peers
from bench.common import (
    RESULTS, STOLEN, TOP, Instance, free_port, left_alone, machine, make_dump,
    private_kb, set_conf, stat_of, write_section)

SSH = ["-q", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o",
       "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null"]
CIPHERS = ("chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com",
           "aes256-gcm@openssh.com")
PARAMIKO = """
import paramiko, sys
port, user, key, path = sys.argv[1:]
t = paramiko.Transport(("127.0.0.1", int(port)))
t.get_security_options().ciphers = ("aes128-ctr",)
t.connect(username=user, pkey=paramiko.Ed25519Key.from_private_key_file(key))
with open("/dev/null", "wb") as nowhere:
    print(paramiko.SFTPClient.from_transport(t).getfo(path, nowhere))
t.close()
"""
SESSIONS = 10      # held for the memory of an idle one,
CONNECTIONS = 100  # and of an HTTP connection
LOAD_S = 5         # of requests, at most
OURS = "convdrop"
FTPS_CIPHER = "TLSv1.3 TLS_AES_128_GCM_SHA256"  # all the three agree on it


class Report:
    """Lines as they come, and the table they make."""

    def __init__(self, options):
        self.rows = []
        self.options = options

    def add(self, job, peer, ours, theirs, unit, aim, most=False, told=""):
        """Medians of rounds; more is better, or less if most."""
        a, b = statistics.median(ours), statistics.median(theirs)
        ratio = a / b if b else float("inf")
        each = [x / y for x, y in zip(ours, theirs) if y]
        if aim is None:
            met = ""
        elif (ratio <= aim) if most else (ratio >= aim):
            met = "yes"
        else:
            met = "no"
        aimed = "" if aim is None else f"{'≤' if most else '≥'} {aim}"
        spread = f"{min(each):.2f} to {max(each):.2f}{told}" if each else told
        self.rows.append((job, peer, f"{a:.4g} {unit}", f"{b:.4g} {unit}",
                          f"{ratio:.2f}", spread, aimed, met))
        print(f"{job}: {a:.4g} {unit}, {peer} {b:.4g} {unit}: {ratio:.2f} "
              f"(rounds {spread}){', wanted ' + aimed if aimed else ''}"
              f"{', MISSED' if met == 'no' else ''}", flush=True)

    def size(self, what, kb, aim):
        met = "" if aim is None else "yes" if kb <= aim else "no"
        aimed = "" if aim is None else f"≤ {aim} KB"
        self.rows.append((what, "", f"{kb:.0f} KB", "", "", "", aimed, met))
        print(f"{what}: {kb:.0f} KB{', wanted ' + aimed if aimed else ''}"
              f"{', MISSED' if met == 'no' else ''}", flush=True)

    def left_out(self, what, why):
        self.rows.append((what, "", f"left out: {why}", "", "", "", "", ""))
        print(f"{what}: left out: {why}", flush=True)

    def text(self):
        o = self.options
        head = ("job", "peer", "ours", "the peer's", "ratio", "rounds",
                "wanted", "met")
        lines = [f"{time.strftime('%Y-%m-%d', time.gmtime())}, {machine()}; "
                 f"medians of {o.rounds} interleaved rounds, files of "
                 f"{o.mb} MB in memory, clients on the same machine.  CPU is "
                 "what all processes of the server worked.  \"3 again\": so "
                 "many turns were run again, as the host of this machine took "
                 f"more than {STOLEN:.0%} of the work from them.", "",
                 "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
        return "\n".join(lines + ["| " + " | ".join(r) + " |"
                                  for r in self.rows])


class Rig:
    """Ours and all the peers, with the same files."""

    def __init__(self, work, options):
        self.work, self.options = work, options
        self.out = work / "pulled"
        self.running = []
        self.ftp = free_port()
        self.inst = inst = Instance(work, "--ftp-port", str(self.ftp))
        set_conf(inst, ftp_plain="yes", max_connections=1000,
                 max_per_address=900, max_unauthenticated=800,
                 max_unauth_per_address=700, early_drop_percent=0,
                 reserve_bytes="1MiB")
        self.root = inst.dir / "published/main"
        self.fill()
        self.key = work / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        self.key], check=True)
        for name, role in (("bench", "pull"), ("benchdrop", "drop")):
            inst.tool("user", "add", name, "--role", role, "--feed", "main",
                      "--key", f"{self.key}.pub")
        password = inst.init["users"]["direct"]["password"]
        self.password = password
        self.curlrc = work / "curlrc"
        self.curlrc.write_text(f'user = "direct:{password}"\n')
        self.basic = "Basic " + base64.b64encode(
            f"direct:{password}".encode()).decode()
        self.tls = work / "openssl.cnf"  # for all clients with OpenSSL
        self.tls.write_text(
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
            "[c]\nCiphersuites = TLS_AES_128_GCM_SHA256\n"
            "MinProtocol = TLSv1.3\n")
        self.env = {**os.environ, "OPENSSL_CONF": str(self.tls)}
        inst.start()
        self.ours = self.keep(peers.Server(OURS, inst.daemon, {
            "sftp": inst.sftp, "https": inst.https, "http": inst.http,
            "ftp": self.ftp}))
        self.sshd = self.keep(peers.sshd(work, f"{self.key}.pub"))
        self.nginx = self.keep(peers.nginx(
            work, inst, inst.dir / "published", ("direct", password)))
        self.bare = self.keep(
            peers.nginx(work, inst, inst.dir / "published"))

    def keep(self, server):
        self.running.append(server)
        return server

    def fill(self):
        self.big = self.root / "big.csv"
        block = os.urandom(1 << 20)
        with open(self.big, "wb") as f:
            for _ in range(self.options.mb):
                f.write(block)
        # the first to put would pay for memory that nobody has used yet
        shutil.copyfile(self.big, self.out)
        self.out.unlink()
        (self.root / "body.csv").write_bytes(os.urandom(100000))
        dump = make_dump(self.work, 10000, 1)
        plain, packed = self.root / "text.csv", self.root / "text.csv.gz"
        plain.write_bytes(dump.read_bytes())
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        at = plain.stat().st_mtime_ns // 10**9 * 10**9
        for path in (plain, packed):
            os.utime(path, ns=(at, at))

    def compiled(self, name, *libraries):
        path = self.work / name
        if not path.exists():
            subprocess.run(["gcc", "-O2", "-o", path, TOP / f"bench/{name}.c",
                            *libraries], check=True)
        return path

    def stop(self):
        for server in reversed(self.running):
            server.stop()


def run(command, **more):
    """Seconds; what went wrong is raised with what was said."""
    begin = time.monotonic()
    done = subprocess.run([str(w) for w in command], capture_output=True,
                          text=True, **more)
    took = time.monotonic() - begin
    if done.returncode != 0:
        raise SystemExit(f"bench: {command[0]} failed: "
                         f"{done.stderr.strip() or done.stdout.strip()}")
    return took, done.stdout


@dataclasses.dataclass
class Turn:
    did: float     # in a second
    cpu: float     # that the server worked, s
    stolen: float  # share of the work that the host of this machine took
    again: int


def one_turn(server, work):
    def counted():
        before = server.cpu()
        did = work()
        return did, server.cpu() - before

    (did, cpu), stolen, again = left_alone(counted)
    return Turn(did, cpu, stolen, again)


def race(rig, contenders):
    """Rounds of each in turn, the first another every time."""
    turns = {server.name: [] for server, _ in contenders}
    for n in range(rig.options.rounds):
        first = n % len(contenders)
        for server, work in contenders[first:] + contenders[:first]:
            turns[server.name].append(one_turn(server, work))
    return turns


def race_and_tell(rig, report, job, contenders, unit, aim, cpu_aim=None):
    turns = race(rig, contenders)
    ours = turns[OURS]
    for server, _ in contenders[1:]:
        its, aimed = turns[server.name], server.aimed
        report.add(job, server.name, [t.did for t in ours],
                   [t.did for t in its], unit, aim if aimed else None,
                   told=spoiled(ours + its))
        report.add(f"{job}: server CPU", server.name, [t.cpu for t in ours],
                   [t.cpu for t in its], "s", cpu_aim if aimed else None,
                   most=True)
    return turns


def spoiled(turns):
    again, stolen = sum(t.again for t in turns), max(t.stolen for t in turns)
    return ((f", {again} again" if again else "") +
            (f", {stolen:.0%} stolen" if stolen > STOLEN else ""))


# --- SFTP ---

def whole(rig, size):
    if int(size) != rig.big.stat().st_size:
        raise SystemExit(f"bench: {size} bytes are not the whole file")


def take_whole(rig, path):
    """What was pulled or put there, which then is gone."""
    whole(rig, path.stat().st_size)
    path.unlink()


def sftp_sides(rig):
    return ((rig.ours, "bench", "/main/big.csv"),
            (rig.sshd, getpass.getuser(), rig.big))


def sftp_openssh(rig, report):
    """The pulls that count go nowhere, as those of other jobs: a new file of
    that size costs sftp between one second and three, whoever serves it."""
    def pull(server, user, path, cipher, more, to="/dev/null"):
        took, _ = run(["sftp", *SSH, "-i", rig.key, "-o", f"Ciphers={cipher}",
                       *more, "-P", server.ports["sftp"],
                       f"{user}@127.0.0.1:{path}", to])
        return rig.options.mb / took

    for cipher in CIPHERS:
        for more in ([], ["-B", "261120", "-R", "64"]):
            for side in sftp_sides(rig):
                pull(*side, cipher, more, rig.out)
                take_whole(rig, rig.out)
            race_and_tell(
                rig, report, f"SFTP {rig.options.mb} MB, OpenSSH, "
                f"{cipher.split('@')[0]}{' ' + ' '.join(more) if more else ''}",
                [(s, lambda s=s, u=u, p=p: pull(s, u, p, cipher, more))
                 for s, u, p in sftp_sides(rig)], "MB/s", 1.3, 0.6)


def sftp_curl(rig, report):
    def pull(server, user, path):
        took, said = run(["curl", "-sSf", "-k", "--key", rig.key, "--pubkey",
                          f"{rig.key}.pub", "-u", f"{user}:", "-o",
                          "/dev/null", "-w", "%{size_download}",
                          f"sftp://127.0.0.1:{server.ports['sftp']}{path}"])
        whole(rig, said)
        return rig.options.mb / took

    race_and_tell(rig, report, f"SFTP {rig.options.mb} MB, curl",
                  [(s, lambda s=s, u=u, p=p: pull(s, u, p))
                   for s, u, p in sftp_sides(rig)], "MB/s", 0.95)


def sftp_paramiko(rig, report):
    def pull(server, user, path):
        took, said = run(["/usr/bin/python3", "-W", "ignore", "-c", PARAMIKO,
                          server.ports["sftp"], user, rig.key, path])
        whole(rig, said)
        return rig.options.mb / took

    race_and_tell(rig, report, f"SFTP {rig.options.mb} MB, paramiko",
                  [(s, lambda s=s, u=u, p=p: pull(s, u, p))
                   for s, u, p in sftp_sides(rig)], "MB/s", 1.0)


def sftp_logins(rig, report):
    client = rig.compiled("ssh_logins", "-lssh")
    count = min(rig.options.mb, 200)

    def logins(server, user):
        _, said = run([client, server.ports["sftp"], user, rig.key, count, 4])
        return float(said)

    race_and_tell(rig, report, "SFTP logins, curve25519, Ed25519 keys",
                  [(s, lambda s=s, u=u: logins(s, u))
                   for s, u, _ in sftp_sides(rig)], "/s", 2)


def sftp_upload(rig, report):
    """Under a name that is never a dump, so that nobody else reads it."""
    inbox = rig.inst.dir / "inbox/main"
    batch = rig.work / "batch"

    def put(server, user, path, landed):
        batch.write_text(f"put {rig.big} {path}\n")
        took, _ = run(["sftp", *SSH, "-i", rig.key, "-o",
                       "Ciphers=aes128-gcm@openssh.com", "-b", batch, "-P",
                       server.ports["sftp"], f"{user}@127.0.0.1"])
        take_whole(rig, landed)
        return rig.options.mb / took

    race_and_tell(
        rig, report, f"SFTP upload, {rig.options.mb} MB",
        [(rig.ours, lambda: put(rig.ours, "benchdrop",
                                "/inbox/main/big.part", inbox / "big.part")),
         (rig.sshd, lambda: put(rig.sshd, getpass.getuser(),
                                rig.work / "big.part", rig.work / "big.part"))],
        "MB/s", 0.9)


# --- HTTP ---

def check_cipher(rig, port):
    said = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env=rig.env).stdout
    for wanted in ("TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256",
                   "ASN1 OID: prime256v1|Peer signature type: ECDSA"):
        if not re.search(wanted, said):
            raise SystemExit(f"bench: port {port} negotiates otherwise")


def curl_large(rig, report, scheme, aim):
    def pull(server):
        took, said = run(
            ["curl", "-sSf", "--cacert", rig.inst.dir / "keys/tls.crt", "-K",
             rig.curlrc, "-o", "/dev/null", "-w", "%{size_download}",
             f"{scheme}://localhost:{server.ports[scheme]}/main/big.csv"],
            env=rig.env)
        whole(rig, said)
        return rig.options.mb / took

    race_and_tell(rig, report, f"{scheme.upper()} {rig.options.mb} MB",
                  [(s, lambda s=s: pull(s)) for s in (rig.ours, rig.nginx)],
                  "MB/s", aim)


def https_large(rig, report):
    for server in (rig.ours, rig.nginx):
        check_cipher(rig, server.ports["https"])
    curl_large(rig, report, "https", 1.0)


def http_large(rig, report):
    curl_large(rig, report, "http", 0.95)


def etag(rig, server, path):
    _, said = run(["curl", "-sSfI", "-k", "-K", rig.curlrc,
                   f"https://localhost:{server.ports['https']}{path}"])
    return re.search(r"(?mi)^etag: (.*?)\r?$", said)[1]


def fetch(rig, server, path, fields):
    """Status, encoding and length of one answer, before thousands of them."""
    words = [w for f in fields for w in ("-H", f)]
    _, said = run(["curl", "-sS", "-k", "-K", rig.curlrc, *words, "-o",
                   "/dev/null", "-D", "-", "-w", "%{http_code} "
                   "%{size_download}",
                   f"https://localhost:{server.ports['https']}{path}"])
    packed = re.search(r"(?mi)^content-encoding: gzip", said) is not None
    code, size = said.splitlines()[-1].split()
    return int(code), packed, int(size)


def keep_alive(rig, report):
    packed = (rig.root / "text.csv.gz").stat().st_size
    seconds = LOAD_S if rig.options.rounds >= 5 else 2

    def load(server, path, fields):
        words = [w for f in fields for w in ("-H", f)]
        _, said = run(["wrk", "-t", "1", "-c", "8", "-d", f"{seconds}s", *words,
                       "-H", f"Authorization: {rig.basic}",
                       f"https://127.0.0.1:{server.ports['https']}{path}"],
                      env=rig.env)
        if "Non-2xx" in said or "Socket errors" in said:
            raise SystemExit(f"bench: wrk met errors: {said}")
        return float(re.search(r"Requests/sec:\s*([0-9.]+)", said)[1])

    for job, path, fields, wanted, aim in (
            ("304", "/main/text.csv", None, (304, False, 0), 1.0),
            (f"gzip sidecar, {packed / 1000:.0f} KB", "/main/text.csv",
             ["Accept-Encoding: gzip"], (200, True, packed), 0.9),
            ("100 KB", "/main/body.csv", [], (200, False, 100000), 0.9)):
        contenders = []
        for s in (rig.ours, rig.nginx, rig.bare):
            own = fields if fields is not None else [
                f"If-None-Match: {etag(rig, s, path)}"]
            if fetch(rig, s, path, own) != wanted:
                raise SystemExit(f"bench: {s.name} does not answer {job}")
            contenders.append((s, lambda s=s, own=own: load(s, path, own)))
        race_and_tell(rig, report, f"HTTPS keep-alive, {job}", contenders,
                      "/s", aim)


def connections(rig, report):
    client = rig.compiled("tls_connects", "-lssl", "-lcrypto")
    count = min(rig.options.mb * 4, 4000)

    def connect(server, how, request):
        _, said = run([client, server.ports["https"], request, count, 2, how])
        return float(said)

    for how, aim in (("new", 0.5), ("resumed", 0.8)):
        contenders = []
        for s in (rig.ours, rig.nginx, rig.bare):
            request = rig.work / f"request-{s.ports['https']}"
            request.write_bytes((
                "GET /main/text.csv HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: {rig.basic}\r\nIf-None-Match: "
                f"{etag(rig, s, '/main/text.csv')}\r\n\r\n").encode())
            contenders.append(
                (s, lambda s=s, r=request: connect(s, how, r)))
        race_and_tell(rig, report, f"HTTPS connections, {how}", contenders,
                      "/s", aim)


# --- FTP ---

def ftp(rig, report):
    missing = peers.install_ftp_servers()
    if missing:
        report.left_out("FTP and FTPS against vsftpd and ProFTPD", missing)
        return
    vsftpd = rig.keep(peers.vsftpd(rig.work, rig.inst, rig.root))
    proftpd = rig.keep(peers.proftpd(rig.work, rig.inst, rig.root))
    sides = ((rig.ours, "main/big.csv", "direct", rig.password),
             (vsftpd, "big.csv", "anonymous", "-"),
             (proftpd, "big.csv", "bench", "bench"))
    ftp_curl(rig, report, f"FTP {rig.options.mb} MB, curl", sides, [], 0.95)
    job = f"FTPS {rig.options.mb} MB, {FTPS_CIPHER}"
    ftps_bare(rig, report, f"{job}, a client that only counts", sides,
              "count", 2)
    ftps_bare(rig, report, f"{job}, OpenSSL", sides, "decrypt", None)
    ftp_curl(rig, report, f"{job}, curl", sides, ["--ssl-reqd"], None)


def ftp_curl(rig, report, job, sides, more, aim):
    def pull(server, path, user, password):
        login = rig.work / "login"
        login.write_text(f'user = "{user}:{password}"\n')
        took, said = run(
            ["curl", "-sSf", "--cacert", rig.inst.dir / "keys/tls.crt", *more,
             "-K", login, "-o", "/dev/null", "-w", "%{size_download}",
             f"ftp://localhost:{server.ports['ftp']}/{path}"], env=rig.env)
        whole(rig, said)
        return rig.options.mb / took

    race_and_tell(rig, report, job,
                  [(side[0], lambda side=side: pull(*side)) for side in sides],
                  "MB/s", aim)


def ftps_bare(rig, report, job, sides, how, aim):
    """By a client whose own work is told, as a server that waits for its
    client does not show how fast it is."""
    client = rig.compiled("ftps_pull", "-lssl", "-lcrypto")
    size = rig.big.stat().st_size
    most = size * 1.01 if how == "count" else size  # heads and tags of records
    own = {}  # by what was done in a second, as only some turns count

    def pull(server, path, user, password):
        _, said = run([client, server.ports["ftp"], path, how],
                      input=f"{user} {password}\n")
        took, n, worked, negotiated = said.split(maxsplit=3)
        if not size <= int(n) <= most or negotiated.strip() != FTPS_CIPHER:
            raise SystemExit(f"bench: {server.name}'s data: {said}")
        did = rig.options.mb / float(took)
        own[server.name, did] = float(worked)
        return did

    turns = race_and_tell(
        rig, report, job,
        [(side[0], lambda side=side: pull(*side)) for side in sides],
        "MB/s", aim)
    worked = {name: [own[name, t.did] for t in turns[name]] for name in turns}
    for server, *_ in sides[1:]:
        report.add(f"{job}: the client's own CPU", server.name, worked[OURS],
                   worked[server.name], "s", None)


# --- memory ---

def children_of(pid):
    return [int(p.name) for p in pathlib.Path("/proc").glob("[0-9]*")
            if (f := stat_of(p.name)) and int(f[1]) == pid]


def open_sftp(rig):
    p = subprocess.Popen(
        [str(w) for w in ("sftp", *SSH, "-i", rig.key, "-b", "-", "-P",
                          rig.inst.sftp, "bench@127.0.0.1")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ask(p, "pwd")
    return p


def ask(p, command):
    p.stdin.write(f"{command}\n")
    p.stdin.flush()
    while "sftp>" in p.stdout.readline():
        pass


def idle_sftp(rig, report):
    held = [open_sftp(rig) for _ in range(SESSIONS)]
    try:
        ours = children_of(rig.inst.pid("ssh"))
        report.size("idle SFTP session, private memory of its process",
                    statistics.median(private_kb(c) for c in ours), 400)
        for p in held:
            ask(p, f"get /main/text.csv {rig.out}\npwd")
        time.sleep(0.5)
        report.size("the same after a pull",
                    statistics.median(private_kb(c) for c in ours), None)
    finally:
        for p in held:
            p.stdin.close()
            p.wait()


def idle_ftp(rig, report):
    held = []
    context = ssl.create_default_context(
        cafile=rig.inst.dir / "keys/tls.crt")
    try:
        for _ in range(SESSIONS):
            f = ftplib.FTP_TLS(context=context)
            f.connect("localhost", rig.ftp)
            f.login("direct", rig.password)
            f.prot_p()
            held.append(f)
        ours = children_of(rig.inst.pid("ftp"))
        report.size("idle FTPS session, private memory of its process",
                    statistics.median(private_kb(c) for c in ours), None)
    finally:
        for f in held:
            f.close()


def idle_http(rig, report):
    pid = rig.inst.pid("http")
    context = ssl.create_default_context(
        cafile=rig.inst.dir / "keys/tls.crt")
    request = (f"GET /main/text.csv HTTP/1.1\r\nHost: localhost\r\nIf-None-"
               f"Match: {etag(rig, rig.ours, '/main/text.csv')}\r\n"
               f"Authorization: {rig.basic}\r\n\r\n").encode()
    for what, port in (("HTTPS", rig.inst.https), ("HTTP", rig.inst.http)):
        before, held = private_kb(pid), []
        for _ in range(CONNECTIONS):
            s = socket.create_connection(("localhost", port))
            if what == "HTTPS":
                s = context.wrap_socket(s, server_hostname="localhost")
            s.sendall(request)
            s.recv(4096)
            held.append(s)
        report.size(f"idle {what} connection, private memory",
                    (private_kb(pid) - before) / CONNECTIONS, 100)
        for s in held:
            s.close()
        time.sleep(1)


def idle(rig, report):
    idle_http(rig, report)
    idle_sftp(rig, report)
    idle_ftp(rig, report)


JOBS = {
    "idle": idle,  # first, while nothing has grown
    "sftp-openssh": sftp_openssh,
    "sftp-curl": sftp_curl,
    "sftp-paramiko": sftp_paramiko,
    "sftp-logins": sftp_logins,
    "sftp-upload": sftp_upload,
    "https": https_large,
    "keep-alive": keep_alive,
    "connections": connections,
    "http": http_large,
    "ftp": ftp,
}


def serve(work, options):
    only = [n for n in JOBS if not options.only or n in options.only]
    report = Report(options)
    rig = Rig(work, options)
    try:
        for name in only:
            JOBS[name](rig, report)
    finally:
        rig.stop()
    full = only == list(JOBS) and options.rounds >= 5 and options.mb >= 1024
    if full or options.write:
        write_section(options.write or RESULTS, "serve", report.text())
