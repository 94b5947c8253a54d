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
  private final HuggingFaceTokenizer tokenizer;
  private final int limit;
  private final TokenizerFile file;

  private DjlTokenizer(HuggingFaceTokenizer tokenizer, int limit, TokenizerFile file) {
    this.tokenizer = tokenizer;
    this.limit = limit;
    this.file = file;
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
      String limit = String.valueOf(tokens);
      // "modelMaxLength" would otherwise be 512, and a smaller limit than the file's would win
      // without a word.
      Map<String, String> options = Map.of(
          "addSpecialTokens", "true",
          "truncation", "true",
          "padding", "false",
          "stride", "0",
          "maxLength", limit,
          "modelMaxLength", limit);
      return new DjlTokenizer(
          offline(
              cacheFolder,
              () -> HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), options)),
          tokens,
          said);
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

  private static <T> T offline(Path cacheFolder, Callable<T> work) throws Exception {
    return Djl.offline(
        cacheFolder, "tokenizers", HuggingFaceTokenizer.class.getClassLoader(), work);
  }

  @Override
  public Tokens encode(String text) {
    Encoding encoding = tokenizer.encode(text, true, true);
    int cutOff = 0;
    for (Encoding piece : encoding.getOverflowing()) {
      for (long mark : piece.getSpecialTokenMask()) {
        cutOff += mark == 0 ? 1 : 0;
      }
    }
    long[] marks = encoding.getSpecialTokenMask();
    int marksAtEnd = 0;
    while (marksAtEnd < marks.length && marks[marks.length - 1 - marksAtEnd] == 1) {
      marksAtEnd++;
    }
    return new Tokens(
        encoding.getIds(), encoding.getAttentionMask(), encoding.getTypeIds(), marksAtEnd, cutOff);
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
  }
}
