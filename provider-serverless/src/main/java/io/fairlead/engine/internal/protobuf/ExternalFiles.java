package io.fairlead.engine.internal.protobuf;

import io.fairlead.engine.internal.support.FileNames;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The files that the tensors of a model are in, and the check of what the model says of them.
 *
 * <p>ONNX Runtime checks as much as its version does, and takes some texts for an address in memory. So nothing is left
 * to it: what is not exactly a path inside the model's folder, with an offset and a length, is refused.
 */
final class ExternalFiles implements OnnxReader.Listener {
  private static final int EXTERNAL = 1;
  private static final int MOST_FILES = 10_000;
  // An exabyte: a sum of two does not overflow.
  private static final int MOST_DIGITS = 18;

  private final SortedMap<String, Long> sizes = new TreeMap<>();
  private String refusal = "";

  String refusal() {
    return refusal;
  }

  SortedMap<String, Long> sizes() {
    return sizes;
  }

  @Override
  public void externalData(String name, int location, List<OnnxReader.Entry> entries) {
    if (refusal.isEmpty()) {
      refusal = refusal("tensor '" + FileNames.shown(name) + "'", location, entries);
    }
  }

  private String refusal(String tensor, int location, List<OnnxReader.Entry> entries) {
    if (location != EXTERNAL) {
      return location == 0
          ? "names a file for its " + tensor + ", which is not marked as external"
          : "has " + location + " as the data location of its " + tensor
              + ", which ONNX does not have";
    }
    Map<String, String> values = new HashMap<>();
    for (OnnxReader.Entry entry : entries) {
      String key = entry.key();
      String value = entry.value();
      if (key == null || !List.of("location", "offset", "length", "checksum").contains(key)) {
        return "says '" + FileNames.shown(String.valueOf(key)) + "' of the external " + tensor
            + ", which is not of ONNX";
      }
      if (value == null) {
        return "says too much of the " + key + " of its external " + tensor;
      }
      if (values.put(key, value) != null) {
        return "says the " + key + " of its external " + tensor + " twice";
      }
    }
    String file = values.get("location");
    if (file == null) {
      return "has no location for its external " + tensor;
    }
    // What UTF-8 does not have is this character by now.
    String fault = file.indexOf('\uFFFD') >= 0 ? "which is no UTF-8" : FileNames.fault(file);
    if (!fault.isEmpty()) {
      return "keeps its " + tensor + " in '" + FileNames.shown(file) + "', " + fault;
    }
    for (String key : List.of("offset", "length")) {
      String number = values.getOrDefault(key, "0");
      if (!number.matches("[0-9]{1," + MOST_DIGITS + "}")) {
        return "has '" + FileNames.shown(number) + "' as the " + key + " of its external " + tensor
            + ", which is no number of bytes";
      }
    }
    long end = Long.parseLong(values.getOrDefault("offset", "0"))
        + Long.parseLong(values.getOrDefault("length", "0"));
    sizes.merge(file, end, Math::max);
    return sizes.size() > MOST_FILES
        ? "keeps its tensors in more than " + MOST_FILES + " files"
        : "";
  }
}
