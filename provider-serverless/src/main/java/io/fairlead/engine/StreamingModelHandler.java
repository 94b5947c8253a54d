package io.fairlead.engine;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * A model as plain Java code that streams its response.
 *
 * <pre>{@code
 * StreamingModelHandler counter = (request, pieces) -> {
 *   for (int i = 1; i <= 3; i++) {
 *     pieces.accept(ByteBuffer.wrap((i + "\n").getBytes(UTF_8)));
 *   }
 *   return Response.of(new byte[0], "text/plain");
 * };
 * }</pre>
 *
 * <p>It is registered and looked up as any {@link ModelHandler}. For a request that does not stream, the pieces are
 * joined to one response.
 */
@FunctionalInterface
public interface StreamingModelHandler extends ModelHandler {
  /**
   * Streams the response to a request.
   *
   * @param pieces the consumer of the pieces, to be called on the same thread; it returns when the next piece may
   *     follow, and the buffer may then be reused. It throws when the caller has gone or the deadline has passed: do
   *     not catch that
   * @return the response without the pieces; its body, if any, is the last piece
   * @throws Exception any failure, as with {@link ModelHandler#handle}
   */
  Response stream(Request request, Consumer<? super ByteBuffer> pieces) throws Exception;

  /**
   * {@return the content type of the pieces; by default that of server-sent events}
   *
   * <p>Over HTTP it is the type of a streamed response, whose head is sent before the first piece. A response without
   * pieces has the type that {@link #stream} returns.
   */
  default String streamedType() {
    return "text/event-stream";
  }

  @Override
  @SuppressWarnings("FunctionalInterfaceMethodChanged") // the same response, as one piece
  default Response handle(Request request) throws Exception {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    Consumer<ByteBuffer> joining = piece -> {
      byte[] bytes = new byte[piece.remaining()];
      piece.get(bytes);
      whole.writeBytes(bytes);
    };
    Response response = stream(request, joining).handOn(joining);
    return response.withBody(whole.toByteArray());
  }
}
