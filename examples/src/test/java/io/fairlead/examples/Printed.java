package io.fairlead.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;

/** A terminal whose text can be read. */
final class Printed {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  final Terminal terminal;

  private Printed(int columns, boolean coloured, boolean unicode) {
    this.terminal = new Terminal(new PrintStream(bytes, true, UTF_8), columns, coloured, unicode);
  }

  static Printed toAFile() {
    return new Printed(0, false, true);
  }

  static Printed inAscii() {
    return new Printed(0, false, false);
  }

  static Printed watched(int columns) {
    return new Printed(columns, true, true);
  }

  String text() {
    return bytes.toString(UTF_8);
  }

  List<String> lines() {
    return text().lines().toList();
  }
}
