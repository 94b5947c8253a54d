package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.fairlead.grammar.Problems;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the routing needs of a JSON body: its members {@code model} and {@code stream}.
 *
 * <p>All others are skipped and not checked, which takes one pass over the bytes and no memory: the function reads the
 * body itself. Of members with the same name the last counts, as in Jackson and in JavaScript.
 *
 * @param model the name of the model; null if there is none
 */
record JsonRouting(@Nullable String model, boolean stream) {
  /** What has no members to route by. */
  static final JsonRouting NONE = new JsonRouting(null, false);

  private static final int LONGEST_TEXT = 1000;
  private static final String MODEL = "model";
  private static final String STREAM = "stream";
  private static final byte[] TRUE = "true".getBytes(UTF_8);
  private static final byte[] MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};
  private static final JsonFactory JSON = new JsonFactory();

  /**
   * {@return what a body says}
   *
   * @throws io.fairlead.grammar.InvalidValueException if it is not an object, or its {@code model} is not a text
   */
  static JsonRouting of(byte[] body) {
    return new Scan(body).object();
  }

  /** {@return what a body says; nothing if it is not an object} */
  static JsonRouting ifObject(byte[] body) {
    try {
      return of(body);
    } catch (IllegalArgumentException e) {
      return NONE;
    }
  }

  /** One pass over a body. */
  private static final class Scan {
    private final byte[] json;
    private int at;

    Scan(byte[] json) {
      this.json = json;
      this.at = Arrays.mismatch(json, MARK) == MARK.length ? MARK.length : 0;
    }

    JsonRouting object() {
      String model = null;
      boolean stream = false;
      expect('{', "must be a JSON object");
      if (next() != '}') {
        do {
          int name = start();
          string();
          String member = memberName(name, at);
          expect(':', "must have a colon after each name of a member");
          int value = start();
          value();
          if (member.equals(MODEL)) {
            model = model(value, at);
          } else if (member.equals(STREAM)) {
            stream = Arrays.equals(json, value, at, TRUE, 0, TRUE.length);
          }
        } while (skip(','));
      }
      expect('}', "must have a comma or a brace after each member");
      check(next() < 0, "must have nothing after its JSON object");
      return new JsonRouting(model, stream);
    }

    /** The next byte that is no space, which is not consumed; -1 at the end. */
    private int next() {
      while (at < json.length
          && (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t')) {
        at++;
      }
      return at < json.length ? json[at] & 0xff : -1;
    }

    private int start() {
      check(next() >= 0, "must be complete");
      return at;
    }

    private boolean skip(char wanted) {
      boolean found = next() == wanted;
      if (found) {
        at++;
      }
      return found;
    }

    private void expect(char wanted, String rule) {
      check(skip(wanted), rule);
    }

    private void string() {
      expect('"', "must have names in quotes");
      while (at < json.length && json[at] != '"') {
        at += json[at] == '\\' ? 2 : 1;
      }
      check(at < json.length, "must be complete");
      at++;
    }

    private void value() {
      int first = json[at];
      if (first == '"') {
        string();
      } else if (first == '{' || first == '[') {
        nested();
      } else {
        int from = at;
        while (at < json.length && isOfScalar(json[at])) {
          at++;
        }
        check(at > from, "must have a value for each member");
      }
    }

    private static boolean isOfScalar(byte one) {
      return one > ' ' && one != ',' && one != '}' && one != ']' && one != '"' && one != ':';
    }

    private void nested() {
      int depth = 0;
      do {
        check(at < json.length, "must be complete");
        byte one = json[at];
        if (one == '"') {
          string();
        } else {
          at++;
          if (one == '{' || one == '[') {
            depth++;
          } else if (one == '}' || one == ']') {
            depth--;
          }
        }
      } while (depth > 0);
    }

    private String memberName(int from, int to) {
      if (to - from > LONGEST_TEXT) {
        // Of no member that is looked for.
        return "";
      }
      boolean escaped = false;
      for (int i = from; i < to; i++) {
        escaped |= json[i] == '\\';
      }
      String plain = new String(json, from + 1, to - from - 2, UTF_8);
      return escaped ? String.valueOf(text(from, to)) : plain;
    }

    private @Nullable String model(int from, int to) {
      if (Arrays.equals(json, from, to, new byte[] {'n', 'u', 'l', 'l'}, 0, 4)) {
        return null;
      }
      Problems.in("Request")
          .check(
              json[from] == '"' && to - from <= LONGEST_TEXT,
              MODEL,
              "must be the name of a function, in quotes and of at most " + LONGEST_TEXT + " bytes")
          .throwIfAny();
      String name = text(from, to);
      Problems.in("Request")
          .check(name != null, MODEL, "must be a JSON text without a mistake")
          .throwIfAny();
      return name;
    }

    /** The text of a JSON string; null if it is none. */
    private @Nullable String text(int from, int to) {
      try (JsonParser parser = JSON.createParser(json, from, to - from)) {
        return parser.nextToken() == JsonToken.VALUE_STRING ? parser.getText() : null;
      } catch (IOException e) {
        return null;
      }
    }

    private void check(boolean holds, String rule) {
      if (!holds) {
        Problems.in("Request")
            .check(false, "body", rule + ", and is not at byte " + Math.min(at, json.length))
            .throwIfAny();
      }
    }
  }
}
