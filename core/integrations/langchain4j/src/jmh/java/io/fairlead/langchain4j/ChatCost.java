package io.fairlead.langchain4j;

import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.jdk.JdkHttpClient;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import io.fairlead.contract.benchmark.CallsInTurns;
import io.fairlead.contract.benchmark.CallsInTurns.Side;
import io.fairlead.contract.benchmark.ServerProcess;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.HttpAnswer;
import io.fairlead.provider.HttpCalls;
import io.fairlead.provider.HttpFailure;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/**
 * What a chat costs through LangChain4j's model over a platform beside the same model over LangChain4j's own client, from
 * one thread to a server on loopback, call by call in turns: a whole answer, and the first piece of one that streams.
 *
 * <p>The platform is as little as there can be of one: core's HTTP calls, as Azure ML makes them. {@code -Dcalls=N} is
 * the number of calls of each side in each part.
 */
public final class ChatCost {
  private static final ModelFunction MODEL = new ModelFunction(
      ModelArtifact.of(URI.create("https://example.com/one")).named("one"), FunctionLimits.DEFAULT);

  private ChatCost() {}

  /** Compares, and prints the figures. */
  public static void main(String[] args) throws IOException {
    try (ServerProcess server = ServerProcess.start(ChatServer.class)) {
      String host = "http://" + server.hostAndPort();
      HttpClient client =
          HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      try (HttpCalls calls = new HttpCalls("bench", client)) {
        HttpClientBuilder ours = FairleadHttpClient.builder(platform(calls, host), MODEL);
        HttpClientBuilder theirs = JdkHttpClient.builder()
            .httpClientBuilder(HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1));
        int count = Integer.getInteger("calls", 20_000);
        CallsInTurns.printHead();
        OpenAiChatModel bare = chat(theirs, host + "/v1");
        OpenAiChatModel over = chat(ours, FairleadHttpClient.BASE_URL);
        new CallsInTurns("word", 1.05)
            .compare(
                1,
                count,
                new Side("whole, own", () -> bare.chat("word")),
                new Side("whole, platform", () -> over.chat("word")));
        OpenAiStreamingChatModel bareStream = streaming(theirs, host + "/v1");
        OpenAiStreamingChatModel overStream = streaming(ours, FairleadHttpClient.BASE_URL);
        new CallsInTurns("word", 1.05)
            .compare(
                1,
                count,
                new Side("first, own", () -> first(bareStream)),
                new Side("first, platform", () -> first(overStream)));
      }
    }
    System.exit(0);
  }

  private static OpenAiChatModel chat(HttpClientBuilder client, String url) {
    return OpenAiChatModel.builder()
        .httpClientBuilder(client)
        .baseUrl(url)
        .apiKey("key")
        .modelName("one")
        .build();
  }

  private static OpenAiStreamingChatModel streaming(HttpClientBuilder client, String url) {
    return OpenAiStreamingChatModel.builder()
        .httpClientBuilder(client)
        .baseUrl(url)
        .apiKey("key")
        .modelName("one")
        .build();
  }

  /** {@return the first piece of an answer, whose end follows at once} */
  private static String first(OpenAiStreamingChatModel model) {
    CompletableFuture<String> first = new CompletableFuture<>();
    model.chat("word", new StreamingChatResponseHandler() {
      @Override
      public void onPartialResponse(String part) {
        first.complete(part);
      }

      @Override
      public void onCompleteResponse(ChatResponse response) {
        // The first piece is what is measured.
      }

      @Override
      public void onError(Throwable error) {
        first.completeExceptionally(error);
      }
    });
    return first.join();
  }

  @SuppressWarnings("unchecked")
  private static Platform<ModelFunction> platform(HttpCalls calls, String host) {
    return (Platform<ModelFunction>) Proxy.newProxyInstance(
        ChatCost.class.getClassLoader(),
        new Class<?>[] {Platform.class},
        (proxy, method, arguments) -> switch (method.getName()) {
          case "id" -> "bench";
          case "invoke" -> invoke(calls, host, (Request) arguments[1]);
          case "invokeStreaming" ->
            stream(
                calls, host, (Request) arguments[1], (Consumer<? super ByteBuffer>) arguments[2]);
          default -> throw new UnsupportedOperationException(method.getName());
        });
  }

  private static HttpRequest.Builder http(String host, Request request) {
    return HttpRequest.newBuilder(URI.create(host + request.path().orElseThrow()))
        .header("Content-Type", request.contentType())
        .header("Authorization", "Bearer key")
        .POST(BodyPublishers.ofByteArray(request.bodyUnsafe()));
  }

  private static Response invoke(HttpCalls calls, String host, Request request) {
    HttpAnswer<byte[]> answer = calls.send(http(host, request), request.timeout());
    return Response.ofUnsafe(answer.body(), answer.header("content-type", "")).servedBy("blue");
  }

  /** A benchmark has no bad day. */
  private static final class Broken implements RefusedCalls.Refusals<HttpFailure> {
    @Override
    public Class<HttpFailure> type() {
      return HttpFailure.class;
    }

    @Override
    public Optional<RetryPolicy> policy(HttpFailure refusal) {
      return Optional.empty();
    }

    @Override
    public ServingException failure(String what, HttpFailure failure) {
      return new ServingException("bench", ErrorKind.UNAVAILABLE, what, failure);
    }
  }

  private static Response stream(
      HttpCalls calls, String host, Request request, Consumer<? super ByteBuffer> pieces) {
    Deadline deadline = Deadline.after(request.timeout(), TimeSource.system());
    HttpAnswer<Flow.Publisher<List<ByteBuffer>>> answer =
        calls.stream(http(host, request), request.timeout());
    calls.handOn("Invoke", deadline, answer, new Broken(), pieces);
    return Response.of(new byte[0], answer.header("content-type", "")).servedBy("blue");
  }
}
