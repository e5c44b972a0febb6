"""predict: classify a picture.

called by  POST /function/predict   file (multipart), or the picture itself as body; header Idempotency-Key (optional)
           GET /function/predict    tells the classes, the model and the limits
reads      the current release, polled every few seconds; the record of a key that came before
writes     tracking/requests/<digest>, when there is a key: idempotency.py
           labelstudio/images/<sample key>.jpg, labelstudio/tasks/lowconfidence/<sample key>.json, below the threshold
           production/class_07/<day>/<sample key>-….jpg: last, it commits the prediction
answers    200 the prediction · 400 no picture · 413 too large · 415 no JPEG, PNG, WebP · 422 damaged, or another
           picture's key · 503 store down, no model, day closing
"""

from contextlib import suppress

from feedloop import http, reviews, wiring
from feedloop.domain import keys, receipts
from feedloop.domain.clock import takes_commits
from feedloop.domain.errors import AlreadyExists, DayClosing
from feedloop.domain.keys import ObjectRef
from feedloop.domain.prediction import Prediction
from feedloop.http import Context, Event, Response, Upload
from feedloop.ports import Clock, ObjectStore, Picture

from . import idempotency
from .idempotency import IdempotencyRecord
from .inference import Model, infer, model_document, prediction_document


@http.endpoint("GET", "POST")
def handle(event: Event, _context: Context) -> Response:
    """Classify and store one upload, or describe the model and what may be uploaded."""
    model = Model(*wiring.active_model(), wiring.configured().low_confidence_threshold)
    if event.method == "GET":
        return http.json_response(model_document(model.release, model.threshold, wiring.active_model.refusal))
    ref = idempotency.record_ref(event, wiring.signing_key())
    record = predict(http.upload(event), ref, model=model, store=wiring.store(), clock=wiring.clock())
    receipt = receipts.sign(record.prediction.id, wiring.signing_key())
    return http.json_response({"prediction_id": receipt, **record.response})


def ready() -> None:
    """A replica takes pictures once its model has answered one. Raises NoModel and StoreDown."""
    wiring.active_model()


def predict(
    upload: Upload, ref: ObjectRef | None, *, model: Model, store: ObjectStore, clock: Clock
) -> IdempotencyRecord:
    """Classify an upload and store it, or finish what an earlier call with the record at `ref` began.

    Raises TooLarge, UnsupportedPicture, BrokenPicture, KeyReused, DayClosing and Unavailable.
    """
    picture = wiring.normalise(upload.body, preprocessing=model.classifier.preprocessing)
    prediction = infer(upload, picture, model, now=clock())
    record = IdempotencyRecord(prediction, prediction_document(prediction, model.release))
    if ref:
        record = idempotency.settle(ref, record, store=store, now=clock())
    if not record.committed:
        commit(record.prediction, picture, store=store, clock=clock)
    return record


def commit(prediction: Prediction, picture: Picture, *, store: ObjectStore, clock: Clock) -> None:
    """Write what belongs to a prediction, the picture that commits it last. Raises DayClosing."""
    if prediction.is_low_confidence:
        _store_picture(picture, keys.image(prediction.id.sample_key), prediction, store)
        reviews.queue_informed(store, prediction, keys.LOW_CONFIDENCE)
    if not takes_commits(prediction.id.day, clock()):
        raise DayClosing("Midnight (UTC) passed while the picture was being stored. Send it again.")
    _store_picture(picture, keys.production(prediction.id), prediction, store)


def _store_picture(picture: Picture, ref: ObjectRef, prediction: Prediction, store: ObjectStore) -> None:
    with suppress(AlreadyExists):  # under a sample key of ours: an earlier try got this far
        store.create(ref, picture.jpeg, metadata=prediction.to_metadata(), content_type="image/jpeg")
