package io.fairlead.serverless.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.fairlead.error.ErrorKind;
import java.util.function.Predicate;

/**
 * A format of model files, told by how they begin, and what to do about one that no engine reads.
 *
 * <p>ONNX files have no mark of their own: they are what is nothing else.
 */
enum ModelFormat {
  PICKLE(
      ErrorKind.UNSUPPORTED,
      "a Python pickle, which runs code of its own when it is loaded",
      "convert it to ONNX where it was made, with skl2onnx.to_onnx (scikit-learn) or torch.onnx.export (PyTorch)",
      head -> head.length() > 1 && head.charAt(0) == 0x80 && head.charAt(1) >= 2 && head.charAt(1) <= 5),
  PYTORCH(
      ErrorKind.UNSUPPORTED,
      "a PyTorch archive",
      "export the module to ONNX with torch.onnx.export",
      head -> head.startsWith("PK\u0003\u0004")
          && (head.contains("/data.pkl") || head.contains("/data/") || head.contains("/code/"))),
  ZIP(
      ErrorKind.INVALID,
      "a ZIP archive, such as torch.save and torch.jit.save write",
      "unpack it, or export a PyTorch module to ONNX with torch.onnx.export",
      head -> head.startsWith("PK\u0003\u0004")),
  XGBOOST(
      ErrorKind.UNSUPPORTED,
      "an XGBoost model",
      "convert it to ONNX with onnxmltools.convert_xgboost",
      head -> head.replaceAll("\\s", "").startsWith("{\"learner\"")
          || head.startsWith("{L") && head.startsWith("learner", 10)
          || head.startsWith("binf")),
  LIGHTGBM(
      ErrorKind.UNSUPPORTED,
      "a LightGBM model",
      "convert it to ONNX with onnxmltools.convert_lightgbm",
      head -> head.startsWith("tree\nversion=") || head.startsWith("tree\r\nversion=")),
  SAFETENSORS(
      ErrorKind.UNSUPPORTED,
      "a safetensors file, which holds weights without the model",
      "export the model to ONNX with optimum-cli export onnx",
      head -> head.length() > 9 && head.charAt(8) == '{' && head.charAt(9) == '"' && head.startsWith("\0\0", 6)),
  GGUF(
      ErrorKind.UNSUPPORTED,
      "a GGUF file, for llama.cpp",
      "export the model that it was made from to ONNX with optimum-cli export onnx",
      head -> head.startsWith("GGUF")),
  HDF5(
      ErrorKind.UNSUPPORTED,
      "an HDF5 file, such as Keras writes",
      "convert it to ONNX with tf2onnx.convert.from_keras",
      head -> head.startsWith("\u0089HDF")),
  TFLITE(
      ErrorKind.UNSUPPORTED,
      "a TensorFlow Lite model",
      "convert it to ONNX with python -m tf2onnx.convert --tflite",
      head -> head.startsWith("TFL3", 4)),
  ARCHIVE(
      ErrorKind.INVALID,
      "a compressed archive",
      "unpack it and deploy the .onnx file in it",
      head -> head.startsWith("\u001f\u008b") || head.startsWith("BZh") || head.startsWith("ustar", 257)),
  LFS_POINTER(
      ErrorKind.INVALID,
      "a Git LFS pointer, which stands for the model in a repository",
      "get the model itself with git lfs pull",
      head -> head.startsWith("version https://git-lfs")),
  WEB_PAGE(
      ErrorKind.INVALID,
      "a web page or other XML, not a model",
      "look at it: a download may have got an error or a login page instead",
      head -> head.stripLeading().startsWith("<")),
  ONNX(ErrorKind.INVALID, "an ONNX model", "", head -> true);

  private final ErrorKind kind;
  private final String description;
  private final String remedy;
  private final Predicate<String> beginsWith;

  ModelFormat(ErrorKind kind, String description, String remedy, Predicate<String> beginsWith) {
    this.kind = kind;
    this.description = description;
    this.remedy = remedy;
    this.beginsWith = beginsWith;
  }

  /** {@return the format of a file that begins with these bytes} */
  static ModelFormat of(byte[] head) {
    String text = new String(head, ISO_8859_1);
    for (ModelFormat format : values()) {
      if (format.beginsWith.test(text)) {
        return format;
      }
    }
    return ONNX;
  }

  ErrorKind kind() {
    return kind;
  }

  /** {@return what such a file is, to follow "is"} */
  String description() {
    return description;
  }

  /** {@return what to do where no engine reads it, as a command} */
  String remedy() {
    return remedy;
  }
}
