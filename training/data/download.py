"""Labelled pictures out of the store: an image folder with a manifest, which a later run goes on with.

A file's name tells which picture of the store it is, so nothing else has to be remembered between runs.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from feedloop import files
from feedloop.domain import keys
from feedloop.domain.annotations import CLASS, OTHER
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import load
from feedloop.domain.errors import BadRequest, Malformed, Missing
from feedloop.domain.labels import Label, LabelOutcome, voter
from feedloop.domain.prediction import PredictionId
from feedloop.ports import ObjectStore
from training.data import image_folder, manifests
from training.data.image_folder import NAMES_FILE
from training.data.manifests import ManifestEntry
from training.data.picture_files import is_foreign
from training.data.selection import QUEUE_OF, DatasetPicture
from training.progress import Progress

WORKERS = 16
"""GETs at the same time."""

MOVED, UNLABELLED, LEFT_OUT, GONE = "moved", "unlabelled", "left out", "gone"
"""What became of a picture that is not simply there."""

_OURS = re.compile(rf"({'|'.join(QUEUE_OF)})-(\d{{8}}-[0-9a-f-]+)\.jpg(\.part)?", re.ASCII)
_FOLDER = re.compile(r"class_(\d{2,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """Where pictures go: an image folder with a sub-folder per class, and maybe another for those of none of them."""

    pictures: Path
    classes: ClassList
    outliers: Path | None = None
    chosen: tuple[int, ...] | None = None
    """The classes that have a folder, by their index in the list; else all."""

    @property
    def indices(self) -> tuple[int, ...]:
        """The class of each numbered folder."""
        return tuple(range(len(self.classes.names))) if self.chosen is None else self.chosen

    def path(self, class_index: int | None, name: str = "") -> Path:
        """Where a picture of a class lies, or of none; without a name, its folder."""
        if class_index is None:
            return (self.outliers or self.pictures) / name
        number = self.indices.index(class_index)
        return self.pictures / image_folder.class_folder(number, len(self.indices)) / name

    def class_folders(self) -> set[Path]:
        """A folder for every class, and the one for outliers."""
        wanted = [*self.indices, *([None] if self.outliers else [])]
        return {self.path(index) for index in wanted}

    def files(self) -> Iterator[tuple[Path, int | None]]:
        """All files in folders of classes, with the class (-1 is no class), but those that systems leave behind."""
        indices = dict(enumerate(self.indices))
        numbered = [(path, _FOLDER.fullmatch(path.name)) for path in sorted(self.pictures.glob("class_*"))]
        folders: list[tuple[Path, int | None]] = [
            (path, indices.get(int(match[1]), -1)) for path, match in numbered if match
        ]
        for folder, index in folders + ([(self.outliers, None)] if self.outliers else []):
            for path in sorted(folder.iterdir()) if folder.is_dir() else []:
                if not is_foreign(path.name) and (path.is_symlink() or not path.is_dir()):
                    yield path, index


@dataclass(frozen=True, slots=True)
class Download:
    """What lies in a folder after a run, and what there is to tell.

    Of the pictures, `moved` got another label while they were read, or have a damaged one; `unlabelled` ones of an
    earlier run lost theirs, `left_out` ones of an earlier run were not chosen any more: none of these is there. Copies
    of `gone` ones stay: the store has lost them, or their label is damaged. `foreign` files came from somewhere else,
    as did folders that readers of image folders take for classes.
    """

    entries: tuple[ManifestEntry, ...]
    moved: int
    unlabelled: int
    left_out: int
    gone: tuple[Path, ...]
    foreign: tuple[Path, ...]


def download_pictures(
    store: ObjectStore, chosen: Sequence[DatasetPicture], to: PictureFolder, progress: Progress, *, only: bool = False
) -> Download:
    """Bring the chosen pictures beside those of earlier runs, or `only` them. No manifest is there until `seal`.

    A picture whose label changed moves to its class's folder, and is removed where it has no class any more. A picture
    is written in one step, and one that is there already is compared with the store's checksum: a run that was killed
    costs no second download, and leaves no half picture. Raises BadRequest for a folder with another class list.
    """
    local, foreign = _local_pictures(to)
    _prepare(to)
    puller, named = _Puller(store, to, local), {one.name for one in chosen}
    earlier = [one for name, one in local.items() if name not in named]
    with ThreadPoolExecutor(WORKERS) as pool:
        brought = list(progress(pool.map(puller.bring, chosen), len(chosen), "pulling"))
        if earlier:
            kept = pool.map(lambda one: puller.bring_earlier(one, keep=not only), earlier)
            brought += progress(kept, len(earlier), "comparing what was pulled earlier")
    for folder in to.pictures.glob("class_*"):
        if _FOLDER.fullmatch(folder.name) and folder not in to.class_folders():
            with suppress(OSError):  # of fewer classes, whose numbers were shorter: empty by now
                folder.rmdir()
    foreign += sorted(path for path in to.pictures.iterdir() if path.is_dir() and path not in to.class_folders())
    fates = [one.fate for one in brought]
    return Download(
        entries=tuple(one.entry for one in brought if one.entry),
        moved=fates.count(MOVED),
        unlabelled=fates.count(UNLABELLED),
        left_out=fates.count(LEFT_OUT),
        gone=tuple(to.path(one.entry.class_index, one.entry.name) for one in brought if one.entry and one.fate == GONE),
        foreign=tuple(foreign),
    )


def load_indices(pictures: Path, classes: ClassList) -> tuple[int | None, ...]:
    """The classes of a folder's numbers, as an earlier run left them; None for a name that the list does not know."""
    file = pictures / NAMES_FILE
    return tuple(map(classes.find, image_folder.load_names(file))) if file.exists() else ()


