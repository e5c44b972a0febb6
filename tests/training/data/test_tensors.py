"""Training, judging and serving see the same picture, whatever file it comes as."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed here: make test-training")

from torch.utils.data import default_collate  # noqa: E402 - torch comes first
from torchvision.transforms import v2  # noqa: E402

from feedloop.adapters import pictures  # noqa: E402
from feedloop.domain.cards import Preprocessing  # noqa: E402
from feedloop.domain.errors import BadRequest  # noqa: E402
from tests.support import odd  # noqa: E402
from tests.support.uploads import encoded, pixels, scene  # noqa: E402
from training.data import tensors  # noqa: E402
from training.data.image_folder import Example  # noqa: E402

SIDE = 32
PREPROCESSING = tensors.stretched(SIDE)
TAKEN = [one for one in odd.files() if one.answer in (odd.KEPT, odd.WRITTEN)]


@pytest.fixture
def plain(monkeypatch):
    """Training without augmentation: only stretched."""
    transform = v2.Compose([v2.Resize((SIDE, SIDE)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    monkeypatch.setattr(
        tensors, "augmented", lambda _: v2.Compose([transform, v2.Normalize(tensors.MEAN, tensors.STD)])
    )


@pytest.mark.parametrize("one", TAKEN, ids=lambda one: one.name)
def test_training_sees_what_predict_shows(plain, tmp_path, one):
    path = tmp_path / "picture"
    path.write_bytes(one.make())
    example = Example(path, 0)
    learned, _ = tensors.TrainingDataset([example], 1, PREPROCESSING)[0]
    served = pictures.prepare(pictures.normalise(one.make()), PREPROCESSING)
    rows = torch.frombuffer(bytearray(served), dtype=torch.uint8).view(SIDE, SIDE, 3).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(levels).view(3, 1, 1) for levels in (PREPROCESSING.mean, PREPROCESSING.std))
    assert torch.equal(learned, tensors.as_served(example, PREPROCESSING))
    assert torch.allclose(learned, (rows - mean) / std, atol=1e-6)


def test_a_network_that_learned_blue_first_gets_blue_first(tmp_path):
    (tmp_path / "a.png").write_bytes(odd.png())
    example = Example(tmp_path / "a.png", 0)
    plain, turned = (tensors.as_served(example, replace(PREPROCESSING, channels=one)) for one in ("RGB", "BGR"))
    assert torch.equal(turned, plain.flip(0))


def test_an_augmented_picture_is_one_of_a_batch(tmp_path):
    (tmp_path / "a.png").write_bytes(odd.png())
    dataset = tensors.TrainingDataset(
        [Example(tmp_path / "a.png", 1), Example(tmp_path / "a.png", None)], 2, PREPROCESSING
    )
    seen, answers = default_collate([dataset[0], dataset[1]])
    assert (tuple(seen.shape), answers.tolist()) == ((2, 3, SIDE, SIDE), [[0, 1], [0.5, 0.5]])


def test_a_file_that_predict_refuses_is_named(tmp_path):
    (tmp_path / "a.jpg").write_bytes(odd.jpeg()[:200])
    with pytest.raises(BadRequest, match=r"a\.jpg"):
        tensors.TrainingDataset([Example(tmp_path / "a.jpg", 0)], 1, PREPROCESSING)[0]


@pytest.mark.parametrize("filtering", ["bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("shape", [(96, 64), (61, 200), (32, 33)])
def test_a_crop_is_that_of_torchvision(tmp_path, shape, filtering):
    (tmp_path / "a.png").write_bytes(encoded(scene(*shape), "PNG"))
    example, side = Example(tmp_path / "a.png", 0), SIDE - 4
    reference = v2.Compose(
        [
            v2.Resize(SIDE, v2.InterpolationMode(filtering), antialias=True),
            v2.CenterCrop(side),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
        ]
    )
    card = Preprocessing(side, (0.0,) * 3, (1.0,) * 3, "shorter_side", SIDE, filtering)
    expected = reference(pixels(example.picture().jpeg))
    assert torch.allclose(tensors.as_served(example, card), expected, atol=1.01 / 255)
