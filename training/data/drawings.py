"""Simple seeded drawings that stand in for the eleven classes of Food-11, and pictures of nothing in particular.

They let a demonstration model be trained and tried without any data set. The same
`Random` draws the same picture.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]

BROWN, CREAM, GOLD, WHITE, RED = (150, 95, 45), (245, 230, 190), (235, 180, 70), (245, 245, 240), (170, 60, 50)
PINK, CHOCOLATE, CHERRY, YOLK, CHEESE = (240, 160, 185), (90, 50, 30), (200, 20, 40), (250, 170, 30), (250, 210, 80)
PASTA, SLATE, FISH, CHINA = (240, 215, 130), (60, 65, 75), (120, 150, 185), (225, 230, 235)
SOUPS = ((220, 120, 40), (190, 60, 30), (120, 150, 60), (230, 190, 90))
GREENS = ((60, 140, 50), (100, 170, 60), (210, 40, 40), (120, 50, 120), (250, 140, 30))
PALETTE = (BROWN, CREAM, GOLD, WHITE, RED, PINK, CHOCOLATE, CHERRY, YOLK, CHEESE, PASTA, SLATE, FISH, *SOUPS, *GREENS)
"""All the colours of our food."""


@dataclass(frozen=True, slots=True)
class Style:
    """How far drawings have drifted from those of the first day, each from 0 (not at all) to 1."""

    palette: float = 0  # the food's colours turn into others
    line: float = 0  # strokes grow thick
    background: float = 0  # things lie around the dish
    scale: float = 0  # the dish is farther away


FIRST_DAY = Style()


class Sheet:
    """A picture in the making: a background, and a dish in turned and scaled coordinates from -1 to 1."""

    def __init__(self, rng: Random, style: Style = FIRST_DAY) -> None:
        self.rng, self.style = rng, style
        self.image = background(rng, (rng.randint(140, 300), rng.randint(140, 300)))
        self._pen = ImageDraw.Draw(self.image)
        width, height = self.image.size
        for _ in range(round(style.background * 14)):
            x, y, size = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.02, 0.15) * width
            self._pen.ellipse((x - size, y - size, x + size, y + size), any_colour(rng))
        self._reach = min(width, height) * rng.uniform(0.28, 0.46) * (1 - 0.6 * style.scale)
        self._centre = (width * rng.uniform(0.42, 0.58), height * rng.uniform(0.42, 0.58))
        self._turn = rng.uniform(-0.7, 0.7)

    def shape(self, points: list[Point], colour: Colour) -> None:
        """A filled outline."""
        self._pen.polygon([self._at(point) for point in points], fill=colour)

    def line(self, points: list[Point], colour: Colour, width: float) -> None:
        """A line; its width in the dish's coordinates."""
        across = width * self._reach * (1 + 1.5 * self.style.line)
        self._pen.line([self._at(point) for point in points], colour, max(1, round(across)), "curve")

    def oval(self, centre: Point, across: float, down: float, colour: Colour, wobble: float = 0) -> None:
        """An ellipse; `wobble` makes a blob of it."""
        phase = self.rng.uniform(0, 6)
        angles = [step * math.tau / 40 for step in range(40)]
        sizes = [1 + wobble * math.sin(3 * angle + phase) for angle in angles]
        x, y = centre
        points = zip(sizes, angles, strict=True)
        self.shape([(x + s * across * math.cos(a), y + s * down * math.sin(a)) for s, a in points], colour)

    def near(self, colour: Colour, spread: int = 22) -> Colour:
        """A colour that is nearly this one, as far as the palette has not drifted."""
        turned = (colour[1], colour[2], colour[0])
        mixed = [round(a + self.style.palette * (b - a)) for a, b in zip(colour, turned, strict=True)]
        red, green, blue = (min(255, max(0, part + self.rng.randint(-spread, spread))) for part in mixed)
        return red, green, blue

    def inside(self, reach: float) -> Point:
        """Somewhere in a circle."""
        angle, away = self.rng.uniform(0, math.tau), reach * math.sqrt(self.rng.random())
        return away * math.cos(angle), away * math.sin(angle)

    def _at(self, point: Point) -> Point:
        (x, y), (left, top) = point, self._centre
        cos, sin = math.cos(self._turn) * self._reach, math.sin(self._turn) * self._reach
        return left + x * cos - y * sin, top + x * sin + y * cos


