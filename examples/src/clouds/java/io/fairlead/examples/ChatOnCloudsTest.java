package io.fairlead.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.core.credential.AccessToken;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiChatResponseMetadata;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.OpenAiServer;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.langchain4j.FairleadHttpClient;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.standin.Project;
import java.net.URI;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** One program of LangChain4j at the stand-in of each cloud: only the line differs that opens the platform. */
class ChatOnCloudsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final String KEY = "AKIACHAT";

  /** An account at a stand-in, in which a server of OpenAI's protocol answers. */
  private record Cloud(
      EndpointPlatform platform,
      String weights,
      String image,
      String instanceType,
      Consumer<List<byte[]>> streams,
      Runnable ending)
      implements AutoCloseable {
    Endpoint deploy() {
      ModelArtifact model = ModelArtifact.of(URI.create(weights)).named("qwen");
      return platform
          .deploy(
              platform
                  .packageModel(model, RuntimeSpec.of(image), Dependencies.NONE)
                  .await(LIMIT),
              Scaling.fixed(instanceType, 1),
              new Routing("qwen", "blue"))
          .await(LIMIT);
    }

    /** {@return the base URL; Azure's stand-in has one host for all endpoints, whose paths begin with their names} */
    String url() {
      String prefix = platform
          .describe("qwen", "blue", LIMIT)
          .flatMap(it -> it.location().url())
          .filter(it -> platform.id().equals("azureml"))
          .map(it -> it.getPath().replaceFirst("/score$", ""))
          .orElse("");
      return FairleadHttpClient.BASE_URL.replace("/v1", prefix + "/v1");
    }

    @Override
    public void close() {
      platform.close();
      ending.run();
    }
  }

  private enum Place {
    SAGEMAKER {
      @Override
      Cloud open() {
        Account account = io.fairlead.sagemaker.standin.StandIn.account(KEY, new VirtualTime());
        account.durations(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
        account.describeDelay(Duration.ZERO);
        account.addObject("models", "qwen/model.tar.gz", new byte[1]);
        account.answerWith(asked -> OpenAiServer.answer(asked.body().asByteArray()));
        SageMakerConfig config = SageMakerConfig.of("us-east-1")
            .withExecutionRole("arn:aws:iam::123456789012:role/serving")
            .withEndpoint(io.fairlead.sagemaker.standin.StandIn.endpoint())
            .withCredentials(
                StaticCredentialsProvider.create(AwsBasicCredentials.create(KEY, "not-a-secret")));
        return new Cloud(
            new SageMakerProvider().open(config),
            "s3://models/qwen/model.tar.gz",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/vllm:1",
            "ml.g5.xlarge",
            account::streamInParts,
            account::close);
      }
    },
    VERTEX {
      @Override
      Cloud open() {
        Project project =
            io.fairlead.vertex.standin.StandIn.project("chat-project", new VirtualTime());
        for (String method : List.of("UploadModel", "CreateEndpoint", "DeployModel")) {
          project.duration(method, Duration.ZERO);
        }
        project.answerWith(OpenAiServer::answer);
        VertexConfig config = VertexConfig.of("chat-project", "us-central1")
            .withPlaintextEndpoint(io.fairlead.vertex.standin.StandIn.endpoint());
        return new Cloud(
            new VertexProvider().open(config),
            "gs://models/qwen/",
            "us-docker.pkg.dev/chat-project/serving/vllm:1",
            "n1-standard-4",
            project::streamInParts,
            project::close);
      }
    },
    AZURE_ML {
      @Override
      Cloud open() {
        Workspace workspace = io.fairlead.azureml.standin.StandIn.workspace(new VirtualTime());
        workspace.retryAfter(Duration.ZERO);
        workspace.duration("PUT onlineEndpoints", Duration.ZERO);
        workspace.duration("PUT deployments", Duration.ZERO);
        workspace.answerWith(asked -> OpenAiServer.answer(asked.body()));
        AzureMlConfig config = AzureMlConfig.of(
                workspace.subscription(), workspace.resourceGroup(), workspace.name())
            .withEndpoint(io.fairlead.azureml.standin.StandIn.endpoint())
            .withCredential(request -> Mono.just(new AccessToken(
                "not-a-secret", OffsetDateTime.now(ZoneOffset.UTC).plusHours(1))));
        return new Cloud(
            new AzureMlProvider().open(config),
            "azureml://datastores/workspaceblobstore/paths/qwen/",
            "example.azurecr.io/vllm:1",
            "Standard_DS3_v2",
            workspace::streamInPieces,
            workspace::close);
      }
    };

    abstract Cloud open();
  }

  private static String variant(ChatResponse response) {
    return ((OpenAiChatResponseMetadata) response.metadata())
        .rawHttpResponse()
        .headers()
        .get(FairleadHttpClient.VARIANT)
        .get(0);
  }

  @ParameterizedTest
  @EnumSource
  void oneProgramChatsEmbedsAndStreams(Place place) throws Exception {
    try (Cloud cloud = place.open()) {
      Endpoint endpoint = cloud.deploy();
      String url = cloud.url();
      FairleadHttpClient.Builder client = FairleadHttpClient.builder(cloud.platform(), endpoint);

      ChatResponse chat = OpenAiChatModel.builder()
          .httpClientBuilder(client)
          .baseUrl(url)
          .modelName("Qwen/Qwen3-4B")
          .build()
          .chat(UserMessage.from("Grüße \uD83D\uDE00"));
      assertThat(chat.aiMessage().text()).isEqualTo("Grüße \uD83D\uDE00");
      assertThat(chat.tokenUsage().totalTokenCount()).isEqualTo(12);
      assertThat(variant(chat)).isEqualTo("blue");

      float[] vector = OpenAiEmbeddingModel.builder()
          .httpClientBuilder(client)
          .baseUrl(url)
          .modelName("lengths")
          .build()
          .embed("four")
          .content()
          .vector();
      assertThat(vector).containsExactly(4, 0.25f);

      streams(cloud, url, client);
    }
  }

  private static void streams(Cloud cloud, String url, FairleadHttpClient.Builder client)
      throws Exception {
    // The pieces of a stream are those that the test gives the stand-in, cut within characters.
    cloud.streams().accept(pieces("one two \uD83D\uDE00"));
    List<String> parts = new ArrayList<>();
    CompletableFuture<ChatResponse> end = new CompletableFuture<>();
    stream(client, url, parts, end);
    assertThat(end.get(60, TimeUnit.SECONDS).aiMessage().text()).isEqualTo("one two \uD83D\uDE00");
    assertThat(variant(end.get())).isEqualTo("blue");
    assertThat(parts).containsExactly("one ", "two ", "\uD83D\uDE00");

    List<byte[]> half = pieces("one two");
    cloud.streams().accept(half.subList(0, half.size() / 2));
    CompletableFuture<ChatResponse> stopped = new CompletableFuture<>();
    stream(client, url, new ArrayList<>(), stopped);
    assertThatThrownBy(() -> stopped.get(60, TimeUnit.SECONDS))
        .cause()
        .isInstanceOf(LangChain4jException.class)
        .hasMessageContaining("[DONE]");
  }

  private static List<byte[]> pieces(String text) {
    String request =
        "{\"model\":\"qwen\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"" + text
            + "\"}]}";
    byte[] whole = OpenAiServer.answer(request.getBytes(UTF_8));
    List<byte[]> pieces = new ArrayList<>();
    for (int from = 0; from < whole.length; from += 7) {
      pieces.add(Arrays.copyOfRange(whole, from, Math.min(whole.length, from + 7)));
    }
    return pieces;
  }

  private static void stream(
      FairleadHttpClient.Builder client,
      String url,
      List<String> parts,
      CompletableFuture<ChatResponse> end) {
    OpenAiStreamingChatModel.builder()
        .httpClientBuilder(client)
        .baseUrl(url)
        .modelName("Qwen/Qwen3-4B")
        .build()
        .chat("hello", new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String part) {
            parts.add(part);
          }

          @Override
          public void onCompleteResponse(ChatResponse response) {
            end.complete(response);
          }

          @Override
          public void onError(Throwable error) {
            end.completeExceptionally(error);
          }
        });
  }
}
