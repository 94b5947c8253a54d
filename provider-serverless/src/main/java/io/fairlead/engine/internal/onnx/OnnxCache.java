package io.fairlead.engine.internal.onnx;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import ai.onnxruntime.OrtEnvironment;
import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.MappedFile;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.provider.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of models that ONNX Runtime has optimised, which load in a third of the time.
 *
 * <p>A file is for one version of ONNX Runtime and one kind of processor, because the layout of a convolution's weights
 * depends on the processor's vector units. It is memory-mapped, so that processes share it. A checksum follows the
 * model: ONNX Runtime itself would not detect changed weights.
 */
public final class OnnxCache {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxCache.class);
  private static final int CHUNK = 1 << 16;
  private static final int TRAILER = 32 + Long.BYTES + Long.BYTES;
  // Writing takes three times a model's size in memory, and the format's limit is 2 GB.
  private static final long LARGEST = 512L << 20;
  private static final byte[] ORT_FORMAT = "ORTM".getBytes(ISO_8859_1);

  private final DiskCache cache;
  private final Set<String> attempted = ConcurrentHashMap.newKeySet();

  public OnnxCache(DiskCache cache) {
    this.cache = cache;
  }

  /** {@return the name of a model's file; empty for a model that is not cached} */
  Optional<String> nameOf(ModelFiles files, OrtEnvironment environment) {
    ModelFile weights = files.weights();
    byte[] head = weights.fingerprint().head();
    boolean inOrtFormat =
        head.length >= 8 && Arrays.equals(head, 4, 8, ORT_FORMAT, 0, ORT_FORMAT.length);
    boolean kept = cache.keepsAnything()
        && OnnxTexts.isPlain(cache.entry("").toString())
        && !inOrtFormat
        && weights.size() <= LARGEST
        && files.isOneFile();
    return Processor.HERE
        .filter(here -> kept)
        .map(here -> weights.fingerprint().sha256() + "-" + environment.getVersion() + "-"
            + System.getProperty("os.arch", "") + here + ".ort");
  }

  /** {@return the complete and unchanged model of a name; the caller closes it} */
  Optional<MappedFile> find(String name) {
    Path file = cache.find(name).orElse(null);
    if (file == null) {
      return Optional.empty();
    }
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size() - TRAILER;
      if (size > 0 && size <= Integer.MAX_VALUE) {
        ByteBuffer trailer = ByteBuffer.allocate(TRAILER);
        channel.read(trailer, size);
        MappedFile model = MappedFile.of(channel, size);
        CRC32C checksum = new CRC32C();
        checksum.update(model.bytes().duplicate());
        if (trailer.flip().equals(trailer(name, size, checksum))) {
          return Optional.of(model);
        }
        model.close();
      }
      LOG.warn("{} is damaged and is created again", file);
      cache.remove(name);
    } catch (NoSuchFileException e) {
      LOG.debug("{} was deleted meanwhile", file, e);
    } catch (IOException e) {
      LOG.warn("{} cannot be read, so its model loads more slowly: {}", file, e.toString());
    }
    return Optional.empty();
  }

  void remove(String name) {
    cache.remove(name);
  }

  /** {@return whether to write a model: not if that is in progress, or has failed in this process} */
  boolean begin(String name) {
    return attempted.add(name);
  }

  /** Writes a model under a name for which {@link #begin} has returned true. */
  void keep(String name, DiskCache.Writing writing) {
    boolean kept = cache.tryKeep(name, part -> {
      writing.write(part);
      try (FileChannel channel =
          FileChannel.open(part, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        CRC32C checksum = new CRC32C();
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        while (channel.read(chunk.clear()) >= 0) {
          checksum.update(chunk.flip());
        }
        ByteBuffer trailer = trailer(name, channel.size(), checksum);
        channel.position(channel.size());
        while (trailer.hasRemaining()) {
          channel.write(trailer);
        }
      }
    });
    if (kept) {
      attempted.remove(name);
    }
  }

  private static ByteBuffer trailer(String name, long size, CRC32C checksum) {
    return ByteBuffer.allocate(TRAILER)
        .put(Sha256.newDigest().digest(name.getBytes(UTF_8)))
        .putLong(size)
        .putLong(checksum.getValue())
        .flip();
  }

  /** Initialised lazily: an engine without models has no cost for it. */
  private static final class Processor {
    static final Optional<String> HERE = here();

    /** {@return an id of the processor's vector units; empty if unknown} */
    private static Optional<String> here() {
      if (System.getProperty("os.arch", "").toLowerCase(Locale.ROOT).equals("aarch64")) {
        return Optional.of("");
      }
      String windows = System.getenv("PROCESSOR_IDENTIFIER");
      if (windows != null) {
        return Optional.of("-" + Sha256.of(windows.getBytes(UTF_8)).substring(0, 8));
      }
      try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"), ISO_8859_1)) {
        return lines
            .filter(line -> line.startsWith("flags"))
            .findFirst()
            .map(flags -> "-" + Sha256.of(flags.getBytes(UTF_8)).substring(0, 8));
      } catch (IOException e) {
        return Optional.empty();
      }
    }
  }
}
