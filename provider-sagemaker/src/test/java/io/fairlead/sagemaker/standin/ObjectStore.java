package io.fairlead.sagemaker.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
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
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;

/** S3, with buckets in paths: objects with metadata and tags, and uploads in parts. */
final class ObjectStore {
  private static final Pattern PART =
      Pattern.compile("<Part>.*?<PartNumber>(\\d+)</PartNumber>.*?</Part>", Pattern.DOTALL);
  private static final Pattern TAG =
      Pattern.compile("<Tag>.*?<Key>(.*?)</Key>.*?<Value>(.*?)</Value>.*?</Tag>", Pattern.DOTALL);
  private static final Pattern OBJECT_KEY =
      Pattern.compile("<Object>.*?<Key>(.*?)</Key>.*?</Object>", Pattern.DOTALL);
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private static final int UPLOADS_PER_PAGE = 3;

  private record Stored(
      SdkBytes content,
      String etag,
      String contentType,
      Map<String, String> metadata,
      Map<String, String> tags,
      Instant modified) {
    byte[] bytes() {
      return content.asByteArrayUnsafe();
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // it is changed in place
  private record Upload(
      String bucket,
      String key,
      String contentType,
      Map<String, String> metadata,
      Map<String, String> tags,
      NavigableMap<Integer, byte[]> parts,
      Instant begun,
      Instant[] active) {}

  /** A body as it was meant, and the checksum it came with. */
  private record Body(SdkBytes content, String crc32) {
    byte[] bytes() {
      return content.asByteArrayUnsafe();
    }
  }

  /** How objects are encrypted, by their paths. */
  private final Map<String, String> encrypted = new HashMap<>();

  private final Account account;
  private final Map<String, NavigableMap<String, Stored>> buckets = new TreeMap<>();
  private final Map<String, String> regions = new HashMap<>();
  private final Map<String, Upload> uploads = new LinkedHashMap<>();
  private int uploadCount;

  ObjectStore(Account account) {
    this.account = account;
  }

  void remains(Set<String> all) {
    buckets.forEach((bucket, objects) ->
        objects.keySet().forEach(key -> all.add("s3://" + bucket + "/" + key)));
    uploads.values().forEach(one -> all.add("multipart-upload/" + one.bucket() + "/" + one.key()));
  }

  void addBucket(String bucket) {
    buckets.computeIfAbsent(bucket, name -> new TreeMap<>());
  }

  void addBucket(String bucket, String region) {
    addBucket(bucket);
    regions.put(bucket, region);
  }

  void add(String bucket, String key, byte[] bytes) {
    addBucket(bucket);
    NavigableMap<String, Stored> objects = required(buckets.get(bucket), bucket);
    objects.put(key, stored(bytes, "application/octet-stream", Map.of(), Map.of()));
  }

  byte[] bytes(String bucket, String key) {
    return object(bucket, key).bytes().clone();
  }

  /** {@return how an object is encrypted, and by which key; empty if its bucket decides} */
  String encryption(String bucket, String key) {
    return encrypted.getOrDefault("/" + bucket + "/" + key, "");
  }

  Map<String, String> metadata(String bucket, String key) {
    return Map.copyOf(object(bucket, key).metadata());
  }

  private Stored object(String bucket, String key) {
    return required(buckets.getOrDefault(bucket, new TreeMap<>()).get(key), bucket + "/" + key);
  }

  private static <T> T required(@Nullable T value, String what) {
    if (value == null) {
      throw new IllegalArgumentException("there is no " + what);
    }
    return value;
  }

  /** {@return what is at s3://bucket/key; null if nothing} */
  byte @Nullable [] at(String uri) {
    String path = uri.substring("s3://".length());
    int slash = path.indexOf('/');
    Stored found = slash < 0 || !buckets.containsKey(path.substring(0, slash))
        ? null
        : buckets.get(path.substring(0, slash)).get(path.substring(slash + 1));
    return found == null ? null : found.bytes();
  }

  /** {@return whether there is an object with this name, or beneath it if it ends with a slash} */
  boolean isThere(String uri) {
    String path = uri.substring("s3://".length());
    int slash = path.indexOf('/');
    if (slash < 0 || !buckets.containsKey(path.substring(0, slash))) {
      return false;
    }
    String key = path.substring(slash + 1);
    NavigableMap<String, Stored> objects = buckets.get(path.substring(0, slash));
    String first = objects.ceilingKey(key);
    return objects.containsKey(key)
        || ((key.endsWith("/") || key.isEmpty()) && first != null && first.startsWith(key));
  }

  static String operation(Call call) {
    boolean isObject = call.path().indexOf('/', 1) > 0
        && call.path().indexOf('/', 1) < call.path().length() - 1;
    Map<String, String> query = call.query();
    String method = call.method();
    if (!isObject) {
      return switch (method) {
        case "HEAD" -> "HeadBucket";
        case "PUT" -> "CreateBucket";
        case "POST" -> query.containsKey("delete") ? "DeleteObjects" : "unknown";
        case "GET" ->
          query.containsKey("uploads")
              ? "ListMultipartUploads"
              : query.containsKey("location") ? "GetBucketLocation" : "ListObjectsV2";
        default -> "unknown";
      };
    }
    boolean tagging = query.containsKey("tagging");
    boolean upload = query.containsKey("uploadId");
    return switch (method) {
      case "PUT" -> tagging ? "PutObjectTagging" : upload ? "UploadPart" : "PutObject";
      case "GET" -> tagging ? "GetObjectTagging" : upload ? "ListParts" : "GetObject";
      case "HEAD" -> "HeadObject";
      case "DELETE" -> upload ? "AbortMultipartUpload" : "DeleteObject";
      case "POST" ->
        query.containsKey("uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload";
      default -> "unknown";
    };
  }

  Answer answer(Call call) {
    String path = call.path();
    int slash = path.indexOf('/', 1);
    String bucket = Call.decode(slash < 0 ? path.substring(1) : path.substring(1, slash));
    String key = slash < 0 ? "" : Call.decode(path.substring(slash + 1));
    if (call.operation().equals("CreateBucket")) {
      if (buckets.containsKey(bucket)) {
        throw AwsError.of(
            409,
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.");
      }
      addBucket(bucket);
      return Answer.empty(200).with("Location", "/" + bucket);
    }
    NavigableMap<String, Stored> objects = buckets.get(bucket);
    if (objects == null) {
      throw AwsError.of(404, "NoSuchBucket", "The specified bucket does not exist");
    }
    String region = regions.getOrDefault(bucket, call.region());
    if (!region.equals(call.region())) {
      throw AwsError.of(
              301,
              "PermanentRedirect",
              "The bucket you are attempting to access must be addressed using the specified endpoint."
                  + " Please send all future requests to this endpoint.")
          .with("x-amz-bucket-region", region);
    }
    String encryption = call.header("x-amz-server-side-encryption");
    if (encryption != null) {
      encrypted.put(
          call.path(),
          encryption + " " + call.header("x-amz-server-side-encryption-aws-kms-key-id"));
    }
    return switch (call.operation()) {
      case "HeadBucket" -> Answer.empty(200).with("x-amz-bucket-region", call.region());
      case "GetBucketLocation" -> Answer.xml(200, Xml.element("LocationConstraint", call.region()));
      case "PutObject" -> put(call, objects, key);
      case "HeadObject" -> head(objects, key);
      case "GetObject" -> get(call, objects, key);
      case "DeleteObject" -> delete(objects, key);
      case "DeleteObjects" -> deleteAll(call, objects);
      case "ListObjectsV2" -> list(call, objects, bucket);
      case "GetObjectTagging" -> tagging(objects, key);
      case "PutObjectTagging" -> tag(call, objects, key);
      case "CreateMultipartUpload" -> createUpload(call, bucket, key);
      case "UploadPart" -> uploadPart(call);
      case "CompleteMultipartUpload" -> completeUpload(call, objects);
      case "AbortMultipartUpload" -> abortUpload(call);
      case "ListMultipartUploads" -> listUploads(call, bucket);
      case "ListParts" -> listParts(call);
      default ->
        throw AwsError.of(501, "NotImplemented", call.method() + " " + path + " is not known");
    };
  }

  // ---- objects ----

  private Stored stored(
      byte[] bytes, String contentType, Map<String, String> metadata, Map<String, String> tags) {
    return new Stored(
        SdkBytes.fromByteArrayUnsafe(bytes),
        md5(bytes),
        contentType,
        metadata,
        tags,
        account.time().now());
  }

  private static String md5(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<String, String> metadata(Call call) {
    Map<String, String> metadata = new TreeMap<>();
    call.headersAfter("x-amz-meta-")
        .forEach((name, value) -> metadata.put(name.toLowerCase(Locale.ROOT), value));
    return metadata;
  }

  private static Map<String, String> tags(Call call) {
    Map<String, String> tags = new LinkedHashMap<>();
    String header = call.header("x-amz-tagging");
    if (header != null && !header.isEmpty()) {
      for (String pair : header.split("&", -1)) {
        int equals = pair.indexOf('=');
        tags.put(
            Call.decode(pair.substring(0, equals).replace('+', ' ')),
            Call.decode(pair.substring(equals + 1).replace('+', ' ')));
      }
    }
    return tags;
  }

  private static String contentType(Call call) {
    String type = call.header("Content-Type");
    return type == null ? "binary/octet-stream" : type;
  }

  private static void requireAbsent(Call call, Map<String, Stored> objects, String key) {
    if ("*".equals(call.header("If-None-Match")) && objects.containsKey(key)) {
      throw AwsError.of(
          412,
          "PreconditionFailed",
          "At least one of the pre-conditions you specified did not hold");
    }
  }

  private Answer put(Call call, Map<String, Stored> objects, String key) {
    requireAbsent(call, objects, key);
    Body body = body(call);
    Stored stored = stored(body.bytes(), contentType(call), metadata(call), tags(call));
    objects.put(key, stored);
    return Answer.empty(200)
        .with("ETag", "\"" + stored.etag() + "\"")
        .with("x-amz-checksum-crc32", body.crc32());
  }

  /** Takes chunks apart, and checks the checksum that came before or after them. */
  private static Body body(Call call) {
    byte[] raw = call.body();
    String expected = call.header("x-amz-checksum-crc32");
    String encoding = call.header("x-amz-content-sha256");
    byte[] bytes = raw;
    if (encoding != null && encoding.startsWith("STREAMING-")) {
      ByteArrayOutputStream decoded = new ByteArrayOutputStream(raw.length);
      int at = 0;
      while (true) {
        int end = endOfLine(raw, at);
        String line = new String(raw, at, end - at, UTF_8);
        int semicolon = line.indexOf(';');
        int size = Integer.parseInt(semicolon < 0 ? line : line.substring(0, semicolon), 16);
        at = end + 2;
        if (size == 0) {
          break;
        }
        decoded.write(raw, at, size);
        at += size + 2;
      }
      String trailers = new String(raw, at, raw.length - at, UTF_8);
      Matcher trailer = Pattern.compile("x-amz-checksum-crc32:(\\S+)").matcher(trailers);
      expected = trailer.find() ? trailer.group(1) : expected;
      bytes = decoded.toByteArray();
    }
    CRC32 crc = new CRC32();
    crc.update(bytes);
    String actual = Base64.getEncoder()
        .encodeToString(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    if (expected != null && !expected.equals(actual)) {
      throw AwsError.of(
          400, "BadDigest", "The CRC32 you specified did not match the calculated checksum.");
    }
    return new Body(SdkBytes.fromByteArrayUnsafe(bytes), actual);
  }

  private static int endOfLine(byte[] bytes, int from) {
    int at = from;
    while (bytes[at] != '\r' || bytes[at + 1] != '\n') {
      at++;
    }
    return at;
  }

  private static Stored find(Map<String, Stored> objects, String key) {
    Stored stored = objects.get(key);
    if (stored == null) {
      throw AwsError.of(404, "NoSuchKey", "The specified key does not exist.");
    }
    return stored;
  }

  private static Answer described(Stored stored, Answer answer) {
    answer
        .with("ETag", "\"" + stored.etag() + "\"")
        .with("Content-Type", stored.contentType())
        .with(
            "Last-Modified",
            DateTimeFormatter.RFC_1123_DATE_TIME.format(
                stored.modified().atOffset(ZoneOffset.UTC)));
    stored.metadata().forEach((name, value) -> answer.with("x-amz-meta-" + name, value));
    if (!stored.tags().isEmpty()) {
      answer.with("x-amz-tagging-count", String.valueOf(stored.tags().size()));
    }
    return answer;
  }

  private static Answer head(Map<String, Stored> objects, String key) {
    Stored stored = find(objects, key);
    return described(stored, Answer.empty(200))
        .with("Content-Length", String.valueOf(stored.bytes().length));
  }

  private static Answer get(Call call, Map<String, Stored> objects, String key) {
    Stored stored = find(objects, key);
    byte[] bytes = stored.bytes();
    Matcher range = RANGE.matcher(String.valueOf(call.header("Range")));
    if (!range.matches()) {
      return described(stored, new Answer(200, stored.contentType(), bytes));
    }
    int from = Integer.parseInt(range.group(1));
    if (from >= bytes.length) {
      throw AwsError.of(416, "InvalidRange", "The requested range is not satisfiable");
    }
    int last = range.group(2).isEmpty()
        ? bytes.length - 1
        : Math.min(bytes.length - 1, Integer.parseInt(range.group(2)));
    byte[] part = Arrays.copyOfRange(bytes, from, last + 1);
    return described(stored, new Answer(206, stored.contentType(), part))
        .with("Content-Range", "bytes " + from + "-" + last + "/" + bytes.length);
  }

  private static Answer delete(Map<String, Stored> objects, String key) {
    objects.remove(key);
    return Answer.empty(204);
  }

  private static Answer deleteAll(Call call, Map<String, Stored> objects) {
    StringBuilder said = new StringBuilder("<DeleteResult>");
    Matcher matcher = OBJECT_KEY.matcher(new String(body(call).bytes(), UTF_8));
    while (matcher.find()) {
      String key = Xml.unescape(matcher.group(1));
      objects.remove(key);
      said.append("<Deleted>").append(Xml.element("Key", key)).append("</Deleted>");
    }
    return Answer.xml(200, said.append("</DeleteResult>").toString());
  }

  private static Answer list(Call call, NavigableMap<String, Stored> objects, String bucket) {
    Map<String, String> query = call.query();
    String prefix = query.getOrDefault("prefix", "");
    String delimiter = query.getOrDefault("delimiter", "");
    String after = query.getOrDefault("continuation-token", query.getOrDefault("start-after", ""));
    int limit = Integer.parseInt(query.getOrDefault("max-keys", "1000"));
    boolean encodes = "url".equals(query.get("encoding-type"));
    StringBuilder contents = new StringBuilder();
    Set<String> prefixes = new TreeSet<>();
    String last = "";
    int count = 0;
    boolean truncated = false;
    for (Map.Entry<String, Stored> entry : objects.tailMap(prefix, true).entrySet()) {
      String key = entry.getKey();
      if (!key.startsWith(prefix)) {
        break;
      }
      int end = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
      String folder = end < 0 ? "" : key.substring(0, end + delimiter.length());
      boolean isPast = key.compareTo(after) <= 0 || (!folder.isEmpty() && folder.equals(after));
      if (isPast || prefixes.contains(folder)) {
        continue;
      }
      if (count == limit) {
        truncated = true;
        break;
      }
      count++;
      if (folder.isEmpty()) {
        last = key;
        contents
            .append("<Contents>")
            .append(Xml.element("Key", encodes ? URLEncoder.encode(key, UTF_8) : key))
            .append(Xml.element("LastModified", entry.getValue().modified()))
            .append(Xml.element("ETag", "\"" + entry.getValue().etag() + "\""))
            .append(Xml.element("Size", entry.getValue().bytes().length))
            .append(Xml.element("StorageClass", "STANDARD"))
            .append("</Contents>");
      } else {
        last = folder;
        prefixes.add(folder);
      }
    }
    StringBuilder said = new StringBuilder("<ListBucketResult>");
    said.append(Xml.element("Name", bucket))
        .append(Xml.element("Prefix", prefix))
        .append(Xml.element("KeyCount", count))
        .append(Xml.element("MaxKeys", limit))
        .append(Xml.element("IsTruncated", truncated));
    if (encodes) {
      said.append(Xml.element("EncodingType", "url"));
    }
    if (truncated) {
      said.append(Xml.element("NextContinuationToken", last));
    }
    said.append(contents);
    for (String folder : prefixes) {
      said.append("<CommonPrefixes>")
          .append(Xml.element("Prefix", encodes ? URLEncoder.encode(folder, UTF_8) : folder))
          .append("</CommonPrefixes>");
    }
    return Answer.xml(200, said.append("</ListBucketResult>").toString());
  }

  private static Answer tagging(Map<String, Stored> objects, String key) {
    StringBuilder said = new StringBuilder("<Tagging><TagSet>");
    find(objects, key)
        .tags()
        .forEach((name, value) -> said.append("<Tag>")
            .append(Xml.element("Key", name))
            .append(Xml.element("Value", value))
            .append("</Tag>"));
    return Answer.xml(200, said.append("</TagSet></Tagging>").toString());
  }

  private static Answer tag(Call call, Map<String, Stored> objects, String key) {
    Stored old = find(objects, key);
    Map<String, String> tags = new LinkedHashMap<>();
    Matcher matcher = TAG.matcher(new String(body(call).bytes(), UTF_8));
    while (matcher.find()) {
      tags.put(Xml.unescape(matcher.group(1)), Xml.unescape(matcher.group(2)));
    }
    objects.put(
        key,
        new Stored(
            old.content(), old.etag(), old.contentType(), old.metadata(), tags, old.modified()));
    return Answer.empty(200);
  }

  // ---- uploads in parts ----

  private Answer createUpload(Call call, String bucket, String key) {
    String id = "upload-" + ++uploadCount;
    uploads.put(
        id,
        new Upload(
            bucket,
            key,
            contentType(call),
            metadata(call),
            tags(call),
            new TreeMap<>(),
            account.time().now(),
            new Instant[] {account.time().now()}));
    return Answer.xml(
        200,
        "<InitiateMultipartUploadResult>" + Xml.element("Bucket", bucket) + Xml.element("Key", key)
            + Xml.element("UploadId", id) + "</InitiateMultipartUploadResult>");
  }

  private Upload upload(Call call) {
    Upload upload = uploads.get(call.query().get("uploadId"));
    if (upload == null) {
      throw AwsError.of(404, "NoSuchUpload", "The specified upload does not exist.");
    }
    return upload;
  }

  private Answer uploadPart(Call call) {
    Upload upload = upload(call);
    Body body = body(call);
    int number = Integer.parseInt(call.query().get("partNumber"));
    if (number < 1 || number > 10_000) {
      throw AwsError.of(
          400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
    }
    upload.parts().put(number, body.bytes());
    upload.active()[0] = account.time().now();
    return Answer.empty(200)
        .with("ETag", "\"" + md5(body.bytes()) + "\"")
        .with("x-amz-checksum-crc32", body.crc32());
  }

  private Answer completeUpload(Call call, Map<String, Stored> objects) {
    Upload upload = upload(call);
    requireAbsent(call, objects, upload.key());
    Matcher parts = PART.matcher(new String(body(call).bytes(), UTF_8));
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    int count = 0;
    byte[] previous = null;
    while (parts.find()) {
      byte[] part = upload.parts().get(Integer.parseInt(parts.group(1)));
      if (part == null) {
        throw AwsError.of(
            400, "InvalidPart", "One or more of the specified parts could not be found.");
      }
      if (previous != null && previous.length < 5 << 20) {
        throw AwsError.of(
            400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
      }
      previous = part;
      whole.writeBytes(part);
      count++;
    }
    if (count == 0) {
      throw AwsError.of(
          400,
          "MalformedXML",
          "The XML you provided was not well-formed or did not validate against our published"
              + " schema");
    }
    uploads.remove(call.query().get("uploadId"));
    byte[] bytes = whole.toByteArray();
    String etag = md5(bytes) + "-" + count;
    objects.put(
        upload.key(),
        new Stored(
            SdkBytes.fromByteArrayUnsafe(bytes),
            etag,
            upload.contentType(),
            upload.metadata(),
            upload.tags(),
            account.time().now()));
    return Answer.xml(
        200,
        "<CompleteMultipartUploadResult>" + Xml.element("Bucket", upload.bucket())
            + Xml.element("Key", upload.key()) + Xml.element("ETag", "\"" + etag + "\"")
            + "</CompleteMultipartUploadResult>");
  }

  private Answer abortUpload(Call call) {
    upload(call);
    uploads.remove(call.query().get("uploadId"));
    return Answer.empty(204);
  }

  private Answer listUploads(Call call, String bucket) {
    String prefix = call.query().getOrDefault("prefix", "");
    String after = call.query().getOrDefault("upload-id-marker", "");
    List<String> ids = uploads.entrySet().stream()
        .filter(one ->
            one.getValue().bucket().equals(bucket) && one.getValue().key().startsWith(prefix))
        .map(Map.Entry::getKey)
        .toList();
    List<String> rest = ids.subList(ids.indexOf(after) + 1, ids.size());
    List<String> page = rest.subList(0, Math.min(UPLOADS_PER_PAGE, rest.size()));
    StringBuilder said = new StringBuilder("<ListMultipartUploadsResult>");
    said.append(Xml.element("Bucket", bucket))
        .append(Xml.element("IsTruncated", page.size() < rest.size()));
    if (page.size() < rest.size()) {
      String last = page.get(page.size() - 1);
      said.append(Xml.element("NextKeyMarker", required(uploads.get(last), last).key()))
          .append(Xml.element("NextUploadIdMarker", last));
    }
    for (String id : page) {
      Upload one = required(uploads.get(id), id);
      said.append("<Upload>")
          .append(Xml.element("Key", one.key()))
          .append(Xml.element("UploadId", id))
          .append(Xml.element("Initiated", one.begun()))
          .append("</Upload>");
    }
    return Answer.xml(200, said.append("</ListMultipartUploadsResult>").toString());
  }

  private Answer listParts(Call call) {
    Upload upload = upload(call);
    StringBuilder said = new StringBuilder("<ListPartsResult>");
    said.append(Xml.element("Bucket", upload.bucket()))
        .append(Xml.element("Key", upload.key()))
        .append(Xml.element("IsTruncated", false));
    upload
        .parts()
        .forEach((number, part) -> said.append("<Part>")
            .append(Xml.element("PartNumber", number))
            .append(Xml.element("ETag", "\"" + md5(part) + "\""))
            .append(Xml.element("Size", part.length))
            .append(Xml.element("LastModified", upload.active()[0]))
            .append("</Part>"));
    return Answer.xml(200, said.append("</ListPartsResult>").toString());
  }
}
