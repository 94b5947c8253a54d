package io.fairlead.vertex.standin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.StringValue;
import com.sun.net.httpserver.HttpExchange;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLDecoder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** The JSON API of Cloud Storage: objects of buckets, uploaded at once, in parts of a message, or resumably. */
final class CloudStorage {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PATH =
      Pattern.compile("(?:/upload|/download)?/storage/v1/b/([^/]+)(?:(/o)(?:/(.+))?)?");
  private static final Pattern RANGE = Pattern.compile("bytes (?:(\\d+)-\\d+|\\*)/(\\d+|\\*)");

  private record Stored(ByteString bytes, ObjectNode given, long generation, String created) {
    byte[] content() {
      return bytes.toByteArray();
    }
  }

  private static final class Upload {
    private final String bucket;
    private final ObjectNode given;
    private final Map<String, String> query;
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();

    Upload(String bucket, ObjectNode given, Map<String, String> query) {
      this.bucket = bucket;
      this.given = given;
      this.query = query;
    }
  }

  private record Call(
      String method,
      String bucket,
      boolean isOfObjects,
      String object,
      Map<String, String> query,
      Map<String, String> headers,
      ByteString bytes) {
    byte[] body() {
      return bytes.toByteArray();
    }

    String operation() {
      if (!isOfObjects) {
        return "storage.buckets.get";
      }
      return switch (method) {
        case "POST", "PUT" -> "storage.objects.insert";
        case "DELETE" -> "storage.objects.delete";
        default -> object.isEmpty() ? "storage.objects.list" : "storage.objects.get";
      };
    }

    String header(String name) {
      return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }
  }

  /** What goes back. */
  record Reply(int status, Map<String, String> headers, ByteString bytes) {
    static Reply of(int status, Map<String, String> headers) {
      return new Reply(status, headers, ByteString.EMPTY);
    }

    static Reply json(ObjectNode json) {
      return new Reply(
          200,
          Map.of("Content-Type", "application/json; charset=UTF-8"),
          ByteString.copyFromUtf8(json.toString()));
    }
  }

  private final Project project;
  private final Set<String> buckets = new HashSet<>();
  private final Map<String, TreeMap<String, Stored>> objects = new HashMap<>();
  private final Map<String, Upload> uploads = new TreeMap<>();
  private long generations = 1_700_000_000_000_000L;

  CloudStorage(Project project) {
    this.project = project;
  }

  // ---- what a test says ----

  void addBucket(String bucket) {
    project.world().addBucket(bucket, project);
    buckets.add(bucket);
    objects.put(bucket, new TreeMap<>());
  }

  void add(String bucket, String name, byte[] content) {
    put(bucket, name, content, JSON.createObjectNode());
  }

  byte[] bytes(String bucket, String name) {
    return existing(bucket, name).content();
  }

  /** {@return the names of the keys that objects are encrypted with, without those of Google's own} */
  Set<String> encryptionKeys() {
    Set<String> keys = new HashSet<>();
    objects
        .values()
        .forEach(stored -> stored.values().stream()
            .filter(object -> object.given().hasNonNull("kmsKeyName"))
            .forEach(object -> keys.add(object.given().get("kmsKeyName").asText())));
    return keys;
  }

  void remains(Set<String> all) {
    objects.forEach((bucket, stored) ->
        stored.keySet().forEach(name -> all.add("gs://" + bucket + "/" + name)));
    uploads
        .values()
        .forEach(upload -> all.add("resumable-upload/" + upload.bucket + "/"
            + upload.given.path("name").asText()));
  }

  // ---- HTTP ----

  static void handle(HttpExchange exchange) throws IOException {
    Map<String, String> headers = new HashMap<>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
    Optional<Reply> reply = answer(
        StandIn.WORLD,
        exchange.getRequestMethod(),
        exchange.getRequestURI(),
        headers,
        exchange.getRequestBody().readAllBytes());
    if (reply.isEmpty()) {
      return;
    }
    Reply said = reply.get();
    said.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
    exchange.sendResponseHeaders(
        said.status(), said.bytes().isEmpty() ? -1 : said.bytes().size());
    if (!said.bytes().isEmpty()) {
      said.bytes().writeTo(exchange.getResponseBody());
    }
    exchange.close();
  }

