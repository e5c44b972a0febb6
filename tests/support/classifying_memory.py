"""A program: classify the largest pictures of the corpus in several threads, print the most memory held in MiB."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from feedloop.adapters.pictures import normalise
from feedloop.domain.errors import FeedloopError
from tests.support import demo, hostile
from tests.support.memory_peak import peak

THREADS = 8


def classify(body: bytes) -> None:
    with suppress(FeedloopError):
        classifier = demo.served().classifier
        classifier.probabilities(normalise(body, preprocessing=classifier.preprocessing))


def main() -> None:
    large = [sent.make() for sent in hostile.files() if " megapixels" in sent.name]
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(classify, large * 2))
    print(peak())


if __name__ == "__main__":
    main()
