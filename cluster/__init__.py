"""The driver: pools, jobs, sources and sinks, backends, the `shoal` command."""
