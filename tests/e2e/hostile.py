"""Clients that mean no good, or are merely slow.

    hostile.py ACTION PORT [ARGUMENT…]

Each action prints what it saw, on one line; http_hard.t judges it.
"""
import base64
import os
import re
import socket
import ssl
import sys
import threading
import time

PATIENCE = 180  # seconds, for anything


def connect(port, tls=False, source="127.0.0.1", window=None):
    s = socket.socket()
    if window:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    s.settimeout(PATIENCE)
    s.bind((source, 0))
    s.connect(("127.0.0.1", int(port)))
    return client_tls().wrap_socket(s) if tls else s


def client_tls():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    return c


def basic(login):
    return b"Authorization: Basic " + base64.b64encode(login.encode()) + b"\r\n"


def get(path, login=None, more=b""):
    head = b"GET " + path.encode() + b" HTTP/1.1\r\nHost: h\r\n"
    return head + (basic(login) if login else b"") + more + b"\r\n"


def answer(s):
    """The status of one answer whose length is told; 0 when there is none."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            more = s.recv(65536)
            if not more:
                return 0
            data += more
    except OSError:
        return 0
    head, body = data.split(b"\r\n\r\n", 1)
    left = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            left = int(line.split(b":")[1]) - len(body)
    while left > 0:
        left -= len(s.recv(min(left, 65536)))
    return int(head.split()[1])


def drip(port, tls, first):
    """Seconds until a client is cut that sends a byte now and then."""
    s = connect(port)
    if first == "kept":
        s.sendall(get("/healthz"))
        answer(s)
    begun = time.monotonic()
    # of a header, or of a TLS record that is long enough
    text = b"\x16\x03\x01\x40\x00" if tls == "tls" else b"GET / HTTP/1.1\r\nX: "
    s.settimeout(0.2)
    for i in range(PATIENCE * 5):
        try:
            s.sendall(text[i:i + 1] or b"a")
            if s.recv(1000) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    print("%.0f" % (time.monotonic() - begun))


def silent(port, ready, until, *sources):
    """Opens ten connections from each address; holds them."""
    held = []
    for source in sources:
        for _ in range(10):
            held.append(connect(port, source=source))
    open(ready, "w").close()
    wait_for(until)
    print(len(held))


def wait_for(path, s=None):
    end = time.monotonic() + PATIENCE
    got = b""
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.1)
        if s:  # slowly, but it does read
            got += s.recv(2000)
    return got


def raw(port, want, *texts):
    """The statuses that these bytes are answered with, as many as `want` has,
    and more if they come; then "open" if the connection answers another request,
    "closed" if not."""
    s = connect(port)
    data = b""

    def seen():
        found = re.findall(rb"HTTP/1\.[01] (\d+) [A-Z]", data)
        # libmicrohttpd writes the head of some of its own refusals twice
        return found[:1] if found == [b"400", b"400"] else found

    def until(done):
        nonlocal data
        while not done():
            more = s.recv(65536)
            if not more:
                return False
            data += more
        return True

    alive = b"\r\n\r\nok\n"  # what /healthz answers
    end = "closed"
    try:
        for text in texts:
            s.sendall(eval("b'''" + text + "'''"))
        if until(lambda: len(seen()) >= len(re.findall(r"\d+", want))):
            s.sendall(get("/healthz"))
            if until(lambda: data.endswith(alive)):
                end = "open"
    except TimeoutError:
        end = "silent"
    except OSError:
        pass
    statuses = [status.decode() for status in seen()]
    print(*statuses[:-1] if end == "open" else statuses, end)


def login_bytes(port, login):
    """The status for a Basic login of any bytes, \\0 too."""
    s = connect(port)
    s.sendall(get("/main/", login.replace("\\0", "\0")))
    print(answer(s))


def slow(port, tls, path, login, out, started, go):
    """Reads a little until the file `go` is there, then all.  Prints bytes."""
    s = connect(port, tls == "tls", window=65536)
    s.sendall(get(path, None if login == "-" else login,
                  b"Connection: close\r\n"))
    data = bytearray()  # bytes would be copied with each piece that comes
    while b"\r\n\r\n" not in data:
        data += s.recv(4096)
    open(started, "w").close()
    data += wait_for(go, s)
    try:
        while True:
            more = s.recv(65536)
            if not more:
                break
            data += more
    except OSError:
        pass
    body = data.split(b"\r\n\r\n", 1)[1]
    with open(out, "wb") as f:
        f.write(body)
    print(len(body))


def deaf(port, tls, path, login, until):
    """Asks and reads nothing until the file `until` is there."""
    s = connect(port, tls == "tls", window=65536)
    s.sendall(get(path, login))
    wait_for(until)
    print("done")


def queues(s):
    """What waits in the server's kernel, of this connection: "SENT:RECEIVED"."""
    ours, theirs = (":%04X" % end[1] for end in (s.getsockname(),
                                                s.getpeername()))
    for table in ("/proc/net/tcp6", "/proc/net/tcp"):
        with open(table) as f:
            for line in f:
                field = line.split()
                if field[1].endswith(theirs) and field[2].endswith(ours):
                    return field[4]
    return None


