"""Run benchmarks: all of them, or those named, as in `python -m benchmarks dispatch`."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main() -> None:
    """Run the cases named on the command line, or all."""
    cases = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__")
    wanted = sys.argv[1:] or cases
    if unknown := set(wanted) - set(cases):
        sys.exit(f"no benchmark called {', '.join(sorted(unknown))}; there are: {', '.join(cases)}")
    for name in wanted:
        print(f"## {name}\n")
        importlib.import_module(f"benchmarks.{name}").main()
        print()


if __name__ == "__main__":
    main()
