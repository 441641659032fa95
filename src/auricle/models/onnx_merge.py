"""Two graphs of one decoder as one with a switch, each weight once: what browsers and Optimum load first.

Inputs and outputs are those of both; ``use_cache_branch`` [1] says whether keys and values of the
tokens before are given. Names as Optimum gives them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SWITCH = "use_cache_branch"


def merge(first: Path, step: Path, out: Path, passed: Sequence[str], *, large: bool) -> None:
    """Write ``out``: the graph ``step`` where the switch is on, else ``first``.

    ``passed`` are outputs of ``first`` that ``step`` is given as inputs and gives back as they are:
    ``present.0.encoder.key`` is its input ``past_key_values.0.encoder.key``. Raises OSError.
    """
    import onnx
    from onnx import TensorProto, helper

    graphs = {"first": onnx.load(first), "step": onnx.load(step)}
    whole = graphs["first"]
    pool = _Pool()
    given = {value.name: value for value in graphs["step"].graph.input}
    given |= {value.name: value for value in whole.graph.input}  # any number of tokens where step takes one
    branches = {}
    for name, model in graphs.items():
        branches[name] = _branch(model.graph, name, pool, set(given))
    outputs = list(whole.graph.output)
    for output in outputs[:]:
        if output.name in passed:
            came = output.name.replace("present.", "past_key_values.", 1)
            branches["step"].node.append(helper.make_node("Identity", [came], [f"step/{output.name}"]))
    for name, branch in branches.items():
        branch.output.extend(_renamed(output, f"{name}/{output.name}") for output in outputs)
    switch = helper.make_tensor_value_info(SWITCH, TensorProto.BOOL, [1])
    choice = helper.make_node(
        "If",
        [SWITCH],
        [output.name for output in outputs],
        then_branch=branches["step"],
        else_branch=branches["first"],
    )
    graph = helper.make_graph(
        [choice], "decoder", [*given.values(), switch], [_loose(output) for output in outputs], pool.tensors
    )
    made = helper.make_model(graph, opset_imports=whole.opset_import, ir_version=whole.ir_version)
    made.functions.extend(whole.functions)
    known = {(function.domain, function.name) for function in whole.functions}
    made.functions.extend(
        function for function in graphs["step"].functions if (function.domain, function.name) not in known
    )
    onnx.save_model(
        made, str(out), save_as_external_data=large, location=f"{out.name}.data" if large else None
    )


class _Pool:
    """The weights of both graphs, those that are equal once."""

    def __init__(self) -> None:
        self.tensors: list[Any] = []
        self._names: dict[tuple[Any, ...], str] = {}

    def put(self, tensor: Any) -> str:
        """The name under which ``tensor`` stands in the whole."""
        import onnx

        data = onnx.numpy_helper.to_array(tensor)
        key = (tensor.data_type, tuple(tensor.dims), hashlib.sha256(data.tobytes()).digest())
        if key not in self._names:
            kept = onnx.TensorProto()
            kept.CopyFrom(tensor)
            kept.name = self._names[key] = f"weight.{len(self.tensors)}"
            self.tensors.append(kept)
        return self._names[key]


def _branch(graph: Any, name: str, pool: _Pool, given: set[str]) -> Any:
    """The nodes of a graph for one side of the switch: its values get a prefix, its weights a pool."""
    from onnx import helper

    weights = {tensor.name: pool.put(tensor) for tensor in graph.initializer}

    def renamed(value: str) -> str:
        if not value or value in given:
            return value
        return weights.get(value) or f"{name}/{value}"

    nodes = []
    for node in graph.node:
        kept = type(node)()
        kept.CopyFrom(node)
        kept.name = f"{name}/{node.name}"
        kept.input[:] = map(renamed, node.input)
        kept.output[:] = map(renamed, node.output)
        nodes.append(kept)
    for output in graph.output:
        if output.name in weights:
            nodes.append(helper.make_node("Identity", [weights[output.name]], [f"{name}/{output.name}"]))
    return helper.make_graph(nodes, name, [], [])


def _renamed(value: Any, name: str) -> Any:
    kept = _loose(value)
    kept.name = name
    return kept


def _loose(value: Any) -> Any:
    """An output whose lengths are not stated: they are others on the other side of the switch."""
    kept = type(value)()
    kept.CopyFrom(value)
    for axis, dimension in enumerate(kept.type.tensor_type.shape.dim):
        if dimension.HasField("dim_param"):
            dimension.ClearField("dim_param")
            dimension.dim_param = f"{value.name}_{axis}"
    return kept
