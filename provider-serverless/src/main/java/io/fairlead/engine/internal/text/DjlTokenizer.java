package io.fairlead.engine.internal.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.natives.Djl;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * A tokenizer in the Hugging Face format, by DJL's library for it.
 *
 * <p>Texts are truncated at the limit of the model's {@linkplain TextSettings settings}. Padding in the file is ignored:
 * each text is run alone, and padding changes the results of quantised models.
 */
public final class DjlTokenizer implements Tokenizer {
  private static final String LONGEST_FIRST = "LONGEST_FIRST";

  private final HuggingFaceTokenizer tokenizer;
  // The same one, unless the file says that not the longer text of a pair is cut off.
  private final HuggingFaceTokenizer ofPairs;
  private final int limit;
  private final TokenizerFile file;
  private final Failures failures;

  private DjlTokenizer(
      HuggingFaceTokenizer tokenizer,
      HuggingFaceTokenizer ofPairs,
      int limit,
      TokenizerFile file,
      Failures failures) {
    this.tokenizer = tokenizer;
    this.ofPairs = ofPairs;
    this.limit = limit;
    this.file = file;
    this.failures = failures;
  }

  /** {@return a tokenizer without files beside it} */
  public static Tokenizer open(ModelFile file, Path cacheFolder, Failures failures) {
    TextFiles files = new TextFiles(file, Map.of(), Map.of());
    return open(file, TextSettings.of(files, failures), cacheFolder, failures);
  }

  public static Tokenizer open(
      ModelFile file, TextSettings settings, Path cacheFolder, Failures failures) {
    try {
      offline(cacheFolder, () -> {
        LibUtils.checkStatus();
        return "";
      });
    } catch (Exception e) {
      throw new UnsatisfiedLinkError(Failures.reason(e));
    }
    try {
      byte[] json = file.bytes();
      TokenizerFile said = TokenizerFile.read(json);
      settings.checkSide(said.side(), file.toString());
      int tokens = settings.limit(said.limit());
      HuggingFaceTokenizer tokenizer = create(json, LONGEST_FIRST, tokens, cacheFolder);
      HuggingFaceTokenizer ofPairs = said.strategy().equals(LONGEST_FIRST)
          ? tokenizer
          : create(json, said.strategy(), tokens, cacheFolder);
      return new DjlTokenizer(tokenizer, ofPairs, tokens, said, failures);
    } catch (ServingException e) {
      throw e;
    } catch (Exception e) {
      throw failures.failure(
          ErrorKind.INVALID,
          file + " is no tokenizer that can be read (" + Failures.reason(e)
              + "): it has to be a tokenizer.json of Hugging Face's tokenizers",
          e);
    }
  }

  private static HuggingFaceTokenizer create(
      byte[] json, String truncation, int tokens, Path cacheFolder) throws Exception {
    String limit = String.valueOf(tokens);
    // "modelMaxLength" would otherwise be 512, and a smaller limit than the file's would win
    // without a word.
    Map<String, String> options = Map.of(
        "addSpecialTokens",
        "true",
        "truncation",
        truncation,
        "padding",
        "false",
        "stride",
        "0",
        "maxLength",
        limit,
        "modelMaxLength",
        limit);
    return offline(
        cacheFolder,
        () -> HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), options));
  }

  private static <T> T offline(Path cacheFolder, Callable<T> work) throws Exception {
    return Djl.offline(
        cacheFolder, "tokenizers", HuggingFaceTokenizer.class.getClassLoader(), work);
  }

  @Override
  public Tokens encode(String text) {
    Encoding encoding = tokenizer.encode(text, true, true);
    return tokens(encoding, ofTexts(encoding.getOverflowing()));
  }

  @Override
  public Tokens encode(String text, String second) {
    Encoding encoding;
    try {
      // What is cut off has every piece of the one beside every piece of the other.
      encoding = ofPairs.encode(text, second, true, false);
    } catch (RuntimeException e) {
      throw failures.failure(
          ErrorKind.INVALID,
          "A pair of texts cannot be cut off to " + limit + " tokens (" + Failures.reason(e)
              + "): shorten both, or write \"LongestFirst\" as the strategy under truncation in the tokenizer.json",
          e);
    }
    int cutOff = encoding.exceedMaxLength() ? count(text) + count(second) - ofTexts(encoding) : 0;
    return tokens(encoding, cutOff);
  }

  /** The number of tokens of a text, however many there are. */
  private int count(String text) {
    Encoding encoding = tokenizer.encode(text, true, true);
    return ofTexts(encoding) + ofTexts(encoding.getOverflowing());
  }

  private static Tokens tokens(Encoding encoding, int cutOff) {
    long[] marks = encoding.getSpecialTokenMask();
    int marksAtEnd = 0;
    while (marksAtEnd < marks.length && marks[marks.length - 1 - marksAtEnd] == 1) {
      marksAtEnd++;
    }
    return new Tokens(
        encoding.getIds(), encoding.getAttentionMask(), encoding.getTypeIds(), marksAtEnd, cutOff);
  }

  /** The number of tokens that are of texts, and no marks. */
  private static int ofTexts(Encoding... pieces) {
    int count = 0;
    for (Encoding piece : pieces) {
      for (long mark : piece.getSpecialTokenMask()) {
        count += mark == 0 ? 1 : 0;
      }
    }
    return count;
  }

  @Override
  public String squeezed(String text) {
    return file.squeezed(text);
  }

  @Override
  public int limit() {
    return limit;
  }

  @Override
  public void close() {
    tokenizer.close();
    if (ofPairs != tokenizer) {
      ofPairs.close();
    }
  }
}
