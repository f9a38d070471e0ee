"""Sections in words: what the figures show, and how they came about."""

from __future__ import annotations

from pixelmill.report.findings import does_not_show, shows
from pixelmill.report.markup import Markup, join, tag
from pixelmill.report.story import Story
from pixelmill.report.tables import facts, table


def findings(story: Story) -> Markup:
    """Say what the figures show, and what they do not."""
    return join(
        tag("ul", *[tag("li", one) for one in shows(story)]),
        tag("h3", "And what they do not show"),
        tag("ul", *[tag("li", one) for one in does_not_show(story)]),
    )


def method(story: Story) -> Markup:
    """Say what was sent, from which machine, by which command."""
    document = story.document
    load, machine = document.load, document.machine
    much = f"{load.requests} requests" if load.requests is not None else f"{load.duration_s:g} s"
    loop = f"open loop, {load.rate_per_s:g} requests a second" if load.rate_per_s else "closed loop"
    rows: list[tuple[str, str | Markup]] = [
        ("Command", tag("code", document.command)),
        ("Date", document.date.replace("T", " ")),
        ("Pipeline", tag("code", load.pipeline)),
        (
            "Load",
            f"{load.concurrency} requests at a time, {loop}; {load.rounds} rounds of {much}, "
            f"after {load.warm_up} requests to warm up",
        ),
        (
            "Client's machine",
            f"{machine.model}, {machine.architecture}; {machine.cores} of {machine.machine_cores} cores; "
            f"{machine.memory_bytes / 2**30:.1f} GiB",
        ),
        ("System", f"{machine.os}, {machine.kernel}"),
        (
            "Versions",
            ", ".join(
                [
                    f"pixelmill {document.version}",
                    f"Python {machine.python}",
                    *(f"{name} {version}" for name, version in machine.libraries.items()),
                ]
            ),
        ),
    ]
    pictures = [(one.name, one.format, f"{one.width}×{one.height}", f"{one.bytes:,}") for one in load.pictures]
    return join(
        facts(rows),
        table(("picture", "format", "px", "bytes"), pictures, words=(1,), caption="What was sent, by turns"),
    )
