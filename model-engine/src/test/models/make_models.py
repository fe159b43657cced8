"""Writes the model files beside it with the real libraries.

Made with Python 3.11, onnx 1.23.2, skl2onnx 1.20.0, scikit-learn 1.9.1, xgboost-cpu 3.2.0, mlflow-skinny 3.17.2,
numpy 2.4.6, pandas 3.1.1 and onnxruntime 1.31.1:

    python make_models.py

The expected outputs (`golden_requests.jsonl`, and `<model>.expected.json` for the bare files) come from onnxruntime and
xgboost in Python. MLmodel files carry a fixed creation time, run id and model id.
"""

import json
import shutil
import warnings

import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd
import xgboost as xgb
from fixtures import HERE, fix, fresh, golden, tensor
from onnx import TensorProto, helper, numpy_helper

warnings.filterwarnings("ignore")
import mlflow  # noqa: E402
from mlflow.models import ModelSignature, infer_signature  # noqa: E402
from mlflow.types.schema import ColSpec, DataType, Schema  # noqa: E402

OPSET = [helper.make_opsetid("", 18)]
RNG = np.random.default_rng(7)


def save(name, graph, opset=OPSET, check=True):
    model = helper.make_model(graph, opset_imports=opset, ir_version=9, producer_name="make_models.py")
    if check:
        onnx.checker.check_model(model)
    onnx.save(model, HERE / f"{name}.onnx")
    return model


def info(name, elem, shape):
    return helper.make_tensor_value_info(name, elem, shape)


def mlp():
    """FP32 [batch, 4] -> FP32 [batch, 3]: two dense layers and a softmax."""
    w1 = numpy_helper.from_array(RNG.normal(size=(4, 8)).astype(np.float32), "w1")
    b1 = numpy_helper.from_array(RNG.normal(size=8).astype(np.float32), "b1")
    w2 = numpy_helper.from_array(RNG.normal(size=(8, 3)).astype(np.float32), "w2")
    b2 = numpy_helper.from_array(RNG.normal(size=3).astype(np.float32), "b2")
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h1"]),
        helper.make_node("Relu", ["h1"], ["a1"]),
        helper.make_node("Gemm", ["a1", "w2", "b2"], ["h2"]),
        helper.make_node("Softmax", ["h2"], ["probabilities"], axis=-1),
    ]
    graph = helper.make_graph(
        nodes, "mlp",
        [info("x", TensorProto.FLOAT, ["batch", 4])],
        [info("probabilities", TensorProto.FLOAT, ["batch", 3])],
        [w1, b1, w2, b2],
    )
    return save("mlp", graph)


def two_in_two_out():
    """INT64 a, FP64 b, both [batch] -> FP64 sum, BOOL greater."""
    nodes = [
        helper.make_node("Cast", ["a"], ["a64"], to=TensorProto.DOUBLE),
        helper.make_node("Add", ["a64", "b"], ["sum"]),
        helper.make_node("Greater", ["a64", "b"], ["greater"]),
    ]
    save("two_in_two_out", helper.make_graph(
        nodes, "two", [info("a", TensorProto.INT64, ["batch"]), info("b", TensorProto.DOUBLE, ["batch"])],
        [info("sum", TensorProto.DOUBLE, ["batch"]), info("greater", TensorProto.BOOL, ["batch"])]))


def identities():
    """One input and one output of each element type, each passed through."""
    types = {
        "bool": TensorProto.BOOL, "uint8": TensorProto.UINT8, "uint16": TensorProto.UINT16,
        "uint32": TensorProto.UINT32, "uint64": TensorProto.UINT64, "int8": TensorProto.INT8,
        "int16": TensorProto.INT16, "int32": TensorProto.INT32, "int64": TensorProto.INT64,
        "fp16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16, "fp32": TensorProto.FLOAT,
        "fp64": TensorProto.DOUBLE, "bytes": TensorProto.STRING,
    }
    for name, elem in types.items():
        save(f"identity_{name}", helper.make_graph(
            [helper.make_node("Identity", ["in"], ["out"])], name,
            [info("in", elem, ["batch", 2])], [info("out", elem, ["batch", 2])]))


