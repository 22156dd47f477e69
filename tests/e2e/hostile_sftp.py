"""SFTP clients that mean no good; called as worst.py says, judged by hostile.t."""
import time

import paramiko
from paramiko import sftp as p
from paramiko.py3compat import long as int64
from paramiko.sftp_attr import SFTPAttributes

from worst import PATIENCE, action, arguments, hold, password, port, user


def session(window=None):
    t = paramiko.Transport(("127.0.0.1", int(port)))
    t.banner_timeout = t.handshake_timeout = t.auth_timeout = PATIENCE
    t.connect(username=user, password=password)
    channel = t.open_session(window_size=window)
    channel.invoke_subsystem("sftp")
    return t, paramiko.SFTPClient(channel)


def handles(path, n):
    """Opens n handles at once and closes none."""
    t, s = session()
    for _ in range(int(n)):
        s._async_request(type(None), p.CMD_OPEN, path.encode(),
                         p.SFTP_FLAG_READ, SFTPAttributes())
    seen = {p.CMD_HANDLE: 0, p.CMD_STATUS: 0}
    for _ in range(int(n)):
        seen[s._read_packet()[0]] += 1
    hold()
    there = s.stat("/main/conversions.csv").st_size > 0  # it still answers
    print(seen[p.CMD_HANDLE], seen[p.CMD_STATUS], there)
    t.close()


def reads(path, n):
    """Asks for n pieces of a file at once, and takes none of them."""
    t, s = session(window=65536)
    handle = s.open(path).handle
    for i in range(int(n)):
        s._async_request(type(None), p.CMD_READ, handle,
                         int64(i * 4096), 261120)
    hold()
    t.close()
    print("asked")


def slow(path, n):
    """n sessions that take a little now and then."""
    held = []
    for _ in range(int(n)):
        t, s = session(window=65536)
        f = s.open(path)
        f.prefetch()
        held.append((t, f))
    took = [0]

    def take():
        for _, f in held:
            took[0] += len(f.read(1000))
        time.sleep(0.2)
    hold(take)
    for t, _ in held:
        t.close()
    print(took[0] > 0)


def lists(path, want):
    """Lists a huge folder, again and again."""
    t, s = session()
    n = len(s.listdir(path))
    hold(lambda: s.listdir(path))
    print(n == int(want))
    t.close()


def begins(path, n):
    """Asks for a huge folder in n sessions, again and again, and reads none of
    it: the work is the server's."""
    sessions = [session() for _ in range(int(n))]

    def ask():
        for _, s in sessions:
            s._async_request(type(None), p.CMD_OPENDIR, path.encode())
        for _, s in sessions:
            kind, answer = s._read_packet()
            assert kind == p.CMD_HANDLE
            s._async_request(type(None), p.CMD_CLOSE,
                             paramiko.Message(answer[4:]).get_binary())
            s._read_packet()
        asked[0] += 1
    asked = [0]
    hold(ask)
    print(asked[0] > 0)
    for t, _ in sessions:
        t.close()


def opens(*paths):
    """What each path is answered with, and whether it took long."""
    t, s = session()
    seen = []
    t0 = time.monotonic()
    for path in paths:
        for what in (s.open, s.stat, s.lstat, s.listdir):
            try:
                what(path)
                seen.append("%s:%s" % (what.__name__, path))
            except OSError:
                pass
    quick = time.monotonic() - t0 < 60
    hold()
    print(*seen, quick)
    t.close()


globals()[action](*arguments)
