package io.fairlead.serverless.internal.process;

import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The class path of worker JVMs: the classes of this process, as files.
 *
 * <p>They are on its own class path or module path, or known by the class loaders of its application, such as those of
 * an executable jar, whose nested jars are copied into the cache.
 */
final class WorkerClassPath {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerClassPath.class);
  private static final String MANIFEST = "META-INF/MANIFEST.MF";
  private static final List<String> REQUIRED_CLASSES = List.of(
      WorkerMain.class.getName(),
      "io.fairlead.platform.Request",
      "ai.onnxruntime.OrtEnvironment",
      "com.fasterxml.jackson.annotation.JsonInclude",
      "com.fasterxml.jackson.core.JsonFactory",
      "com.fasterxml.jackson.databind.ObjectMapper",
      "org.slf4j.Logger");

  private final ClassLoader application;
  private final NestedJar.Cache cache;
  private final Failures failures;
  private volatile @Nullable List<Path> found;

  /** Whether the last search has found all. */
  private volatile boolean complete;

  /**
   * Creates it; looks for nothing yet.
   *
   * @param application the class loader of the application
   * @param cacheFolder the folder for copies of nested jars
   */
  WorkerClassPath(ClassLoader application, Path cacheFolder, Failures failures) {
    this.application = application;
    this.cache = new NestedJar.Cache(cacheFolder);
    this.failures = failures;
  }

  /**
   * {@return the jars and folders of classes, in order}
   *
   * @param handler the class of the model; empty if it is a file
   * @throws ServingException {@code UNSUPPORTED} if a required class is in no file, nor in a jar that can be copied
   */
  List<Path> entries(Optional<String> handler) {
    List<Path> all = found;
    // A copy may have been evicted from the cache since.
    if (all == null || !all.stream().allMatch(Files::exists)) {
      complete = true;
      all = search().stream().filter(Files::exists).toList();
      found = complete ? all : null;
    }
    Optional<Path> own = handler.flatMap(name -> origin(name, application));
    if (own.isEmpty() || all.contains(own.get())) {
      return all;
    }
    List<Path> more = new ArrayList<>(all);
    more.add(own.get());
    return more;
  }

  private List<Path> search() {
    Set<Path> entries = new LinkedHashSet<>();
    add(System.getProperty("java.class.path", ""), entries);
    for (String entry : split(System.getProperty("jdk.module.path", ""))) {
      addModules(Path.of(entry).toAbsolutePath(), entries);
    }
    addOwn(application, entries);
    addOwn(WorkerClassPath.class.getClassLoader(), entries);
    for (String needed : REQUIRED_CLASSES) {
      origin(needed, WorkerClassPath.class.getClassLoader()).ifPresent(entries::add);
    }
    return List.copyOf(entries);
  }

  private static void add(String classPath, Set<Path> entries) {
    for (String entry : split(classPath)) {
      entries.add(Path.of(entry).toAbsolutePath());
    }
  }

  private static List<String> split(String path) {
    return Stream.of(path.split(File.pathSeparator, -1))
        .filter(entry -> !entry.isEmpty())
        .toList();
  }

  /** Adds an entry of a module path: a jar, a module as a folder, or a folder of both. */
  private static void addModules(Path entry, Set<Path> entries) {
    if (!Files.isDirectory(entry) || Files.exists(entry.resolve("module-info.class"))) {
      entries.add(entry);
      return;
    }
    try (Stream<Path> modules = Files.list(entry)) {
      modules
          .filter(module -> module.toString().endsWith(".jar")
              || Files.exists(module.resolve("module-info.class")))
          .sorted()
          .forEach(entries::add);
    } catch (IOException e) {
      LOG.debug("The module path's {} cannot be read", entry, e);
    }
  }

  /** Adds what a class loader and its parents know, without those of the JVM, whose class path is known. */
  private void addOwn(ClassLoader loader, Set<Path> entries) {
    boolean allNamed = true;
    boolean own = false;
    for (ClassLoader each = loader; each != null && !isOfJvm(each); each = each.getParent()) {
      own = true;
      if (each instanceof URLClassLoader known) {
        for (URL url : known.getURLs()) {
          add(url.toString(), url, entries);
        }
      } else {
        allNamed = false;
      }
    }
    if (own && !allNamed) {
      addManifests(loader, entries);
    }
  }

  private static boolean isOfJvm(ClassLoader loader) {
    return loader == ClassLoader.getSystemClassLoader()
        || loader == ClassLoader.getPlatformClassLoader();
  }

  /** Adds the jars of a class loader that does not name them: nearly each has a manifest. */
  private void addManifests(ClassLoader loader, Set<Path> entries) {
    try {
      for (URL url : Collections.list(loader.getResources(MANIFEST))) {
        String manifest = url.toString();
        add(manifest.substring(0, manifest.length() - MANIFEST.length()), url, entries);
      }
    } catch (IOException e) {
      LOG.debug("{} does not list its jars", loader, e);
    }
  }

  private void add(String location, URL url, Set<Path> entries) {
    try {
      file(location).ifPresent(entries::add);
    } catch (IOException e) {
      complete = false;
      LOG.warn("{} is left out of the class path of workers: {}", url, e.toString());
    }
  }

  /** {@return the file of a jar or of a folder of classes; empty if there is none} */
  private Optional<Path> file(String location) throws IOException {
    try {
      Optional<NestedJar> nested = NestedJar.of(location);
      if (nested.isPresent()) {
        return Optional.of(cache.file(nested.get()));
      }
      URI uri = URI.create(
          location.startsWith("jar:file:")
              ? location.substring("jar:".length(), location.length() - "!/".length())
              : location);
      // A file system of a jar is one that no other process sees.
      Path path = "file".equals(uri.getScheme()) ? Path.of(uri) : null;
      return path != null && Files.exists(path) ? Optional.of(path) : Optional.empty();
    } catch (IllegalArgumentException | FileSystemNotFoundException e) {
      throw new IOException(location + " is no location of a file", e);
    }
  }

  /** {@return the jar or folder that a class comes from; empty if there is no such class} */
  private Optional<Path> origin(String name, ClassLoader loader) {
    URL url;
    try {
      CodeSource source =
          Class.forName(name, false, loader).getProtectionDomain().getCodeSource();
      url = source == null ? null : source.getLocation();
    } catch (ClassNotFoundException | LinkageError e) {
      return Optional.empty();
    }
    try {
      Optional<Path> file = url == null ? Optional.empty() : file(url.toString());
      if (file.isPresent()) {
        return file;
      }
    } catch (IOException e) {
      throw notAFile(name, url, e);
    }
    throw notAFile(name, url, null);
  }

  private ServingException notAFile(String name, @Nullable URL url, @Nullable Exception cause) {
    return failures.failure(
        ErrorKind.UNSUPPORTED,
        "A worker process needs the classes of this one as files, and " + name + " comes from "
            + (url == null ? "an unknown location" : url)
            + (cause == null ? "" : " (" + Failures.reason(cause) + ")")
            + ": unpack the application and run that (for Spring Boot: java -Djarmode=tools -jar APP.jar extract), let"
            + " this process write to its cache folder, or run the model in this process",
        cause);
  }
}
