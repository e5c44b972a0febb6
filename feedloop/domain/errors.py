"""Every error that Feedloop raises on purpose.

FeedloopError
├── Refused                 the caller can mend it
│   ├── BadRequest
│   │   └── UnknownClass
│   ├── Unauthorised
│   ├── UnknownPrediction
│   ├── MethodNotAllowed
│   ├── TooLarge
│   ├── UnsupportedPicture
│   ├── BrokenPicture
│   └── KeyReused
├── Unavailable             try again later
│   ├── StoreDown
│   ├── StoreMisconfigured
│   ├── AnnotationToolDown
│   ├── AnnotationToolMisconfigured
│   ├── NoModel
│   │   └── ModelFailed
│   ├── ClassesDisagree
│   ├── DayClosing
│   ├── Busy
│   ├── TooOften
│   └── TooSlow
├── StoreCondition          a store's regular answers; callers expect these
│   ├── Missing
│   ├── AlreadyExists
│   └── Changed
├── ModelRefused            a model that must not serve, or cannot
├── GatewayDown             nobody says what serves
├── TaskRefused             Label Studio takes none of a batch
├── ConfigRefused           Label Studio does not take a label config
├── MetadataTooLarge        our own mistake, raised before anything is sent
├── Malformed               a stored document that cannot be understood
└── WrongSetting            a deployment that must not start
"""


class FeedloopError(Exception):
    """The root: catch it to catch every deliberate error."""


class Refused(FeedloopError):
    """The request cannot be served as it is; the message says what to change."""


class BadRequest(Refused):
    """A field is missing or malformed."""


class UnknownClass(BadRequest):
    """The class is not one of the model's."""


class Unauthorised(Refused):
    """The call needs a token that it does not carry; the message says which."""


class UnknownPrediction(Refused):
    """No such prediction, or its signature is wrong: both have one message."""


class MethodNotAllowed(Refused):
    """The function does not answer this HTTP method; `allowed` are those it answers."""

    def __init__(self, *allowed: str) -> None:
        super().__init__(f"Use {' or '.join(allowed)}.")
        self.allowed = allowed


class TooLarge(Refused):
    """Too many bytes or pixels; `limit` is the number that was passed."""

    def __init__(self, detail: str, limit: int) -> None:
        super().__init__(detail)
        self.limit = limit


class UnsupportedPicture(Refused):
    """Not a JPEG, PNG or WebP."""


class BrokenPicture(Refused):
    """Claims to be a picture but cannot be decoded, or is too small to mean anything."""


class KeyReused(Refused):
    """An Idempotency-Key came back with another picture."""


class Unavailable(FeedloopError):
    """Nothing was acknowledged; the same call may succeed later."""


class StoreDown(Unavailable):
    """The store did not answer, or answered with an error of its own."""


class StoreMisconfigured(Unavailable):
    """The store refuses us: a missing bucket or a wrong key. Retrying alone will not help."""


class AnnotationToolDown(Unavailable):
    """Label Studio did not answer, or answered with an error of its own."""


class AnnotationToolMisconfigured(Unavailable):
    """Label Studio refuses us, or a project is missing. Retrying alone will not help; the message says what will."""


class NoModel(Unavailable):
    """No release is current, or its files cannot be read."""


class ModelFailed(NoModel):
    """The model that serves gave no usable answer to this picture; the message says what it gave."""


class ClassesDisagree(Unavailable):
    """An index means two classes, so nothing that counts labels may go on; the message says what to do."""


class DayClosing(Unavailable):
    """The upload's day can no longer take it."""


class Busy(Unavailable):
    """As many calls are in work as may be; the others have to come again."""


class TooOften(Unavailable):
    """One address called more often than it may; `seconds` is how long it has to wait."""

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds


class TooSlow(Unavailable):
    """A body took longer to arrive than may be."""


class StoreCondition(FeedloopError):
    """A store's regular answer to a condition; the message is the object's key."""


class Missing(StoreCondition):
    """No object has this key."""


class AlreadyExists(StoreCondition):
    """Create-only, and somebody was first (perhaps we ourselves, on a lost answer)."""


class Changed(StoreCondition):
    """Compare-and-swap, and the object is no longer the one that was read."""


class ModelRefused(FeedloopError):
    """A check failed, or the running predict cannot serve the model: nothing has changed.

    `check` is the check's name; the message says what was found, what was expected and what to do.
    """

    def __init__(self, check: str, sentence: str) -> None:
        super().__init__(f"{check}: {sentence}")
        self.check = check


class GatewayDown(FeedloopError):
    """No gateway answers under its address, so nobody can see what serves; nothing was moved."""


class TaskRefused(FeedloopError):
    """Label Studio takes none of these tasks, because of at least one of them; the message is its reason."""


class ConfigRefused(FeedloopError):
    """Label Studio does not take a label config; the message is its reason."""


class MetadataTooLarge(FeedloopError):
    """User metadata that a store might refuse or mangle."""


class Malformed(FeedloopError):
    """The message is the reason, fit for a quarantine entry."""


class WrongSetting(FeedloopError):
    """The message names the variable and what it may be."""
