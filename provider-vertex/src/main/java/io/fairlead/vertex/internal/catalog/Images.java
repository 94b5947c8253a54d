package io.fairlead.vertex.internal.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.Pattern;

/** Published images, and what the name of an image says of it. */
public final class Images {
  private static final Pattern FOR_ACCELERATORS = Pattern.compile(
      "(^|[^a-z])(gpu|cuda[0-9.]*|cu1[0-9]{2}|vllm|sglang|text-generation-inference)([^a-z]|$)");
  private static final Pattern TEXT_GENERATION_INFERENCE =
      Pattern.compile("text-generation-inference");
  private static final Pattern VLLM = Pattern.compile("vllm");

  private static final class Published {
    static final Properties ALL = read();

    private static Properties read() {
      Properties images = new Properties();
      try (InputStream in = Images.class.getResourceAsStream("images.properties")) {
        images.load(Objects.requireNonNull(in));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return images;
    }
  }

  private Images() {}

  /** {@return the image that serves text generation models of the Hugging Face hub, on machines with an accelerator} */
  public static String textGeneration() {
    return Published.ALL.getProperty("text-generation");
  }

  /** {@return whether the name of an image says that it needs an accelerator} */
  public static boolean areForAccelerators(String image) {
    return FOR_ACCELERATORS.matcher(image).find();
  }

  /** {@return whether it is Hugging Face's Text Generation Inference} */
  public static boolean areTextGenerationInference(String image) {
    return TEXT_GENERATION_INFERENCE.matcher(image).find();
  }

  /** {@return whether it is vLLM} */
  public static boolean areVllm(String image) {
    return VLLM.matcher(image).find();
  }
}
