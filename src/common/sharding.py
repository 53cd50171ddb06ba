"""Which samples belong to which of several workers."""


def shard(samples: int, rank: int, size: int) -> slice:
    """Rows of the contiguous shard of one of ``size`` workers, which differ by a sample at most.

    >>> [shard(7, rank, 3) for rank in range(3)]
    [slice(0, 2, None), slice(2, 4, None), slice(4, 7, None)]
    """
    return slice(samples * rank // size, samples * (rank + 1) // size)
