package io.fairlead.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fairlead.provider.Sha256;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A stand-in of the Hugging Face hub on loopback: its list of a revision, its redirects of small files to itself and of
 * large ones to another server, its errors and its rate limit.
 */
final class LoopbackHub implements AutoCloseable {
  private static final Pattern REVISION =
      Pattern.compile("/api/models/([^/]+/[^/]+)/revision/([^/]+)");
  private static final Pattern RESOLVE = Pattern.compile("/([^/]+/[^/]+)/resolve/([^/]+)/(.+)");
  private static final Pattern CACHE =
      Pattern.compile("/api/resolve-cache/([^/]+/[^/]+)/([^/]+)/(.+)");
  private static final int LARGE = 2_000;

  /** All requests: their server, path, Authorization and Range. */
  final List<String> asked = new CopyOnWriteArrayList<>();
  /** Commits by repository and revision. */
  final Map<String, String> revisions = new ConcurrentHashMap<>();
  /** Files by commit and path. */
  final Map<String, Map<String, byte[]>> commits = new ConcurrentHashMap<>();

  /** How many requests to refuse because of the rate limit, and the header that says for how long. */
  final AtomicInteger limited = new AtomicInteger();

  volatile String retryAfter = "7";
  /** The file whose first download breaks off after so many bytes. */
  volatile String broken = "";

  final AtomicInteger breaks = new AtomicInteger();
  volatile boolean ranges = true;
  /** The file that comes with other content. */
  volatile String changed = "";

  volatile boolean listsBlobs = true;
  volatile String gated = "";
  volatile String token = "";

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer hub = server("hub");
  private final HttpServer store = server("store");

