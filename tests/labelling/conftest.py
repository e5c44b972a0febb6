"""A Label Studio that is started once, with the keys of its own that it has in a deployment.

Each test finds it as if nobody had been there. What each store does for it is asked in tests/e2e/test_pictures.py.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from feedloop.domain import keys
from local.identities import LABEL_STUDIO
from tests.labelling.deployment import Deployment
from tests.support import label_studio as label_studios
from tests.support import world
from tests.support.annotator import annotator
from tests.support.operating import operator
from tests.support.servers import Server


@pytest.fixture(scope="session")
def opened(seaweedfs: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Nobody has worked in it."""
    folder = tmp_path_factory.mktemp("labelling")
    access_key, secret_key = seaweedfs.keys_of(LABEL_STUDIO)
    its_own = replace(seaweedfs, access_key=access_key, secret_key=secret_key)
    with (
        label_studios.label_studio(folder / "server", its_own) as label_studio,
        operator(label_studio, seaweedfs, "", folder / "secrets") as someone,
        annotator(label_studio) as first,
    ):
        yield Deployment(
            label_studio, seaweedfs.open(), someone, first, label_studios.keep(label_studio, folder / "opened")
        )


@pytest.fixture
def deployment(opened: Deployment) -> Deployment:
    """Without projects, and with buckets of its own."""
    return opened.as_it_was().moved_in()


@pytest.fixture(scope="session")
def furnished(opened: Deployment) -> Deployment:
    """With the projects that a set-up makes."""
    deployment = opened.as_it_was().moved_in()
    deployment.set_up()
    return replace(
        deployment, knowledge=label_studios.keep(deployment.label_studio, opened.knowledge.with_name("furnished"))
    )


@pytest.fixture
def ready(furnished: Deployment) -> Deployment:
    """Set up, without tasks, and with the classes of the beginning."""
    for name in ("", "food11"):
        furnished.store.delete(keys.class_list(name))
    world.release(furnished.store)
    return furnished.as_it_was()
