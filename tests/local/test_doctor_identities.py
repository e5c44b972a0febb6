"""`python -m local doctor` on the keys of the functions: too much, too little, wrong, missing, or one for all."""

from pathlib import Path

import pytest

from feedloop import settings
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.keys import ObjectRef
from feedloop.ports import Entry
from local.identities import LABEL_STUDIO, keys_of
from tests.local.examination import finding
from tests.support.servers import Server

pytestmark = pytest.mark.store


def has_the_pair_of(folder: Path, name: str, other: str) -> None:
    """One function's secrets hold another's pair."""
    for end in (settings.ACCESS_KEY, settings.SECRET_KEY):
        (folder / f"{keys_of(name)}{end}").write_text((folder / f"{other}{end}").read_text())


def everything(store: S3Store) -> list[Entry]:
    return [entry for bucket in keys.BUCKETS for entry in store.list(ObjectRef(bucket, ""))]


def test_keys_that_are_well_are_told_and_nothing_is_left_behind(deployed: dict[str, str], seaweedfs: Server) -> None:
    store = seaweedfs.open(deployed["BUCKET_PREFIX"])
    before = everything(store)
    said = "the keys of predict, flag, relabel, sample, sync, curate, report, label-studio open what their policies say"
    assert finding("identities", **deployed) == ("ok", f"{said}, and nothing else")
    assert everything(store) == before


def test_a_label_studio_that_could_answer_for_visitors_is_told(deployed: dict[str, str], tmp_path: Path) -> None:
    has_the_pair_of(tmp_path, LABEL_STUDIO, keys_of("relabel"))
    word, why = finding("identities", **deployed)
    assert word == "wrong"
    assert "label-studio's key opens " in why
    assert f"{deployed['BUCKET_PREFIX']}labelstudio/ (get, list, put)" in why


def test_a_key_that_opens_more_than_its_policy_is_told(deployed: dict[str, str], tmp_path: Path) -> None:
    has_the_pair_of(tmp_path, "flag", settings.S3_KEYS)
    word, why = finding("identities", only="flag predict", **deployed)
    assert word == "wrong"
    assert why.startswith("flag's key opens ")
    assert f"{deployed['BUCKET_PREFIX']}models/ (get, list, put)" in why
    assert why.endswith(": give it the policy deploy/policies/flag.json and no other.")


def test_a_key_that_may_do_too_little_and_other_things_is_told_both(deployed: dict[str, str], tmp_path: Path) -> None:
    has_the_pair_of(tmp_path, "sample", keys_of("flag"))
    _, why = finding("identities", only="flag sample", **deployed)
    prefix, mend = deployed["BUCKET_PREFIX"], "give it the policy deploy/policies/sample.json"
    lacking = f"{prefix}labelstudio/ (put), {prefix}models/ (get, list), {prefix}production/ (list)"
    assert f"sample's key does not open {lacking}, {prefix}tracking/ (get, list, put): {mend}." in why
    assert f"sample's key opens {prefix}labelstudio/ (get, list, put): {mend} and no other." in why


@pytest.mark.parametrize("end", [settings.ACCESS_KEY, settings.SECRET_KEY])
def test_a_functions_missing_secret_is_named_and_the_others_are_examined(
    deployed: dict[str, str], tmp_path: Path, end: str
) -> None:
    (tmp_path / f"feedloop-flag-s3{end}").unlink()
    has_the_pair_of(tmp_path, "sync", settings.S3_KEYS)
    _, why = finding("identities", only="flag sync", **deployed)
    assert why.startswith(
        f"flag: The secret feedloop-flag-s3{end} cannot be read (No such file or directory): create it"
    )
    assert "sync's key opens" in why


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (settings.ACCESS_KEY, "does not know flag's access key: mend"),
        (settings.SECRET_KEY, "flag's secret key does not"),
    ],
)
@pytest.mark.parametrize("wrong", ["strangers-key", "strang€rs-key"])
def test_a_functions_wrong_key_is_told_and_not_shown(
    deployed: dict[str, str], tmp_path: Path, end: str, told: str, wrong: str
) -> None:
    (tmp_path / f"feedloop-flag-s3{end}").write_text(wrong)
    _, why = finding("identities", only="flag", **deployed)
    assert (told if wrong.isascii() else f"feedloop-flag-s3{end} holds characters that no key") in why
    assert wrong not in why


def test_one_pair_for_all_is_told_as_chosen(deployed: dict[str, str]) -> None:
    word, why = finding("identities", only="predict curate", **deployed, S3_KEYS=settings.S3_KEYS)
    assert word == "ok"
    assert why.startswith("all functions share the pair feedloop-s3, as S3_KEYS says")


def test_one_pair_for_all_must_open_what_each_needs(deployed: dict[str, str]) -> None:
    _, why = finding("identities", only="predict curate", **deployed, S3_KEYS=keys_of("curate"))
    assert f"predict's key does not open {deployed['BUCKET_PREFIX']}labelstudio/ (put), " in why
    assert "curate's key" not in why
    assert "and no other" not in why
