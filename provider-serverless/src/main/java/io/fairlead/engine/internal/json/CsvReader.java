package io.fairlead.engine.internal.json;

import io.fairlead.grammar.Problems;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A reader of CSV by RFC 4180: fields between commas, in double quotes if they hold commas, quotes or ends of lines.
 *
 * <p>Lines may end with a line feed alone. Empty lines are not allowed, except at the end.
 */
final class CsvReader {
  private final String text;
  private final Problems problems;
  private final List<String> fields = new ArrayList<>();
  private int at;
  private int row;
  private int count;

  CsvReader(String text, Problems problems) {
    this.text = text.substring(0, end(text));
    this.problems = problems;
    this.at = text.startsWith("\ufeff") ? 1 : 0;
  }

  /** {@return the number of the last row, from 1; 0 if there was none} */
  int row() {
    return row;
  }

  /** {@return the first fields of the last row} */
  List<String> fields() {
    return fields;
  }

  /** {@return the number of all fields of the last row} */
  int count() {
    return count;
  }

  /** Passes over a header. */
  void skipLine() {
    at = afterLine(endOfLine());
  }

  /**
   * Reads the next row, and returns whether there is one.
   *
   * @param kept how many of its fields are kept
   */
  boolean nextRow(int kept) {
    fields.clear();
    count = 0;
    if (isAtEnd()) {
      return false;
    }
    row++;
    boolean more = true;
    while (more) {
      boolean isQuoted = at < text.length() && text.charAt(at) == '"';
      String field = isQuoted ? quoted() : plain();
      if (count < kept) {
        fields.add(field);
      }
      count++;
      more = at < text.length() && text.charAt(at) == ',';
      at += more ? 1 : 0;
    }
    at = afterLine(at);
    return true;
  }

  /** {@return the next row, which is one text: a line as it is, or one field in quotes; null at the end} */
  @Nullable
  String nextText() {
    if (isAtEnd()) {
      return null;
    }
    row++;
    String found;
    if (text.charAt(at) == '"') {
      found = quoted();
      int end = endOfLine();
      problems.check(
          end == at, "row " + row, "must hold one text, and nothing after its closing quote");
      at = afterLine(end);
    } else {
      int end = endOfLine();
      found = text.substring(at, end);
      at = afterLine(end);
    }
    return found;
  }

  /** Where the empty lines at the end begin. */
  private static int end(String text) {
    int end = text.length();
    while (end > 0 && (text.charAt(end - 1) == '\n' || text.charAt(end - 1) == '\r')) {
      end--;
    }
    return end;
  }

  private boolean isAtEnd() {
    return at >= text.length();
  }

  private int endOfLine() {
    int end = text.indexOf('\n', at);
    if (end < 0) {
      end = text.length();
    }
    return (end > at && text.charAt(end - 1) == '\r') ? end - 1 : end;
  }

  private int afterLine(int end) {
    int next = end;
    if (next < text.length() && text.charAt(next) == '\r') {
      next++;
    }
    if (next < text.length() && text.charAt(next) == '\n') {
      next++;
    }
    return next;
  }

  private String plain() {
    int from = at;
    while (at < text.length() && !isEnd(text.charAt(at))) {
      at++;
    }
    return text.substring(from, at);
  }

  private static boolean isEnd(char letter) {
    return letter == ',' || letter == '\n' || letter == '\r';
  }

  private String quoted() {
    StringBuilder field = new StringBuilder();
    int from = at + 1;
    while (true) {
      int quote = text.indexOf('"', from);
      if (quote < 0) {
        problems.check(false, "row " + row, "must close each quote that it opens");
        at = text.length();
        return field.toString();
      }
      field.append(text, from, quote);
      if (quote + 1 < text.length() && text.charAt(quote + 1) == '"') {
        field.append('"');
        from = quote + 2;
      } else {
        at = quote + 1;
        break;
      }
    }
    if (at < text.length() && !isEnd(text.charAt(at))) {
      problems.check(false, "row " + row, "must have a comma or its end after a closing quote");
      at = endOfLine();
    }
    return field.toString();
  }
}
