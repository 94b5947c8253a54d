package io.fairlead.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The text forms of values: one line with what is said, without what is absent or the default. */
final class Words {
  private final List<String> words = new ArrayList<>();

  private Words() {}

  static Words of(String first) {
    return new Words().add(first);
  }

  static Words none() {
    return new Words();
  }

  Words add(String word) {
    if (!word.isEmpty()) {
      words.add(word);
    }
    return this;
  }

  Words add(String name, Optional<?> value) {
    value.ifPresent(present -> words.add(name + " " + present));
    return this;
  }

  Words add(boolean isSaid, String word) {
    return isSaid ? add(word) : this;
  }

  Words addAll(Words others) {
    words.addAll(others.words);
    return this;
  }

  Words addAll(Options<?> options) {
    options.values().forEach(option -> words.add(option.toString()));
    return this;
  }

  /** {@return the words as the text form of a value of this type} */
  String in(String type) {
    return words.stream().collect(Collectors.joining(", ", type + "[", "]")).replaceAll("\\R", " ");
  }
}
