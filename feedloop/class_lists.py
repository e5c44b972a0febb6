"""The store's one class list, `models/classes.json`; before it was written, the lists of each model's name."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce

from feedloop.compare_and_swap import until_first
from feedloop.domain import keys
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import ClassesDisagree, Malformed, Missing
from feedloop.ports import ObjectStore

MIGRATE = "Run `feedloop classes migrate`: it shows what would change, and changes nothing without --yes."
_DISAGREE = "The class lists of {} disagree, so that a label may mean two things. {}"
_MIGRATING = "The migration of the class lists has not come to its end: run `feedloop classes migrate --yes` again."


@dataclass(frozen=True, slots=True)
class StoredClassList:
    """The store's class list, and the version of its file."""

    classes: ClassList
    etag: str


def fetch_stored(store: ObjectStore) -> StoredClassList | None:
    """The store's class list; None where nobody has written one yet. Raises Malformed."""
    try:
        stored = store.get(keys.class_list())
    except Missing:
        return None
    return StoredClassList(ClassList.from_document(load(stored.body)), stored.etag)


def fetch_of_name(store: ObjectStore, name: str) -> ClassList:
    """The class list of a model's name. Raises Missing and Malformed."""
    return ClassList.from_document(load(store.get(keys.class_list(name)).body))


def fetch_of_names(store: ObjectStore) -> dict[str, ClassList]:
    """The class lists of all names. Raises ClassesDisagree when one cannot be read: its labels may mean anything."""
    lists = {}
    for name in filter(None, (keys.parse_class_list(entry.key) for entry in store.list(keys.models()))):
        try:
            lists[name] = fetch_of_name(store, name)
        except Malformed as error:
            raise ClassesDisagree(f"The class list of {name} cannot be understood: {error}.") from error
    return lists


def merge(lists: Mapping[str, ClassList], first: str = "") -> ClassList:
    """The lists of names as one, where they agree; the names of the classes are those of `first`.

    Raises ClassesDisagree.
    """
    ordered = sorted(lists, key=lambda name: (name != first, -len(lists[name].names), name))

    def both(one: ClassList, two: ClassList) -> ClassList:
        if (merged := one.merged(two)) is None:
            raise ClassesDisagree(_DISAGREE.format(" and ".join(sorted(lists)), MIGRATE))
        return merged

    return reduce(both, (lists[name] for name in ordered), ClassList((), ()))


def check_settled(classes: ClassList) -> ClassList:
    """The same list. Raises ClassesDisagree while labels of record are being translated into it."""
    if classes.migrating:
        raise ClassesDisagree(_MIGRATING)
    return classes


def edit(store: ObjectStore, change: Callable[[ClassList], ClassList], *, first: str = "") -> ClassList:
    """Change the store's class list by compare-and-swap; what it is now.

    Where there is none yet, it begins as the lists of all names together, whose names are those of `first`. Raises
    ClassesDisagree, Malformed, and what `change` raises.
    """
    ref = keys.class_list()

    def attempt() -> ClassList:
        stored = fetch_stored(store)
        known = check_settled(stored.classes) if stored else merge(fetch_of_names(store), first)
        wanted = change(known)
        if stored is None:
            store.create(ref, dump(wanted.to_document()))
        elif wanted != known:
            store.replace(ref, dump(wanted.to_document()), etag=stored.etag)
        return wanted

    return until_first(ref, attempt)


def copy_to_name(store: ObjectStore, name: str) -> None:
    """Let the list of a name be the store's whole list: replicas of 0.1 go by it.

    The store's list is read after the copy's version, so that no copy is ever replaced by an older list.
    """
    ref = keys.class_list(name)

    def attempt() -> None:
        etag, there = "", b""
        with suppress(Missing):
            stored = store.get(ref)
            etag, there = stored.etag, stored.body
        whole = fetch_stored(store)
        body = dump(whole.classes.to_document()) if whole else there
        if not etag:
            store.create(ref, body)
        elif body != there:
            store.replace(ref, body, etag=etag)

    until_first(ref, attempt)
