"""What a process keeps of its deployment, for tests that give it another one."""

from feedloop import wiring

_KEPT = (
    wiring.configured,
    wiring.store_of,
    wiring._annotation_tool,
    wiring.signing_key,
    wiring.event_token,
    wiring.operator_token,
    wiring.report_token,
    wiring.active_model,
)
"""As they are, also while a test has put something else in their place."""


def clear_wiring() -> None:
    """Have settings, secrets, store, annotation tool and model read anew, and no function's keys at hand."""
    wiring.function_keys.set("")
    for cached in _KEPT:
        cached.cache_clear()
