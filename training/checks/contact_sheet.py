"""Pictures with what a model answers, on one page to look at: nobody else notices that all soups are called bread."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from io import BytesIO

from feedloop.adapters import pictures
from feedloop.domain.cards import ModelCard
from feedloop.ports import Picture

MOST, TOP = 60, 3
_SIDE = 200
_STYLE = """
body { font: 15px system-ui, sans-serif; margin: 1.5rem; color: #222; background: #fff; }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 1rem; }
ul { list-style: none; padding: 0; }
img { width: 100%; height: 160px; object-fit: contain; background: #eee; }
p { margin: .25rem 0; display: grid; grid-template-columns: 1fr auto; overflow-wrap: anywhere; }
p::after { content: ""; grid-column: 1 / 3; height: 5px; width: var(--share); min-width: 1px; background: #2a6; }
"""


def page(given: Sequence[Picture], answers: Sequence[Sequence[float]], card: ModelCard) -> str:
    """An HTML page of its own: at most MOST pictures, each with its three most probable classes."""
    step = -(-len(given) // MOST) or 1
    cells = [_cell(*pair, card) for pair in list(zip(given, answers, strict=True))[::step]]
    title = escape(f"What {card.name} {card.version} answers")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>\n'
        f"<h1>{title}</h1>\n<ul>\n{''.join(cells)}</ul>\n</html>\n"
    )


def _cell(picture: Picture, answer: Sequence[float], card: ModelCard) -> str:
    best = sorted(range(len(answer)), key=answer.__getitem__, reverse=True)[:TOP]
    image = pictures.decode(picture, _SIDE)
    image.thumbnail((_SIDE, _SIDE))
    file = BytesIO()
    image.save(file, "JPEG", quality=80)
    lines = [
        f'<p style="--share:{100 * answer[index]:.1f}%"><span>{escape(card.classes[index])}</span>'
        f"<span>{answer[index]:.1%}</span></p>"
        for index in best
    ]
    source = f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"
    return f'<li><img src="{source}" alt="">{"".join(lines)}</li>\n'
