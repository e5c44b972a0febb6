from hypothesis import settings

# The same cases on every run, and no clock: a red build is about the change, not about a busy machine.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("steady")
