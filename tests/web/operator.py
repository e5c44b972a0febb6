"""Operators with a browser, and days of which they read."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Locator, Page, expect

from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.clock import day_of
from feedloop.ports import ObjectStore
from tests.local.system import System
from tests.support.feedback import CANNOT_TELL, NONE_OF_THESE, flagged, sampled, visited, voted
from tests.support.world import MODEL
from tests.web.visitor import Visitor

BREAD, EGG = 0, 3
ON_DAY = 8
LABELLED, WRONG = 6, 2
SURE, UNSURE = 0.91, 0.42


@dataclass(frozen=True)
class Days:
    """Windows of the store, as a page's address has them."""

    labelled: str
    unlabelled: str
    empty: str
    open: str
    switched: str


class Operator(Visitor):
    """One tab with the report."""

    def __init__(self, page: Page, url: str, token: str) -> None:
        super().__init__(page, url)
        self.token = token

    def opens(self, query: str = "") -> "Operator":
        """Open the page."""
        self.come(f"report.html{query}")
        return self

    def enters(self, token: str | None = None) -> "Operator":
        """Give a token, the right one unless another is given."""
        self.page.get_by_label("Token", exact=True).fill(self.token if token is None else token)
        self.page.locator(".token-form button").click()
        return self

    def reads_report(self, query: str = "") -> "Operator":
        """Open the page with a token that this tab has already."""
        self.asks_for_report(query)
        self.is_in("shown")
        return self

    def asks_for_report(self, query: str = "") -> None:
        """The same, without waiting for the report."""
        self.page.add_init_script(f"sessionStorage.setItem('feedloop report token', '{self.token}')")
        self.opens(query)

    def is_in(self, state: str) -> None:
        """Wait for a state of the page."""
        expect(self.page.locator("body")).to_have_attribute("data-state", state)

    def section(self, heading: str) -> Locator:
        """The section below a heading."""
        return self.page.get_by_role("region", name=heading, exact=True).first


def store_of(system: System) -> ObjectStore:
    """The running system's store."""
    s3 = system.connection()["s3"]
    return S3Store(endpoint=s3["endpoint"], access_key=s3["access_key"], secret_key=s3["secret_key"])


def fill(store: ObjectStore) -> Days:
    """Two labelled days, then one that is not, then yesterday with labels again; today is as the visitors left it."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    days = [noon - timedelta(days=back) for back in (1, 2, 12)]
    for time in days:
        _day(store, time, is_labelled=time != days[-1])
    (yesterday, before, unlabelled), today = map(day_of, days), day_of(noon)
    return Days(
        f"?from={before}&to={yesterday}",
        f"?from={unlabelled}&to={unlabelled}",
        "?from=20250101&to=20250107",
        f"?from={today}&to={today}",
        _switched(store, noon - timedelta(days=20)),
    )


def _switched(store: ObjectStore, time: datetime) -> str:
    """Two days of two models, of which the second is right two times in five."""
    days = [(time, "11111111" * 8, 12, 12), (time + timedelta(days=1), MODEL, 2, 5)]
    for at, model, right, labelled in days:
        for number in range(labelled):
            made = visited(store, BREAD, confidence=SURE, time=at, model=model, sample_key=f"{at.day:04x}{number:028x}")
            sampled(store, made)
            voted(store, keys.RANDOM_SAMPLED, made, BREAD if number < right else EGG)
    first, last = (day_of(at) for at, *_ in days)
    return f"?from={first}&to={last}"


def _day(store: ObjectStore, time: datetime, *, is_labelled: bool) -> None:
    """Some sure of bread, and some unsure of eggs, which are last in the sample's order; the first labels differ."""
    for number in range(ON_DAY):
        bread = visited(store, BREAD, confidence=SURE, time=time, sample_key=f"{time.day:04x}{number:028x}")
        egg = visited(store, EGG, confidence=UNSURE, time=time, sample_key=f"ff{time.day:02x}{number:028x}")
        if not is_labelled:
            continue
        sampled(store, bread)
        if number < LABELLED:
            wrong = NONE_OF_THESE if number else EGG
            voted(store, keys.RANDOM_SAMPLED, bread, wrong if number < WRONG else BREAD)
            voted(store, keys.LOW_CONFIDENCE, egg, EGG if number else BREAD)
        elif number == LABELLED:
            voted(store, keys.RANDOM_SAMPLED, bread, CANNOT_TELL)
        if number == 0:
            flagged(store, bread)
            voted(store, keys.USER_FEEDBACK, bread, EGG)
            voted(store, keys.USER_FEEDBACK_2, bread, EGG)
