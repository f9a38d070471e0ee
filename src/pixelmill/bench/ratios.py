"""One throughput against another, and how sure that is.

The interval is that of the median by order statistics: of n pairs, the median of what they are drawn from lies between the
k-th smallest and the k-th largest with probability 1 − 2·P(X < k), X binomial with n and ½. It assumes nothing of how the
ratios are distributed. Source: W. J. Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from math import comb

from pixelmill.bench.figures import Comparison, Document, Point, Ratio, Round, Run

WANTED = 0.95


def paired(before: Sequence[float], after: Sequence[float]) -> Ratio:
    """Return `after` against `before`, measured in turn: the median of the ratios of neighbors, with its interval.

    Rounds in which nothing came back have no ratio.
    """
    pairs = [b / a for a, b in zip(before, after, strict=False) if a > 0 and b > 0]
    if not pairs:
        return Ratio(median=0.0, low=0.0, high=0.0, confidence=None)
    low, high, confidence = median_interval(pairs)
    return Ratio(median=statistics.median(pairs), low=low, high=high, confidence=confidence, pairs=tuple(pairs))


def unpaired(before: Sequence[float], after: Sequence[float]) -> Ratio:
    """Return `after` against `before`, measured at other times: all ratios that a round of each gives; no confidence."""
    every = [b / a for a in before for b in after if a > 0 and b > 0]
    if not every:
        return Ratio(median=0.0, low=0.0, high=0.0, confidence=None)
    return Ratio(median=statistics.median(every), low=min(every), high=max(every), confidence=None)


def median_interval(values: Sequence[float]) -> tuple[float, float, float | None]:
    """Return the narrowest interval that holds the median with 95 %, and how sure it is; the widest where few are too few.

    One value tells nothing of how much values differ: its confidence is None.
    """
    ordered, count = sorted(values), len(values)
    if count < 2:
        return ordered[0], ordered[-1], None
    outside = 0.0
    cut, sure = 0, 1 - 2 / 2**count
    for k in range(count // 2):
        outside += comb(count, k) / 2**count
        if 1 - 2 * outside < WANTED:
            break
        cut, sure = k, 1 - 2 * outside
    return ordered[cut], ordered[count - 1 - cut], sure


def compare(a: Run, b: Run) -> Comparison:
    """Compare two runs of one session, whose rounds took turns."""
    return Comparison(
        a=a.label,
        b=b.label,
        throughput=paired(_throughputs(a.rounds), _throughputs(b.rounds)),
        p50=paired([one.p50_s for one in a.rounds], [one.p50_s for one in b.rounds]),
        paired=True,
    )


def compare_documents(a: Document, b: Document, names: tuple[str, str]) -> Comparison:
    """Compare the first runs of two documents, which were measured at other times."""
    before, after = a.runs[0], b.runs[0]
    return Comparison(
        a=names[0],
        b=names[1],
        throughput=unpaired(_throughputs(before.rounds), _throughputs(after.rounds)),
        p50=unpaired([one.p50_s for one in before.rounds], [one.p50_s for one in after.rounds]),
        paired=False,
        differences=tuple(_differences(a, b)),
    )


def points(runs: Sequence[Run]) -> tuple[Point, ...]:
    """Return each run against the first one, whose rounds took turns with it."""
    first = runs[0]
    made = []
    for run in runs:
        speed_up = paired(_throughputs(first.rounds), _throughputs(run.rounds))
        times = len(run.workers) / max(1, len(first.workers))
        made.append(
            Point(
                label=run.label,
                workers=len(run.workers),
                speed_up=speed_up,
                efficiency=speed_up.median / times if times else 0.0,
                fleet_cores=run.fleet_cores,
            )
        )
    return tuple(made)


def _throughputs(rounds: Sequence[Round]) -> list[float]:
    return [one.throughput_per_s for one in rounds]


def _differences(a: Document, b: Document) -> list[str]:
    """Say what makes two documents hard to compare."""
    pairs = {
        "machine": (f"{a.machine.model}, {a.machine.cores} cores", f"{b.machine.model}, {b.machine.cores} cores"),
        "version": (a.version, b.version),
        "pipeline": (a.load.pipeline, b.load.pipeline),
        "pictures": (_pictures(a), _pictures(b)),
        "concurrency": (a.load.concurrency, b.load.concurrency),
        "rate": (a.load.rate_per_s, b.load.rate_per_s),
    }
    return [f"{name}: {one} and {other}" for name, (one, other) in pairs.items() if one != other]


def _pictures(document: Document) -> str:
    return ", ".join(f"{one.name} ({one.width}×{one.height}, {one.bytes} bytes)" for one in document.load.pictures)
