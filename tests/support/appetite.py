"""A program: classify the largest pictures of the corpus in several threads, print the most memory held in MiB."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from feedloop.adapters.pictures import normalise
from feedloop.domain.errors import FeedloopError
from tests.support import demo, hostile

THREADS = 8


def classify(body: bytes) -> None:
    with suppress(FeedloopError):
        demo.served().classifier.probabilities(normalise(body))


def peak() -> int:
    """What Linux says; getrusage would count the parent's memory, too."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) // 1024


def main() -> None:
    large = [sent.make() for sent in hostile.files() if " megapixels" in sent.name]
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(classify, large * 2))
    print(peak())


if __name__ == "__main__":
    main()
