package io.fairlead.engine.internal.protobuf;

import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an ONNX file says of other files: each file that a tensor of it is in ("external data").
 *
 * @param defect why the bytes are no whole ONNX model, for a message; empty if they are one
 * @param refusal what the model says that no model may say, as "keeps ..."; empty if there is nothing
 * @param externalFiles the files by their path relative to the model's folder, with the size that they need to have
 */
public record OnnxContent(String defect, String refusal, SortedMap<String, Long> externalFiles) {
  /** A file that names no other one. */
  public static final OnnxContent SELF_CONTAINED = new OnnxContent("", "", new TreeMap<>());

  public OnnxContent {
    externalFiles = Collections.unmodifiableSortedMap(new TreeMap<>(externalFiles));
  }

  /** {@return what a stream says, which is read to its end or to its first defect} */
  public static OnnxContent of(InputStream in) throws IOException {
    ExternalFiles files = new ExternalFiles();
    try {
      OnnxReader.read(in, files);
    } catch (MalformedMessageException e) {
      return new OnnxContent(String.valueOf(e.getMessage()), "", new TreeMap<>());
    }
    return new OnnxContent("", files.refusal(), files.sizes());
  }
}
