package io.fairlead.azureml.internal.storage;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One container of blobs on loopback, which answers as Blob Storage does. */
final class BlobServer implements AutoCloseable {
  static final String CONTAINER = "models";

  private static final ZonedDateTime FIRST =
      ZonedDateTime.of(2026, 11, 1, 0, 0, 0, 0, ZoneOffset.UTC);
  private static final Pattern BLOCK = Pattern.compile("<Latest>([^<]+)</Latest>");

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closing = new CountDownLatch(1);

  final SortedMap<String, Blob> blobs = new TreeMap<>();
  final Map<String, byte[]> blocks = new HashMap<>();
  final List<Asked> asked = new ArrayList<>();
  private final List<Fault> faults = new ArrayList<>();
  private int revision;
  private boolean missing;
  private int pageSize = 1000;

  /** A blob, with its metadata. */
  static final class Blob {
    private final byte[] bytes;
    private final Map<String, String> metadata;
    private final String etag;
    private final ZonedDateTime modified;

    Blob(byte[] bytes, Map<String, String> metadata, String etag, ZonedDateTime modified) {
      this.bytes = bytes;
      this.metadata = metadata;
      this.etag = etag;
      this.modified = modified;
    }
  }

  /** A request, with the name of its blob, which is empty for the container itself. */
  record Asked(String method, String blob, Map<String, String> query, Headers headers, URI uri) {
    boolean is(String operation) {
      return operation.equals(operation());
    }

    String operation() {
      return query.containsKey("comp") ? method + " " + query.get("comp") : method;
    }
  }

  /** What happens to one request. */
  private record Fault(Predicate<Asked> request, Action action) {}

  /** Answers a request in place of the service, or after it. */
  interface Action {
    void on(HttpExchange exchange, Effect effect) throws IOException;
  }

  /** The effect of a request on what is stored, and the answer to it. */
  interface Effect {
    Answer act();
  }

  /** What the service refuses. */
  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;
    private final String code;

