import hashlib
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from feedloop import wiring
from feedloop.adapters import pictures
from feedloop.adapters.memory import MemoryStore
from feedloop.adapters.onnx_model import OnnxClassifier
from feedloop.adapters.pictures import normalise
from feedloop.domain.errors import NoModel
from feedloop.releases import current
from tests.support.swaps import publish
from tests.support.uploads import encoded
from training.data.drawings import CLASSES, draw

torch = pytest.importorskip("torch", reason="torch is not installed here: make test-training")
models = pytest.importorskip("torchvision.models")

from feedloop.adapters.torch_model import TorchClassifier  # noqa: E402 - torch comes first

NAMES = [f"class {number}" for number in range(5)]
INPUT = {"size": 64, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "resize": "stretch"}
CARD = {"v": 1, "name": "torchfood", "format": "torch", "classes": NAMES, "input": INPUT}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    return models.mobilenet_v2(num_classes=len(NAMES)).eval()


@pytest.fixture(scope="module")
def weights(network):
    return saved(network.state_dict())


def saved(what):
    file = BytesIO()
    torch.save(what, file)
    return file.getvalue()


def drawn(seed):
    rng = Random(seed)
    return normalise(encoded(draw(rng.choice([*CLASSES]), rng)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's older exporter needs no further package
@pytest.mark.parametrize("temperature", [1.0, 0.01])
def test_it_answers_what_the_exported_model_answers(network, weights, temperature, tmp_path):
    scaled = torch.nn.Sequential(network, Cooler(temperature), torch.nn.Softmax(1)).eval()
    torch.onnx.export(scaled, (torch.zeros(1, 3, 64, 64),), tmp_path / "model.onnx", dynamo=False)
    card = {**CARD, "temperature": temperature}
    exported = OnnxClassifier((tmp_path / "model.onnx").read_bytes(), card, prepare=pictures.prepare)
    ours = TorchClassifier(weights, card, prepare=pictures.prepare)
    for picture in map(drawn, range(8)):
        assert ours.probabilities(picture) == pytest.approx(exported.probabilities(picture), abs=1e-4)


class Cooler(torch.nn.Module):  # type: ignore[misc,name-defined]
    def __init__(self, temperature):
        super().__init__()
        self.temperature = temperature

    def forward(self, logits):
        return logits / self.temperature


@pytest.mark.parametrize(
    "wrong",
    [{"classes": NAMES[:-1]}, {"classes": None}, {"input": {}}, {"architecture": "no such"}, {"temperature": 0}],
    ids=str,
)
def test_a_model_that_is_not_what_its_card_says_does_not_serve(weights, wrong):
    with pytest.raises(NoModel):
        TorchClassifier(weights, {**CARD, **wrong}, prepare=pictures.prepare)


@pytest.mark.parametrize("body", [b"", b"no torch", saved({"weights": [1.0]}), saved([1, 2])], ids=range(4))
def test_a_file_that_is_no_state_dict_is_told(body):
    with pytest.raises(NoModel):
        TorchClassifier(body, CARD, prepare=pictures.prepare)


def test_weights_that_are_not_finite_give_no_answer(network):
    broken = {name: weight * float("nan") for name, weight in network.state_dict().items()}
    with pytest.raises(NoModel, match="not finite"):
        TorchClassifier(saved(broken), CARD, prepare=pictures.prepare)


def test_blue_comes_first_where_the_card_says_so(weights):
    red, blue = (normalise(encoded(Image.new("RGB", (64, 64), colour))) for colour in ("red", "blue"))
    plain = {**INPUT, "mean": [0.5] * 3, "std": [0.5] * 3}
    one, other = (
        TorchClassifier(weights, {**CARD, "input": {**plain, "channels": order}}, prepare=pictures.prepare)
        for order in ("RGB", "BGR")
    )
    assert one.probabilities(red) == pytest.approx(other.probabilities(blue), abs=1e-3)


def test_a_file_that_would_run_code_is_refused(network):
    with pytest.raises(NoModel):
        TorchClassifier(saved(network), CARD, prepare=pictures.prepare)


def test_a_release_in_torch_format_is_served_by_torch(monkeypatch, weights):
    store = MemoryStore()
    publish(store, weights, **CARD)
    monkeypatch.setattr(wiring, "store", lambda: store)
    served = wiring.classifier(current(store))
    assert current(store).card.sha256 == hashlib.sha256(weights).hexdigest()
    assert isinstance(served, TorchClassifier)
    assert len(served.probabilities(drawn(1))) == len(NAMES)
