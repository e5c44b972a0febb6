"""Pictures with what a model answers, on one page to look at: nobody else notices that all soups are called bread."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from io import BytesIO

from PIL import Image

from feedloop.adapters import pictures
from feedloop.domain.cards import ModelCard, Preprocessing
from feedloop.ports import Picture

MOST, TOP = 60, 3
_SIDE = 200
_STYLE = """
body { font: 15px system-ui, sans-serif; margin: 1.5rem; color: #222; background: #fff; }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 1rem; }
ul { list-style: none; padding: 0; }
img { width: 100%; height: 200px; object-fit: contain; background: #eee; }
strong { color: #a11; }
li p { margin: .25rem 0; display: grid; grid-template-columns: 1fr auto; overflow-wrap: anywhere; }
li p::after { content: ""; grid-column: 1 / 3; height: 5px; width: var(--share); min-width: 1px; background: #2a6; }
"""


def page(
    given: Sequence[Picture],
    answers: Sequence[Sequence[float]],
    card: ModelCard,
    truth: Sequence[int | None] = (),
) -> str:
    """An HTML page of its own: at most MOST pictures as the model gets them, each with its three most probable classes.

    Where `truth` names another class than the most probable one, that is told.
    """
    step = -(-len(given) // MOST) or 1
    labelled = zip(given, answers, truth or [None] * len(given), strict=True)
    cells = [_cell(*one, card) for one in list(labelled)[::step]]
    lead = "Each picture as the model gets it, with its three best answers."
    title = escape(f"What {card.name} {card.version} answers")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>\n'
        f"<h1>{title}</h1>\n<p>{lead}</p>\n<ul>\n{''.join(cells)}</ul>\n</html>\n"
    )


def _cell(picture: Picture, answer: Sequence[float], truth: int | None, card: ModelCard) -> str:
    best = sorted(range(len(answer)), key=answer.__getitem__, reverse=True)[:TOP]
    preprocessing = Preprocessing.from_card(card.document)
    side = preprocessing.size
    image = Image.frombytes("RGB", (side, side), pictures.prepare(picture, preprocessing))
    image.thumbnail((_SIDE, _SIDE))
    file = BytesIO()
    image.save(file, "JPEG", quality=80)
    lines = [
        f'<p style="--share:{100 * answer[index]:.1f}%"><span>{escape(card.classes[index])}</span>'
        f"<span>{answer[index]:.1%}</span></p>"
        for index in best
    ]
    label = f"<strong>is {escape(card.classes[truth])}</strong>" if truth not in {None, best[0]} else ""
    source = f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"
    return f'<li><img src="{source}" alt="">{"".join(lines)}{label}</li>\n'