  private HttpServer server(String name) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(threads);
      server.createContext("/", exchange -> {
        asked.add(name + " " + exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
            + exchange.getRequestHeaders().getFirst("Authorization") + " "
            + exchange.getRequestHeaders().getFirst("Range"));
        try (exchange) {
          if (name.equals("hub")) {
            answer(exchange);
          } else {
            store(exchange);
          }
        }
      });
      server.start();
      return server;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
  }

  /** Adds a commit, to which a revision leads from now on. */
  String push(String repository, String revision, Map<String, byte[]> files) {
    String commit = Sha256.of((repository + commits.size()).getBytes(UTF_8)).substring(0, 40);
    commits.put(commit, new TreeMap<>(files));
    revisions.put(repository + "@" + revision, commit);
    revisions.put(repository + "@" + commit, commit);
    return commit;
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getRawPath().replaceFirst("^/mirror", "");
    if (limited.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      exchange.getResponseHeaders().set("Retry-After", retryAfter);
      error(exchange, 429, "", "You have been rate limited");
      return;
    }
    Matcher revision = REVISION.matcher(path);
    Matcher resolve = RESOLVE.matcher(path);
    Matcher cache = CACHE.matcher(path);
    if (revision.matches()) {
      list(exchange, revision.group(1), URLDecoder.decode(revision.group(2), UTF_8));
    } else if (cache.matches()) {
      byte[] content = commits.get(cache.group(2)).get(URLDecoder.decode(cache.group(3), UTF_8));
      exchange.getResponseHeaders().set("ETag", '"' + git(content) + '"');
      exchange.getResponseHeaders().set("X-Repo-Commit", cache.group(2));
      send(exchange, content, 0);
    } else if (resolve.matches()) {
      resolve(
          exchange, resolve.group(1), resolve.group(2), URLDecoder.decode(resolve.group(3), UTF_8));
    } else {
      error(exchange, 404, "", "Not found");
    }
  }

  private void list(HttpExchange exchange, String repository, String revision) throws IOException {
    String commit = revisions.get(repository + "@" + revision);
    if (commit == null) {
      boolean known = revisions.keySet().stream().anyMatch(key -> key.startsWith(repository + "@"));
      if (known) {
        error(exchange, 404, "RevisionNotFound", "Invalid rev id: " + revision);
      } else {
        // To those who are not signed in, the hub does not tell what does not exist from what is
        // private.
        error(exchange, 401, "RepoNotFound", "Repository not found");
      }
      return;
    }
    ObjectNode answer =
        new ObjectMapper().createObjectNode().put("id", repository).put("sha", commit);
    commits.get(commit).forEach((path, content) -> {
      ObjectNode sibling = answer.withArray("siblings").addObject().put("rfilename", path);
      if (listsBlobs) {
        sibling.put("size", content.length).put("blobId", git(content));
        if (content.length > LARGE) {
          sibling.put("blobId", git("pointer".getBytes(UTF_8)));
          sibling.putObject("lfs").put("sha256", Sha256.of(content)).put("size", content.length);
        }
      }
    });
    send(exchange, answer.toString().getBytes(UTF_8), 0);
  }

  private void resolve(HttpExchange exchange, String repository, String commit, String path)
      throws IOException {
    byte[] content = commits.getOrDefault(commit, Map.of()).get(path);
    if (repository.equals(gated)
        && !("Bearer " + token).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
      error(exchange, 403, "GatedRepo", "Access to model " + repository + " is restricted");
    } else if (content == null) {
      error(exchange, 404, "EntryNotFound", "Entry not found");
    } else if (content.length > LARGE) {
      exchange.getResponseHeaders().set("X-Repo-Commit", commit);
      exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(content.length));
      exchange.getResponseHeaders().set("X-Linked-Etag", '"' + Sha256.of(content) + '"');
      exchange
          .getResponseHeaders()
          .set(
              "Location",
              "http://127.0.0.1:" + store.getAddress().getPort() + "/" + commit + "/" + path
                  + "?X-Amz-Signature=s3cret");
      exchange.sendResponseHeaders(302, -1);
    } else {
      exchange.getResponseHeaders().set("X-Repo-Commit", commit);
      exchange.getResponseHeaders().set("ETag", '"' + git(content) + '"');
      exchange
          .getResponseHeaders()
          .set("Location", "/api/resolve-cache/" + repository + "/" + commit + "/" + path);
      exchange.sendResponseHeaders(307, -1);
    }
  }

  /** A signed location: another authentication beside the signature is an error there. */
  private void store(HttpExchange exchange) throws IOException {
    if (exchange.getRequestHeaders().getFirst("Authorization") != null) {
      error(exchange, 400, "", "Only one auth mechanism allowed");
      return;
    }
    if (!exchange.getRequestMethod().equals("GET")) {
      error(exchange, 403, "", "The signature is for GET");
      return;
    }
    String[] path = exchange.getRequestURI().getPath().substring(1).split("/", 2);
    byte[] content = commits.get(path[0]).get(path[1]).clone();
    if (path[1].equals(changed)) {
      content[content.length / 2]++;
    }
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = range == null || !ranges ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    if (path[1].equals(broken) && breaks.getAndDecrement() > 0) {
      part(exchange, content, from);
      exchange.sendResponseHeaders(from == 0 ? 200 : 206, content.length - from);
      exchange.getResponseBody().write(content, from, (content.length - from) / 2);
      exchange.getResponseBody().flush();
      return;
    }
    send(exchange, content, from);
  }

  private static void part(HttpExchange exchange, byte[] content, int from) {
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
    }
  }

  private static void send(HttpExchange exchange, byte[] content, int from) throws IOException {
    part(exchange, content, from);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(content.length));
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    int left = content.length - from;
    exchange.sendResponseHeaders(from == 0 ? 200 : 206, left == 0 ? -1 : left);
    if (left > 0) {
      exchange.getResponseBody().write(content, from, left);
    }
  }

  private static void error(HttpExchange exchange, int status, String code, String message)
      throws IOException {
    if (!code.isEmpty()) {
      exchange.getResponseHeaders().set("X-Error-Code", code);
    }
    exchange.getResponseHeaders().set("X-Error-Message", message);
    exchange.sendResponseHeaders(status, -1);
  }

  private static String git(byte[] content) {
    try {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      sha1.update(("blob " + content.length + "\0").getBytes(UTF_8));
      return HexFormat.of().formatHex(sha1.digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    hub.stop(0);
    store.stop(0);
    threads.shutdownNow();
  }
}
