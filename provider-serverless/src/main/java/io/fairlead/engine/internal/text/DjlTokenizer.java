package io.fairlead.engine.internal.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.support.Djl;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * A tokenizer in the Hugging Face format, by DJL's library for it.
 *
 * <p>Texts are truncated at the limit under {@code truncation} in the file, or else at 512 tokens. Padding in the file
 * is ignored: each text is run alone, and padding changes the results of quantised models.
 */
public final class DjlTokenizer implements Tokenizer {
  private static final int USUAL_LIMIT = 512;

  private final HuggingFaceTokenizer tokenizer;

  private DjlTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  public static Tokenizer open(ModelFile file, Path cacheFolder, Failures failures) {
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
      String limit = String.valueOf(limit(json));
      // "modelMaxLength" would otherwise be 512, and a smaller limit than the file's would win
      // without a word.
      Map<String, String> options = Map.of(
          "addSpecialTokens", "true",
          "truncation", "true",
          "padding", "false",
          "maxLength", limit,
          "modelMaxLength", limit);
      return new DjlTokenizer(offline(
          cacheFolder,
          () -> HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), options)));
    } catch (Exception e) {
      throw failures.failure(
          ErrorKind.INVALID,
          file + " is no tokenizer that can be read (" + Failures.reason(e)
              + "): it has to be a tokenizer.json of Hugging Face's tokenizers",
          e);
    }
  }

  /** The limit in the file, which is near its start; the megabytes of vocabulary after it are not read. */
  private static int limit(byte[] json) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("it is not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean truncation = parser.currentName().equals("truncation");
        if (parser.nextToken() != JsonToken.START_OBJECT || !truncation) {
          parser.skipChildren();
          continue;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          boolean limit = parser.currentName().equals("max_length");
          parser.nextToken();
          if (limit) {
            return parser.getIntValue();
          }
          parser.skipChildren();
        }
      }
      return USUAL_LIMIT;
    }
  }

  private static <T> T offline(Path cacheFolder, Callable<T> work) throws Exception {
    return Djl.offline(cacheFolder, HuggingFaceTokenizer.class.getClassLoader(), work);
  }

  @Override
  public Tokens encode(String text) {
    Encoding encoding = tokenizer.encode(text);
    return new Tokens(encoding.getIds(), encoding.getAttentionMask(), encoding.getTypeIds());
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
