"""The manifest of a dataset: what each picture is and where it comes from. Its fingerprint is the dataset's version."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from feedloop import files
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import BadRequest, Malformed

FILE = "manifest.jsonl"

LOOP = "loop"
"""What a card calls training data of the loop: all of it stands in the manifest."""


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One labelled picture; `source` is its dataset, `model` the version whose answer it got.

    A picture of none of the classes has no index, and no class's name.
    """

    key: str
    sha256: str
    class_index: int | None
    class_name: str | None
    source: str
    annotators: tuple[str, ...]
    prediction: str
    model: str

    @property
    def is_outlier(self) -> bool:
        """Whether it shows none of the classes."""
        return self.class_index is None and self.class_name is None

    @property
    def name(self) -> str:
        """Its file's name in an image folder."""
        return name_of(self.source, self.prediction)

    def to_document(self) -> Document:
        """A line of the file."""
        facts = asdict(self)
        name = facts.pop("class_name")
        return {**facts, "annotators": list(self.annotators), "class": name}

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Parse a line of the file. Raises Malformed."""
        try:
            facts = {**document, "annotators": tuple(document["annotators"])}
            entry = cls(class_name=facts.pop("class"), **facts)
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed(f"not a line of a manifest: {error!r}") from error
        texts = (entry.key, entry.sha256, entry.source, entry.prediction, entry.model)
        has_class = type(entry.class_index) is int and isinstance(entry.class_name, str)
        if not all(isinstance(text, str) for text in texts) or not (has_class or entry.is_outlier):
            raise Malformed("not a line of a manifest: it needs a number and texts")
        return entry


def name_of(source: str, prediction: object) -> str:
    """The name of a picture's file: datasets may hold the same prediction."""
    return f"{source}-{prediction}.jpg"


def to_bytes(entries: Iterable[ManifestEntry]) -> bytes:
    """JSON lines in the order of their keys, after a header: the same pictures and labels give the same bytes."""
    ordered = sorted(entries, key=lambda entry: (entry.source, entry.key))
    documents = [{"v": 1, "pictures": len(ordered)}, *(entry.to_document() for entry in ordered)]
    return b"".join(dump(document) + b"\n" for document in documents)


def parse(body: bytes) -> list[ManifestEntry]:
    """The entries of a manifest. Raises Malformed, also when some are missing."""
    header, *documents = map(load, body.splitlines() or [b""])
    if header.get("v") != 1 or header.get("pictures") != len(documents):
        raise Malformed("the manifest is cut off, or of a version that we don't know")
    return [ManifestEntry.from_document(document) for document in documents]


def version(body: bytes) -> str:
    """What names the dataset in a model card."""
    return hashlib.sha256(body).hexdigest()


def save(folder: Path, body: bytes) -> None:
    """Put the manifest into its folder in one step, on disk: it says that all pictures are there."""
    files.replace(folder / FILE, body, durable=True)


def checked_version(folder: Path, present: Collection[tuple[str, str, str]]) -> str:
    """The version of an image folder that holds `present` (class's name, file name and sha256 of each picture).

    Pictures of none of the classes, which a manifest may name too, lie elsewhere. Raises BadRequest if it lists others.
    """
    body = (folder / FILE).read_bytes()
    try:
        listed = {(entry.class_name, entry.name, entry.sha256) for entry in parse(body) if not entry.is_outlier}
    except Malformed as error:
        raise BadRequest(f"{folder / FILE} is damaged: pull the dataset again. ({error})") from error
    if wrong := sorted({name for _, name, _ in listed.symmetric_difference(present)}):
        mend = f"pull it again, take out what you added, or delete that {FILE}"
        raise BadRequest(f"{folder} is not what its {FILE} says: {mend}. {wrong[:3]}")
    return version(body)


def load_beside(folder: Path) -> tuple[ManifestEntry, ...] | None:
    """What the model in a folder was trained on; None if it does not say. Raises BadRequest if that is damaged."""
    file = folder / FILE
    try:
        return tuple(parse(file.read_bytes())) if file.exists() else None
    except Malformed as error:
        raise BadRequest(f"{file} is damaged, so nobody knows what the model has seen: {error}") from error


def copy_beside(pictures: Path | None, to: Path, version_of: object) -> None:
    """Let the manifest of the pictures lie beside the model that was trained on them, and no other."""
    body = (pictures / FILE).read_bytes() if pictures and (pictures / FILE).exists() else b""
    if version(body) == version_of:
        save(to, body)
    else:
        (to / FILE).unlink(missing_ok=True)
