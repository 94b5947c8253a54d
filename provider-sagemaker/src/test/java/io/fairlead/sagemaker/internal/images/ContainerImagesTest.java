package io.fairlead.sagemaker.internal.images;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Problems;
import io.fairlead.sagemaker.internal.rules.InstanceTypes;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContainerImagesTest {
  private static final String REGION = "us-east-1";
  private static final String GPU = "ml.g5.xlarge";

  private final Problems problems = Problems.in("Container");

  @Test
  void textGenerationIsServedByTheImageOfItsVersion() {
    assertThat(resolve("huggingface-llm", "1.4.2", "", REGION, GPU))
        .isEqualTo("763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference"
            + ":2.1.1-tgi1.4.2-gpu-py310-cu121-ubuntu22.04");
    assertThat(problems.found()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "ml.m5.xlarge, 2.1-transformers4.37-cpu-py310-ubuntu22.04",
    "'',           2.1-transformers4.37-cpu-py310-ubuntu22.04",
    "serverless,   2.1-transformers4.37-cpu-py310-ubuntu22.04",
    "ml.g5.xlarge, 2.1-transformers4.37-gpu-py310-cu118-ubuntu20.04",
  })
  void aVersionStaysAsItWasWritten(String instanceType, String tag) {
    assertThat(resolve("huggingface", "4.37", "py310", REGION, instanceType))
        .isEqualTo(
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:" + tag);
    assertThat(problems.found()).isEmpty();
  }

  @ParameterizedTest
  @CsvFileSource(resources = "expected-images.txt", delimiter = ' ')
  void eachImageOfTheTableIsFound(
      String framework,
      String version,
      String python,
      String region,
      String instanceType,
      String uri) {
    String pyVersion = python.equals("-") ? "" : python;

    assertThat(resolve(framework, version, pyVersion, region, instanceType)).isEqualTo(uri);
    assertThat(problems.found()).isEmpty();
  }

  @Test
  void noImageOfTheTableIsLeftOut() throws Exception {
    assertThat(lines("expected-images.txt"))
        .hasSameSizeAs(lines("container-images.txt").stream()
            .filter(line -> line.startsWith("image "))
            .toList());
  }

  @ParameterizedTest
  @CsvSource({
    "huggingface-llm,        1.4,    2.1.1-tgi1.4.5-gpu-py310-cu121-ubuntu22.04",
    "huggingface-llm,        2.0,    2.4.0-tgi2.4.0-gpu-py311-cu124-ubuntu22.04-v2.2",
    "huggingface-llm,        3.3,    2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04",
    "huggingface-llm,        2.1.1-tgi2.0.0, 2.1.1-tgi2.0.0-gpu-py310-cu121-ubuntu22.04",
    "huggingface-vllm,       0.21,   0.21.0-transformers5.8.1-gpu-py312-cu130-ubuntu22.04",
    "huggingface-tei,        1.8,    2.0.1-tei1.8.2-gpu-py310-cu122-ubuntu22.04",
    "djl-lmi,                0.36.0, 0.36.0-lmi27.0.0-cu130",
    "djl-lmi,                0.36.0-lmi18.0.0-cu128, 0.36.0-lmi18.0.0-cu128",
    "huggingface,            4.6,    1.8-transformers4.6-gpu-py36-cu111-ubuntu18.04",
    "huggingface,            1.7.1-transformers4.6.1, 1.7.1-transformers4.6.1-gpu-py36-cu110-ubuntu18.04",
    "huggingface,            1.7-transformers4.6, 1.7-transformers4.6-gpu-py36-cu110-ubuntu18.04",
    "huggingface-tensorflow, 4.26,   2.11-transformers4.26-gpu-py39-cu112-ubuntu20.04",
    "pytorch,                2.6,    2.6-gpu-py312",
    "tensorflow,             2.14,   2.14-gpu",
    "xgboost,                1.7-1,  1.7-1",
  })
  void aShortVersionIsTheNewestThatBeginsWithIt(String framework, String version, String tag) {
    assertThat(resolve(framework, version, "", REGION, GPU)).endsWith(":" + tag);
    assertThat(problems.found()).isEmpty();
  }

  @Test
  void aVersionIsNotTheBeginningOfALongerNumber() {
    assertThat(resolve("huggingface", "4.1", "", REGION, GPU)).isEmpty();
    assertThat(resolve("huggingface", "4", "", REGION, GPU)).isEmpty();
    assertThat(problems.found()).hasSize(2);
  }

  @Test
  void noVersionIsTheNewest() {
    assertThat(resolve("huggingface", "", "", REGION, GPU))
        .endsWith(":2.6.0-transformers5.5.3-gpu-py312-cu124-ubuntu22.04");
    assertThat(resolve("triton", "", "", REGION, "ml.m5.large")).endsWith(":25.04-py3-cpu");
  }

  @Test
  void thePythonChoosesAmongImagesOfOneVersion() {
    assertThat(resolve("huggingface", "4.10.2", "py36", REGION, GPU))
        .endsWith(":1.8.1-transformers4.10.2-gpu-py36-cu111-ubuntu18.04");
    assertThat(resolve("huggingface", "4.10.2", "py38", REGION, GPU))
        .endsWith(":1.9.0-transformers4.10.2-gpu-py38-cu111-ubuntu20.04");
  }

  @Test
  void inferentiaAndTrainiumHaveTheirOwnImages() {
    assertThat(resolve("huggingface", "4.55", "py310", "us-west-2", "ml.inf2.xlarge"))
        .isEqualTo(
            "763104351884.dkr.ecr.us-west-2.amazonaws.com/huggingface-pytorch-inference-neuronx"
                + ":2.8.0-transformers4.55.4-neuronx-py310-sdk2.26.0-ubuntu22.04");
    assertThat(resolve("huggingface", "4.55", "py310", "us-west-2", "ml.trn1.2xlarge"))
        .contains("neuronx");
  }

  @ParameterizedTest
  @CsvSource({
    "huggingface-llm, 1.4.2, af-south-1,     626614931356.dkr.ecr.af-south-1.amazonaws.com/",
    "huggingface-llm, 1.4.2, cn-north-1,     727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/",
    "huggingface-llm, 1.4.2, cn-northwest-1, 727897471807.dkr.ecr.cn-northwest-1.amazonaws.com.cn/",
    "huggingface-llm, 1.4.2, us-gov-west-1,  442386744353.dkr.ecr.us-gov-west-1.amazonaws.com/",
    "huggingface-llm, 1.4.2, us-iso-east-1,  886529160074.dkr.ecr.us-iso-east-1.c2s.ic.gov/",
    "huggingface-llm, 1.4.2, us-isob-east-1, 094389454867.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/",
    "huggingface-llm, 1.4.2, eusc-de-east-1, 204133271717.dkr.ecr.eusc-de-east-1.amazonaws.eu/",
    "huggingface-llm, 1.4.2, mx-central-1,   637423239942.dkr.ecr.mx-central-1.amazonaws.com/",
    "huggingface-tei, 1.7.0, eu-west-1,      141502667606.dkr.ecr.eu-west-1.amazonaws.com/",
    "xgboost,         1.7-1, eu-central-1,   492215442770.dkr.ecr.eu-central-1.amazonaws.com/",
    "xgboost,         1.7-1, us-isof-east-1, 108575199400.dkr.ecr.us-isof-east-1.csp.hci.ic.gov/",
  })
  void eachRegionHasItsOwnRegistry(
      String framework, String version, String region, String registry) {
    assertThat(resolve(framework, version, "", region, GPU)).startsWith(registry);
  }

  /** The accounts of huggingface-vllm in AWS's list of August 2026, and how many regions it and text embeddings have. */
  @ParameterizedTest
  @CsvSource({
    "763104351884, 'ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1"
        + " eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2'",
    "626614931356, af-south-1",
    "871362719292, ap-east-1",
    "975050140332, ap-east-2",
    "364406365360, ap-northeast-3",
    "772153158452, ap-south-2",
    "907027046896, ap-southeast-3",
    "457447274322, ap-southeast-4",
    "550225433462, ap-southeast-5",
    "633930458069, ap-southeast-6",
    "590183813437, ap-southeast-7",
    "204538143572, ca-west-1",
    "727897471807, cn-north-1 cn-northwest-1",
    "380420809688, eu-central-2",
    "692866216735, eu-south-1",
    "503227376785, eu-south-2",
    "780543022126, il-central-1",
    "914824155844, me-central-1",
    "217643126080, me-south-1",
    "637423239942, mx-central-1",
    "446045086412, us-gov-east-1",
    "442386744353, us-gov-west-1",
    "886529160074, us-iso-east-1",
    "094389454867, us-isob-east-1",
    "303241398832, us-isof-east-1",
    "454834333376, us-isof-south-1",
  })
  void eachRegionOfVllmHasTheAccountThatAwsPublishes(String account, String regions) {
    for (String region : regions.split(" ", -1)) {
      assertThat(resolve("huggingface-vllm", "", "", region, GPU))
          .startsWith(account + ".dkr.ecr." + region + ".");
    }
  }

  @ParameterizedTest
  @CsvSource({"huggingface-vllm, 42", "huggingface-tei, 35"})
  void theNumberOfRegionsIsThatOfAwssLists(String framework, int count) {
    assertThat(resolve(framework, "", "", "us-moon-1", GPU)).isEmpty();
    assertThat(sentences())
        .singleElement()
        .asString()
        .satisfies(text -> assertThat(text.replaceFirst(".*; known there: ", "").split(", ", -1))
            .hasSize(count));
  }

  @Test
  void withoutAnInstanceTypeAnImageIsForGpusOnlyWhereThereIsNoOther() {
    assertThat(resolve("huggingface-vllm", "0.21", "", REGION, "")).contains("-gpu-");
    assertThat(resolve("huggingface-tei", "1.8.2", "", REGION, "")).contains("-cpu-");
    assertThat(resolve("huggingface-tei", "1.9.4", "", REGION, "")).contains("-gpu-");
    assertThat(resolve("huggingface-vllm", "0.21", "", REGION, "serverless")).isEmpty();
  }

  @Test
  void anUnknownFrameworkIsAProblemThatNamesTheKnownOnes() {
    assertThat(resolve("caffe", "1.0", "", REGION, GPU)).isEmpty();
    assertThat(sentences())
        .containsExactly(
            "runtime.image must be given, because no image of AWS is known for framework \"caffe\""
                + "; known there: huggingface, huggingface-tensorflow, huggingface-llm, huggingface-vllm,"
                + " huggingface-tei, djl-lmi, pytorch, tensorflow, sklearn, xgboost, vllm, triton");
  }

  @Test
  void anUnknownVersionIsAProblemThatNamesTheKnownOnes() {
    assertThat(resolve("sklearn", "1.3-1", "py3", REGION, "")).isEmpty();
    assertThat(sentences())
        .containsExactly(
            "runtime.image must be given, because no image of AWS is known for framework \"sklearn\","
                + " version \"1.3-1\"; known there: 0.20.0, 0.23-1, 1.0-1, 1.2-1, 1.4-2, 1.4-2-py312");
  }

  @Test
  void aProcessorWithoutAnImageIsAProblem() {
    assertThat(resolve("huggingface-llm", "1.4.2", "", REGION, "ml.m5.large")).isEmpty();
    assertThat(resolve("huggingface", "4.37", "py310", REGION, "ml.c7g.xlarge")).isEmpty();
    assertThat(resolve("huggingface", "4.55", "py310", REGION, "ml.inf1.xlarge"))
        .isEmpty();
    assertThat(sentences())
        .containsExactly(
            "runtime.image must be given, because no image of AWS is known for framework"
                + " \"huggingface-llm\", version \"1.4.2\", processor cpu of ml.m5.large; known there: gpu",
            "runtime.image must be given, because no image of AWS is known for framework"
                + " \"huggingface\", version \"4.37\", processor cpu-arm64 of ml.c7g.xlarge;"
                + " known there: cpu, gpu",
            "runtime.image must be given, because no image of AWS is known for framework"
                + " \"huggingface\", version \"4.55\", processor neuron of ml.inf1.xlarge;"
                + " known there: neuronx");
  }

  @Test
  void aPythonWithoutAnImageIsAProblem() {
    assertThat(resolve("huggingface", "4.37", "py311", REGION, "")).isEmpty();
    assertThat(sentences())
        .containsExactly(
            "runtime.image must be given, because no image of AWS is known for framework"
                + " \"huggingface\", version \"4.37\", processor cpu, Python \"py311\";"
                + " known there: py310");
  }

  @Test
  void aRegionWithoutAnImageIsAProblem() {
    assertThat(resolve("huggingface", "4.37", "py310", "us-moon-1", "")).isEmpty();
    assertThat(resolve("huggingface", "4.37", "py310", "mx-central-1", "")).isEmpty();
    assertThat(sentences())
        .hasSize(2)
        .first()
        .asString()
        .startsWith("runtime.image must be given, because no image of AWS is known for framework"
            + " \"huggingface\", version \"4.37\", processor cpu, Python \"py310\","
            + " region \"us-moon-1\"; known there: af-south-1, ap-east-1, ap-northeast-1,")
        .doesNotContain("mx-central-1");
  }

  @ParameterizedTest
  @CsvSource({
    "ml.m5.xlarge,      cpu",
    "ml.t2.medium,      cpu",
    "ml.c7g.xlarge,     cpu",
    "ml.r6gd.xlarge,    cpu",
    "'',                cpu",
    "serverless,        cpu",
    "ml.g4dn.xlarge,    gpu",
    "ml.g5.48xlarge,    gpu",
    "ml.g6e.xlarge,     gpu",
    "ML.G5.XLARGE,      gpu",
    "ml.p3.2xlarge,     gpu",
    "ml.p4de.24xlarge,  gpu",
    "ml.p6-b200.48xlarge, gpu",
    "ml.inf1.xlarge,    neuron",
    "ml.inf2.xlarge,    neuronx",
    "ml.trn1.2xlarge,   neuronx",
    "ml.trn2.48xlarge,  neuronx",
  })
  void theFamilyTellsTheProcessor(String instanceType, String processor) {
    assertThat(InstanceTypes.processor(instanceType)).isEqualTo(processor);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ml.c7g.xlarge", "ml.m6gd.large", "ml.c7gn.xlarge", "ml.r8g.medium"})
  void gravitonHasItsOwnImages(String instanceType) {
    assertThat(resolve("pytorch", "2.6.0", "py312", REGION, instanceType))
        .isEqualTo("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference-arm64"
            + ":2.6.0-cpu-py312-ubuntu22.04-sagemaker");
  }

  private String resolve(
      String framework, String version, String pyVersion, String region, String instanceType) {
    return ContainerImages.resolve(problems, framework, version, pyVersion, region, instanceType)
        .map(ContainerImages.Found::uri)
        .orElse("");
  }

  private List<String> sentences() {
    return problems.found().stream().map(Problem::toString).toList();
  }

  private static List<String> lines(String resource) throws Exception {
    try (InputStream text = ContainerImagesTest.class.getResourceAsStream(resource)) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}
