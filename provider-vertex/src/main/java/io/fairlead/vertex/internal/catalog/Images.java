package io.fairlead.vertex.internal.catalog;

import java.util.regex.Pattern;

/** What the name of an image says of it. */
public final class Images {
  private static final Pattern FOR_ACCELERATORS = Pattern.compile(
      "(^|[^a-z])(gpu|cuda[0-9.]*|cu1[0-9]{2}|vllm|sglang|text-generation-inference)([^a-z]|$)");
  private static final Pattern TEXT_GENERATION_INFERENCE =
      Pattern.compile("text-generation-inference");
  private static final Pattern VLLM = Pattern.compile("vllm");

  private Images() {}

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