    Refusal(int status, String code) {
      super(code);
      this.status = status;
      this.code = code;
    }
  }

  /** An answer. */
  record Answer(int status, String body) {}

  BlobServer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  URI container() {
    return URI.create("http://localhost:" + server.getAddress().getPort() + "/" + CONTAINER);
  }

  // ---- what a test arranges ----

  void hasNoContainer() {
    missing = true;
  }

  void pageSize(int size) {
    pageSize = size;
  }

  synchronized void put(String name, byte[] bytes, Map<String, String> metadata) {
    revision++;
    blobs.put(
        name, new Blob(bytes, metadata, "\"0x" + revision + "\"", FIRST.plusSeconds(revision)));
  }

  /** The next request of an operation has its effect, and its connection is closed. */
  void loseAnswer(String operation) {
    next(operation, (exchange, effect) -> effect.act());
  }

  /** Does something before the next request of an operation has its effect. */
  void before(String operation, Runnable action) {
    next(operation, (exchange, effect) -> {
      action.run();
      answer(exchange, effect);
    });
  }

  void refuse(String operation, int status, String code, String message, String... headers) {
    next(operation, (exchange, effect) -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      refuse(exchange, status, code, message);
    });
  }

  /** Answers the next request of an operation as something between here and the service would. */
  void answerInstead(String operation, int status, String page) {
    next(operation, (exchange, effect) -> send(exchange, status, page));
  }

  /** Sends the first half of an answer to the next request of an operation, and then nothing. */
  void hangInTheMiddle(String operation) {
    next(operation, (exchange, effect) -> {
      exchange.sendResponseHeaders(200, 1000);
      exchange.getResponseBody().write(new byte[500]);
      exchange.getResponseBody().flush();
      await();
    });
  }

  /** Never answers the next request of an operation. */
  void hang(String operation, Runnable meanwhile) {
    next(operation, (exchange, effect) -> {
      meanwhile.run();
      await();
    });
  }

  private void await() {
    try {
      closing.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void next(String operation, Action action) {
    faults.add(new Fault(request -> request.is(operation), action));
  }

  synchronized long count(String operation) {
    return asked.stream().filter(request -> request.is(operation)).count();
  }

  synchronized Asked last(String operation) {
    List<Asked> all = asked.stream().filter(request -> request.is(operation)).toList();
    return all.get(all.size() - 1);
  }

  synchronized byte[] bytes(String name) {
    return Optional.ofNullable(blobs.get(name)).orElseThrow().bytes;
  }

  // ---- the service ----

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      Asked request = read(exchange);
      Action action = arrived(request).map(Fault::action).orElse(BlobServer::answer);
      action.on(exchange, () -> act(request, body));
    }
  }

  private synchronized Optional<Fault> arrived(Asked request) {
    asked.add(request);
    Optional<Fault> fault =
        faults.stream().filter(one -> one.request().test(request)).findFirst();
    fault.ifPresent(faults::remove);
    return fault;
  }

  private static void answer(HttpExchange exchange, Effect effect) throws IOException {
    try {
      Answer answer = effect.act();
      send(exchange, answer.status(), answer.body());
    } catch (Refusal e) {
      refuse(exchange, e.status, e.code, "The service refuses it.");
    }
  }

  private static void refuse(HttpExchange exchange, int status, String code, String message)
      throws IOException {
    exchange.getResponseHeaders().set("x-ms-error-code", code);
    send(
        exchange,
        status,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>" + code + "</Code><Message>"
            + message.replace("&", "&amp;")
            + "\nRequestId:17\nTime:2026-11-01T00:00:00.0000000Z</Message></Error>");
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.getResponseHeaders().set("x-ms-request-id", "17");
    exchange.getResponseHeaders().set("x-ms-version", "2023-11-03");
    exchange.getResponseHeaders().set("Content-Type", "application/xml");
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static Asked read(HttpExchange exchange) {
    URI uri = exchange.getRequestURI();
    Map<String, String> query = new TreeMap<>();
    if (uri.getRawQuery() != null) {
      for (String one : uri.getRawQuery().split("&", -1)) {
        int equals = one.indexOf('=');
        query.put(decoded(one.substring(0, equals)), decoded(one.substring(equals + 1)));
      }
    }
    String path = uri.getPath().substring(1);
    int slash = path.indexOf('/');
    return new Asked(
        exchange.getRequestMethod(),
        slash < 0 ? "" : path.substring(slash + 1),
        query,
        exchange.getRequestHeaders(),
        uri);
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, UTF_8);
  }

  private synchronized Answer act(Asked request, byte[] body) {
    if (missing) {
      throw new Refusal(404, "ContainerNotFound");
    }
    String md5 = request.headers().getFirst("Content-MD5");
    if (md5 != null && !md5.equals(Base64.getEncoder().encodeToString(BlobCalls.md5(body)))) {
      throw new Refusal(400, "Md5Mismatch");
    }
    return switch (request.operation()) {
      case "GET list" -> new Answer(200, list(request.query()));
      case "PUT block" -> stage(request, body);
      case "PUT blocklist" -> commit(request, body);
      case "PUT" -> store(request, body);
      case "DELETE" -> delete(request);
      default -> throw new Refusal(400, "Unsupported " + request.operation());
    };
  }

  private Answer stage(Asked request, byte[] body) {
    blocks.put(request.blob() + " " + request.query().get("blockid"), body);
    return new Answer(201, "");
  }

  private Answer commit(Asked request, byte[] body) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    Matcher ids = BLOCK.matcher(new String(body, UTF_8));
    while (ids.find()) {
      byte[] block = blocks.get(request.blob() + " " + ids.group(1));
      if (block == null) {
        throw new Refusal(400, "InvalidBlockList");
      }
      whole.writeBytes(block);
    }
    return store(request, whole.toByteArray());
  }

  private Answer store(Asked request, byte[] bytes) {
    checkConditions(request);
    Map<String, String> metadata = new TreeMap<>();
    request.headers().forEach((name, values) -> {
      if (name.toLowerCase(Locale.ROOT).startsWith("x-ms-meta-")) {
        metadata.put(name.substring("x-ms-meta-".length()).toLowerCase(Locale.ROOT), values.get(0));
      }
    });
    put(request.blob(), bytes, metadata);
    return new Answer(201, "");
  }

  private Answer delete(Asked request) {
    if (!blobs.containsKey(request.blob())) {
      throw new Refusal(404, "BlobNotFound");
    }
    checkConditions(request);
    blobs.remove(request.blob());
    return new Answer(202, "");
  }

  private void checkConditions(Asked request) {
    Blob present = blobs.get(request.blob());
    if ("*".equals(request.headers().getFirst("If-None-Match")) && present != null) {
      throw new Refusal(409, "BlobAlreadyExists");
    }
    String match = request.headers().getFirst("If-Match");
    if (match != null && (present == null || !match.equals(present.etag))) {
      throw new Refusal(412, "ConditionNotMet");
    }
  }

  private String list(Map<String, String> query) {
    StringBuilder xml = new StringBuilder(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
            + "<EnumerationResults ServiceEndpoint=\"http://localhost/\" ContainerName=\"models\"><Blobs>");
    String next = "";
    int count = 0;
    for (Map.Entry<String, Blob> blob :
        blobs.tailMap(query.getOrDefault("marker", "")).entrySet()) {
      if (blob.getKey().startsWith(query.getOrDefault("prefix", ""))) {
        if (count == pageSize) {
          next = blob.getKey();
          break;
        }
        count++;
        entry(xml, blob.getKey(), blob.getValue(), query);
      }
    }
    return xml + "</Blobs><NextMarker>" + next + "</NextMarker></EnumerationResults>";
  }

  private static void entry(StringBuilder xml, String name, Blob blob, Map<String, String> query) {
    xml.append("<Blob><Name>")
        .append(name.replace("&", "&amp;").replace("<", "&lt;"))
        .append("</Name><Properties><Last-Modified>")
        .append(DateTimeFormatter.RFC_1123_DATE_TIME.format(blob.modified))
        .append("</Last-Modified><Etag>")
        .append(blob.etag.replace("\"", ""))
        .append("</Etag><Content-Length>")
        .append(blob.bytes.length)
        .append("</Content-Length><BlobType>BlockBlob</BlobType></Properties>");
    if ("metadata".equals(query.get("include"))) {
      xml.append("<Metadata>");
      blob.metadata.forEach((key, value) -> xml.append("<" + key + ">" + value + "</" + key + ">"));
      xml.append("</Metadata>");
    }
    xml.append("</Blob>");
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
