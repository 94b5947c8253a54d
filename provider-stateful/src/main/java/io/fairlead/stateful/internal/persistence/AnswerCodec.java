package io.fairlead.stateful.internal.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.stateful.internal.cache.AnswerStore;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The binary form of an answer with its key, in snapshots and in Redis alike.
 *
 * <p>It begins with the version of the format and ends with a CRC-32C over all that precedes it, the key included: what
 * was stored under another key, for another model or by a later format is not valid, nor is what was damaged. Decoding
 * never throws, and allocates nothing by a length that was not compared with the bytes that are there. A checksum finds
 * accidents, not forgeries: whoever can write where answers are stored can store others.
 *
 * <p>Safe for concurrent use.
 */
final class AnswerCodec {
  private static final byte VERSION = 1;
  private static final int VARIANT = 1;
  private static final int REQUEST = 1 << 1;
  private static final int HEX_DIGEST = 1 << 2;

  private static final int FIXED = 2 + 4 * Long.BYTES;
  private static final int CHECKSUM = Integer.BYTES;

  private static final HexFormat HEX = HexFormat.of();
  private static final int MAX_SHARED = 1024;

  // Entries are to share their strings: they would take more of the heap than short answers do.
  private final ConcurrentMap<String, String> shared = new ConcurrentHashMap<>();

  /** {@return an entry as bytes} */
  static byte[] encode(CacheKey key, CachedAnswer answer) {
    String variant = answer.variant();
    RetainedRequest request = answer.request();
    byte[] hexDigest = packedHex(answer.modelDigest());
    byte[] digest = hexDigest == null ? answer.modelDigest().getBytes(UTF_8) : hexDigest;
    byte[][] parts = new byte[3 + (variant == null ? 0 : 1) + (request == null ? 0 : 3)][];
    int count = 0;
    parts[count++] = digest;
    parts[count++] = answer.contentType().getBytes(UTF_8);
    if (variant != null) {
      parts[count++] = variant.getBytes(UTF_8);
    }
    if (request != null) {
      parts[count++] = request.scope().getBytes(UTF_8);
      parts[count++] = request.contentType().getBytes(UTF_8);
      parts[count++] = request.body();
    }
    parts[count] = answer.body();

    long size = (long) FIXED + CHECKSUM;
    for (byte[] part : parts) {
      size += sizeOf(part.length) + (long) part.length;
    }
    ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(size))
        .put(VERSION)
        .put((byte) ((variant == null ? 0 : VARIANT)
            | (request == null ? 0 : REQUEST)
            | (hexDigest == null ? 0 : HEX_DIGEST)))
        .putLong(key.high())
        .putLong(key.low())
        .putLong(answer.answeredAtMillis())
        .putLong(answer.costNanos());
    for (byte[] part : parts) {
      putSize(out, part.length);
      out.put(part);
    }
    return out.putInt(checksum(out.array(), 0, out.position())).array();
  }

  /** {@return an entry from bytes; null if they are not valid} */
  AnswerStore.@Nullable Entry decode(byte[] bytes, int offset, int length) {
    if (length < FIXED + CHECKSUM || bytes[offset] != VERSION) {
      return null;
    }
    int checked = length - CHECKSUM;
    if (ByteBuffer.wrap(bytes).getInt(offset + checked) != checksum(bytes, offset, checked)) {
      return null;
    }
    try {
      return decode(ByteBuffer.wrap(bytes, offset, checked));
    } catch (BufferUnderflowException e) {
      return null;
    }
  }

  /** {@return the answer that was stored under a key for a model; null if that is not what the bytes hold} */
  @Nullable
  CachedAnswer decode(byte[] bytes, CacheKey key, String modelDigest) {
    AnswerStore.Entry entry = decode(bytes, 0, bytes.length);
    return entry != null
            && entry.key().equals(key)
            && entry.answer().modelDigest().equals(modelDigest)
        ? entry.answer()
        : null;
  }

  private AnswerStore.@Nullable Entry decode(ByteBuffer in) {
    in.get();
    int flags = in.get();
    CacheKey key = new CacheKey(in.getLong(), in.getLong());
    long answeredAtMillis = in.getLong();
    long costNanos = in.getLong();
    byte[] digest = bytes(in);
    String modelDigest =
        share((flags & HEX_DIGEST) == 0 ? new String(digest, UTF_8) : HEX.formatHex(digest));
    String contentType = string(in);
    String variant = (flags & VARIANT) == 0 ? null : string(in);
    RetainedRequest request =
        (flags & REQUEST) == 0 ? null : new RetainedRequest(string(in), string(in), bytes(in));
    byte[] body = bytes(in);
    if (in.hasRemaining()) {
      return null;
    }
    return new AnswerStore.Entry(
        key,
        new CachedAnswer(
            body, contentType, variant, modelDigest, answeredAtMillis, costNanos, request));
  }

  private String string(ByteBuffer in) {
    return share(new String(bytes(in), UTF_8));
  }

  int sharedStrings() {
    return shared.size();
  }

  private String share(String string) {
    String known = shared.get(string);
    if (known == null && shared.size() < MAX_SHARED) {
      known = shared.putIfAbsent(string, string);
    }
    return known == null ? string : known;
  }

  private static byte[] bytes(ByteBuffer in) {
    int size = size(in);
    if (size < 0 || size > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[size];
    in.get(bytes);
    return bytes;
  }

  /** {@return what lowercase hexadecimal digits stand for; null if the text is something else} */
  static byte @Nullable [] packedHex(String text) {
    if (text.length() % 2 != 0) {
      return null;
    }
    for (int i = 0; i < text.length(); i++) {
      char digit = text.charAt(i);
      if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f')) {
        return null;
      }
    }
    return HEX.parseHex(text);
  }

  // Sizes are in groups of seven bits, the lowest first, as in Protocol Buffers: nearly all take
  // one or two bytes.

  private static int sizeOf(int size) {
    return (31 - Integer.numberOfLeadingZeros(size | 1)) / 7 + 1;
  }

  private static void putSize(ByteBuffer out, int size) {
    int rest = size;
    while (rest > 0x7f) {
      out.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  private static int size(ByteBuffer in) {
    int size = 0;
    for (int shift = 0; shift < Integer.SIZE; shift += 7) {
      int group = in.get();
      size |= (group & 0x7f) << shift;
      if (group >= 0) {
        return size;
      }
    }
    return -1;
  }

  static int checksum(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return (int) crc.getValue();
  }
}
