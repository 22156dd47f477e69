"""FTP clients that mean no good; called as worst.py says, judged by ftp_hard.t."""
import os
import re
import socket
import ssl
import struct
import time

from worst import PATIENCE, action, arguments, hold, password, port, user

context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
GUESSER = "127.0.0.66"
HERE = "127.0.0.77"  # the attackers are elsewhere than the honest client


def tcp(to, source=HERE, window=None):
    s = socket.socket()
    if window:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    s.settimeout(PATIENCE)
    s.bind((source, 0))
    s.connect(("127.0.0.1", int(to)))
    return s


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


class Session:
    """One connection; what it is answered."""

    def __init__(self, tls=True, login=True, source=HERE, window=None):
        self.source = source
        self.window = window
        end = time.monotonic() + PATIENCE
        while True:  # who was there before may still be on its way out
            self.s = tcp(port, source, window)
            if self.reply() == "220" or time.monotonic() > end:
                break
            time.sleep(0.1)
        if tls:
            assert self.say("AUTH TLS") == "234"
            self.s = context.wrap_socket(self.s)
        if login:
            self.say("USER " + user)
            assert self.say("PASS " + password) == "230"
            assert self.say("PROT P") == "200"

    def send(self, text):
        self.s.sendall(text.encode() if isinstance(text, str) else text)

    def line(self):
        line = b""
        while not line.endswith(b"\n"):
            try:
                c = self.s.recv(1)
            except (ConnectionError, ssl.SSLError):
                c = b""
            if not c:
                return b""
            line += c
        return line

    def reply(self):
        """The code of one reply; "end" when there is none any more."""
        while True:
            line = self.line()
            if not line or re.match(rb"\d\d\d ", line):
                self.text = line.decode().strip()
                return self.text[:3] or "end"

    def say(self, text):
        try:
            self.send(text + "\r\n")
        except OSError:
            pass
        return self.reply()

    def passive(self):
        code = self.say("EPSV")
        if code != "229":
            return None
        return int(re.search(r"\|\|\|(\d+)\|", self.text).group(1))

    def begin(self, command, handshake=True):
        """A transfer; its data connection."""
        s = tcp(self.passive(), self.source, self.window)
        assert self.say(command) == "150", self.text
        return context.wrap_socket(s) if handshake else s


def silent(*sources):
    """Ten connections from each address, which say nothing."""
    held = [tcp(port, source) for source in sources for _ in range(10)]
    hold()
    print(len(held))


def bounce():
    """Where the server is asked to connect to, again and again."""
    trap = socket.create_server(("127.0.0.1", 0))
    trap.settimeout(0.2)
    at = trap.getsockname()[1]
    f = Session()
    seen = set()

    def ask():
        for command in ("PORT 127,0,0,1,%d,%d" % divmod(at, 256),
                        "EPRT |1|127.0.0.1|%d|" % at,
                        "LPRT 4,4,127,0,0,1,2,%d,%d" % divmod(at, 256)):
            seen.add(f.say(command))
        seen.add(f.say("RETR /main/conversions.csv"))
    ask()
    hold(ask)
    try:
        trap.accept()
        seen.add("came")
    except TimeoutError:
        pass
    print(*sorted(seen))


def thieves(n):
    """They fill the queues of all the ports of data, as fast as they can; the
    client whose port it is connects behind them."""
    f = Session(source="127.0.0.78")
    at = f.passive()
    for _ in range(int(n)):
        s = socket.socket()
        s.setblocking(False)
        s.bind((HERE, 0))
        s.connect_ex(("127.0.0.1", at))
    time.sleep(0.1)
    t0 = time.monotonic()
    s = tcp(at, "127.0.0.78")
    quick = time.monotonic() - t0 < 30
    assert f.say("RETR /main/conversions.csv") == "150"
    s = context.wrap_socket(s)
    got = 0
    while some := len(s.recv(65536)):
        got += some
    s.unwrap().close()
    print(f.reply(), quick, got > 0)


def knock(first, last):
    """They connect to every port there is, all the time."""
    knocked = [0]

    def round_():
        for p in range(int(first), int(last) + 1):
            s = socket.socket()
            s.bind((HERE, 0))
            s.settimeout(1)
            try:
                s.connect(("127.0.0.1", p))
                knocked[0] += 1
            except OSError:
                pass
            s.close()
    hold(round_)
    print(True)


def ports(n):
    """n sessions that ask for ports again and again, and never connect."""
    sessions = [Session() for _ in range(int(n))]
    seen = set()

    def ask():
        for f in sessions:
            seen.add(f.say("EPSV"))
            seen.add(f.say("PASV"))
    ask()
    hold(ask)
    print(*sorted(seen))


