"""Rich text as Outlook packs it into a message ([MS-OXRTFCP]: the body of a message that has no other)."""

from __future__ import annotations

import struct

from core.errors import UnreadableDocument

_PACKED, _PLAIN = b"LZFu", b"MELA"
_WINDOW = 4096
_KNOWN = (  # [MS-OXRTFCP] 2.1.2.1: what stands in the window before the first byte
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans "
    rb"SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def unpacked_rtf(content: bytes, *, at_most: int = 1 << 28) -> bytes:
    """The rich text of a packed body.

    Raises UnreadableDocument when it is of no known kind, or says that it unpacks to more than `at_most` bytes.
    """
    if len(content) < 16 or content[8:12] not in (_PACKED, _PLAIN):
        raise UnreadableDocument("The body of the message is packed in a way that is not known here.")
    (size,) = struct.unpack_from("<I", content, 4)
    if size > at_most:
        raise UnreadableDocument(f"The body of the message unpacks to more than {at_most >> 20} MiB.")
    if content[8:12] == _PLAIN:
        return content[16 : 16 + size]
    window = bytearray(_KNOWN.ljust(_WINDOW, b"\0"))
    write, place, out = len(_KNOWN), 16, bytearray()
    while place < len(content) and len(out) <= at_most:
        flags, place = content[place], place + 1
        for bit in range(8):
            if flags & (1 << bit):
                if place + 2 > len(content):
                    return bytes(out)
                told = int.from_bytes(content[place : place + 2], "big")
                place += 2
                start, length = told >> 4, (told & 0xF) + 2
                if start == write % _WINDOW:  # the mark of the end
                    return bytes(out)
            else:
                if place >= len(content):
                    return bytes(out)
                start, length = -1, 1
            for step in range(length):
                byte = content[place] if start < 0 else window[(start + step) % _WINDOW]
                window[write % _WINDOW] = byte
                write += 1
                out.append(byte)
            place += start < 0
    return bytes(out)
