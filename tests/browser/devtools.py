"""A headless Chromium that does what it is told, over a pipe: clicks, keys, questions, pictures.

The DevTools protocol (https://chromedevtools.github.io/devtools-protocol/) as JSON between zero bytes, on descriptors 3
and 4 of the browser: no port is opened, no driver needed.
"""

import base64
import fcntl
import json
import os
import select
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 60.0
_FAILED = "Network.loadingFailed"
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowUp": 38, "ArrowDown": 40, "ArrowLeft": 37, "ArrowRight": 39}


@dataclass(slots=True)
class Browser:
    """One tab. `events`: what the browser told by itself, in order; `session` is the tab's."""

    into: int
    out: int
    session: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    _number: int = 0
    _rest: bytes = b""

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """A command's result; AssertionError with the browser's words if it refuses."""
        self._number += 1
        said: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            said["sessionId"] = self.session
        self._send(json.dumps(said).encode() + b"\0")
        while (told := self._next()).get("id") != self._number:
            self.events.append(told)
        assert "error" not in told, (method, told["error"])
        result: dict[str, Any] = told["result"]
        return result

    def _send(self, text: bytes) -> None:
        while text:
            text = text[os.write(self.into, text) :]

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self.out], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser says nothing"
            more = os.read(self.out, 1 << 20)
            assert more, "the browser is gone"
            self._rest += more
        one, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(one)
        return told

    def ask(self, script: str) -> Any:
        """The value of an expression in the page; a promise's when it is kept."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def open(self, page: Path, fragment: str = "") -> None:
        """Loads a page from disk, and waits until it has drawn itself."""
        self.call("Page.navigate", url="about:blank")  # else another fragment alone loads nothing anew
        self.until("location.href === 'about:blank' && document.readyState === 'complete'")
        self.events.clear()
        found = self.call("Page.navigate", url=page.as_uri() + (f"#{fragment}" if fragment else ""))
        assert "errorText" not in found, found
        self.until("document.documentElement?.dataset.ready === 'true'")

    def until(self, script: str) -> None:
        """Waits until it is so."""
        end = time.monotonic() + SECONDS
        while not self.ask(script):
            assert time.monotonic() < end, f"never: {script}; {self.faults()}"
            time.sleep(0.01)

    def key(self, key: str) -> None:
        """Presses a key where the page's focus is."""
        code = KEYS.get(key, 0)
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        common: Mapping[str, object] = {"key": key, "windowsVirtualKeyCode": code, "text": text}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text: str) -> None:
        """Writes where the page's focus is."""
        for sign in text:
            self.key(sign)

    def click(self, x: float, y: float) -> None:
        """At a place of the window, with a mouse."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, selector: str) -> None:
        """Clicks in the middle of an element."""
        one = f"const one = document.querySelector({json.dumps(selector)}); one.scrollIntoViewIfNeeded();"
        box = "const r = one.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2];"
        self.click(*self.ask(f"(() => {{ {one} {box} }})()"))

    def media(self, *, dark: bool) -> None:
        """What the reader's system likes."""
        likes = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                 {"name": "prefers-reduced-motion", "value": "reduce"}]  # fmt: skip
        self.call("Emulation.setEmulatedMedia", features=likes)

    def size(self, width: int, height: int) -> None:
        """Of the window, in pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, file: Path) -> None:
        """What is seen, as PNG."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def faults(self) -> list[str]:
        """What the page threw or the browser complained of since it was opened; CSP's refusals are among it."""
        self.ask("new Promise((done) => setTimeout(done, 0))")
        found = []
        for event in self.events:
            said = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(str(said["exceptionDetails"].get("exception", {}).get("description", said)))
            elif event.get("method") == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
                found.append(f"{said['entry']['source']}: {said['entry']['text']}")
            elif event.get("method") == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
                found.append(f"console: {said['args']}")
        return found

    def requests(self) -> list[str]:
        """The addresses of all that the page asked for since it was opened, and that no policy of its own stopped."""
        said = [(each.get("method"), each.get("params", {})) for each in self.events]
        refused = {
            about["requestId"] for what, about in said if what == _FAILED and about.get("blockedReason") == "csp"
        }
        sent = [about for what, about in said if what == "Network.requestWillBeSent"]
        return [about["request"]["url"] for about in sent if about["requestId"] not in refused]


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A Chromium of its own, which leaves its files in `folder` and ends with the block."""
    command = ["chromium", "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
               "--disable-dev-shm-usage", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
               "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}"]  # fmt: skip
    if os.geteuid() == 0:
        command.append("--no-sandbox")  # the sandbox can't be root's
    reads, into = os.pipe()
    out, writes = os.pipe()
    log = os.open(folder / "chromium.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    ours = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 10) for one in (reads, writes, log)]
    theirs = [(os.POSIX_SPAWN_DUP2, ours[at], number) for at, number in ((0, 3), (1, 4), (2, 1), (2, 2))]
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=theirs)
    for one in (reads, writes, log, *ours):
        os.close(one)
    try:
        yield _tab(Browser(into, out))
    finally:
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)
        os.close(into)
        os.close(out)


def _tab(made: Browser) -> Browser:
    target = made.call("Target.createTarget", url="about:blank")["targetId"]
    made.session = made.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        made.call(f"{domain}.enable")
    made.size(1440, 900)
    made.media(dark=False)
    return made
