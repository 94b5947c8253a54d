package io.fairlead.engine.internal.format;

import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The exception for a pickle: its content, why it is not loaded, and how to convert it. */
public final class PickleRefusal {
  private static final int MAX_SHOWN = 6;
  private static final Set<String> DANGEROUS_ANYWHERE = Set.of(
      "os",
      "posix",
      "nt",
      "subprocess",
      "pty",
      "ctypes",
      "importlib",
      "socket",
      "shutil",
      "marshal",
      "runpy",
      "_winapi");
  private static final Set<String> DANGEROUS_MODULES = Set.of(
      "sys",
      "code",
      "commands",
      "pdb",
      "bdb",
      "timeit",
      "webbrowser",
      "pip",
      "requests",
      "urllib",
      "http",
      "pickle",
      "_pickle",
      "operator",
      "asyncio",
      "multiprocessing");
  private static final Pattern DANGEROUS_FUNCTION = Pattern.compile(
      "(builtins|__builtin__|__builtins__)\\.(eval|exec|execfile|compile|open|file|input|apply|breakpoint|__import__)"
          + "|.*\\.__(globals|builtins|subclasses|code|import)__.*|types\\.(Code|Function)Type|torch\\.hub\\..*");
  private static final Pattern PLUMBING = Pattern.compile(
      "(builtins|__builtin__|collections|copyreg|copy_reg|_codecs|numpy|scipy|joblib|pathlib|datetime|functools"
          + "|torch\\._utils|torch\\.serialization|torch\\.storage)\\..*|torch\\.(\\w+Storage|\\w*Tensor|Size|device|dtype"
          + "|\\w*float\\w*|\\w*int\\w*)");

  private final ModelFile file;
  private final List<String> globals;
  private final List<String> telling;

  private PickleRefusal(ModelFile file, Pickle pickle) {
    this.file = file;
    this.globals = pickle.globals();
    this.telling =
        globals.stream().filter(name -> !PLUMBING.matcher(name).matches()).toList();
  }

  /** {@return the exception for a pickle, or for a PyTorch archive, which contains one} */
  public static ServingException of(ModelFile file, ModelFormat format, Failures failures) {
    Pickle pickle;
    try {
      pickle = Pickle.of(file);
    } catch (IOException e) {
      return failures.failure(
          ErrorKind.INVALID, file + " could not be read: " + Failures.reason(e), e);
    }
    if (format == ModelFormat.PYTORCH && pickle.globals().isEmpty()) {
      return format.refusal(file, failures);
    }
    PickleRefusal refusal = new PickleRefusal(file, pickle);
    return failures.failure(
        ErrorKind.UNSUPPORTED,
        file
            + " is a Python pickle, and loading a pickle runs whatever code is in it, so it is not loaded here. It names "
            + refusal.names() + (pickle.isComplete() ? "" : ", as far as it could be read")
            + ". " + refusal.remedy());
  }

  static boolean isDangerous(String global) {
    String[] parts = global.split("\\.", -1);
    for (int i = 0; i < parts.length - 1; i++) {
      if (DANGEROUS_ANYWHERE.contains(parts[i])) {
        return true;
      }
    }
    return DANGEROUS_MODULES.contains(parts[0])
        || DANGEROUS_FUNCTION.matcher(global).matches();
  }

  private List<String> dangerous() {
    return globals.stream().filter(PickleRefusal::isDangerous).toList();
  }

  private String names() {
    if (globals.isEmpty()) {
      return "no class";
    }
    Set<String> inOrder = new LinkedHashSet<>(dangerous());
    inOrder.addAll(telling);
    inOrder.addAll(globals);
    int more = inOrder.size() - MAX_SHOWN;
    return String.join(", ", inOrder.stream().limit(MAX_SHOWN).toList())
        + (more > 0 ? " and " + more + " more" : "");
  }

  private String remedy() {
    List<String> dangerous = dangerous();
    if (!dangerous.isEmpty()) {
      return "Of these, "
          + String.join(", ", dangerous.subList(0, Math.min(MAX_SHOWN, dangerous.size())))
          + (dangerous.size() == 1 ? " is" : " are")
          + " dangerous, and no model needs it: do not load the file anywhere before you know who made it and why";
    }
    return conversion()
        + ". If you trust the author of the file, the option trustedPickle runs it as it is, in a Python process of its"
        + " own";
  }

  private String conversion() {
    String first = telling.isEmpty() ? "" : telling.get(0);
    String input = quoted(file.fileName());
    String load = "python3 -c \"import sys, joblib; m = joblib.load(sys.argv[1]); ";
    if (first.startsWith("xgboost.")) {
      return "Save it as XGBoost's own format where it was made: " + load
          + "m.save_model(sys.argv[2])\" " + input + " " + quoted(file.stem() + ".ubj");
    }
    if (first.startsWith("lightgbm.")) {
      return "Save it as LightGBM's own format where it was made: " + load
          + "getattr(m, 'booster_', m).save_model(sys.argv[2])\" " + input + " "
          + quoted(file.stem() + ".txt");
    }
    if (telling.stream().anyMatch(name -> name.startsWith("sklearn."))) {
      return "Convert it to ONNX where it was made: python3 -c \"import sys, joblib, skl2onnx;"
          + " from skl2onnx.common.data_types import FloatTensorType; m = joblib.load(sys.argv[1]);"
          + " o = skl2onnx.to_onnx(m, initial_types=[('X', FloatTensorType([None, m.n_features_in_]))],"
          + " options={'zipmap': False} if hasattr(m, 'classes_') else None);"
          + " open(sys.argv[2], 'wb').write(o.SerializeToString())\" "
          + input + " " + onnx();
    }
    if (globals.stream().anyMatch(name -> name.startsWith("torch."))) {
      return telling.isEmpty() ? stateDict() : module();
    }
    return "Export it to ONNX where it was made, with the exporter of the library that it was made with";
  }

  private String stateDict() {
    return "It holds weights without a model (a state_dict), so export it where the model's class is: net ="
        + " Net(); net.load_state_dict(torch.load(" + python(file.fileName())
        + ", map_location='cpu')); net.eval(); torch.onnx.export(net, torch.zeros(1, ...), "
        + python(file.stem() + ".onnx")
        + "), or torch.jit.trace(net, torch.zeros(1, ...)).save(" + python(file.stem() + ".pt")
        + "), with an input of the model's shape";
  }

  private String module() {
    return "It holds a whole module, so export it where its classes are: python3 -c \"import sys, torch; net ="
        + " torch.load(sys.argv[1], map_location='cpu', weights_only=False).eval(); torch.onnx.export(net, torch.zeros(1,"
        + " ...), sys.argv[2])\" " + quoted(file.fileName()) + " " + onnx()
        + ", or with torch.jit.trace(net, torch.zeros(1, ...)).save(sys.argv[2]) to TorchScript, with an input of the"
        + " model's shape";
  }

  private String onnx() {
    return quoted(file.stem() + ".onnx");
  }

  private static String python(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }

  /** {@return a word quoted for a shell} */
  private static String quoted(String word) {
    return word.matches("[\\w.+=@%/][\\w.+=@%/-]*") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
