"""Where pipelines run. Every executor gives the same bytes."""

from pixelmill.executors.base import Executor, Item, Outcome, open_executor
from pixelmill.executors.local import LocalExecutor, run

__all__ = ["Executor", "Item", "LocalExecutor", "Outcome", "open_executor", "run"]
