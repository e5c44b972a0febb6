"""Who comes to the store: each function, Label Studio and the operator, with keys of their own."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from feedloop import settings
from local import data_directory

LABEL_STUDIO, OPERATOR = "label-studio", "operator"
POLICIES = Path(__file__).resolve().parents[1] / "deploy" / "policies"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody with keys of their own, who may do what the policy allows and nothing else."""

    name: str
    access_key: str
    secret_key: str = field(repr=False)
    policy: str  # JSON, in the form of AWS


def policy(name: str, prefix: str) -> str:
    """What deploy/policies/ allows to somebody, for the buckets with this prefix."""
    return Template((POLICIES / f"{name}.json").read_text(encoding="utf-8")).substitute(BUCKET_PREFIX=prefix)


def keys_of(name: str) -> str:
    """The secrets of a function or of Label Studio: their names without `-access-key` and `-secret-key`."""
    return f"feedloop-{name}-s3"


def key_pair(secrets: Path, keys: str) -> tuple[str, str]:
    """Access key and secret key of these secrets, drawn where they are missing. Raises WrongSetting."""
    access_key = data_directory.load_or_create_secret(secrets / f"{keys}{settings.ACCESS_KEY}")
    return access_key, data_directory.load_or_create_secret(secrets / f"{keys}{settings.SECRET_KEY}")


def names() -> list[str]:
    """Everybody but the operator: who has a policy in deploy/policies/."""
    return sorted({path.stem for path in POLICIES.glob("*.json")} - {OPERATOR})


def load_or_create(secrets: Path, prefix: str) -> tuple[Identity, ...]:
    """Everybody but the operator, each with the pair that lies among these secrets. Raises WrongSetting."""
    return tuple(Identity(name, *key_pair(secrets, keys_of(name)), policy(name, prefix)) for name in names())


def of_seaweedfs(operator: tuple[str, str], others: Iterable[Identity]) -> str:
    """The file that SeaweedFS takes as `-s3.config`: who is not in it comes in with no key, nor without one."""
    identities = [_identity("operator", *operator, actions=["Admin"])]
    identities += [_identity(one.name, one.access_key, one.secret_key, policyNames=[one.name]) for one in others]
    policies = [{"name": one.name, "content": one.policy} for one in others]
    return json.dumps({"identities": identities, "policies": policies}, indent=2) + "\n"


def _identity(name: str, access_key: str, secret_key: str, **rights: list[str]) -> dict[str, object]:
    return {"name": name, "credentials": [{"accessKey": access_key, "secretKey": secret_key}], **rights}