def seal(to: PictureFolder, entries: Iterable[ManifestEntry]) -> str:
    """Let the manifest say that these are all, and remove other pictures of ours; the version of the dataset."""
    kept = list(entries)
    paths = {to.path(entry.class_index, entry.name) for entry in kept}
    for path, _ in to.files():
        if _OURS.fullmatch(path.name) and path not in paths:
            path.unlink()
    body = manifests.to_bytes(kept)
    manifests.save(to.pictures, body)
    return manifests.version(body)


@dataclass(frozen=True, slots=True)
class _Local:
    """A picture of an earlier run; a run that was killed while it moved one left it in two places."""

    queue: str
    prediction: PredictionId
    class_index: int | None
    paths: list[Path]


@dataclass(frozen=True, slots=True)
class _Brought:
    entry: ManifestEntry | None
    fate: str = ""


@dataclass(frozen=True, slots=True)
class _Puller:
    """One run; every picture is a matter of its own, so that several threads bring them."""

    store: ObjectStore
    to: PictureFolder
    local: Mapping[str, _Local]

    def bring(self, one: DatasetPicture) -> _Brought:
        """Have the picture at its path, unless its label is not what its key says any more."""
        local = self.local.get(one.name)
        paths = local.paths if local else []
        try:
            label = self._label(one.queue, one.prediction)
            if label.outcome == _outcome(one.class_index):
                return _Brought(self._hold(one, label, paths))
        except (Missing, Malformed):
            if local:
                return self._stay(local)
        _remove(paths)
        return _Brought(None, MOVED)

    def bring_earlier(self, local: _Local, *, keep: bool) -> _Brought:
        """Have a picture of an earlier run where its label says, or not at all."""
        try:
            label = self._label(local.queue, local.prediction)
            one = self._labelled(local, label)
            if one and keep:
                return _Brought(self._hold(one, label, local.paths))
            if one:
                self.store.head(one.ref)
        except (Missing, Malformed):
            return self._stay(local)
        _remove(local.paths)
        return _Brought(None, LEFT_OUT if one else UNLABELLED)

    def _label(self, queue: str, prediction: PredictionId) -> Label:
        return Label.from_document(load(self.store.get(keys.label(queue, prediction)).body))

    def _labelled(self, local: _Local, label: Label) -> DatasetPicture | None:
        """The picture as its label of record has it by now; None where that names nothing that is learned."""
        kind, index = label.outcome
        is_learned = index in self.to.indices if kind == CLASS else kind == OTHER
        if not is_learned or (kind == OTHER and not self.to.outliers):
            return None
        return DatasetPicture(local.queue, index, local.prediction)

    def _hold(self, one: DatasetPicture, label: Label, paths: Sequence[Path]) -> ManifestEntry:
        """Have the whole picture at its path, and nowhere else. Raises Missing."""
        path = self.to.path(one.class_index, one.name)
        etag = one.etag or (self.store.head(one.ref).etag if paths else "")
        body = next(filter(None, (_whole(earlier, etag) for earlier in paths)), b"") or self.store.get(one.ref).body
        if _whole(path, etag) != body:
            files.replace(path, body)
        _remove([earlier for earlier in paths if earlier != path])
        return self._entry(one, body, label)

    def _stay(self, local: _Local) -> _Brought:
        """Keep a picture that the store has no more: this copy may be the only one."""
        one = DatasetPicture(local.queue, local.class_index, local.prediction)
        path = self.to.path(one.class_index, one.name)
        local.paths[0].replace(path)
        _remove([earlier for earlier in local.paths[1:] if earlier != path])
        return _Brought(self._entry(one, path.read_bytes(), Label("")), GONE)

    def _entry(self, one: DatasetPicture, body: bytes, label: Label) -> ManifestEntry:
        annotators = {
            voter(annotation, vote)
            for annotation, vote in label.votes.items()
            if (vote.outcome, vote.class_index) == _outcome(one.class_index)
        }
        return ManifestEntry(
            key=f"{one.ref.bucket}/{one.ref.key}",
            sha256=hashlib.sha256(body).hexdigest(),
            class_index=one.class_index,
            class_name=None if one.class_index is None else self.to.classes.name(one.class_index),
            source=one.dataset,
            annotators=tuple(sorted(annotators)),
            prediction=str(one.prediction),
            model=one.prediction.model,
        )


