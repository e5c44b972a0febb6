import pytest

from feedloop.domain import keys
from local.identities import LABEL_STUDIO, OPERATOR, POLICIES, policy
from local.policy import Policy
from tests.structure.repository import HANDLERS

WHOLE = {(name, keys.MODELS) for name in ("curate", "report")}
"""Who counts labels asks whether the class lists of all models' names agree, while the store has none of its own."""
NAMES = {path.stem for path in POLICIES.glob("*.json")}


def test_every_function_has_a_policy_and_nobody_else_but_label_studio_and_the_operator():
    assert {handler.parent.name for handler in HANDLERS} | {LABEL_STUDIO, OPERATOR} == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_policy_names_buckets_of_the_deployment_only(name):
    grants = Policy.parse(policy(name, "mine-")).grants
    assert grants
    assert [grant for grant in grants if not grant.bucket.startswith("mine-")] == []


@pytest.mark.parametrize("name", sorted(NAMES - {OPERATOR, LABEL_STUDIO}))
def test_no_function_lists_a_whole_bucket_or_manages_one(name):
    grants = Policy.parse(policy(name, "")).grants
    assert {grant.action for grant in grants} <= {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"}
    assert [grant for grant in grants if grant.pattern == "*" and (name, grant.bucket) not in WHOLE] == []
