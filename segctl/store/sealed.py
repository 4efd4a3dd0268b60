"""What is kept is sealed: one line that says kind, version and checksum, then the content.

    segctl generation 1 sha256:4f…c2
    …

So a file that was cut off, or in which a bit turned, is known for what it is, and so is one of a newer segctl.
"""

import hashlib
import json
import re
from typing import Any

from segctl.store.errors import Damaged, Newer

VERSION = 1
_FORM = re.compile(rb"[1-9][0-9]{0,8}")
_OLDER = "an older state may be put back from a backup; without any, `segctl apply` makes a new one"


def seal(kind: str, content: bytes) -> bytes:
    """The content under its first line."""
    return f"segctl {kind} {VERSION} sha256:{hashlib.sha256(content).hexdigest()}\n".encode() + content


def unseal(kind: str, data: bytes, where: object) -> bytes:
    """The content of that kind. Damaged or Newer, naming `where`."""
    head, _, content = data.partition(b"\n")
    words = head.split(b" ")
    if len(words) != 4 or words[:2] != [b"segctl", kind.encode()] or not _FORM.fullmatch(words[2]):
        raise Damaged(f"{where} doesn't begin as a {kind} of segctl", _OLDER)
    if int(words[2]) > VERSION:
        raise Newer(f"{where} was written by a newer segctl (form {int(words[2])}, this one knows {VERSION})",
                    "use that segctl, or the generation before it")  # fmt: skip
    if words[3] != b"sha256:" + hashlib.sha256(content).hexdigest().encode():
        raise Damaged(f"{where} was cut off or changed: its checksum is another", _OLDER)
    return content


def seal_json(kind: str, value: Any) -> bytes:
    """The same of plain values."""
    return seal(kind, json.dumps(value, indent=1, sort_keys=True).encode() + b"\n")


def unseal_json(kind: str, data: bytes, where: object) -> Any:
    """The plain values under it."""
    content = unseal(kind, data, where)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{where} is no JSON: {error}", _OLDER) from error
