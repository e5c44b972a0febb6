"""Who has no key, at every port of a system: another user of the machine, or any web page that its owner visits."""

import json
import subprocess
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from secrets import token_hex
from ssl import CERT_NONE, create_default_context

from local import data_directory
from local.store import program
from tests.local.system import System

BUCKET, KEY = "production", "class_01/20261129/private.jpg"
PAGE = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
REBOUND = {**PAGE, "Host": "evil.example"}
"""From a page whose name its owner's DNS has turned to this machine: the browser takes both for one origin."""
READING = (
    *("/", f"/buckets/{BUCKET}/{KEY}", f"/{BUCKET}/{KEY}", f"/{BUCKET}?list-type=2", "/dir/status", "/dir/assign"),
    *("/dir/lookup?volumeId=1", "/ui/index.html", "/status", "/metrics", "/debug/pprof/", "/stats/disk"),
    *("/minio/v2/metrics/cluster", "/minio/admin/v3/info", "/api/projects", "/function/report"),
)
WRITING = (
    ("GET", f"/col/delete?collection={BUCKET}"),
    ("DELETE", f"/buckets/{BUCKET}/{KEY}"),
    ("DELETE", f"/buckets/{BUCKET}?recursive=true"),
    ("DELETE", f"/{BUCKET}/{KEY}"),
    ("PUT", f"/buckets/{BUCKET}/{KEY}"),
    ("PUT", f"/{BUCKET}/{KEY}"),
    ("POST", "/submit"),
)
_UNCHECKED = create_default_context()
_UNCHECKED.check_hostname, _UNCHECKED.verify_mode = False, CERT_NONE


def require_nothing_is_given_or_taken(system: System) -> None:
    """A picture that only its owner's key opens is tried at every port, in every way that we know."""
    private = token_hex(16)
    system.put(BUCKET, KEY, private.encode())
    path_of_file = f"/{_file_id(system)}"
    tried = [
        *(("GET", path) for path in (*READING, path_of_file)),
        *WRITING,
        ("PUT", path_of_file),
        ("DELETE", path_of_file),
    ]
    for port in ports(system):
        for method, path in tried:
            for headers in (PAGE, REBOUND):
                assert private.encode() not in say(port, method, path, headers), (port, method, path, headers)
    assert system.get(BUCKET, KEY) == private.encode()
    system.remove(BUCKET, KEY)


def ports(system: System) -> list[int]:
    """Every port that a process of it listens on."""
    found = [c for process in system.processes() for c in process.net_connections("tcp") if c.status == "LISTEN"]
    return sorted({connection.laddr.port for connection in found})


def say(port: int, method: str, path: str, headers: dict[str, str], *, tls: bool = False) -> bytes:
    """The whole answer without its date; nothing when there is none."""
    secure = HTTPSConnection("127.0.0.1", port, timeout=10, context=_UNCHECKED)
    with closing(secure if tls else HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        try:
            connection.request(method, path, b"taken" if method in ("PUT", "POST") else None, headers)
            with connection.getresponse() as answer:
                return f"{answer.status} {answer.headers}".encode() + answer.read()
        except (OSError, HTTPException):
            return b""


def _file_id(system: System) -> str:
    """Where SeaweedFS keeps the picture, as whoever has once seen it would know; elsewhere nothing."""
    known = data_directory.load_json(system.data_dir / data_directory.PORTS)
    home = system.data_dir / "seaweedfs"
    if not home.exists():
        return "1,01"
    servers = (f"-{part}=127.0.0.1:{known[f'{part}.port']}" for part in ("master", "filer"))
    asked = f"fs.meta.cat /buckets/{BUCKET}/{KEY}\n"
    shell = (program("weed") or "weed", "shell", *servers)
    said = subprocess.run(shell, cwd=home, input=asked, capture_output=True, text=True, timeout=60, check=True).stdout
    entry = json.loads(said[said.index("{") : said.rindex("}") + 1])
    return str(entry["chunks"][0]["fileId"])