  /** {@return how to answer, or nothing if there is to be no answer; the headers' names are in lower case} */
  static Optional<Reply> answer(
      World world, String method, URI uri, Map<String, String> headers, byte[] body)
      throws IOException {
    try {
      Call call = call(method, uri, headers, body);
      Project owner = world
          .ownerOf(call.bucket())
          .orElseThrow(
              () -> Refusal.of(Status.Code.NOT_FOUND, "The specified bucket does not exist."));
      StringValue request = StringValue.of(method + " " + uri);
      return owner.look(() -> {
        owner.done(there -> there.storage().receive(call, request));
        return owner.storage().receive(call, request);
      });
    } catch (StatusRuntimeException e) {
      return Optional.of(error(e.getStatus()));
    } catch (RuntimeException e) {
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace, true));
      return Optional.of(
          error(Status.UNIMPLEMENTED.withDescription("The stand-in failed: " + trace)));
    }
  }

  private Optional<Reply> receive(Call call, StringValue request) {
    return project.arrives(call.operation(), request, call.headers())
        ? Optional.of(answer(call))
        : Optional.empty();
  }

  private static Call call(String method, URI uri, Map<String, String> headers, byte[] sent)
      throws IOException {
    byte[] body = "gzip".equals(headers.get("content-encoding"))
        ? new GZIPInputStream(new ByteArrayInputStream(sent)).readAllBytes()
        : sent;
    Matcher path = PATH.matcher(uri.getRawPath());
    if (!path.matches()) {
      throw Refusal.notFound(uri.getRawPath());
    }
    return new Call(
        method,
        decode(path.group(1)),
        path.group(2) != null,
        path.group(3) == null ? "" : decode(path.group(3)),
        query(uri.getRawQuery()),
        headers,
        ByteString.copyFrom(body));
  }

  private static Map<String, String> query(@Nullable String raw) {
    Map<String, String> query = new HashMap<>();
    if (raw != null) {
      for (String pair : raw.split("&", -1)) {
        int equals = pair.indexOf('=');
        query.put(
            decode(equals < 0 ? pair : pair.substring(0, equals)),
            equals < 0 ? "" : decode(pair.substring(equals + 1)));
      }
    }
    return query;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
  }

  private static Reply error(Status status) {
    int code = switch (status.getCode()) {
      case INVALID_ARGUMENT, OUT_OF_RANGE -> 400;
      case UNAUTHENTICATED -> 401;
      case PERMISSION_DENIED -> 403;
      case NOT_FOUND -> 404;
      case ALREADY_EXISTS, ABORTED -> 409;
      case FAILED_PRECONDITION -> 412;
      case RESOURCE_EXHAUSTED -> 429;
      case UNIMPLEMENTED -> 501;
      case UNAVAILABLE -> 503;
      case DEADLINE_EXCEEDED -> 504;
      default -> 500;
    };
    String reason = switch (code) {
      case 401 -> "authError";
      case 403 -> "forbidden";
      case 404 -> "notFound";
      case 409 -> "conflict";
      case 412 -> "conditionNotMet";
      case 429 -> "rateLimitExceeded";
      case 400 -> "invalid";
      default -> "backendError";
    };
    ObjectNode json = JSON.createObjectNode();
    ObjectNode error = json.putObject("error");
    error.put("code", code);
    error.put("message", String.valueOf(status.getDescription()));
    error
        .putArray("errors")
        .addObject()
        .put("message", String.valueOf(status.getDescription()))
        .put("domain", "global")
        .put("reason", reason);
    Reply reply = Reply.json(json);
    return new Reply(code, reply.headers(), reply.bytes());
  }

  // ---- the JSON API ----

  private Reply answer(Call call) {
    try {
      return switch (call.operation()) {
        case "storage.buckets.get" ->
          Reply.json(JSON.createObjectNode()
              .put("kind", "storage#bucket")
              .put("id", call.bucket())
              .put("name", call.bucket())
              .put("projectNumber", project.number())
              .put("location", "US-CENTRAL1"));
        case "storage.objects.insert" -> insert(call);
        case "storage.objects.list" -> list(call);
        case "storage.objects.delete" -> delete(call);
        default -> get(call);
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Reply insert(Call call) throws IOException {
    if (call.query().containsKey("upload_id")) {
      return resume(call);
    }
    switch (call.query().getOrDefault("uploadType", "")) {
      case "media" -> {
        ObjectNode given = JSON.createObjectNode();
        given.put("name", call.query().get("name"));
        given.put("contentType", call.header("Content-Type"));
        return stored(call.bucket(), given, call.query(), call.body());
      }
      case "multipart" -> {
        List<byte[]> parts = parts(call);
        ObjectNode given = (ObjectNode) JSON.readTree(parts.get(0));
        return stored(call.bucket(), given, call.query(), parts.get(1));
      }
      case "resumable" -> {
        ObjectNode given = call.body().length == 0
            ? JSON.createObjectNode()
            : (ObjectNode) JSON.readTree(call.body());
        if (!given.hasNonNull("name")) {
          given.put("name", call.query().get("name"));
        }
        check(call.bucket(), given, call.query());
        String id = "upload-" + project.newId();
        uploads.put(id, new Upload(call.bucket(), given, call.query()));
        return Reply.of(
            200,
            Map.of(
                "Location",
                StandIn.storage() + "/upload/storage/v1/b/" + call.bucket()
                    + "/o?uploadType=resumable&upload_id=" + id));
      }
      default -> throw Refusal.invalid("uploadType", "must be media, multipart or resumable.");
    }
  }

  private Reply resume(Call call) {
    String id = call.query().get("upload_id");
    Upload upload = uploads.get(id);
    if (upload == null) {
      throw Refusal.notFound("Upload " + id);
    }
    if (call.method().equals("DELETE")) {
      uploads.remove(id);
      return Reply.of(499, Map.of());
    }
    Matcher range = RANGE.matcher(call.header("Content-Range"));
    boolean isRanged = range.matches();
    if (isRanged && range.group(1) != null) {
      int from = Integer.parseInt(range.group(1));
      int overlap = Math.min(upload.content.size() - from, call.body().length);
      if (overlap < 0) {
        throw Refusal.invalid("Content-Range", "There is a gap before " + from + ".");
      }
      upload.content.write(call.body(), overlap, call.body().length - overlap);
    } else if (!isRanged) {
      upload.content.writeBytes(call.body());
    }
    boolean isWhole = !isRanged
        || (!range.group(2).equals("*")
            && upload.content.size() == Integer.parseInt(range.group(2)));
    if (!isWhole) {
      return Reply.of(
          308,
          upload.content.size() == 0
              ? Map.of()
              : Map.of("Range", "bytes=0-" + (upload.content.size() - 1)));
    }
    uploads.remove(id);
    return stored(upload.bucket, upload.given, upload.query, upload.content.toByteArray());
  }

  private Reply stored(String bucket, ObjectNode given, Map<String, String> query, byte[] content) {
    check(bucket, given, query);
    if (query.containsKey("kmsKeyName")) {
      given.put("kmsKeyName", query.get("kmsKeyName") + "/cryptoKeyVersions/1");
    }
    String name = given.hasNonNull("name") ? given.get("name").asText() : query.get("name");
    if (name == null || name.isEmpty()) {
      throw Refusal.invalid("name", "Required field is not set.");
    }
    if (given.hasNonNull("md5Hash") && !given.get("md5Hash").asText().equals(md5(content))) {
      throw Refusal.invalid("md5Hash", "Provided MD5 hash doesn't match what was uploaded.");
    }
    if (given.hasNonNull("crc32c") && !given.get("crc32c").asText().equals(crc32c(content))) {
      throw Refusal.invalid("crc32c", "Provided CRC32C doesn't match what was uploaded.");
    }
    put(bucket, name, content, given);
    return Reply.json(described(bucket, name));
  }

  private void check(String bucket, ObjectNode given, Map<String, String> query) {
    String name = given.hasNonNull("name") ? given.get("name").asText() : query.get("name");
    Stored now = objects.get(bucket).get(name == null ? "" : name);
    String wanted = query.get("ifGenerationMatch");
    if (wanted != null && Long.parseLong(wanted) != (now == null ? 0 : now.generation())) {
      throw Refusal.precondition("At least one of the pre-conditions you specified did not hold.");
    }
  }

  private void put(String bucket, String name, byte[] content, ObjectNode given) {
    TreeMap<String, Stored> all = objects.get(bucket);
    if (all == null) {
      throw Refusal.of(Status.Code.NOT_FOUND, "The specified bucket does not exist.");
    }
    all.put(
        name,
        new Stored(
            ByteString.copyFrom(content),
            given.deepCopy(),
            generations++,
            project.time().now().toString()));
  }

  private Stored existing(String bucket, String name) {
    Stored stored = objects.getOrDefault(bucket, new TreeMap<>()).get(name);
    if (stored == null) {
      throw Refusal.of(Status.Code.NOT_FOUND, "No such object: " + bucket + "/" + name);
    }
    return stored;
  }

  private Reply get(Call call) {
    Stored stored = existing(call.bucket(), call.object());
    return "media".equals(call.query().get("alt"))
        ? new Reply(
            200,
            Map.of(
                "Content-Type",
                "application/octet-stream",
                "x-goog-hash",
                "crc32c=" + crc32c(stored.content()),
                "x-goog-generation",
                String.valueOf(stored.generation())),
            stored.bytes())
        : Reply.json(described(call.bucket(), call.object()));
  }

  private Reply list(Call call) {
    String prefix = call.query().getOrDefault("prefix", "");
    List<String> names = objects.get(call.bucket()).keySet().stream()
        .filter(name -> name.startsWith(prefix))
        .toList();
    ObjectNode json = JSON.createObjectNode().put("kind", "storage#objects");
    ArrayNode items = json.putArray("items");
    Pages.list(
        names,
        name -> new Pages.Facts(Map.of(), "", ""),
        "",
        project.pageSize(),
        Integer.parseInt(call.query().getOrDefault("maxResults", "0")),
        call.query().getOrDefault("pageToken", ""),
        name -> items.add(described(call.bucket(), name)),
        token -> json.put("nextPageToken", token));
    return Reply.json(json);
  }

  private Reply delete(Call call) {
    existing(call.bucket(), call.object());
    objects.get(call.bucket()).remove(call.object());
    return Reply.of(204, Map.of());
  }

  private ObjectNode described(String bucket, String name) {
    Stored stored = existing(bucket, name);
    ObjectNode json = stored.given().deepCopy();
    json.put("kind", "storage#object");
    json.put("id", bucket + "/" + name + "/" + stored.generation());
    json.put("name", name);
    json.put("bucket", bucket);
    json.put("generation", String.valueOf(stored.generation()));
    json.put("metageneration", "1");
    json.put("size", String.valueOf(stored.content().length));
    json.put("md5Hash", md5(stored.content()));
    json.put("crc32c", crc32c(stored.content()));
    json.put("timeCreated", stored.created());
    json.put("updated", stored.created());
    return json;
  }

  private static String md5(byte[] content) {
    try {
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("MD5").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String crc32c(byte[] content) {
    CRC32C crc = new CRC32C();
    crc.update(content);
    int value = (int) crc.getValue();
    return Base64.getEncoder().encodeToString(new byte[] {
      (byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value
    });
  }

  private static List<byte[]> parts(Call call) {
    Matcher boundary =
        Pattern.compile("boundary=\"?([^\";]+)\"?").matcher(call.header("Content-Type"));
    if (!boundary.find()) {
      throw Refusal.invalid("Content-Type", "needs a boundary.");
    }
    // In this charset each byte is one character.
    String text = "\r\n" + new String(call.body(), ISO_8859_1);
    String[] pieces = text.split(Pattern.quote("\r\n--" + boundary.group(1)), -1);
    if (pieces.length != 4) {
      throw Refusal.invalid("body", "must have two parts.");
    }
    return List.of(content(pieces[1]), content(pieces[2]));
  }

  private static byte[] content(String part) {
    return part.substring(part.indexOf("\r\n\r\n") + 4).getBytes(ISO_8859_1);
  }
}
