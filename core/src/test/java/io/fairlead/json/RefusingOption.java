package io.fairlead.json;

import io.fairlead.grammar.RuntimeOptions;

/** An option whose author checks it without the grammar's means. */
public record RefusingOption(int number) implements RuntimeOptions {
  public RefusingOption {
    if (number != 1) {
      throw new IllegalStateException("the number is not 1");
    }
  }

  @Override
  public String platform() {
    return "sample";
  }
}
