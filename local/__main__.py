"""`python -m local`: run the whole system on this machine, list its store, or examine a deployment."""

import argparse
import os
import sys
from pathlib import Path

from feedloop import console
from feedloop.domain.errors import FeedloopError
from local.settings import Choices, drop_foreign_variables

_DOCTOR = (
    "Examines the deployment that S3_ENDPOINT, SECRETS_DIR and the functions' other settings describe; without"
    " S3_ENDPOINT, the system that runs on DATA_DIR. It leaves nothing behind. More: docs/operations.md."
)


def main(arguments: list[str]) -> int:
    """The exit code: 0 when all went well, 1 after a sentence that says what to do."""
    console.prepare()
    drop_foreign_variables()
    try:
        try:
            _do(parser().parse_args(arguments))
        finally:
            sys.stdout.flush()
    except FeedloopError as error:
        print(f"Feedloop: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `ls | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"Feedloop: {console.describe(error)}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what it still holds would fail at the end
        return 1
    return 0


def _do(options: argparse.Namespace) -> None:
    if options.action == "doctor":
        from local.doctor.examinations import doctor  # noqa: PLC0415 - it alone needs the model's runtime

        doctor(options.gateway)
        return
    choices = Choices.from_environment()
    if options.action == "run":
        from local.run import run  # noqa: PLC0415 - who lists objects needs none of it

        run(choices)
    elif options.action == "prepare":
        from local.provisioning import prepare_store  # noqa: PLC0415 - nor this

        prepare_store(choices)
    elif options.action == "identities":
        from local.provisioning import create_identities  # noqa: PLC0415 - nor this

        create_identities(options.secrets, choices, minio=options.minio)
    else:
        from local import store_browser  # noqa: PLC0415 - nor a run of this

        {"ls": store_browser.ls, "cat": store_browser.cat}[options.action](
            choices.data_dir, options.path, choices.s3_region
        )


def parser() -> argparse.ArgumentParser:
    """The command line; each action is called as `feedloop` calls it."""
    root = argparse.ArgumentParser(
        prog="feedloop",
        description="The whole system on this machine. PORT, DATA_DIR, S3_ENDPOINT and more: docs/settings.md.",
    )
    actions = root.add_subparsers(dest="action", metavar="run|prepare|identities|doctor|ls|cat")
    root.set_defaults(action="run")
    _add(actions, "run", "run", "start everything; Ctrl-C stops it (the default)")
    _add(actions, "prepare", "store init", "make the store at S3_ENDPOINT ready for functions that run elsewhere")
    handing = _add(actions, "identities", "store keys", "draw keys for every function, and write what the store needs")
    handing.add_argument("secrets", type=lambda text: Path(text).absolute(), help="the folder of secrets")
    handing.add_argument("--minio", action="store_true", help="tell the MinIO at S3_ENDPOINT at once")
    examination = _add(actions, "doctor", "doctor", "examine a deployment, and say what to mend", _DOCTOR)
    examination.add_argument(
        "gateway", nargs="?", default="", help="its address; needed unless the system runs on DATA_DIR"
    )
    listing = _add(actions, "ls", "store ls", "list the buckets, or what lies below bucket/prefix")
    listing.add_argument("path", metavar="bucket/prefix", nargs="?", default="", help="else the buckets")
    reading = _add(actions, "cat", "store cat", "print an object; its metadata goes to standard error")
    reading.add_argument("path", metavar="bucket/key", help="as `store ls` prints it")
    return root


def _add(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", action: str, name: str, what: str, more: str = ""
) -> argparse.ArgumentParser:
    return actions.add_parser(
        action, prog=f"feedloop {name}", help=what, description=more or f"{what[0].upper()}{what[1:]}."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
