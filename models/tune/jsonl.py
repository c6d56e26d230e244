"""JSON lines that survive being cut off: a torn last line is dropped, and writing goes
on behind the last whole one.
"""

import json
import os


def read_lines(path):
    """Gives the objects of all whole lines; none where there is no file."""
    try:
        with open(path, "rb") as file:
            return [json.loads(line) for line in file if line.endswith(b"\n")]
    except FileNotFoundError:
        return []


def append_lines(path, objects):
    """Adds objects behind the last whole line."""
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
