"""Those that OnRecord is measured beside, and OnRecord itself: each an adapter, one file.

An adapter is run as a process of its own, by the Python of an environment that has what it needs,
and is spoken to as :mod:`benchmarks.contenders.protocol` says. Nothing is imported here, and each
adapter imports its library late: none of these environments has what another needs.
"""