def settle(s):
    """Until the server read all, its kernel took all that it can, and nothing
    moves any more."""
    end = time.monotonic() + PATIENCE
    last, since = queues(s), time.monotonic()
    while last is not None and time.monotonic() < min(since + 1, end):
        time.sleep(0.1)
        now = queues(s)
        if now != last or not now.endswith(":00000000"):
            last, since = now, time.monotonic()


def vanish(port, tls, path, login, some):
    """Reads some bytes and is gone, without a word."""
    s = connect(port, tls == "tls", window=8192)
    s.sendall(get(path, login))
    settle(s)
    got = 0
    while got < int(some):
        got += len(s.recv(8192))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    s.close()
    print(got)


def ahead(port, tls, path, login, n):
    """Asks for the same n times at once, reads next to nothing and is gone."""
    s = connect(port, tls == "tls", window=2048)
    s.sendall(get(path, login) * int(n))
    settle(s)
    s.recv(1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    s.close()
    print("gone")


def kept(port, path, asked, go):
    """Two requests over one connection, the second once `go` is there."""
    s = connect(port)
    s.sendall(get(path))
    first = answer(s)
    open(asked, "w").close()
    wait_for(go)
    s.sendall(get(path))
    print(first, answer(s))


def changing(port, path, link, *logins):
    """Over one connection: with each login, with none, by the link, with the
    first once more."""
    s = connect(port)
    requests = [get(path, login) for login in logins]
    requests += [get(path), get(link), requests[0]]
    seen = []
    for request in requests:
        s.sendall(request)
        seen.append(answer(s))
    print(*seen)


def guesses(port, source, login, n):
    """Statuses of n wrong logins, each over its own connection."""
    seen = []
    for _ in range(int(n)):
        s = connect(port, source=source)
        s.sendall(get("/main/", login))
        data = s.recv(65536)
        seen.append(data.split()[1].decode())
        s.close()
        if seen[-1] == "429":
            head = data.lower().split(b"\r\n\r\n")[0].split(b"\r\n")
            seen += [h.decode().replace(" ", "") for h in head
                     if h.startswith(b"retry-after")]
            break
    print(*seen)


def timing(port, source, *logins):
    """Median milliseconds of three tries for each login."""
    took = {login: [] for login in logins}
    for _ in range(3):
        for login in logins:
            s = connect(port, source=source)
            begun = time.monotonic()
            s.sendall(get("/main/", login))
            answer(s)
            took[login].append(time.monotonic() - begun)
            s.close()
    print(*["%.0f" % (1000 * sorted(t)[1]) for t in took.values()])


def many(port, login, n):
    """n right logins, each over its own connection; the worst status."""
    worst = 0
    for _ in range(int(n)):
        s = connect(port)
        s.sendall(get("/main/", login, b"Connection: close\r\n"))
        worst = max(worst, answer(s))
        s.close()
    print(worst)


def unfinished(port):
    """Begins a TLS handshake, and waits until it is cut."""
    s = connect(port)
    s.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 32)
    try:
        s.recv(1)
    except OSError:
        pass
    print("done")


def prompt(port, path, login):
    """Milliseconds from the first request of a session of TLS to its answer,
    the best of fifteen, of more where all take as long as if it were held back,
    over sockets that hold back what follows too soon."""
    took = []
    while len(took) < 15 or (min(took) > 0.035 and len(took) < 200):
        s = connect(port, True)
        begin = time.monotonic()
        s.sendall(get(path, login))
        answer(s)
        took.append(time.monotonic() - begin)
        s.close()
    print(round(min(took) * 1000))


def together(port, path, login, n):
    """How many of n requests are answered, each in a record of TLS, that come
    along with the end of its handshake."""
    s = connect(port)
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_tls().wrap_bio(came, goes)

    def until_done(what):
        while True:
            try:
                return what()
            except ssl.SSLWantReadError:
                s.sendall(goes.read())
                data = s.recv(65536)
                if not data:
                    return b""
                came.write(data)

    until_done(tls.do_handshake)
    for _ in range(int(n)):
        tls.write(get(path, login))
    s.sendall(goes.read())
    answers = b""
    while answers.count(b"HTTP/1.1 200 ") < int(n):
        data = until_done(lambda: tls.read(65536))
        if not data:
            break
        answers += data
    print(answers.count(b"HTTP/1.1 200 "))


def comers(until, ssh, https, http):
    """How many clients got no answer, of those who came until then, one after
    the other, and were silent at first."""
    missed = []

    def come(port, n):
        s = connect(port, source=f"127.0.0.{2 + n % 50}")
        try:
            time.sleep(0.3)
            if port == ssh:
                fine = s.recv(4) == b"SSH-"
            else:
                if port == https:
                    s = client_tls().wrap_socket(s)
                s.sendall(get("/"))
                fine = answer(s) == 401
        except OSError:
            fine = False
        if not fine:
            missed.append(n)
        s.close()

    clients = []
    while not os.path.exists(until):
        port = (ssh, https, http)[len(clients) % 3]
        clients.append(
            threading.Thread(target=come, args=(port, len(clients))))
        clients[-1].start()
        time.sleep(0.02)
    for c in clients:
        c.join()
    print(len(missed))


globals()[sys.argv[1]](*sys.argv[2:])