def no_batch():
    """FP32 scalar -> FP32 scalar, and FP32 [2, 3] fixed -> its transpose."""
    save("scalar", helper.make_graph(
        [helper.make_node("Neg", ["in"], ["out"])], "scalar",
        [info("in", TensorProto.FLOAT, [])], [info("out", TensorProto.FLOAT, [])]))
    save("transpose", helper.make_graph(
        [helper.make_node("Transpose", ["in"], ["out"])], "transpose",
        [info("in", TensorProto.FLOAT, [2, 3])], [info("out", TensorProto.FLOAT, [3, 2])]))


def strings():
    """BYTES [batch] -> BOOL [batch]: whether each is one emoji, and BYTES [1]: that emoji. Shows what reaches the model."""
    emoji = helper.make_tensor("emoji", TensorProto.STRING, [1], ["\U0001f600".encode()])
    save("emoji", helper.make_graph(
        [helper.make_node("Equal", ["in", "emoji"], ["equal"]), helper.make_node("Identity", ["emoji"], ["out"])],
        "emoji", [info("in", TensorProto.STRING, ["batch"])],
        [info("equal", TensorProto.BOOL, ["batch"]), info("out", TensorProto.STRING, [1])], [emoji]),
        [helper.make_opsetid("", 19)])


def casts():
    """The models that the engine itself uses to make unsigned tensors, which ONNX Runtime's Java API cannot: a signed
    tensor of any shape in, the same bits as unsigned out."""
    folder = HERE.parents[1] / "main/resources/dev/slipway/engine/predictor/onnx"
    folder.mkdir(parents=True, exist_ok=True)
    for bits in (16, 32, 64):
        signed, unsigned = getattr(TensorProto, f"INT{bits}"), getattr(TensorProto, f"UINT{bits}")
        graph = helper.make_graph(
            [helper.make_node("Cast", ["in"], ["out"], to=unsigned)], f"cast_uint{bits}",
            [info("in", signed, None)], [info("out", unsigned, None)])
        model = helper.make_model(graph, opset_imports=OPSET, ir_version=9, producer_name="make_models.py")
        # The checker wants a shape on every input; the runtime does not.
        onnx.save(model, folder / f"cast_uint{bits}.onnx")


def unknown_shapes():
    """FP32 of any rank -> the same doubled, declared without shapes."""
    save("any_shape", helper.make_graph(
        [helper.make_node("Add", ["in", "in"], ["out"])], "any_shape",
        [info("in", TensorProto.FLOAT, None)], [info("out", TensorProto.FLOAT, None)]), check=False)


def runtime_failure():
    """INT64 [batch] -> FP32 [batch], looked up in a table of four: an index beyond it fails at run time."""
    save("gather", helper.make_graph(
        [helper.make_node("Gather", ["table", "in"], ["out"])], "gather",
        [info("in", TensorProto.INT64, ["batch"])], [info("out", TensorProto.FLOAT, ["batch"])],
        [numpy_helper.from_array(np.arange(4, dtype=np.float32), "table")]))


def undeclared_rows():
    """FP32 [batch, 2] -> the rows twice, one after the other, declared as [batch, 2]."""
    save("twice", helper.make_graph(
        [helper.make_node("Concat", ["in", "in"], ["out"], axis=0)], "twice",
        [info("in", TensorProto.FLOAT, ["batch", 2])], [info("out", TensorProto.FLOAT, ["batch", 2])]))


def one_row_declared():
    """FP32 [batch, 2] -> the same negated, declared as [1, 2] by an export with one row."""
    save("one_row", helper.make_graph(
        [helper.make_node("Neg", ["in"], ["mid"]), helper.make_node("Identity", ["mid"], ["out"])], "one_row",
        [info("in", TensorProto.FLOAT, ["batch", 2])], [info("out", TensorProto.FLOAT, [1, 2])]))


def outputs_of_no_node():
    """FP32 x [1, 2] -> y = -x, and an output that no node makes: x itself, or the constant c [2]."""
    negated = helper.make_node("Neg", ["x"], ["y"])
    x, y = info("x", TensorProto.FLOAT, [1, 2]), info("y", TensorProto.FLOAT, [1, 2])
    save("input_as_output", helper.make_graph([negated], "input_as_output", [x], [y, x]))
    save("constant_as_output", helper.make_graph(
        [negated], "constant_as_output", [x], [y, info("c", TensorProto.FLOAT, [2])],
        [numpy_helper.from_array(np.array([3, 4], dtype=np.float32), "c")]))


