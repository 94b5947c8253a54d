package io.fairlead.engine.internal.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.run.RunningCall;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class LongTextsTest {
  private static final Failures FAILURES = new Failures("local");
  private static final int LIMIT = 128;
  private static final int EIGHT_MILLION = 8_000_000;

  @TempDir
  Path folder;

  private final Counting counting = new Counting();
  private final LongTexts longTexts = new LongTexts(counting, FAILURES);
  private final RunningCall call = call(1L << 30);

  @ParameterizedTest
  @MethodSource("units")
  void eightMillionCharactersCostWhatTheModelSees(String unit) {
    Tokenizer.Tokens tokens = longTexts.encode(repeated(unit, EIGHT_MILLION), call);

    assertThat(tokens.ids()).hasSize(LIMIT);
    assertThat(counting.characters).isLessThan(100L * LIMIT);
  }

  static Stream<String> units() {
    return Stream.of(
        "words and words ", "nospace", "\ud83d\ude00", "\u6f22\u5b57", "one,two;", "a b c ");
  }

  @Test
  void aTextIsNeverCutWithinACharacter() {
    longTexts.encode("x" + repeated("\ud83d\ude00", 100_000), call);

    assertThat(counting.pieces)
        .isNotEmpty()
        .noneMatch(piece -> Character.isHighSurrogate(piece.charAt(piece.length() - 1)));
  }

  @Test
  void theCallEndsBetweenPieces() {
    counting.stopAt = 3;

    ServingException e = catchThrowableOfType(
        ServingException.class, () -> longTexts.encode(blanks(EIGHT_MILLION), call));

    assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(counting.pieces).hasSize(3);
  }

  @Test
  void aPieceHasToFitTheMemory() {
    long memory = 1L << 20;

    ServingException e = catchThrowableOfType(
        ServingException.class, () -> longTexts.encode(blanks(EIGHT_MILLION), call(memory)));

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessage(
            "Model 'm' was not invoked: a text has only 1 of at most 128 tokens in its first 1747 characters,"
                + " and no more of it is read with the 1048576 bytes of limits.memoryBytes: deploy it with more memory, or"
                + " leave out what is no text in it, such as blanks.");
    assertThat(counting.pieces).hasSize(2);
  }

  @Test
  void aTextOfFewTokensIsNotReadForEver() {
    ServingException e = catchThrowableOfType(
        ServingException.class, () -> longTexts.encode(blanks(EIGHT_MILLION), call));

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessageContaining(
            "in its first 131072 characters, and no more of it is read: leave out what is no text");
    assertThat(counting.characters).isLessThan(3L * LongTexts.MOST_CHARACTERS);
  }

  @Test
  void aTextOfFewTokensIsReadToItsEnd() {
    Tokenizer.Tokens tokens = longTexts.encode(blanks(100_000) + "z", call);

    assertThat(tokens.ids()).hasSize(2);
    assertThat(counting.characters).isLessThan(4 * 100_000);
  }

  @Test
  void theTokensAreThoseOfTheWholeText() {
    ModelFiles files = (ModelFiles) Models.sources().resolve(Models.MINILM);

    assertSame(files.tokenizer().orElseThrow(), texts(12_000));
  }

  @Test
  void aWordOfMillionsOfCharactersIsOneUnknownToken() {
    ModelFiles files = (ModelFiles) Models.sources().resolve(Models.MINILM);
    try (Tokenizer tokenizer =
        DjlTokenizer.open(files.tokenizer().orElseThrow(), Models.cacheFolder(), FAILURES)) {
      LongTexts bounded = new LongTexts(tokenizer, FAILURES);
      String text = "one " + "x".repeat(EIGHT_MILLION) + " ".repeat(EIGHT_MILLION) + "two";

      Tokenizer.Tokens tokens = bounded.encode(text, call(1 << 20));

      assertThat(tokens.ids())
          .isEqualTo(tokenizer.encode("one " + "x".repeat(101) + " two").ids())
          .hasSize(5);
    }
  }

  @Test
  void theTokensOfOtherKindsOfTokenizersAreThoseOfTheWholeText() throws IOException {
    StringBuilder unigram = new StringBuilder("[\"<unk>\", 0.0], [\"\u2581\", -3.0]");
    StringBuilder bpe = new StringBuilder("\"?\": 0, \"\u0120\": 1");
    for (char letter = 'a'; letter <= 'z'; letter++) {
      unigram
          .append(", [\"")
          .append(letter)
          .append("\", -")
          .append(letter % 7 + 4)
          .append(".1]");
      bpe.append(", \"").append(letter).append("\": ").append(letter - 'a' + 2);
    }
    unigram.append(
        ", [\"th\", -5.3], [\"\u2581the\", -4.9], [\"quick\", -7.7], [\"ab\", -4.2], [\"abc\", -5.5]");
    bpe.append(", \"th\": 28, \"the\": 29, \"\u0120the\": 30, \"ab\": 31, \"qu\": 32");

    // Several times what is read at first, for 192 tokens.
    List<String> texts = texts(5_000);

    assertSame(tokenizer("""
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": true},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [%s]}""".formatted(unigram)), texts);
    assertSame(tokenizer("""
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "unk_token": "?", "fuse_unk": false, "vocab": {%s},
          "merges": ["t h", "th e", "\u0120 the", "a b", "q u"]}""".formatted(bpe)), texts);
  }

  private ModelFile tokenizer(String parts) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"),
        "{\"version\": \"1.0\", \"truncation\": {\"direction\": \"Right\", \"max_length\": 192,"
            + " \"strategy\": \"LongestFirst\", \"stride\": 0}, \"padding\": null, \"added_tokens\": [], \"normalizer\": null,"
            + " \"post_processor\": null, \"decoder\": null, " + parts + "}");
    Path model = Files.write(folder.resolve("model.onnx"), new byte[] {1});
    ModelFiles files = (ModelFiles) Models.sources().resolve(ModelArtifact.of(model));
    return files.tokenizer().orElseThrow();
  }

  private void assertSame(ModelFile file, List<String> texts) {
    try (Tokenizer tokenizer = DjlTokenizer.open(file, Models.cacheFolder(), FAILURES)) {
      LongTexts bounded = new LongTexts(tokenizer, FAILURES);
      for (String text : texts) {
        Tokenizer.Tokens whole = tokenizer.encode(text);

        Tokenizer.Tokens tokens = bounded.encode(text, call);

        assertThat(tokens.ids()).as(text.substring(0, 40)).isEqualTo(whole.ids());
        assertThat(tokens.mask()).isEqualTo(whole.mask());
        assertThat(tokens.types()).isEqualTo(whole.types());
      }
    }
  }

  private static List<String> texts(int length) {
    Random random = new Random(42);
    List<String> texts = new ArrayList<>();
    for (String unit : List.of(
        "the quick brown fox ",
        "thequickbrownfox",
        "ab",
        "the,quick;brown.fox!",
        "\u6f22\u5b57\u4eee\u540d",
        "\ud83d\ude00\ud83c\udf0d",
        "e\u0301a\u0308",
        "the\n\n\tquick   brown\r\n",
        "x".repeat(150) + " ",
        "\u0434\u0430" + "y".repeat(300) + "7" + " ".repeat(90) + "\u00fcber,\u4eee",
        "a".repeat(95) + "-" + "b".repeat(120) + " ",
        "[SEP] the [MASK] quick ")) {
      texts.add(repeated(unit, length));
      texts.add("z " + repeated(unit, length) + " z");
    }
    for (String alphabet : List.of("abcdefghij ", "abc", "ab.,-!? \n", "th e", "\u6f22a \u5b57")) {
      for (int round = 0; round < 3; round++) {
        StringBuilder text = new StringBuilder("t");
        while (text.length() < length) {
          text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        texts.add(text.toString());
      }
    }
    return texts;
  }

  private static String repeated(String unit, int length) {
    return unit.repeat(length / unit.length() + 1);
  }

  /** A text with one token in it. */
  private static String blanks(int length) {
    return "a" + " ".repeat(length - 1);
  }

  private static RunningCall call(long memoryBytes) {
    return new RunningCall(FAILURES, "m", Duration.ofSeconds(1), Long.MAX_VALUE, memoryBytes);
  }

  /** A tokenizer with a token for each three characters of a word. */
  private final class Counting implements Tokenizer {
    final List<String> pieces = new ArrayList<>();
    long characters;
    int stopAt = Integer.MAX_VALUE;

    @Override
    public Tokens encode(String text) {
      pieces.add(text);
      characters += text.length();
      if (pieces.size() == stopAt) {
        call.stop(ErrorKind.TIMEOUT);
      }
      List<Long> ids = new ArrayList<>();
      for (String word : text.split("\\s+", -1)) {
        for (int i = 0; i < word.length(); i += 3) {
          ids.add((long) word.substring(i, Math.min(i + 3, word.length())).hashCode());
        }
      }
      int size = Math.min(LIMIT, ids.size());
      long[] kept = ids.stream().limit(size).mapToLong(Long::longValue).toArray();
      return new Tokens(kept, kept, kept, 0, ids.size() - size);
    }

    @Override
    public Tokens encode(String text, String second) {
      return encode(text + " " + second);
    }

    @Override
    public int limit() {
      return LIMIT;
    }

    @Override
    public void close() {}
  }
}
