package io.fairlead.serverless.internal.http;

import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequestDecoder;

/** Reads requests, and refuses those whose end two readers may see in different places. */
final class StrictRequestDecoder extends HttpRequestDecoder {
  static final int LONGEST_LINE = 4096;
  static final int LONGEST_HEADERS = 16 * 1024;

  StrictRequestDecoder() {
    super(new HttpDecoderConfig()
        .setMaxInitialLineLength(LONGEST_LINE)
        .setMaxHeaderSize(LONGEST_HEADERS)
        .setStrictLineParsing(true)
        .setUseRfc9112TransferEncoding(true));
  }

  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    throw new IllegalArgumentException("both Transfer-Encoding and Content-Length are there");
  }
}
