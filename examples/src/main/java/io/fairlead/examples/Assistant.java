package io.fairlead.examples;

import dev.langchain4j.data.document.Document;
import dev.langchain4j.data.document.loader.FileSystemDocumentLoader;
import dev.langchain4j.data.document.splitter.DocumentSplitters;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.rag.content.retriever.EmbeddingStoreContentRetriever;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.TokenStream;
import dev.langchain4j.store.embedding.EmbeddingStoreIngestor;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import io.fairlead.config.DeploymentFile;
import io.fairlead.config.DeploymentReader;
import io.fairlead.config.OpenPlatforms;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.Served;
import io.fairlead.langchain4j.FairleadHttpClient;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Platforms;
import io.fairlead.yaml.YamlFile;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * An assistant that answers questions from a folder of texts: it finds the texts with an embedding model in this JVM, and
 * a chat model behind any endpoint words the answer, which comes as it is made. LangChain4j does the rest.
 *
 * <p>{@code examples/run assistant [--model FILE] [FOLDER] ["question" ...]}
 */
public final class Assistant {
  private static final String USAGE =
      "examples/run assistant [--model FILE] [FOLDER] [\"question\" ...]";
  private static final URI MINILM = URI.create("classpath:all-minilm-l6-v2-q.onnx");
  private static final URI QUOTING = URI.create("java:" + QuotingModel.class.getName());
  private static final String QUESTION = "Where do I leave my car?";
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int SEGMENT = 200;
  private static final int BATCH = 32;
  private static final int FOUND = 5;

  private final Terminal terminal;
  private final Path usual;

  /**
   * Creates the example.
   *
   * @param usual the folder where none is given
   */
  Assistant(Terminal terminal, Path usual) {
    this.terminal = terminal;
    this.usual = usual;
  }

  /** Runs the example; exits with 0 if each question was answered. */
  public static void main(String[] args) {
    Path usual = Path.of(System.getProperty("fairlead.examples", "examples"), "assistant");
    System.exit(new Assistant(Terminal.standardOutput(), usual).run(List.of(args)));
  }

  /** What LangChain4j makes: a question goes in, and the pieces of an answer come out. */
  interface Answers {
    TokenStream answer(String question);
  }

  /** {@return the exit code: 0, or 1 after a failure, or 2 after a mistake in the arguments} */
  int run(List<String> args) {
    List<String> rest = new ArrayList<>(args);
    Optional<Path> model = Optional.empty();
    if (!rest.isEmpty() && rest.get(0).equals("--model") && rest.size() > 1) {
      model = Optional.of(Path.of(rest.get(1)));
      rest.subList(0, 2).clear();
    }
    if (!rest.isEmpty() && isMissing(rest.get(0))) {
      terminal.line("There is no such folder: " + rest.get(0));
      return 2;
    }
    boolean isFolder = !rest.isEmpty() && Files.isDirectory(Path.of(rest.get(0)));
    Path folder = isFolder ? Path.of(rest.remove(0)) : usual;
    if (rest.stream().anyMatch(argument -> argument.startsWith("--"))) {
      terminal.line(USAGE);
      return 2;
    }
    try {
      answer(folder, model, rest.isEmpty() ? List.of(QUESTION) : rest);
      return 0;
    } catch (ServingException | LangChain4jException | IllegalArgumentException e) {
      terminal.paragraph(String.valueOf(e.getMessage()));
      return 1;
    }
  }

  /** {@return whether an argument is the path of nothing: a question has blanks, and a path has separators} */
  private static boolean isMissing(String argument) {
    return argument.contains("/")
        && !argument.contains(" ")
        && !Files.isDirectory(Path.of(argument));
  }

  private void answer(Path folder, Optional<Path> file, List<String> questions) {
    try (EndpointPlatform local = Platforms.open("local", EndpointPlatform.class)) {
      Endpoint minilm = deployed(local, MINILM, "minilm");
      if (file.isEmpty()) {
        terminal.line(
            "Without a language model: what is nearest in meaning is quoted. --model FILE asks a real one.");
        answer(folder, local, minilm, local, deployed(local, QUOTING, "quoting"), questions);
        return;
      }
      DeploymentReader reader = YamlFile.deployment(file.get(), System::getenv);
      try (OpenPlatforms opened =
          new OpenPlatforms(reader.platform().stream().toList(), reader.problems())) {
        DeploymentFile chat = reader.deployment().orElseThrow();
        Platform<?> platform = opened.get(chat.platform().name());
        Deployments.deployInThisProcess(platform, chat);
        answer(folder, local, minilm, platform, chat.value(), questions);
      }
    }
  }

  private static Endpoint deployed(EndpointPlatform local, URI model, String name) {
    Container container = local
        .packageModel(ModelArtifact.of(model), RuntimeSpec.NONE, Dependencies.NONE)
        .await(LIMIT);
    return local.deploy(container, Scaling.fixed(1), new Routing(name, "blue")).await(LIMIT);
  }

  // From here on it is LangChain4j alone, but for the two HTTP clients.
  private <S extends Served> void answer(
      Path folder,
      EndpointPlatform local,
      Endpoint minilm,
      Platform<S> platform,
      Served chat,
      List<String> questions) {
    @SuppressWarnings("unchecked") // A platform serves what its own reader has made.
    S served = (S) chat;
    EmbeddingModel embeddings = OpenAiEmbeddingModel.builder()
        .httpClientBuilder(FairleadHttpClient.builder(local, minilm))
        .baseUrl(FairleadHttpClient.BASE_URL)
        .modelName(minilm.name())
        .maxSegmentsPerBatch(BATCH)
        .build();
    StreamingChatModel model = OpenAiStreamingChatModel.builder()
        .httpClientBuilder(FairleadHttpClient.builder(platform, served))
        .baseUrl(FairleadHttpClient.BASE_URL)
        .modelName(chat.name())
        .build();
    InMemoryEmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();
    List<Document> documents = FileSystemDocumentLoader.loadDocumentsRecursively(
        folder, FileSystems.getDefault().getPathMatcher("glob:**.{txt,md}"));
    Problems.in("Assistant")
        .check(
            !documents.isEmpty(), "folder", "has no texts, which are files of .txt or .md", folder)
        .throwIfAny();
    EmbeddingStoreIngestor.builder()
        .documentSplitter(DocumentSplitters.recursive(SEGMENT, 0))
        .embeddingModel(embeddings)
        .embeddingStore(store)
        .build()
        .ingest(documents);
    terminal.line("Read " + documents.size() + " texts of " + folder + ".");
    Answers answers = AiServices.builder(Answers.class)
        .streamingChatModel(model)
        .contentRetriever(EmbeddingStoreContentRetriever.builder()
            .embeddingModel(embeddings)
            .embeddingStore(store)
            .maxResults(FOUND)
            .build())
        .build();
    questions.forEach(question -> stream(question, answers.answer(question)));
  }

  private void stream(String question, TokenStream tokens) {
    terminal.line();
    terminal.line(question);
    terminal.piece("  ");
    CompletableFuture<Void> done = new CompletableFuture<>();
    tokens
        .onPartialResponse(terminal::piece)
        .onCompleteResponse(response -> done.complete(null))
        .onError(done::completeExceptionally)
        .start();
    try {
      done.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    } finally {
      terminal.line();
    }
  }
}
