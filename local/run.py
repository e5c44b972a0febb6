"""The one-machine system from start to stop."""

import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from requests import RequestException

from feedloop import http_client, settings
from feedloop.domain.errors import WrongSetting
from local import data_directory, identities, label_studio, minio_server, ports, processes, seaweedfs, stack
from local.end_signals import interrupt_once
from local.label_studio import LabelStudio
from local.minio_server import MinIO
from local.prepare import prepare
from local.seaweedfs import SeaweedFS
from local.settings import HOST, MINIO, THRIFT, Choices
from local.stack import ROOT, Function
from local.store import Access, ExternalStore, Store
from local.supervise import Service, Supervisor
from local.watch import Probe, gateway_responds, patience, store_probe, watched

_GATEWAY_SECONDS = 60.0
_PAUSE, _NAP, _NAPS = 0.05, 1.0, 10
_STARTED = time.monotonic()


def run(choices: Choices) -> None:
    """Start everything, tell what is where, and keep it running until it is to stop."""
    functions = stack.load_functions()
    with data_directory.locked(choices.data_dir), _until_interrupted():
        _prepare_start(choices)
        kept = _secrets(choices)
        keys = kept[settings.S3_ACCESS_KEY], kept[settings.S3_SECRET_KEY]
        access = Access(*keys, choices.s3_region, choices.bucket_prefix, kept[settings.EVENT_TOKEN])
        events_port = _ports(choices, ["events"])["events"]
        store = _store(choices, access, functions, events_port)
        annotation_tool = label_studio.configured(choices)
        environment = _environment(choices, functions, store, annotation_tool, events_port)
        say(f"starting {store.name} and the functions {', '.join(f.name for f in functions)}")
        services = [*store.services(), *_services(), *(annotation_tool.services() if annotation_tool else [])]
        watch = watched(choices.data_dir, _probes(choices, store, access), choices.silence)
        with Supervisor(choices.data_dir, services, environment), watch:
            prepare(store, access, choices.data_dir / "proven.json", say)
            events = store.subscribe()
            _wait_for_gateway(choices)
            if why := why_not_serving(choices.gateway):
                say(f"predict answers 503 until this is mended: {why}")
            with _connection_file(choices, store, kept) as connection:
                _print_addresses(choices, store, functions, annotation_tool, events)
                if annotation_tool:
                    _open_label_studio(choices, annotation_tool, environment, connection)
                    _wait(partial(_update_login, choices, annotation_tool, connection))
                _wait()


def say(text: str) -> None:
    """One line for the person at the terminal, with the seconds since the start."""
    print(f"[{time.monotonic() - _STARTED:5.1f} s] {text}", flush=True)


@contextmanager
def _until_interrupted() -> Iterator[None]:
    """Ctrl-C, a polite kill and a closed terminal all end the system in order; once is enough."""
    interrupt_once()
    try:
        yield
    except KeyboardInterrupt:
        say("stopped; the data stays")


def _wait(repeat: Callable[[], None] = lambda: None) -> NoReturn:
    """Until we are told to end; in naps, since a signal that reaches another thread does not wake this one."""
    naps = count(1)
    while True:
        time.sleep(_NAP)
        if not next(naps) % _NAPS:
            with suppress(WrongSetting):  # the disk is full, perhaps: the next time may do better
                repeat()


def _prepare_start(choices: Choices) -> None:
    (choices.data_dir / data_directory.CONNECTION).unlink(missing_ok=True)
    data_directory.require_room(choices.data_dir)
    if ended := processes.end(choices.data_dir):
        say(f"ended {ended} processes that an earlier run left behind")
    if fault := ports.fault(choices.port):
        raise WrongSetting(f"PORT={choices.port} {fault}, for example PORT={ports.beside(choices.port)} make run.")


