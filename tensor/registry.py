"""The table of operations: a NumPy kernel, and beside it a gradient rule (vjp) for each operand.

    MUL = op("mul", binary(np.multiply), input=lambda g, other: g * other, other=lambda g, input: g * input)

The kernel's positional parameters are the operands, its keyword-only ones are static. A rule is a keyword named after
its operand. It gets the gradient `g` of the result and, by the names of its other parameters, just what it needs;
nothing else is kept for the backward pass. The names that it may use:

- an operand's name: its array; `out`: the result's array; an extra result's name (`extras`);
- a static argument's name: its value;
- `shape`: the shape of this rule's operand; `shapes`: of all operands; `position`: this operand's, counted from 0.

Rules return the gradient for their operand: `g`, a view of it, or a fresh array, but never one that was kept. They may
leave broadcasting and dtype alone: autograd sums a gradient down to its operand's shape, and casts it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tensor import rows
from tensor.errors import UnsupportedError

Kernel = Callable[..., Any]
Rule = Callable[..., Any]
# What a rule's parameter stands for: a name, or (name, position) for what differs between operands.
Key = str | tuple[str, int]

_ABOUT_THIS = ("shape", "position")


@cache
def _asked(rule: Rule) -> tuple[str, ...]:
    """What a rule asks for besides `g`."""
    return tuple(inspect.signature(rule).parameters)[1:]


class Plan:
    """What to keep, and which rules to run, for one choice of operands that require gradients.

    Args:
        positions: The positions of those operands.
        rules: A rule, and the keys of its arguments, for each of them; or a single one for all if `joint`.
        joint: Whether one rule serves all the operands.
        arrays: The names of what can be kept that is an array.
    """

    __slots__ = ("joint", "keeps_arrays", "keys", "positions", "rules")

    def __init__(
        self,
        positions: tuple[int, ...],
        rules: tuple[tuple[Rule, tuple[Key, ...]], ...],
        *,
        joint: bool,
        arrays: set[str],
    ) -> None:
        self.positions = positions
        self.rules = rules
        self.joint = joint
        # Most rules of cheap operations need nothing but `g`.
        self.keys: tuple[Key, ...] = tuple(dict.fromkeys(key for _, keys in rules for key in keys))
        self.keeps_arrays = any(key in arrays for key in self.keys)


class Op:
    """An operation: see the module's text. Make one with `op`."""

    __slots__ = (
        "differentiable",
        "extras",
        "floating",
        "grad_name",
        "inplace",
        "joint",
        "kernel",
        "moves",
        "name",
        "numbers",
        "operands",
        "outputs",
        "plain",
        "plans",
        "rows",
        "rules",
        "ufunc",
        "variadic",
        "view",
    )

    def __init__(
        self,
        name: str,
        kernel: Kernel,
        rules: Mapping[str, Rule],
        *,
        joint: Rule | None = None,
        view: bool = False,
        moves: bool = False,
        outputs: int = 1,
        extras: tuple[str, ...] = (),
        inplace: Kernel | None = None,
        operands: tuple[str, ...] | None = None,
    ) -> None:
        parameters = inspect.signature(kernel).parameters.values()
        starred = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
        static = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.name = name
        self.grad_name = "".join(part.capitalize() for part in name.split("_")) + "Backward0"
        self.kernel = kernel
        self.operands = operands or tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        self.variadic = starred[0] if starred else None
        self.rules = dict(rules)
        self.joint = joint
        self.differentiable = bool(rules) or joint is not None
        self.view = view
        self.moves = moves or view or inplace is not None
        self.plain = not (self.moves or extras)  # whether the kernel gives one result, in memory of its own
        # What the kernel comes down to for operands of one dtype; where `floating`, of one float dtype.
        self.ufunc = getattr(kernel, "ufunc", None)
        self.floating: bool = getattr(kernel, "floating", False)
        self.numbers: bool = getattr(kernel, "numbers", False)  # also for a number of Python's beside floats
        self.rows = name in rows.ALWAYS or name in rows.UNLESS_CHANNELS_LAST
        self.outputs = outputs
        self.extras = extras
        self.inplace = inplace
        self.plans: dict[int, Plan] = {}
        self._check(static)

    def _check(self, static: set[str]) -> None:
        names = {*self.operands, *filter(None, [self.variadic])}
        known = names | static | {"g", "out", "shapes", "needs", *self.extras, *_ABOUT_THIS}
        if unknown := set(self.rules) - names:
            raise ValueError(f"op {self.name}: gradient rules for {sorted(unknown)}, but its operands are {names}")
        for rule in [*self.rules.values(), *filter(None, [self.joint])]:
            if unknown := set(inspect.signature(rule).parameters) - known:
                raise ValueError(f"op {self.name}: a rule asks for {sorted(unknown)}, but there are {sorted(known)}")

    @property
    def keeps_first(self) -> bool:
        """Whether any gradient rule asks for the first operand's array."""
        rules = [*self.rules.values(), *filter(None, [self.joint])]
        first = self.operands[0] if self.operands else self.variadic
        return any(first in inspect.signature(rule).parameters for rule in rules)

    def operand_name(self, index: int) -> str:
        """Return what messages call the operand at a position."""
        if index < len(self.operands):
            return self.operands[index]
        return f"{self.variadic}[{index - len(self.operands)}]"

    def plan(self, mask: int) -> Plan:
        """Return what to keep where the operands whose bits are in `mask` require gradients."""
        plan = self.plans.get(mask)
        if plan is None:
            plan = self._plan(mask)
            if self.variadic is None:
                self.plans[mask] = plan
        return plan

    def _plan(self, mask: int) -> Plan:
        positions = tuple(index for index in range(mask.bit_length()) if mask >> index & 1)
        if self.joint is not None:
            rules: tuple[tuple[Rule, tuple[Key, ...]], ...] = ((self.joint, self._keys(self.joint, 0)),)
        else:
            rules = tuple((rule, self._keys(rule, index)) for index in positions for rule in [self._rule(index)])
        arrays = {*self.operands, *self.extras, "out", self.variadic or "out"}
        return Plan(positions, rules, joint=self.joint is not None, arrays=arrays)

    def _rule(self, index: int) -> Rule:
        name = self.operands[index] if index < len(self.operands) else self.variadic
        rule = None if name is None else self.rules.get(name)
        if rule is None:
            raise UnsupportedError(f"{self.name} has no gradient for {self.operand_name(index)}; detach() it")
        return rule

    @staticmethod
    def _keys(rule: Rule, index: int) -> tuple[Key, ...]:
        return tuple([(name, index) if name in _ABOUT_THIS else name for name in _asked(rule)])

    def __repr__(self) -> str:
        return f"<op {self.name}>"


