"""A file of any of the forms to an inventory."""

from pathlib import Path

from segctl.draft.ansible_ini import read_ini
from segctl.draft.ansible_yaml import read_yaml
from segctl.draft.csv_hosts import read_csv
from segctl.draft.etc_hosts import read_etc_hosts
from segctl.draft.hosts import Form, Inventory, wrong
from segctl.draft.sniff import is_yaml, sniff

BIGGEST = 64 * 1024 * 1024  # bytes; 200,000 hosts are some 20 MB
_BESIDE = ("host_vars", "group_vars")


def read_inventory(path: Path, form: Form | None = None) -> tuple[Inventory, bytes, str]:
    """What the file says, its bytes, and why it was read as what; `SiteError` if it can't be read, or not whole.

    A pipe is read to its end. Nothing else is opened: ansible's host_vars and group_vars beside it neither.
    """
    name = str(path)
    data = _bytes(path, name)
    text = _text(data, name)
    if form is None:
        form, why = sniff(text, name)
    else:
        why = "as --as says"
    inventory = _read(text, name, form)
    return inventory, data, f"{name} is read as {form}: {why}"


def unread_beside(path: Path) -> tuple[str, ...]:
    """Folders in which Ansible would look for more; said, since they may hold addresses."""
    return tuple(name for name in _BESIDE if (path.parent / name).is_dir())


def _read(text: str, name: str, form: Form) -> Inventory:
    if form is Form.CSV:
        return read_csv(text, name)
    if form is Form.HOSTS:
        return read_etc_hosts(text, name)
    return read_yaml(text, name) if is_yaml(text) else read_ini(text, name)


def _bytes(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(BIGGEST + 1)
    except OSError as error:
        raise wrong(name, 1, 1, "unreadable", f"it can't be read: {error.strerror}", "name a file") from error
    if len(data) > BIGGEST:
        raise wrong(name, 1, 1, "too-big", f"bigger than {BIGGEST >> 20} MB", "give a part of it")
    return data


def _text(data: bytes, name: str) -> str:
    """UTF-8 with or without a byte order mark; lines end in LF or CRLF."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        kind = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else f"byte 0x{data[error.start]:02x}"
        raise wrong(name, line, column, "encoding", f"this is not UTF-8 ({kind})", "save it as UTF-8") from error
    return text.replace("\r\n", "\n")