def _local_pictures(to: PictureFolder) -> tuple[dict[str, _Local], list[Path]]:
    """What earlier runs left, by file name, without half pictures; and files that nobody pulled."""
    local: dict[str, _Local] = {}
    foreign: list[Path] = []
    for path, index in to.files():
        match, is_class = _OURS.fullmatch(path.name), index != -1
        if match and match[3]:
            path.unlink()
            continue
        try:
            prediction = PredictionId.parse(match[2]) if match and is_class else None
        except Malformed:
            prediction = None
        if match and prediction:
            local.setdefault(path.name, _Local(QUEUE_OF[match[1]], prediction, index, [])).paths.append(path)
        else:
            foreign.append(path)
    return local, foreign


def _prepare(to: PictureFolder) -> None:
    """Away with the old manifest first; then a folder for every class, even without pictures, and their names."""
    file = to.pictures / NAMES_FILE
    known = load_indices(to.pictures, to.classes)
    if known != to.indices[: len(known)]:
        raise BadRequest(f"{to.pictures} has a {NAMES_FILE} of other classes: name a folder of its own.")
    to.pictures.mkdir(parents=True, exist_ok=True)
    (to.pictures / manifests.FILE).unlink(missing_ok=True)
    for folder in to.class_folders():
        folder.mkdir(parents=True, exist_ok=True)
    files.replace(file, "".join(f"{to.classes.name(index)}\n" for index in to.indices).encode())


def _outcome(class_index: int | None) -> LabelOutcome:
    return LabelOutcome(OTHER) if class_index is None else LabelOutcome(CLASS, class_index)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _whole(path: Path, etag: str) -> bytes:
    """What an earlier run left, if that is the whole picture, else nothing: stores name a plain PUT by its MD5."""
    body = path.read_bytes() if path.exists() else b""
    return body if hashlib.md5(body, usedforsecurity=False).hexdigest() == etag else b""