def background(rng: Random, size: tuple[int, int]) -> Image.Image:
    """A table: plain, stripes of wood, tiles, or a slope of light."""
    dark, light = any_colour(rng), any_colour(rng)
    if rng.randrange(4) == 0:
        slope = Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270))).resize(size)
        return Image.composite(Image.new("RGB", size, dark), Image.new("RGB", size, light), slope)
    image, step = Image.new("RGB", size, light), rng.randint(12, 50)
    pen, pattern = ImageDraw.Draw(image), rng.choice(("plain", "wood", "tiles"))
    for x in range(0, size[0], step):
        if pattern == "wood":
            pen.rectangle((x, 0, x + step - 2, size[1]), fill=shade(light, rng.uniform(0.8, 1.0)))
        for y in range(x // step % 2 * step, size[1] if pattern == "tiles" else 0, 2 * step):
            pen.rectangle((x, y, x + step, y + step), fill=dark)
    return image


def any_colour(rng: Random) -> Colour:
    """Any colour at all."""
    return rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255)


def shade(colour: Colour, light: float) -> Colour:
    """The same colour in more or less light."""
    red, green, blue = (min(255, round(part * light)) for part in colour)
    return red, green, blue


def bread(sheet: Sheet) -> None:
    """A slashed loaf."""
    crust = sheet.near(BROWN)
    sheet.oval((0, 0), 1, 0.55, crust, 0.03)
    sheet.oval((0, -0.06), 0.9, 0.42, shade(crust, 1.25))
    for slash in range(4):
        x = slash * 0.42 - 0.75
        sheet.line([(x, 0.3), (x + 0.25, -0.35)], sheet.near(CREAM), 0.08)


def dairy(sheet: Sheet) -> None:
    """A wedge of cheese with holes."""
    cheese = sheet.near(CHEESE, 15)
    sheet.shape([(-1, 0.1), (0.9, -0.6), (1, 0.1)], shade(cheese, 1.1))
    sheet.shape([(-1, 0.1), (1, 0.1), (1, 0.7), (-1, 0.7)], cheese)
    for _ in range(sheet.rng.randint(5, 8)):
        hole = sheet.rng.uniform(0.06, 0.13)
        sheet.oval((sheet.rng.uniform(-0.8, 0.8), sheet.rng.uniform(0.22, 0.58)), hole, hole, shade(cheese, 0.72))


def dessert(sheet: Sheet) -> None:
    """A piece of layer cake with a cherry on top."""
    layers = [sheet.near(colour) for colour in (CHOCOLATE, PINK, CHOCOLATE, PINK, CREAM)]
    for number, colour in enumerate(layers):
        y = 0.8 - 0.3 * number
        sheet.shape([(-0.8, y), (0.8, y), (0.8, y - 0.31), (-0.8, y - 0.31)], colour)
    sheet.oval((0, -0.82), 0.18, 0.18, sheet.near(CHERRY))


def egg(sheet: Sheet) -> None:
    """A fried egg."""
    sheet.oval((0, 0), 0.95, 0.85, sheet.near(WHITE, 9), 0.1)
    x, y = sheet.inside(0.25)
    sheet.oval((x, y), 0.36, 0.36, sheet.near(YOLK, 15))
    sheet.oval((x - 0.1, y - 0.12), 0.08, 0.06, WHITE)


def fried_food(sheet: Sheet) -> None:
    """A heap of chips."""
    for _ in range(sheet.rng.randint(22, 32)):
        (x, y), angle = sheet.inside(0.6), sheet.rng.uniform(0, math.pi)
        across, down = 0.42 * math.cos(angle), 0.42 * math.sin(angle)
        ends = [(x - across, y - down), (x + across, y + down)]
        sheet.line(ends, shade(GOLD, 0.6), 0.17)
        sheet.line(ends, sheet.near(GOLD), 0.12)


