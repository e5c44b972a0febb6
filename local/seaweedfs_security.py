"""What SeaweedFS asks of who comes to its inner ports: security.toml, and the certificate that only its parts have.

Master, volumes and filer know nothing of S3's keys: whoever reaches their ports reads, writes and deletes every object,
and the port of S3's own gRPC takes new administrators. Without more, each asks nobody anything.
"""

import shutil
import subprocess
from pathlib import Path
from secrets import token_hex

from feedloop.domain.errors import WrongSetting
from local import data_directory

FILE, CERTIFICATE = "security.toml", "seaweedfs.pem"
_PARTS = ("master", "volume", "filer", "s3", "admin", "worker", "client")
_SILENT = ("master", "filer", "admin")  # no part calls these by HTTP
_TOKENS = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
_KEY = ("ecparam", "-name", "prime256v1", "-genkey", "-noout")
_SIGNED = ("req", "-x509", "-new", "-key", "/dev/stdin", "-days", "7300", "-subj", "/CN=SeaweedFS")
_NAMED = ("-addext", "subjectAltName=IP:127.0.0.1")
_SECONDS = 30


def create_files(home: Path, read_from: str = "") -> bool:
    """Draw both once, and keep them in `home`. The server looks for the certificate in `read_from`: where it starts.

    Tells whether there is a certificate: without the program openssl there is none, and then other users of the machine
    may still speak to master, volumes and filer by gRPC. Raises WrongSetting when openssl fails.
    """
    openssl = shutil.which("openssl")
    made = [(home / name).exists() for name in (FILE, CERTIFICATE)]
    if all(made) or (made[0] and not openssl):
        return made[1]
    tables = [f'[{table}]\nkey = "{token_hex(32)}"\n' for table in _TOKENS]
    if openssl:
        data_directory.write(home / CERTIFICATE, _certificate(openssl))
        tables += _tls(f"{read_from}{CERTIFICATE}")
    data_directory.write(home / FILE, "\n".join(tables))
    return openssl is not None


def _tls(file: str) -> list[str]:
    """Every part shows the one certificate, and trusts no other: as a server, and as a client of the others.

    Not where volumes take and give what objects hold, by HTTP: there S3's tokens (`jwt.signing`) stand for it, and TLS
    made an upload a tenth slower.
    """
    tables = [f'[grpc]\nca = "{file}"\n']
    tables += [f'[grpc.{part}]\ncert = "{file}"\nkey = "{file}"\n' for part in _PARTS]
    tables += [f'[https.{part}]\nca = "{file}"\ncert = "{file}"\nkey = "{file}"\n' for part in _SILENT]
    return tables


def _certificate(openssl: str) -> str:
    """A key, and a certificate that it signs itself."""
    key = _run(openssl, *_KEY)
    return key + _run(openssl, *_SIGNED, *_NAMED, given=key)


def _run(*command: str, given: str = "") -> str:
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        output = str(getattr(error, "stderr", "") or error).strip()[-200:]
        raise WrongSetting(f"openssl cannot make the certificate of SeaweedFS's inner ports: {output}") from error
    return done.stdout
