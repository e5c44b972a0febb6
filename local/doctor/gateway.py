"""The functions behind their gateway, called only with what changes nothing."""

from itertools import product

from requests import JSONDecodeError, RequestException, Response

from feedloop import http_client, settings
from feedloop.domain.errors import WrongSetting
from local import stack
from local.doctor.deployment import Deployment
from local.doctor.finding import Finding, not_checked, ok, wrong

_PATIENCE = (5, 30)  # seconds to connect, seconds to answer
_OK, _BAD_REQUEST, _UNAUTHORISED, _MISSING = 200, 400, 401, 404
_PROBLEM = "urn:feedloop:problem:"
_OF_VISITORS = ("predict", "flag", "relabel")
_NOTHING_HAPPENED: dict[str, list[str]] = {"Records": []}
_ANY, _ANYBODY = "*", "https://anybody.example"


def reachable(deployment: Deployment) -> Finding:
    """Whether anybody answers at its address. Raises WrongSetting."""
    if not deployment.gateway:
        return not_checked("name it: feedloop doctor http://127.0.0.1:8080")
    _ask(deployment.gateway, "GET")
    return ok(f"{deployment.gateway} answers")


def functions(deployment: Deployment) -> Finding:
    """Whether every function of stack.yml is there, and ours: none takes a PUT; and predict refuses no release."""
    names = [function.name for function in stack.load_functions()]
    faults = [fault for name in names if (fault := _fault(name, _call(deployment, name, "PUT")))]
    refused = _document(_call(deployment, "predict", "GET")).get("refused")
    if isinstance(refused, dict):
        faults.append(
            f"predict cannot serve the release {refused['version']}, and serves the one before: {refused['why']}"
            " Release another, or go back: feedloop rollback."
        )
    return wrong(*faults) if faults else ok(f"{', '.join(names)} answer")


def _fault(name: str, answer: Response) -> str:
    problem = _document(answer)
    if problem.get("type") == f"{_PROBLEM}method-not-allowed":
        return ""
    if detail := problem.get("detail"):
        return f"{name} answers {answer.status_code}: {detail}"
    if answer.status_code == _MISSING:
        return f"{name} is not there: faas-cli deploy -f {stack.FILE}, or name the gateway instead of the public site."
    return f"{name} answers {answer.status_code}, and not as ours does: look into faas-cli logs {name}."


def cors(deployment: Deployment) -> Finding:
    """Whether pages of the allowed origins may call what visitors call."""
    origins = deployment.settings.allowed_origins
    if not origins:
        return not_checked("ALLOWED_ORIGINS is empty: only pages of the gateway itself may call the functions")
    faults = []
    for name, origin in product(_OF_VISITORS, [_ANYBODY if origin == _ANY else origin for origin in origins]):
        preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}
        answer = _call(deployment, name, "OPTIONS", headers={"Origin": origin, **preflight})
        if not answer.ok or not _lets_in(answer, origin):
            faults.append(
                f"{name} lets no page of {origin} in: deploy it with that origin in ALLOWED_ORIGINS, "
                "and have a proxy before it pass OPTIONS on and add no header of its own."
            )
    return wrong(*faults) if faults else ok(f"pages of {', '.join(origins)} may call the functions")


def _lets_in(answer: Response, origin: str) -> bool:
    allowed = answer.headers.get("Access-Control-Allow-Headers", "").lower()
    return answer.headers.get("Access-Control-Allow-Origin") in (origin, _ANY) and "idempotency-key" in allowed


def event_token(deployment: Deployment) -> Finding:
    """Whether an event is refused without the token, and taken with ours. It is an event of no object."""
    token = deployment.secret(settings.EVENT_TOKEN)
    watchers = [function.name for function in stack.load_functions() if function.watches]
    for name in watchers:
        refusal = _call(deployment, name, "POST", json=_NOTHING_HAPPENED)
        if _document(refusal).get("type") != f"{_PROBLEM}unauthorised":  # a stranger is not shown the token
            return wrong(f"{name} answers {refusal.status_code} to an event without the token: deploy this version.")
    answer = _call(deployment, "curate", "POST", json=_NOTHING_HAPPENED, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code == _UNAUTHORISED:
        return wrong(f"curate has another token: update the secret {settings.EVENT_TOKEN}, then deploy the functions.")
    if answer.status_code != _OK:
        return wrong(_fault("curate", answer))
    return ok(f"{', '.join(watchers)} refuse an event without it, and curate takes ours")


def operator_token(deployment: Deployment) -> Finding:
    """Whether people have a token of their own. It is not tried: whatever asks for it changes something."""
    return _of_its_own(deployment, settings.OPERATOR_TOKEN) or ok("it is there, and no other token")


def report_token(deployment: Deployment) -> Finding:
    """Whether it opens the report, and no other token does."""
    if finding := _of_its_own(deployment, settings.REPORT_TOKEN):
        return finding
    if _reads(deployment, ""):
        return ok("report answers anyone who reaches it: REPORT_OPEN is on")
    if not _reads(deployment, deployment.secret(settings.REPORT_TOKEN)):
        return wrong(f"report has another token: update the secret {settings.REPORT_TOKEN}, then deploy the functions.")
    if _reads(deployment, deployment.secret(settings.EVENT_TOKEN)):
        return wrong(f"The event token opens the report, too: deploy report with the secret {settings.REPORT_TOKEN}.")
    return ok("it opens the report, and the event token does not")


def _of_its_own(deployment: Deployment, name: str) -> Finding | None:
    """What there is to say when the event token takes its place, as until 1.0 it may."""
    if deployment.settings.token(name) != deployment.secret(settings.EVENT_TOKEN):
        return None
    return ok(
        "the event token takes its place: it lies in the store's configuration, and opens all. Until 1.0 that works;"
        f" create the secret {name}, and deploy the functions."
    )


def _reads(deployment: Deployment, token: str) -> bool:
    """Whether it opens the report, by a question that no report answers. Raises WrongSetting."""
    answer = _call(deployment, "report", "GET", params={"days": "0"}, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code not in (_UNAUTHORISED, _BAD_REQUEST):
        raise WrongSetting(_fault("report", answer))
    return answer.status_code == _BAD_REQUEST


def events(_deployment: Deployment) -> Finding:
    """Whether the store tells the functions what changed shows only when something changes."""
    return not_checked(
        "flag a picture of yours: if events arrive, its task is in Label Studio within seconds, else within the hour"
    )


def _call(deployment: Deployment, name: str, method: str, **how: object) -> Response:
    return _ask(f"{deployment.gateway}/function/{name}", method, **how)


def _ask(url: str, method: str, **how: object) -> Response:
    try:
        return http_client.request(
            method, url, route=settings.route(url), timeout=_PATIENCE, allow_redirects=False, **how
        )
    except RequestException as error:
        raise WrongSetting(f"Nothing answers at {url}: start the gateway, or name the right address.") from error


def _document(answer: Response) -> dict[str, object]:
    """The JSON object of an answer; empty when it is none."""
    try:
        document = answer.json()
    except JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
