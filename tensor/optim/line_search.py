"""A line search that ends where the strong Wolfe conditions hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from tensor.dtypes import Array

_DECREASE, _CURVATURE = 1e-4, 0.9


class Point(NamedTuple):
    """A place on the line: how far along the direction, and what was found there."""

    t: float
    loss: float
    gradient: Array
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point],
    start: Point,
    t: float,
    *,
    direction_size: float,
    tolerance_change: float,
    max_trials: int,
) -> tuple[Point, int]:
    """Return a place where the loss has fallen enough, and its slope is flat enough; else the best that was found.

    Args:
        evaluate: goes to a place on the line.
        start: where the line starts, at t = 0, downwards.
        t: the first place to try.
        direction_size: the largest step of any parameter at t = 1.
        tolerance_change: when a bracket is too small to go on.
        max_trials: how often to narrow down.

    Returns:
        The place, and how often `evaluate` was called.

    Source: Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6.
    """

    def too_high(point: Point) -> bool:
        return point.loss > start.loss + _DECREASE * point.t * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -_CURVATURE * start.slope

    before, point = start, evaluate(t)
    evaluations, trials, done = 1, 0, False
    while trials < max_trials:
        if too_high(point) or (trials > 1 and point.loss >= before.loss):
            bracket = [before, point]
            break
        if flat(point):
            bracket, done = [point, point], True
            break
        if point.slope >= 0:
            bracket = [before, point]
            break
        reach = point.t + 0.01 * (point.t - before.t), point.t * 10
        before, point = point, evaluate(_minimum_between(before, point, *reach))
        evaluations, trials = evaluations + 1, trials + 1
    else:
        bracket = [start, point]

    low = 0 if bracket[0].loss <= bracket[1].loss else 1
    at_edge = False
    while not done and trials < max_trials:
        least, most = sorted(each.t for each in bracket)
        if (most - least) * direction_size < tolerance_change:
            break
        t = _minimum_between(bracket[0], bracket[1], least, most)
        margin = 0.1 * (most - least)
        if min(most - t, t - least) >= margin:
            at_edge = False
        elif at_edge or not least < t < most:  # a second time: keep off the edge
            t = most - margin if abs(t - most) < abs(t - least) else least + margin
            at_edge = False
        else:
            at_edge = True
        point = evaluate(t)
        evaluations, trials = evaluations + 1, trials + 1
        if too_high(point) or point.loss >= bracket[low].loss:
            bracket[1 - low] = point
            low = 0 if bracket[0].loss <= bracket[1].loss else 1
            continue
        done = flat(point)
        if not done and point.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = point
    return bracket[low], evaluations


def _minimum_between(one: Point, other: Point, least: float, most: float) -> float:
    """Return the minimum of the cubic through two points with their slopes, kept between two bounds."""
    left, right = (one, other) if one.t <= other.t else (other, one)
    width = right.t - left.t
    d1 = left.slope + right.slope - 3 * (left.loss - right.loss) / -width if width else math.nan
    square = d1 * d1 - left.slope * right.slope
    if not square >= 0:
        return (least + most) / 2
    d2 = math.sqrt(square)
    curve = right.slope - left.slope + 2 * d2
    t = right.t - width * (right.slope + d2 - d1) / curve if curve else math.inf
    return min(max(t, least), most)
