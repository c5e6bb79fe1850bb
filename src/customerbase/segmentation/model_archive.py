"""The bytes of a model file: a zip of JSON and plain arrays, without compression, times or pickle, under a digest."""

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from customerbase.errors import DataError, UsageError

__all__ = ["AGAIN", "DIGEST_LENGTH", "hash_members", "pack", "read_array", "unpack", "write_array", "write_json"]

AGAIN = "Make the model again with 'customerbase segment'."
DIGEST_LENGTH = 64
ARRAY_KINDS = "fiUb"
"""Floats, integers, text and yes or no: nothing that would have to be unpickled."""


def write_array(array: npt.NDArray[Any]) -> bytes:
    """Write an array in NumPy's own format.

    Examples
    --------
    >>> write_array(np.array([1.0, 2.0]))[1:6]
    b'NUMPY'
    """
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def read_array(content: bytes) -> npt.NDArray[Any]:
    """Read an array whose header tells the truth about what follows.

    Raises
    ------
    ValueError
        It holds objects, or other bytes than its shape says: nothing is allocated for what is not there.

    Examples
    --------
    >>> read_array(write_array(np.array([[1, 2]]))).tolist()
    [[1, 2]]
    """
    buffer = io.BytesIO(content)
    if np.lib.format.read_magic(buffer) != (1, 0):
        raise ValueError("version of the array")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(buffer)
    body = content[buffer.tell() :]
    if dtype.kind not in ARRAY_KINDS or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(body):
        raise ValueError("header of the array")
    flat = np.frombuffer(body, dtype=dtype) if body else np.empty(0, dtype=dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C").copy(order="C")


def write_json(value: object) -> bytes:
    """Write a value as JSON, keys in order.

    Raises
    ------
    UsageError
        It is, or holds, something that JSON does not know.

    Examples
    --------
    >>> write_json({"b": date(2024, 1, 1), "a": np.float64(2)}).decode().split()
    ['{', '"a":', '2.0,', '"b":', '"2024-01-01"', '}']
    """
    try:
        return json.dumps(value, default=_plain, sort_keys=True, indent=1, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"The model's card or parameters cannot be written as JSON: {error}. Leave that out."
        ) from error


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, BaseEstimator):
        parameters = value.get_params(deep=False).items()
        return {"type": type(value).__name__, "parameters": {name: _finite(each) for name, each in parameters}}
    if isinstance(value, type):
        return value.__name__
    raise TypeError(f"{type(value).__name__} is not a value of JSON")


def _finite(value: object) -> object:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def hash_members(members: Mapping[str, bytes]) -> str:
    """Give the SHA-256 of members with their names, in the order of these.

    Examples
    --------
    >>> hash_members({"a": b"1"})[:8]
    '90a62f26'
    """
    digest = hashlib.sha256()
    for name in sorted(members):
        digest.update(f"{name}\n{len(members[name])}\n".encode() + members[name])
    return digest.hexdigest()


def pack(members: Mapping[str, bytes]) -> bytes:
    """Zip members without compression or times, in the order of names, with the digest as the comment.

    Examples
    --------
    >>> unpack(pack({"note.json": b"{}"}))
    {'note.json': b'{}'}
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), members[name])
        archive.comment = b"0" * DIGEST_LENGTH
    body = buffer.getvalue()[:-DIGEST_LENGTH]
    return body + _digest(body)


def unpack(content: bytes) -> dict[str, bytes]:
    """Give the members of a file whose digest is right.

    Raises
    ------
    DataError
        The digest is not, or what stands before it is no zip of ours.

    Examples
    --------
    See `pack`.
    """
    if _digest(content[:-DIGEST_LENGTH]) != content[-DIGEST_LENGTH:]:
        raise DataError(f"The model file is damaged or cut short. {AGAIN}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {entry.filename: _member(archive, entry) for entry in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"The model file is not one of customerbase. {AGAIN}") from error


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Read one member; a compressed one is not ours, and could grow without bound."""
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(entry.filename)
    return archive.read(entry)


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
