package io.fairlead.local.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Held;
import io.fairlead.contract.VirtualTime;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Scaling;
import io.fairlead.local.LocalConfig;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.ResourceKind;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

class LocalContractTest extends EndpointPlatformContract {
  @Override
  protected Place newPlace() {
    return new ThisJvm();
  }

  @Override
  protected ModelArtifact artifact() {
    return ModelArtifact.of(URI.create("java:one"));
  }

  @Override
  protected ModelArtifact otherArtifact() {
    return ModelArtifact.of(URI.create("java:two"));
  }

  @Override
  protected Scaling scaling(int count) {
    return Scaling.fixed(count);
  }

  @Override
  protected Path modelFile(Path folder) throws IOException {
    try (InputStream model = LocalContractTest.class.getResourceAsStream("/models/iris_lr.onnx")) {
      Path file = folder.resolve("iris.onnx");
      Files.copy(requireNonNull(model), file);
      return file;
    }
  }

  @Override
  protected Request request() {
    return Request.json("{}");
  }

  private static final class ThisJvm implements Place {
    private final Models models = new Models();
    private final LocalHost host = new LocalHost(
        LocalConfig.DEFAULT
            .withFunction("one", models.answering("1"))
            .withFunction("two", models.answering("2")),
        new VirtualTime());

    @Override
    public EndpointPlatform open(Faults faults) {
      LocalKinds kinds = host.kinds();
      return host.open(
          new LocalKinds(
              faults.around(kinds.model()),
              faults.around(kinds.endpoint()),
              faults.around(kinds.variant()),
              faults.around(kinds.rolledBack()),
              faults.around(kinds.traffic())),
          () -> {});
    }

    @Override
    public Set<String> remains() {
      Set<String> names = new TreeSet<>();
      for (ResourceKind<?> kind : host.kinds().all()) {
        kind.list(new Look()).stream().map(Listed::ref).forEach(ref -> names.add(ref.toString()));
      }
      return names;
    }

    @Override
    public Optional<Streams> streams() {
      return Optional.of(models);
    }

    @Override
    public void close() {
      host.close();
    }
  }

  /** Models that answer in pieces as they are told; a whole answer is always the same. */
  private static final class Models implements Streams {
    private final AtomicInteger asked = new AtomicInteger();
    private volatile List<String> pieces = List.of();
    private volatile boolean breaks;
    private volatile @Nullable Held hold;

    StreamingModelHandler answering(String whole) {
      return new StreamingModelHandler() {
        @Override
        public Response handle(Request request) {
          return Response.json(whole);
        }

        @Override
        public Response stream(Request request, Consumer<? super ByteBuffer> out) {
          asked.incrementAndGet();
          Held held = hold;
          hold = null;
          for (String piece : pieces) {
            out.accept(ByteBuffer.wrap(piece.getBytes(UTF_8)));
            if (held != null) {
              held.hold();
            }
          }
          if (breaks) {
            breaks = false;
            throw new IllegalStateException("worker lost");
          }
          return Response.of(new byte[0], "text/plain");
        }
      };
    }

    @Override
    public void answerWith(List<String> newPieces) {
      pieces = newPieces;
    }

    @Override
    public void breakNext() {
      breaks = true;
    }

    @Override
    public Held holdNext() {
      Held next = new Held();
      hold = next;
      return next;
    }

    @Override
    public int asked() {
      return asked.get();
    }
  }
}
