package io.fairlead.azureml.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Blob Storage: the containers of the workspace's account, and the block blobs in them. */
final class Blobs {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private static final class Blob {
    final byte[] content;
    final String etag;
    final String type;
    final String md5;
    final Map<String, String> metadata;
    final Instant modified;

    Blob(
        byte[] content,
        String etag,
        String type,
        String md5,
        Map<String, String> metadata,
        Instant modified) {
      this.content = content;
      this.etag = etag;
      this.type = type;
      this.md5 = md5;
      this.metadata = Map.copyOf(metadata);
      this.modified = modified;
    }
  }

  private final Workspace workspace;
  private final TreeMap<String, TreeMap<String, Blob>> containers = new TreeMap<>();
  private final Map<String, Map<String, byte[]>> uncommitted = new HashMap<>();
  private long etags = 0x8DC_0000_0000L;
  private int pageSize = 5000;

  Blobs(Workspace workspace) {
    this.workspace = workspace;
    containers.put(Datastores.CONTAINER, new TreeMap<>());
  }

  // ---- what a test says and sees ----

  void pageSize(int size) {
    pageSize = size;
  }

  void addContainer(String container) {
    containers.putIfAbsent(container, new TreeMap<>());
  }

  void removeContainer(String container) {
    containers.remove(container);
  }

  void add(String container, String name, byte[] content, Map<String, String> metadata) {
    blobs(container).put(name, blob(content, "application/octet-stream", "", metadata));
  }

  void remove(String container, String name) {
    if (blobs(container).remove(name) == null) {
      throw new IllegalArgumentException("there is no blob " + name);
    }
  }

  void remains(Set<String> all) {
    containers.forEach((container, blobs) -> blobs
        .keySet()
        .forEach(name -> all.add(
            "blob " + (container.equals(Datastores.CONTAINER) ? "" : container + ": ") + name)));
  }

  Set<String> uncommitted() {
    return new TreeSet<>(uncommitted.keySet());
  }

  byte[] content(String container, String name) {
    return existing(container, name).content.clone();
  }

  Map<String, String> metadata(String container, String name) {
    return existing(container, name).metadata;
  }

  // ---- what is asked ----

  Answer answer(Call call) {
    authenticate(call);
    Target target = call.target();
    if (target.names().isEmpty() || !target.owner().equals(workspace.account())) {
      throw AzureError.of(400, "InvalidUri", "The requested URI does not represent any resource.");
    }
    String version = call.header("x-ms-version");
    Answer answer = route(call, target);
    return version == null ? answer : answer.with("x-ms-version", version);
  }

  private void authenticate(Call call) {
    String authorization = call.headers().getOrDefault("Authorization", "");
    boolean isSigned = authorization.startsWith("SharedKey " + workspace.account() + ":")
        || !call.query("sig").isEmpty();
    if (!isSigned && call.token().isEmpty()) {
      throw AzureError.of(
          401,
          "NoAuthenticationInformation",
          "Server failed to authenticate the request. Please refer to the information in the"
              + " www-authenticate header.");
    }
    if (!isSigned && workspace.arm().isExpired(call.token())) {
      throw expired();
    }
  }

  static AzureError expired() {
    return AzureError.of(
        401,
        "InvalidAuthenticationInfo",
        "Server failed to authenticate the request. Lifetime validation failed. The token is"
            + " expired.");
  }

  private Answer route(Call call, Target target) {
    String container = target.name(0);
    NavigableMap<String, Blob> blobs = blobs(container);
    return switch (target.call()) {
      case "LIST blobs" -> list(call, container, blobs);
      case "GET container", "HEAD container" -> Answer.empty(200).with("ETag", "\"0x8DC0\"");
      case "PUT blob" -> put(call, blobs, target.name(1));
      case "PUT block" -> putBlock(call, container + "/" + target.name(1));
      case "PUT blocklist" ->
        putBlockList(call, blobs, container + "/" + target.name(1), target.name(1));
      case "PUT metadata" -> putMetadata(call, blobs, target.name(1));
      case "GET blob", "HEAD blob" -> get(call, existing(container, target.name(1)));
      case "DELETE blob" -> delete(call, container, target.name(1));
      default ->
        throw AzureError.of(
            405, "UnsupportedHttpVerb", "The resource doesn't support the specified Http Verb.");
    };
  }

  private NavigableMap<String, Blob> blobs(String container) {
    NavigableMap<String, Blob> blobs = containers.get(container);
    if (blobs == null) {
      throw AzureError.of(404, "ContainerNotFound", "The specified container does not exist.");
    }
    return blobs;
  }

