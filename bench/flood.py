"""The job `flood`: what an honest pull takes while others guess passwords."""
import base64
import os
import socket
import statistics
import threading
import time

from bench.common import (
    RESULTS, STOLEN, Instance, left_alone, machine, timed, write_section)

GUESSES = 100  # a second, each over a connection of its own
ADDRESSES = 20  # none of them the honest client's
AIM = 1.10


class Guesser(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.on = threading.Event()
        self.sent = 0

    def guess(self):
        self.sent += 1
        login = base64.b64encode(b"direct:wrong%d" % self.sent).decode()
        s = socket.socket()
        s.bind((f"127.0.2.{self.sent % ADDRESSES + 1}", 0))
        s.connect(("127.0.0.1", self.port))
        s.sendall(f"GET /main/ HTTP/1.1\r\nHost: h\r\n"
                  f"Authorization: Basic {login}\r\n\r\n".encode())
        return s

    def run(self):
        asked = []
        while self.on.wait():
            try:
                asked.append(self.guess())
            except OSError:
                pass  # refused at the door
            if len(asked) > GUESSES:  # no answer is of interest
                asked.pop(0).close()
            time.sleep(1 / GUESSES)


def rounds_of(pull, guesser, n):
    """The median seconds alone and of an attack, and what was stolen of the
    turn that was left alone least."""
    took, stolen = {True: [], False: []}, []
    for i in range(2 * n):
        attacked = i % 4 in (1, 2)  # which is first changes, as the load does
        if attacked:
            guesser.on.set()
            time.sleep(0.5)
        seconds, share, _ = left_alone(pull)
        guesser.on.clear()
        took[attacked].append(seconds)
        stolen.append(share)
    return *(statistics.median(took[k]) for k in (False, True)), max(stolen)


def flood(work, options):
    inst = Instance(work)
    with open(inst.dir / "published/main/big.csv", "wb") as f:
        block = os.urandom(1 << 20)
        for _ in range(options.mb):
            f.write(block)
    login = work / "curlrc"
    login.write_text(
        f'user = "direct:{inst.init["users"]["direct"]["password"]}"\n')
    inst.start()
    guesser = Guesser(inst.http)
    guesser.start()
    rows = []
    try:
        for scheme, port in (("https", inst.https), ("sftp", inst.sftp)):
            def pull():
                return timed(["curl", "-sSfk", "-K", login, "-o", "/dev/null",
                              f"{scheme}://127.0.0.1:{port}/main/big.csv"])

            pull()
            calm, hard, stolen = rounds_of(pull, guesser, options.rounds)
            more = f" ({stolen:.0%} stolen)" if stolen > STOLEN else ""
            rows.append(
                f"| {scheme.upper()} | {calm:.2f} | {hard:.2f} | "
                f"{hard / calm:.2f}{more} | {AIM:.2f} |")
    finally:
        inst.stop()
    text = "\n".join([
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {machine()}; a pull of "
        f"{options.mb} MB, medians of {options.rounds} alone and as many while "
        f"{GUESSES} passwords a second are guessed from {ADDRESSES} addresses "
        f"({guesser.sent} in all).", "",
        "| over | alone, s | while others guess, s | times as long | at most |",
        "|---|---|---|---|---|", *rows])
    print(f"flood: {text}", flush=True)
    if options.mb >= 1024 and options.rounds >= 5 or options.write:
        write_section(options.write or RESULTS, "flood", text)
