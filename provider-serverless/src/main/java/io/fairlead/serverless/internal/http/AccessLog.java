package io.fairlead.serverless.internal.http;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The access log: one line for each request, at INFO, of a logger of its own.
 *
 * <p>A line has neither bodies nor headers nor the query of a URL.
 */
final class AccessLog {
  /** The logger's name. */
  static final String NAME = "io.fairlead.serverless.access";

  private static final long MICRO = 1000;

  private final Logger log;

  AccessLog() {
    this(LoggerFactory.getLogger(NAME));
  }

  AccessLog(Logger log) {
    this.log = log;
  }

  void write(Exchange exchange, int status, long sent, SocketAddress client) {
    if (!log.isInfoEnabled()) {
      return;
    }
    exchange.run(() -> log.info(
        "{} {} {} function={} in={} out={} ms={} client={} request_id={} trace_id={}",
        exchange.method(),
        exchange.path(),
        status,
        exchange.function().isEmpty() ? Exchange.NONE : exchange.function(),
        exchange.received(),
        sent,
        millis(exchange.nanos()),
        client instanceof InetSocketAddress address
            ? address.getAddress().getHostAddress()
            : Exchange.NONE,
        exchange.id(),
        exchange.traceId()));
  }

  private static String millis(long nanos) {
    long micros = nanos / MICRO;
    long rest = micros % MICRO;
    return micros / MICRO + "." + (rest < 100 ? "0" : "") + (rest < 10 ? "0" : "") + rest;
  }
}
