"""Clients written in Python: clients.py CLIENT, its cells on standard input.

A cell is "PROTOCOL HOW"; what it pulls goes to got/PROTOCOL.HOW, what it uploads
is dump/PROTOCOL.csv.  Where the daemon is, who logs in and what is pulled is in
the environment, see clients.t.
"""

import ftplib
import os
import ssl
import sys
import traceback

env = os.environ
host, path = "localhost", env["PULL_PATH"]
port = {p: int(env["PORT_" + p]) for p in ("sftp", "ftp", "ftps", "http", "https")}
context = ssl.create_default_context(cafile=env["CA"])


# --- SFTP


def login(how, key="KEY"):
    if how == "key":
        return {"username": "keyed", "password": None}, env[key]
    if how == "drop":
        return {"username": "dropper", "password": env["DROPPER"]}, None
    return {"username": "direct", "password": env["DIRECT"]}, None


def run_paramiko(protocol, how, got, dump, there):
    import paramiko

    who, key = login(how)
    if key:
        who["pkey"] = paramiko.Ed25519Key.from_private_key_file(key)
    t = paramiko.Transport((host, port[protocol]))
    t.banner_timeout = t.handshake_timeout = t.auth_timeout = 120
    t.connect(**who)
    sftp = paramiko.SFTPClient.from_transport(t)
    if how == "drop":
        # asks for the size as soon as the file is closed
        assert sftp.put(dump, there).st_size == os.path.getsize(dump)
        sftp.chmod(there, 0o644)
    else:
        sftp.get(path, got)
    t.close()


def run_asyncssh(protocol, how, got, dump, there):
    import asyncio

    import asyncssh

    async def run():
        who, key = login(how, "KEY_RSA")
        async with asyncssh.connect(
            host, port[protocol], known_hosts=None, config=None,
            agent_path=None, client_keys=key and [key], **who
        ) as connection:
            async with connection.start_sftp_client() as sftp:
                if how == "drop":
                    await sftp.put(dump, there, preserve=True)
                    assert await sftp.getsize(there) == os.path.getsize(dump)
                else:
                    await sftp.get(path, got, preserve=True)

    asyncio.run(run())


# --- FTP and FTPS


def run_ftplib(protocol, how, got, dump, there):
    f = ftplib.FTP_TLS(context=context) if protocol == "ftps" else ftplib.FTP()
    f.connect(host, port[protocol], 120)
    who, _ = login(how)
    f.login(who["username"], who["password"])
    if protocol == "ftps":
        f.prot_p()
    if how == "drop":
        with open(dump, "rb") as file:
            f.storbinary("STOR " + there, file)
        f.voidcmd("NOOP")
        assert f.size(there) == os.path.getsize(dump)
    else:
        with open(got, "ab") as file:  # there is a part when it is resumed
            f.retrbinary("RETR " + path, file.write, rest=file.tell() or None)
    f.quit()


# --- HTTP and HTTPS


def run_urllib(protocol, how, got, dump, there):
    import urllib.request

    at = "%s://%s:%d" % (protocol, host, port[protocol])
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if how == "Basic":
        passwords.add_password(None, at, "direct", env["DIRECT"])
    if how == "link":
        at += "/t/" + env["TOKEN"]
    if protocol == "ftp":
        at = "ftp://direct:%s@%s:%d" % (env["DIRECT"], host, port[protocol])
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context),
        urllib.request.HTTPBasicAuthHandler(passwords))
    with opener.open(at + path, timeout=120) as answer, open(got, "wb") as file:
        file.write(answer.read())


run = globals()["run_" + sys.argv[1]]
for line in sys.stdin:
    protocol, how = line.split()
    cell = protocol + "." + how
    try:
        run(protocol, how, "got/" + cell, "dump/%s.csv" % protocol,
            "/inbox/drops/%s.%s.csv" % (sys.argv[1], protocol))
    except Exception:
        print(cell)
        traceback.print_exc(file=sys.stdout)
