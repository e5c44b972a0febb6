"""A training by somebody's own program: what it is handed, and what it wrote, as the gate takes it.

The contract is docs/retrain-with.md. All of it lies in one folder, so that a later command can go on from what was
written.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from feedloop import files
from feedloop.domain import cards
from feedloop.domain.cards import ModelCard, Preprocessing
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import BadRequest, Malformed
from feedloop.releases import CARD_FILE
from training.adoption import onnx_file, package, sources
from training.adoption.facts import Facts, Option, facts_from
from training.data import image_folder, manifests
from training.data.image_folder import NAMES_FILE
from training.model.card import WEIGHTS_FILE, make_card, save_exported, trained_on
from training.promotion.gathering import OUTLIERS, PICTURES, RetrainingData
from training.promotion.registry import ModelPackage

PREVIOUS, OUTPUT, LOG, FACTS = "previous", "output", "training.log", "training.json"
"""What a training's folder holds beside the pictures."""

AS_BEFORE = "as the previous model has it"
EXPECTED = (
    "Expected is a model.onnx (with a card.json, or a Hugging Face or timm config, where its input is not that of the"
    " previous model), or a checkpoint; docs/retrain-with.md."
)

_SERVING = ("v", "name", "format", "classes", "input", "output", "architecture")


@dataclass(frozen=True, slots=True)
class OwnTraining:
    """One training in its folder; `facts` are what the card of its model says about it."""

    folder: Path
    facts: Document

    @property
    def program(self) -> str:
        """What the program is called."""
        return str(self.facts["program"])

    @property
    def output(self) -> Path:
        """The folder for what the program writes."""
        return self.folder / OUTPUT

    @property
    def previous(self) -> ModelCard:
        """The card of the model before."""
        return ModelCard(load((self.folder / PREVIOUS / CARD_FILE).read_bytes()))

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes by index, as they were handed over."""
        return image_folder.load_names(self.folder / PICTURES / NAMES_FILE)

    def environment(self) -> dict[str, str]:
        """The variables that tell the program all this; every path is absolute."""
        folder, days = self.folder.absolute(), self.facts["test_days"]
        return {
            "FEEDLOOP_PICTURES": str(folder / PICTURES),
            "FEEDLOOP_OUTLIERS": str(folder / OUTLIERS),
            "FEEDLOOP_CLASSES": str(folder / PICTURES / NAMES_FILE),
            "FEEDLOOP_MANIFEST": str(folder / PICTURES / manifests.FILE),
            "FEEDLOOP_PREVIOUS": str(folder / PREVIOUS),
            "FEEDLOOP_OUTPUT": str(folder / OUTPUT),
            "FEEDLOOP_SEED": str(self.facts["seed"]),
            "FEEDLOOP_TEST_DAYS": f"{days['from']}-{days['to']}",
        }


def hand_over(data: RetrainingData, program: str, to: Path, *, seed: int) -> OwnTraining:
    """Lay out the previous model and an empty folder for the next; an earlier run's moves to `output-1` and so on."""
    previous, output, champion = to / PREVIOUS, to / OUTPUT, data.champion
    save_exported(previous, champion.model, champion.card.document, champion.weights)
    if (other := cards.FILES[champion.card.format]) != cards.FILES[cards.ONNX]:
        (previous / cards.FILES[cards.ONNX]).replace(previous / other)
    if output.is_dir() and any(output.iterdir()):
        number = next(number for number in range(1, 1 << 20) if not (to / f"{OUTPUT}-{number}").exists())
        output.rename(to / f"{OUTPUT}-{number}")
    output.mkdir(parents=True, exist_ok=True)
    training = OwnTraining(to, {**data.loop_facts(), "program": program, "seed": seed})
    files.replace(to / FACTS, dump(training.facts))
    return training


def load_training(folder: Path) -> OwnTraining:
    """The training that a program was run for in this folder. Raises BadRequest where there is none."""
    try:
        return OwnTraining(folder, load((folder / FACTS).read_bytes()))
    except (OSError, Malformed) as error:
        raise BadRequest(f"No program of your own has trained in {folder}: leave out --trained.") from error


