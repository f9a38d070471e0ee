"""Decides over a history: what the fleet promises, each as a check that raises an AssertionError saying what broke it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from tests.faults.record import Call, History
from tests.faults.resources import Usage

MOST_SHOWN = 5
MIB = 1024 * 1024


def check_outcomes(history: History, allowed: Collection[str] = ()) -> None:
    """Check that every request has exactly one outcome: OK, or a failure of one of the allowed gRPC codes."""
    repeated = [id for id, count in Counter(call.begun.id for call in history).items() if count > 1]
    if repeated:
        raise AssertionError(f"{len(repeated)} ids were used again: {repeated[:MOST_SHOWN]}")
    _none_of("have no outcome", [call for call in history if not call.ends])
    _none_of("have several outcomes", [call for call in history if len(call.ends) > 1])
    _none_of("failed", [call for call in history if call.end.code not in ("OK", *allowed)])
    if history.stray:
        raise AssertionError(f"{len(history.stray)} outcomes belong to no request: {history.stray[:MOST_SHOWN]}")


def check_bytes(history: History, expected: Mapping[str, str]) -> None:
    """Check that whatever ended well has the bytes that are made without any fault."""
    _none_of("have other bytes", [call for call in history if call.ok and call.end.digest != expected[call.begun.work]])


def check_attempts(history: History, budget: float, most: int) -> None:
    """Check that hops take so many attempts each, on average and at most."""
    attempts = [hop.attempts for call in history for hop in call.hops]
    if sum(attempts) > budget * len(attempts):
        raise AssertionError(f"expected at most {budget} attempts a hop, got {sum(attempts)} for {len(attempts)} hops")
    _none_of(f"took more than {most} attempts", [call for call in history if any(hop.attempts > most for hop in call.hops)])


def check_recovery(healthy: History, healed: History, times: float, quantile: float = 0.9) -> None:
    """Check that calls take no more than so many times as long as they did before."""
    before, after = healthy.took_s(quantile), healed.took_s(quantile)
    if after > times * before:
        raise AssertionError(
            f"expected {quantile:.0%} of the calls to be done within {times} × {before:.4f} s, got {after:.4f} s, "
            f"of {len(healthy)} before and {len(healed)} after"
        )


def check_leaks(before: Mapping[str, Usage], after: Mapping[str, Usage], growth: float = 0.15, slack_mib: int = 40) -> None:
    """Check that no process which lived all along has more open files than before, or much more memory.

    An orchestrator remembers its last 10,000 requests, and so grows until then.
    """
    for name, then in before.items():
        now = after.get(name)
        if now is None or now.pid != then.pid:
            continue
        if now.files > then.files:
            raise AssertionError(f"expected {name} to have at most {then.files} open files, got {now.files}")
        if now.memory > then.memory * (1 + growth) + slack_mib * MIB:
            raise AssertionError(
                f"expected {name} to stay at {then.memory // MIB} MiB of memory, got {now.memory // MIB} MiB"
            )


def _none_of(what: str, calls: Collection[Call]) -> None:
    if calls:
        shown = "; ".join(map(repr, list(calls)[:MOST_SHOWN]))
        raise AssertionError(f"{len(calls)} requests {what}: {shown}")
