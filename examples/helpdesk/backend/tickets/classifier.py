"""Sorts tickets by what they are about, in a process of its own so that the web workers stay small."""
import json
import subprocess
import sys
from functools import lru_cache
from importlib.util import find_spec

UNSORTED = ""
TIMEOUT_SECONDS = 60


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """Whether the classifier's libraries are there; an installation without them leaves tickets unsorted."""
    return find_spec("torch") is not None and find_spec("transformers") is not None


def classify(text: str) -> str:
    """The category of a ticket's title; empty where no classifier is installed."""
    if not is_installed():
        return UNSORTED
    done = subprocess.run(
        [sys.executable, "-m", "tickets.classifier_worker"],
        input=json.dumps({"text": text}),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])["category"]
