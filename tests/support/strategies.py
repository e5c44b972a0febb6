"""Any prediction, as hypothesis draws it."""

from datetime import UTC, datetime, timedelta
from unicodedata import normalize

from hypothesis import strategies as st

from feedloop.domain.annotations import Vote
from feedloop.domain.prediction import Prediction, PredictionId, new_id, ranked

DAY_ONE = datetime(2000, 1, 1, tzinfo=UTC)


def hexadecimal(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=length, max_size=length)


times = st.timedeltas(timedelta(), timedelta(days=80_000)).map(lambda since: DAY_ONE + since)
tops = st.tuples(st.integers(0, 9999), st.floats(0, 1))
any_text = st.text(st.characters(), max_size=300)  # lone surrogates too: a client may send them as JSON

class_lists = st.lists(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30),
    unique_by=lambda name: normalize("NFC", normalize("NFD", name).casefold()),
    max_size=12,
)


@st.composite
def prediction_ids(draw: st.DrawFn) -> PredictionId:
    return new_id(draw(times), draw(tops), draw(hexadecimal(64)), draw(hexadecimal(32)))


@st.composite
def predictions(draw: st.DrawFn) -> Prediction:
    time, sha256 = draw(times), draw(hexadecimal(64))
    top = ranked(draw(st.lists(st.floats(0, 1), min_size=1, max_size=300)))
    return Prediction(
        id=new_id(time, top[0], sha256, draw(hexadecimal(32))),
        class_name=draw(any_text.filter(bool)),
        probabilities=top,
        threshold=draw(st.integers(0, 1000)),
        model_name=draw(any_text.filter(bool)),
        model_sha256=sha256,
        time=time,
        filename=draw(any_text),
        source_sha256=draw(hexadecimal(64)),
        width=draw(st.integers(16, 10_000)),
        height=draw(st.integers(16, 10_000)),
    )


@st.composite
def votes(draw: st.DrawFn) -> Vote:
    """Any vote that an annotation file can mean."""
    outcome = draw(st.sampled_from(["class", "other", "unclear", "skipped", "withdrawn"]))
    return Vote(
        outcome=outcome,
        class_index=draw(st.integers(0, 3)) if outcome == "class" else None,
        annotator=draw(st.sampled_from(["1", "2", "visitor"])),
        updated_at=draw(times),
        cancelled=outcome in ("skipped", "withdrawn"),
        origin="manual",
        lead_time=draw(st.none() | st.floats(0, 1e6)),
    )
