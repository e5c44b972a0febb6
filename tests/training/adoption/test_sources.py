"""Files are known by their first bytes; what cannot be adopted gets its own advice."""

import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from feedloop.domain.errors import BadRequest
from tests.support import tiny_models
from training.adoption import sources

HEADS = {
    "keras": b"\x89HDF\r\n\x1a\n",
    "tflite": b"\x1c\x00\x00\x00TFL3",
    "ort": b"\x18\x00\x00\x00ORTM",
    "pickle": b"\x80\x04\x95\x10",
    "checkpoint": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
    "lfs": b"version https://git-lfs.github.com/spec/v1\n",
    "html": b"<!DOCTYPE html>",
    "picture": b"\x89PNG\r\n",
    "empty": b"",
    "onnx": tiny_models.plain()[:64],
}
ARCHIVES = {
    "checkpoint": ["archive/data.pkl", "archive/version"],
    "torchscript": ["m/data.pkl", "m/code/__torch__.py", "code/x"],
    "keras": ["config.json", "model.weights.h5"],
    "archive": ["model.onnx"],
}


@pytest.mark.parametrize("kind", HEADS)
def test_a_file_is_known_by_its_first_bytes(tmp_path, kind):
    (tmp_path / "best.bin").write_bytes(HEADS[kind])
    assert sources.recognise(tmp_path / "best.bin") == kind


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_is_known_by_what_is_in_it(tmp_path, kind):
    with ZipFile(tmp_path / "model.pt", "w") as file:
        for name in ARCHIVES[kind]:
            file.writestr(name, b"")
    assert sources.recognise(tmp_path / "model.pt") == kind


def test_safetensors_are_a_checkpoint(tmp_path):
    (tmp_path / "model.bin").write_bytes((2).to_bytes(8, "little") + b"{}")
    assert sources.recognise(tmp_path / "model.bin") == "checkpoint"


@pytest.mark.parametrize("kind", ["keras", "tflite", "ort", "pickle", "lfs", "html", "picture", "empty"])
def test_what_cannot_be_adopted_gets_advice(tmp_path, kind):
    (tmp_path / "model.onnx").write_bytes(HEADS[kind])
    with pytest.raises(BadRequest, match=r"model.onnx is (a|an|empty)\b"):
        sources.resolve(tmp_path / "model.onnx")


def test_teachable_machine_gets_its_options(tmp_path):
    (tmp_path / "keras_model.h5").write_bytes(HEADS["keras"])
    (tmp_path / "labels.txt").write_text("0 Egg\n1 Rice\n")
    with pytest.raises(BadRequest, match=r"has keras_model.h5: .*--classes labels.txt --range -1-1"):
        sources.resolve(tmp_path)


@pytest.mark.parametrize(
    "names", [("model.onnx", "model_quantized.onnx"), ("onnx/model.onnx", "onnx/model_fp16.onnx"), ("food.onnx",)]
)
def test_a_folder_gives_its_plain_model(tmp_path, names):
    (tmp_path / "onnx").mkdir()
    for name in names:
        (tmp_path / name).write_bytes(b"\x08")
    assert sources.resolve(tmp_path).onnx == tmp_path / names[0]


def test_several_plain_models_are_asked_about(tmp_path):
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).write_bytes(b"\x08")
    with pytest.raises(BadRequest, match=r"name one of a.onnx, b.onnx"):
        sources.resolve(tmp_path)


def test_several_checkpoints_are_asked_about(tmp_path):
    for name in ("epoch=1.ckpt", "epoch=2.ckpt", "optimizer.pt"):
        (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(BadRequest, match=r"name one of epoch=1.ckpt, epoch=2.ckpt\."):
        sources.resolve(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"PK")
    assert sources.resolve(tmp_path).checkpoint == tmp_path / "model.safetensors"


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("model-00001-of-00002.safetensors", "model.safetensors.index.json"), "weights in several files"),
        (("__0_0.distcp", ".metadata"), "a distributed checkpoint"),
        (("checkpoint-100/model.safetensors", "checkpoint-200/pytorch_model.bin"), "checkpoint-100, checkpoint-200"),
    ],
)
def test_what_a_training_leaves_is_told_apart(tmp_path, names, why):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\x80\x04")
    with pytest.raises(BadRequest, match=why):
        sources.resolve(tmp_path)


def test_an_archive_of_tar_and_one_that_was_cut_short_are_told(tmp_path):
    with tarfile.open(tmp_path / "model.tar", "w") as archive:
        archive.add(__file__, "model.onnx")
    with pytest.raises(BadRequest, match="Unpack it"):
        sources.resolve(tmp_path / "model.tar")
    with ZipFile(tmp_path / "model.pth", "w") as file:
        file.writestr("model/data.pkl", bytes(5000))
    (tmp_path / "model.pth").write_bytes((tmp_path / "model.pth").read_bytes()[:3000])
    with pytest.raises(BadRequest, match="cut short"):
        sources.resolve(tmp_path / "model.pth")


def test_a_folder_without_a_model_says_what_it_has(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(BadRequest, match=r"no model: .*only notes.txt"):
        sources.resolve(tmp_path)
    with pytest.raises(BadRequest, match="is not there"):
        sources.resolve(tmp_path / "nothing")
    with pytest.raises(BadRequest, match="neither a file nor a folder"):
        sources.resolve(Path("/dev/zero"))