  private Blob existing(String container, String name) {
    Blob blob = blobs(container).get(name);
    if (blob == null) {
      throw AzureError.of(404, "BlobNotFound", "The specified blob does not exist.");
    }
    return blob;
  }

  // ---- writes ----

  private Blob blob(byte[] content, String type, String md5, Map<String, String> metadata) {
    String etag = "\"0x" + Long.toHexString(++etags).toUpperCase(Locale.ROOT) + "\"";
    return new Blob(content, etag, type, md5, metadata, workspace.time().now());
  }

  private Answer put(Call call, NavigableMap<String, Blob> blobs, String name) {
    if (!"BlockBlob".equals(call.header("x-ms-blob-type"))) {
      throw AzureError.of(
          400,
          "MissingRequiredHeader",
          "An HTTP header that's mandatory for this request is not specified: x-ms-blob-type.");
    }
    checkConditions(call, blobs.get(name), true);
    checkMd5(call);
    uncommitted.remove(call.target().name(0) + "/" + name);
    return store(call, blobs, name, call.body(), md5(call.body()));
  }

  private Answer store(
      Call call, NavigableMap<String, Blob> blobs, String name, byte[] content, String md5) {
    String type = call.headers()
        .getOrDefault(
            "x-ms-blob-content-type",
            call.headers().getOrDefault("Content-Type", "application/octet-stream"));
    Blob blob = blob(content, type, md5, call.headersAfter("x-ms-meta-"));
    blobs.put(name, blob);
    return written(201, blob);
  }

  private static Answer written(int status, Blob blob) {
    Answer answer = Answer.empty(status)
        .with("ETag", blob.etag)
        .with("Last-Modified", date(blob.modified))
        .with("x-ms-request-server-encrypted", "true");
    return blob.md5.isEmpty() ? answer : answer.with("Content-MD5", blob.md5);
  }

  private Answer putBlock(Call call, String path) {
    checkMd5(call);
    if (call.query("blockid").isEmpty()) {
      throw AzureError.of(
          400, "MissingRequiredQueryParameter", "A required query parameter is missing: blockid.");
    }
    uncommitted
        .computeIfAbsent(path, key -> new LinkedHashMap<>())
        .put(call.query("blockid"), call.body());
    return Answer.empty(201).with("Content-MD5", md5(call.body()));
  }

  private Answer putBlockList(
      Call call, NavigableMap<String, Blob> blobs, String path, String name) {
    checkConditions(call, blobs.get(name), true);
    checkMd5(call);
    Map<String, byte[]> blocks = uncommitted.getOrDefault(path, Map.of());
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (String id : Xml.texts(new String(call.body(), UTF_8), "Latest|Uncommitted|Committed")) {
      byte[] block = blocks.get(id);
      if (block == null) {
        throw AzureError.of(400, "InvalidBlockList", "The specified block list is invalid.");
      }
      content.writeBytes(block);
    }
    uncommitted.remove(path);
    String md5 = call.headers().getOrDefault("x-ms-blob-content-md5", "");
    return store(call, blobs, name, content.toByteArray(), md5);
  }

  private Answer putMetadata(Call call, NavigableMap<String, Blob> blobs, String name) {
    Blob old = existing(call.target().name(0), name);
    checkConditions(call, old, true);
    Blob blob = blob(old.content, old.type, old.md5, call.headersAfter("x-ms-meta-"));
    blobs.put(name, blob);
    return written(200, blob);
  }

  private Answer delete(Call call, String container, String name) {
    checkConditions(call, existing(container, name), true);
    blobs(container).remove(name);
    uncommitted.remove(container + "/" + name);
    return Answer.empty(202).with("x-ms-delete-type-permanent", "true");
  }

  private static void checkConditions(Call call, @Nullable Blob blob, boolean isWrite) {
    String none = call.header("If-None-Match");
    if (none != null && blob != null && (none.equals("*") || none.equals(blob.etag))) {
      throw none.equals("*") && isWrite
          ? AzureError.of(409, "BlobAlreadyExists", "The specified blob already exists.")
          : conditionNotMet();
    }
    String match = call.header("If-Match");
    if (match != null && (blob == null || !(match.equals("*") || match.equals(blob.etag)))) {
      throw conditionNotMet();
    }
  }

  private static AzureError conditionNotMet() {
    return AzureError.of(
        412,
        "ConditionNotMet",
        "The condition specified using HTTP conditional header(s) is not met.");
  }

