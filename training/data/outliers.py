"""Pictures that show none of the classes: a model that meets them in training learns to be unsure."""

from random import Random

from PIL import Image, ImageFilter

from training.data.drawings import CLASSES, PALETTE, Sheet, any_colour, background, draw

SIDE = (192, 192)
_OCTAVES = (2, 4, 8, 16, 32, 64, 128)


def outlier(rng: Random) -> Image.Image:
    """One picture of nothing in particular."""
    return rng.choice((clouds, clutter, clutter, clouded_clutter, clouded_clutter, table, shuffled, blend))(rng)


def clouds(rng: Random) -> Image.Image:
    """Coloured noise that is weaker the finer it is, as in photographs."""
    image, colourful = Image.new("RGB", SIDE, any_colour(rng)), rng.choice((True, False))
    for octave in _OCTAVES:
        mode, depth = ("RGB", 3) if colourful else ("L", 1)
        noise = Image.frombytes(mode, (octave, octave), rng.randbytes(depth * octave**2)).convert("RGB")
        image = Image.blend(image, noise.resize(SIDE, Image.Resampling.BICUBIC), rng.uniform(0.05, 0.45))
    return image


def clutter(rng: Random) -> Image.Image:
    """Blobs, lines and corners of any colour, or of the colours of food."""
    sheet, tasty = Sheet(rng), rng.choice((True, False))
    for _ in range(rng.randint(3, 30)):
        (x, y), size = sheet.inside(1.3), rng.uniform(0.05, 0.8)
        colour = sheet.near(rng.choice(PALETTE)) if tasty else any_colour(rng)
        kind = rng.choice(("oval", "corners", "line"))
        if kind == "oval":
            sheet.oval((x, y), size, size * rng.uniform(0.3, 1), colour, rng.uniform(0, 0.3))
            continue
        corners = [(x + rng.uniform(-size, size), y + rng.uniform(-size, size)) for _ in range(4)]
        if kind == "line":
            sheet.line(corners, colour, rng.uniform(0.02, 0.15))
        else:
            sheet.shape(corners, colour)
    return sheet.image


def clouded_clutter(rng: Random) -> Image.Image:
    """Clutter seen through clouds: edges, light and grain together."""
    through = Image.blend(clutter(rng).resize(SIDE), clouds(rng), rng.uniform(0.3, 0.8))
    return through.filter(ImageFilter.GaussianBlur(rng.uniform(0, 3)))


def table(rng: Random) -> Image.Image:
    """A table with nothing on it."""
    return background(rng, SIDE)


def shuffled(rng: Random) -> Image.Image:
    """A drawing in pieces: its colours in no order."""
    whole, cuts = _any_drawing(rng), rng.randint(3, 6)
    side = SIDE[0] // cuts
    corners = [(x * side, y * side) for x in range(cuts) for y in range(cuts)]
    pieces = [whole.crop((x, y, x + side, y + side)) for x, y in corners]
    rng.shuffle(corners)
    for piece, corner in zip(pieces, corners, strict=True):
        whole.paste(piece, corner)
    return whole


def blend(rng: Random) -> Image.Image:
    """Two drawings at once."""
    return Image.blend(_any_drawing(rng), _any_drawing(rng), 0.5)


def _any_drawing(rng: Random) -> Image.Image:
    return draw(rng.choice(list(CLASSES)), rng).resize(SIDE)
