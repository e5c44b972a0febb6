"""flag: a visitor says that the answer is wrong.

called by  POST /function/flag   prediction_id
reads      the picture's record in production; the class's present name in models
writes     labelstudio/images/<sample key>.jpg, labelstudio/tasks/userfeedback/<sample key>.json (once)
answers    202 queued · 200 queued before · 400 no id · 404 unknown · 503 store down
"""

from contextlib import suppress
from dataclasses import replace

from feedloop import class_lists, http, reviews, wiring
from feedloop.domain import keys, receipts
from feedloop.domain.errors import Malformed, StoreMisconfigured
from feedloop.domain.prediction import Prediction, PredictionId
from feedloop.http import Context, Event, Response
from feedloop.ports import ObjectStore


@http.endpoint("POST")
def handle(event: Event, _context: Context) -> Response:
    """Queue a review of one prediction."""
    prediction = receipts.verify(http.field(event, "prediction_id"), wiring.signing_key())
    if flag(prediction, store=wiring.store()):
        return http.json_response({"status": "queued", "detail": "Thank you. A person will look at it."}, 202)
    return http.json_response({"status": "queued before", "detail": "Thank you. It was already waiting for a person."})


def flag(prediction: PredictionId, *, store: ObjectStore) -> bool:
    """Put a prediction before annotators; False when it was flagged before. Raises UnknownPrediction."""
    record = reviews.fetch_prediction(store, prediction)
    reviews.copy_picture(store, prediction)
    return reviews.queue_informed(store, _named(store, record), keys.USER_FEEDBACK)


def _named(store: ObjectStore, record: Prediction) -> Prediction:
    """The record with the present name of its class, which a record may hold cut; else as it is."""
    with suppress(Malformed, StoreMisconfigured, IndexError):
        if stored := class_lists.fetch_stored(store):
            classes = stored.classes
            name = classes.name(classes.predicted(record.id.model, record.id.class_index))
            return replace(record, class_name=name)
    return record