def external_data(model):
    """The network with its weights in a file of their own, and one that points outside its folder."""
    folder = HERE / "external"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    copied = onnx.ModelProto()
    copied.CopyFrom(model)
    onnx.save_model(copied, folder / "model.onnx", save_as_external_data=True, location="weights.bin",
                    size_threshold=0)
    outside = onnx.load(folder / "model.onnx", load_external_data=False)
    for tensor in outside.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "../outside_weights.bin"
    shutil.copy(folder / "weights.bin", HERE / "outside_weights.bin")
    (folder / "outside.onnx").write_bytes(outside.SerializeToString())


def sklearn_models():
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression
    x = RNG.normal(size=(60, 4)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] > 0).astype(np.int64)
    model = LogisticRegression().fit(x, y)
    for name, zipmap in (("logreg", False), ("logreg_zipmap", True)):
        onnx.save(to_onnx(model, x[:1], options={"zipmap": zipmap}, target_opset=18), HERE / f"{name}.onnx")
    frame = pd.DataFrame({"age": x[:, 0], "city": np.where(x[:, 1] > 0, "Köln", "Bonn")})
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder
    pipe = make_pipeline(
        ColumnTransformer([("c", OneHotEncoder(handle_unknown="ignore"), ["city"])], remainder="passthrough"),
        LogisticRegression()).fit(frame, y)
    converted = to_onnx(pipe, frame[:1], options={"zipmap": False}, target_opset=18)
    onnx.save(converted, HERE / "columns.onnx")
    session = ort.InferenceSession(HERE / "columns.onnx", providers=["CPUExecutionProvider"])
    label, proba = session.run(None, {"age": frame[["age"]].values[:3], "city": frame[["city"]].values[:3].astype(object)})
    (HERE / "columns.expected.json").write_text(json.dumps({
        "age": frame["age"][:3].astype(float).tolist(), "city": frame["city"][:3].tolist(),
        "label": label.tolist(), "probabilities": proba.astype(float).ravel().tolist()}) + "\n")


def mlflow_onnx(model):
    x = RNG.normal(size=(5, 4)).astype(np.float32)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    y = session.run(None, {"x": x})[0]
    folder = fresh("onnx")
    mlflow.onnx.save_model(model, str(folder), signature=infer_signature(x, y, params={"temperature": 1e-05, "tags": ["a"]}),
                           metadata={"owner": "tests", "ratio": 0.5, "since": "2024-01-01", "on": "yes", "list": [1, None, {"é": True}]},
                           pip_requirements=["onnxruntime"])
    fix(folder, "model.onnx")
    golden(folder, [tensor("x", x)], [tensor("probabilities", y)])


def mlflow_xgboost():
    frame = pd.DataFrame(RNG.normal(size=(80, 3)), columns=["height", "weight", "age"])
    frame.iloc[::7, 1] = np.nan
    y = np.digitize(frame["height"], [-0.5, 0.5])
    booster = xgb.train({"objective": "multi:softprob", "num_class": 3, "max_depth": 3, "nthread": 1},
                        xgb.DMatrix(frame, y), 4)
    probabilities = booster.predict(xgb.DMatrix(frame[:5]))
    folder = fresh("xgboost-booster")
    mlflow.xgboost.save_model(booster, str(folder), signature=infer_signature(frame, probabilities),
                              pip_requirements=["xgboost"])
    fix(folder, "model.ubj")
    matrix = frame[:5].to_numpy()
    case = tensor("features", matrix)
    golden(folder, [case], [tensor("predictions", probabilities)])

    classifier = xgb.XGBClassifier(n_estimators=4, max_depth=3, n_jobs=1).fit(frame, y)
    labels = classifier.predict(frame[:5])
    folder = fresh("xgboost-classifier")
    mlflow.xgboost.save_model(classifier, str(folder), signature=infer_signature(frame, labels), model_format="json",
                              pip_requirements=["xgboost"])
    fix(folder, "model.json")
    golden(folder, [case], [tensor("predictions", labels.astype(np.int64))])


