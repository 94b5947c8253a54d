package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** The files of a model, as they are listed. */
final class LocalFiles {
  private static final String CACHE = "__pycache__";
  private static final int TAR_HEADER = 512;
  private static final int TAR_CHECKSUM = 148;
  private static final int TAR_CHECKSUM_LENGTH = 8;

  private final LocalModel.Rules rules;
  private final SortedMap<String, Listed> listed = new TreeMap<>();
  private boolean tarGz;

  /**
   * One file, with its attributes.
   *
   * @param path its path, whose last part is no symbolic link
   */
  record Listed(Path path, long size, boolean executable) {}

  private LocalFiles(LocalModel.Rules rules) {
    this.rules = rules;
  }

  static LocalFiles of(LocalModel.Source source) {
    LocalFiles files = new LocalFiles(source.rules());
    files.list(source);
    return files;
  }

  SortedMap<String, Listed> listed() {
    return listed;
  }

  boolean tarGz() {
    return tarGz;
  }

  private void list(LocalModel.Source source) {
    Path weights = real(source.weights());
    Optional<Path> code = source.code().map(this::real).filter(path -> isMissing(path, weights));
    if (rules.takesTarGz() && isTarGz(weights)) {
      if (code.isPresent()) {
        throw invalid("The model " + source.weights() + " is packed already, so the code "
            + code.get() + " cannot be added. Put the code into the archive"
            + rules.codeFolder().map(folder -> " under " + folder + "/").orElse("")
            + ", or give the model as a folder.");
      }
      listed.put(LocalModel.TAR_GZ, file(weights));
      tarGz = true;
      return;
    }
    collect("", weights);
    code.ifPresent(
        path -> collect(rules.codeFolder().map(folder -> folder + "/").orElse(""), path));
    if (listed.isEmpty()) {
      throw invalid("The folder " + source.weights()
          + " has no file in it, not counting hidden ones and " + CACHE
          + ". Give the folder in which the model's files are.");
    }
  }

  /** {@return whether the code is not in its place among the weights already} */
  private boolean isMissing(Path code, Path weights) {
    return rules.codeFolder().isPresent() ? !code.equals(weights) : !code.startsWith(weights);
  }

  private void collect(String prefix, Path path) {
    if (Files.isDirectory(path)) {
      walk(prefix, path, path, List.of(path));
    } else {
      put(prefix + path.getFileName(), path);
    }
  }

  /** Lists a folder in {@code root}, or {@code root} itself; {@code above} are the folders that contain it. */
  private void walk(String prefix, Path folder, Path root, List<Path> above) {
    for (Path child : children(folder)) {
      String name = child.getFileName().toString();
      Path path = Files.isSymbolicLink(child) ? target(child, root) : child;
      if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        put(prefix + name, path);
      } else if (above.contains(path)) {
        throw invalid("The symbolic link " + child + " leads to " + path
            + ", in which it is itself. Remove the link.");
      } else {
        List<Path> around = new ArrayList<>(above);
        around.add(path);
        walk(prefix + name + "/", path, root, around);
      }
    }
  }

  private List<Path> children(Path folder) {
    try (DirectoryStream<Path> children = Files.newDirectoryStream(folder, LocalFiles::isWanted)) {
      List<Path> all = new ArrayList<>();
      children.forEach(all::add);
      return all;
    } catch (DirectoryIteratorException e) {
      throw FileBytes.failure(rules.platform(), folder, requireNonNull(e.getCause()));
    } catch (IOException e) {
      throw FileBytes.failure(rules.platform(), folder, e);
    }
  }

  private static boolean isWanted(Path path) {
    String name = path.getFileName().toString();
    return !name.startsWith(".") && !name.equals(CACHE);
  }

  private Path target(Path link, Path root) {
    Path target;
    try {
      target = link.toRealPath();
    } catch (IOException e) {
      throw new ServingException(
          rules.platform(),
          ErrorKind.INVALID,
          "The symbolic link " + link + " is broken. Remove the link, or restore its target.",
          e);
    }
    if (!target.startsWith(root)) {
      throw invalid("The symbolic link " + link + " leads out of " + root + ", to " + target
          + ". Copy its target into the folder, such as with cp -rL.");
    }
    return target;
  }

  private void put(String name, Path path) {
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length > rules.longestName()) {
      throw invalid("The file " + path + " cannot be uploaded under its name in the model: "
          + rules.platform() + " takes at most " + rules.longestName()
          + " bytes, and it has " + length + ". Rename it.");
    }
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw invalid(
          "The file " + path + " cannot be uploaded: its name has control characters. Rename it.");
    }
    Listed file = file(path);
    Listed other = listed.put(name, file);
    if (other != null && !other.path().equals(path)) {
      throw invalid("The model has two files " + name + ", " + other.path() + " of the weights and "
          + path + " of the code. Rename or remove one of them.");
    }
  }

  private Listed file(Path path) {
    try {
      BasicFileAttributes is =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!is.isRegularFile()) {
        throw invalid("The file " + path
            + " is neither a regular file nor a folder, so it cannot be uploaded. Remove it.");
      }
      return new Listed(path, is.size(), rules.keepsExecutableBits() && isExecutable(path));
    } catch (IOException e) {
      throw FileBytes.failure(rules.platform(), path, e);
    }
  }

  private static boolean isExecutable(Path path) throws IOException {
    PosixFileAttributeView posix =
        Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    return posix != null
        && posix.readAttributes().permissions().contains(PosixFilePermission.OWNER_EXECUTE);
  }

  private Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (NoSuchFileException e) {
      throw new ServingException(
          rules.platform(),
          ErrorKind.INVALID,
          "The model's files " + path + " do not exist. Deploying reads them, so deploy where they"
              + " are; route, scale and undeploy of what was packaged work without them, from any machine.",
          e);
    } catch (IOException e) {
      throw FileBytes.failure(rules.platform(), path, e);
    }
  }

  private boolean isTarGz(Path path) {
    if (!Files.isRegularFile(path)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS);
        InputStream unpacked = new GZIPInputStream(in)) {
      byte[] header = unpacked.readNBytes(TAR_HEADER);
      return header.length == TAR_HEADER && isTarHeader(header);
    } catch (ZipException | EOFException e) {
      return false;
    } catch (IOException e) {
      throw FileBytes.failure(rules.platform(), path, e);
    }
  }

  /** {@return whether the checksum of a header is right; its own bytes count as spaces} */
  private static boolean isTarHeader(byte[] header) {
    String written = new String(
            header, TAR_CHECKSUM, TAR_CHECKSUM_LENGTH, StandardCharsets.US_ASCII)
        .replace('\0', ' ')
        .trim();
    if (!written.matches("[0-7]{1,7}")) {
      return false;
    }
    int sum = 0;
    for (int i = 0; i < TAR_HEADER; i++) {
      boolean ofChecksum = i >= TAR_CHECKSUM && i < TAR_CHECKSUM + TAR_CHECKSUM_LENGTH;
      sum += ofChecksum ? ' ' : header[i] & 0xff;
    }
    return sum == Integer.parseInt(written, 8);
  }

  private ServingException invalid(String message) {
    return new ServingException(rules.platform(), ErrorKind.INVALID, message);
  }
}
