package io.fairlead.engine.internal;

import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.Fingerprints;
import io.fairlead.engine.internal.source.Archives;
import io.fairlead.engine.internal.source.Copies;
import io.fairlead.engine.internal.source.Downloads;
import io.fairlead.engine.internal.source.ModelSources;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.grammar.ModelArtifact;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The models that the tests run, and engines for them. */
public final class Models {
  public static final ModelArtifact MINILM =
      ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx"));
  public static final String IRIS_REQUEST =
      "{\"inputs\": [{\"name\": \"X\", \"shape\": [1, 4], \"datatype\": \"FP32\", \"data\": [5.1, 3.5, 1.4, 0.2]}]}";
  static final String RUNAWAY_REQUEST =
      "{\"inputs\": [{\"name\": \"x\", \"shape\": [1], \"datatype\": \"FP32\", \"data\": [1]}]}";

  private Models() {}

  public static Engine engine() {
    return engine(Map.of());
  }

  public static Engine engine(Map<String, ModelHandler> functions) {
    return new Engine("local", functions, cacheFolder(), Models.class.getClassLoader());
  }

  /** A cache folder that all tests of a build share, so that they unpack native libraries once. */
  public static Path cacheFolder() {
    return Path.of("target", "cache").toAbsolutePath();
  }

  public static String digitRequest() {
    try {
      return "{\"inputs\": [{\"name\": \"x\", \"shape\": [1, 1, 8, 8], \"datatype\": \"FP32\", \"data\": "
          + Files.readString(path("digit0.json")) + "}]}";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static ModelSources sources() {
    Failures failures = new Failures("local");
    return new ModelSources(
        Models.class.getClassLoader(),
        new Fingerprints(DiskCache.NONE),
        new Archives(cacheFolder().resolve("archives"), Archives.Limits.DEFAULT, failures),
        new Downloads(cacheFolder().resolve("downloads"), Map.of(), failures),
        new Copies(cacheFolder().resolve("resources"), failures),
        failures);
  }

  public static Path path(String name) {
    URL url = Models.class.getResource("/models/" + name);
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  public static ModelArtifact artifact(String name) {
    return ModelArtifact.of(path(name));
  }

  public static ModelSource source(String name) {
    return sources().resolve(artifact(name));
  }

  public static ModelArtifact write(Path folder, String name, OnnxFile model) {
    try {
      return ModelArtifact.of(Files.write(folder.resolve(name), model.bytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A model that takes texts, with the vector [t, -t] for a token t. */
  public static OnnxFile hidden() {
    return new OnnxFile()
        .opset(11)
        .input("input_ids", OnnxFile.INT64, -1, -1)
        .output("last_hidden_state", OnnxFile.FLOAT, -1, -1, 2)
        .node("Cast", List.of("input_ids"), List.of("f"), OnnxFile.attribute("to", OnnxFile.FLOAT))
        .node("Unsqueeze", List.of("f"), List.of("u"), OnnxFile.attribute("axes", new long[] {2}))
        .node("Neg", List.of("u"), List.of("n"))
        .node(
            "Concat",
            List.of("u", "n"),
            List.of("last_hidden_state"),
            OnnxFile.attribute("axis", 2));
  }

  /** A tokenizer of two words, whose tokens are 1 and 2. */
  public static String tokenizerOfSomeWords() {
    return """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
         "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
         "model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "some": 1, "words": 2}}}
        """;
  }
}