OPS: dict[str, Op] = {}


def op(
    name: str,
    kernel: Kernel,
    /,
    *,
    vjp: Rule | None = None,
    view_op: bool = False,
    moves: bool = False,
    outputs: int = 1,
    extras: tuple[str, ...] = (),
    inplace: Kernel | None = None,
    operands: tuple[str, ...] | None = None,
    **rules: Rule,
) -> Op:
    """Declare an operation.

    Args:
        name: PyTorch's name, such as `log_softmax`; errors and `grad_fn` show it.
        kernel: Computes the result from arrays (or Python numbers, or `None`) and static keyword arguments.
        vjp: One rule for all operands, in place of one for each; gets `needs`, a tuple of booleans, on demand, and
            returns a tuple of gradients, `None` where not needed.
        view_op: Whether the result shares the first operand's memory.
        moves: Whether the kernel only moves elements or casts them, so that half-precision ones may stay what they
            are; all others are computed in float32.
        outputs: How many results users see. Only the first has a gradient.
        extras: Names of what the kernel returns after its first result, for the rules.
        inplace: Writes the result into the first operand's array instead; only moves elements.
        operands: The operands' names where the kernel's signature does not give them.
        rules: A gradient rule for each operand that can have a gradient.

    Raises:
        ValueError: The name is taken, or a rule asks for something that there is not.
    """
    if name in OPS:
        raise ValueError(f"there already is an op called {name}")
    made = OPS[name] = Op(
        name,
        kernel,
        rules,
        joint=vjp,
        view=view_op,
        moves=moves,
        outputs=outputs,
        extras=extras,
        inplace=inplace,
        operands=operands,
    )
    return made
