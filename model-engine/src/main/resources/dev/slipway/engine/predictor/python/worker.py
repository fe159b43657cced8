"""Loads one model package and answers predictions over its standard input and output.

Started by dev.slipway.engine.predictor.python.Worker, which sends this text ahead of the first
frame. A frame, in both directions:

    kind (1 byte)   header bytes (u32)   data bytes (u64)   header (JSON)   data

little-endian. Data is the tensors of header["tensors"], one after the other, each in the raw layout
of the Open Inference Protocol and padded with zeros to a multiple of 8 bytes. Kinds, and who sends
them: S start, P predict (the server); R ready, A answer, E error (this program).

Needs nothing beyond the standard library. With NumPy tensors are arrays, without it nested lists;
with pandas columns are a DataFrame, without it a dict of them by name.
"""

import array
import ctypes
import faulthandler
import importlib
import io
import json
import os
import pickle
import signal
import struct
import sys
import threading
import traceback
import types

MAX_FRAMES_IN_TRACE = 40
MAX_TEXT = 2000  # Characters of a message, and of a frame.
HEAD = struct.Struct("<cIQ")
LENGTH = struct.Struct("<I")

# NumPy's name, and the code of the array module where there is one.
TYPES = {
    "BOOL": ("?", None),
    "INT8": ("<i1", "b"),
    "INT16": ("<i2", "h"),
    "INT32": ("<i4", "i"),
    "INT64": ("<i8", "q"),
    "UINT8": ("<u1", "B"),
    "UINT16": ("<u2", "H"),
    "UINT32": ("<u4", "I"),
    "UINT64": ("<u8", "Q"),
    "FP16": ("<f2", None),
    "FP32": ("<f4", "f"),
    "FP64": ("<f8", "d"),
    "BF16": ("bfloat16", None),
    "BYTES": (None, None),
}


class Problem(Exception):
    """What the caller is told; kind is input, model, package or unsupported."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def find_module(name):
    """Imports a module; None if it is not installed. One that is broken raises."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as e:
        if e.name == name.split(".")[0]:
            return None
        raise


class Pipe:
    """Frames over two file descriptors."""

    def __init__(self, reading, writing):
        self.source = io.FileIO(reading, "rb")
        self.sink = io.FileIO(writing, "wb")
        self.max_bytes = 0

    def close(self):
        self.source.close()
        self.sink.close()

    def read_exactly(self, size):
        content = bytearray(size)
        view = memoryview(content)
        while view:
            count = self.source.readinto(view)
            if not count:
                os._exit(0)  # The server is gone, or has no more use for this process.
            view = view[count:]
        return content

    def read(self):
        kind, header_bytes, data_bytes = HEAD.unpack(self.read_exactly(HEAD.size))
        header = json.loads(self.read_exactly(header_bytes))
        return kind, header, memoryview(self.read_exactly(data_bytes))

    def write(self, kind, header, blocks=()):
        encoded = json.dumps(header).encode()
        size = sum(padded(len(block)) for block in blocks)
        if self.max_bytes and len(encoded) + size > self.max_bytes:
            raise Problem(
                "model", f"the answer has {size} bytes; at most {self.max_bytes} are sent"
            )
        self.write_all(HEAD.pack(kind, len(encoded), size) + encoded)
        for block in blocks:
            self.write_all(block)
            self.write_all(b"\0" * (padded(len(block)) - len(block)))

    def write_all(self, content):
        view = memoryview(content)
        while view:
            view = view[self.sink.write(view) :]


def padded(size):
    return (size + 7) & ~7


# Tensors as nested lists, where NumPy is not installed.


