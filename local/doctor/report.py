"""`python -m local doctor`: looks at a deployment and says in words what to mend. It leaves nothing behind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from feedloop.domain.errors import FeedloopError, WrongSetting
from local.doctor import gateway, identities, label_studio, model, store
from local.doctor.deployment import Deployment
from local.doctor.finding import OK, WRONG, Verdict, not_checked, wrong


@dataclass(frozen=True, slots=True)
class Check:
    """One question; asked when what it needs is well."""

    name: str
    ask: Callable[[Deployment], Verdict]
    needs: str = ""

    def examine(self, deployment: Deployment) -> Verdict:
        """The answer; what keeps us from one is an answer as well."""
        try:
            return self.ask(deployment)
        except FeedloopError as error:
            return wrong(str(error))
        except UnicodeError:  # its words would show the character, and where it stands
            return wrong("A secret that this needs holds characters that no key or token has: write its file again.")


CHECKS = (
    Check("store", store.answers),
    Check("clock", store.clock, "store"),
    Check("buckets", store.buckets, "store"),
    Check("conditional writes", store.conditional_writes, "buckets"),
    Check("rights", store.rights, "conditional writes"),
    Check("identities", identities.identities, "conditional writes"),
    Check("model", model.model, "buckets"),
    Check("withdrawals", store.withdrawals, "buckets"),
    Check("gateway", gateway.answers),
    Check("functions", gateway.functions, "gateway"),
    Check("CORS", gateway.cors, "gateway"),
    Check("event token", gateway.event_token, "gateway"),
    Check("operator token", gateway.operator_token),
    Check("report token", gateway.report_token, "gateway"),
    Check("events", gateway.events),
    Check("Label Studio", label_studio.label_studio),
)


def doctor(address: str) -> None:
    """A line for each check. Raises WrongSetting when something is wrong."""
    faults = 0
    for name, verdict in _examined(Deployment.found(address)):
        print(f"{verdict.word:<11}  {name:<18}  {' '.join(verdict.why.split())}", flush=True)
        faults += verdict.word == WRONG
    if faults:
        raise WrongSetting(f"{faults} of {len(CHECKS)} checks found something wrong: mend that, then look again.")


def _examined(deployment: Deployment) -> Iterator[tuple[str, Verdict]]:
    well = {""}
    for check in CHECKS:
        verdict = check.examine(deployment) if check.needs in well else not_checked(f"first: {check.needs}")
        if verdict.word == OK:
            well.add(check.name)
        yield check.name, verdict
