package io.fairlead.engine.internal.format;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.internal.file.ModelFile;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * The classes and functions that a Python pickle refers to, read without running it.
 *
 * <p>A pickle is a program for a small stack machine. This reader interprets it with strings only, because a class can
 * be named by two strings that were put on the stack or into the memo long before. All sizes are bounded; for a
 * truncated or invalid file it returns the names found until then.
 */
public final class Pickle {
  private static final int MAX_OPERATIONS = 20_000_000;
  private static final int MAX_VALUES = 1_000_000;
  private static final int MAX_TEXT = 16 << 20;
  private static final int LONGEST_NAME = 200;
  private static final int MAX_GLOBALS = 1_000;
  private static final int MAX_PICKLES = 16;
  private static final long MAX_BYTES = 1L << 30;
  // Without the mark of protocol 2 and later, the usual first opcodes: a class, or an empty list
  // or dictionary.
  private static final Pattern BEGINNING = Pattern.compile(
      "\\x80[\\x02-\\x05]|\\(*[ci][\\w.]+\\r?\\n[\\w.]+\\r?\\n|\\([ld]p\\d+\\r?\\n|[]})]q\\x00");
  private static final Pattern ESCAPE = Pattern.compile(
      "\\\\(?:[xuU]((?<=x)\\p{XDigit}{2}|(?<=u)\\p{XDigit}{4}|(?<=U)0\\p{XDigit}{7})|([0-7]{1,3}))");
  private static final Object MARK = new Object();

  private final Input in;
  private final List<@Nullable Object> stack = new ArrayList<>();
  private final Map<Long, @Nullable Object> memo = new HashMap<>();
  private final Set<String> globals = new LinkedHashSet<>();
  private int operations;
  private int text;
  private boolean complete;

  private Pickle(InputStream in) {
    this.in = new Input(in);
  }

  /** {@return whether a file with these first bytes is a pickle, possibly compressed} */
  static boolean isPickle(byte[] head) {
    return looksLike(head) || (isCompressed(head) && looksLike(inflatedBeginning(head)));
  }

  private static boolean looksLike(byte[] head) {
    return BEGINNING.matcher(new String(head, ISO_8859_1)).lookingAt();
  }

  /** {@return the inflated bytes of the start of a gzip or zlib stream} */
  public static byte[] inflatedBeginning(byte[] head) {
    byte[] inflated = new byte[1024];
    int filled = 0;
    try (InputStream in = inflated(new ByteArrayInputStream(head), head)) {
      int read;
      while (filled < inflated.length
          && (read = in.read(inflated, filled, inflated.length - filled)) > 0) {
        filled += read;
      }
    } catch (IOException e) {
      // The bytes end within the stream.
    }
    return Arrays.copyOf(inflated, filled);
  }

  public static boolean isCompressed(byte[] head) {
    return isGzip(head) || isZlib(head);
  }

  public static boolean isGzip(byte[] head) {
    return head.length > 2 && head[0] == 0x1f && (head[1] & 0xff) == 0x8b;
  }

  private static boolean isZlib(byte[] head) {
    return head.length > 2 && head[0] == 0x78 && ((head[0] << 8) + (head[1] & 0xff)) % 31 == 0;
  }

  private static InputStream inflated(InputStream in, byte[] head) throws IOException {
    return isGzip(head) ? new GZIPInputStream(in) : new InflaterInputStream(in);
  }

