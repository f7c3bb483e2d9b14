"""How a picture is encoded before a chat model sees it: lossless, or as JPEG."""

import io
import re
from dataclasses import dataclass

from PIL import Image

from typoattack.core.errors import UserError

_WRITTEN = re.compile(r"png|jpe?g:([0-9]{1,3})")


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding of pictures.

    Attributes:
        jpeg: the quality of JPEG, 1 to 100; 0 for PNG, which is lossless.
    """

    jpeg: int = 0

    def __str__(self) -> str:
        return f"jpeg:{self.jpeg}" if self.jpeg else "png"

    def encoded(self, image: Image.Image) -> bytes:
        """An RGB picture as a file, the same for the same pixels."""
        data = io.BytesIO()
        if self.jpeg:
            image.save(data, "JPEG", quality=self.jpeg)
        else:
            image.save(data, "PNG")
        return data.getvalue()


LOSSLESS = Encoding()


def parse_encoding(text: str) -> Encoding:
    """The encoding that `png` or `jpeg:90` names.

    Raises:
        UserError: for anything else.
    """
    match = _WRITTEN.fullmatch(text.strip().lower())
    quality = int(match[1]) if match and match[1] else 0
    if match is None or quality > 100 or (match[1] and not quality):
        raise UserError(f"--picture {text[:40]!r}: write png, or jpeg:QUALITY with 1 to 100")
    return Encoding(quality)


def media_type(data: bytes) -> str:
    """The media type of an encoded picture, by its first bytes."""
    return "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"


def decoded(data: bytes) -> Image.Image:
    """The RGB picture that whoever gets `data` sees."""
    with Image.open(io.BytesIO(data)) as image:
        seen: Image.Image = image.convert("RGB")
        return seen
