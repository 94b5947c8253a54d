package io.fairlead.engine.internal.file;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.provider.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The result of one pass over a file's bytes: their hash, the first of them, and the names of files with external data.
 *
 * <p>An ONNX file may keep its weights in files beside it ("external data"). Two equal files can then
 * be different models, so these files are part of the digest.
 */
public final class Fingerprint {
  private static final int CHUNK = 1 << 20;
  /** The number of first bytes to keep. */
  public static final int HEAD = 1024;

  private static final int LONGEST_LOCATION = 4096;
  // The protobuf encoding of an entry {key: "location", value: ...} up to the value's length.
  private static final byte[] LOCATION = "\n\blocation\u0012".getBytes(US_ASCII);
  // The shift of the pattern for the byte at its end (Horspool).
  private static final byte[] SKIP = skips();

  private final String sha256;
  private final byte[] head;
  private final List<String> externalFiles;

  public Fingerprint(String sha256, byte[] head, List<String> externalFiles) {
    this.sha256 = sha256;
    this.head = head;
    this.externalFiles = externalFiles;
  }

  public static Fingerprint of(InputStream in) throws IOException {
    MessageDigest digest = Sha256.newDigest();
    Set<String> locations = new TreeSet<>();
    byte[] head = in.readNBytes(HEAD);
    byte[] buffer = new byte[CHUNK];
    System.arraycopy(head, 0, buffer, 0, head.length);
    int kept = 0;
    int read = head.length;
    while (read > 0) {
      digest.update(buffer, kept, read);
      int filled = kept + read;
      kept = scan(buffer, filled, locations);
      System.arraycopy(buffer, filled - kept, buffer, 0, kept);
      read = in.readNBytes(buffer, kept, buffer.length - kept);
    }
    return new Fingerprint(Sha256.hex(digest), head, List.copyOf(locations));
  }

  /** Collects the locations in a buffer, and returns the number of bytes at its end that may start a further one. */
  private static int scan(byte[] buffer, int filled, Set<String> locations) {
    int last = LOCATION.length - 1;
    int at = 0;
    while (at + LOCATION.length <= filled) {
      if (buffer[at + last] == LOCATION[last]
          && Arrays.equals(buffer, at, at + LOCATION.length, LOCATION, 0, LOCATION.length)) {
        int valueAt = at + LOCATION.length;
        int length = 0;
        int shift = 0;
        boolean whole = false;
        while (valueAt < filled && shift <= 14 && !whole) {
          length |= (buffer[valueAt] & 0x7f) << shift;
          whole = buffer[valueAt] >= 0;
          shift += 7;
          valueAt++;
        }
        boolean plausible = length <= LONGEST_LOCATION && (whole || valueAt == filled);
        if (plausible && (!whole || valueAt + length > filled)) {
          return filled - at;
        }
        if (plausible) {
          locations.add(new String(buffer, valueAt, length, UTF_8));
        }
        at += LOCATION.length;
      } else {
        at += SKIP[buffer[at + last] & 0xff];
      }
    }
    return filled - at;
  }

  private static byte[] skips() {
    byte[] skips = new byte[256];
    Arrays.fill(skips, (byte) LOCATION.length);
    for (int i = 0; i < LOCATION.length - 1; i++) {
      skips[LOCATION[i] & 0xff] = (byte) (LOCATION.length - 1 - i);
    }
    return skips;
  }

  public String sha256() {
    return sha256;
  }

  /** {@return the first bytes, at most 1024} */
  public byte[] head() {
    return head.clone();
  }

  /** {@return the names of its files with external data, relative to its folder, sorted} */
  public List<String> externalFiles() {
    return externalFiles;
  }
}