def no_one():
    """PASV and RETR, and nobody comes; ABOR ends it."""
    sessions = [Session() for _ in range(5)]
    for f in sessions:
        f.passive()
        f.send("RETR /main/big.csv\r\n")
    hold()
    for f in sessions:
        f.send("ABOR\r\n")
    print(*{(f.reply(), f.reply()) for f in sessions})


def injections():
    """Commands unencrypted behind AUTH TLS, in every cut; after it, none of
    them is obeyed."""
    seen = set()
    text = b"AUTH TLS\r\nUSER %s\r\nPASS %s\r\nFEAT\r\n" % (
        user.encode(), password.encode())
    for cut in (len(text), 10, 11, 12, 20, 30):
        f = Session(tls=False, login=False)
        f.send(text[:cut])
        first = f.reply()
        try:
            f.send(text[cut:])
            # what follows now is taken for TLS: no reply is to be read
            f.s.settimeout(5)
            rest = f.s.recv(4096) if first == "234" else b""
        except OSError:
            rest = b""
        seen.add((first, bool(re.search(rb"\d\d\d[ -]", rest))))
        f.s.close()
    hold()
    print(*sorted(seen))


def downgrades():
    f = Session()
    seen = [f.say(c) for c in ("PROT C", "PROT S", "PROT E", "CCC", "CDC",
                               "AUTH TLS", "AUTH SSL", "REIN", "PBSZ 99",
                               "MIC x", "ENC x", "CONF x", "ADAT x")]
    at = f.passive()
    s = tcp(at)
    assert f.say("RETR /main/conversions.csv") == "150"
    s.settimeout(3)
    try:
        plain = s.recv(10)  # the server waits for our handshake
    except TimeoutError:
        plain = b""
    hold()
    print(*seen, plain)


def lines():
    """Lines of 4 KiB, of megabytes without an end, and Telnet's storms."""
    f = Session()
    seen = [f.say("NOOP " + "x" * 4089), f.say("NOOP " + "x" * 4090),
            f.say("x" * 3000000), f.say("NOOP")]
    f.send(b"\xff\xf4\xff\xf2" * 300000 + b"\r\n")
    seen.append(f.reply())
    f.send(b"\xff\xfb\x01" * 5 + b"NOOP\xff\xfd\r\r\n")
    seen.append(f.reply())
    g = Session(login=False)
    seen += [g.say("USER %s\0x" % user), g.say("USER " + user),
             g.say("PASS %s\0" % password), g.say("PASS " + password),
             g.say("USER " + user)]
    h = Session(login=False, tls=False)
    h.s.settimeout(0.5)

    def drip():
        try:
            h.send(b"x" * 65536)
            f.send(b"\xff\xff" * 5000)
        except OSError:
            time.sleep(0.05)
    hold(drip)
    print(*seen)


def paths(*names):
    f = Session()
    seen = []
    t0 = time.monotonic()
    for name in names:
        for verb in ("SIZE", "MDTM", "MLST", "CWD", "STAT"):
            code = f.say("%s %s" % (verb, name))
            # ".." ends at the top, which may be entered and shown
            if code[0] != "5" and not (verb in ("CWD", "MLST", "STAT") and
                                       "etc" not in name):
                seen.append("%s:%s:%s" % (verb, name, f.text))
        f.say("CWD /")
        at = f.passive()
        s = tcp(at)
        code = f.say("RETR " + name)
        if code[0] != "5":
            seen.append("RETR:" + name)
        s.close()
    quick = time.monotonic() - t0 < PATIENCE
    hold()
    print(*seen, quick)


def offsets():
    f = Session()
    seen = []
    for offset in ("-1", "0x10", "1e3", "+5", "", "18446744073709551616",
                   "18446744073709551615", "9223372036854775807",
                   "999999999999999999", "99999999999999999999999999", "1 2"):
        code = f.say("REST " + offset)
        if code == "350":
            s = tcp(f.passive())
            code = f.say("RETR /main/conversions.csv")
            s.close()
        seen.append(code)
    hold()
    print(*seen)


def deaf(n):
    """n sessions that take nothing of their data, nor of their replies."""
    held = []
    for _ in range(int(n)):
        f = Session(window=4096)
        held.append((f, f.begin("RETR /main/big.csv")))
        f.s.settimeout(0.3)
        try:
            for _ in range(400):  # a reply to each, which nobody reads
                f.send("STAT\r\n" * 2000)
        except OSError:
            pass
    hold()
    print(len(held))


