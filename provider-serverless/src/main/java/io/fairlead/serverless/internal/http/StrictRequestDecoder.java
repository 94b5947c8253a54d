package io.fairlead.serverless.internal.http;

import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequestDecoder;

/**
 * A request decoder that refuses ambiguous body lengths, against request smuggling.
 *
 * <p>It has no more settings than Netty 4.1.128 has. What that does not refuse, {@link Connection} does.
 */
final class StrictRequestDecoder extends HttpRequestDecoder {
  static final int MAX_LINE_LENGTH = 4096;
  static final int MAX_HEADERS_LENGTH = 16 * 1024;

  StrictRequestDecoder() {
    super(new HttpDecoderConfig()
        .setMaxInitialLineLength(MAX_LINE_LENGTH)
        .setMaxHeaderSize(MAX_HEADERS_LENGTH)
        .setStrictLineParsing(true));
  }

  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    throw new IllegalArgumentException("both Transfer-Encoding and Content-Length are set");
  }
}
