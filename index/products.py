"""Products of a few vectors."""

import numpy as np

from .types import FloatArray


def inner_products(some: FloatArray, others: FloatArray) -> FloatArray:
    """All inner products, shape (len(some), len(others)), on the calling thread alone.

    BLAS would share even so small a product among threads, and on a busy machine wait ten milliseconds for the last.
    """
    return np.asarray(np.einsum("id,jd->ij", some, others), np.float32)
