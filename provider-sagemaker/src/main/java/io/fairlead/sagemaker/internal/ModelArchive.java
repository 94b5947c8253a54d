package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.sagemaker.SageMakerProvider;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * A local model as the {@code model.tar.gz} that SageMaker loads.
 *
 * <p>A file that is a gzipped tar file already, which its bytes tell, is taken as it is. Any other file is the only one in
 * its archive. A folder's files are at the root of the archive, and those of the code are under {@code code/}, where
 * AWS's images look for {@code inference.py}.
 *
 * <p>In folders, what is hidden ({@code .git}, {@code .DS_Store}, {@code .env}) and {@code __pycache__} stay out: what
 * they hold is not the model's, and may be secret. A symbolic link is followed inside the folder that was given, and
 * refused where it leads out of it.
 *
 * <p>What is in the folders is listed once, when the archive is made. What changes after that is a
 * {@link ErrorKind#CONFLICT} when it is read: an archive never holds anything but what its {@link #contentHash} says.
 */
final class ModelArchive {
  private static final String PLATFORM = SageMakerProvider.ID;
  private static final String CODE = "code/";
  private static final String CACHE = "__pycache__";
  private static final int BUFFER = 1 << 16;
  private static final int BLOCKS_BESIDE_A_FILE = 16;

  /**
   * One file.
   *
   * @param path without a link in its last part
   */
  private record Content(Path path, long size, boolean executable) {}

  private final Path location;
  private final boolean packed;
  private final SortedMap<String, Content> files;
  private volatile @Nullable String hash;

  private ModelArchive(Path location, boolean packed, SortedMap<String, Content> files) {
    this.location = location;
    this.packed = packed;
    this.files = files;
  }

  /**
   * Looks at the files, and lists what is in folders.
   *
   * @param code a file or a folder; what is the same as the weights, or in their folder under {@code code}, is not added
   *     again
   * @throws ServingException of kind {@link ErrorKind#INVALID} if it cannot be packed
   */
  static ModelArchive of(Path weights, Optional<Path> code) {
    Path model = real(weights);
    Optional<Path> added = code.map(ModelArchive::real)
        .filter(path -> !path.equals(model) && !path.equals(model.resolve("code")));
    SortedMap<String, Content> files = new TreeMap<>();
    if (isPacked(model)) {
      if (added.isPresent()) {
        throw invalid("The model " + weights + " is packed already, so the code " + added.get()
            + " cannot be added. Put it under code/ inside of it, or give the model as a folder.");
      }
      files.put("", content(model));
      return new ModelArchive(weights, true, files);
    }
    collect(files, "", model);
    added.ifPresent(path -> collect(files, CODE, path));
    if (files.isEmpty()) {
      throw invalid("The folder " + weights + " has no file in it, not counting hidden ones and "
          + CACHE + ". Give the folder in which the model's files are.");
    }
    return new ModelArchive(weights, false, files);
  }

  /**
   * {@return the SHA-256 of what is in it, in hexadecimal: paths, bytes and which files are executable}
   *
   * <p>Neither times nor owners count, nor how well it is compressed. Reads each file once; the next call reads nothing.
   */
  String contentHash() {
    String known = hash;
    if (known != null) {
      return known;
    }
    try {
      return read(new Plain(OutputStream.nullOutputStream()));
    } catch (IOException e) {
      throw new IllegalStateException("nothing is written, so nothing fails to be", e);
    }
  }

  /** {@return a number of bytes that {@link #writeTo} never exceeds} */
  long sizeAtMost() {
    long size = 0;
    for (Content file : files.values()) {
      size += file.size + file.size / 1_000 + (long) BLOCKS_BESIDE_A_FILE * TarGzWriter.BLOCK;
    }
    return size + BUFFER;
  }

  /**
   * Writes the archive, and does not close the stream. Reads each file once.
   *
   * @throws IOException what the stream throws
   * @throws ServingException of kind {@link ErrorKind#CONFLICT} if a file is not as it was; what was written then is not
   *     a whole archive, or not the one that {@link #contentHash} says
   */
  void writeTo(OutputStream out) throws IOException {
    if (packed) {
      read(new Plain(out));
      out.flush();
      return;
    }
    try (TarGzWriter tar = new TarGzWriter(out)) {
      read(new Packed(tar));
      tar.finish();
    }
  }

  /** Gets what is read. */
  private interface Sink {
    void begin(String path, Content file) throws IOException;

    void write(byte[] bytes, int length) throws IOException;
  }

  private record Plain(OutputStream out) implements Sink {
    @Override
    public void begin(String path, Content file) {}

    @Override
    public void write(byte[] bytes, int length) throws IOException {
      out.write(bytes, 0, length);
    }
  }

  private record Packed(TarGzWriter tar) implements Sink {
    @Override
    public void begin(String path, Content file) throws IOException {
      tar.begin(path, file.size, file.executable);
    }

    @Override
    public void write(byte[] bytes, int length) throws IOException {
      tar.write(bytes, length);
    }
  }

  private String read(Sink sink) throws IOException {
    MessageDigest digest = sha256();
    digest.update((byte) (packed ? 1 : 0));
    for (Map.Entry<String, Content> entry : files.entrySet()) {
      Content file = entry.getValue();
      byte[] name = entry.getKey().getBytes(StandardCharsets.UTF_8);
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(name.length).flip());
      digest.update(name);
      digest.update((byte) (file.executable ? 1 : 0));
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(file.size).flip());
      sink.begin(entry.getKey(), file);
      read(file, digest, sink);
    }
    String found = HexFormat.of().formatHex(digest.digest());
    String known = hash;
    if (known != null && !known.equals(found)) {
      throw changed("A file of the model " + location, null);
    }
    hash = found;
    return found;
  }

  private static void read(Content file, MessageDigest digest, Sink sink) throws IOException {
    byte[] buffer = new byte[BUFFER];
    long left = file.size;
    try (Source source = new Source(file.path)) {
      for (int length = source.read(buffer); length > 0; length = source.read(buffer)) {
        left -= length;
        if (left < 0) {
          break;
        }
        digest.update(buffer, 0, length);
        sink.write(buffer, length);
      }
    }
    if (left != 0) {
      throw changed("The file " + file.path, null);
    }
  }

  /** Reads a file; its failures are told apart from those of the stream that is written. */
  private static final class Source implements AutoCloseable {
    private final Path path;
    private final InputStream in;

    Source(Path path) {
      this.path = path;
      try {
        this.in = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS);
      } catch (NoSuchFileException e) {
        throw changed("The file " + path, e);
      } catch (IOException e) {
        throw unreadable(path, e);
      }
    }

    /** {@return how many bytes were read; 0 at the end} */
    int read(byte[] buffer) {
      try {
        return in.readNBytes(buffer, 0, buffer.length);
      } catch (IOException e) {
        throw unreadable(path, e);
      }
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw unreadable(path, e);
      }
    }
  }

  private static boolean isPacked(Path path) {
    if (!Files.isRegularFile(path)) {
      return false;
    }
    try (Source source = new Source(path)) {
      byte[] beginning = new byte[2];
      if (source.read(beginning) < 2
          || ((beginning[0] & 0xff) | ((beginning[1] & 0xff) << 8)) != GZIPInputStream.GZIP_MAGIC) {
        return false;
      }
    }
    try (InputStream unpacked = new GZIPInputStream(Files.newInputStream(path))) {
      byte[] block = unpacked.readNBytes(TarGzWriter.BLOCK);
      return block.length == TarGzWriter.BLOCK && TarGzWriter.isHeader(block);
    } catch (ZipException | EOFException e) {
      return false;
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static void collect(Map<String, Content> files, String prefix, Path path) {
    if (Files.isDirectory(path)) {
      walk(files, prefix, path, path, List.of(path));
    } else {
      put(files, prefix + path.getFileName(), path);
    }
  }

  /** Lists a folder that is in {@code root}, or {@code root} itself; {@code above} are those that it is in. */
  private static void walk(
      Map<String, Content> files, String prefix, Path folder, Path root, List<Path> above) {
    for (Path listed : children(folder)) {
      String name = listed.getFileName().toString();
      Path path = Files.isSymbolicLink(listed) ? target(listed, root) : listed;
      if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        put(files, prefix + name, path);
      } else if (above.contains(path)) {
        throw invalid("The symbolic link " + listed + " leads to " + path
            + ", in which it is itself. Remove the link.");
      } else {
        List<Path> around = new ArrayList<>(above);
        around.add(path);
        walk(files, prefix + name + "/", path, root, around);
      }
    }
  }

  private static List<Path> children(Path folder) {
    try (DirectoryStream<Path> children =
        Files.newDirectoryStream(folder, ModelArchive::isWanted)) {
      List<Path> all = new ArrayList<>();
      children.forEach(all::add);
      return all;
    } catch (DirectoryIteratorException e) {
      throw unreadable(folder, e);
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }

  private static boolean isWanted(Path path) {
    String name = path.getFileName().toString();
    return !name.startsWith(".") && !name.equals(CACHE);
  }

  private static Path target(Path link, Path root) {
    Path target;
    try {
      target = link.toRealPath();
    } catch (IOException e) {
      throw ServingException.builder(
              PLATFORM,
              ErrorKind.INVALID,
              "The symbolic link " + link + " leads nowhere. Remove the link, or what it is to name"
                  + " has to be there.")
          .cause(e)
          .build();
    }
    if (!target.startsWith(root)) {
      throw invalid("The symbolic link " + link + " leads out of " + root + ", to " + target
          + ". Copy what it leads to into the folder, such as with cp -rL.");
    }
    return target;
  }

  private static void put(Map<String, Content> files, String name, Path path) {
    if (files.put(name, content(path)) != null) {
      throw invalid("The model has two files " + name + ": one in its own folder code, one in the"
          + " code that is added to it, " + path + ". Remove one of them.");
    }
  }

  private static Content content(Path path) {
    try {
      BasicFileAttributes is =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!is.isRegularFile()) {
        throw invalid("The file " + path
            + " is neither a regular file nor a folder, so it cannot be packed. Remove it.");
      }
      PosixFileAttributeView posix =
          Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
      boolean executable = posix != null
          && posix.readAttributes().permissions().contains(PosixFilePermission.OWNER_EXECUTE);
      return new Content(path, is.size(), executable);
    } catch (NoSuchFileException e) {
      throw changed("The file " + path, e);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (NoSuchFileException e) {
      throw ServingException.builder(
              PLATFORM,
              ErrorKind.INVALID,
              "The model's files " + path + " are not there. Deploying needs them; taking down does"
                  + " not: undeployAll takes down what they were deployed to, also from elsewhere.")
          .cause(e)
          .build();
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static ServingException invalid(String message) {
    return new ServingException(PLATFORM, ErrorKind.INVALID, message);
  }

  private static ServingException changed(String what, @Nullable Throwable cause) {
    return ServingException.builder(
            PLATFORM,
            ErrorKind.CONFLICT,
            what
                + " was changed while the model was packed. Deploy again once nothing writes to it.")
        .cause(cause)
        .build();
  }

  private static ServingException unreadable(Path path, Exception cause) {
    ErrorKind kind = cause instanceof AccessDeniedException ? ErrorKind.INVALID : ErrorKind.UNKNOWN;
    return ServingException.builder(
            PLATFORM, kind, "The file " + path + " cannot be read: " + cause + ".")
        .cause(cause)
        .build();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
