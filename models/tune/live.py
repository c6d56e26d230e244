"""Progress: one line that is rewritten on a terminal, or a line every LOG_SECONDS in a log.
"""

import sys
import time

LOG_SECONDS = 15


class Live:
    """Writes the latest progress to `stream`."""

    def __init__(self, stream=sys.stderr, clock=time.monotonic):
        self.stream, self.clock, self.last = stream, clock, float("-inf")

    def show(self, line):
        """Writes a line that the next one replaces."""
        if self.stream.isatty():
            print(f"\r\x1b[K{line}", end="", file=self.stream, flush=True)
        elif self.clock() - self.last >= LOG_SECONDS:
            self.last = self.clock()
            print(line, file=self.stream, flush=True)

    def note(self, line):
        """Writes a line that stays."""
        start = "\r\x1b[K" if self.stream.isatty() else ""
        print(f"{start}{line}", file=self.stream, flush=True)
