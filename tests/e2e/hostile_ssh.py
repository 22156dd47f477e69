"""SSH clients that mean no good, below SFTP.

    hostile_ssh.py ACTION PORT USER PASSWORD READY UNTIL

Each does its worst, makes the file READY, holds on until the file UNTIL is
there, and prints what it saw on one line; ssh_hard.t judges it.
"""
import logging
import os
import struct
import sys
import threading
import time

import paramiko
from paramiko import common as c

logging.disable(logging.CRITICAL)
PATIENCE = 180
action, port, user, password, ready, until = sys.argv[1:]
OPEN_CONFIRMATION = b"\x5b"


def connect():
    t = paramiko.Transport(("127.0.0.1", int(port)))
    t.banner_timeout = t.handshake_timeout = t.auth_timeout = PATIENCE
    t.connect(username=user, password=password)
    return t


def say(t, kind, *fields):
    m = paramiko.Message()
    m.add_byte(kind)
    for f in fields:
        if isinstance(f, bool):
            m.add_boolean(f)
        elif isinstance(f, int):
            m.add_int(f)
        else:
            m.add_string(f)
    t._send_user_message(m)


def session(packet=32768):
    """A channel with SFTP that takes packets of so many bytes."""
    t = connect()
    n = t._next_channel()
    channel = paramiko.Channel(n)
    t._channels.put(n, channel)
    t.channel_events[n] = opened = threading.Event()
    t.channels_seen[n] = True
    channel._set_transport(t)
    channel._set_window(1 << 31, 32768)
    say(t, c.cMSG_CHANNEL_OPEN, "session", n, (1 << 32) - 1, packet)
    opened.wait(PATIENCE)
    channel.settimeout(PATIENCE)
    channel.invoke_subsystem("sftp")
    return t, channel


def take(channel, n):
    data = b""
    while len(data) < n:
        more = channel.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def request(channel, kind, body):
    """The kind of the answer."""
    channel.sendall(struct.pack(">IB", len(body) + 1, kind) + body)
    return take(channel, struct.unpack(">I", take(channel, 4))[0])[:1]


STAT = 17, struct.pack(">II", 1, 1) + b"/"


def lives(channel):
    return request(channel, *STAT) == b"\x69"  # ATTRS


def greet(channel):
    return request(channel, 1, struct.pack(">I", 3)) == b"\x02"


def hold():
    end = time.monotonic() + PATIENCE
    open(ready, "w").close()
    while not os.path.exists(until) and time.monotonic() < end:
        time.sleep(0.05)


def tiny_packets():
    """As many bytes in a packet as libssh reckons for its head: from the
    beginning, and from a moment later on."""
    a, first = session(10)
    b, second = session()
    seen = [greet(second)]
    say(b, OPEN_CONFIRMATION, second.remote_chanid, second.chanid,
        (1 << 32) - 1, 10)
    first.sendall(struct.pack(">IBI", 5, 1, 3))
    second.sendall(struct.pack(">IB", len(STAT[1]) + 1, STAT[0]) + STAT[1])
    hold()
    print(*seen)
    a.close()
    b.close()


def floods():
    """Whatever else a channel and a connection can be asked for."""
    t, channel = session()
    seen = [greet(channel)]
    for i in range(5000):
        say(t, c.cMSG_GLOBAL_REQUEST, "tcpip-forward", False, "0.0.0.0", 4000)
        say(t, c.cMSG_CHANNEL_REQUEST, channel.remote_chanid, "env", False,
            "A%d" % i, "b" * 200)
        say(t, c.cMSG_CHANNEL_OPEN, "session", 1000 + i, 1 << 20, 32768)
        say(t, c.cMSG_CHANNEL_DATA, 77, "to nobody")
        say(t, c.cMSG_IGNORE, "x" * 100)
    seen.append(lives(channel))
    hold()
    print(*seen, t.is_active())
    t.close()


def others():
    """All that is asked for but one channel with SFTP is refused."""
    t, channel = session()
    seen = [greet(channel)]
    for kind, to in (("session", None),
                     ("direct-tcpip", ("127.0.0.1", int(port))),
                     ("forwarded-tcpip", ("127.0.0.1", int(port))),
                     ("x11", None), ("auth-agent@openssh.com", None)):
        try:
            t.open_channel(kind, to, ("127.0.0.1", 1),
                           timeout=PATIENCE)
            seen.append(kind)
        except (paramiko.SSHException, EOFError):
            pass
    seen.append(lives(channel))
    hold()
    print(*seen)
    t.close()


def before_login():
    """Channels before a login, and a login as somebody else after it."""
    t = paramiko.Transport(("127.0.0.1", int(port)))
    t.banner_timeout = t.handshake_timeout = PATIENCE
    t.start_client(timeout=PATIENCE)
    say_early = paramiko.Message()
    say_early.add_byte(c.cMSG_CHANNEL_OPEN)
    say_early.add_string("session")
    for n in (0, 1 << 20, 32768):
        say_early.add_int(n)
    t._send_message(say_early)
    t.join(PATIENCE)
    seen = [t.is_active()]
    t, channel = session()
    seen.append(greet(channel))
    say(t, bytes([50]), "admin", "ssh-connection", "password", False, "wrong")
    t.join(PATIENCE)
    seen.append(t.is_active())
    hold()
    print(*seen)


globals()[action]()