def load_challenger(training: OwnTraining, created: str) -> tuple[ModelPackage, tuple[str, ...]]:
    """What the program wrote, with its card and the manifest of what it learned; and what its owner should know.

    A card.json may leave out all but what differs from the previous model. Raises BadRequest with what was there and
    what is expected, and ModuleNotFoundError for a checkpoint without torch.
    """
    names = sorted(path.name for path in training.output.iterdir() if not path.name.startswith("."))
    if not names:
        raise BadRequest(f"{training.program} ended well and wrote nothing to {training.output}. {EXPECTED}")
    file, remarks = training.output / WEIGHTS_FILE, tuple[str, ...]()
    weights = file.read_bytes() if file.is_file() else b""
    try:
        if (training.output / CARD_FILE).is_file():
            model, document = _by_card(training)
        else:
            known = _known(training)
            adopted = package.adopt(training.output, known, created=created)
            model, document, weights = adopted.model, adopted.card.document, adopted.weights or weights
            assumed = (f"Nothing beside the model says how pictures are prepared: {AS_BEFORE}.",)
            remarks = (*adopted.warnings, *(assumed if Option.SIZE in known else ()))
    except BadRequest as error:
        listed = json.dumps(names[:8], ensure_ascii=False)[1:-1]
        raise BadRequest(f"{training.program} wrote {listed}: {error} {EXPECTED}") from error
    facts = {**trained_on(ModelCard(document)), **training.facts}
    card = ModelCard({**document, "trained_on": facts, "created": document.get("created") or created})
    return ModelPackage(model, card, _learned(training), weights), remarks


def save(challenger: ModelPackage, to: Path) -> None:
    """Write it as `export` does, the manifest of what it learned first: no model is there without."""
    manifests.save(to, manifests.to_bytes(challenger.manifest or ()))
    save_exported(to, challenger.model, challenger.card.document, challenger.weights)


def _learned(training: OwnTraining) -> tuple[manifests.ManifestEntry, ...]:
    """The pictures that were handed over. Raises BadRequest when others lie there by now."""
    entries = manifests.load_beside(training.folder / PICTURES)
    if entries is None or manifests.version(manifests.to_bytes(entries)) != training.facts["manifest"]:
        raise BadRequest(f"Other pictures lie in {training.folder} than {training.program} learned from: train again.")
    return entries


def _by_card(training: OwnTraining) -> tuple[bytes, Document]:
    """The model that lies beside a card.json, and the card with all that it left out."""
    file, before = training.output / CARD_FILE, training.previous
    try:
        given = load(file.read_bytes())
    except Malformed as error:
        raise BadRequest(f"{file}: {error}.") from error
    if given.get("sha256") == before.sha256:  # a copy of the previous card, whose figures are the previous model's
        given = {name: value for name, value in given.items() if name in _SERVING}
    path = training.output / cards.FILES.get(str(given.get("format", cards.ONNX)), "")
    if not path.is_file():
        raise BadRequest(f"{path.name} is not there, which its {CARD_FILE} is about.")
    model = onnx_file.load_onnx(path).body if path.suffix == ".onnx" else path.read_bytes()
    sha256 = hashlib.sha256(model).hexdigest()
    if given.get("sha256", sha256) != sha256:
        raise BadRequest(f"{CARD_FILE} names the sha256 of another file than {path.name}: leave sha256 out.")
    card = make_card(model, before.name, training.classes, {}, str(given.get("created", "")))
    if "input" not in given:
        card |= {key: before.document[key] for key in ("input", "output") if key in before.document}
    return model, {**card, **given, "sha256": sha256}


def _known(training: OwnTraining) -> Facts:
    """What is known of a model without a card: name and classes, and the input where nothing beside it says more."""
    before, source = training.previous, sources.resolve(training.output)
    if source.fault:
        raise BadRequest(source.fault)
    named: dict[Option, object] = {Option.NAME: before.name, Option.CLASSES: training.classes}
    if source.checkpoint and "architecture" in before.document:
        named[Option.ARCHITECTURE] = before.document["architecture"]
    beside = source.facts
    unnamed = {name: value for name, value in named.items() if name not in beside}
    facts = facts_from(AS_BEFORE, unnamed)
    if beside.keys() & {Option.SIZE, Option.MEAN, Option.RANGE}:
        return facts
    spec = Preprocessing.from_card(before.document)
    return facts | facts_from(
        AS_BEFORE,
        {
            Option.SIZE: spec.size,
            Option.RESIZE: spec.resize.replace("_", "-"),
            Option.RESIZE_SIZE: spec.resize_size,
            Option.INTERPOLATION: spec.interpolation,
            Option.MEAN: list(spec.mean),
            Option.STD: list(spec.std),
            Option.CHANNELS: spec.channels.lower(),
        },
    )
