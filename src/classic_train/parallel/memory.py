"""Memory that stays with the process from one training step to the next.

Every step makes the same large arrays and drops them. The C library gives large blocks back to
the system at once, and the system hands out new ones page by page, each filled with zeros: a
TinyVGG step of 32 photos spends about 6% of its time there. Told to keep what it has, the library
hands the same memory out again, and the mathematics needs no buffers of its own.

All threads are given one arena. Those that the library would make for further threads consist of
heaps that go back to the system as soon as they are empty, whatever its settings: the second
worker of a TinyVGG step met 5,140 new pages in every step.
"""

import ctypes

MMAP_MAX, TRIM_THRESHOLD, ARENA_MAX = -4, -1, -8
"""Names of the settings in glibc's <malloc.h>."""


def keep_freed_memory() -> bool:
    """Let the C library keep the memory that arrays give back; returns whether it does.

    Holds for the rest of the process. Does nothing where the library is not glibc (macOS,
    Windows, musl).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    never = 2**31 - 1
    settings = ((ARENA_MAX, 1), (MMAP_MAX, 0), (TRIM_THRESHOLD, never))
    return all(bool(mallopt(name, value)) for name, value in settings)
