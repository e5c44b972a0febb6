"""A store that is not ours, made ready once for functions that run elsewhere."""

from pathlib import Path
from tempfile import TemporaryDirectory

from feedloop.domain.errors import WrongSetting
from local.prepare import prepare
from local.settings import Choices
from local.store import Access, OutsideStore


def prepare_store(choices: Choices) -> None:
    """Buckets, a proof of its conditional writes, and the demonstration model when there is none.

    Raises StoreDown, StoreMisconfigured and WrongSetting, each with what to do.
    """
    if not choices.s3_endpoint:
        raise WrongSetting("S3_ENDPOINT is not set: name the store that is to be made ready, and its keys.")
    access = Access(choices.s3_access_key, choices.s3_secret_key, choices.s3_region, choices.bucket_prefix, "")
    with TemporaryDirectory() as nothing_is_kept:
        prepare(OutsideStore(choices.s3_endpoint), access, Path(nothing_is_kept) / "proven.json", _say)


def _say(text: str) -> None:
    print(text, flush=True)
