"""The confusion matrix as a picture, drawn by Pillow: no plotting library for one chart."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from training.model.evaluation import Evaluation

CELL, GAP, LINE = 44, 6, 20
_INK, _PAPER, _BLUE, _RED = (30, 30, 30), (255, 255, 255), (33, 102, 172), (178, 24, 43)
_DARK = 0.5


def save_confusion(report: Evaluation, path: Path) -> None:
    """Rows are what the pictures show, columns what the model says; the diagonal is right."""
    font = ImageFont.load_default(14)
    left = LINE + 2 * GAP + max(round(font.getlength(name)) for name in report.classes)
    side = CELL * len(report.classes)
    image = Image.new("RGB", (left + side + GAP, left + side + 2 * LINE), _PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((GAP, GAP), "rows: true class, columns: answer, % of the row", _INK, font)
    for index, name in enumerate(report.classes):
        middle = left + LINE + index * CELL + CELL // 2
        pen.text((left - GAP, middle), name, _INK, font, anchor="rm")
        _upright(image, name, (left + index * CELL + CELL // 2, left + LINE - GAP), font)
        _row(pen, report, index, (left, left + LINE + index * CELL), font)
    image.save(path, "PNG")


Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def _row(pen: ImageDraw.ImageDraw, report: Evaluation, index: int, corner: tuple[int, int], font: Font) -> None:
    counts = report.confusion[index]
    x, y = corner
    for column, count in enumerate(counts):
        share = float(count / counts.sum()) if counts.sum() else 0.0
        box = (x + column * CELL, y, x + (column + 1) * CELL - 2, y + CELL - 2)
        pen.rectangle(box, _tint(_BLUE if column == index else _RED, share))
        if count:
            ink = _PAPER if share > _DARK else _INK
            pen.text(((box[0] + box[2]) // 2, y + CELL // 2), f"{100 * share:.0f}", ink, font, anchor="mm")


def _upright(image: Image.Image, text: str, foot: tuple[int, int], font: Font) -> None:
    """Write upwards, beginning at the foot."""
    strip = Image.new("RGB", (round(font.getlength(text)) + 2, LINE), _PAPER)
    ImageDraw.Draw(strip).text((0, LINE // 2), text, _INK, font, anchor="lm")
    turned = strip.rotate(90, expand=True)
    image.paste(turned, (foot[0] - turned.width // 2, foot[1] - turned.height))


def _tint(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 + (part - 255) * share) for part in colour)
    return red, green, blue