  /**
   * {@return the names in a file: a pickle, one compressed by gzip or zlib, or the {@code data.pkl} of a PyTorch
   * archive}
   *
   * <p>Other bytes are treated as an incomplete pickle without names.
   *
   * @throws IOException if the stream fails, not because of its content
   */
  static Pickle read(InputStream file) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(file, 1 << 16);
    buffered.mark(4);
    byte[] head = buffered.readNBytes(4);
    buffered.reset();
    Source source = new Source(buffered);
    Pickle pickle = new Pickle(source);
    try {
      if (isCompressed(head)) {
        pickle = new Pickle(inflated(source, head));
        pickle.runAll();
      } else if (isArchive(head)) {
        pickle = readArchive(source);
      } else {
        pickle.runAll();
      }
    } catch (IOException | IllegalArgumentException e) {
      if (source.failure != null) {
        throw source.failure;
      }
    }
    return pickle;
  }

  /**
   * {@return the names in a file, as {@link #read(InputStream)} does}
   *
   * @throws IOException if the file cannot be read, not because of its content
   */
  static Pickle of(ModelFile file) throws IOException {
    if (isArchive(file.fingerprint().head()) && file.path().isPresent()) {
      return readArchive(file.path().get());
    }
    try (InputStream in = file.open()) {
      return read(in);
    }
  }

  public static boolean isArchive(byte[] head) {
    return head.length > 3 && head[0] == 'P' && head[1] == 'K' && head[2] == 3 && head[3] == 4;
  }

  /** Reads an archive by the directory at its end: PyTorch's have no sizes before the entries. */
  private static Pickle readArchive(InputStream archive) throws IOException {
    Path copy = Files.createTempFile("fairlead-", ".zip");
    try {
      Files.copy(archive, copy, StandardCopyOption.REPLACE_EXISTING);
      return readArchive(copy);
    } finally {
      Files.deleteIfExists(copy);
    }
  }

  private static Pickle readArchive(Path archive) {
    Pickle all = new Pickle(InputStream.nullInputStream());
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      List<? extends ZipEntry> entries = zip.stream()
          .filter(entry -> ("/" + entry.getName()).endsWith("/data.pkl"))
          .limit(MAX_PICKLES)
          .toList();
      all.complete = !entries.isEmpty();
      for (ZipEntry entry : entries) {
        try (InputStream in = zip.getInputStream(entry)) {
          Pickle one = new Pickle(in);
          one.runAll();
          all.globals.addAll(one.globals);
          all.complete &= one.complete;
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      all.complete = false;
    }
    return all;
  }

  /** {@return the classes and functions, as {@code module.name}, in order of appearance} */
  List<String> globals() {
    return List.copyOf(globals);
  }

  /** {@return whether it was read to its end, and all names were resolved} */
  boolean isComplete() {
    return complete;
  }

  /** Reads all pickles of a file: PyTorch's older files are several in sequence, followed by raw numbers. */
  private void runAll() throws IOException {
    try {
      complete = true;
      run();
      for (int i = 1; i < MAX_PICKLES && in.peek() == 0x80; i++) {
        stack.clear();
        memo.clear();
        run();
      }
    } catch (IOException e) {
      complete = false;
    }
  }

  private void run() throws IOException {
    int opcode;
    do {
      if (++operations > MAX_OPERATIONS) {
        throw new Unreadable();
      }
      opcode = in.unsigned(1);
      apply(opcode);
      if (stack.size() > MAX_VALUES || memo.size() > MAX_VALUES) {
        throw new Unreadable();
      }
    } while (opcode != '.');
  }

  private void apply(int opcode) throws IOException {
    switch (opcode) {
      case '(' -> stack.add(MARK);
      case '.', '0', 'a', 'R', 'b', 0x81 -> drop(1);
      case '1', 'e', 'u', 0x90 -> dropToMark();
      case '2' -> stack.add(stack.isEmpty() ? null : stack.get(stack.size() - 1));
      case 's', 0x92 -> drop(2);
      case 'F', 'I', 'L', 'P' -> {
        in.line();
        stack.add(null);
      }
      case 'J' -> skip(4);
      case 'K' -> skip(1);
      case 'M' -> skip(2);
      case 'G' -> skip(8);
      case 'N', '}', ']', ')', 0x88, 0x89, 0x8f, 0x97 -> stack.add(null);
      case 'Q', 0x85 -> replace(1);
      case 0x86 -> replace(2);
      case 0x87 -> replace(3);
      case 0x98 -> {}
      case 'S' -> push(unescaped(unquoted(in.line())));
      case 'V' -> push(unescaped(in.line()));
      case 'U', 0x8c -> push(in.text(in.unsigned(1)));
      case 'T', 'X' -> push(in.text(in.unsigned(4) & 0xffff_ffffL));
      case 0x8d -> push(in.text(in.length()));
      case 'C', 0x8a -> skip(in.unsigned(1));
      case 'B', 0x8b -> skip(in.unsigned(4) & 0xffff_ffffL);
      case 0x8e, 0x96 -> skip(in.length());
      case 'd', 'l', 't', 'o', 0x91 -> {
        dropToMark();
        stack.add(null);
      }
      case 'c' -> {
        name(in.line(), in.line());
        stack.add(null);
      }
      case 'i' -> {
        name(in.line(), in.line());
        dropToMark();
        stack.add(null);
      }
      case 0x93 -> {
        Object name = top();
        drop(1);
        Object module = top();
        drop(1);
        name(
            module instanceof String text ? text : null, name instanceof String text ? text : null);
        stack.add(null);
      }
      case 'g' -> get(number(in.line()));
      case 'h' -> get(in.unsigned(1));
      case 'j' -> get(in.unsigned(4) & 0xffff_ffffL);
      case 'p' -> put(number(in.line()));
      case 'q' -> put(in.unsigned(1));
      case 'r' -> put(in.unsigned(4) & 0xffff_ffffL);
      case 0x94 -> put(memo.size());
      case 0x80 -> in.unsigned(1);
      case 0x95 -> in.unsigned(8);
      case 0x82 -> extension(1);
      case 0x83 -> extension(2);
      case 0x84 -> extension(4);
      default -> throw new Unreadable();
    }
  }

  private void extension(int bytes) throws IOException {
    name("copyreg", "extension " + (in.unsigned(bytes) & 0xffff_ffffL));
    stack.add(null);
  }

  /** Records a class; an unresolved name makes the result incomplete. */
  private void name(@Nullable String module, @Nullable String name) {
    if (module == null || name == null || globals.size() >= MAX_GLOBALS) {
      complete = false;
      return;
    }
    globals.add((module + "." + name).replaceAll("[^\\p{Alnum}_. <>-]", "?"));
  }

  private void push(@Nullable String value) throws IOException {
    if (value != null && text + value.length() <= MAX_TEXT) {
      text += value.length();
      stack.add(value);
    } else {
      stack.add(null);
    }
  }

  private void skip(long bytes) throws IOException {
    in.skip(bytes);
    stack.add(null);
  }

  private @Nullable Object top() {
    return stack.isEmpty() ? null : stack.get(stack.size() - 1);
  }

  private void get(long key) {
    stack.add(memo.get(key));
  }

  private void put(long key) {
    memo.put(key, top() instanceof String value ? value : null);
  }

  private void drop(int values) {
    for (int i = 0; i < values && !stack.isEmpty(); i++) {
      stack.remove(stack.size() - 1);
    }
  }

  private void replace(int values) {
    drop(values);
    stack.add(null);
  }

  private void dropToMark() {
    while (!stack.isEmpty() && stack.remove(stack.size() - 1) != MARK) {}
  }

  private static @Nullable String unquoted(@Nullable String line) {
    return line == null || line.length() < 2 ? line : line.substring(1, line.length() - 1);
  }

  /** {@return a text with its escapes resolved, which can hide a name; null for escapes that no name needs} */
  private static @Nullable String unescaped(@Nullable String text) {
    if (text == null || text.indexOf('\\') < 0) {
      return text;
    }
    String unescaped = ESCAPE.matcher(text).replaceAll(escape -> {
      int code = escape.group(2) == null
          ? Integer.parseInt(escape.group(1), 16)
          : Integer.parseInt(escape.group(2), 8);
      return Matcher.quoteReplacement(
          Character.isValidCodePoint(code) && code != '\\' ? Character.toString(code) : "?");
    });
    return unescaped.indexOf('\\') < 0 ? unescaped : null;
  }

  private static long number(@Nullable String line) throws Unreadable {
    try {
      return Long.parseLong(line == null ? "" : line);
    } catch (NumberFormatException e) {
      throw new Unreadable();
    }
  }

  /** The bytes are not a pickle, or exceed a limit. */
  private static final class Unreadable extends IOException {
    private static final long serialVersionUID = 1;

    Unreadable() {
      super("not a pickle");
    }
  }

  /** A stream whose own I/O failures are distinguished from those of its content. */
  private static final class Source extends InputStream {
    private final InputStream in;
    private @Nullable IOException failure;

    Source(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      try {
        return in.read(bytes, offset, length);
      } catch (IOException e) {
        failure = e;
        throw e;
      }
    }

    @Override
    public long skip(long bytes) throws IOException {
      try {
        return in.skip(bytes);
      } catch (IOException e) {
        failure = e;
        throw e;
      }
    }
  }

  /** The reader of opcode arguments. */
  private static final class Input {
    private final BufferedInputStream in;
    private long left = MAX_BYTES;

    Input(InputStream in) {
      this.in = new BufferedInputStream(in, 1 << 13);
    }

    int peek() throws IOException {
      in.mark(1);
      int next = in.read();
      in.reset();
      return next;
    }

    private int next() throws IOException {
      if (--left < 0) {
        throw new Unreadable();
      }
      int next = in.read();
      if (next < 0) {
        throw new EOFException();
      }
      return next;
    }

    /** {@return a little-endian number; the upper half of eight bytes is dropped} */
    int unsigned(int bytes) throws IOException {
      int value = 0;
      for (int i = 0; i < bytes; i++) {
        int next = next();
        value |= i < 4 ? next << (8 * i) : 0;
      }
      return value;
    }

    long length() throws IOException {
      long low = unsigned(4) & 0xffff_ffffL;
      return unsigned(4) == 0 ? low : Long.MAX_VALUE;
    }

    void skip(long bytes) throws IOException {
      if (bytes > left) {
        throw new Unreadable();
      }
      left -= bytes;
      in.skipNBytes(bytes);
    }

    /** {@return a text; null if it is too long for a name} */
    @Nullable
    String text(long bytes) throws IOException {
      if (bytes > LONGEST_NAME) {
        skip(bytes);
        return null;
      }
      byte[] text = new byte[(int) bytes];
      for (int i = 0; i < text.length; i++) {
        text[i] = (byte) next();
      }
      return new String(text, UTF_8);
    }

    /** {@return the rest of a line if it is short enough to be a name} */
    @Nullable
    String line() throws IOException {
      StringBuilder line = new StringBuilder();
      boolean fits = true;
      int next;
      while ((next = next()) != '\n') {
        fits &= line.length() < LONGEST_NAME;
        if (fits) {
          line.append((char) next);
        }
      }
      if (!fits) {
        return null;
      }
      String text = new String(line.toString().getBytes(ISO_8859_1), UTF_8);
      return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }
  }
}
