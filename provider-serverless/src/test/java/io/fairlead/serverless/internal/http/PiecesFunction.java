package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/** A function whose pieces come when the test says so. */
final class PiecesFunction extends LatchedFunction {
  static final String EVENTS = "text/event-stream";

  /** An invocation that has not ended. */
  record Streamed(Request request, StreamedPieces pieces, CompletableFuture<Response> answer) {
    void piece(String text) {
      piece(EVENTS, text);
    }

    void piece(String type, String text) {
      pieces.accept(type, ByteBuffer.wrap(text.getBytes(UTF_8)));
    }

    void end(String last) {
      answer.complete(Response.of(last.getBytes(UTF_8), EVENTS));
    }
  }

  final BlockingQueue<Streamed> streaming = new LinkedBlockingQueue<>();

  PiecesFunction(String name) {
    super(name);
  }

  @Override
  Response answer() {
    return Response.json("\"whole\"");
  }

  @Override
  public CompletableFuture<Response> invokeStreaming(Request request, StreamedPieces pieces) {
    CompletableFuture<Response> answer = new CompletableFuture<>();
    streaming.add(new Streamed(request, pieces, answer));
    return answer;
  }
}
