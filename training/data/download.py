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
from training.data.selection import DatasetPicture
from training.progress import Progress

WORKERS = 16
"""GETs at the same time."""

_OURS = re.compile(rf"({'|'.join(keys.DATASETS.values())})-\d{{8}}-[0-9a-f-]+\.jpg(\.part)?")


@dataclass(frozen=True, slots=True)
class Download:
    """What lies in the folder now; `moved` pictures got another label while they were read, and are left out."""

    entries: tuple[ManifestEntry, ...]
    version: str
    moved: int


def download_pictures(
    store: ObjectStore,
    chosen: Sequence[DatasetPicture],
    folder: Path,
    classes: ClassList,
    progress: Progress,
) -> Download:
    """Make the folder hold exactly these pictures; the manifest comes last. Raises BadRequest for a folder of others.

    A picture is written in one step, and one that is there already is compared with the store's checksum: a run that
    was killed costs no second download, and leaves no half picture.
    """
    _clear(folder, {one.file for one in chosen}, classes)
    with ThreadPoolExecutor(WORKERS) as pool:
        downloads = pool.map(lambda one: _download(store, one, folder, classes), chosen)
        entries = [entry for entry in progress(downloads, len(chosen), "pulling") if entry]
    body = manifests.to_bytes(entries)
    manifests.save(folder, body)
    return Download(tuple(entries), manifests.version(body), len(chosen) - len(entries))


def _clear(folder: Path, keep: set[str], classes: ClassList) -> None:
    """Away with the old manifest first, then with pictures of an earlier pull that are not to be kept."""
    paths = [path for path in folder.glob("class_*/*") if path.is_file() or path.is_symlink()]
    present = [path for path in paths if not is_foreign(path.name)]
    if strange := [path for path in present if not _OURS.fullmatch(path.name)]:
        raise BadRequest(f"{folder} holds other pictures, for example {strange[0].name}: name a folder of its own.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / manifests.FILE).unlink(missing_ok=True)
    for path in present:
        if str(path.relative_to(folder)) not in keep:
            path.unlink()
    for index in range(len(classes.names)):
        (folder / f"class_{index:02d}").mkdir(exist_ok=True)
    (folder / NAMES_FILE).write_text("\n".join(classes.names) + "\n", encoding="utf-8")


def _download(store: ObjectStore, one: DatasetPicture, folder: Path, classes: ClassList) -> ManifestEntry | None:
    """The picture at its path, and its entry; None when its label is not what its key says any more."""
    path = folder / one.file
    try:
        label = Label.from_document(load(store.get(keys.label(one.queue, one.prediction)).body))
        body = _whole(path, one.etag)
        if not body:
            body = store.get(one.ref).body
            files.replace(path, body)
    except Missing:
        label, body = Label(""), b""
    if label.outcome != (CLASS, one.class_index):
        path.unlink(missing_ok=True)
        return None
    annotators = {
        voter(annotation, vote)
        for annotation, vote in label.votes.items()
        if (vote.outcome, vote.class_index) == label.outcome
    }
    return ManifestEntry(
        key=f"{one.dataset}/{one.ref.key}",
        sha256=hashlib.sha256(body).hexdigest(),
        class_index=one.class_index,
        class_name=classes.name(one.class_index),
        source=one.dataset,
        annotators=tuple(sorted(annotators)),
        prediction=str(one.prediction),
        model=one.prediction.model,
    )


def _whole(path: Path, etag: str) -> bytes:
    """What an earlier run left, if that is the whole picture, else nothing: stores name a plain PUT by its MD5."""
    body = path.read_bytes() if path.exists() else b""
    return body if hashlib.md5(body, usedforsecurity=False).hexdigest() == etag else b""
