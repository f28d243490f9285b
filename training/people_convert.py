"""The people networks as ONNX: ``python -m training.people_convert --models ../shared/models/mediapipe_people``.

Google's pose detector and pose landmark networks come as TensorFlow Lite files, half of them sparse. What Art3D
ships are the same graphs in ONNX with half-precision weights. The result is held against `ai-edge-litert` on a random
picture before it is written.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from onnx import TensorProto, helper, numpy_helper

from training.mini.flatbuffer import Table

# Builtin operators of the schema that the two graphs use.
_ADD, _CONCATENATION, _CONV, _DEPTHWISE, _DEPTH_TO_SPACE = 0, 2, 3, 4, 5
_DEQUANTIZE, _LOGISTIC, _MAX_POOL, _RESHAPE, _RESIZE, _PAD, _DENSIFY = 6, 14, 17, 22, 23, 34, 124
_FUSED_FIELD = {_ADD: 0, _CONCATENATION: 1, _CONV: 3, _DEPTHWISE: 4, _MAX_POOL: 5}
# File name, and the outputs kept with their names in the ONNX file.
NETWORKS = {
    "pose_detection": {"Identity": "boxes", "Identity_1": "scores"},
    "pose_landmark_full": {"Identity": "landmarks", "Identity_1": "presence", "Identity_2": "mask"},
}


class Graph:
    """An ONNX graph that grows operator by operator; maps are NCHW until something reshapes them."""

    def __init__(self, path: Path) -> None:
        self.model = Table.root(path.read_bytes(), where=str(path))
        self.interpreter = Interpreter(
            str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )  # fmt: skip
        self.interpreter.allocate_tensors()
        self.interpreter.invoke()
        graph = self.model.tables(2)[0]
        codes = [max(c.number(0, "<b"), c.number(3)) for c in self.model.tables(1)]
        self.operators = [(codes[op.number(0, "<I")], op) for op in graph.tables(3)]
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.made: set[int] = set(int(i) for i in graph.vector(1, "<i4"))

    def shape(self, tensor: int) -> list[int]:
        return [int(n) for n in self.interpreter.get_tensor(tensor).shape]

    def constant(self, name: str, value: np.ndarray) -> str:
        """A constant; floats travel in half precision."""
        if value.dtype != np.float32:
            self.constants.append(numpy_helper.from_array(value, name))
            return name
        self.constants.append(numpy_helper.from_array(value.astype(np.float16), f"{name}_half"))
        self.nodes.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def value(self, tensor: int) -> np.ndarray:
        return np.asarray(self.interpreter.get_tensor(tensor))

    def add(self, kind: int, op: Table) -> None:
        """One operator of the file, and the activation fused to it."""
        inputs, out = [int(i) for i in op.vector(1, "<i4")], int(op.vector(2, "<i4")[0])
        if kind in (_DEQUANTIZE, _DENSIFY):
            return
        fused = op.table(4).number(_FUSED_FIELD[kind], "<b") if kind in _FUSED_FIELD else 0
        name = f"t{out}" if not fused else f"t{out}_raw"
        _WRITERS[kind](self, op, inputs, out, name)
        if fused == 1:
            self.node("Relu", [name], f"t{out}")
        elif fused == 3:
            low, high = (self.constant(f"t{out}_{v}", np.array(v, np.float32)) for v in (0.0, 6.0))
            self.node("Clip", [name, low, high], f"t{out}")
        self.made.add(out)


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's "same" padding, before and after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _window(graph: Graph, op: Table, source: int, kernel: tuple[int, int]) -> dict[str, object]:
    options = op.table(4)
    strides = options.number(2), options.number(1)
    h, w = graph.shape(source)[1:3]
    pads = [(0, 0), (0, 0)]
    if options.number(0, "<b") == 0:
        pads = [_same(h, kernel[0], strides[0]), _same(w, kernel[1], strides[1])]
    return {"kernel_shape": list(kernel), "strides": list(strides), "pads": [p[0] for p in pads] + [p[1] for p in pads]}


def _convolution(graph: Graph, op: Table, inputs: list[int], out: int, name: str) -> None:
    weight = graph.value(inputs[1]).astype(np.float32)
    deep = (
        weight.shape[0] == 1 and graph.shape(out)[3] == weight.shape[3] and weight.shape[3] == graph.shape(inputs[0])[3]
    )
    deep = deep and _is_depthwise(graph, op)
    order = (3, 0, 1, 2) if deep else (0, 3, 1, 2)
    weight = np.ascontiguousarray(weight.transpose(order))
    window = _window(graph, op, inputs[0], (weight.shape[2], weight.shape[3]))
    names = [f"t{inputs[0]}", graph.constant(f"{name}_w", weight)]
    names.append(graph.constant(f"{name}_b", graph.value(inputs[2]).astype(np.float32)))
    graph.node("Conv", names, name, group=weight.shape[0] if deep else 1, **window)


def _is_depthwise(graph: Graph, op: Table) -> bool:
    return any(kind == _DEPTHWISE and other.at == op.at for kind, other in graph.operators)


def _sum(graph: Graph, _op: Table, inputs: list[int], out: int, name: str) -> None:
    graph.node("Add", [f"t{i}" for i in inputs], name)


def _padded(graph: Graph, _op: Table, inputs: list[int], out: int, name: str) -> None:
    rows = graph.value(inputs[1])[[0, 3, 1, 2]]
    pads = graph.constant(f"{name}_pads", np.concatenate([rows[:, 0], rows[:, 1]]).astype(np.int64))
    graph.node("Pad", [f"t{inputs[0]}", pads], name)


def _resized(graph: Graph, op: Table, inputs: list[int], out: int, name: str) -> None:
    n, h, w, c = graph.shape(out)
    sizes = graph.constant(f"{name}_sizes", np.array([n, c, h, w], np.int64))
    half, corners = op.table(4).number(3, "<b"), op.table(4).number(2, "<b")
    mode = "half_pixel" if half else "align_corners" if corners else "asymmetric"
    graph.node("Resize", [f"t{inputs[0]}", "", "", sizes], name, mode="linear", coordinate_transformation_mode=mode)


def _pooled(graph: Graph, op: Table, inputs: list[int], out: int, name: str) -> None:
    options = op.table(4)
    kernel = options.number(4), options.number(3)
    graph.node("MaxPool", [f"t{inputs[0]}"], name, **_window(graph, op, inputs[0], kernel))


def _reshaped(graph: Graph, _op: Table, inputs: list[int], out: int, name: str) -> None:
    source = f"t{inputs[0]}"
    if len(graph.shape(inputs[0])) == 4:
        graph.node("Transpose", [source], f"{name}_last", perm=[0, 2, 3, 1])
        source = f"{name}_last"
    graph.node("Reshape", [source, graph.constant(f"{name}_shape", np.array(graph.shape(out), np.int64))], name)


def _joined(graph: Graph, op: Table, inputs: list[int], out: int, name: str) -> None:
    axis = op.table(4).number(0) % len(graph.shape(out))
    axis = (0, 2, 3, 1)[axis] if len(graph.shape(out)) == 4 else axis
    graph.node("Concat", [f"t{i}" for i in inputs], name, axis=axis)


def _spread(graph: Graph, op: Table, inputs: list[int], out: int, name: str) -> None:
    graph.node("DepthToSpace", [f"t{inputs[0]}"], name, blocksize=op.table(4).number(0), mode="DCR")


def _logistic(graph: Graph, _op: Table, inputs: list[int], out: int, name: str) -> None:
    graph.node("Sigmoid", [f"t{inputs[0]}"], name)


_WRITERS = {
    _ADD: _sum, _CONCATENATION: _joined, _CONV: _convolution, _DEPTHWISE: _convolution, _DEPTH_TO_SPACE: _spread,
    _LOGISTIC: _logistic, _MAX_POOL: _pooled, _RESHAPE: _reshaped, _RESIZE: _resized, _PAD: _padded,
}  # fmt: skip


def convert(path: Path, outputs: dict[str, str]) -> onnx.ModelProto:
    """One TensorFlow Lite file as an ONNX model: ``picture`` (1, 3, h, w) float → the outputs that are kept."""
    graph = Graph(path)
    for kind, op in graph.operators:
        graph.add(kind, op)
    source = graph.interpreter.get_input_details()[0]
    _, h, w, _ = (int(n) for n in source["shape"])
    graph.nodes.insert(0, helper.make_node("Identity", ["picture"], [f"t{source['index']}"]))
    results = []
    for detail in graph.interpreter.get_output_details():
        if detail["name"] in outputs:
            graph.node("Identity", [f"t{detail['index']}"], outputs[detail["name"]])
            results.append(helper.make_tensor_value_info(outputs[detail["name"]], TensorProto.FLOAT, None))
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, h, w])
    body = helper.make_graph(graph.nodes, path.stem, [picture], results, graph.constants)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=9, producer_name="art3d")


def difference(model: onnx.ModelProto, path: Path, outputs: dict[str, str]) -> float:
    """The largest difference from `ai-edge-litert` on one random picture, as a share of each output's range."""
    lite = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    lite.allocate_tensors()
    source = lite.get_input_details()[0]
    picture = np.random.default_rng(0).random(source["shape"], np.float32)
    lite.set_tensor(source["index"], picture)
    lite.invoke()
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = dict(
        zip(
            (o.name for o in session.get_outputs()),
            session.run(None, {"picture": np.ascontiguousarray(picture.transpose(0, 3, 1, 2))}),
            strict=True,
        )
    )
    worst = 0.0
    for detail in lite.get_output_details():
        if detail["name"] in outputs:
            true, got = lite.get_tensor(detail["index"]), found[outputs[detail["name"]]]
            got = got.transpose(0, 2, 3, 1) if got.ndim == 4 else got
            worst = max(worst, float(np.abs(true - got).max() / max(float(np.ptp(true)), 1.0)))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("../shared/models/mediapipe_people"))
    parser.add_argument("--out", type=Path, default=Path("art3d_node/models/weights"))
    args = parser.parse_args()
    for name, outputs in NETWORKS.items():
        source = args.models / f"{name}.tflite"
        model = convert(source, outputs)
        worst = difference(model, source, outputs)
        target = args.out / f"{name}.onnx"
        target.write_bytes(model.SerializeToString())
        print(f"{target}: {target.stat().st_size / 1e6:.1f} MB, {100 * worst:.3f} % from the original at most")


if __name__ == "__main__":
    main()
