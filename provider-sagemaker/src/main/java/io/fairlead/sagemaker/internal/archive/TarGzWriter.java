package io.fairlead.sagemaker.internal.archive;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * A writer of gzipped tar files of regular files; the same files give the same bytes on one JVM.
 *
 * <p>The format is POSIX.1-2001: ustar headers, and extended headers where a name or size does not fit. Without
 * {@link #finish}, the file is invalid to every reader. The underlying stream is never closed.
 */
final class TarGzWriter implements AutoCloseable {
  static final int BLOCK = 512;

  private static final int LONGEST_NAME = 100;
  private static final long LARGEST_SIZE = (1L << 33) - 1;
  // 1980-01-01, because readers warn of files from 1970.
  private static final long MODIFIED = 315_532_800;
  private static final int BUFFER = 1 << 16;

  private final Gzip out;
  private long missing;
  private long padding;
  private boolean begins;

  TarGzWriter(OutputStream out) throws IOException {
    this.out = new Gzip(out);
  }

  /** Starts a file, whose bytes must be written next. */
  void begin(String path, long size, boolean executable) throws IOException {
    endFile();
    out.write(headers(path, size, executable));
    begins = true;
    missing = size;
    padding = (BLOCK - size % BLOCK) % BLOCK;
  }

  void write(byte[] bytes, int length) throws IOException {
    if (length > missing) {
      throw new IllegalStateException("more bytes than the header says");
    }
    if (begins) {
      out.compress(getsSmaller(bytes, length));
      begins = false;
    }
    out.write(bytes, 0, length);
    missing -= length;
  }

  void finish() throws IOException {
    endFile();
    out.write(new byte[2 * BLOCK]);
    out.finish();
    out.flush();
  }

  @Override
  public void close() {
    out.release();
  }

  private void endFile() throws IOException {
    if (missing > 0) {
      throw new IllegalStateException("fewer bytes than the header says");
    }
    out.compress(true);
    out.write(new byte[(int) padding]);
    padding = 0;
  }

  /** {@return a file's header, after an extended one if it needs that} */
  static byte[] headers(String path, long size, boolean executable) {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    boolean fits = name.length <= LONGEST_NAME && name.length == path.length();
    StringBuilder extended = new StringBuilder();
    if (!fits) {
      extended.append(record("path", path));
    }
    if (size > LARGEST_SIZE) {
      extended.append(record("size", String.valueOf(size)));
    }
    byte[] records = extended.toString().getBytes(StandardCharsets.UTF_8);
    int recordBlocks = (records.length + BLOCK - 1) / BLOCK * BLOCK;
    byte[] all = new byte[(records.length == 0 ? 0 : BLOCK + recordBlocks) + BLOCK];
    if (records.length > 0) {
      header(all, 0, "PaxHeaders/" + standIn(path), records.length, 0644, 'x');
      System.arraycopy(records, 0, all, BLOCK, records.length);
    }
    header(
        all,
        all.length - BLOCK,
        fits ? path : standIn(path),
        size > LARGEST_SIZE ? 0 : size,
        executable ? 0755 : 0644,
        '0');
    return all;
  }

  /** {@return a name for readers without support for extended headers} */
  private static String standIn(String path) {
    String ascii = path.replaceAll("[^\\x20-\\x7e]", "_");
    int longest = LONGEST_NAME - "PaxHeaders/".length();
    return ascii.length() <= longest ? ascii : ascii.substring(ascii.length() - longest);
  }

  /** {@return a record of an extended header, which begins with its own length} */
  private static String record(String key, String value) {
    String rest = " " + key + "=" + value + "\n";
    int bytes = rest.getBytes(StandardCharsets.UTF_8).length;
    int length = bytes + String.valueOf(bytes).length();
    if (bytes + String.valueOf(length).length() > length) {
      length++;
    }
    return length + rest;
  }

  private static void header(byte[] all, int at, String name, long size, int mode, char type) {
    put(all, at, name);
    put(all, at + 100, octal(mode, 7));
    put(all, at + 108, octal(0, 7));
    put(all, at + 116, octal(0, 7));
    put(all, at + 124, octal(size, 11));
    put(all, at + 136, octal(MODIFIED, 11));
    put(all, at + 148, "        ");
    put(all, at + 156, String.valueOf(type));
    put(all, at + 257, "ustar\00000");
    put(all, at + 329, octal(0, 7));
    put(all, at + 337, octal(0, 7));
    put(all, at + 148, octal(checksum(all, at), 6) + "\0");
  }

  private static int checksum(byte[] all, int at) {
    int sum = 0;
    for (int i = at; i < at + BLOCK; i++) {
      sum += all[i] & 0xff;
    }
    return sum;
  }

  private static String octal(long value, int digits) {
    String text = Long.toOctalString(value);
    return "0".repeat(digits - text.length()) + text;
  }

  private static void put(byte[] all, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, all, at, bytes.length);
  }

  /**
   * {@return whether compression makes the beginning of a file at least a third smaller}
   *
   * <p>It does not for weights, whose compression takes far longer than sending the few percent that it saves.
   */
  private static boolean getsSmaller(byte[] beginning, int length) {
    Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
    try {
      deflater.setInput(beginning, 0, length);
      deflater.finish();
      return deflater.deflate(new byte[length / 3 * 2 + 1]) <= length / 3 * 2;
    } finally {
      deflater.end();
    }
  }

  private static final class Gzip extends GZIPOutputStream {
    Gzip(OutputStream out) throws IOException {
      super(out, BUFFER);
      compress(true);
    }

    void compress(boolean compressed) {
      def.setLevel(compressed ? Deflater.BEST_SPEED : Deflater.NO_COMPRESSION);
    }

    void release() {
      def.end();
    }
  }
}
