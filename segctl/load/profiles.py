"""Strictness profiles, the site's own and the built-in ones: one reader for both."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from segctl.load.fields import PROFILE
from segctl.load.findings import Findings
from segctl.load.record import Record, record, scalar
from segctl.load.scalars import read_name
from segctl.load.values import Scalar, Value, shorten
from segctl.model.diagnostic import Note
from segctl.model.strictness import (
    LOG_WORDS,
    Answer,
    Classification,
    Log,
    Profile,
    Tightening,
    Verdict,
    Wide,
)

_KEYS = tuple(key for key in PROFILE.fields if key != "like")


def read_profiles(
    pairs: Iterable[tuple[Scalar, Value]], built_in: Mapping[str, Profile], findings: Findings
) -> dict[str, Profile]:
    """The built-in profiles and those of `strictness`; a wrong one falls back to another, so reading goes on."""
    written: dict[str, tuple[Scalar, Record]] = {}
    for key, value in pairs:
        if scalar(key, read_name, findings) is None:
            continue
        if key.text in built_in:
            findings.add(key.span, "reserved", f"'{key.text}' is a built-in profile",
                         f"choose another name, and start with 'like: {key.text}'")  # fmt: skip
        elif key.text in written:
            note = Note(written[key.text][0].span, "it stands here already")
            findings.add(key.span, "duplicate-name", f"'{key.text}' is a profile already", "choose another name", note)
        else:
            found = record(value, PROFILE, findings)
            if found is not None:
                written[key.text] = (key, found)
    done = dict(built_in)
    for name in written:
        _settle(name, written, done, findings)
    return {name: done[name] for name in (*built_in, *written) if name in done}


def _settle(
    name: str, written: Mapping[str, tuple[Scalar, Record]], done: dict[str, Profile], findings: Findings
) -> None:
    """Read a profile after all those that it is like, in a loop: a chain may be as long as the site."""
    chain: list[str] = []
    at: str | None = name
    while at is not None and at not in done:
        if at in chain:
            key, found = written[chain[-1]]
            ring = [*chain[chain.index(at) :], at]
            like = found.value("like")
            findings.add(like.span if like else key.span, "cycle", f"profiles in a ring: {' → '.join(ring)}",
                         "let one of them say all its keys, without `like`")  # fmt: skip
            break
        chain.append(at)
        at = _like(written[at][1], written, done, findings)
    for link in reversed(chain):
        key, found = written[link]
        like = found.value("like")
        base = done.get(like.text) if isinstance(like, Scalar) else None
        profile = _profile(key, found, base, findings)
        if profile is not None:
            done[link] = profile
        elif done:  # it has its finding: what names it should not get another
            done[link] = replace(next(iter(done.values())), name=link)


def _like(
    found: Record, written: Mapping[str, tuple[Scalar, Record]], done: Mapping[str, Profile], findings: Findings
) -> str | None:
    name = found.name("like")
    like = found.value("like")
    if name is None or like is None:
        return None
    if name in written or name in done:
        return name
    if not findings.complete:
        return None
    help = findings.meant(name, [*written, *done], "the profiles are " + ", ".join([*done]))
    findings.add(like.span, "unknown-profile", f"there is no profile '{shorten(name)}'", help)
    return None


def _profile(key: Scalar, found: Record, base: Profile | None, findings: Findings) -> Profile | None:
    """One profile; None if a key is missing and there is nothing to take it from."""
    words = {field: found.choice(field) for field in _KEYS if field != "quarantine"}
    quarantine = found.flag("quarantine") if found.value("quarantine") else None
    if found.value("like") is None:
        missing = [field for field in _KEYS if field not in found.map.entries]
        if missing:
            findings.add(found.span, "missing-key", f"the profile '{key.text}' without {', '.join(missing)}",
                         "say them, or start from another profile with `like:`")  # fmt: skip
    profile = _made(key.text, words, quarantine, base)
    if profile and profile.intra is Verdict.DENY and profile.ingress is profile.egress is Verdict.ALLOW:
        value = found.value("intra") or found.value("ingress") or found.value("egress")
        findings.add(value.span if value else key.span, "profile-open",
                     f"the profile '{key.text}' denies inside, yet allows both ways outside")  # fmt: skip
    return profile


def _made(name: str, words: Mapping[str, str | None], quarantine: bool | None, base: Profile | None) -> Profile | None:
    """What is said, else what the base says; None without a base if something is missing."""
    if base is None:
        if quarantine is None or None in words.values():
            return None
        base = _plain(name, {key: word for key, word in words.items() if word}, quarantine)
    said = {key: word for key, word in words.items() if word}
    return _plain(name, _said(base) | said, base.quarantine if quarantine is None else quarantine)


def _plain(name: str, words: Mapping[str, str], quarantine: bool) -> Profile:
    return Profile(
        name,
        intra=Verdict(words["intra"]),
        ingress=Verdict(words["ingress"]),
        egress=Verdict(words["egress"]),
        answer=Answer(words["answer"]),
        log=LOG_WORDS[words["log"]],
        wide=Wide[words["wide"].upper()],
        why_required=words["why"] == "required",
        tightening=Tightening(words["tightening"]),
        holds=Classification[words["holds"].upper()],
        quarantine=quarantine,
    )


def _said(profile: Profile) -> dict[str, str]:
    """A profile in the words of the language."""
    return {
        "intra": profile.intra.value,
        "ingress": profile.ingress.value,
        "egress": profile.egress.value,
        "answer": profile.answer.value,
        "log": _log_word(profile.log),
        "wide": profile.wide.name.lower(),
        "why": "required" if profile.why_required else "optional",
        "tightening": profile.tightening.value,
        "holds": profile.holds.name.lower(),
    }


def _log_word(log: Log) -> str:
    return next(word for word, level in LOG_WORDS.items() if level is log)
