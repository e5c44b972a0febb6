"""What a migration would do: one class list out of those of all names, and what older models' indices mean in it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from feedloop import class_lists, release_cards, releases
from feedloop.domain import class_merge, keys
from feedloop.domain.class_merge import MergedClasses
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import ClassesDisagree, Malformed, Missing, NoModel
from feedloop.domain.prediction import Prediction
from feedloop.ports import ObjectStore

MOST_HEADS = 1000
"""So many predictions are asked which name a model had, when it had two."""


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """The list as it is to be, and what about it an operator should know."""

    merged: MergedClasses
    agreed: bool
    """The lists agree, so that no label has to change."""
    warnings: tuple[str, ...] = ()

    @property
    def classes(self) -> ClassList:
        """The store's list, with the translations of what was predicted by others."""
        return self.merged.classes


def make_plan(store: ObjectStore) -> MigrationPlan | None:
    """What there is to do; None when the store has its one list. Raises NoModel, Malformed, and ClassesDisagree.

    After a migration that was cut off it is what that one had begun.
    """
    stored, lists = class_lists.fetch_stored(store), class_lists.fetch_of_names(store)
    if stored and not stored.classes.migrating:
        return None
    if not lists:
        raise NoModel(releases.NONE)
    base = stored.classes.migrating if stored else _base(store, lists)
    if stored is None:
        with suppress(ClassesDisagree):
            classes = class_lists.merge(lists, base)
            same = {name: tuple(range(len(one.names))) for name, one in lists.items()}
            return MigrationPlan(MergedClasses(classes, lists, same, base), agreed=True)
    merged = class_merge.merge(lists, base, stored.classes if stored else None)
    translations, warnings = _translations(store, merged)
    classes = replace(merged.classes, translations=translations, migrating=base)
    return MigrationPlan(replace(merged, classes=classes), agreed=False, warnings=tuple(warnings))


def _base(store: ObjectStore, lists: dict[str, ClassList]) -> str:
    """The name that serves: its indices stay, since predict goes on by them."""
    with suppress(NoModel):
        if (name := releases.fetch_pointer(store).name) in lists:
            return name
    return max(lists, key=lambda name: (len(lists[name].names), name))


def _translations(store: ObjectStore, merged: MergedClasses) -> tuple[dict[str, tuple[int, ...]], list[str]]:
    """By model version what its predictions' indices mean, where that is not what they say."""
    names: dict[str, set[str]] = {}
    for card in release_cards.fetch_cards(store):
        if card.name in merged.indices:
            names.setdefault(card.version, set()).add(card.name)
    chosen, warnings = {}, []
    for version, ambiguous in names.items():
        name = min(ambiguous)
        if len({merged.indices[one] for one in ambiguous}) > 1:
            counts = Counter(_names_of(store, version, merged))
            name = max(ambiguous, key=lambda one: (counts[one], one == merged.base, one))
            others = sum(counts.values()) - counts[name]
            warnings.append(
                f"{version} was released as {' and as '.join(sorted(ambiguous))}, and ids do not tell which: its "
                f"predictions count as {name}'s, {others} of {sum(counts.values())} whose records were read are not."
            )
        chosen[version] = merged.indices[name]
    return {one: some for one, some in sorted(chosen.items()) if some != tuple(range(len(some)))}, warnings


def _names_of(store: ObjectStore, version: str, merged: MergedClasses) -> Iterator[str]:
    """The names under which a version has predicted, as the records of its predictions tell."""
    left = MOST_HEADS
    for index in range(len(merged.classes.names)):
        for entry in store.list(keys.production_day(index, "")):
            if (parts := keys.split_production(entry.key)) and parts[4] == version and left:
                left -= 1
                with suppress(Missing, Malformed):
                    metadata = store.head(keys.production(keys.parse_production(entry.key))).metadata
                    yield Prediction.from_metadata(metadata).model_name
