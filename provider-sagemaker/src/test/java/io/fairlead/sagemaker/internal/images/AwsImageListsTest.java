package io.fairlead.sagemaker.internal.images;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The table of images beside AWS's own lists.
 *
 * <p>To see how AWS's lists differ from the table, get the folder {@code image_uri_config} of sagemaker-python-sdk, and
 * run {@code ./mvnw -pl core,provider-sagemaker -Dtest=AwsImageListsTest -Daws.images=FOLDER test}. It writes the
 * difference into {@code target/container-images.diff}.
 */
class AwsImageListsTest {
  private static final String REGISTRIES =
      "{\"us-east-1\": \"763104351884\", \"eu-west-1\": \"763104351884\"}";

  @TempDir
  Path folder;

  private static List<String> table() throws IOException {
    try (InputStream text =
        requireNonNull(ContainerImages.class.getResourceAsStream("container-images.txt"))) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "aws.images", matches = ".+")
  void theDifferenceFromAwssListsIsWritten() throws IOException {
    List<String> difference =
        new AwsImageLists(table()).difference(Path.of(System.getProperty("aws.images")));

    Files.write(Path.of("target/container-images.diff"), difference);
  }

  @Test
  void listsBecomeLinesOfTheTable() throws IOException {
    list(
        "vllm",
        "{\"inference\": {\"processors\": [\"gpu\"], \"versions\": {\"0.28.0\": {"
            + "\"py_versions\": [\"py312\"], \"registries\": " + REGISTRIES
            + ", \"tag_prefix\": \"0.28.0\", \"repository\": \"vllm\","
            + "\"container_version\": {\"gpu\": \"cu130-ubuntu24.04-sagemaker\"}}}}}");
    list(
        "sagemaker-tritonserver",
        "{\"processors\": [\"cpu\", \"gpu\"], \"versions\": {\"25.04\": {"
            + "\"registries\": " + REGISTRIES
            + ", \"repository\": \"sagemaker-tritonserver\", \"tag_prefix\": \"25.04-py3\"}}}");
    list(
        "djl-lmi",
        "{\"versions\": {\"0.36.0\": {\"registries\": " + REGISTRIES
            + ", \"repository\": \"djl-inference\", \"tag_prefix\": \"0.36.0-lmi27.0.0-cu130\"}}}");
    list(
        "huggingface",
        "{\"inference\": {\"processors\": [\"cpu\"], \"versions\": {\"4.37.0\": {"
            + "\"version_aliases\": {\"pytorch2.1\": \"pytorch2.1.0\"}, \"pytorch2.1.0\": {"
            + "\"py_versions\": [\"py310\"], \"registries\": " + REGISTRIES
            + ", \"repository\": \"huggingface-pytorch-inference\","
            + "\"container_version\": {\"cpu\": \"ubuntu22.04\"}}}}}}");

    List<String> images = new AwsImageLists(table())
        .made(folder).stream().filter(line -> line.startsWith("image ")).toList();

    assertThat(images)
        .extracting(line -> line.substring(line.indexOf(' ', 6) + 1))
        .containsExactly(
            "djl-lmi 0.36.0 - gpu djl-inference:0.36.0-lmi27.0.0-cu130",
            "huggingface 4.37.0 py310 cpu huggingface-pytorch-inference"
                + ":2.1.0-transformers4.37.0-cpu-py310-ubuntu22.04",
            "triton 25.04 - cpu sagemaker-tritonserver:25.04-py3-cpu",
            "triton 25.04 - gpu sagemaker-tritonserver:25.04-py3",
            "vllm 0.28.0 py312 gpu vllm:0.28.0-gpu-py312-cu130-ubuntu24.04-sagemaker");
    assertThat(table())
        .as("but for the regions, the table has them all")
        .extracting(line -> line.replaceFirst("^image [^ ]+ ", ""))
        .containsAll(
            images.stream().map(line -> line.replaceFirst("^image [^ ]+ ", "")).toList());
  }

  @Test
  void whatAwsAddedAndWhatItDroppedIsTheDifference() throws IOException {
    List<String> table = List.of(
        "account deep-learning 763104351884 eu-west-1 us-east-1",
        "regions framework deep-learning all",
        "image framework vllm 0.27.0 py312 gpu vllm:0.27.0-gpu-py312",
        "image framework pytorch 2.6.0 py312 gpu pytorch-inference:2.6.0-gpu-py312");
    list(
        "vllm",
        "{\"inference\": {\"processors\": [\"gpu\"], \"versions\": {\"0.28.0\": {"
            + "\"py_versions\": [\"py312\"], \"registries\": " + REGISTRIES
            + ", \"repository\": \"vllm\"}}}}");

    assertThat(new AwsImageLists(table).difference(folder))
        .containsExactly(
            "+ image framework vllm 0.28.0 py312 gpu vllm:0.28.0-gpu-py312",
            "- image framework vllm 0.27.0 py312 gpu vllm:0.27.0-gpu-py312");
  }

  @Test
  void regionsThatNoSetHasBecomeANewOne() throws IOException {
    list(
        "djl-lmi",
        "{\"versions\": {\"1.0\": {\"registries\": {\"us-moon-1\": \"000000000001\"},"
            + "\"repository\": \"djl-inference\"}}}");

    assertThat(new AwsImageLists(table()).made(folder))
        .containsExactly(
            "account djl-lmi-1.0 000000000001 us-moon-1",
            "regions djl-lmi-1.0 djl-lmi-1.0 all",
            "image djl-lmi-1.0 djl-lmi 1.0 - gpu djl-inference:1.0");
  }

  private void list(String name, String json) throws IOException {
    Files.writeString(folder.resolve(name + ".json"), json);
  }
}
