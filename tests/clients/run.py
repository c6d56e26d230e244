"""Runs all `*_test.py` of this folder in one process. Each result is a line of JSON."""

import json
import sys
import time
import unittest
from pathlib import Path


class Lines(unittest.TestResult):
    """Prints the name of each test, its seconds, and its error if there is one."""

    def startTest(self, test):
        super().startTest(test)
        self.start = time.monotonic()

    def addSuccess(self, test):
        self.print(test, None)

    def addFailure(self, test, err):
        self.print(test, self._exc_info_to_string(err, test))

    addError = addFailure

    def print(self, test, error):
        seconds = time.monotonic() - getattr(self, "start", time.monotonic())
        name = test.id().replace("_test.", " ", 1)
        line = {"name": name, "seconds": round(seconds, 2), "error": error}
        print(json.dumps(line), file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    here = str(Path(__file__).parent)
    pattern = sys.argv[1] if len(sys.argv) > 1 else "*_test.py"
    sys.stdout = sys.stderr  # clients print, too
    unittest.defaultTestLoader.discover(here, pattern, here).run(Lines())
