package io.fairlead.serverless.internal.http;

import java.nio.ByteBuffer;

/** The consumer of the pieces of a streamed response, called on one thread. */
@FunctionalInterface
public interface StreamedPieces {
  /**
   * Takes a piece, and returns when the next one may follow: a slow client blocks the caller.
   *
   * @param contentType the content type of the response; that of the first piece counts
   * @param piece the piece, which may be reused afterwards
   * @throws java.util.concurrent.CancellationException if nobody waits for the response any more
   */
  void accept(String contentType, ByteBuffer piece);
}
