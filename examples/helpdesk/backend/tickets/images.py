"""Attachments: pictures, made small enough to keep."""
from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image, UnidentifiedImageError


class NotAnImage(ValueError):
    """What was sent is no picture that can be read."""


def shrunk(upload, side: int) -> ContentFile:
    """A JPEG of the picture whose longer side has at most `side` pixels, turned as it was taken."""
    try:
        picture = Image.open(upload)
        picture.load()
    except (UnidentifiedImageError, OSError) as error:
        raise NotAnImage("the attachment is not a picture that can be read") from error
    picture = picture.convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = BytesIO()
    picture.save(out, format="JPEG", quality=85)
    return ContentFile(out.getvalue())
