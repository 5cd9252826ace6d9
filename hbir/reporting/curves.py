"""Draw curves as SVG that takes its colours from the page."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 12, 40
DIGIT = 7
"""Width of a digit."""
SHAPES = {
    "disc": "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "diamond": "m0-5l5 5l-5 5l-5-5z",
    "triangle": "m0-5l5 8.5h-10z",
    "cross": "m-1.5-5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",
}
"""What is drawn along a line that has the colour and the dashes of another; also CSS classes."""
SHAPES_ON_A_LINE = 5


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Hold one line of a chart."""

    name: str
    style: str
    """The line's CSS classes, one of SHAPES perhaps among them."""
    points: tuple[tuple[float, float], ...]
    marked: float | None = None
    """The x of the point to circle."""


@dataclass(frozen=True)
class _Axis:
    ticks: list[float]
    start: float
    end: float
    """Where the first and the last tick are drawn."""
    scale: Callable[[float], float] = float

    def at(self, value: float) -> float:
        low, high = self.scale(self.ticks[0]), self.scale(self.ticks[-1])
        share = (self.scale(value) - low) / (high - low)
        return round(self.start + share * (self.end - self.start), 1)


def line_chart(curves: Sequence[Curve], label: str, x_label: str, y_label: str, log_x: bool = False) -> Markup:
    """Draw curves over common axes.

    Args:
        curves: at least one, each with at least one point.
        label: what a screen reader says.
        x_label: the name below the axis.
        y_label: the name beside the axis.
        log_x: whether equal steps to the right are equal factors; all x are 1 at least then.

    Returns:
        An `svg` element.
    """
    svg = Element(
        "svg", {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img", "aria-label": label, "class": "chart"}
    )
    points = [point for curve in curves for point in curve.points]
    least, most = min(px for px, _ in points), max(px for px, _ in points)
    x = _Axis(nice_ticks(0, most, 6), LEFT, WIDTH - RIGHT)
    if log_x:
        x = _Axis(powers_of_ten(least, most), LEFT, WIDTH - RIGHT, math.log10)
    low, high = min(py for _, py in points), max(py for _, py in points)
    y = _Axis(nice_ticks(low, high, 5), HEIGHT - BOTTOM, TOP)
    _frame(svg, x, y)
    _text(svg, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, x_label, "middle")
    _text(svg, -(TOP + HEIGHT - BOTTOM) / 2, 11, y_label, "middle").set("transform", "rotate(-90)")
    for curve in curves:
        _line(svg, curve, x, y)
    return Markup(tostring(svg, encoding="unicode"))


def shape_path(style: str, x: float, y: float) -> str:
    """Draw the shape of a line.

    Args:
        style: the line's CSS classes.
        x: of its centre.
        y: of its centre.

    Returns:
        The data of an SVG path; empty where no class names a shape.
    """
    return next((f"M{x:g} {y:g}{SHAPES[name]}" for name in style.split() if name in SHAPES), "")


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """Choose round numbers that enclose a range.

    Args:
        low: the smallest number.
        high: the largest number.
        count: about how many steps.

    Returns:
        At least two numbers, in steps of 1, 2 or 5 times a power of ten.
    """
    span = high - low or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / count))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / count <= power * factor)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def powers_of_ten(low: float, high: float) -> list[float]:
    """List the powers of ten that enclose a range.

    Args:
        low: the smallest number, at least 1.
        high: the largest number.

    Returns:
        At least two numbers.
    """
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    return [10.0**number for number in range(first, max(last, first + 1) + 1)]


def _frame(svg: Element, x: _Axis, y: _Axis) -> None:
    for tick in y.ticks:
        at = y.at(tick)
        SubElement(svg, "line", _numbers(x1=x.start, x2=x.end, y1=at, y2=at) | {"class": "grid"})
        _text(svg, LEFT - 6, at + 4, f"{tick:,g}", "end")
    for tick in x.ticks:
        name = f"{tick:,.0f}"
        at = min(x.at(tick), WIDTH - DIGIT * len(name) / 2)  # the last one may be wider than the margin
        _text(svg, at, HEIGHT - BOTTOM + 17, name, "middle")


def _line(svg: Element, curve: Curve, x: _Axis, y: _Axis) -> None:
    places = [(x.at(px), y.at(py)) for px, py in curve.points]
    SubElement(
        svg, "polyline", {"points": " ".join(f"{a:g},{b:g}" for a, b in places), "class": f"line {curve.style}"}
    )
    for number in range(1, SHAPES_ON_A_LINE + 1):
        a, b = places[number * (len(places) - 1) // (SHAPES_ON_A_LINE + 1)]
        if path := shape_path(curve.style, a, b):
            SubElement(svg, "path", {"d": path, "class": f"mark {curve.style}"})
    for (step, _), (a, b) in zip(curve.points, places, strict=True):
        if step == curve.marked or len(places) == 1:
            circle = SubElement(svg, "circle", _numbers(cx=a, cy=b, r=4.5) | {"class": f"point {curve.style}"})
            SubElement(circle, "title").text = f"{curve.name}, step {step:,.0f}"


def _text(svg: Element, x: float, y: float, text: str, anchor: str) -> Element:
    element = SubElement(svg, "text", _numbers(x=x, y=y) | {"text-anchor": anchor})
    element.text = text
    return element


def _numbers(**values: float) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in values.items()}
