package io.fairlead.engine.internal.source;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.FolderLock;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.format.Pickle;
import io.fairlead.engine.internal.format.TarReader;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.FileNames;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.text.Normalizer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of unpacked model archives, which processes share and keep between their runs.
 *
 * <p>An unpacked archive is stored by its digest, is created atomically, and is evicted as the least recently used one
 * when all of them exceed the limit. An archive cannot write outside of its folder, or more than the limits allow.
 * Links are refused in a tar; in a ZIP they are small files with their target as text.
 */
public final class Archives {
  private static final Logger LOG = LoggerFactory.getLogger(Archives.class);
  private static final Duration IN_USE = Duration.ofHours(1);
  private static final String CONTENT = "content";
  private static final String LIST = "files";
  private static final int LONGEST_NAME = 1_000;
  private static final int DEEPEST = 32;
  private static final Pattern PYTORCH = Pattern.compile("[^/]+/(data|constants)\\.pkl");

  /**
   * The limits of an archive and of the cache.
   *
   * @param entries the maximum number of files and folders
   * @param bytes the maximum size of all files of an archive
   * @param keptBytes the limit of the cache
   */
  public record Limits(int entries, long bytes, long keptBytes) {
    private static final long UNSUSPICIOUS_BYTES = 256L << 20;
    private static final int UNSUSPICIOUS_RATIO = 200;

    public static final Limits DEFAULT = new Limits(10_000, 16L << 30, 32L << 30);

    /** {@return the limits for an archive of this size; weights hardly compress} */
    long bytes(long packed) {
      return Math.min(bytes, Math.max(UNSUSPICIOUS_BYTES, packed * UNSUSPICIOUS_RATIO));
    }
  }

  private final Path folder;
  private final DiskCache cache;
  private final Limits limits;
  private final Failures failures;

  public Archives(Path folder, Limits limits, Failures failures) {
    this.folder = folder;
    this.cache =
        new DiskCache(folder.toAbsolutePath(), limits.keptBytes(), IN_USE, InstantSource.system());
    this.limits = limits;
    this.failures = failures;
  }

  /**
   * {@return whether a file is an archive to unpack: a tar, gzip other than of a pickle, or a ZIP other than PyTorch's}
   */
  static boolean isArchive(ModelFile file) {
    byte[] head = file.fingerprint().head();
    return switch (ModelFormat.of(head)) {
      case ARCHIVE -> TarReader.isTar(head) || Pickle.isCompressed(head);
      case ZIP -> true;
      case PYTORCH -> file.path().isPresent() && !isOfPytorch(file.path().get());
      default -> false;
    };
  }

