"""`python -m local doctor`: examines a deployment and says what to mend. It leaves nothing behind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from feedloop.domain.errors import FeedloopError, WrongSetting
from local.doctor import gateway, identities, label_studio, model, store
from local.doctor.deployment import Deployment
from local.doctor.finding import OK, WRONG, Finding, not_checked, wrong


@dataclass(frozen=True, slots=True)
class Examination:
    """One question; asked when what it needs is well."""

    name: str
    ask: Callable[[Deployment], Finding]
    needs: str = ""

    def examine(self, deployment: Deployment) -> Finding:
        """The answer; what keeps us from one is an answer as well."""
        try:
            return self.ask(deployment)
        except FeedloopError as error:
            return wrong(str(error))
        except UnicodeError:  # its words would show the character, and where it stands
            return wrong("A secret that this needs holds characters that no key or token has: write its file again.")


EXAMINATIONS = (
    Examination("store", store.reachable),
    Examination("clock", store.clock, "store"),
    Examination("buckets", store.buckets, "store"),
    Examination("conditional writes", store.conditional_writes, "buckets"),
    Examination("rights", store.rights, "conditional writes"),
    Examination("identities", identities.identities, "conditional writes"),
    Examination("model", model.model, "buckets"),
    Examination("withdrawals", store.withdrawals, "buckets"),
    Examination("gateway", gateway.reachable),
    Examination("functions", gateway.functions, "gateway"),
    Examination("CORS", gateway.cors, "gateway"),
    Examination("event token", gateway.event_token, "gateway"),
    Examination("operator token", gateway.operator_token),
    Examination("report token", gateway.report_token, "gateway"),
    Examination("events", gateway.events),
    Examination("Label Studio", label_studio.label_studio),
)


def doctor(address: str) -> None:
    """A line for each check. Raises WrongSetting when something is wrong."""
    faults = 0
    for name, finding in _examined(Deployment.from_environment(address)):
        print(f"{finding.word:<11}  {name:<18}  {' '.join(finding.why.split())}", flush=True)
        faults += finding.word == WRONG
    if faults:
        raise WrongSetting(
            f"{faults} of {len(EXAMINATIONS)} checks found something wrong: mend that, then run the doctor again."
        )


def _examined(deployment: Deployment) -> Iterator[tuple[str, Finding]]:
    well = {""}
    for examination in EXAMINATIONS:
        finding = (
            examination.examine(deployment) if examination.needs in well else not_checked(f"first: {examination.needs}")
        )
        if finding.word == OK:
            well.add(examination.name)
        yield examination.name, finding
