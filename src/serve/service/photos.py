"""The photos of a request: fields of a form, or base64 in JSON."""

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from src.common.files import printable
from src.serve.service.limits import Limits
from src.serve.service.refused import RefusedError

if TYPE_CHECKING:
    from starlette.requests import Request

FIELD = "files"
"""Name of the form's field."""

NAME_LENGTH = 100
"""Characters of a photo's name that are kept."""

OTHER_FIELDS = 8
"""Fields of a form that are no photos, and are passed over, at most."""

COMMAS = 200
"""In the JSON of a photo, at most: those of its name."""

Photos = list[tuple[str, bytes]]
"""Name and content of each."""


async def photos_of(request: "Request", limits: Limits) -> Photos:
    """All photos of a request, one at least.

    Raises RefusedError: 400 for a body that is not what it says, 413 for too many photos, 415 for
    any other kind of body.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        found = await _of_form(request, limits)
    elif kind == "application/json":
        found = _of_json(await request.body(), limits)
    else:
        raise RefusedError(
            415,
            f"expected multipart/form-data with photos as field {FIELD!r}, or application/json, "
            f"got {printable(kind[:NAME_LENGTH]) or 'no Content-Type'}",
        )
    if not found:
        raise RefusedError(400, f"the request has no photos: expected a field {FIELD!r}")
    return found


async def _of_form(request: "Request", limits: Limits) -> Photos:
    from starlette.datastructures import UploadFile
    from starlette.formparsers import MultiPartException, MultiPartParser

    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=limits.photos,
        max_fields=OTHER_FIELDS,
        max_part_size=1 << 10,
    )
    parser.spool_max_size = limits.request_bytes + 1  # nothing of a photo goes to the disk
    try:
        form = await parser.parse()
    except MultiPartException as error:
        status = 413 if error.message.startswith("Too many files") else 400
        raise RefusedError(status, f"the form cannot be read: {error.message}") from None
    except (KeyError, ValueError, LookupError, UnicodeError) as error:
        raise RefusedError(400, f"the form cannot be read: {printable(str(error))}") from None
    try:
        found = []
        for photo in form.getlist(FIELD):
            if not isinstance(photo, UploadFile):
                raise RefusedError(400, f"the field {FIELD!r} is text, expected a file")
            found.append((photo.filename or "", await photo.read()))
        return [(name_of(name, k), content) for k, (name, content) in enumerate(found)]
    finally:
        await form.close()


def _of_json(body: bytes, limits: Limits) -> Photos:
    if body.count(b",") > COMMAS * limits.photos:  # base64 has none; values take more than bytes
        raise RefusedError(413, f"the JSON has too many values for {limits.photos} photos")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(400, "the body is no JSON") from None
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list):
        raise RefusedError(422, 'expected {"images": [...]}')
    if len(images) > limits.photos:
        raise RefusedError(413, f"{len(images):,} photos, expected {limits.photos} or fewer")
    return [_of_value(image, k) for k, image in enumerate(images)]


def _of_value(image: Any, number: int) -> tuple[str, bytes]:
    """A photo that is base64, or {"name": ..., "data": base64}; the start of a data: URL is cut."""
    name, data = "", image
    if isinstance(image, dict):
        name, data = image.get("name", ""), image.get("data")
    if not isinstance(data, str) or not isinstance(name, str):
        raise RefusedError(
            422, f'image {number + 1}: expected base64, or {{"name": ..., "data": base64}}'
        )
    if data.startswith("data:"):
        data = data.partition(",")[2]
    try:
        return name_of(name, number), base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError(422, f"image {number + 1}: is no base64 ({error})") from None


def name_of(name: str, number: int) -> str:
    """What a photo is called in the answer; nothing else is ever done with its name.

    >>> name_of("C:\\\\photos\\\\plate.jpg", 0), name_of("../../etc/passwd", 1), name_of("", 2)
    ('plate.jpg', 'passwd', 'photo 3')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    return printable(last[:NAME_LENGTH]) or f"photo {number + 1}"
