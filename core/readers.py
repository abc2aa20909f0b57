"""Who may read a document, and who reads: names of people and of groups.

    readers of a document    everybody who may use this home, unless it names people and groups:  alice, group:deal-team
    who reads                one person, and the groups that DOSSIER_GROUPS puts them into

What somebody may not read does not exist for them. Who that somebody is comes from `reader_of` alone.
"""

from __future__ import annotations

import getpass
import os
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from core.settings import Settings

GROUP = "group:"
"""What stands before the name of a group, so that nobody becomes one by what they are called."""

ALL = "everybody"

LONGEST = 200
"""Characters of a name: as many as the catalogue keeps of who ingested a document."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who may read a document: those named, sorted; `named` None means everybody who may use this home."""

    named: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.named is not None and (not self.named or list(self.named) != sorted(set(self.named))):
            raise ValueError("readers are named once each, in order, and at least one is")

    def __str__(self) -> str:
        return ALL if self.named is None else ", ".join(self.named)


EVERYBODY = Readers()


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads, and the groups they belong to. Raises UsageError for what cannot be a person's name."""

    name: str
    groups: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.name != _name(self.name) or self.name.startswith(GROUP) or self.name == ALL:
            raise UsageError(f"Nobody can be called {self.name!r}.")

    @property
    def known_as(self) -> tuple[str, ...]:
        """The words among a document's readers that mean this person, sorted."""
        return tuple(sorted({self.name, *(GROUP + group for group in self.groups)}))

    def may_read(self, readers: Readers) -> bool:
        return readers.named is None or not set(readers.named).isdisjoint(self.known_as)


def readers_named(words: Iterable[str]) -> Readers:
    """The readers in "alice,group:deal-team", once or several times; "everybody" alone takes the limit away.

    Raises UsageError for an empty name, and for "everybody" beside others.
    """
    names = {_name(word) for line in words for word in line.split(",")}
    if names == {ALL}:
        return EVERYBODY
    if ALL in names:
        raise UsageError("Say either everybody, or names of people and groups.")
    if not names:
        raise UsageError("Name at least one reader, or everybody.")
    return Readers(tuple(sorted(names)))


def reader_of(settings: Settings) -> Reader:
    """Whose eyes this process has: DOSSIER_USER, else the user of the operating system, with their groups.

    Raises ConfigError for a name that cannot be used or a file of groups that cannot be read.
    """
    name = user_named(settings.user)
    try:
        return Reader(name, groups_of(name, settings.groups))
    except UsageError as error:
        raise ConfigError(f"DOSSIER_USER cannot be used: {error}") from error


def user_named(user: str | None) -> str:
    """This name, or that of the user of the operating system."""
    if user is not None:
        return unicodedata.normalize("NFC", user).strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def groups_of(name: str, path: Path | None) -> frozenset[str]:
    """The groups of a TOML file (`deal-team = ["alice", "bob"]`) that name this person; none without a file."""
    if path is None:
        return frozenset()
    try:
        groups: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The file of groups {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The file of groups {path} is not TOML.") from error
    found = set()
    for group, members in groups.items():
        if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
            raise ConfigError(f'The file of groups {path} must say {group} = ["name", "name"].')
        if name in {unicodedata.normalize("NFC", member).strip() for member in members}:
            found.add(unicodedata.normalize("NFC", group).strip())
    return frozenset(found)


def readers_stored(stored: Sequence[str] | None) -> Readers:
    """What the catalogue has of `Readers.named`. A list without a name, which nobody wrote, lets nobody read."""
    if stored is None:
        return EVERYBODY
    return Readers(tuple(sorted(set(stored))) or ("",))


def _name(word: str) -> str:
    """A name as it is kept. Raises UsageError for one that is empty, too long or not visible."""
    name = unicodedata.normalize("NFC", word).strip()
    if not name.removeprefix(GROUP).strip() or len(name) > LONGEST or "," in name or not name.isprintable():
        raise UsageError(f"Readers are names of people, or {GROUP}NAME, separated by commas; {word!r} is neither.")
    return name