def xgboost_objectives():
    """A booster per objective, with what Python predicts: features, and answers row by row."""
    folder = HERE / "xgboost"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    x = RNG.normal(size=(100, 3)).astype(np.float32)
    x[::9, 1] = np.nan
    counts = RNG.poisson(3, 100)
    two_targets = np.stack([x[:, 0] * 3 + 7, x[:, 2] - 4], axis=1)
    cases = [
        ("regression", "ubj", x[:, 0] * 3 + 7, {"objective": "reg:squarederror"}),
        ("two_targets", "json", two_targets, {"objective": "reg:squarederror"}),
        ("quantiles", "ubj", x[:, 0] * 3 + 7, {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.9]}),
        ("binary", "json", (x[:, 0] > 0.8).astype(int), {"objective": "binary:logistic"}),
        ("counts", "ubj", counts, {"objective": "count:poisson"}),
        ("softprob", "json", np.digitize(x[:, 0], [0, 1]), {"objective": "multi:softprob", "num_class": 3}),
        ("softmax", "ubj", np.digitize(x[:, 0], [0, 1]), {"objective": "multi:softmax", "num_class": 3}),
        ("dart", "ubj", x[:, 0] * 3 + 7, {"objective": "reg:squarederror", "booster": "dart", "rate_drop": 0.5}),
        ("linear", "ubj", x[:, 0] * 3 + 7, {"objective": "reg:squarederror", "booster": "gblinear"}),
    ]
    rows = x[:6]
    expected = {"features": [["NaN" if v != v else float(v) for v in row] for row in rows]}
    for name, extension, y, params in cases:
        depth = {} if params.get("booster") == "gblinear" else {"max_depth": 3}
        booster = xgb.train({"nthread": 1, "seed": 1, **depth, **params}, xgb.DMatrix(x, y), 5)
        booster.save_model(folder / f"{name}.{extension}")
        expected[name] = booster.predict(xgb.DMatrix(rows)).reshape(6, -1).astype(float).tolist()
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


def mlflow_signatures():
    """Signatures of every kind as MLflow writes them: one JSON object per line, name and the three texts."""
    frame = pd.DataFrame({
        "a": [1.0, 2.0], "b": [1, 2], "c": ["x", "y"], "d": [True, False],
        "e": pd.to_datetime(["2024-01-01", "2024-01-02"]), "f": [b"x", b"y"],
        "g": np.array([1, 2], np.int32), "h": np.array([1, 2], np.float32)})
    signatures = {
        "tensor": infer_signature(np.zeros((2, 4), np.float32), np.zeros((2,), np.int64)),
        "named tensors": infer_signature(
            {"x": np.zeros((2, 4), np.float32), "y é": np.array(["a", "b"])},
            {"o": np.array([True]), "p": np.array(["a", None], dtype=object), "b": np.array([b"aa"]),
             "c": np.zeros((1, 2), np.complex64)}),
        "columns": infer_signature(frame, pd.DataFrame({"a": [1.0, None]}), params={
            "t": 1e-05, "n": 3, "s": "x\"\\\n\U0001f600", "l": [1.5, 2.0], "b": True, "big": 1e22, "o": {"b": "x", "a": 1}}),
        "nested": infer_signature([
            {"a": [1, 2], "o": {"x": 1, "y": ["s"]}}, {"a": [1], "o": {"x": 1, "y": ["s"], "z": 2.5}}], ["x"]),
    }
    from mlflow.types import ParamSchema, ParamSpec
    from mlflow.types.schema import AnyType, Array, Map, Object, Property
    signatures["every type"] = ModelSignature(
        inputs=Schema([
            ColSpec(Map(Array(DataType.double)), "m", required=False), ColSpec(AnyType(), "any"),
            ColSpec(Object([Property("p", DataType.string, required=False), Property("é", Array(DataType.long))]), "o")]),
        outputs=Schema([ColSpec(DataType.long)]),
        params=ParamSchema([
            ParamSpec("when", DataType.datetime, np.datetime64("2024-01-01T00:00:00")),
            ParamSpec("none", DataType.string, None), ParamSpec("nan", DataType.double, float("nan")),
            ParamSpec("inf", DataType.double, [float("inf"), -1e-300, 123456789012345680.0, 0.1, 1e16, 9999999999999998.0], (-1,))]))
    with open(HERE / "mlflow" / "signatures.jsonl", "w") as out:
        for name, signature in signatures.items():
            out.write(json.dumps({"name": name, **signature.to_dict()}) + "\n")


if __name__ == "__main__":
    network = mlp()
    two_in_two_out()
    identities()
    no_batch()
    strings()
    casts()
    unknown_shapes()
    runtime_failure()
    undeclared_rows()
    one_row_declared()
    outputs_of_no_node()
    external_data(network)
    sklearn_models()
    mlflow_onnx(network)
    mlflow_xgboost()
    xgboost_objectives()
    mlflow_signatures()
