"""JSON lines that survive an interrupted write: an incomplete last line is ignored, and
overwritten by the next one.
"""

import json
import os


def read_lines(path):
    """Returns the objects of all complete lines; none if there is no file."""
    try:
        with open(path, "rb") as file:
            return [json.loads(line) for line in file if line.endswith(b"\n")]
    except FileNotFoundError:
        return []


def append_lines(path, objects):
    """Appends objects after the last complete line."""
    with open(path, "ab+") as file:
        file.seek(0)
        whole = 0
        for line in file:
            if line.endswith(b"\n"):
                whole += len(line)
        file.truncate(whole)
        for value in objects:
            file.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
