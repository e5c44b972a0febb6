"""Label Studio, as annotators need it."""

from feedloop import reviews, settings
from feedloop.adapters.label_studio import LabelStudioTool
from feedloop.domain import keys, label_config
from feedloop.domain.errors import AnnotationToolDown, StoreDown, WrongSetting
from feedloop.domain.review import CHOICES, TITLES
from local.doctor.deployment import Deployment
from local.doctor.finding import Finding, not_checked, ok, wrong

_SET_UP = "run feedloop labelling setup"


def label_studio(deployment: Deployment) -> Finding:
    """Its token, the projects, their storages and our question. Raises WrongSetting and AnnotationToolMisconfigured."""
    url = deployment.settings.label_studio_url
    if not url:
        return not_checked("there is none, or it is not ready yet: tasks wait in the store")
    annotation_tool = LabelStudioTool(
        url=url, token=deployment.secret(settings.LABEL_STUDIO_TOKEN), route=settings.route(url)
    )
    try:
        faults = _faults(annotation_tool, deployment)
    except AnnotationToolDown:
        return wrong(f"Label Studio does not answer at {url}, or fails: start it, read its log, or mend the address.")
    return wrong(*faults) if faults else ok(f"{url} takes the token; {len(TITLES)} projects have their storages")


def _faults(annotation_tool: LabelStudioTool, deployment: Deployment) -> list[str]:
    bucket = deployment.bucket(keys.LABELSTUDIO)
    try:
        noted = reviews.fetch_noted_projects(deployment.store())
    except (StoreDown, WrongSetting):  # another examination says so
        noted = {}
    projects = reviews.match_projects(annotation_tool.projects(), noted)
    missing = [
        f"The project {title} is missing: {_SET_UP}." for queue, title in TITLES.items() if queue not in projects
    ]
    cut_off = [
        f"The project {project.title} has no {storage} storage for the bucket {bucket}: {_SET_UP}."
        for project in projects.values()
        for storage, buckets in zip(("source", "target"), annotation_tool.storages(project), strict=True)
        if bucket not in buckets
    ]
    left_alone = [
        f'The label config of {project.title} has no <Choices name="{CHOICES}">: '
        f"its choices do not follow the classes. Put it back, or {_SET_UP}."
        for project in projects.values()
        if not label_config.choices(annotation_tool.label_config(project))
    ]
    return missing + cut_off + left_alone
