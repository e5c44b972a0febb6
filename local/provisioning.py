"""A store that is not ours, made ready once for functions that run elsewhere."""

from pathlib import Path
from tempfile import TemporaryDirectory

from feedloop import settings
from feedloop.domain.errors import WrongSetting
from local import data_directory, identities, minio_server, seaweedfs_security
from local.prepare import prepare
from local.settings import Choices
from local.store import Access, ExternalStore


def prepare_store(choices: Choices) -> None:
    """Buckets, a proof of its conditional writes, and the demonstration model when there is none.

    Raises StoreDown, StoreMisconfigured and WrongSetting, each with what to do.
    """
    if not choices.s3_endpoint:
        raise WrongSetting("S3_ENDPOINT is not set: name the store that is to be made ready, and its keys.")
    access = Access(choices.s3_access_key, choices.s3_secret_key, choices.s3_region, choices.bucket_prefix, "")
    with TemporaryDirectory() as nothing_is_kept:
        prepare(ExternalStore(choices.s3_endpoint), access, Path(nothing_is_kept) / "proven.json", _say)


def create_identities(secrets: Path, choices: Choices, *, minio: bool) -> None:
    """Keys for everybody among these secrets (what is there stays), and what a store has to know about them.

    With `minio` the store at S3_ENDPOINT is told at once. Raises StoreDown and WrongSetting.
    """
    others = identities.load_or_create(secrets, choices.bucket_prefix)
    operator = identities.key_pair(secrets, settings.S3_KEYS)
    data_directory.write(secrets / "s3.json", identities.of_seaweedfs(operator, others))
    if not seaweedfs_security.create_files(secrets, "/etc/seaweedfs/"):
        _say("Without the program openssl SeaweedFS's own ports ask for no certificate: install it, and repeat.")
    for one in others:
        data_directory.write(secrets / "policies" / f"{one.name}.json", one.policy)
    if minio:
        minio_server.create_users(choices.s3_endpoint, (choices.s3_access_key, choices.s3_secret_key), others)
        _say(f"{choices.s3_endpoint} lets in {', '.join(one.name for one in others)}")
    _say(
        f"{secrets}/s3.json, security.toml and seaweedfs.pem are for SeaweedFS, policies/ for AWS; the platform wants:"
    )
    for name in sorted(path.name for path in secrets.glob("feedloop-*-s3-*-key")):
        if not name.startswith(identities.keys_of(identities.LABEL_STUDIO)):
            _say(f"faas-cli secret create {name} --from-file={secrets / name}")


def _say(text: str) -> None:
    print(text, flush=True)