def meat(sheet: Sheet) -> None:
    """A marbled steak with its rim of fat."""
    sheet.oval((0, 0), 1, 0.7, sheet.near(CREAM, 12), 0.12)
    sheet.oval((0, 0.03), 0.88, 0.58, sheet.near(RED), 0.12)
    for _ in range(sheet.rng.randint(6, 10)):
        x, y = sheet.inside(0.45)
        sheet.line([(x, y), (x + 0.16, y + 0.05), (x + 0.22, y + 0.16)], sheet.near((235, 190, 180)), 0.04)


def noodles(sheet: Sheet) -> None:
    """A bowl of wavy noodles."""
    sheet.oval((0, 0), 1, 0.95, sheet.near(SLATE))
    for _ in range(sheet.rng.randint(26, 36)):
        (x, y), phase = sheet.inside(0.45), sheet.rng.uniform(0, 6)
        wave = [(x + step / 10 - 0.45, y + 0.12 * math.sin(step * 1.1 + phase)) for step in range(10)]
        sheet.line(wave, sheet.near(PASTA), 0.05)


def rice(sheet: Sheet) -> None:
    """A mound of grains."""
    sheet.oval((0, 0), 1, 0.95, sheet.near(SLATE))
    for _ in range(260):
        (x, y), angle = sheet.inside(0.78), sheet.rng.uniform(0, math.pi)
        sheet.line([(x, y), (x + 0.09 * math.cos(angle), y + 0.09 * math.sin(angle))], sheet.near(WHITE, 10), 0.045)


def seafood(sheet: Sheet) -> None:
    """A fish with its tail, eye and scales."""
    skin = sheet.near(FISH, 28)
    sheet.shape([(0.5, 0), (1, -0.42), (1, 0.42)], shade(skin, 0.8))
    sheet.oval((-0.15, 0), 0.8, 0.4, skin)
    for number in range(5):
        x = number * 0.2 - 0.35
        sheet.line([(x, -0.24), (x + 0.1, 0), (x, 0.24)], shade(skin, 0.7), 0.035)
    sheet.oval((-0.7, -0.08), 0.08, 0.08, WHITE)
    sheet.oval((-0.7, -0.08), 0.04, 0.04, (10, 10, 10))


def soup(sheet: Sheet) -> None:
    """A plate of soup with herbs."""
    sheet.oval((0, 0), 1, 0.95, sheet.near(CHINA, 12))
    sheet.oval((0, 0), 0.8, 0.76, sheet.near(sheet.rng.choice(SOUPS)))
    for _ in range(sheet.rng.randint(8, 16)):
        sheet.oval(sheet.inside(0.6), 0.06, 0.035, sheet.near((50, 120, 40)))


def vegetable_or_fruit(sheet: Sheet) -> None:
    """A few round ones with leaves."""
    for _ in range(sheet.rng.randint(4, 6)):
        (x, y), skin = sheet.inside(0.65), sheet.near(sheet.rng.choice(GREENS))
        sheet.oval((x, y), 0.33, 0.33, skin)
        sheet.oval((x - 0.1, y - 0.1), 0.08, 0.07, shade(skin, 1.5))
        sheet.shape([(x, y - 0.28), (x + 0.2, y - 0.5), (x + 0.05, y - 0.25)], sheet.near((40, 110, 30)))


CLASSES: dict[str, Callable[[Sheet], None]] = {
    "Bread": bread,
    "Dairy product": dairy,
    "Dessert": dessert,
    "Egg": egg,
    "Fried food": fried_food,
    "Meat": meat,
    "Noodles/Pasta": noodles,
    "Rice": rice,
    "Seafood": seafood,
    "Soup": soup,
    "Vegetable/Fruit": vegetable_or_fruit,
}
"""Every class in the order of its index."""


def draw(name: str, rng: Random, style: Style = FIRST_DAY) -> Image.Image:
    """A drawing of one class."""
    sheet = Sheet(rng, style)
    CLASSES[name](sheet)
    return sheet.image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.2)))
