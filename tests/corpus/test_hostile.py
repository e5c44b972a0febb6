"""Whatever is sent: a clear refusal that leaves nothing, or a clean picture."""

import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from tests.structure.repository import ROOT
from tests.support.hostile import TAKEN, Hostile, files
from tests.support.hostile_forms import forms
from tests.support.segments import markers
from tests.support.uploads import SECRET
from tests.support.world import everything

CORPUS = [*files(), *forms()]
PARTS = {*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDD} - {0xC8}
KEPT = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # it may complain, we answer


def stored(store: MemoryStore) -> Iterator[bytes]:
    for bucket in keys.BUCKETS:
        yield from everything(store, bucket, "").values()


def test_the_corpus_is_large_and_no_file_comes_twice():
    assert len({sent.name for sent in CORPUS}) == len(CORPUS) >= 400


@pytest.mark.parametrize("sent", CORPUS, ids=lambda sent: sent.name)
def test_whatever_is_sent_is_refused_without_a_trace_or_kept_clean(site, store, sent: Hostile):
    answer = site.post("/", data=sent.make(), headers=sent.headers())
    assert answer.status_code in sent.statuses
    if answer.status_code == TAKEN:
        check(everything(store, keys.PRODUCTION, ""))
        assert not any(SECRET in body for body in stored(store))
    else:
        assert "detail" in (answer.json or {})
        assert list(stored(store)) == []


@pytest.mark.slow("decodes 190 megapixels in eight threads")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells how much memory a process ever held")
def test_large_pictures_in_every_thread_fit_into_the_container():
    command = [sys.executable, "-W", "ignore", "-m", "tests.support.classifying_memory"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    assert int(done.stdout) < 900  # of the 1,024 in stack.yml


def check(production: dict[str, bytes]) -> None:
    """One picture, whole and upright, with nothing in it or behind it that a decoder does not need."""
    (body,) = production.values()
    assert all(code in PARTS or (code, payload[: len(KEPT[code])]) in KEPT.items() for code, payload in markers(body))
    image = Image.open(BytesIO(body))
    image.load()
    assert (image.format, dict(image.getexif())) == ("JPEG", {})
