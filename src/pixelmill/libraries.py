"""What is set up once for the whole process: the libraries that pictures are worked on with, and malloc."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache
from importlib import import_module

from pixelmill.codecs.vips import set_up as set_up_vips

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
MALLOC_KEEPS = 64 * 1024 * 1024
MALLOC_ARENAS = 4
LIBRARIES = ("PIL.Image", "deflate", "isal.isal_zlib", "simplejpeg")
"""What functions import when they first need it, beside what `set_up` does."""


@cache
def set_up() -> None:
    """Set up this process for the engine, once. OpenCV and libvips get one thread: pictures run side by side."""
    import cv2

    cv2.setNumThreads(1)
    set_up_vips()
    tune_malloc()


@cache
def tune_malloc() -> None:
    """Let glibc's malloc keep up to 64 MiB of freed memory, for this process.

    Otherwise every frame is given back to the kernel and faulted in again for the next one. Threads share a few arenas,
    as each keeps freed memory of its own.

    Source: mallopt(3), Linux man-pages.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, MALLOC_KEEPS)
        mallopt(M_TRIM_THRESHOLD, MALLOC_KEEPS)
        mallopt(M_TOP_PAD, 1024 * 1024)
        mallopt(M_ARENA_MAX, MALLOC_ARENAS)


def preload() -> None:
    """Set up this process and import each library, without using one: that would start threads."""
    set_up()
    for name in LIBRARIES:
        import_module(name)
