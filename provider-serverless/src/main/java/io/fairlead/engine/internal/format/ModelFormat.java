package io.fairlead.engine.internal.format;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.util.regex.Pattern;

/**
 * A format of model files, detected by their first bytes, with the remedy if no engine reads it.
 *
 * <p>ONNX files have no magic number: a file of no other format is taken for one.
 */
public enum ModelFormat {
  PICKLE(
      "\\x80[\\x02-\\x05]",
      ErrorKind.UNSUPPORTED,
      "a Python pickle, which runs code of its own when it is loaded",
      "convert it to ONNX where it was made, with skl2onnx.to_onnx (scikit-learn) or torch.onnx.export (PyTorch)"),
  /** Detected by the directory of a PyTorch archive, which is at its end. */
  TORCHSCRIPT(
      "(?!)",
      ErrorKind.UNSUPPORTED,
      "a TorchScript model",
      "export the module to ONNX with torch.onnx.export"),
  PYTORCH(
      "PK\\x03\\x04.*/(data\\.pkl|data/|code/)",
      ErrorKind.UNSUPPORTED,
      "a PyTorch archive",
      "export the module to ONNX with torch.onnx.export"),
  ZIP(
      "PK\\x03\\x04",
      ErrorKind.INVALID,
      "a ZIP archive, such as torch.save and torch.jit.save write",
      "unpack it, or export a PyTorch module to ONNX with torch.onnx.export"),
  XGBOOST(
      "\\s*\\{\\s*\"learner\"|\\{L.{8}learner|binf",
      ErrorKind.UNSUPPORTED,
      "an XGBoost model",
      "convert it to ONNX with onnxmltools.convert_xgboost"),
  LIGHTGBM(
      "tree\\r?\\nversion=",
      ErrorKind.UNSUPPORTED,
      "a LightGBM model",
      "convert it to ONNX with onnxmltools.convert_lightgbm"),
  SAFETENSORS(
      ".{6}\\x00\\x00\\{\"",
      ErrorKind.UNSUPPORTED,
      "a safetensors file, which holds weights without the model",
      "export the model to ONNX with optimum-cli export onnx"),
  GGUF(
      "GGUF",
      ErrorKind.UNSUPPORTED,
      "a GGUF file, for llama.cpp",
      "export the model that it was made from to ONNX with optimum-cli export onnx"),
  HDF5(
      "\\x89HDF",
      ErrorKind.UNSUPPORTED,
      "an HDF5 file, such as Keras writes",
      "convert it to ONNX with tf2onnx.convert.from_keras"),
  TFLITE(
      ".{4}TFL3",
      ErrorKind.UNSUPPORTED,
      "a TensorFlow Lite model",
      "convert it to ONNX with python -m tf2onnx.convert --tflite"),
  /** Detected by the file name that the format prescribes, if the bytes match no other format. */
  SAVED_MODEL(
      "(?!)",
      ErrorKind.UNSUPPORTED,
      "a TensorFlow SavedModel",
      "convert it to ONNX with python -m tf2onnx.convert --saved-model"),
  /** The format of ONNX Runtime for optimised models. */
  ORT(".{4}ORTM", ErrorKind.UNSUPPORTED, "a model in ONNX Runtime's own format", ""),
  ARCHIVE(
      "\\x1f\\x8b|BZh|.{257}ustar",
      ErrorKind.INVALID,
      "a compressed archive",
      "unpack it and deploy the .onnx file in it"),
  LFS_POINTER(
      "version https://git-lfs",
      ErrorKind.INVALID,
      "a Git LFS pointer, which stands for the model in a repository",
      "get the model itself with git lfs pull"),
  WEB_PAGE(
      "\\s*<",
      ErrorKind.INVALID,
      "a web page or other XML, not a model",
      "look at it: the download may have returned an error or a login page"),
  ONNX("", ErrorKind.INVALID, "an ONNX model", "");

  private final Pattern beginning;
  private final ErrorKind kind;
  private final String description;
  private final String remedy;

  ModelFormat(String beginning, ErrorKind kind, String description, String remedy) {
    this.beginning = Pattern.compile(beginning, Pattern.DOTALL);
    this.kind = kind;
    this.description = description;
    this.remedy = remedy;
  }

  /** {@return the format of a file with these first bytes} */
  public static ModelFormat of(byte[] head) {
    if (Pickle.isPickle(head)) {
      return PICKLE;
    }
    String text = new String(head, ISO_8859_1);
    for (ModelFormat format : values()) {
      if (format.beginning.matcher(text).lookingAt()) {
        return format;
      }
    }
    return ONNX;
  }

  /** {@return whether a file of this format is recognised as a model by its bytes alone} */
  public boolean isModel() {
    return switch (this) {
      case ONNX, WEB_PAGE, LFS_POINTER, ARCHIVE, ZIP -> false;
      default -> true;
    };
  }

  /** {@return the exception for a file of this format that no engine reads} */
  public ServingException refusal(ModelFile file, Failures failures) {
    return failures.failure(
        kind,
        file + " is " + description + ", and does not run here"
            + (remedy.isEmpty() ? "" : ": " + remedy));
  }
}
