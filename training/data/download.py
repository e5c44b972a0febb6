"""Datasets out of the store: an image folder with a manifest, that a second run continues where the first ended."""

import hashlib
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from feedloop import files
from feedloop.domain import keys
from feedloop.domain.annotations import CLASS
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import load
from feedloop.domain.errors import BadRequest, Missing
from feedloop.domain.labels import Label, voter
from feedloop.ports import ObjectStore
from training.data import manifests
from training.data.image_folder import NAMES_FILE
from training.data.manifests import ManifestEntry
from training.data.picture_files import is_foreign
from training.data.selection import Labelled
from training.progress import Progress

WORKERS = 16
"""GETs at the same time."""

_OURS = re.compile(rf"({'|'.join(keys.DATASETS.values())})-\d{{8}}-[0-9a-f-]+\.jpg(\.part)?")


@dataclass(frozen=True, slots=True)
class Pulled:
    """What lies in the folder now; `moved` pictures got another label while they were read, and are left out."""

    lines: tuple[ManifestEntry, ...]
    version: str
    moved: int


def download_pictures(
    store: ObjectStore,
    chosen: Sequence[Labelled],
    folder: Path,
    classes: ClassList,
    progress: Progress,
) -> Pulled:
    """Make the folder hold exactly these pictures; the manifest comes last. Raises BadRequest for a folder of others.

    A picture is written beside its place and moved there, and one that is there already is compared with the store's
    checksum: a run that was killed costs no second download, and leaves no half picture.
    """
    _tidy(folder, {one.file for one in chosen}, classes)
    with ThreadPoolExecutor(WORKERS) as pool:
        found = pool.map(lambda one: _bring(store, one, folder, classes), chosen)
        lines = [line for line in progress(found, len(chosen), "pulling") if line]
    body = manifests.to_bytes(lines)
    manifests.save(folder, body)
    return Pulled(tuple(lines), manifests.version(body), len(chosen) - len(lines))


def _tidy(folder: Path, wanted: set[str], classes: ClassList) -> None:
    """Away with the old manifest first, then with pictures of an earlier pull that are not wanted any more."""
    files = [path for path in folder.glob("class_*/*") if path.is_file() or path.is_symlink()]
    there = [path for path in files if not is_foreign(path.name)]
    if strange := [path for path in there if not _OURS.fullmatch(path.name)]:
        raise BadRequest(f"{folder} holds other pictures, for example {strange[0].name}: name a folder of its own.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / manifests.FILE).unlink(missing_ok=True)
    for path in there:
        if str(path.relative_to(folder)) not in wanted:
            path.unlink()
    for index in range(len(classes.names)):
        (folder / f"class_{index:02d}").mkdir(exist_ok=True)
    (folder / NAMES_FILE).write_text("\n".join(classes.names) + "\n", encoding="utf-8")


def _bring(store: ObjectStore, one: Labelled, folder: Path, classes: ClassList) -> ManifestEntry | None:
    """The picture in its place, and its line; None when it is not what its key says any more."""
    path = folder / one.file
    try:
        label = Label.from_document(load(store.get(keys.label(one.queue, one.prediction)).body))
        body = _kept(path, one.etag) or _fetched(store, one, path)
    except Missing:
        label, body = Label(""), b""
    if label.outcome != (CLASS, one.class_index):
        path.unlink(missing_ok=True)
        return None
    return ManifestEntry(
        key=f"{one.dataset}/{one.ref.key}",
        sha256=hashlib.sha256(body).hexdigest(),
        class_index=one.class_index,
        class_name=classes.name(one.class_index),
        source=one.dataset,
        annotators=tuple(sorted(_voters(label))),
        prediction=str(one.prediction),
        model=one.prediction.model,
    )


def _kept(path: Path, etag: str) -> bytes | None:
    """What an earlier run brought, when it is whole: stores name a plain PUT by its MD5."""
    body = path.read_bytes() if path.exists() else b""
    return body if body and hashlib.md5(body, usedforsecurity=False).hexdigest() == etag else None


def _fetched(store: ObjectStore, one: Labelled, path: Path) -> bytes:
    body = store.get(one.ref).body
    files.replace(path, body)
    return body


def _voters(label: Label) -> set[str]:
    """Who gave the answer of record."""
    return {
        voter(annotation, vote)
        for annotation, vote in label.votes.items()
        if (vote.outcome, vote.class_index) == label.outcome
    }