def half(n):
    """Handshakes that are never ended: control, implicit and data."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 20
    held = []
    for _ in range(int(n)):
        f = Session(tls=False, login=False)
        f.say("AUTH TLS")
        f.send(hello)
        held.append(f)
    for _ in range(5):
        f = Session()
        s = f.begin("RETR /main/big.csv", handshake=False)
        s.sendall(hello)
        held.append((f, s))
    hold()
    print(True)


def dripping(limit, first, *sources):
    """Ten handshakes from each address, a byte now and then.  None may live
    longer than a login may take, and some live as long."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500
    held, lived = {}, []
    for source in sources:
        for _ in range(10):
            s = tcp(port, source)
            held[s] = time.monotonic()
            s.setblocking(False)
    opened, said = len(held), [0]

    def drip():
        byte = hello[said[0] - (first != "-"):][:1]
        for s in list(held):
            over = False
            try:
                s.send(byte if said[0] > 0 or first == "-" else
                       first.encode() + b"\r\n")
                over = s.recv(100) == b""
            except BlockingIOError:
                pass
            except OSError:
                over = True
            if over:
                lived.append(time.monotonic() - held.pop(s))
                s.close()
        said[0] += 1
        time.sleep(0.3)
    drip()
    hold(drip)
    end = time.monotonic() + PATIENCE
    while held and time.monotonic() < end:
        drip()
    print(opened, len(held), float(limit) - 2 < max(lived) < 5 * float(limit))


def folder(path, want):
    """A huge folder, listed again and again in every way."""
    f = Session()

    def listing(verb):
        s = f.begin("%s %s" % (verb, path))
        got = b""
        while some := s.recv(65536):
            got += some
        s.unwrap().close()
        f.reply()
        return got.count(b"report.txt\r\n")
    seen = {listing(verb) for verb in ("MLSD", "LIST", "NLST")}
    f.send("STAT %s\r\n" % path)
    told = [f.line()]
    while told[-1] and not told[-1].startswith(b"213 "):
        told.append(f.line())
    seen.add(sum(line.endswith(b"report.txt\r\n") for line in told))
    hold(lambda: listing("MLSD"))
    print(seen == {int(want)})


def aborts(n):
    """ABOR at every moment of a transfer; the session goes on."""
    f = Session()
    odd = []
    for i in range(int(n)):
        at = f.passive()
        s = None
        if i % 5 > 0:
            s = tcp(at)
        f.send("RETR /main/big.csv\r\n")
        if i % 5 > 1:
            assert f.reply() == "150", f.text
        if i % 5 > 2:
            s = context.wrap_socket(s)
        if i % 5 > 3:
            s.recv(100)
        f.send("ABOR\r\n")
        codes = []
        while not codes or codes[-1] not in ("226", "end"):
            codes.append(f.reply())
        if codes[-1] != "226" or f.say("NOOP") != "200":
            odd.append(codes)
        if s:
            s.close()
    hold()
    print(*odd, f.say("PWD"))


def cuts(inbox, n):
    """An upload that is cut at every moment, in every way."""
    text = b"create_date_time;id;emails\n" + b"x" * 300000
    kept = []
    for i in range(int(n)):
        f = Session()
        at = f.passive()
        s = tcp(at)
        assert f.say("STOR /inbox/main/cut.csv") == "150", f.text
        if i % 6 > 0:
            s = context.wrap_socket(s)
            s.sendall(text[:(0, 1, 100, 65536, 200000, len(text))[i % 6]])
        how = i // 6 % 4
        if how == 0:
            reset(s)
        elif how == 1:
            s.shutdown(socket.SHUT_WR)
        elif how == 2:
            reset(f.s)
        else:
            f.send("ABOR\r\n")
        if how != 2:
            code = f.reply()
            if code not in ("426", "522"):
                kept.append((i, code))
            f.s.close()
        s.close()
    end = time.monotonic() + PATIENCE
    while os.listdir(inbox) and time.monotonic() < end:
        time.sleep(0.05)
    hold()
    print(*kept, os.listdir(inbox))


def guesses(n):
    """Wrong passwords for a known and an unknown name."""
    seen = set()
    tried = [0]

    def guess():
        for name in (user, "nobody-here"):
            f = Session(login=False, source=GUESSER)
            f.say("USER " + name)
            seen.add(f.say("PASS wrong-%d" % tried[0]))
            tried[0] += 1
            f.s.close()
    for _ in range(int(n)):
        guess()
    hold()
    f = Session(login=False, source=GUESSER)
    for _ in range(5):
        f.say("USER nobody-here")
        t0 = time.monotonic()
        f.say("PASS wrong")
        if time.monotonic() - t0 > 0.9:
            seen.add("held back")
            break
    print(*sorted(seen))


def prompt(n):
    """Is the first command of a session of TLS answered at once, in the best
    of n, over sockets that hold back what follows too soon?  Of more on a
    machine where all take as long as if it were held back."""
    took = []
    while len(took) < int(n) or (min(took) > 0.035 and len(took) < 200):
        f = Session(login=False)
        t0 = time.monotonic()
        f.say("NOOP")
        took.append(time.monotonic() - t0)
        f.s.close()
    hold()
    print(min(took) < 0.035)


globals()[action](*arguments)
