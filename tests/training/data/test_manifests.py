"""A manifest that somebody's editor or tool rewrote is read, or refused by its name."""

import pytest

from feedloop.domain.errors import BadRequest
from training.data import manifests
from training.data.manifests import ManifestEntry

WHOLE = manifests.to_bytes([ManifestEntry("key", "sha", 1, "Bread", "cleanproduction", ("anna",), "id", "model")])


@pytest.mark.parametrize("body", [WHOLE, b"\xef\xbb\xbf" + WHOLE, WHOLE.replace(b"\n", b"\r\n")])
def test_a_mark_and_other_line_ends_are_no_fault(tmp_path, body):
    (tmp_path / manifests.FILE).write_bytes(body)
    assert [line.class_name for line in manifests.load_beside(tmp_path) or ()] == ["Bread"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"\0" * 50,
        b"[]\n",
        b'{"v":1,"pictures":1}\n7\n',
        b'{"v":1,"pictures":1}\n' + b"[" * 100_000,
        WHOLE.decode().encode("utf-16"),
        WHOLE.replace(b"Bread", b"K\xe4se"),
        WHOLE.replace(b'"class_index":1', b'"class_index":"x"'),
        WHOLE.replace(b'"class_index":1', b'"class_index":null'),
        WHOLE.replace(b'["anna"]', b"7"),
    ],
)
def test_what_is_no_manifest_is_refused_by_its_name(tmp_path, body):
    (tmp_path / manifests.FILE).write_bytes(body)
    for read in (manifests.load_beside, lambda folder: manifests.checked_version(folder, {})):
        with pytest.raises(BadRequest, match=r"manifest\.jsonl is damaged"):
            read(tmp_path)
