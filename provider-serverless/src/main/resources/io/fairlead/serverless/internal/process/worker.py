"""Loads one pickle, if its SHA-256 is the trusted one, and serves requests until it is closed."""
import csv
import hashlib
import io
import json
import os
import shutil
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

LOAD, READY, REQUEST, RESPONSE, ERROR, END = 1, 2, 3, 4, 5, 6
LIMIT = 256 << 20
PACKAGES = {"sklearn": "scikit-learn", "PIL": "pillow", "cv2": "opencv-python", "yaml": "pyyaml"}
DTYPES = {
    "BOOL": "bool", "UINT8": "uint8", "INT8": "int8", "INT16": "int16", "INT32": "int32", "INT64": "int64",
    "FP32": "float32", "FP64": "float64", "BYTES": "object",
}

requests = os.fdopen(os.dup(0), "rb")
answers = os.fdopen(3, "wb")
os.set_inheritable(3, False)
with open(os.devnull) as nothing:
    os.dup2(nothing.fileno(), 0)
writing = threading.Lock()


class Failure(Exception):
    """A failure: its kind and its message."""

    def __init__(self, kind, sentence):
        super().__init__(sentence)
        self.kind = kind


class Invalid(Exception):
    """An invalid request: the field, its rule, and the value as text."""

    def __init__(self, field, rule, value=""):
        super().__init__(f"{field} {rule}")
        self.problem = (field, rule, value)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError("a frame ends too early")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def string(self):
        return self.take(self.number(">i")).decode()


def string(text):
    data = text.encode("utf-8", "replace")
    return struct.pack(">i", len(data)) + data


def send(kind, call, body):
    with writing:
        answers.write(struct.pack(">ibq", 9 + len(body), kind, call))
        answers.write(body)
        answers.flush()


def causes(error):
    if error is None:
        return struct.pack(">i", 0)
    frames, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(string(trace.tb_frame.f_globals.get("__name__", "")) + string(code.co_name)
                      + string(os.path.basename(code.co_filename)) + struct.pack(">i", trace.tb_lineno))
        trace = trace.tb_next
    frames = frames[::-1][:40]
    text = f"{type(error).__name__}: {error}"
    return struct.pack(">i", 1) + string(text[:4000]) + struct.pack(">i", len(frames)) + b"".join(frames)


def send_failure(call, error, named):
    if isinstance(error, Invalid):
        body = b"\x01" + string("Request") + struct.pack(">i", 1)
        body += b"".join(string(part) for part in error.problem) + causes(None)
    else:
        if isinstance(error, Failure):
            kind, sentence, cause = error.kind, str(error), error.__cause__
        elif isinstance(error, MemoryError):
            kind, cause = "MODEL_FAILED", error
            sentence = (f"{named} ran out of memory: send less at a time, or give the function more memory")
        else:
            kind, cause = "MODEL_FAILED", error
            sentence = f"{named} failed: {type(error).__name__}: {' '.join(str(error).split())}"
        body = b"\x00" + string(kind) + string(sentence + ".") + struct.pack(">?q", False, -1) + causes(cause)
    send(ERROR, call, body)


def unpickled(path, digest):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as e:
        raise Failure("NOT_FOUND", f"'{path}' could not be read ({e.strerror}): check the path") from e
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise Failure("CONFLICT", f"'{path}' is not the trusted pickle: its SHA-256 is {found} instead of"
                                  f" {digest}, so it was not unpickled; find out what changed it")
    try:
        try:
            import joblib
            return joblib.load(io.BytesIO(data))
        except ImportError as e:
            if e.name != "joblib":
                raise
        import pickle
        return pickle.loads(data)
    except ImportError as e:
        package = (e.name or "?").split(".")[0]
        if package in sys.modules:
            raise Failure("UNSUPPORTED", f"'{path}' was made with another version of a Python package: {e}; install the"
                                         f" one that it was made with for {sys.executable}") from e
        raise Failure("UNSUPPORTED", f"'{path}' needs the Python package '{package}', which {sys.executable} does not"
                                     f" have: install it with {sys.executable} -m pip install"
                                     f" {PACKAGES.get(package, package)}, in the version that the pickle was made with"
                      ) from e
    except MemoryError:
        raise
    except Exception as e:
        raise Failure("INVALID", f"'{path}' could not be unpickled by {sys.executable} ({type(e).__name__}:"
                                 f" {' '.join(str(e).split())}): compare the versions of Python and of the packages that"
                                 " it was made with") from e


