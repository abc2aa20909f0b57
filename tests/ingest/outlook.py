"""A writer of Outlook messages for tests: just enough of [MS-CFB] and [MS-OXMSG] that a reader takes them for real."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SECTOR, _PIECE, _SMALL = 512, 64, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_STRING, _INTEGER, _BINARY, _OBJECT = 0x001F, 0x0003, 0x0102, 0x000D
_TOP, _WITHIN, _ATTACHED = 32, 24, 8  # bytes before the properties of a message, an embedded one, an attachment


@dataclass
class Storage:
    """A folder of a compound file."""

    streams: dict[str, bytes] = field(default_factory=dict)
    storages: dict[str, Storage] = field(default_factory=dict)


def a_message(
    strings: Mapping[int, str],
    *,
    binaries: Mapping[int, bytes] | None = None,
    attachments: Sequence[Storage] = (),
    within: bool = False,
) -> Storage:
    """A message with its properties by number ([MS-OXPROPS]): strings as UTF-16, binaries as they are."""
    storage = _with_properties(strings, binaries or {}, {}, _WITHIN if within else _TOP)
    for number, attached in enumerate(attachments):
        storage.storages[f"__attach_version1.0_#{number:08X}"] = attached
    return storage


def an_attachment(name: str, content: bytes, *, kind: str = "application/octet-stream", cid: str = "") -> Storage:
    strings = {0x3707: name, 0x370E: kind} | ({0x3712: cid} if cid else {})
    return _with_properties(strings, {0x3701: content}, {0x3705: 1}, _ATTACHED)


def an_attached_message(name: str, message: Storage) -> Storage:
    storage = _with_properties({0x3001: name}, {}, {0x3705: 5}, _ATTACHED)
    storage.storages["__substg1.0_3701000D"] = message
    return storage


def _with_properties(
    strings: Mapping[int, str], binaries: Mapping[int, bytes], integers: Mapping[int, int], header: int
) -> Storage:
    storage = Storage()
    rows = b""
    for number, text in strings.items():
        content = text.encode("utf-16-le")
        storage.streams[f"__substg1.0_{number:04X}{_STRING:04X}"] = content
        rows += struct.pack("<HHIII", _STRING, number, 6, len(content) + 2, 0)
    for number, content in binaries.items():
        storage.streams[f"__substg1.0_{number:04X}{_BINARY:04X}"] = content
        rows += struct.pack("<HHIII", _BINARY, number, 6, len(content), 0)
    for number, value in integers.items():
        rows += struct.pack("<HHIII", _INTEGER, number, 6, value, 0)
    storage.streams["__properties_version1.0"] = bytes(header) + rows
    return storage


def save(path: Path, root: Storage) -> Path:
    """Write a compound file ([MS-CFB] 2): large streams in sectors, small ones in pieces of the root's own stream."""
    sectors, chain = bytearray(), list[int]()
    pieces, small = bytearray(), list[int]()
    entries: list[bytes] = []

    def laid(content: bytes) -> int:
        return _laid(content, sectors, chain, _SECTOR)

    def stream(name: str, content: bytes, right: int) -> int:
        start = laid(content) if len(content) >= _SMALL else _laid(content, pieces, small, _PIECE)
        entries.append(_entry(name, 2, right=right, child=_FREE, start=start, size=len(content)))
        return len(entries) - 1

    def storage(name: str, folder: Storage, right: int) -> int:
        """The number of the entry; the children of a storage hang in one line, each to the right of the one before."""
        place, following = len(entries), _FREE
        entries.append(b"")
        for inner, content in folder.streams.items():
            following = stream(inner, content, following)
        for inner, deeper in folder.storages.items():
            following = storage(inner, deeper, following)
        entries[place] = _entry(name, 1, right=right, child=following, start=0, size=0)
        return place

    storage("Root Entry", root, _FREE)
    child = struct.unpack_from("<I", entries[0], 76)[0]
    entries[0] = _entry("Root Entry", 5, right=_FREE, child=child, start=laid(bytes(pieces)), size=len(pieces))
    small_table = laid(struct.pack(f"<{len(small)}I", *small).ljust(-(-len(small) // 128) * _SECTOR, b"\xff"))
    directory = laid(b"".join(entries))
    tables = 1
    while len(chain) + tables > tables * _SECTOR // 4:
        tables += 1
    first = len(chain)
    table = [*chain, *[_FAT] * tables]
    table += [_FREE] * (tables * _SECTOR // 4 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, tables, directory, 0, _SMALL, small_table, -(-len(small) // 128), _END, 0)
    numbers = [first + number for number in range(tables)] + [_FREE] * (109 - tables)
    header += struct.pack("<109I", *numbers)
    path.write_bytes(header + bytes(sectors) + struct.pack(f"<{len(table)}I", *table))
    return path


def _laid(content: bytes, target: bytearray, chain: list[int], size: int) -> int:
    """Append `content` in pieces of `size` bytes, each naming the next in `chain`. Returns the number of the first."""
    first, count = len(chain), -(-len(content) // size)
    target += content.ljust(count * size, b"\0")
    chain += [*range(first + 1, first + count), _END] if count else []
    return first if count else _END


def _entry(name: str, kind: int, *, right: int, child: int, start: int, size: int) -> bytes:
    letters = name.encode("utf-16-le") + b"\0\0"
    head = letters.ljust(64, b"\0") + struct.pack("<HBBIII", len(letters), kind, 1, _FREE, right, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)
