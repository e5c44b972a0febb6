"""A visitor with a browser: what they do, and what they see."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, FilePayload, Locator, Page, expect

from feedloop.domain.prediction import PredictionId
from tests.support.uploads import clear_upload

PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


def photo(body: bytes | None = None, name: str = "lunch.jpg", kind: str = "image/jpeg") -> FilePayload:
    """A file as the browser's dialog would hand it over."""
    return {"name": name, "mimeType": kind, "buffer": body or clear_upload()}


class Visitor:
    """One page of the site."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        self.log: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._listen)
        page.on("response", lambda answer: self.log.append(f"{answer.status} {answer.request.method} {answer.url}"))
        page.on("requestfailed", lambda call: self.log.append(f"{call.failure} {call.method} {call.url}"))

    def come(self, query: str = "") -> "Visitor":
        """Open the page, and wait until its script is at work."""
        self.page.goto(f"{self.url}/{query}")
        expect(self.page.get_by_role("link", name="EN: English")).to_be_visible()
        return self

    def pass_time(self, seconds: float) -> None:
        """Let time fly in the page of somebody patient."""
        self.page.clock.fast_forward(int(seconds * 1000))

    def choose(self, *photos: FilePayload) -> Locator:
        """Choose photos; the card of the first."""
        self.page.set_input_files("#file", list(photos or [photo()]))
        return self.card()

    def card(self, number: int = 0) -> Locator:
        """A card, counted from the top."""
        return self.page.locator(".card").nth(number)

    def press(self, name: str, card: Locator | None = None) -> None:
        """Press a button."""
        (card or self.page).get_by_role("button", name=name, exact=True).click()

    def sees(self, heading: str, card: Locator | None = None) -> Locator:
        """The card, once it has this heading."""
        card = card or self.card()
        expect(card.get_by_role("heading")).to_have_text(heading)
        return card

    def reads(self, words: str, card: Locator | None = None) -> None:
        """Wait until the words can be seen."""
        expect((card or self.page).get_by_text(words).first).to_be_visible()

    def corrects(self, name: str, card: Locator | None = None, button: str = "Say what it is") -> None:
        """Pick a class from the list."""
        self.press(button, card or self.card())
        self.page.get_by_role("radio", name=name).check()
        self.press("That is it")

    def storage(self) -> dict[str, str]:
        """Everything that the browser keeps."""
        kept: dict[str, str] = self.page.evaluate("({ ...localStorage })")
        return kept

    def feedback(self) -> dict[PredictionId, dict[str, Any]]:
        """What the browser keeps about predictions."""
        found = {name.split()[-1]: value for name, value in self.storage().items() if " prediction " in name}
        return {PredictionId.parse(name.rpartition(".")[0]): json.loads(value) for name, value in found.items()}

    def remember(self, receipt: str) -> None:
        """Have the browser keep a prediction of an earlier visit."""
        self.page.evaluate("(id) => localStorage.setItem(`feedloop / prediction ${id}`, '{}')", receipt)

    def hears(self, words: str) -> None:
        """Wait until a screen reader was told so."""
        expect(self.page.locator("[role=status]").filter(has_text=words).first).to_be_attached()

    def drop_or_paste(self, event: str, name: str = "lunch.jpg") -> None:
        """Drop or paste a photo."""
        self.page.evaluate(
            (Path(__file__).parent / "drop_or_paste.js").read_text(), [event, name, list(clear_upload())]
        )

    def testify(self, picture: Path) -> str:
        """What the page looked like, and the last lines of its console and its requests."""
        with suppress(Error):  # a tab that crashed has no looks
            self.page.screenshot(path=picture, full_page=True)
        return "\n".join([f"{self.page.url}, see {picture}", *self.log[-40:]])

    def _listen(self, message: Any) -> None:
        self.log.append(f"{message.type}: {message.text}")
        if message.type == "error" and "Failed to load resource" not in message.text and "CORS" not in message.text:
            self.errors.append(message.text)
