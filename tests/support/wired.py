"""What a process keeps of its deployment, for tests that give it another one."""

from feedloop import wiring


def forget() -> None:
    """Have settings, secrets, store, desk and model read anew."""
    chosen = (
        wiring.configured,
        wiring.store_of,
        wiring.desk,
        wiring.signing_key,
        wiring.event_token,
        wiring.served_model,
    )
    for cached in chosen:
        cached.cache_clear()
