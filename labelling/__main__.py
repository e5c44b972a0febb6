"""python -m labelling: sets up Label Studio, and says how far its annotators are.

It runs in Label Studio's environment, with the settings and secrets of the functions.
"""

import argparse
import sys

from feedloop import console, reviews, wiring
from feedloop.domain.errors import FeedloopError
from labelling import client
from labelling.setup import set_up
from labelling.status import lines


def main() -> None:
    """Run one command; an error that we raise on purpose is told in one line."""
    console.prepare()
    parser = argparse.ArgumentParser(prog="feedloop labelling", description="The projects of annotators.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for run in (setup, status):
        added = commands.add_parser(run.__name__, help=run.__doc__, description=run.__doc__)
        added.set_defaults(run=run)
    try:
        parser.parse_args().run()
    except FeedloopError as error:
        sys.exit(f"error: {error}")


def setup() -> None:
    """Make the three projects, or mend them: after a class was added or renamed, or any time."""
    store, settings = wiring.store(), wiring.configured()
    with client.opened(settings) as server:
        if tool := wiring.annotation_tool():  # else `opened` has said that there is no address
            set_up(server, tool, store, settings, print)


def status() -> None:
    """Say how many tasks of each project are answered."""
    births, settings = reviews.fetch_noted_projects(wiring.store()), wiring.configured()
    with client.opened(settings) as server:
        print(*lines(server, births, settings), sep="\n")


if __name__ == "__main__":
    main()
