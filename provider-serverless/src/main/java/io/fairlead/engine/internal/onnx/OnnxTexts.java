package io.fairlead.engine.internal.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.protobuf.OnnxReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The texts of a model that ONNX Runtime's Java API cannot pass on as they are.
 *
 * <p>The API passes a text as Java's modified UTF-8, which differs from UTF-8 in characters above U+FFFF and in NUL. So a
 * text with either is another one to the model, and the other way round it is cut off.
 */
final class OnnxTexts implements OnnxReader.Listener {
  // Of a classifier, and of the maps that it answers with.
  private static final String LABELS = "classlabels_strings";

  private final Set<String> texts = new LinkedHashSet<>();
  private Optional<String> label = Optional.empty();
  private Optional<String> name = Optional.empty();
  private boolean all = true;

  private OnnxTexts() {}

  /** {@return what is in a model's file} */
  static OnnxTexts of(ModelFile file) throws IOException {
    OnnxTexts found = new OnnxTexts();
    try (InputStream in = file.open()) {
      OnnxReader.read(in, found);
    }
    return found;
  }

  /** {@return what is in a file that cannot be read: any text may be} */
  static OnnxTexts unknown() {
    OnnxTexts found = new OnnxTexts();
    found.all = false;
    return found;
  }

  /** {@return whether a text crosses the API unchanged} */
  static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      if (unit == 0 || Character.isSurrogate(unit)) {
        return false;
      }
    }
    return true;
  }

  /** {@return a text for a message, with what is not plain as its number} */
  static String shown(String text) {
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .forEach(character -> shown.append(
            character == 0 || character > Character.MAX_VALUE
                ? String.format("U+%04X", character)
                : Character.toString(character)));
    return shown.toString();
  }

  @Override
  public boolean readsTexts() {
    return true;
  }

  @Override
  public void text(String attribute, byte[] value) {
    String text = decoded(value).filter(it -> !isPlain(it)).orElse(null);
    if (text != null) {
      texts.add(text);
      if (attribute.equals(LABELS) && label.isEmpty()) {
        label = Optional.of(text);
      }
    }
  }

  @Override
  public void valueName(byte[] value) {
    if (name.isEmpty()) {
      name = decoded(value).filter(text -> !isPlain(text));
    }
  }

  /** {@return a text; empty, and not all are known, if its bytes are none} */
  private Optional<String> decoded(byte[] value) {
    try {
      return Optional.of(UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString());
    } catch (CharacterCodingException e) {
      all = false;
      return Optional.empty();
    }
  }

  /** {@return the texts that are not plain} */
  List<String> texts() {
    return new ArrayList<>(texts);
  }

  /** {@return whether the model's file could be read for texts} */
  boolean areKnown() {
    return all;
  }

  /** {@return whether the model may have a text that is not plain} */
  boolean mayHaveSome() {
    return !all || !texts.isEmpty();
  }

  /** {@return a label of a classifier that is not plain} */
  Optional<String> label() {
    return label;
  }

  /** {@return the name of an input or output that is not plain} */
  Optional<String> name() {
    return name;
  }
}
