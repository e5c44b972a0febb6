"""What annotators choose among follows the class list: for sync, and for the set-up, alike.

In this order, so that at no moment an answer lies before an annotator that they cannot choose: new names come into a
project's label config beside the old ones; pre-annotations of unanswered tasks get the present names; then old names go
that no annotation, draft or pre-annotation has. Killed anywhere, the next run goes on with what is left. Of two runs
at once the slower one finds another config than it had read, and leaves it alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from feedloop.domain.classes import ClassList
from feedloop.domain.label_config import choices, past_names, updated
from feedloop.domain.review import is_chosen, renamed
from feedloop.ports import AnnotationTool, Project


@dataclass(frozen=True, slots=True)
class Followed:
    """What was to do: whether the choices were others, and how many pre-annotations had a former name."""

    choices: bool = False
    pre_annotations: int = 0


def follow(
    tool: AnnotationTool, project: Project, fetch_classes: Callable[[], ClassList], *, thorough: bool = True
) -> Followed:
    """Bring a project's choices and pre-annotations up to date; unless `thorough` only when a choice is missing.

    Raises Malformed when its config has no question of ours or a class the name of another answer, ConfigRefused,
    Changed when somebody edited it meanwhile, Unavailable, and what `fetch_classes` raises.
    """
    config = tool.label_config(project)
    classes = fetch_classes()  # after the config, which then is never younger than they are
    if not thorough and updated(config, classes, choices(config)) == config:
        return Followed()
    past = sorted(past_names(config, classes))
    guesses = [
        (name, guess) for name in past for guess in tool.pre_annotations(project, name) if is_chosen(name, guess.result)
    ]
    answered = tool.choices_in_use(project, past) if past else set()
    both = updated(config, classes, answered | {name for name, _ in guesses})
    if both != config:
        tool.set_label_config(project, both, instead_of=config)
    mended = [(name, replace(guess, result=renamed(guess.result, classes))) for name, guess in guesses]
    changed = [new for (_, old), (_, new) in zip(guesses, mended, strict=True) if new != old]
    for guess in changed:
        tool.set_pre_annotation(guess)
    left = updated(both, classes, answered | {name for name, guess in mended if is_chosen(name, guess.result)})
    if left != both:
        tool.set_label_config(project, left, instead_of=both)
    return Followed(left != config, len(changed))
