"""What a data directory remembers of its simulation, so that one that was stopped goes on."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

from feedloop.domain.clock import day_of, time_of, utc_now
from feedloop.domain.documents import Document
from feedloop.domain.errors import WrongSetting
from local import data_directory
from simulation.plan import Plan

HOME, FILE = "simulation", "journal.json"


@dataclass(frozen=True, slots=True)
class Journal:
    """The plan, the date of its first day, and how many steps are done; `old` and `decision` come with retraining."""

    path: Path
    plan: Plan
    first: str
    done: int = 0
    old: str = ""  # the model that served before
    decision: str = ""

    @classmethod
    def open(cls, data_dir: Path, wanted: Plan) -> Self:
        """The one that is kept there, or a new one whose last day is yesterday.

        Raises WrongSetting for data that is no simulation's, or another one's.
        """
        path = data_dir / HOME / FILE
        kept = data_directory.load_json(path)
        if kept:
            return cls._kept(path, kept, wanted)
        strange = [one.name for one in data_dir.iterdir() if one.name != HOME]
        if strange:
            raise WrongSetting(
                f"DATA_DIR={data_dir} holds data that no simulation made ({', '.join(sorted(strange)[:3])}, …):"
                " choose a directory that is empty or not there yet."
            )
        first = day_of(utc_now() - timedelta(days=wanted.whole))
        return cls(path, wanted, first).written()

    @classmethod
    def _kept(cls, path: Path, kept: Document, wanted: Plan) -> Self:
        plan = Plan.from_document(kept["plan"])
        if plan != wanted:
            differing = [name for name, value in plan.to_document().items() if value != wanted.to_document()[name]]
            raise WrongSetting(
                f"DATA_DIR={path.parents[1]} holds another simulation ({', '.join(differing)} differ): give the same"
                " options to go on with it, choose another DATA_DIR, or delete this one."
            )
        return cls(path, plan, kept["first"], kept["done"], kept["old"], kept["verdict"])

    def date(self, day: int) -> str:
        """`yyyymmdd` of a day, counted from 0."""
        return day_of(time_of(self.first, 0) + timedelta(days=day))

    def written(self) -> Self:
        """Itself, kept."""
        facts = {"first": self.first, "done": self.done, "old": self.old, "verdict": self.decision}
        data_directory.write_json(self.path, {"v": 1, "plan": self.plan.to_document(), **facts})
        return self
