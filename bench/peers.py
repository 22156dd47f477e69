"""The servers that people use today, each on 127.0.0.1, and ours as one of
them: what a contender is called, which processes it has, where it listens."""
import base64
import dataclasses
import getpass
import hashlib
import os
import pathlib
import subprocess
import time

from bench.common import (
    CACHE, accepts, cpu_of_family, family, free_port, wait_for)

FTP_SERVERS = CACHE / "ftp"
SETTLED_S = 5.0


@dataclasses.dataclass
class Server:
    name: str
    process: subprocess.Popen
    ports: dict
    aimed: bool = True  # does what is wanted count against this one?
    resting: int = 0    # processes when nobody is there

    def __post_init__(self):
        self.resting = len(family(self.process.pid))

    def cpu(self):
        """Once the children of sessions have ended and are counted."""
        end = time.monotonic() + SETTLED_S
        while (len(family(self.process.pid)) > self.resting
               and time.monotonic() < end):
            time.sleep(0.01)
        return cpu_of_family(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def begin(name, command, ports, aimed=True):
    """Its own session, as the kernel shares a busy machine out among them."""
    p = subprocess.Popen(command, stderr=subprocess.DEVNULL,
                         start_new_session=True)
    for port in ports.values():
        wait_for(accepts(port))
    time.sleep(0.2)  # for what a first connection leaves behind
    return Server(name, p, ports, aimed)


def sshd(work, public_key):
    port, host = free_port(), work / "sshd_host"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host],
                   check=True)
    authorized = work / "authorized"
    authorized.write_text(pathlib.Path(public_key).read_text())
    conf = work / "sshd.conf"
    conf.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host}\n"
        f"AuthorizedKeysFile {authorized}\nStrictModes no\nUsePAM no\n"
        "PidFile none\nPermitRootLogin yes\nMaxStartups 100\n"
        "Subsystem sftp internal-sftp\n")
    os.makedirs("/run/sshd", exist_ok=True)
    return begin("sshd", ["/usr/sbin/sshd", "-D", "-f", conf, "-E",
                          work / "sshd.log"], {"sftp": port})


def salted(user, password):
    """A line of nginx's user file, in the scheme that costs it least."""
    salt = os.urandom(8)
    digest = hashlib.sha1(password.encode() + salt).digest()
    return f"{user}:{{SSHA}}{base64.b64encode(digest + salt).decode()}\n"


def nginx(work, inst, root, login=None):
    """Does what ours does: asks for a login (user, password) and writes down
    each request, in its access log as it is by default.  Without a login it
    writes none either: the least work it can have, which nothing is aimed
    at."""
    https, http = free_port(), free_port()
    name = "nginx" if login else "nginx without login or log (no aim)"
    place = work / ("nginx" if login else "nginx-bare")
    place.mkdir()
    watched = "access_log off;"
    if login:
        users = place / "users"
        users.write_text(salted(*login))
        watched = (f"access_log {place}/access.log; auth_basic bench; "
                   f"auth_basic_user_file {users};")
    conf = place / "nginx.conf"
    conf.write_text(
        f"worker_processes 1; daemon off; pid {place}/nginx.pid;\n"
        f"error_log {place}/nginx.log; user {getpass.getuser()};\n"
        "events { worker_connections 512; }\n"
        f"http {{ {watched}\n"
        "sendfile on; tcp_nopush on; gzip_static on;\n"
        "keepalive_requests 100000000; ssl_session_cache shared:s:10m;\n"
        "ssl_protocols TLSv1.2 TLSv1.3;\n"
        f"ssl_certificate {inst.dir}/keys/tls.crt;\n"
        f"ssl_certificate_key {inst.dir}/keys/tls.key;\n"
        f"server {{ listen 127.0.0.1:{https} ssl; listen 127.0.0.1:{http};\n"
        f"root {root}; }} }}\n")
    return begin(name, ["/usr/sbin/nginx", "-p", place, "-c", conf],
                 {"https": https, "http": http}, aimed=login is not None)


def install_ftp_servers():
    """Into a folder outside the tree; why they cannot be, else None."""
    if (FTP_SERVERS / "usr/sbin/proftpd").exists():
        return None
    FTP_SERVERS.mkdir(parents=True, exist_ok=True)
    out = subprocess.run(["apt-get", "download", "vsftpd", "proftpd-core",
                          "proftpd-mod-crypto"], cwd=FTP_SERVERS,
                         capture_output=True, text=True)
    if out.returncode != 0:
        return "apt-get cannot download them: " + (
            (out.stderr.strip().splitlines() or ["no reason given"])[-1])
    for package in sorted(FTP_SERVERS.glob("*.deb"), reverse=True):
        subprocess.run(["dpkg", "-x", package, FTP_SERVERS], check=True)
    return None


def vsftpd(work, inst, root):
    port = free_port()
    conf = work / "vsftpd.conf"
    conf.write_text(
        f"listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\n"
        "background=NO\nrun_as_launching_user=YES\nlocal_enable=NO\n"
        f"anonymous_enable=YES\nno_anon_password=YES\nanon_root={root}\n"
        f"ftp_username={getpass.getuser()}\n"
        "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_data_ssl=NO\n"
        "force_anon_logins_ssl=NO\nrequire_ssl_reuse=NO\nssl_tlsv1=NO\n"
        "ssl_ciphers=HIGH\nseccomp_sandbox=NO\nxferlog_enable=NO\n"
        f"rsa_cert_file={inst.dir}/keys/tls.crt\n"
        f"rsa_private_key_file={inst.dir}/keys/tls.key\n")
    os.chmod(conf, 0o600)
    return begin("vsftpd", [FTP_SERVERS / "usr/sbin/vsftpd", conf],
                 {"ftp": port})


def proftpd(work, inst, root):
    port = free_port()
    secret = subprocess.run(["openssl", "passwd", "-6", "bench"], check=True,
                            capture_output=True, text=True).stdout.strip()
    users = work / "proftpd.users"
    users.write_text(f"bench:{secret}:{os.getuid()}:{os.getgid()}::{root}:"
                     "/bin/sh\n")
    os.chmod(users, 0o600)
    conf = work / "proftpd.conf"
    conf.write_text(
        "ServerName bench\nServerType standalone\nDefaultServer on\n"
        f"DefaultAddress 127.0.0.1\nUseIPv6 off\nPort {port}\n"
        f"User {getpass.getuser()}\n"
        f"ModulePath {FTP_SERVERS}/usr/lib/proftpd\nLoadModule mod_tls.c\n"
        f"PidFile {work}/proftpd.pid\nScoreboardFile {work}/proftpd.score\n"
        f"SystemLog {work}/proftpd.log\nTransferLog NONE\nWtmpLog off\n"
        "DelayEngine off\nRequireValidShell off\nRootLogin on\n"
        f"UseFtpUsers off\nAuthOrder mod_auth_file.c\nAuthUserFile {users}\n"
        "TLSEngine on\nTLSRequired off\nTLSProtocol TLSv1.2 TLSv1.3\n"
        "TLSOptions NoSessionReuseRequired\n"
        f"TLSECCertificateFile {inst.dir}/keys/tls.crt\n"
        f"TLSECCertificateKeyFile {inst.dir}/keys/tls.key\n")
    return begin("ProFTPD",
                 [FTP_SERVERS / "usr/sbin/proftpd", "-n", "-c", conf],
                 {"ftp": port})
