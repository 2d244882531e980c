#!/usr/bin/env python3
"""Runs the demonstration in a terminal of its own, and draws what it printed as docs/demo.svg.

    make recording

The picture shows the parts named below as they were printed, colours included; nothing is edited.
"""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

REPOSITORY = Path(__file__).resolve().parent.parent
PICTURE = REPOSITORY / "docs" / "demo.svg"
COLUMNS = 116

# The headings of scripts/demo.sh under which the picture looks.
PARTS = ("The sessions before", "The kill", "The sessions after")


def main():
    parts = split(run(REPOSITORY / "scripts" / "demo.sh"))
    missing = [part for part in PARTS if part not in parts]
    if missing:
        sys.exit(f"the demonstration did not print {missing}")
    shown = "\n".join(parts[part].strip("\n") + "\n" for part in PARTS)
    PICTURE.write_text(draw(shown))
    print(f"{PICTURE.relative_to(REPOSITORY)}: {PICTURE.stat().st_size} bytes")


def run(command):
    """What a command prints when it believes to be in a terminal."""
    host, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    process = subprocess.Popen(
        [command], stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal, env=environment
    )
    os.close(terminal)
    printed = bytearray()
    # On Linux, reading fails when the last of those who write is gone.
    try:
        while piece := os.read(host, 65536):
            printed += piece
    except OSError:
        pass
    if process.wait() != 0:
        sys.exit(f"the demonstration failed:\n{printed.decode()}")
    return printed.decode().replace("\r\n", "\n")


def split(printed):
    """The parts of the demonstration by their headings, each with its heading."""
    heading = re.compile(r"^\x1b\[1m(\d+)\. (.+?)\x1b\[0m$", re.MULTILINE)
    found = list(heading.finditer(printed))
    ends = [match.start() for match in found[1:]] + [len(printed)]
    return {match[2]: printed[match.start() : end] for match, end in zip(found, ends)}


def draw(text):
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text))
    picture = console.export_svg(title="make demo", theme=MONOKAI, unique_id="demo")
    # The letters come from whoever looks: a picture in a repository fetches nothing.
    return re.sub(r"@font-face \{.*?\}\n", "", picture, flags=re.DOTALL)


if __name__ == "__main__":
    main()
