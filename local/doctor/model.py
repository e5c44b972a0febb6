"""The released model, as a replica would load it."""

from io import BytesIO

from PIL import Image

from feedloop import releases
from feedloop.adapters import pictures
from feedloop.classifiers import load_classifier
from feedloop.domain import cards
from feedloop.domain.errors import ClassesDisagree, NoModel
from local.doctor.deployment import Deployment
from local.doctor.finding import Finding, not_checked, ok, wrong

_HOW = "docs/training.md says how to release one, and how to go back."


def model(deployment: Deployment) -> Finding:
    """Whether it is there, whole, and classifies a picture, and whether the classes mean one thing."""
    store = deployment.store()
    try:
        release = releases.current(store)
        named = f"{release.card.name} {release.card.version}"
        body = releases.model_bytes(store, release)
        if release.card.format != cards.ONNX:
            return not_checked(f"{named} is whole; it needs torch to classify a picture")
        classifier = load_classifier(body, release.card)
        classifier.probabilities(pictures.normalise(_picture(), preprocessing=classifier.preprocessing))
        releases.agreed_class_list(store)
    except NoModel as error:
        return wrong(f"{error} {_HOW}")
    except ClassesDisagree as error:
        return wrong(str(error))
    return ok(f"{named} is whole, and classifies a picture")


def _picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (256, 256), "tomato").save(file, "JPEG")
    return file.getvalue()
