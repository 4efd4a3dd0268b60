"""Answers that were given on a site, kept until the site changes; each has the time for which it holds."""

import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

_MOST = 1000  # answers of one site; then all are forgotten
_BIGGEST = 16 << 20  # bytes

Answer = dict[str, Any]
"""`text`, `exit`, and `from` and `until` (microseconds since 1970, or None): when it holds, the end excluded."""


class Answers:
    """The answers on one site in a file of its own: `{"stamp": …, "answers": {question: Answer}}`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._path = folder, folder / f"{name}.json"

    def read(self) -> dict[str, Any] | None:
        """What is kept; None where there is nothing, or nothing to be relied on."""
        try:
            if not _ours(self._folder.lstat()):
                return None
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(self._path, flags), "rb") as file:
                about = os.fstat(file.fileno())
                if not _ours(about) or not stat.S_ISREG(about.st_mode):
                    return None
                kept = json.loads(file.read(_BIGGEST))
        except (OSError, ValueError, RecursionError):
            return None
        whole = isinstance(kept, dict) and isinstance(kept.get("answers"), dict) and "stamp" in kept
        return kept if whole else None

    def keep(self, stamp: object, question: str, answer: Answer) -> None:
        """One answer more; those of another stamp are forgotten. A folder that can't be written keeps nothing."""
        before = self.read()
        answers = before["answers"] if before and before["stamp"] == stamp and len(before["answers"]) < _MOST else {}
        text = json.dumps({"stamp": stamp, "answers": {**answers, question: answer}})
        if len(text) > _BIGGEST:
            return
        with suppress(OSError):
            self._write(text)

    def _write(self, text: str) -> None:
        there = next(folder for folder in (self._folder, *self._folder.parents) if folder.exists())
        if there.stat().st_uid != os.geteuid():  # root in somebody's home: a folder of root's would lock him out
            return
        for folder in reversed([self._folder, *self._folder.parents]):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not _ours(self._folder.lstat()):
            return
        new = self._path.with_suffix(f".{os.getpid()}")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
                file.write(text)
            new.replace(self._path)
        except OSError:
            new.unlink(missing_ok=True)
            raise


def recall(kept: dict[str, Any], question: str, at: int) -> Answer | None:
    """The answer to a question at a time, if it was given for that time."""
    answer = kept["answers"].get(question)
    if not isinstance(answer, dict) or not _whole(answer):
        return None
    begun = answer["from"] is None or answer["from"] <= at
    return answer if begun and (answer["until"] is None or at < answer["until"]) else None


def _whole(answer: Answer) -> bool:
    """Whether everything is there, and of its type."""
    ends = (answer.get(key, "") for key in ("from", "until"))
    said = type(answer.get("text")) is str and type(answer.get("exit")) is int
    return said and all(end is None or type(end) is int for end in ends)


def _ours(about: os.stat_result) -> bool:
    """A file or folder that nobody else could have written."""
    return about.st_uid == os.geteuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
