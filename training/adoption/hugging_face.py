"""A folder as Hugging Face lays it out: classes from config.json, the input from preprocessor_config.json.

What an absent key means is the image processor's class's own: the defaults below are those of transformers 5.24
(models/*/image_processing_*.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedloop.domain.documents import Document, load
from feedloop.domain.errors import BadRequest, Malformed
from training.adoption import class_names
from training.adoption.facts import Facts, Option, facts_from, guesses

CONFIG, PREPROCESSOR, PROCESSOR = "config.json", "preprocessor_config.json", "processor_config.json"
RESAMPLE = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""Pillow's filters by the number that `resample` gives."""

_STANDARD = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_WARPED_FROM = 384
_CROP_PCT = 224 / 256


@dataclass(frozen=True, slots=True)
class _Defaults:
    """What one class of image processors does where its file is silent; `crop` 0 is no crop."""

    size: int
    resample: int
    stretch: bool = True
    crop: int = 0
    colours: tuple[Sequence[float], Sequence[float]] | None = _STANDARD


_CLASSES = {
    "ViT": _Defaults(224, 2),
    "Beit": _Defaults(224, 3),
    "Siglip": _Defaults(224, 3),
    "DeiT": _Defaults(256, 3, crop=224),
    "CLIP": _Defaults(224, 3, stretch=False, crop=224, colours=_CLIP),
    "Bit": _Defaults(224, 3, stretch=False, crop=224, colours=_CLIP),
    "Levit": _Defaults(224, 3, stretch=False, crop=224, colours=_IMAGENET),
    "MobileNetV1": _Defaults(256, 2, stretch=False, crop=224),
    "MobileNetV2": _Defaults(256, 2, stretch=False, crop=224),
    "MobileViT": _Defaults(224, 2, stretch=False, crop=256, colours=None),
    "ConvNext": _Defaults(384, 3, stretch=False),
    "EfficientNet": _Defaults(346, 3),
}
"""By the beginning of the class's name: `ViTImageProcessorFast`, `ViTFeatureExtractor`."""


def is_config(document: Document) -> bool:
    """Whether a config.json is transformers' own."""
    return "model_type" in document or "architectures" in document or "transformers_version" in document


def config_facts(document: Document) -> Facts:
    """The classes. Raises BadRequest for a model that does not choose one class for a picture."""
    listed = document.get("architectures") or ()
    kinds = [str(name) for name in (listed if isinstance(listed, list) else [listed])] if listed else []
    if kinds and not any("ForImageClassification" in kind for kind in kinds):
        raise BadRequest(f"{CONFIG}: a {kinds[0]} does not classify pictures; Feedloop serves …ForImageClassification.")
    problem = document.get("problem_type") or "single_label_classification"
    if problem != "single_label_classification":
        raise BadRequest(f"{CONFIG}: problem_type is {problem!r}. Feedloop needs one class for each picture.")
    names = document.get("id2label")
    if not isinstance(names, Mapping) or not names:
        return {}
    classes = class_names.from_json(names, f"{CONFIG}'s id2label")
    return {} if class_names.are_placeholders(classes) else facts_from(f"from {CONFIG}", {Option.CLASSES: classes})


def load_processor(folder: Path) -> Document:
    """The image processor's own file, in either form; empty where there is none. Raises BadRequest."""
    for name, inner in ((PREPROCESSOR, ""), (PROCESSOR, "image_processor")):
        if (folder / name).is_file():
            try:
                document = load((folder / name).read_bytes())
            except Malformed as error:
                raise BadRequest(f"{folder / name}: {error}.") from error
            if processor := document.get(inner) if inner else document:
                return dict(processor)
    return {}


def input_facts(processor: Document, model_type: str = "") -> Facts:
    """Size, resizing and normalisation. Raises BadRequest for what the card of a model cannot say.

    Of a class that is not known here they are guesses: it may do more than its file says.
    """
    if not processor:
        return {}
    kind = str(processor.get("image_processor_type") or processor.get("feature_extractor_type") or model_type)
    defaults = next((own for name, own in _CLASSES.items() if kind.lower().startswith(name.lower())), None)
    try:
        values = _values(processor, kind.lower(), defaults)
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError) as error:
        raise BadRequest(f"{PREPROCESSOR} cannot be understood: {error!r}. Say --size, --mean and --std.") from error
    if defaults is None:
        return guesses(values, f"from {PREPROCESSOR}, though {kind or 'its class'} may do more than that says")
    return facts_from(f"from {PREPROCESSOR}", values)


