package io.fairlead.examples;

import io.fairlead.azureml.AzureMlArtifact;
import io.fairlead.azureml.AzureMlDependencies;
import io.fairlead.azureml.AzureMlRuntime;
import io.fairlead.azureml.CondaFile;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.sagemaker.SageMakerArtifact;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** The pieces of Java in docs/migrating.md and docs/why-not-terraform.md; {@link MigratingSnippetsTest} runs them. */
final class MigratingSnippets {
  private MigratingSnippets() {}

  static Response sageMaker(EndpointPlatform sagemaker, Duration limit) {
    ModelArtifact model = ModelArtifact.huggingFace("mistralai/Mistral-7B-Instruct-v0.2")
        .withMetadata(ModelMetadata.of("huggingface-llm", "1.4.2")
            .withName("mistral")
            .with(SageMakerArtifact.pyVersion("py310").on("ml.g5.2xlarge")));
    Dependencies env = Dependencies.environment(Map.of("SM_NUM_GPUS", "1"));
    Container container = sagemaker.packageModel(model, RuntimeSpec.NONE, env).await(limit);

    Scaling scaling = Scaling.fixed("ml.g5.2xlarge", 1);
    Endpoint blue =
        sagemaker.deploy(container, scaling, new Routing("mistral", "blue")).await(limit);

    Response response = sagemaker.invoke(blue, Request.json("{\"inputs\": \"A fairlead is\"}"));
    return response;
  }

  static Response azureMl(EndpointPlatform azureml, Path scripts, Path weights, Duration limit) {
    ModelArtifact model = ModelArtifact.of(scripts.toUri(), weights.toUri())
        .named("hf-model")
        .with(AzureMlArtifact.of(AzureMlArtifact.Type.CUSTOM_MODEL)
            .withDescription("A model of the Hugging Face hub"));
    RuntimeSpec environment = RuntimeSpec.of("mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04")
        .with(AzureMlRuntime.condaFile(
            CondaFile.of("python=3.11", "pip", "pytorch", "transformers", "numpy")
                .withChannels("conda-forge", "pytorch")));
    Dependencies score = Dependencies.NONE
        .withPackages("azureml-inference-server-http")
        .with(AzureMlDependencies.entryScript("score.py"));
    Container container = azureml.packageModel(model, environment, score).await(limit);

    Scaling scaling = Scaling.fixed("Standard_DS3_v2", 1);
    Endpoint demo =
        azureml.deploy(container, scaling, new Routing("hf-ep", "demo")).await(limit);

    Response response = azureml.invoke(demo, Request.json("{\"inputs\": \"A fairlead is\"}"));
    return response;
  }

  static Response vertex(EndpointPlatform vertex, Duration limit) {
    ModelArtifact model = ModelArtifact.huggingFace("google/gemma-2b").named("gemma");
    RuntimeSpec runtime = RuntimeSpec.of("us-docker.pkg.dev/deeplearning-platform-release/gcr.io/"
            + "huggingface-text-generation-inference-cu121.2-2.ubuntu2204.py310")
        .with(VertexRuntime.accelerator("NVIDIA_TESLA_A100"));
    Dependencies env = Dependencies.environment(Map.of(
        "MAX_INPUT_LENGTH", "512",
        "MAX_TOTAL_TOKENS", "1024",
        "MAX_BATCH_PREFILL_TOKENS", "2048",
        "NUM_SHARD", "1"));
    Container container = vertex.packageModel(model, runtime, env).await(limit);

    Scaling scaling = Scaling.fixed("a2-highgpu-1g", 1).with(VertexScaling.acceleratorCount(1));
    Endpoint blue =
        vertex.deploy(container, scaling, new Routing("gemma", "blue")).await(limit);

    Response response = vertex.invoke(
        blue,
        Request.json("{\"instances\": [{\"inputs\": \"A fairlead is\","
            + " \"parameters\": {\"max_new_tokens\": 100, \"temperature\": 0.7}}]}"));
    return response;
  }

  static void canary(
      EndpointPlatform platform, Endpoint blue, Container better, Scaling scaling, Duration limit) {
    Endpoint green =
        platform.deploy(better, scaling, new Routing(blue.name(), "green")).await(limit);
    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(limit);
    // look at green's answers and errors, then:
    platform.route(blue.at(90), green.at(10), TrafficWeight.percent(100)).await(limit);
    platform.undeploy(blue).await(limit);
  }

  /** The endpoint of docs/why-not-terraform.md, which is there in HCL as well. */
  static void twoVariants(
      EndpointPlatform sagemaker, ModelArtifact blueModel, ModelArtifact greenModel) {
    Duration limit = Duration.ofMinutes(30);
    RuntimeSpec image = RuntimeSpec.of("123456789012.dkr.ecr.eu-central-1.amazonaws.com/server:1");
    Scaling two = Scaling.fixed("ml.m5.large", 2);
    Container current =
        sagemaker.packageModel(blueModel, image, Dependencies.NONE).await(limit);
    Container next =
        sagemaker.packageModel(greenModel, image, Dependencies.NONE).await(limit);

    Endpoint blue = sagemaker.deploy(current, two, new Routing("ask", "blue")).await(limit);
    Endpoint green = sagemaker.deploy(next, two, new Routing("ask", "green")).await(limit);
    sagemaker.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(limit);
  }
}
