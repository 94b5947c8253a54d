package io.fairlead.engine;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * A model as plain Java code that answers in pieces.
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
 * <p>It is registered and found as any {@link ModelHandler}, and answers a request for a whole answer with all its pieces in
 * one.
 */
@FunctionalInterface
public interface StreamingModelHandler extends ModelHandler {
  /**
   * Answers a request in pieces.
   *
   * @param pieces takes each piece, on the thread on which this is called, and returns when the next may come; the buffer is
   *     its maker's again afterwards. It throws when the caller has gone or the time is up: let that pass
   * @return what is told beside the pieces; a body that it has is the last piece
   * @throws Exception whatever goes wrong, as with {@link ModelHandler#handle}
   */
  Response stream(Request request, Consumer<? super ByteBuffer> pieces) throws Exception;

  @Override
  @SuppressWarnings("FunctionalInterfaceMethodChanged") // the same answer, as one piece
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
