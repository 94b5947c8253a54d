package io.fairlead.engine.internal.fetch;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Many files as one stream, a tar, which opens each file when it is reached.
 *
 * <p>Equal files in the same order are equal bytes.
 */
public final class TarStream extends InputStream {
  private static final int BLOCK = 512;
  private static final int NAME_LENGTH = 100;
  private static final long OCTAL_LIMIT = 1L << 33;

  /** The opening of a file, whose stream has exactly its size or fails. */
  public interface Opening {
    InputStream open() throws IOException;
  }

  /**
   * A file.
   *
   * @param name its path in the archive
   * @param size its size in bytes
   */
  public record Entry(String name, long size, Opening opening) {}

  private final List<Opening> parts = new ArrayList<>();
  private int next;
  private @Nullable InputStream current;

  public TarStream(List<Entry> entries) {
    for (Entry entry : entries) {
      byte[] header = header(entry);
      parts.add(() -> new ByteArrayInputStream(header));
      parts.add(entry.opening());
      byte[] padding = new byte[padding(entry.size())];
      parts.add(() -> new ByteArrayInputStream(padding));
    }
    parts.add(() -> new ByteArrayInputStream(new byte[2 * BLOCK]));
  }

  /** {@return the length of the archive in bytes} */
  public static long length(List<Entry> entries) {
    long length = 2 * BLOCK;
    for (Entry entry : entries) {
      length += header(entry).length + entry.size() + padding(entry.size());
    }
    return length;
  }

  private static int padding(long size) {
    return (int) ((BLOCK - size % BLOCK) % BLOCK);
  }

  private static byte[] header(Entry entry) {
    byte[] name = entry.name().getBytes(UTF_8);
    if (name.length <= NAME_LENGTH) {
      return block(name, entry.size(), '0');
    }
    byte[] record = record(name);
    byte[] all = new byte[2 * BLOCK + record.length + padding(record.length)];
    System.arraycopy(block("path".getBytes(US_ASCII), record.length, 'x'), 0, all, 0, BLOCK);
    System.arraycopy(record, 0, all, BLOCK, record.length);
    byte[] block = block(new byte[] {'f'}, entry.size(), '0');
    System.arraycopy(block, 0, all, all.length - BLOCK, BLOCK);
    return all;
  }

  /** The record "LENGTH path=NAME\n" of POSIX, whose length counts its own digits. */
  private static byte[] record(byte[] name) {
    int rest = " path=\n".length() + name.length;
    int length = rest + String.valueOf(rest).length();
    length = rest + String.valueOf(length).length();
    byte[] record = new byte[length];
    byte[] start = (length + " path=").getBytes(US_ASCII);
    System.arraycopy(start, 0, record, 0, start.length);
    System.arraycopy(name, 0, record, start.length, name.length);
    record[length - 1] = '\n';
    return record;
  }

  private static byte[] block(byte[] name, long size, char type) {
    byte[] block = new byte[BLOCK];
    System.arraycopy(name, 0, block, 0, name.length);
    text(block, 100, "0000644\0");
    text(block, 108, "0000000\0");
    text(block, 116, "0000000\0");
    if (size < OCTAL_LIMIT) {
      text(block, 124, String.format("%011o", size) + '\0');
    } else {
      // GNU's binary form.
      block[124] = (byte) 0x80;
      for (int i = 0; i < Long.BYTES; i++) {
        block[135 - i] = (byte) (size >>> (8 * i));
      }
    }
    text(block, 136, "00000000000\0");
    text(block, 148, "        ");
    block[156] = (byte) type;
    text(block, 257, "ustar\00000");
    int sum = 0;
    for (byte b : block) {
      sum += b & 0xff;
    }
    text(block, 148, String.format("%06o", sum) + "\0 ");
    return block;
  }

  private static void text(byte[] block, int offset, String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    System.arraycopy(bytes, 0, block, offset, bytes.length);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (true) {
      InputStream in = current;
      if (in == null) {
        if (next == parts.size()) {
          return -1;
        }
        in = parts.get(next++).open();
        current = in;
      }
      int read = in.read(bytes, offset, length);
      if (read >= 0) {
        return read;
      }
      close();
    }
  }

  @Override
  public void close() throws IOException {
    InputStream in = current;
    current = null;
    if (in != null) {
      in.close();
    }
  }
}
