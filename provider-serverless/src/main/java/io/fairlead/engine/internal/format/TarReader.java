package io.fairlead.engine.internal.format;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * A reader of tar streams with files and folders: ustar, with the long names of POSIX (pax) and GNU.
 *
 * <p>Other entries (links, devices, sparse files) are errors.
 */
public final class TarReader {
  private static final int BLOCK = 512;
  private static final int LONGEST_HEADER = 1 << 20;

  private final InputStream in;
  private final Content content = new Content();
  private String name = "";
  private boolean folder;
  private long left;
  private long padding;

  public TarReader(InputStream in) {
    this.in = in;
  }

  /** {@return whether a stream with these first bytes is a tar} */
  public static boolean isTar(byte[] head) {
    return head.length >= 262 && new String(head, 257, 5, US_ASCII).equals("ustar");
  }

  /** Moves to the next file or folder, and returns whether there is one. */
  public boolean next() throws IOException {
    in.skipNBytes(left + padding);
    left = 0;
    padding = 0;
    String longName = null;
    long longSize = -1;
    while (true) {
      byte[] header = in.readNBytes(BLOCK);
      if (header.length < BLOCK) {
        throw new EOFException("it is cut off");
      }
      if (isEmpty(header)) {
        return false;
      }
      checkSum(header);
      long size = number(header, 124, 12);
      switch (header[156]) {
        case 'L' -> longName = text(metadata(size), 0, Integer.MAX_VALUE);
        case 'x' -> {
          Pax pax = Pax.of(metadata(size));
          longName = pax.path == null ? longName : pax.path;
          longSize = pax.size;
        }
        case 'g' -> {
          Pax pax = Pax.of(metadata(size));
          if (pax.path != null || pax.size >= 0) {
            throw new ZipException("it names a file for all files");
          }
        }
        case '0', '7', '5', 0 -> {
          name = longName == null ? shortName(header) : longName;
          folder = header[156] == '5' || name.endsWith("/");
          left = folder ? 0 : longSize >= 0 ? longSize : size;
          padding = padding(left);
          return true;
        }
        default -> {
          name = longName == null ? shortName(header) : longName;
          throw new ZipException("'" + shown(name) + "' in it is " + kind(header[156])
              + ", where only files and folders are let through");
        }
      }
    }
  }

  public String name() {
    return name;
  }

  public boolean isFolder() {
    return folder;
  }

  /** {@return the bytes of the file, valid until the next call of {@link #next}} */
  public InputStream content() {
    return content;
  }

  /** {@return a name without control characters, for messages} */
  public static String shown(String name) {
    String printable = name.replaceAll("\\p{C}", "?");
    return printable.length() <= 200 ? printable : printable.substring(0, 200) + "...";
  }

  private static String kind(byte type) {
    return switch (type) {
      case '1' -> "a hard link";
      case '2', 'K' -> "a symbolic link";
      case '3', '4' -> "a device";
      case '6' -> "a pipe";
      case 'S' -> "a sparse file";
      default -> "neither a file nor a folder";
    };
  }

  private byte[] metadata(long size) throws IOException {
    if (size > LONGEST_HEADER) {
      throw new ZipException("a name in it is too long");
    }
    byte[] bytes = in.readNBytes((int) size);
    if (bytes.length < size) {
      throw new EOFException("it is cut off");
    }
    in.skipNBytes(padding(size));
    return bytes;
  }

  private static long padding(long size) {
    return (BLOCK - size % BLOCK) % BLOCK;
  }

  private static String shortName(byte[] header) {
    String name = text(header, 0, 100);
    // GNU's own format, "ustar  ", has times where POSIX has a prefix.
    boolean posix = header[257] == 'u' && header[262] == 0;
    String prefix = posix ? text(header, 345, 155) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private static String text(byte[] bytes, int offset, int length) {
    int end = offset;
    while (end < bytes.length && end - offset < length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, offset, end - offset, UTF_8);
  }

  private static boolean isEmpty(byte[] header) {
    for (byte b : header) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private static void checkSum(byte[] header) throws IOException {
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
    }
    if (number(header, 148, 8) != sum) {
      throw new ZipException("it is damaged: a checksum in it is wrong");
    }
  }

  /** An octal number, or GNU's binary form for larger ones. */
  private static long number(byte[] header, int offset, int length) throws IOException {
    long value = 0;
    if ((header[offset] & 0x80) != 0) {
      for (int i = length - 8; i < length; i++) {
        value = value << 8 | (header[offset + i] & 0xff);
      }
      if (value < 0) {
        throw new ZipException("it is damaged: a size in it is wrong");
      }
      return value;
    }
    String digits = text(header, offset, length).strip();
    return digits.isEmpty() ? 0 : parse(digits, 8);
  }

  private static long parse(String digits, int radix) throws IOException {
    try {
      long value = Long.parseLong(digits, radix);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Treated like a negative number.
    }
    throw new ZipException("it is damaged: a number in it is wrong");
  }

  /** Reads the records "LENGTH KEY=VALUE\n" about the next file. */
  private static final class Pax {
    private @Nullable String path;
    private long size = -1;

    static Pax of(byte[] records) throws IOException {
      Pax pax = new Pax();
      int at = 0;
      while (at < records.length) {
        int space = at;
        while (space < records.length && records[space] != ' ') {
          space++;
        }
        long length = parse(new String(records, at, space - at, US_ASCII), 10);
        if (length <= space - at + 1 || length > records.length - at) {
          throw new ZipException("it is damaged: a name in it is cut off");
        }
        String record = new String(records, space + 1, (int) (at + length - space - 1), UTF_8);
        int equals = record.indexOf('=');
        if (equals < 0) {
          throw new ZipException("it is damaged: a name in it is cut off");
        }
        String value = record.substring(equals + 1).replaceFirst("\n$", "");
        String key = record.substring(0, equals);
        if (key.equals("path")) {
          pax.path = value;
        } else if (key.equals("size")) {
          pax.size = parse(value, 10);
        } else if (key.toUpperCase(Locale.ROOT).startsWith("GNU.SPARSE")) {
          throw new ZipException("it holds a sparse file");
        }
        at += (int) length;
      }
      return pax;
    }
  }

  private final class Content extends InputStream {
    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int read = in.read(bytes, offset, (int) Math.min(length, left));
      if (read < 0) {
        throw new EOFException("it is cut off");
      }
      left -= read;
      return read;
    }
  }
}
