"""relabel: a visitor gives the right class. No Label Studio is involved.

called by  POST /function/relabel   prediction_id, class (a name)
reads      the picture's record in production, the visitor's last answer
writes     labelstudio/output/userfeedback2/<sample key>.json by compare-and-swap, in the shape of an annotation
answers    200 updated · 200 no change needed · 400 unknown class · 404 unknown · 503 store down
"""

from feedloop import http, releases, reviews, wiring
from feedloop.domain import receipts
from feedloop.domain.errors import UnknownClass
from feedloop.http import Context, Event, Response

from .visitor import relabel


@http.endpoint("POST")
def handle(event: Event, _context: Context) -> Response:
    """Record the visitor's class for one prediction."""
    prediction = receipts.verify(http.field(event, "prediction_id"), wiring.signing_key())
    name, store = http.field(event, "class"), wiring.store()
    classes = releases.class_list(store)
    index = classes.index(name)
    record = reviews.fetch_prediction(store, prediction)
    if index in classes.retired and index != classes.predicted(prediction.model, prediction.class_index):
        raise UnknownClass(f"{classes.name(index)!r} is retired: nobody can choose it any more.")
    changed = relabel(record, index, store=store, classes=classes, now=wiring.clock()())
    status = "updated" if changed else "no change needed"
    return http.json_response({"status": status, "class": classes.name(index), "class_index": index})
