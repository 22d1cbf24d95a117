"""Says at the end what was compared with torch."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    from tests.oracle.comparing import SEEN, TOLERANCES

    if not SEEN:
        return
    terminalreporter.section("compared with torch: cases, and the largest difference relative to the largest element")
    terminalreporter.write_line(f"{'family':<16}{'cases':>8}{'refused':>9}" + "".join(f"{d:>11}" for d in TOLERANCES))
    for family, seen in sorted(SEEN.items()):
        worst = "".join(f"{seen.worst[dtype]:>11.1e}" if dtype in seen.worst else f"{'':>11}" for dtype in TOLERANCES)
        terminalreporter.write_line(f"{family:<16}{seen.cases:>8}{seen.refused:>9}{worst}")
    total = sum(each.cases for each in SEEN.values())
    terminalreporter.write_line(f"{'total':<16}{total:>8}")
