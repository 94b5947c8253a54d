package io.fairlead.engine.internal.source;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.FolderLock;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.provider.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.TreeMap;

/**
 * A cache of models on the class path as files, for processes with another class path.
 *
 * <p>A model is stored by its digest with all files that belong to it, each where it is looked for beside a file.
 */
public final class Copies {
  private static final long KEPT_BYTES = 16L << 30;
  private static final Duration IN_USE = Duration.ofHours(1);
  private static final String TOKENIZER = "-tokenizer.json";

  private final Path folder;
  private final DiskCache cache;
  private final Failures failures;

  public Copies(Path folder, Failures failures) {
    this.folder = folder.toAbsolutePath();
    this.cache = new DiskCache(this.folder, KEPT_BYTES, IN_USE, InstantSource.system());
    this.failures = failures;
  }

  /** {@return the file of a model, copied with the others of the model if that is not done yet} */
  Path of(ModelFiles model) {
    Map<String, ModelFile> files = files(model);
    String name = model.fileName();
    String key = Sha256.of((model.digest() + ' ' + name).getBytes(UTF_8));
    try {
      return FolderLock.holding(folder, key, () -> {
        Path entry = cache.entry(key);
        if (isWhole(entry, files)) {
          cache.touch(key);
        } else {
          cache.keepFolder(key, part -> copy(files, part));
        }
        return entry.resolve(name);
      });
    } catch (IOException e) {
      throw failures.failure(
          ErrorKind.UNAVAILABLE,
          model.weights() + " cannot be copied into '" + folder + "' (" + Failures.reason(e)
              + "): make room there, let this process write to it, or set another cache folder",
          e);
    }
  }

  private static Map<String, ModelFile> files(ModelFiles model) {
    Map<String, ModelFile> files = new TreeMap<>(model.externalWeights());
    files.put(model.fileName(), model.weights());
    model.texts().ifPresent(texts -> {
      files.putAll(texts.settings());
      files.put(model.weights().stem() + TOKENIZER, texts.tokenizer());
    });
    return files;
  }

  private static boolean isWhole(Path entry, Map<String, ModelFile> files) throws IOException {
    for (Map.Entry<String, ModelFile> file : files.entrySet()) {
      Path path = entry.resolve(file.getKey());
      if (!Files.isRegularFile(path) || Files.size(path) != file.getValue().size()) {
        return false;
      }
    }
    return true;
  }

  private static void copy(Map<String, ModelFile> files, Path folder) throws IOException {
    for (Map.Entry<String, ModelFile> file : files.entrySet()) {
      Path path = folder.resolve(file.getKey()).normalize();
      if (!path.startsWith(folder)) {
        throw new IOException("'" + file.getKey() + "' leads out of the model's folder");
      }
      Files.createDirectories(path.getParent());
      try (InputStream in = file.getValue().open()) {
        Files.copy(in, path);
      }
    }
  }
}