def _values(processor: Document, kind: str, defaults: _Defaults | None) -> dict[str, Any]:
    """Facts by name, as numbers and words."""
    if processor.get("do_pad"):
        raise BadRequest(f"{PREPROCESSOR} pads pictures, which cannot be served: say how with --resize and --size.")
    resample = processor.get("resample", defaults and defaults.resample)
    values = _geometry(processor, kind, defaults) if defaults or "size" in processor else {}
    flips = processor.get("do_flip_channel_order", kind.startswith("mobilevit"))
    values |= {
        Option.INTERPOLATION: None if resample is None else RESAMPLE[int(resample)],
        Option.CHANNELS: "bgr" if flips else "rgb",
    }
    mean, std = _normalisation(processor, kind, defaults)
    return values | {Option.MEAN: mean, Option.STD: std}


def _geometry(processor: Document, kind: str, defaults: _Defaults | None) -> dict[str, Any]:
    """How the picture gets its size."""
    if not processor.get("do_resize", True):
        return {}
    if defaults is None and "crop_pct" in processor:
        raise BadRequest(f"{PREPROCESSOR}: {kind} crops in its own way (crop_pct): say --size and --resize-size.")
    stretch = defaults.stretch if defaults else "height" in str(processor.get("size"))
    if kind.startswith("siglip") and "size" in processor:  # a number means another thing there than no number
        stretch = False
    side, stretch = _side(processor.get("size", defaults and defaults.size), stretch=stretch)
    if kind.startswith("convnext"):
        if side >= _WARPED_FROM:
            return {Option.SIZE: side, Option.RESIZE: "stretch"}
        return {
            Option.SIZE: side,
            Option.RESIZE: "shorter-side",
            Option.RESIZE_SIZE: int(side / (processor.get("crop_pct") or _CROP_PCT)),
        }
    if kind.startswith("levit") and not stretch:
        side = int(256 / 224 * side)
    crop_size = processor.get("crop_size", defaults and defaults.crop)
    crops = processor.get("do_center_crop", bool(defaults and defaults.crop))
    if not crops and stretch:
        return {Option.SIZE: side, Option.RESIZE: "stretch"}
    if not crops:
        raise BadRequest(
            f"{PREPROCESSOR} keeps the shape of a picture; only squares can be served: say --size, --resize."
        )
    size, _ = _side(crop_size, stretch=True)
    if size > side:
        raise BadRequest(f"{PREPROCESSOR} crops {size} pixels out of {side}, so it pads, which cannot be served.")
    return {Option.SIZE: size, Option.RESIZE: "stretch" if stretch else "shorter-side", Option.RESIZE_SIZE: side}


def _side(size: Any, *, stretch: bool) -> tuple[int, bool]:  # noqa: ANN401 - JSON
    """The pixels of a side, and whether both sides get so many."""
    if not isinstance(size, Mapping):
        return int(size), stretch
    if "shortest_edge" in size and "longest_edge" not in size:
        return int(size["shortest_edge"]), False
    if "height" not in size or size["height"] != size.get("width"):
        raise BadRequest(f"{PREPROCESSOR}: a size of {dict(size)} is no square, so it cannot be served.")
    return int(size["height"]), True


def _normalisation(
    processor: Document, kind: str, defaults: _Defaults | None
) -> tuple[list[float] | None, list[float] | None]:
    """Mean and std for values x / 255, whatever the file scales them by: (k x - m) / s is (x - m / k) / (s / k)."""
    offset, scale = 0.0, 255.0
    if processor.get("do_rescale", True):
        scale = 255 * float(processor.get("rescale_factor", 1 / 255))
        if processor.get("rescale_offset"):
            if abs(scale - 2) > 1e-3:  # noqa: PLR2004 - of 1/127.5, where all versions of transformers agree
                raise BadRequest(f"{PREPROCESSOR}: rescale_offset with this rescale_factor: say --mean and --std.")
            offset = 1.0
    given = processor.get("image_mean"), processor.get("image_std")
    own = (defaults and defaults.colours) or (None, None)
    mean, std = [0.0] * 3, [1.0] * 3
    if processor.get("do_normalize", defaults is None or defaults.colours is not None):
        if own[0] is None and None in given:
            return None, None  # nobody knows
        mean, std = (_three(value if value is not None else default) for value, default in zip(given, own, strict=True))
    if kind.startswith("efficientnet") and processor.get("include_top", True):  # this class divides once more
        std = [first * second for first, second in zip(std, _three(given[1] or own[1]), strict=True)]
    if scale == 0 or 0 in std:
        raise BadRequest(f"{PREPROCESSOR} divides by 0: say --mean and --std.")
    return [(value + offset) / scale for value in mean], [value / scale for value in std]


def _three(values: Any) -> list[float]:  # noqa: ANN401 - JSON
    if isinstance(values, int | float):
        return [float(values)] * 3
    red, green, blue = map(float, values)
    return [red, green, blue]
