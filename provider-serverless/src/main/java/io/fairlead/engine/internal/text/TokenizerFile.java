package io.fairlead.engine.internal.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What a tokenizer.json says of texts that are too long, and of words that are.
 *
 * <p>Read up to the megabytes of vocabulary, which are at the end of the file as a rule.
 */
final class TokenizerFile {
  private static final Set<String> SPLITTERS =
      Set.of("BertPreTokenizer", "Whitespace", "WhitespaceSplit");
  // Longer than any run that could be one of the tokens that are looked for before the text is
  // split.
  private static final int BLANKS = 64;

  private final Set<String> left =
      new HashSet<>(Set.of("truncation", "added_tokens", "normalizer", "pre_tokenizer", "model"));
  private OptionalInt limit = OptionalInt.empty();
  private String side = "";
  private String strategy = "";
  private String model = "";
  private String normalizer = "";
  private String splitter = "";
  private int longestWord;
  private boolean splitsWords;
  private boolean isRead;

  private TokenizerFile() {}

  static TokenizerFile read(byte[] json) throws IOException {
    TokenizerFile file = new TokenizerFile();
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("it is not a JSON object");
      }
      while (!file.isRead && parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        file.left.remove(field);
        switch (field) {
          case "truncation" -> file.readTruncation(parser);
          case "added_tokens" -> file.readAddedTokens(parser);
          case "normalizer" -> file.normalizer = type(parser);
          case "pre_tokenizer" -> file.splitter = type(parser);
          case "model" -> file.readModel(parser);
          default -> parser.skipChildren();
        }
      }
    }
    return file;
  }

  /** {@return the limit under truncation} */
  OptionalInt limit() {
    return limit;
  }

  /** {@return the side that is cut off; empty if it does not say} */
  String side() {
    return side;
  }

  /** {@return which text of a pair is cut off, as DJL names it: the longer one first, unless the file says otherwise} */
  String strategy() {
    return switch (strategy) {
      case "OnlyFirst" -> "ONLY_FIRST";
      case "OnlySecond" -> "ONLY_SECOND";
      default -> "LONGEST_FIRST";
    };
  }

  /**
   * {@return a text with the same tokens, in which no run of blanks or letters is longer than it has to be}
   *
   * <p>A word above the limit of a WordPiece model is one unknown token, however long it is.
   */
  String squeezed(String text) {
    boolean known = model.equals("WordPiece")
        && SPLITTERS.contains(splitter)
        && (normalizer.isEmpty() || normalizer.equals("BertNormalizer"))
        && longestWord > 0
        && !splitsWords;
    if (!known) {
      return text;
    }
    int most = 2 * longestWord;
    StringBuilder squeezed = new StringBuilder();
    int letters = 0;
    int blanks = 0;
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      letters = isLetter(character) ? letters + 1 : 0;
      blanks = isBlank(character) ? blanks + 1 : 0;
      if (letters <= most && blanks <= BLANKS) {
        squeezed.append(character);
      }
    }
    return squeezed.toString();
  }

  /** Whether a character never ends a word. */
  private static boolean isLetter(char character) {
    return character < 0x80
        ? Character.isLetterOrDigit(character)
        : Character.isLetter(character) && !Character.isIdeographic(character);
  }

  private static boolean isBlank(char character) {
    return character == ' ' || character == '\n' || character == '\t' || character == '\r';
  }

  private static String type(JsonParser parser) throws IOException {
    String type = "";
    if (parser.currentToken() == JsonToken.START_OBJECT) {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean named = parser.currentName().equals("type");
        parser.nextToken();
        if (named) {
          type = parser.getText();
        }
        parser.skipChildren();
      }
    }
    parser.skipChildren();
    return type;
  }

  private void readTruncation(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return;
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      if (field.equals("max_length")) {
        limit = OptionalInt.of(parser.getIntValue());
      } else if (field.equals("direction")) {
        side = parser.getText();
      } else if (field.equals("strategy")) {
        strategy = parser.getText();
      }
      parser.skipChildren();
    }
  }

  /** Looks for tokens that would be found within a run of letters or blanks. */
  private void readAddedTokens(JsonParser parser) throws IOException {
    int depth = 0;
    do {
      if (parser.currentToken().isStructStart()) {
        depth++;
      } else if (parser.currentToken().isStructEnd()) {
        depth--;
      } else if (parser.currentToken() == JsonToken.VALUE_STRING) {
        String content = parser.getText();
        splitsWords |= content.chars().allMatch(it -> isLetter((char) it))
            || content.chars().allMatch(it -> isBlank((char) it));
      }
    } while (depth > 0 && parser.nextToken() != null);
  }

  private void readModel(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      return;
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      if (field.equals("type")) {
        model = parser.getText();
      } else if (field.equals("max_input_chars_per_word")) {
        longestWord = parser.getIntValue();
      }
      isRead = left.isEmpty() && (model.equals("WordPiece") ? longestWord > 0 : !model.isEmpty());
      if (isRead) {
        return;
      }
      parser.skipChildren();
    }
  }
}
