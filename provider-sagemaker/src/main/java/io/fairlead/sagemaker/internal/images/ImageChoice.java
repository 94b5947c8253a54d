package io.fairlead.sagemaker.internal.images;

import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Problems;
import io.fairlead.sagemaker.SageMakerArtifact;
import io.fairlead.sagemaker.internal.images.ContainerImages.Found;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The image of a model whose runtime has none: one of AWS's, by the model's task, or by a framework and its version.
 *
 * <p>A framework with a version is a choice of the user's own, and so is any other than {@code huggingface}, which is
 * what each model of the hub has.
 */
public final class ImageChoice {
  private static final String TASK = "artifact.metadata.task";
  private static final String HUGGING_FACE = "huggingface";

  private ImageChoice() {}

  /** {@return whether the image is chosen by the task} */
  public static boolean isByTask(ModelMetadata metadata) {
    return metadata.task().isPresent()
        && metadata.version().isEmpty()
        && metadata.framework().orElse(HUGGING_FACE).equals(HUGGING_FACE);
  }

  /**
   * {@return the image; empty if there is none, which is added as a problem}
   *
   * @param warnings gets the image, if no version was given
   */
  public static Optional<Found> find(
      ModelArtifact artifact, String region, List<String> warnings, Problems problems) {
    ModelMetadata metadata = artifact.metadata();
    if (isByTask(metadata)) {
      ModelTask task = metadata.task().orElseThrow();
      String framework = ModelServer.of(task).framework();
      Optional<Found> image = resolve(metadata, framework, region, problems);
      image.ifPresent(found -> warnings.add("the newest image of " + framework
          + " that this library knows is used for the task " + task.id() + ": " + found.uri()));
      return image;
    }
    boolean ofHub = isOfHub(artifact);
    if (!isNamed(metadata, ofHub)) {
      if (ofHub) {
        problems.check(
            false,
            TASK,
            "must be given, because no image is: by it the container of a model of the Hugging Face hub is chosen,"
                + " and it is one of " + ModelTask.ids()
                + ". Another way is a framework with its version, such as huggingface 4.37");
      } else {
        problems.check(
            false,
            "runtime.image",
            "must be given, unless the artifact's metadata name a framework and its version");
      }
      return Optional.empty();
    }
    String framework = metadata.framework().orElseThrow();
    checkTask(metadata, framework, ofHub, problems);
    Optional<Found> image = resolve(metadata, framework, region, problems);
    if (metadata.version().isEmpty()) {
      image.ifPresent(found -> warnings.add("the metadata name no version of " + framework
          + ", so the newest image that this library knows is used: " + found.uri()));
    }
    return image;
  }

  /** {@return the kind of processor that the image is for, if there is one} */
  public static Optional<String> processor(ModelArtifact artifact, String region) {
    return find(artifact, region, new ArrayList<>(), Problems.in("Container"))
        .map(Found::processor);
  }

  private static boolean isOfHub(ModelArtifact artifact) {
    return "hf".equals(artifact.weights().getScheme());
  }

  /** Every model of the hub has the framework huggingface, so that it alone chooses nothing. */
  private static boolean isNamed(ModelMetadata metadata, boolean ofHub) {
    return metadata.framework().isPresent()
        && (!ofHub
            || !metadata.framework().get().equals(HUGGING_FACE)
            || metadata.version().isPresent()
            || metadata.labels().containsKey(ModelServer.HUB_TASK_LABEL));
  }

  private static void checkTask(
      ModelMetadata metadata, String framework, boolean ofHub, Problems problems) {
    ModelTask task = metadata.task().orElse(ModelTask.CLASSIFY);
    ModelServer usual = ModelServer.of(task);
    problems.check(
        !ofHub || !framework.equals(HUGGING_FACE) || usual == ModelServer.TOOLKIT,
        "artifact.metadata.version",
        "must be left out for the task " + task.id()
            + ": it is that of Transformers in Hugging Face's inference toolkit, which is for "
            + ModelTask.CLASSIFY.id() + ". A version of what serves the task has the framework "
            + usual.framework(),
        metadata.version().orElse(""));
  }

  private static Optional<Found> resolve(
      ModelMetadata metadata, String framework, String region, Problems problems) {
    Optional<SageMakerArtifact> option = metadata.options().find(SageMakerArtifact.class);
    return ContainerImages.resolve(
        problems,
        framework,
        metadata.version().orElse(""),
        option.flatMap(SageMakerArtifact::pyVersion).orElse(""),
        region,
        option.flatMap(SageMakerArtifact::instanceType).orElse(""));
  }
}