def _secrets(choices: Choices) -> dict[str, str]:
    given = {settings.S3_ACCESS_KEY: choices.s3_access_key, settings.S3_SECRET_KEY: choices.s3_secret_key}
    return {name: data_directory.secret(choices.data_dir, name, given.get(name, "")) for name in settings.SECRETS}


def _store(choices: Choices, access: Access, functions: tuple[Function, ...], events_port: int) -> Store:
    if choices.s3_endpoint:
        return ExternalStore(choices.s3_endpoint)
    names = minio_server.PORTS if choices.store == MINIO else seaweedfs.PORTS
    chosen = _ports(choices, names)
    known = identities.load_or_create(choices.data_dir / data_directory.SECRETS, choices.bucket_prefix)
    if choices.store == MINIO:
        return MinIO(choices.data_dir / "minio", chosen, access, choices.gateway, functions, known)
    webhook = f"http://{HOST}:{events_port}/"
    return SeaweedFS(choices.data_dir / "seaweedfs", chosen, access, choices.fsync, webhook, functions, known)


def _ports(choices: Choices, names: Iterable[str]) -> dict[str, int]:
    return ports.remembered(
        choices.data_dir / data_directory.PORTS, names, taken=(choices.port, choices.label_studio.port)
    )


def _services() -> list[Service]:
    modules = (("gateway", 200), ("events", 300), ("cron", 300))
    return [Service(name, (sys.executable, "-m", f"local.{name}"), ROOT, order) for name, order in modules]


def _probes(choices: Choices, store: Store, access: Access) -> dict[str, Probe]:
    """What must answer; Label Studio takes minutes to start, and nobody waits for the others."""
    within = patience(choices.silence)
    own = {service.name: store_probe(store.endpoint, access, within, choices.data_dir) for service in store.services()}
    return {**own, "gateway": partial(gateway_responds, choices.gateway, within)}


def _environment(
    choices: Choices,
    functions: tuple[Function, ...],
    store: Store,
    annotation_tool: LabelStudio | None,
    events_port: int,
) -> dict[str, str]:
    """What the functions read, and where our own services find each other. Raises WrongSetting."""
    shared = {
        **stack.environment(functions),
        "S3_ENDPOINT": store.endpoint,
        "S3_REGION": choices.s3_region,
        "S3_CA_FILE": choices.s3_ca_file,
        "BUCKET_PREFIX": choices.bucket_prefix,
        "SECRETS_DIR": str(choices.data_dir / data_directory.SECRETS),
        **(annotation_tool.environment() if annotation_tool else {"LABEL_STUDIO_URL": ""}),
    }
    if choices.s3_endpoint:  # its owner gave us one pair
        shared[stack.KEYS] = settings.S3_KEYS
    settings.Settings.from_environment(shared)  # a wrong value is told here, once
    own = {**THRIFT, "PORT": str(choices.port), "EVENTS_PORT": str(events_port), "GATEWAY_URL": choices.gateway}
    return {**shared, **own, **store.environment()}


def _wait_for_gateway(choices: Choices) -> None:
    deadline = time.monotonic() + _GATEWAY_SECONDS
    while time.monotonic() < deadline:
        if gateway_responds(choices.gateway):
            return
        time.sleep(_PAUSE)
    raise WrongSetting("The functions did not start: the lines above say why.")


def why_not_serving(gateway: str) -> str:
    """Why predict takes no pictures; empty when it does. It loads its model for this, before a visitor comes."""
    try:
        answer = http_client.request("GET", f"{gateway}/function/predict/_/ready", timeout=_GATEWAY_SECONDS)
        return "" if answer.ok else str(answer.json().get("detail"))
    except (RequestException, ValueError, AttributeError):
        return "it does not answer."


