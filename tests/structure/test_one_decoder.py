"""Serving, training and benchmarks show a model the same picture: one place decodes."""

import re

from tests.structure.repository import ROOT, tracked

OPENS = re.compile(r"Image\.open\(|ImageFile\.Parser|decode_image|decode_jpeg|cv2\.im|imageio|ImageFolder\(")

OF_OTHERS = {"benchmarks/peer_servers/model.py", "benchmarks/shared/bare.py"}
"""What predict is measured against decodes by itself."""


def test_only_one_place_opens_pictures():
    code = (path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] != "tests")
    opening = {path.relative_to(ROOT).as_posix() for path in code if OPENS.search(path.read_text())}
    assert opening - OF_OTHERS == {"feedloop/adapters/pictures/opening.py"}
