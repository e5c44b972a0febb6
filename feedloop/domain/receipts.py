"""Signed prediction ids: who holds one may speak for the visitor who got it.

HMAC-SHA256 (RFC 2104) over the id. The signature lies nowhere in the store, so
whoever holds a dataset cannot flag or relabel in its visitors' names.
"""

import hmac

from feedloop.domain.errors import Malformed, UnknownPrediction
from feedloop.domain.prediction import PredictionId


def sign(prediction: PredictionId, key: bytes) -> str:
    """`<prediction id>.<signature>`, for the client."""
    return f"{prediction}.{digest(str(prediction), key, purpose='receipt')}"


def verify(receipt: str, key: bytes) -> PredictionId:
    """The id in a receipt that `sign` made with this key. Raises UnknownPrediction, whatever is wrong with it."""
    text, _, signature = receipt.rpartition(".")
    expected = digest(text, key, purpose="receipt")
    if not hmac.compare_digest(signature.encode(errors="replace"), expected.encode()):
        raise UnknownPrediction("There is no such prediction.")
    try:
        return PredictionId.parse(text)
    except Malformed as error:
        raise UnknownPrediction("There is no such prediction.") from error


def digest(text: str, key: bytes, *, purpose: str) -> str:
    """A keyed SHA-256 in hex; digests of different purposes never meet."""
    return hmac.new(key, f"{purpose}:{text}".encode(errors="surrogatepass"), "sha256").hexdigest()