  private static boolean isOfPytorch(Path archive) {
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      return zip.stream().anyMatch(entry -> PYTORCH.matcher(entry.getName()).matches());
    } catch (IOException | IllegalArgumentException e) {
      return true;
    }
  }

  /**
   * {@return the folder of an unpacked archive; unpacks it if necessary}
   *
   * @throws ServingException if the archive is damaged or not allowed, or the folder cannot be written
   */
  Path unpacked(ModelFile archive) {
    String digest = archive.fingerprint().sha256();
    Path content = cache.entry(digest).resolve(CONTENT);
    try {
      return isWhole(digest)
          ? content
          : FolderLock.holding(folder, digest, () -> {
            if (!isWhole(digest)) {
              unpack(archive, digest);
            }
            return content;
          });
    } catch (FileSystemException e) {
      throw failures.failure(
          ErrorKind.UNAVAILABLE,
          archive + " cannot be unpacked into '" + folder + "' (" + Failures.reason(e)
              + "): make room there, let this process write to it, or set another cache folder",
          e);
    } catch (EOFException e) {
      throw failures.failure(
          ErrorKind.INVALID,
          archive
              + " is an archive that is cut off: fetch it again and compare its size and SHA-256",
          e);
    } catch (ZipException | IllegalArgumentException e) {
      throw failures.failure(
          ErrorKind.INVALID,
          archive + " is an archive that is not unpacked, because " + Failures.reason(e)
              + ": pack the model's files alone, with tar -czf or zip, or fetch it again",
          e);
    } catch (IOException e) {
      throw failures.failure(
          ErrorKind.UNAVAILABLE,
          archive + " cannot be unpacked into '" + folder + "' (" + Failures.reason(e)
              + "): make room there, or set another cache folder",
          e);
    }
  }

  /** Whether all files still exist, which a cleanup tool may have deleted; marks them as used. */
  private boolean isWhole(String digest) throws IOException {
    Path entry = cache.entry(digest);
    Path list = entry.resolve(LIST);
    if (!Files.isRegularFile(list)) {
      return false;
    }
    try {
      for (String line : Files.readAllLines(list)) {
        int space = line.indexOf(' ');
        if (Files.size(entry.resolve(CONTENT).resolve(line.substring(space + 1)))
            != Long.parseLong(line.substring(0, space))) {
          return false;
        }
      }
      cache.touch(digest);
      return true;
    } catch (NoSuchFileException | IllegalArgumentException | IndexOutOfBoundsException e) {
      LOG.debug("{} is no longer complete", entry, e);
      return false;
    }
  }

  private void unpack(ModelFile archive, String digest) throws IOException {
    try {
      cache.keepFolder(digest, part -> {
        Unpacking unpacking =
            new Unpacking(part.resolve(CONTENT), limits.entries(), limits.bytes(archive.size()));
        unpacking.unpack(archive);
        if (!archive.isUnchanged()) {
          throw new ZipException("it changed meanwhile");
        }
        Files.write(part.resolve(LIST), unpacking.files, UTF_8);
      });
    } catch (FileSystemException e) {
      // On a file system without locks: another process has unpacked it.
      if (!isWhole(digest)) {
        throw e;
      }
    }
  }

  /** The writer of the entries of one archive. */
  private static final class Unpacking {
    private final Path root;
    private final int mostEntries;
    private final long mostBytes;
    // By name, as on a file system that ignores case and Unicode normalization.
    private final Map<String, String> names = new HashMap<>();
    private final Map<String, Boolean> kinds = new HashMap<>();
    private final List<String> files = new ArrayList<>();
    private int entries;
    private long bytes;

    Unpacking(Path root, int mostEntries, long mostBytes) {
      this.root = root;
      this.mostEntries = mostEntries;
      this.mostBytes = mostBytes;
    }

    void unpack(ModelFile archive) throws IOException {
      Files.createDirectories(root);
      byte[] head = archive.fingerprint().head();
      if (Pickle.isArchive(head)) {
        unzip(archive);
        return;
      }
      try (InputStream in = archive.open()) {
        if (TarReader.isTar(head)) {
          untar(in);
        } else if (Pickle.isGzip(head)) {
          InputStream inflated = new GZIPInputStream(in, 1 << 16);
          if (TarReader.isTar(Pickle.inflatedBeginning(head))) {
            untar(inflated);
          } else {
            file(archive.fileName().replaceFirst("(?i)\\.gz$", ""), inflated);
          }
        } else {
          throw new ZipException("it is packed in another way than gzip");
        }
      }
    }

    private void unzip(ModelFile archive) throws IOException {
      Path file = archive.path().orElse(null);
      if (file == null) {
        file = root.resolveSibling("archive.zip");
        try (InputStream in = archive.open()) {
          Files.copy(in, file);
        }
      }
      try (ZipFile zip = new ZipFile(file.toFile())) {
        Enumeration<? extends ZipEntry> all = zip.entries();
        while (all.hasMoreElements()) {
          ZipEntry entry = all.nextElement();
          if (entry.isDirectory()) {
            folder(entry.getName());
          } else {
            try (InputStream in = zip.getInputStream(entry)) {
              file(entry.getName(), in);
            }
          }
        }
      }
      Files.deleteIfExists(root.resolveSibling("archive.zip"));
    }

    private void untar(InputStream in) throws IOException {
      TarReader tar = new TarReader(in);
      while (tar.next()) {
        if (tar.isFolder()) {
          folder(tar.name());
        } else {
          file(tar.name(), tar.content());
        }
      }
      // To the end, for gzip's checksum.
      byte[] buffer = new byte[1 << 13];
      int read;
      while ((read = in.read(buffer)) > 0) {
        count(read);
      }
    }

    private void folder(String name) throws IOException {
      String path = checked(name.replaceFirst("/+$", ""), true);
      if (!path.isEmpty()) {
        Files.createDirectories(root.resolve(path));
      }
    }

    private void file(String name, InputStream in) throws IOException {
      String path = checked(name, false);
      if (path.isEmpty()) {
        throw new ZipException("a file in it has no name");
      }
      if (isOfMacOs(path)) {
        in.transferTo(new Counting());
        return;
      }
      Path file = root.resolve(path);
      Files.createDirectories(file.getParent());
      long before = bytes;
      try (OutputStream out =
          Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        byte[] buffer = new byte[1 << 16];
        int read;
        while ((read = in.read(buffer)) > 0) {
          count(read);
          out.write(buffer, 0, read);
        }
      }
      files.add((bytes - before) + " " + path);
    }

    /** Whether it is a metadata file of macOS. */
    private static boolean isOfMacOs(String path) {
      return path.startsWith("__MACOSX/")
          || path.substring(path.lastIndexOf('/') + 1).startsWith("._");
    }

    private final class Counting extends OutputStream {
      @Override
      public void write(int b) throws IOException {
        count(1);
      }

      @Override
      public void write(byte[] b, int offset, int length) throws IOException {
        count(length);
      }
    }

    private void count(int more) throws IOException {
      bytes += more;
      if (bytes > mostBytes) {
        throw new ZipException("it holds more than " + mostBytes + " bytes");
      }
    }

    /** {@return a name as a path inside the root; empty for the root itself} */
    private String checked(String name, boolean folder) throws IOException {
      if (++entries > mostEntries) {
        throw new ZipException("it holds more than " + mostEntries + " files and folders");
      }
      if (name.startsWith("/") || name.indexOf('\\') >= 0 || name.indexOf(':') >= 0) {
        throw new ZipException("'" + TarReader.shown(name) + "' in it is no relative path");
      }
      List<String> parts = new ArrayList<>();
      for (String part : name.split("/", -1)) {
        if (part.equals("..")) {
          throw new ZipException("'" + TarReader.shown(name) + "' in it leads out of it");
        }
        if (!part.isEmpty() && !part.equals(".")) {
          parts.add(part);
        }
      }
      if (name.length() > LONGEST_NAME
          || parts.size() > DEEPEST
          || parts.stream().anyMatch(part -> !FileNames.isPortable(part))) {
        throw new ZipException(
            "'" + TarReader.shown(name) + "' in it is no name that all file systems take");
      }
      checkCollision(name, parts, folder);
      return String.join("/", parts);
    }

    private void checkCollision(String name, List<String> parts, boolean folder)
        throws ZipException {
      for (int i = 1; i <= parts.size(); i++) {
        String path = String.join("/", parts.subList(0, i));
        String folded = Normalizer.normalize(
            path.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT), Normalizer.Form.NFC);
        boolean isFolder = folder || i < parts.size();
        String sameName = names.putIfAbsent(folded, path);
        Boolean sameKind = kinds.putIfAbsent(folded, isFolder);
        if (sameName != null
            && (!sameName.equals(path) || sameKind == null || !sameKind || !isFolder)) {
          throw new ZipException("'" + TarReader.shown(name) + "' in it has the same name as '"
              + TarReader.shown(sameName) + "'");
        }
      }
    }
  }
}