  private static void checkMd5(Call call) {
    String said = call.header("Content-MD5");
    if (said != null && !said.equals(md5(call.body()))) {
      throw AzureError.of(
          400,
          "Md5Mismatch",
          "The MD5 value specified in the request did not match with the MD5 value calculated by"
              + " the server.");
    }
  }

  private static String md5(byte[] content) {
    try {
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("MD5").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  // ---- reads ----

  private static Answer get(Call call, Blob blob) {
    checkConditions(call, blob, false);
    byte[] content = blob.content;
    int status = 200;
    String asked =
        call.headers().getOrDefault("x-ms-range", call.headers().getOrDefault("Range", ""));
    Matcher range = RANGE.matcher(asked);
    String contentRange = "";
    if (call.method().equals("GET") && range.matches()) {
      int from = Integer.parseInt(range.group(1));
      int last = range.group(2).isEmpty()
          ? content.length - 1
          : (int) Math.min(Long.parseLong(range.group(2)), content.length - 1L);
      if (from >= content.length) {
        throw AzureError.of(
            416, "InvalidRange", "The range specified is invalid for the current size.");
      }
      contentRange = "bytes " + from + "-" + last + "/" + content.length;
      content = Arrays.copyOfRange(content, from, last + 1);
      status = 206;
    }
    Answer answer = call.method().equals("HEAD")
        ? Answer.empty(status).with("Content-Type", blob.type)
        : Answer.of(status, blob.type, content);
    answer.with("Content-Length", String.valueOf(content.length));
    answer.with("ETag", blob.etag);
    answer.with("Last-Modified", date(blob.modified));
    answer.with("x-ms-blob-type", "BlockBlob");
    answer.with("Accept-Ranges", "bytes");
    if (!blob.md5.isEmpty()) {
      answer.with(status == 206 ? "x-ms-blob-content-md5" : "Content-MD5", blob.md5);
    }
    if (!contentRange.isEmpty()) {
      answer.with("Content-Range", contentRange);
    }
    blob.metadata.forEach((key, value) -> answer.with("x-ms-meta-" + key, value));
    return answer;
  }

  private Answer list(Call call, String container, NavigableMap<String, Blob> blobs) {
    String prefix = call.query("prefix");
    String marker = call.query("marker");
    int asked =
        call.query("maxresults").isEmpty() ? pageSize : Integer.parseInt(call.query("maxresults"));
    int size = Math.min(asked, pageSize);
    List<String> names = blobs.navigableKeySet().stream()
        .filter(name -> name.startsWith(prefix) && name.compareTo(marker) >= 0)
        .toList();
    boolean withMetadata = call.query("include").contains("metadata");
    StringBuilder xml = new StringBuilder("<EnumerationResults ServiceEndpoint=\"" + call.base()
        + "/\" ContainerName=\"" + Xml.escape(container) + "\">");
    xml.append(Xml.element("Prefix", prefix));
    xml.append(Xml.element("MaxResults", size));
    xml.append("<Blobs>");
    names.stream().limit(size).forEach(name -> describe(xml, name, blobs.get(name), withMetadata));
    xml.append("</Blobs>");
    xml.append(names.size() > size ? Xml.element("NextMarker", names.get(size)) : "<NextMarker />");
    xml.append("</EnumerationResults>");
    return Answer.xml(200, xml.toString());
  }

  private static void describe(StringBuilder xml, String name, Blob blob, boolean withMetadata) {
    xml.append("<Blob>").append(Xml.element("Name", name)).append("<Properties>");
    xml.append(Xml.element("Creation-Time", date(blob.modified)));
    xml.append(Xml.element("Last-Modified", date(blob.modified)));
    xml.append(Xml.element("Etag", blob.etag.replace("\"", "")));
    xml.append(Xml.element("Content-Length", blob.content.length));
    xml.append(Xml.element("Content-Type", blob.type));
    xml.append(Xml.element("Content-MD5", blob.md5));
    xml.append(Xml.element("BlobType", "BlockBlob"));
    xml.append("</Properties>");
    if (withMetadata) {
      xml.append("<Metadata>");
      blob.metadata.forEach((key, value) -> xml.append(Xml.element(key, value)));
      xml.append("</Metadata>");
    }
    xml.append("</Blob>");
  }

  private static String date(Instant instant) {
    return DateTimeFormatter.RFC_1123_DATE_TIME.format(instant.atOffset(ZoneOffset.UTC));
  }
}
