"""What the log says of lost workers."""

from __future__ import annotations

from cluster.losses import Losses


def test_each_has_a_line_until_they_are_many(caplog):
    losses = Losses(most=2)
    for number in range(5):
        losses.add(f"w{number}", "killed by SIGKILL")
    losses.tell_rest()
    first, second, many, rest = caplog.messages
    assert first == "shoal: worker w0 is lost: killed by SIGKILL; another takes its place while there is work"
    assert "worker w1" in second
    assert "told together" in many
    assert rest == "shoal: 3 workers lost besides"


def test_after_a_while_they_have_lines_again(caplog):
    losses = Losses(most=1, every_s=0.0)
    for number in range(3):
        losses.add(f"w{number}", "killed by SIGKILL")
    told = [message.partition(" is")[0] for message in caplog.messages]
    assert told == [f"shoal: worker w{number}" for number in range(3)]
