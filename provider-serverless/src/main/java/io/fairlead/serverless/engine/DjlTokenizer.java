package io.fairlead.serverless.engine;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.fairlead.error.ErrorKind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tokenizer in the Hugging Face format, by the library that DJL has of it.
 *
 * <p>Texts are cut off after as many tokens as the file says under {@code truncation}, or else 512. Padding that the
 * file asks for is left out: each text is run alone, and padding changes the answers of quantised models.
 *
 * <p>DJL is told to stay offline. By itself it asks the addresses of cloud metadata for where it runs and reports that,
 * waits seconds for them, unpacks its library into the home folder, and on a machine with a GPU downloads another one.
 * What the user has set of this in DJL's own variables or properties is kept.
 */
final class DjlTokenizer implements Tokenizer {
  private static final Logger LOG = LoggerFactory.getLogger(DjlTokenizer.class);
  private static final int USUAL_LIMIT = 512;
  private static final ReentrantLock SETTINGS = new ReentrantLock();

  private final HuggingFaceTokenizer tokenizer;

  private DjlTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  static Tokenizer open(ModelFile file, Path cacheFolder, Failures failures) {
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

  /** The limit in the file, which stands near its beginning; the megabytes of vocabulary after it are not read. */
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
    SETTINGS.lock();
    Thread thread = Thread.currentThread();
    ClassLoader loader = thread.getContextClassLoader();
    // DJL looks for its own library with this one and never recovers if it does not find it.
    thread.setContextClassLoader(HuggingFaceTokenizer.class.getClassLoader());
    Setting tracking = new Setting("OPT_OUT_TRACKING", "true");
    Setting flavor = new Setting("RUST_FLAVOR", "cpu");
    Setting cache = new Setting("ENGINE_CACHE_DIR", writable(cacheFolder.resolve("djl")));
    try {
      return work.call();
    } finally {
      cache.restore();
      flavor.restore();
      tracking.restore();
      thread.setContextClassLoader(loader);
      SETTINGS.unlock();
    }
  }

  private static @Nullable String writable(Path folder) {
    try {
      Files.createDirectories(folder);
      if (Files.isWritable(folder)) {
        return folder.toString();
      }
    } catch (IOException e) {
      LOG.debug("No cache folder {}", folder, e);
    }
    LOG.warn("DJL's library cannot be kept in {} and goes where DJL puts it by default", folder);
    return null;
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

  /** A setting of DJL for as long as it takes, unless the user has made it. */
  private static final class Setting {
    private final String name;
    private final boolean set;

    Setting(String name, @Nullable String value) {
      this.name = name;
      this.set = value != null && System.getenv(name) == null && System.getProperty(name) == null;
      if (set && value != null) {
        System.setProperty(name, value);
      }
    }

    void restore() {
      if (set) {
        System.clearProperty(name);
      }
    }
  }
}