def nest(flat, shape):
    if not shape:
        return flat[0]
    for size in reversed(shape[1:]):
        flat = [flat[i * size : (i + 1) * size] for i in range(len(flat) // size if size else 0)]
    return flat


def flatten(value):
    """Returns the shape and the elements of nested lists, which must be regular."""
    if not isinstance(value, (list, tuple)):
        return [], [value]
    parts = [flatten(item) for item in value]
    shapes = [shape for shape, _ in parts]
    if any(shape != shapes[0] for shape in shapes):
        raise Problem("model", "an output is a list of lists that differ in length")
    return [len(value), *(shapes[0] if shapes else [])], [x for _, flat in parts for x in flat]


class Lists:
    """Tensors as nested lists of Python's own values."""

    def decode(self, datatype, shape, raw, elements):
        if datatype == "BYTES":
            return nest(elements, shape)
        if datatype == "BOOL":
            return nest([byte != 0 for byte in raw], shape)
        if datatype == "FP16":
            return nest([value for (value,) in struct.iter_unpack("<e", raw)], shape)
        values = array.array(TYPES[datatype][1])
        values.frombytes(raw)
        return nest(values.tolist(), shape)

    def encode(self, value, spec):
        shape, flat = flatten(value)
        shape = fit_shape(shape, spec)
        datatype = spec["datatype"]
        try:
            if datatype == "BYTES":
                return shape, encode_texts(flat, spec)
            if datatype == "BOOL":
                if not all(item in (0, 1) for item in flat):
                    raise ValueError("not true or false")
                return shape, bytes(flat)
            if datatype == "FP16":
                return shape, struct.pack(f"<{len(flat)}e", *flat)
            if datatype not in ("FP32", "FP64"):
                flat = [whole(item) for item in flat]
            return shape, array.array(TYPES[datatype][1], flat).tobytes()
        except (TypeError, ValueError, OverflowError, struct.error) as e:
            raise Problem("model", f"output {spec['name']} is not {datatype}: {e}") from e

    def supports(self, datatype):
        return datatype == "BYTES" or datatype in ("BOOL", "FP16") or bool(TYPES[datatype][1])


def whole(value):
    if int(value) != value:
        raise ValueError(f"{value} is not a whole number")
    return int(value)


class Arrays:
    """Tensors as NumPy's arrays."""

    def __init__(self, numpy):
        self.np = numpy

    def supports(self, datatype):
        try:
            return datatype == "BYTES" or bool(self.dtype(datatype))
        except TypeError:
            return False

    def dtype(self, datatype):
        if datatype == "BF16":
            find_module("ml_dtypes")
        return self.np.dtype(TYPES[datatype][0])

    def decode(self, datatype, shape, raw, elements):
        if datatype == "BYTES":
            values = self.np.empty(len(elements), dtype=object)
            for index, element in enumerate(elements):
                values[index] = element  # A slice would take lists apart.
            return values.reshape(shape)
        return self.np.frombuffer(raw, dtype=self.dtype(datatype)).reshape(shape)

    def array(self, value):
        for step in ("detach", "cpu", "toarray", "to_numpy", "numpy"):
            # PyTorch, SciPy's sparse matrices, pandas, TensorFlow.
            if hasattr(value, step) and not isinstance(value, self.np.ndarray):
                value = getattr(value, step)()
        return self.np.asarray(value)

    def encode(self, value, spec):
        values = self.array(value)
        values = values.reshape(fit_shape(list(values.shape), spec))
        shape, datatype = list(values.shape), spec["datatype"]
        if datatype == "BYTES":
            return shape, encode_texts(self.texts(values), spec)
        try:
            target = self.convert(values, self.dtype(datatype))
        except (TypeError, ValueError, OverflowError) as e:
            raise Problem("model", f"output {spec['name']} is not {datatype}: {e}") from e
        return shape, memoryview(self.np.ascontiguousarray(target).view(self.np.uint8).ravel())

    def texts(self, values):
        if values.dtype.kind == "M":
            missing = self.np.isnat(values)
            values = self.np.where(missing, None, self.np.datetime_as_string(values))
        return values.ravel().tolist()

    def convert(self, values, target):
        """Casts numbers where no more is lost than digits of a floating-point number."""
        source = values.dtype
        if source == target:
            return values
        if source.kind not in "OVbiufc" or source.kind == "c":
            raise ValueError(f"it is {source}")
        cast = values.astype(target)
        exact = target.kind in "biu" and not self.np.can_cast(source, target, "safe")
        if exact and not (cast == values).all():
            raise ValueError(f"it is {source}, and values do not fit")
        return cast


def fit_shape(shape, spec):
    """Returns the shape that the output gets: as declared, but for dimensions of size 1."""
    declared = spec["shape"]
    rank = len(declared)
    if len(shape) == rank + 1 and shape[-1] == 1:
        shape = shape[:-1]
    elif len(shape) == rank - 1 and declared[-1] in (1, -1):
        shape = [*shape, 1]
    if len(shape) != rank or any(d not in (-1, s) for d, s in zip(declared, shape)):
        raise Problem(
            "model", f"output {spec['name']} has the shape {shape}; declared is {declared}"
        )
    return shape


def decode_texts(raw, count, spec):
    texts, at = [], 0
    for _ in range(count):
        (size,) = LENGTH.unpack_from(raw, at)
        texts.append(bytes(raw[at + 4 : at + 4 + size]))
        at += 4 + size
    if spec["type"] in ("binary", "bytes"):
        return texts
    read = json.loads if spec["type"] == "json" else bytes.decode
    try:
        return [read(text) for text in texts]
    except ValueError as e:
        form = "JSON" if spec["type"] == "json" else "UTF-8"
        raise Problem("input", f"{spec['name']} is not {form}: {e}") from e


def plain(value):
    """Returns the JSON form of what the json module does not know."""
    for step in ("tolist", "isoformat"):
        if hasattr(value, step):
            return getattr(value, step)()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def encode_json(values, spec):
    """Returns shape and bytes of a column of nested values, each as JSON text."""
    try:
        texts = [json.dumps(value, default=plain) for value in values]
    except (TypeError, ValueError) as e:
        raise Problem("model", f"output {spec['name']} is not nested values: {e}") from e
    return [len(texts)], encode_texts(texts, spec)


def encode_texts(values, spec):
    blocks = []
    for index, value in enumerate(values):
        if hasattr(value, "isoformat") and value == value:  # NaT is not itself.
            value = value.isoformat()
        if isinstance(value, str):
            value = value.encode()
        elif not isinstance(value, (bytes, bytearray)):
            raise Problem(
                "model",
                f"output {spec['name']} has {value!r:.80} at {index}, which is neither text nor"
                " bytes",
            )
        blocks += [LENGTH.pack(len(value)), value]
    return b"".join(blocks)


class Inputs:
    """Turns tensors into what the model takes."""

    def __init__(self, schema, tensors, pandas):
        self.columns = schema["kind"] == "columns"
        self.specs = {spec["name"]: spec for spec in schema["specs"]}
        self.named = schema["named"]
        self.tensors = tensors
        self.pandas = pandas

    def assemble(self, header, data):
        values, at = {}, 0
        for tensor in header["tensors"]:
            size = tensor["bytes"]
            spec = self.specs.get(tensor["name"], {"name": tensor["name"], "type": "number"})
            values[tensor["name"]] = self.decode(tensor, spec, data[at : at + size])
            at += padded(size)
        if header["matrix"]:
            values = self.split_matrix(next(iter(values.values())))
        if self.columns:
            return self.table(values)
        return values if self.named else next(iter(values.values()))

    def decode(self, tensor, spec, raw):
        shape, elements = tensor["shape"], None
        if self.columns and not self.matrix_like(shape):
            shape = shape[:1]
        if tensor["datatype"] == "BYTES":
            count = 1
            for size in shape:
                count *= size
            elements = decode_texts(raw, count, spec)
        return self.tensors.decode(tensor["datatype"], shape, raw, elements)

    def matrix_like(self, shape):
        return len(shape) == 2 and shape[1] != 1

    def split_matrix(self, matrix):
        names = list(self.specs)
        if isinstance(matrix, list):
            if matrix and not isinstance(matrix[0], list):
                matrix = [[value] for value in matrix]
            columns = [[row[i] for row in matrix] for i in range(len(names))]
        else:
            columns = list(matrix.reshape(len(matrix), len(names)).T)
        return {name: self.as_declared(name, column) for name, column in zip(names, columns)}

    def as_declared(self, name, column):
        datatype = self.specs[name]["datatype"]
        try:
            if isinstance(column, list):
                return column if datatype in ("FP32", "FP64") else [whole(x) for x in column]
            return self.tensors.convert(column, self.tensors.dtype(datatype))
        except (ValueError, OverflowError) as e:
            raise Problem("input", f"column {name} is {self.specs[name]['type']}: {e}") from e

    def table(self, values):
        if self.pandas is None:
            return values
        pd = self.pandas
        columns = {}
        for name, spec in self.specs.items():
            if name in values:
                columns[name] = self.series(spec, values[name])
        frame = pd.DataFrame(columns)
        if not self.named:
            frame.columns = range(len(frame.columns))
        return frame

    def series(self, spec, values):
        pd = self.pandas
        if spec["type"] != "datetime":
            return pd.Series(values, dtype=object if spec["datatype"] == "BYTES" else None)
        try:
            times = pd.to_datetime(pd.Series(values, dtype=object), format="ISO8601", utc=True)
        except (ValueError, TypeError) as e:
            raise Problem("input", f"column {spec['name']} is no ISO 8601 time: {e}") from e
        return times.dt.tz_localize(None).astype("datetime64[ns]")


class Outputs:
    """Turns what the model gives into tensors as its signature declares them."""

    def __init__(self, schema, tensors):
        self.specs = schema["specs"]
        self.tensors = tensors

    def encode(self, result, wanted):
        values = self.split(result)
        specs = {spec["name"]: spec for spec in self.specs}
        described, blocks = [], []
        for name in wanted:
            nested = specs[name]["type"] == "json"
            encode = encode_json if nested else self.tensors.encode
            shape, block = encode(values[name], specs[name])
            described.append(
                {
                    "name": name,
                    "datatype": specs[name]["datatype"],
                    "shape": shape,
                    "bytes": len(block),
                }
            )
            blocks.append(block)
        return {"tensors": described}, blocks

    def split(self, result):
        names = [spec["name"] for spec in self.specs]
        if isinstance(result, list) and result and all(isinstance(row, dict) for row in result):
            if all(name in row for row in result for name in names):
                return {name: [row[name] for row in result] for name in names}
        if hasattr(result, "columns") and hasattr(result, "iloc"):
            return self.split_frame(result, names)
        if isinstance(result, dict):
            if len(names) == 1 and len(result) == 1:
                return {names[0]: next(iter(result.values()))}
            missing = [name for name in names if name not in result]
            if missing:
                raise Problem("model", f"the answer lacks {missing}; it has {list(result)}")
            return {name: result[name] for name in names}
        if len(names) == 1:
            return {names[0]: result}
        if isinstance(result, tuple) and len(result) == len(names):
            return dict(zip(names, result))
        return self.split_rows(result, names)

    def split_frame(self, frame, names):
        if all(name in frame.columns for name in names):
            return {name: frame[name] for name in names}
        if len(frame.columns) == len(names):
            return {name: frame.iloc[:, i] for i, name in enumerate(names)}
        if len(names) == 1:
            return {names[0]: frame.to_numpy()}
        raise Problem("model", f"the answer has the columns {list(frame.columns)}, not {names}")

    def split_rows(self, rows, names):
        if isinstance(self.tensors, Arrays):
            rows = self.tensors.array(rows)
            if rows.ndim == 2 and rows.shape[1] == len(names):
                return {name: rows[:, i] for i, name in enumerate(names)}
        elif isinstance(rows, list) and all(
            isinstance(row, (list, tuple)) and len(row) == len(names) for row in rows
        ):
            return {name: [row[i] for row in rows] for i, name in enumerate(names)}
        raise Problem("model", f"the answer is {type(rows).__name__}, not {len(names)} outputs")


# Ways to load a package.


def load(start):
    """Returns a function of data and parameters, and what loaded it."""
    mlflow = find_module("mlflow")
    if mlflow is not None:
        pyfunc = importlib.import_module("mlflow.pyfunc")
        model = pyfunc.load_model(start["package"])
        return with_params(model.predict, start), "mlflow " + mlflow.__version__
    config = start["function"]
    for folder in code_folders(start, config):
        sys.path.insert(0, folder)
    module = config.get("loader_module")
    if module == "mlflow.sklearn":
        return load_sklearn(start, config), "sklearn"
    if module == "mlflow.pyfunc.model":
        return load_python_model(start, config), "cloudpickle"
    if not isinstance(module, str) or module.startswith("mlflow."):
        raise Problem(
            "unsupported",
            f"a package with the loader_module {module} needs MLflow, which this Python lacks:"
            " install mlflow or mlflow-skinny",
        )
    data = config.get("data")
    path = inside(start, data) if data else start["package"]
    model = importlib.import_module(module)._load_pyfunc(path)
    return with_params(model.predict, start), module


def code_folders(start, config):
    code = config.get("code")
    return [inside(start, code)] if code else []


def inside(start, path):
    root = os.path.realpath(start["package"])
    full = os.path.realpath(os.path.join(root, path))
    if os.path.commonpath([root, full]) != root or not os.path.exists(full):
        raise Problem("package", f"the package has no {path}")
    return full


def with_params(predict, start):
    if start["params"]:
        return lambda data, params: predict(data, params=params)
    return lambda data, params: predict(data)


def unpickle(path, text):
    # What cloudpickle wrote needs it to be there; plain pickles do not.
    reader = find_module("cloudpickle") or pickle
    with open(path, "rb") as file:
        try:
            return reader.load(file)
        except ModuleNotFoundError as e:
            raise Problem("unsupported", f"{text} needs {e.name}, which this Python lacks") from e


def load_sklearn(start, config):
    flavor = start["flavors"].get("sklearn") or {}
    path = flavor.get("pickled_model") or config.get("model_path") or "model.pkl"
    form = flavor.get("serialization_format") or "pickle"
    if form not in ("pickle", "cloudpickle"):
        raise Problem("unsupported", f"a model in {form} needs MLflow, which this Python lacks")
    model = unpickle(inside(start, path), path)
    function = getattr(model, config.get("predict_fn") or "predict")
    return lambda data, params: function(data)


def load_python_model(start, config):
    """Loads a custom model whose class knows MLflow's base class by name alone."""
    package = types.ModuleType("mlflow")
    pyfunc = types.ModuleType("mlflow.pyfunc")
    model_module = types.ModuleType("mlflow.pyfunc.model")

    class PythonModel:
        def load_context(self, context):
            pass

    PythonModel.__module__ = "mlflow.pyfunc.model"
    model_module.PythonModel = pyfunc.PythonModel = PythonModel
    package.pyfunc, pyfunc.model = pyfunc, model_module
    sys.modules.update(
        {"mlflow": package, "mlflow.pyfunc": pyfunc, "mlflow.pyfunc.model": model_module}
    )
    path = config.get("python_model")
    if not isinstance(path, str) or not path.endswith(".pkl"):
        raise Problem("unsupported", f"the model {path} needs MLflow, which this Python lacks")
    model = unpickle(inside(start, path), path)
    artifacts = {
        name: inside(start, entry["path"]) for name, entry in (config.get("artifacts") or {}).items()
    }
    context = types.SimpleNamespace(artifacts=artifacts, model_config=config.get("config") or {})
    model.load_context(context)
    if start["params"]:
        return lambda data, params: model.predict(context, data, params=params)
    return lambda data, params: model.predict(context, data)


class Model:
    """A loaded package."""

    def __init__(self, start):
        self.predict, self.loader = load(start)
        numpy = find_module("numpy")
        pandas = find_module("pandas") if numpy else None
        tensors = Arrays(numpy) if numpy else Lists()
        for schema in (start["inputs"], start["outputs"]):
            for spec in schema["specs"]:
                if not tensors.supports(spec["datatype"]):
                    raise Problem(
                        "unsupported",
                        f"{spec['name']} is {spec['datatype']}, which this Python cannot read;"
                        " it needs numpy, for BF16 ml_dtypes too",
                    )
        self.inputs = Inputs(start["inputs"], tensors, pandas)
        self.outputs = Outputs(start["outputs"], tensors)

    def answer(self, header, data):
        result = self.predict(self.inputs.assemble(header, data), header["params"])
        return self.outputs.encode(result, header["outputs"])


def describe(error):
    """Returns what a failure says, its frames from the innermost outward."""
    frames = [
        f"at {os.path.basename(os.path.dirname(frame.filename))}/{os.path.basename(frame.filename)}"
        f":{frame.lineno} in {frame.name}" + (f": {frame.line}" if frame.line else "")
        for frame in reversed(traceback.extract_tb(error.__traceback__))
        if frame.filename != __file__
    ]
    if isinstance(error, Problem):
        return {"kind": error.kind, "problem": str(error)[:MAX_TEXT], "trace": []}
    text = "".join(traceback.format_exception_only(type(error), error)).strip()
    frames = [frame[:MAX_TEXT] for frame in frames[:MAX_FRAMES_IN_TRACE]]
    return {"kind": "model", "problem": text[:MAX_TEXT], "trace": frames}


PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def die_with_the_parent():
    """Asks the kernel to end this process with the thread that started it."""
    if PRCTL is not None:
        pr_set_pdeathsig = 1
        PRCTL(pr_set_pdeathsig, signal.SIGKILL)


def leave_to_the_server(number, frame):
    """Does nothing: the server answers its last calls and then ends this process."""


class Forks:
    """Makes what the model forks an ordinary process that ends with this one.

    A fork has copies of the pipe, which would hide this process's end from the server, and of the
    signal handlers, but not the kernel's promise to end it with its parent. The stop signals wait
    while it is made, so that none of them meets the old handler.
    """

    def __init__(self, pipe):
        self.pipe = pipe
        self.main_thread = threading.get_ident()  # The same in a fork.
        self.parent = None
        self.thread = threading.local()
        os.register_at_fork(
            before=self.before, after_in_parent=self.in_parent, after_in_child=self.in_child
        )

    def before(self):
        self.parent = os.getpid()
        self.thread.mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)

    def in_parent(self):
        signal.pthread_sigmask(signal.SIG_SETMASK, self.thread.mask)

    def in_child(self):
        self.pipe.close()
        # The kernel's parent is a thread; the others of a model may end before what they forked.
        if threading.get_ident() == self.main_thread:
            die_with_the_parent()
            if os.getppid() != self.parent:
                os._exit(1)
        for number, handler in zip(STOP_SIGNALS, (signal.default_int_handler, signal.SIG_DFL)):
            if signal.getsignal(number) is leave_to_the_server:
                signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self.thread.mask)


def take_pipe():
    """Takes the server's pipe away from whatever the model prints and reads."""
    pipe = Pipe(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return pipe


def main():
    die_with_the_parent()
    # If the server died before that, the first read finds the end of the input.
    # What is sent to the whole group is for the server. Handlers, and not SIG_IGN, which programs
    # that the model runs would inherit.
    for number in STOP_SIGNALS:
        signal.signal(number, leave_to_the_server)
    faulthandler.enable()
    pipe = take_pipe()
    Forks(pipe)
    _, start, _ = pipe.read()
    pipe.max_bytes = start["max_bytes"]
    try:
        model = Model(start)
    except BaseException as e:
        failure = describe(e)
        if isinstance(e, ImportError):
            failure["kind"] = "unsupported"
        pipe.write(b"E", failure)
        os._exit(0)  # Python 3.8 and 3.9 crash when they take hooks of forks apart.
    pipe.write(b"R", {"loader": model.loader})
    while True:
        _, header, data = pipe.read()
        try:
            answer, blocks = model.answer(header, data)
            pipe.write(b"A", answer, blocks)
        except BaseException as e:
            pipe.write(b"E", describe(e))
        # Nothing of this request stays while the next one is awaited.
        header = data = answer = blocks = None


main()
