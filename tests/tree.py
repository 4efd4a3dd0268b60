"""The files of the project's tree, as a fresh clone has them: for the tests that read or copy it."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = {"build", "dist", "out", "__pycache__"}  # as .gitignore says; where there is no git, this is all we know


def files() -> list[Path]:
    """All files and links, relative to the root: what git follows and what it would, nothing that it ignores."""
    # safe.directory: the clone may be another user's (root tests a user's checkout)
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        return [path for path in map(Path, listed.split("\0")[:-1]) if is_there(ROOT / path)]
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_symlink() or path.is_file())
    return sorted(path for path in found if not any(is_built(part) for part in path.parts))


def is_there(path: Path) -> bool:
    """A file that git follows may be gone from the work tree; a link may dangle."""
    return path.is_symlink() or path.exists()


def is_built(part: str) -> bool:
    """Caches, environments, and what a build makes; `.ci` alone begins with a dot and is ours."""
    return part in BUILT or part.endswith(".egg-info") or (part.startswith(".") and part not in (".ci", ".gitignore"))


def copy(to: Path) -> Path:
    """A bare clone in `to`, links kept as links; the work tree as it is, committed or not."""
    for path in files():
        target = to / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target, follow_symlinks=False)
    return to
