"""Runs hops in disposable processes, so that a picture that crashes a library, or takes all memory, harms nobody else.

A zygote is a process of its own that has imported everything, runs nothing, and forks. Its children, the cells, run one hop
after another; one that crashed is replaced within milliseconds. Pixels travel through memory that both sides share.
"""

from pixelmill.isolation.cells import Cells
from pixelmill.isolation.nursery import Upbringing

__all__ = ["Cells", "Upbringing"]
