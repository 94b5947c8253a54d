package io.fairlead.engine.internal.source;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.Download;
import io.fairlead.engine.ModelFetcher;
import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.FolderLock;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Redacted;
import io.fairlead.provider.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of remote models, downloaded by the configured fetchers, which processes share.
 *
 * <p>A file is created atomically. The latest version of each location is cached, and evicted as the least recently
 * used one when all of them exceed the limit.
 */
public final class Downloads implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Downloads.class);
  private static final long KEPT_BYTES = 32L << 30;
  private static final Duration IN_USE = Duration.ofHours(1);
  private static final String STATE = "state";
  private static final int MAX_NAME_LENGTH = 100;

  private final Path folder;
  private final Map<String, ModelFetcher> fetchers;
  private final DiskCache cache;
  private final InstantSource clock;
  private final Failures failures;
  private volatile boolean closed;

  public Downloads(Path folder, Map<String, ModelFetcher> fetchers, Failures failures) {
    this(folder, fetchers, KEPT_BYTES, InstantSource.system(), failures);
  }

  public Downloads(
      Path folder,
      Map<String, ModelFetcher> fetchers,
      long keptBytes,
      InstantSource clock,
      Failures failures) {
    this.folder = folder.toAbsolutePath();
    this.fetchers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    this.fetchers.putAll(fetchers);
    this.cache = new DiskCache(this.folder, keptBytes, IN_USE, clock);
    this.clock = clock;
    this.failures = failures;
  }

  /** {@return whether there is a fetcher for the location's scheme} */
  boolean fetches(URI location) {
    return fetchers.containsKey(scheme(location));
  }

  private static String scheme(URI location) {
    return String.valueOf(location.getScheme()).toLowerCase(Locale.ROOT);
  }

  /**
   * {@return the file with the content of a location; downloads it if necessary}
   *
   * @param sha256 the required SHA-256, in lowercase; empty for any
   * @throws ServingException if it cannot be downloaded, or has another SHA-256
   */
  Path file(URI location, String sha256) {
    ModelFetcher fetcher = fetchers.get(scheme(location));
    if (fetcher == null) {
      throw new IllegalArgumentException("No fetcher for " + scheme(location));
    }
    String key = Sha256.of(location.toString().getBytes(UTF_8)).substring(0, 40);
    try {
      return FolderLock.holding(folder, key, () -> {
        Copy copy = Copy.in(cache.entry(key)).orElse(null);
        return copy != null && isCurrent(copy, fetcher, sha256)
            ? used(copy, key)
            : fetched(location, sha256, fetcher, key, copy);
      });
    } catch (IOException e) {
      throw cacheFailure(location, e);
    }
  }

  private Path used(Copy copy, String key) {
    cache.touch(key);
    return copy.file(cache.entry(key));
  }

  private boolean isCurrent(Copy copy, ModelFetcher fetcher, String sha256) {
    if (!sha256.isEmpty()) {
      return copy.sha256().equals(sha256);
    }
    Instant now = clock.instant();
    // A timestamp in the future comes from before the clock was set back.
    return !copy.checked().isAfter(now)
        && copy.checked().plus(fetcher.freshFor()).isAfter(now);
  }

  private Path fetched(
      URI location, String sha256, ModelFetcher fetcher, String key, @Nullable Copy copy)
      throws IOException {
    String etag = copy == null || !sha256.isEmpty() ? "" : copy.etag();
    try (Download download = fetcher.fetch(location, etag)) {
      if (download.isChanged()) {
        return keep(location, sha256, fetcher, key, download);
      }
      if (copy == null || etag.isEmpty()) {
        throw new IOException("its fetcher returned unchanged without an etag to compare");
      }
      copy.checkedAt(clock.instant()).write(cache, key);
      return used(copy, key);
    } catch (FinalFailure e) {
      throw e.failure;
    } catch (ServingException e) {
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(location, e);
    } catch (InterruptedIOException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw interrupted(location, e);
      }
      return staleOrFailure(location, sha256, fetcher, key, copy, e);
    } catch (IOException | RuntimeException e) {
      return staleOrFailure(location, sha256, fetcher, key, copy, e);
    }
  }

  private ServingException interrupted(URI location, Exception cause) {
    return failures.failure(
        ErrorKind.CANCELLED,
        shown(location) + " was not fetched: its thread was interrupted",
        cause);
  }

  private Path staleOrFailure(
      URI location,
      String sha256,
      ModelFetcher fetcher,
      String key,
      @Nullable Copy copy,
      Exception cause)
      throws IOException {
    boolean gone = cause instanceof NoSuchFileException || cause instanceof FileNotFoundException;
    boolean denied = cause instanceof AccessDeniedException;
    Copy usable = sha256.isEmpty() && !gone && !denied ? copy : null;
    String why = reason(cause);
    if (usable != null && fetcher.allowsStale()) {
      LOG.warn(
          "{} could not be fetched ({}), so the cached copy of {} is used",
          shown(location),
          why,
          usable.checked());
      return used(usable, key);
    }
    Exception safe = withoutSecrets(cause);
    if (gone) {
      throw failures.failure(
          ErrorKind.NOT_FOUND,
          "There is nothing at " + shown(location) + " (" + why + "): check the location",
          safe);
    }
    if (denied) {
      throw failures.failure(
          ErrorKind.UNAUTHORIZED,
          shown(location) + " may not be read (" + why
              + "): give its fetcher credentials that may, or sign the location again if its signature has expired",
          safe);
    }
    throw failures.failure(
        ErrorKind.UNAVAILABLE,
        shown(location) + " could not be fetched (" + why + ")"
            + (usable != null
                ? ". A copy of " + usable.checked().truncatedTo(ChronoUnit.SECONDS)
                    + " is cached: allow its use, as with HttpFetcher.withStale(true), if an older model is better"
                    + " than none"
                : ": check that this machine can reach it, and retry"),
        safe);
  }

  private Path keep(
      URI location, String sha256, ModelFetcher fetcher, String key, Download download)
      throws IOException, FinalFailure {
    if (download.length().orElse(0) > fetcher.maxBytes()) {
      throw new FinalFailure(tooLarge(location, fetcher));
    }
    Path part;
    try {
      part = cache.newPart(key);
    } catch (IOException e) {
      throw new FinalFailure(cacheFailure(location, e));
    }
    try {
      MessageDigest digest = Sha256.newDigest();
      long size = write(location, fetcher, download, part, digest);
      if (download.length().isPresent() && download.length().getAsLong() != size) {
        throw new IOException(
            "it ended after " + size + " of " + download.length().getAsLong() + " bytes");
      }
      String actual = Sha256.hex(digest);
      if (!sha256.isEmpty() && !sha256.equals(actual)) {
        throw new FinalFailure(failures.failure(
            ErrorKind.INVALID,
            shown(location) + " has the SHA-256 " + actual + ", and not " + sha256
                + " as the label 'sha256' says: correct the label if the model was changed on purpose, and do not use it"
                + " otherwise"));
      }
      Copy copy = new Copy(actual, size, download.etag(), clock.instant(), name(location));
      try {
        Path file = copy.file(cache.entry(key));
        Files.createDirectories(file.getParent());
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        copy.write(cache, key);
        deleteOthers(cache.entry(key), copy);
        used(copy, key);
        cache.evict(key);
        return file;
      } catch (IOException e) {
        throw new FinalFailure(cacheFailure(location, e));
      }
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private long write(
      URI location, ModelFetcher fetcher, Download download, Path part, MessageDigest digest)
      throws IOException, FinalFailure {
    OutputStream file;
    try {
      file = Files.newOutputStream(part);
    } catch (IOException e) {
      throw new FinalFailure(cacheFailure(location, e));
    }
    long size = 0;
    try (OutputStream out = new DigestOutputStream(file, digest)) {
      byte[] buffer = new byte[1 << 16];
      int read;
      while ((read = download.content().read(buffer)) >= 0) {
        size += read;
        if (closed) {
          throw new FinalFailure(failures.closed());
        }
        if (Thread.currentThread().isInterrupted()) {
          throw new InterruptedIOException("interrupted");
        }
        if (size > fetcher.maxBytes()) {
          throw new FinalFailure(tooLarge(location, fetcher));
        }
        try {
          out.write(buffer, 0, read);
        } catch (IOException e) {
          throw new FinalFailure(cacheFailure(location, e));
        }
      }
    }
    return size;
  }

  private ServingException tooLarge(URI location, ModelFetcher fetcher) {
    return failures.failure(
        ErrorKind.INVALID,
        shown(location) + " has more than the " + fetcher.maxBytes()
            + " bytes that its fetcher allows: check the location, or raise maxBytes");
  }

  private ServingException cacheFailure(URI location, IOException cause) {
    if (Thread.currentThread().isInterrupted()) {
      return interrupted(location, cause);
    }
    return failures.failure(
        ErrorKind.UNAVAILABLE,
        shown(location) + " cannot be cached in '" + folder + "' (" + Failures.reason(cause)
            + "): make room there, let this process write to it, or set another cache folder",
        cause);
  }

  private static String shown(URI location) {
    return "'" + Redacted.uri(location) + "'";
  }

  private static String reason(Exception cause) {
    String reason = cause instanceof UnknownHostException
        ? "unknown host " + Failures.reason(cause)
        : cause instanceof NoSuchFileException || cause instanceof AccessDeniedException
            ? Optional.ofNullable(((FileSystemException) cause).getReason())
                .orElse(Failures.reason(cause))
            : Failures.reason(cause);
    return Redacted.text(reason);
  }

  /** {@return an exception that is safe to log: those of clients usually contain the whole location} */
  private static Exception withoutSecrets(Exception cause) {
    for (Throwable one = cause; one != null; one = one.getCause()) {
      if (!Redacted.text(String.valueOf(one.getMessage()))
          .equals(String.valueOf(one.getMessage()))) {
        IOException safe = new IOException(cause.getClass().getName() + ": " + reason(cause));
        safe.setStackTrace(cause.getStackTrace());
        return safe;
      }
    }
    return cause;
  }

  private static String name(URI location) {
    String path = String.valueOf(location.getPath());
    String name = path.substring(path.lastIndexOf('/') + 1).replaceAll("[^\\w.+=@-]", "_");
    name = name.substring(Math.max(0, name.length() - MAX_NAME_LENGTH));
    return name.matches("[._]*") ? "model" : name;
  }

  /** Deletes earlier versions of a location, except for those that another load may have just started to use. */
  private void deleteOthers(Path entry, Copy latest) throws IOException {
    Instant then = clock.instant().minus(IN_USE);
    for (Path other : list(entry)) {
      if (Files.isDirectory(other)
          && !other.endsWith(latest.sha256())
          && Files.getLastModifiedTime(other).toInstant().isBefore(then)) {
        DiskCache.delete(other);
      }
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** Stops downloads in progress at their next read. */
  @Override
  public void close() {
    closed = true;
  }

  /** A failure other than of the network, for which a stale copy is no fallback. */
  private static final class FinalFailure extends Exception {
    private static final long serialVersionUID = 1;
    private final transient ServingException failure;

    FinalFailure(ServingException failure) {
      super(failure);
      this.failure = failure;
    }
  }

  /** The metadata of the cached copy of a location. */
  private record Copy(String sha256, long size, String etag, Instant checked, String name) {
    /** {@return the copy, if it exists and is complete} */
    static Optional<Copy> in(Path entry) {
      try {
        List<String> lines = Files.readAllLines(entry.resolve(STATE));
        Copy copy = new Copy(
            lines.get(0),
            Long.parseLong(lines.get(1)),
            new String(Base64.getDecoder().decode(lines.get(2)), UTF_8),
            Instant.parse(lines.get(3)),
            lines.get(4));
        return Files.size(copy.file(entry)) == copy.size() ? Optional.of(copy) : Optional.empty();
      } catch (IOException | RuntimeException e) {
        LOG.debug("{} has no valid copy", entry, e);
        return Optional.empty();
      }
    }

    Path file(Path entry) {
      return entry.resolve(sha256).resolve(name);
    }

    void write(DiskCache cache, String key) throws IOException {
      Path part = cache.newPart(STATE);
      try {
        Files.write(
            part,
            List.of(
                sha256,
                String.valueOf(size),
                Base64.getEncoder().encodeToString(etag.getBytes(UTF_8)),
                checked.toString(),
                name),
            UTF_8);
        Files.move(
            part,
            cache.entry(key).resolve(STATE),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    }

    Copy checkedAt(Instant now) {
      return new Copy(sha256, size, etag, now, name);
    }
  }
}
