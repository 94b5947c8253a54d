package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JshellPlanTest {
  /** No metadata server is asked for credentials. */
  private static final Map<String, String> NOWHERE = Map.of(
      "AWS_EC2_METADATA_DISABLED", "true",
      "NO_GCE_CHECK", "true",
      "GCE_METADATA_HOST", "127.0.0.1:1",
      "AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1",
      "PATH", "/nonexistent");

  @TempDir
  Path folder;

  @Test
  void withoutCredentialsAPlanSaysWhatWouldBeCreatedAndWhyItCouldNotBeCompared() throws Exception {
    String output = Jshell.output(
        "plan",
        "SageMakerConfig.class\nVertexConfig.class\nAzureMlConfig.class\n" + Jshell.END,
        folder,
        NOWHERE,
        "jshell/sagemaker.jsh",
        "jshell/vertex.jsh",
        "jshell/azureml.jsh");

    assertThat(output)
        .containsSubsequence(
            "On azureml, Endpoint[bert/blue,",
            "created if absent",
            "On sagemaker, Endpoint[bert/blue, s3://my-bucket/bert/model.tar.gz",
            "unknown model fairlead-bert-",
            "created if absent",
            "image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/bert:1",
            "unknown variant bert/blue",
            "instanceType: ml.m5.large",
            "not read, for the reason above",
            "On vertex, Endpoint[bert/blue,",
            "created if absent",
            "Nothing was created.")
        .doesNotContain("  create ", "  refuse ");
  }
}
