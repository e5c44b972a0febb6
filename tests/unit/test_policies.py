"""What Label Studio's key opens: it writes where its annotators' answers belong, and nowhere else."""

from feedloop.domain import keys
from feedloop.domain.keys import ObjectRef
from local.identities import LABEL_STUDIO, policy
from local.policy import DELETE, PUT, Policy

EVERYWHERE = [
    *(keys.output(queue, "12") for queue in keys.QUEUES),
    *(keys.task(queue, "0" * 32) for queue in keys.REVIEW_QUEUES),
    *(ObjectRef(keys.LABELSTUDIO, key) for key in ("output/12", "output/other/12", "images/x.jpg", "x")),
    *(ObjectRef(bucket, "x") for bucket in keys.BUCKETS),
]


def test_label_studio_writes_and_deletes_answers_of_the_review_queues_only():
    rights = Policy.parse(policy(LABEL_STUDIO, ""))
    for action in (PUT, DELETE):
        opened = [ref for ref in EVERYWHERE if rights.allows(action, ref)]
        assert opened == [keys.output(queue, "12") for queue in keys.REVIEW_QUEUES]
