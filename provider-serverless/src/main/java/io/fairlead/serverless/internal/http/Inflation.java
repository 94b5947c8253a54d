package io.fairlead.serverless.internal.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The decompression of one body that arrives in parts: {@code gzip} (RFC 1952) or {@code deflate}, which in HTTP is zlib's
 * format (RFC 1950).
 *
 * <p>It decompresses no more than there is room for, so that a small body that would become a huge one is detected while
 * it becomes too long.
 */
final class Inflation implements AutoCloseable {
  /** The codings that are supported, as a value of {@code Accept-Encoding}. */
  static final String CODINGS = "gzip, deflate";

  private static final int HAS_HEADER_CHECKSUM = 2;
  private static final int HAS_EXTRA = 4;
  private static final int HAS_NAME = 8;
  private static final int HAS_COMMENT = 16;
  private static final int RESERVED = 0xe0;

  /** The parts of a member of the gzip format. */
  private enum Part {
    START,
    EXTRA_LENGTH,
    EXTRA,
    NAME,
    COMMENT,
    HEADER_CHECKSUM,
    DATA,
    TRAILER,
    /** After the data of the zlib format, which has one member. */
    END
  }

  private final boolean gzip;
  private final Inflater inflater;
  private final CRC32 checksum = new CRC32();
  private byte[] input = {};
  private int at;
  private Part part;
  /** The bytes of this part so far, and what they say. */
  private int taken;

  private int flags;
  private int extra;
  private long trailer;
  private boolean hasMember;

  private Inflation(boolean gzip) {
    this.gzip = gzip;
    this.inflater = new Inflater(gzip);
    this.part = gzip ? Part.START : Part.DATA;
  }

  /** {@return the codings of a body, in lower case and in order; none if it is not compressed} */
  static List<String> codings(HttpHeaders headers) {
    return headers.getAll(HttpHeaderNames.CONTENT_ENCODING).stream()
        .flatMap(line -> List.of(line.split(",", -1)).stream())
        .map(coding -> coding.strip().toLowerCase(Locale.ROOT))
        .filter(coding -> !coding.isEmpty() && !coding.equals("identity"))
        .toList();
  }

  /** {@return whether a body of these codings can be decompressed, or need not be} */
  static boolean isSupported(List<String> codings) {
    return codings.isEmpty()
        || (codings.size() == 1 && List.of("gzip", "x-gzip", "deflate").contains(codings.get(0)));
  }

  /** {@return the decompression of a body of supported codings; empty if it is not compressed} */
  static Optional<Inflation> of(List<String> codings) {
    return codings.isEmpty()
        ? Optional.empty()
        : Optional.of(new Inflation(!codings.get(0).equals("deflate")));
  }

  /** Takes a part of the compressed body, once all that came before has been read. */
  void add(ByteBuf compressed) {
    input = ByteBufUtil.getBytes(compressed);
    at = 0;
  }

  /**
   * Reads what there is by now.
   *
   * @param length how much there is room for, at least 1
   * @return the number of bytes; 0 if there are none before the next part comes
   * @throws DataFormatException if the body is not of its coding
   */
  int read(byte[] into, int offset, int length) throws DataFormatException {
    while (true) {
      if (part == Part.DATA) {
        int read = inflate(into, offset, length);
        if (read > 0 || part == Part.DATA) {
          return read;
        }
      } else if (at == input.length) {
        return 0;
      } else {
        take(input[at++] & 0xff);
      }
    }
  }

  private int inflate(byte[] into, int offset, int length) throws DataFormatException {
    if (inflater.needsInput() && at < input.length) {
      inflater.setInput(input, at, input.length - at);
      at = input.length;
    }
    int read = inflater.inflate(into, offset, length);
    checksum.update(into, offset, read);
    if (inflater.needsDictionary()) {
      throw new DataFormatException("it needs a dictionary");
    }
    if (read == 0 && inflater.finished()) {
      at = input.length - inflater.getRemaining();
      enter(gzip ? Part.TRAILER : Part.END);
      hasMember = true;
    }
    return read;
  }

  private void take(int value) throws DataFormatException {
    taken++;
    switch (part) {
      case START -> start(value);
      case EXTRA_LENGTH -> {
        extra |= value << (8 * (taken - 1));
        if (taken == 2) {
          enter(extra == 0 ? afterExtra() : Part.EXTRA);
        }
      }
      case EXTRA -> {
        if (taken == extra) {
          enter(afterExtra());
        }
      }
      case NAME -> {
        if (value == 0) {
          enter(afterName());
        }
      }
      case COMMENT -> {
        if (value == 0) {
          enter(afterComment());
        }
      }
      case HEADER_CHECKSUM -> {
        if (taken == 2) {
          enter(Part.DATA);
        }
      }
      case TRAILER -> end(value);
      default -> throw new DataFormatException("there is more after its end");
    }
  }

  private void start(int value) throws DataFormatException {
    boolean right = switch (taken) {
      case 1 -> value == 0x1f;
      case 2 -> value == 0x8b;
      case 3 -> value == 8;
      case 4 -> (value & RESERVED) == 0;
      default -> true;
    };
    if (!right) {
      throw new DataFormatException("it does not begin as it should");
    }
    if (taken == 4) {
      flags = value;
      extra = 0;
    }
    if (taken == 10) {
      enter((flags & HAS_EXTRA) != 0 ? Part.EXTRA_LENGTH : afterExtra());
    }
  }

  private Part afterExtra() {
    return (flags & HAS_NAME) != 0 ? Part.NAME : afterName();
  }

  private Part afterName() {
    return (flags & HAS_COMMENT) != 0 ? Part.COMMENT : afterComment();
  }

  private Part afterComment() {
    return (flags & HAS_HEADER_CHECKSUM) != 0 ? Part.HEADER_CHECKSUM : Part.DATA;
  }

  /** The checksum and the length of the data, modulo 2^32. Another member may follow. */
  private void end(int value) throws DataFormatException {
    trailer |= (long) value << (8 * (taken - 1));
    if (taken < 8) {
      return;
    }
    long expected = checksum.getValue() | (inflater.getBytesWritten() << 32);
    if (trailer != expected) {
      throw new DataFormatException("its checksum is another");
    }
    inflater.reset();
    checksum.reset();
    trailer = 0;
    enter(Part.START);
  }

  private void enter(Part next) {
    part = next;
    taken = 0;
  }

  /** {@return whether the body may end here} */
  boolean isComplete() {
    return hasMember && taken == 0 && (part == Part.END || part == Part.START);
  }

  @Override
  public void close() {
    inflater.end();
  }
}
