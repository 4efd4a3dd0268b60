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
_ANEW = {  # what a state without it can do
    "standing": "`segctl apply --replace REASON` begins anew",
    "overrides": "`segctl release all` throws it away, and ends what it held",
    "hits": "what it counted is lost, and the next apply begins to count anew",
    "plan": "`segctl plan` makes it anew",
}
_NEXT = "`segctl apply --replace REASON` makes a new one"


def seal(kind: str, content: bytes) -> bytes:
    """The content under its first line."""
    return f"segctl {kind} {VERSION} sha256:{hashlib.sha256(content).hexdigest()}\n".encode() + content


def unseal(kind: str, data: bytes, where: object) -> bytes:
    """The content of that kind. Damaged or Newer, naming `where`."""
    head, _, content = data.partition(b"\n")
    words = head.split(b" ")
    if len(words) != 4 or words[:2] != [b"segctl", kind.encode()] or not _FORM.fullmatch(words[2]):
        raise Damaged(f"{where} doesn't begin as a {kind} of segctl", _way_out(kind))
    if int(words[2]) > VERSION:
        raise Newer(f"{where} was written by a newer segctl (form {int(words[2])}, this one knows {VERSION})",
                    "use that segctl, or the generation before it")  # fmt: skip
    if words[3] != b"sha256:" + hashlib.sha256(content).hexdigest().encode():
        raise Damaged(f"{where} was cut off or changed: its checksum is another", _way_out(kind))
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
        raise Damaged(f"{where} is no JSON: {error}", _way_out(kind)) from error


def _way_out(kind: str) -> str:
    return f"put it back from a backup; or {_ANEW.get(kind, _NEXT)}"
