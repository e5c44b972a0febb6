"""Pre-annotations follow a class that was renamed: what annotators find chosen is one of the answers they have.

Only those of tasks that nobody answered, and only where the former name means this class alone by now. Killed
anywhere, the next set-up goes on with what is left.
"""

import json
from collections.abc import Iterator

from label_studio_sdk.client import LabelStudio

from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document
from feedloop.domain.review import renamed

_PAGE = 100


def rename_predictions(client: LabelStudio, project: int, classes: ClassList) -> int:
    """Give pre-annotations of a project the present names; how many had a former one."""
    changed = 0
    for former in {name for names in classes.former for name in names} - {*classes.names}:
        for prediction in list(_naming(client, project, former)):
            result = renamed(prediction["result"], classes)
            if result != prediction["result"]:
                client.predictions.update(prediction["id"], result=result)
                changed += 1
    return changed


def _naming(client: LabelStudio, project: int, name: str) -> Iterator[Document]:
    """Predictions of unanswered tasks that hold this name, as JSON spells it: databases differ in how they keep it.

    Nothing else of the tasks is asked for: Label Studio may fail to tell that.
    """
    unanswered = {"filter": "filter:tasks:total_annotations", "operator": "equal", "type": "Number", "value": 0}
    holding = {"filter": "filter:tasks:predictions_results", "operator": "contains", "type": "String"}
    for spelt in {json.dumps([name], ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)}:
        lines = [unanswered, {**holding, "value": spelt}]
        query = json.dumps({"filters": {"conjunction": "and", "items": lines}})
        for task in client.tasks.list(
            project=project, query=query, fields="all", include="id,predictions", page_size=_PAGE
        ):
            yield from json.loads(task.json())["predictions"]
