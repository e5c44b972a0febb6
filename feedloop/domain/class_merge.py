"""Two class lists that disagree become one: which class of the one is which of the other, by their names."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from feedloop.domain.class_names import folded, same_form
from feedloop.domain.classes import ClassList


@dataclass(frozen=True, slots=True)
class MergedClasses:
    """One list out of several, and for each of those the index that each of its indices has in the one."""

    classes: ClassList
    lists: Mapping[str, ClassList]
    indices: Mapping[str, tuple[int, ...]]
    base: str
    """The name whose indices stay as they are."""

    def meaning(self, index: int, name: str) -> int | None:
        """The class that an annotator meant who chose `name`, when it was written down as `index`; None if unknown.

        By the list in which that index has, or had, that name; else a name means itself.
        """
        ordered = sorted(self.lists, key=lambda one: (one != self.base, one))
        there = [one for one in ordered if index < len(self.lists[one].names)]
        spoken = [one for one in there if same_form(name, self.lists[one].names[index])]
        spoken += [one for one in there if same_form(name, *self.lists[one].former[index])]
        return self.indices[spoken[0]][index] if spoken else self.classes.find(name)

    def meaning_of_all(self, index: int) -> int | None:
        """The class that an index means in every list; None where they do not agree."""
        meant = {indices[index] if index < len(indices) else None for indices in self.indices.values()}
        return meant.pop() if len(meant) == 1 else None


def merge(lists: Mapping[str, ClassList], base: str, begun: ClassList | None = None) -> MergedClasses:
    """The lists of all names as one that begins with the base's; `begun` is what an earlier attempt has written."""
    classes, indices = begun or lists[base], {base: tuple(range(len(lists[base].names)))}
    for name in sorted(set(lists) - {base}):
        classes, indices[name] = _absorb(classes, lists[name], lists.values())
    return MergedClasses(classes, lists, indices, base)


def _absorb(classes: ClassList, other: ClassList, lists: Collection[ClassList]) -> tuple[ClassList, tuple[int, ...]]:
    """A list, grown by the classes of another, and the index of each of these.

    A class is the same if it has the same name, in whatever case, or had it: present names go before former ones. Not
    so if any of the `lists` has both names, as two classes.
    """
    known: dict[int, int] = {}
    present, ours = ([[name] for name in one.names] for one in (other, classes))
    attempts: list[tuple[Sequence[Sequence[str]], Sequence[Sequence[str]], Callable[[str], str]]] = [
        (present, ours, str),
        (present, ours, folded),
        (present, classes.former, folded),
        (other.former, ours, folded),
        (other.former, classes.former, folded),
    ]
    for theirs, mine, form in attempts:
        forms = [set(map(form, own)) for own in mine]
        for number, names in enumerate(theirs):
            wanted, taken = set(map(form, names)), set(known.values())
            for index, own in enumerate(forms):
                if number in known or index in taken or not wanted & own:
                    continue
                every = (classes.names[index], *classes.former[index])
                if form is str or not any(_are_two(other.names[number], one, lists) for one in every):
                    known[number] = index
    new = [number for number in range(len(other.names)) if number not in known]
    known |= {number: len(classes.names) + rank for rank, number in enumerate(new)}
    return _grown(classes, other, known, new), tuple(known[number] for number in range(len(other.names)))


def _are_two(one: str, two: str, lists: Collection[ClassList]) -> bool:
    return one != two and any(one in classes.names and two in classes.names for classes in lists)


def _grown(classes: ClassList, other: ClassList, known: Mapping[int, int], new: Sequence[int]) -> ClassList:
    names = (*classes.names, *(other.names[number] for number in new))
    former = [*map(list, classes.former), *([] for _ in new)]
    for number, index in known.items():
        former[index] += [*other.former[number], other.names[number]]
    past = tuple(
        tuple(dict.fromkeys(one for one in some if one != own)) for some, own in zip(former, names, strict=True)
    )
    retired = classes.retired | {known[number] for number in other.retired}
    return replace(classes, names=names, former=past, retired=retired)
