package io.fairlead.serverless.internal.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.ModelHandler;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Java code for workers: as classes, for that is all that crosses to another process. */
public final class Handlers {
  private Handlers() {}

  static ModelArtifact artifact(Class<? extends ModelHandler> type) {
    return ModelArtifact.of(URI.create("java:" + type.getName()));
  }

  /** Does what the body says. */
  public static final class Obedient implements ModelHandler {
    private final CyclicBarrier four = new CyclicBarrier(4);
    private final List<ByteBuffer> kept = new ArrayList<>();

    public Obedient() {}

    @Override
    public Response handle(Request request) throws Exception {
      String[] words = request.contentType().equals("text/plain")
          ? request.text().split(" ", 2)
          : new String[] {"echo"};
      switch (words[0]) {
        case "echo" -> {
          return Response.of(request.body(), request.contentType());
        }
        case "meet" -> four.await(30, TimeUnit.SECONDS);
        case "print" -> System.out.println("to standard output");
        case "exit" -> {
          System.err.println("the last words");
          System.exit(Integer.parseInt(words[1]));
        }
        case "eat" -> {
          List<byte[]> eaten = new ArrayList<>();
          while (eaten.size() < Integer.MAX_VALUE) {
            eaten.add(new byte[1 << 20]);
          }
        }
        case "keep" -> {
          for (int i = 0; i < Integer.parseInt(words[1]); i++) {
            ByteBuffer megabyte = ByteBuffer.allocateDirect(1 << 20);
            for (int at = 0; at < megabyte.capacity(); at += 4096) {
              megabyte.put(at, (byte) 1);
            }
            kept.add(megabyte);
            kept.add(ByteBuffer.allocate(1 << 20));
          }
          four.await(60, TimeUnit.SECONDS);
        }
        case "hang" -> {
          Files.createFile(Path.of(words[1]));
          while (true) {
            LockSupport.parkNanos(1_000_000);
            Thread.interrupted();
          }
        }
        case "wait" -> {
          Path file = Path.of(words[1]);
          Files.createFile(file);
          while (Files.exists(file)) {
            LockSupport.parkNanos(1_000_000);
          }
        }
        case "environment" -> {
          return Response.json(
              String.join("\n", System.getenv().keySet()) + "\n" + System.getenv("FAIRLEAD_TEST"));
        }
        case "throttled" ->
          throw ServingException.builder("elsewhere", ErrorKind.THROTTLED, "Too much.")
              .retryAfter(Duration.ofSeconds(3))
              .cause(new IllegalStateException("outer", new IllegalArgumentException("inner")))
              .build();
        default -> throw new IllegalArgumentException(words[0]);
      }
      return Response.of("done".getBytes(UTF_8), "text/plain");
    }
  }

  /** Does not come to be. */
  public static final class NeverReady implements ModelHandler {
    public NeverReady() throws InterruptedException {
      new CountDownLatch(1).await();
    }

    @Override
    public Response handle(Request request) {
      throw new AssertionError();
    }
  }
}