def plain(value):
    """A value of NumPy or Python as JSON has it; numbers that JSON lacks as strings."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def shape(value):
    dimensions = []
    while isinstance(value, list):
        dimensions.append(len(value))
        value = value[0] if value else None
    return dimensions


def flat(value):
    return [leaf for part in value for leaf in flat(part)] if isinstance(value, list) else [value]


class Model:
    def __init__(self, name, path, digest):
        self.name = name
        self.estimator = unpickled(path, digest)
        if not callable(getattr(self.estimator, "predict", None)):
            kind = type(self.estimator)
            raise Failure("INVALID", f"'{path}' holds a {kind.__module__}.{kind.__qualname__}, which has no predict():"
                                     " pickle an estimator or a pipeline that has")
        self.features = getattr(self.estimator, "n_features_in_", None)
        names = getattr(self.estimator, "feature_names_in_", None)
        self.names = None if names is None else [str(name) for name in names]
        self.classifies = hasattr(self.estimator, "classes_")
        self.estimates = callable(getattr(self.estimator, "predict_proba", None))

    def outputs(self):
        if not self.classifies:
            return ["prediction"]
        return ["label", "probabilities"] if self.estimates else ["label"]

    def description(self):
        def spec(name, datatype, *dimensions):
            return (string(name) + string(datatype) + struct.pack(">i", len(dimensions))
                    + b"".join(struct.pack(">q", dimension) for dimension in dimensions))

        features = -1 if self.features is None else int(self.features)
        inputs = [spec("X", "FP64", -1, features)]
        if self.classifies:
            kind = getattr(getattr(self.estimator, "classes_"), "dtype", None)
            number = getattr(kind, "kind", "O")
            datatype = "INT64" if number in "iu" else "FP64" if number == "f" else "BOOL" if number == "b" else "BYTES"
            outputs = [spec("label", datatype, -1)]
            if self.estimates:
                outputs.append(spec("probabilities", "FP64", -1, len(self.estimator.classes_)))
        else:
            outputs = [spec("prediction", "FP64", -1)]
        return b"".join(struct.pack(">i", len(specs)) + b"".join(specs) for specs in (inputs, outputs))

    def table(self, rows):
        if isinstance(rows[0], dict):
            if self.names is None:
                raise Invalid("instances", "must be arrays of numbers: this model knows its features by position only")
            for index, row in enumerate(rows):
                if not isinstance(row, dict) or set(row) != set(self.names):
                    raise Invalid(f"instances[{index}]", "must have exactly the fields " + ", ".join(self.names))
            table = [[row[name] for name in self.names] for row in rows]
        else:
            for index, row in enumerate(rows):
                if not isinstance(row, list):
                    raise Invalid(f"instances[{index}]", "must be an array")
                if self.features is not None and len(row) != self.features:
                    raise Invalid(f"instances[{index}]", f"must have {self.features} elements", str(len(row)))
                if len(row) != len(rows[0]):
                    raise Invalid(f"instances[{index}]", f"must have {len(rows[0])} elements, as the first has",
                                  str(len(row)))
            table = rows
        if self.names is not None:
            try:
                import pandas
                return pandas.DataFrame(table, columns=self.names)
            except ImportError:
                pass
        return self.array(table, None)

    @staticmethod
    def array(table, dtype):
        try:
            import numpy
        except ImportError:
            return table
        try:
            array = numpy.array(table, dtype=dtype)
        except (TypeError, ValueError) as e:
            raise Invalid("inputs[0].data", "must be elements of the datatype") from e
        return array if dtype is not None or array.dtype.kind in "biuf" else numpy.array(table, dtype=object)

    def run(self, table):
        if not self.classifies:
            return {"prediction": plain(self.estimator.predict(table))}
        result = {"label": plain(self.estimator.predict(table))}
        if self.estimates:
            result["probabilities"] = plain(self.estimator.predict_proba(table))
        return result

    def wanted(self, question):
        wanted = question.get("outputs")
        if wanted is None:
            return self.outputs()
        names = []
        if not isinstance(wanted, list) or not wanted:
            raise Invalid("outputs", "must be an array of objects with a name")
        for index, output in enumerate(wanted):
            name = output.get("name") if isinstance(output, dict) else None
            if name not in self.outputs():
                raise Invalid(f"outputs[{index}].name", "must be one of " + ", ".join(self.outputs()), str(name))
            names.append(name)
        return names

    def question(self, content_type, body):
        kind = content_type.split(";")[0].strip().lower()
        if kind == "text/csv":
            return {"instances": self.rows(content_type.lower(), body)}
        if kind not in ("application/json", "application/octet-stream"):
            raise Invalid("contentType", "must be application/json or text/csv", f'"{content_type}"')
        try:
            question = json.loads(body, object_pairs_hook=self.once)
        except (ValueError, RecursionError) as e:
            raise Invalid("body", "must be a JSON object") from e
        if isinstance(question, list):
            return {"instances": question}
        if not isinstance(question, dict):
            raise Invalid("body", "must be a JSON object")
        return {name: value for name, value in question.items() if value is not None}

    @staticmethod
    def once(members):
        found = dict(members)
        if len(found) != len(members):
            raise Invalid("body", "must hold each field of an object once")
        return found

    @staticmethod
    def rows(content_type, body):
        try:
            lines = body.decode("utf-8-sig").rstrip("\r\n").splitlines()
            table = list(csv.reader(lines))
        except UnicodeDecodeError as e:
            raise Invalid("body", "must be in UTF-8") from e
        except csv.Error as e:
            raise Invalid("body", f"must be CSV: {e}") from e
        rows = []
        for fields in table[1 if "header=present" in content_type.replace(" ", "") else 0:]:
            row = []
            for field in fields:
                try:
                    row.append(float(field if "_" not in field else "_"))
                except ValueError as e:
                    raise Invalid(f"row {len(rows) + 1}, field {len(row) + 1}",
                                  "must be a number, or nan where a value is missing") from e
            rows.append(row)
        return rows

    @staticmethod
    def ignored(question):
        parameters = question.get("parameters", {})
        if not isinstance(parameters, dict):
            raise Invalid("parameters", "must be an object")
        return ["".join(letter if "!" <= letter <= "~" and letter != "," else "?" for letter in name)[:40]
                for name in list(parameters)[:5]]

    def answer(self, question):
        if ("instances" in question) == ("inputs" in question):
            raise Invalid("inputs", "must be present, or instances, and not both, such as "
                          + json.dumps({"instances": [[0] * min(int(self.features or 1), 16)]}))
        wanted = self.wanted(question)
        if "instances" in question:
            rows = question["instances"]
            if not isinstance(rows, list) or not rows:
                raise Invalid("instances", "must be an array of rows, and not empty")
            result = self.run(self.table(rows))
            columns = [result[name] for name in wanted]
            predictions = columns[0] if len(columns) == 1 else [dict(zip(wanted, row)) for row in zip(*columns)]
            return {"predictions": predictions}
        result = self.run(self.tensor(question["inputs"]))
        answer = {"model_name": self.name}
        if "id" in question:
            answer["id"] = question["id"]
        answer["outputs"] = [{"name": name, "shape": shape(result[name]), "datatype": self.datatype(result[name]),
                              "data": flat(result[name])} for name in wanted]
        return answer

    def tensor(self, inputs):
        if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
            raise Invalid("inputs", "must be an array of one tensor")
        given = inputs[0]
        dtype = DTYPES.get(given.get("datatype"))
        if dtype is None:
            raise Invalid("inputs[0].datatype", "must be one of " + ", ".join(DTYPES), str(given.get("datatype")))
        dimensions = given.get("shape")
        if (not isinstance(dimensions, list) or len(dimensions) != 2
                or not all(type(d) is int and d > 0 for d in dimensions)
                or self.features is not None and dimensions[1] != self.features):
            features = "features" if self.features is None else self.features
            raise Invalid("inputs[0].shape", f"must be [rows, {features}]", json.dumps(dimensions)[:100])
        data = given.get("data")
        data = flat(data) if isinstance(data, list) else []
        if len(data) != dimensions[0] * dimensions[1]:
            raise Invalid("inputs[0].data", f"must have {dimensions[0] * dimensions[1]} elements", str(len(data)))
        width = dimensions[1]
        return self.array([data[at:at + width] for at in range(0, len(data), width)], dtype)

    @staticmethod
    def datatype(value):
        leaves = flat(value)
        if all(isinstance(leaf, bool) for leaf in leaves):
            return "BOOL"
        if all(isinstance(leaf, int) for leaf in leaves):
            return "INT64"
        return "BYTES" if any(isinstance(leaf, str) for leaf in leaves) else "FP64"


model = None


def load(call, body):
    global model
    named = "The model"
    try:
        what = Reader(body)
        name, path, digest = what.string(), what.string(), what.string()
        named = f"Model '{name}'"
        model = Model(name, path, digest)
        send(READY, call, string(name) + string(digest) + model.description())
    except BaseException as e:
        send_failure(call, e, named)


def respond(call, body):
    named = f"Model '{model.name}'" if model else "The model"
    try:
        what = Reader(body)
        what.number(">q")
        content_type = what.string()
        what.string()  # the path, which means nothing to a model
        question = model.question(content_type, body[what.at:])
        ignored = model.ignored(question)
        answer = json.dumps(model.answer(question), separators=(",", ":"), default=str).encode()
        if len(answer) > LIMIT - 100:
            raise Failure("MODEL_FAILED", f"{named} returned a response of {len(answer)} bytes, and a worker process transfers"
                                          f" at most {LIMIT}: request less")
        names = struct.pack(">i", len(ignored)) + b"".join(string(name) for name in ignored)
        no_texts = struct.pack(">i", 0)  # that were cut off
        send(RESPONSE, call, string("application/json") + names + no_texts + answer)
    except SystemExit:
        os._exit(1)
    except BaseException as e:
        send_failure(call, e, named)


def leave():
    """Deletes the temporary folders of a parent process that has exited."""
    folder = os.environ.get("TMPDIR", "")
    root = os.path.dirname(folder)
    if os.path.basename(root).startswith("fairlead-workers-"):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            import fcntl
            if os.listdir(root) == ["lock"]:
                with open(os.path.join(root, "lock"), "r+b") as lock:
                    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(root, ignore_errors=True)
        except (ImportError, OSError):
            pass
    os._exit(0)


def main():
    callers = ThreadPoolExecutor(max_workers=256, thread_name_prefix="fairlead-worker")
    while True:
        head = requests.read(13)
        if len(head) < 13:
            leave()
        length, kind, call = struct.unpack(">ibq", head)
        if not 9 <= length <= LIMIT + 9:
            print(f"a frame of {length} bytes was announced, which violates the protocol", file=sys.stderr)
            os._exit(70)
        body = requests.read(length - 9)
        if len(body) < length - 9:
            leave()
        if kind == LOAD:
            threading.Thread(target=load, args=(call, body), daemon=True).start()
        elif kind == REQUEST:
            callers.submit(respond, call, body)
        elif kind == END:
            os._exit(0)


main()