@contextmanager
def _connection_file(choices: Choices, store: Store, kept: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """connection.json is there exactly as long as somebody answers."""
    path = choices.data_dir / data_directory.CONNECTION
    keys = {"access_key": kept[settings.S3_ACCESS_KEY], "secret_key": kept[settings.S3_SECRET_KEY]}
    if choices.s3_endpoint:
        keys["keys"] = settings.S3_KEYS  # for the doctor: all functions have this pair
    connection: dict[str, Any] = {
        "gateway": choices.gateway,
        "site": f"{choices.gateway}/",
        "s3": {"endpoint": store.endpoint, **keys},
        "event_token": kept[settings.EVENT_TOKEN],
        "operator_token": kept[settings.OPERATOR_TOKEN],
        "report_token": kept[settings.REPORT_TOKEN],
    }
    data_directory.write_json(path, connection)
    try:
        yield connection
    finally:
        path.unlink(missing_ok=True)


def _open_label_studio(
    choices: Choices, annotation_tool: LabelStudio, environment: Mapping[str, str], connection: dict[str, Any]
) -> None:
    """Wait for Label Studio, then say who may come in, and have sync bring what waited for it."""

    def set_up() -> None:
        label_studio.with_valid_token(annotation_tool, choices.data_dir)
        label_studio.set_up(environment, choices.data_dir)

    label_studio.bring_up(annotation_tool, set_up, say, silence=choices.silence)
    _update_login(choices, annotation_tool, connection)
    lines = {"address": f"{annotation_tool.url}/"}
    if annotation_tool.home:
        lines |= {"user name": label_studio.USERNAME, "password": f"in {choices.data_dir / data_directory.CONNECTION}"}
    if annotation_tool.shares_keys():
        lines["store keys"] = "the functions' own; LABEL_STUDIO_S3_ACCESS_KEY and _SECRET_KEY give it others"
    say(f"Label Studio is ready\n{_table(lines)}")
    label_studio.catch_up(choices.gateway)


def _update_login(choices: Choices, annotation_tool: LabelStudio, connection: dict[str, Any]) -> None:
    """Keep connection.json saying who may come in, also after Label Studio's token was reset. Raises WrongSetting."""
    login = label_studio.with_valid_token(annotation_tool, choices.data_dir).login()
    if connection.get("label_studio") != login:
        connection["label_studio"] = login
        data_directory.write_json(choices.data_dir / data_directory.CONNECTION, connection)


def _print_addresses(
    choices: Choices, store: Store, functions: tuple[Function, ...], annotation_tool: LabelStudio | None, events: str
) -> None:
    given = "" if choices.data_dir == Path.cwd() / ".feedloop" else f"DATA_DIR={shlex.quote(str(choices.data_dir))} "
    installed = Path(sys.executable).with_name("feedloop")
    program = shlex.quote(str(installed)) if installed.exists() else f"{shlex.quote(sys.executable)} -m cli"
    lines = {
        "website": f"{choices.gateway}/",
        "functions": " ".join(f"{choices.gateway}/function/{function.name}" for function in functions[:1])
        + "".join(f"  .../{function.name}" for function in functions[1:]),
        "cron (UTC)": ", ".join(f"{f.name} {f.schedule}" for f in functions if f.schedule),
        "store events": events,
        "store": f"{store.name} at {store.endpoint}",
        "browse it": f"{given}{program} store ls [bucket/prefix], or: store cat bucket/key",
        "keys, tokens": f"{choices.data_dir / data_directory.CONNECTION}",
        "Label Studio": _label_studio_line(annotation_tool),
    }
    say(f"ready\n{_table(lines)}\n  Ctrl-C stops everything")


def _table(lines: dict[str, str]) -> str:
    return "\n".join(f"  {name:<13} {text}" for name, text in lines.items())


def _label_studio_line(annotation_tool: LabelStudio | None) -> str:
    if not annotation_tool:
        return "off: tasks wait in labelstudio/tasks/"
    if annotation_tool.is_new():
        return "is being prepared: about a minute, only this first time"
    return f"{'starts' if annotation_tool.home else 'is used'} at {annotation_tool.url}/"
