package io.fairlead.engine.internal.source;

import io.fairlead.engine.ModelSource;
import io.fairlead.engine.internal.file.Fingerprint;
import io.fairlead.engine.internal.file.Fingerprints;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.text.TextFiles;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Redacted;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The resolution of an artifact's weights to files or code, with their digest. */
public final class ModelSources {
  private static final Logger LOG = LoggerFactory.getLogger(ModelSources.class);
  private static final String TOKENIZER_LABEL = "tokenizer";
  private static final String SHA256_LABEL = "sha256";
  private static final String TOKENIZER = "tokenizer.json";
  private static final String ONNX = "onnx";
  private static final String SUPPORTED_LOCATIONS =
      ", and is not read from here: a model is file: (a file or folder), classpath: (a resource) or java: (a function or"
          + " class)";
  // A file that was written just before may be written again without a change of its timestamp.
  private static final Duration MIN_AGE = Duration.ofSeconds(2);
  private static final int DEEPEST = 32;
  private static final int MOST_FILES = 10_000;

  private final ClassLoader classLoader;
  private final Fingerprints fingerprints;
  private final Archives archives;
  private final Downloads downloads;
  private final Copies copies;
  private final Failures failures;
  private final Map<String, ModelFile> known = new ConcurrentHashMap<>();
  private final Map<Path, String> origins = new ConcurrentHashMap<>();

  public ModelSources(
      ClassLoader classLoader,
      Fingerprints fingerprints,
      Archives archives,
      Downloads downloads,
      Copies copies,
      Failures failures) {
    this.classLoader = classLoader;
    this.fingerprints = fingerprints;
    this.archives = archives;
    this.downloads = downloads;
    this.copies = copies;
    this.failures = failures;
  }

  public ModelSource resolve(ModelArtifact artifact) {
    URI weights = artifact.weights();
    Map<String, String> labels = artifact.metadata().labels();
    return switch (scheme(weights)) {
      case "file" -> onDisk(path(weights), labels, pin(artifact));
      case "classpath" -> onClassPath(resourceName(weights), labels, pin(artifact));
      case "java" -> new HandlerSource(name(weights));
      default -> fetched(weights, labels, pin(artifact));
    };
  }

  /**
   * {@return the artifact for a process with neither fetchers nor this class path: of a file of this machine, to which a
   * model on the class path is copied with what belongs to it}
   */
  public ModelArtifact local(ModelArtifact artifact) {
    return switch (scheme(artifact.weights())) {
      case "file", "java" -> artifact;
      case "classpath" -> copied(artifact);
      default -> at(download(artifact.weights(), pin(artifact)), artifact);
    };
  }

  private ModelArtifact copied(ModelArtifact artifact) {
    Map<String, String> labels = artifact.metadata().labels();
    Path file = copies.of(onClassPath(resourceName(artifact.weights()), labels, pin(artifact)));
    // The copy of the tokenizer is found by its name; the pin is of an archive, if the model was in
    // one.
    Map<String, String> others = new TreeMap<>(labels);
    others.keySet().removeAll(Set.of(TOKENIZER_LABEL, SHA256_LABEL));
    return at(file, artifact.withMetadata(artifact.metadata().withLabels(others)));
  }

  private static ModelArtifact at(Path file, ModelArtifact artifact) {
    return new ModelArtifact(artifact.code(), file.toUri(), artifact.metadata());
  }

  private static String scheme(URI uri) {
    return uri.getScheme().toLowerCase(Locale.ROOT);
  }

  private String pin(ModelArtifact artifact) {
    String sha256 = artifact
        .metadata()
        .labels()
        .getOrDefault(SHA256_LABEL, "")
        .strip()
        .toLowerCase(Locale.ROOT);
    if (!sha256.isEmpty() && !sha256.matches("[0-9a-f]{64}")) {
      throw failures.failure(
          ErrorKind.INVALID,
          "The label 'sha256' is '" + sha256
              + "': write 64 hexadecimal digits, as sha256sum gives them");
    }
    return sha256;
  }

  private ModelFile checkPin(ModelFile file, String sha256) {
    if (!sha256.isEmpty() && !file.fingerprint().sha256().equals(sha256)) {
      throw failures.failure(
          ErrorKind.INVALID,
          file + " has the SHA-256 " + file.fingerprint().sha256() + ", and not " + sha256
              + " as the label 'sha256' says: correct the label if the model was changed on purpose, and do not use it"
              + " otherwise");
    }
    return file;
  }

  private Path download(URI location, String sha256) {
    if (!downloads.fetches(location)) {
      throw unsupportedLocation(location);
    }
    Path file = downloads.file(location, sha256);
    origins.put(file, origin(location));
    return file;
  }

  /** The location without its query, for file names. */
  private static String origin(URI location) {
    String shown = Redacted.uri(location);
    int query = shown.indexOf('?');
    return query < 0 ? shown : shown.substring(0, query);
  }

  private ServingException unsupportedLocation(URI location) {
    String scheme = scheme(location);
    return failures.failure(
        ErrorKind.UNSUPPORTED,
        "'" + Redacted.uri(location) + "' is "
            + (scheme.equals("hf") ? "on the Hugging Face hub" : "not on this machine")
            + SUPPORTED_LOCATIONS
            + (scheme.equals("hf")
                ? ". Download an ONNX export of it, as with 'hf download', and give its folder"
                : ". Download it first and give the file")
            + ", or configure a ModelFetcher for '" + scheme + "'"
            + (scheme.equals("hf")
                ? ", such as HuggingFaceFetcher"
                : scheme.startsWith("http") ? ", such as HttpFetcher" : ""));
  }

  private ModelFiles fetched(URI location, Map<String, String> labels, String sha256) {
    ModelFile file = read(download(location, sha256));
    if (Archives.isArchive(file)) {
      return inArchive(file, labels);
    }
    checkOneFile(
        file, "which are not fetched with it: pack all of them as .tar.gz and deploy that");
    String named = labels.getOrDefault(TOKENIZER_LABEL, "");
    if (named.isEmpty()) {
      return new ModelFiles(file, null);
    }
    URI at = uri(named);
    ModelFile tokenizer = at.isAbsolute() && !downloads.fetches(at)
        ? namedTokenizer(named).orElseThrow(() -> unsupportedLocation(at))
        : read(download(location.resolve(at), ""));
    return new ModelFiles(file, TextFiles.of(tokenizer, name -> Optional.empty(), labels));
  }

  private ModelFiles onDisk(Path location, Map<String, String> labels, String sha256) {
    Path weights = modelFile(location);
    ModelFile file = checkPin(read(weights), sha256);
    return Archives.isArchive(file) ? inArchive(file, labels) : inFolder(file, weights, labels);
  }

  private ModelFiles inArchive(ModelFile archive, Map<String, String> labels) {
    Path root = archives.unpacked(archive);
    origins.put(root, archive.location() + "!");
    Path weights = modelFile(topFolder(root));
    return inFolder(read(weights), weights, labels);
  }

  /** The folder of the model: the only top-level folder of the archive, or its root. */
  private Path topFolder(Path root) {
    Path folder = root;
    List<String> names = namesIn(folder);
    while (names.size() == 1 && Files.isDirectory(folder.resolve(names.get(0)))) {
      folder = folder.resolve(names.get(0));
      names = namesIn(folder);
    }
    return folder;
  }

  /** The path of a file as in the artifact's archive, without the folder that it was unpacked into. */
  private String shown(Path path) {
    for (Path folder = path; folder != null; folder = folder.getParent()) {
      String origin = origins.get(folder);
      if (origin != null) {
        return folder.equals(path)
            ? origin
            : origin + "/" + folder.relativize(path).toString().replace('\\', '/');
      }
    }
    return path.toString();
  }

  private ModelFiles inFolder(ModelFile file, Path weights, Map<String, String> labels) {
    return new ModelFiles(file, externalWeights(file, weights), textsBeside(file, weights, labels));
  }

  /** The further files of a model, each of which lies in its folder. */
  private SortedMap<String, ModelFile> externalWeights(ModelFile file, Path weights) {
    return file.fileName().equals(ModelFiles.SAVED_MODEL)
        ? besideGraph(file, weights)
        : externalFiles(file, weights);
  }

  private SortedMap<String, ModelFile> externalFiles(ModelFile file, Path weights) {
    SortedMap<String, ModelFile> found = new TreeMap<>();
    externalFiles(file).forEach((name, size) -> {
      Path path = nameable(file, weights, name);
      if (!Files.isRegularFile(path)) {
        throw failures.failure(
            ErrorKind.NOT_FOUND,
            file + " keeps weights in '" + name + "', and there is no file '" + shown(path)
                + "': put it there, or save the model in one file");
      }
      checkInFolder(file, weights, path);
      ModelFile external = read(path);
      if (external.size() < size) {
        throw failures.failure(
            ErrorKind.INVALID,
            external + " ends before the weights that " + file + " keeps in it, which need " + size
                + " bytes: a copy of it was cut off, or it is of another model; fetch both again");
      }
      found.put(name, external);
    });
    return found;
  }

  /**
   * {@return the files that a model of ONNX names, with the size that they need to have}
   *
   * @throws ServingException if it says of another file what no model may say
   */
  private SortedMap<String, Long> externalFiles(ModelFile file) {
    if (ModelFormat.of(file.fingerprint().head()) != ModelFormat.ONNX) {
      return new TreeMap<>();
    }
    String refusal = file.fingerprint().content().refusal();
    if (!refusal.isEmpty()) {
      throw failures.failure(
          ErrorKind.INVALID,
          file + " " + refusal
              + ": a model names other files by a path inside of its folder, an offset and a length, and by nothing"
              + " else; save it again with its weights in it or beside it, and do not use it if you do not know who made"
              + " it");
    }
    return file.fingerprint().content().externalFiles();
  }

  private void checkOneFile(ModelFile file, String rule) {
    SortedMap<String, Long> names = externalFiles(file);
    if (!names.isEmpty()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          file + " keeps its weights in other files, " + listed(List.copyOf(names.keySet())) + ", "
              + rule);
    }
  }

  /** {@return the path of a name, if this process gives it the same bytes as native code does} */
  private Path nameable(ModelFile file, Path weights, String name) {
    String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
    boolean same = File.separatorChar == '\\'
        || encoding.equalsIgnoreCase("UTF-8")
        || name.chars().allMatch(c -> c < 0x80);
    try {
      if (same) {
        return weights.resolveSibling(name);
      }
    } catch (InvalidPathException e) {
      LOG.debug("{} is no name here", name, e);
    }
    throw failures.failure(
        ErrorKind.UNSUPPORTED,
        file + " keeps weights in '" + name + "', which this process cannot name in its encoding "
            + encoding + ": start it with LC_ALL=C.UTF-8, or rename the file");
  }

  /**
   * Checks that links do not lead out of a model's folder.
   *
   * <p>Its folder is the one that it is named in, or that its own link leads to, as in the cache of the Hugging Face hub.
   */
  private void checkInFolder(ModelFile model, Path weights, Path path) {
    checkInFolder(model, weights, weights.toAbsolutePath().resolveSibling(""), path);
  }

  /** The same for a file that is named from another folder of the model than its weights are. */
  private void checkInFolder(ModelFile model, Path weights, Path base, Path path) {
    try {
      Path real = path.toRealPath();
      Path folder = base.toRealPath();
      Path linked = weights.toRealPath().resolveSibling("");
      if (!real.startsWith(folder) && !real.startsWith(linked)) {
        throw failures.failure(
            ErrorKind.INVALID,
            model + " has '" + shown(path)
                + "' beside it, a link that leads out of its folder, to '" + real
                + "': copy that file to where the link is, if it belongs to the model");
      }
    } catch (IOException e) {
      throw unreadable(path.toString(), e);
    }
  }

  /** The other files in the folder of a SavedModel: its variables and assets. */
  private SortedMap<String, ModelFile> besideGraph(ModelFile model, Path graph) {
    SortedMap<String, ModelFile> files = new TreeMap<>();
    List<String> folders = new ArrayList<>();
    for (String name : namesIn(graph.resolveSibling(""))) {
      // TensorFlow reads none that is hidden.
      if (!name.startsWith(".") && !name.equals(ModelFiles.SAVED_MODEL)) {
        addAll(files, folders, model, graph, name, 0);
      }
    }
    return files;
  }

  private void addAll(
      SortedMap<String, ModelFile> files,
      List<String> folders,
      ModelFile model,
      Path graph,
      String name,
      int depth) {
    Path path = graph.resolveSibling(name);
    checkInFolder(model, graph, path);
    if (depth > DEEPEST || files.size() + folders.size() > MOST_FILES) {
      throw failures.failure(
          ErrorKind.INVALID,
          model + " has more than " + MOST_FILES
              + " files and folders beside it, or they are more than "
              + DEEPEST + " deep, at '" + shown(path)
              + "': put it into a folder of its own, without links that lead in a circle");
    }
    if (Files.isRegularFile(path)) {
      files.put(name, read(path));
    } else if (Files.isDirectory(path)) {
      folders.add(name);
      for (String child : namesIn(path)) {
        addAll(files, folders, model, graph, name + "/" + child, depth + 1);
      }
    }
  }

  private @Nullable TextFiles textsBeside(
      ModelFile file, Path weights, Map<String, String> labels) {
    String named = labels.getOrDefault(TOKENIZER_LABEL, "");
    ModelFile tokenizer = named.isEmpty()
        ? beside(file, weights, file.stem() + "-" + TOKENIZER)
            .or(() -> beside(file, weights, TOKENIZER))
            .orElse(null)
        : namedTokenizer(named)
            .orElseGet(
                () -> read(existing(weights.resolveSibling(named), "the label 'tokenizer' names")));
    return tokenizer == null
        ? null
        : TextFiles.of(tokenizer, name -> beside(file, weights, name), labels);
  }

  /** A file in the folder of a model, or in the folder around that if it is the 'onnx' of a copy of a repository. */
  private Optional<ModelFile> beside(ModelFile file, Path weights, String name) {
    Path folder = weights.resolveSibling("").toAbsolutePath().normalize();
    for (Path base : List.of(folder, folder.endsWith(ONNX) ? folder.resolveSibling("") : folder)) {
      Path path = base.resolve(name);
      if (path.normalize().startsWith(base) && Files.isRegularFile(path)) {
        checkInFolder(file, weights, base, path);
        return Optional.of(read(path));
      }
    }
    return Optional.empty();
  }

  private ModelFiles onClassPath(String name, Map<String, String> labels, String sha256) {
    URL url = classLoader.getResource(name);
    if (url == null) {
      throw failures.failure(
          ErrorKind.NOT_FOUND,
          "There is no resource '" + name
              + "' on the class path: check the name, which begins at the class path's root,"
              + " and that its jar is a dependency");
    }
    Path unpacked = unpacked(url).orElse(null);
    if (unpacked != null) {
      ModelFile file = checkPin(read(unpacked), sha256);
      if (Archives.isArchive(file)) {
        return inArchive(file, labels);
      }
      return new ModelFiles(file, externalWeights(file, unpacked), textsBeside(file, name, labels));
    }
    ModelFile file = checkPin(read(name, url), sha256);
    if (Archives.isArchive(file)) {
      return inArchive(file, labels);
    }
    checkOneFile(file, "which only works in a folder: unpack them and give the folder as file:");
    return new ModelFiles(file, textsBeside(file, name, labels));
  }

  private @Nullable TextFiles textsBeside(
      ModelFile file, String weights, Map<String, String> labels) {
    String folder = weights.substring(0, weights.lastIndexOf('/') + 1);
    String named = labels.getOrDefault(TOKENIZER_LABEL, "");
    ModelFile tokenizer = named.isEmpty()
        ? resource(folder + file.stem() + "-" + TOKENIZER)
            .or(() -> resource(folder + TOKENIZER))
            .orElse(null)
        : namedTokenizer(named)
            .orElseGet(() -> resource(folder + named)
                .orElseThrow(() -> failures.failure(
                    ErrorKind.NOT_FOUND,
                    "There is no resource '" + folder + named
                        + "' on the class path, which the label 'tokenizer' names:"
                        + " check the name, which is relative to the model's")));
    if (tokenizer == null) {
      return null;
    }
    // The root is shared by all jars: a config.json there is somebody else's.
    return TextFiles.of(
        tokenizer,
        name ->
            folder.isEmpty() || name.contains("..") ? Optional.empty() : resource(folder + name),
        labels);
  }

  private Optional<ModelFile> namedTokenizer(String named) {
    if (named.startsWith("file:")) {
      return Optional.of(read(existing(path(uri(named)), "the label 'tokenizer' names")));
    }
    if (named.startsWith("classpath:")) {
      String name = resourceName(uri(named));
      return Optional.of(resource(name)
          .orElseThrow(() -> failures.failure(
              ErrorKind.NOT_FOUND,
              "There is no resource '" + name
                  + "' on the class path, which the label 'tokenizer' names: check the"
                  + " name, which begins at the class path's root")));
    }
    return Optional.empty();
  }

  private URI uri(String named) {
    try {
      return new URI(named);
    } catch (URISyntaxException e) {
      throw failures.failure(
          ErrorKind.INVALID,
          "The label 'tokenizer' names '" + named + "', which is no URI (" + Failures.reason(e)
              + "): write it as Path.toUri() gives it, or relative to the model",
          e);
    }
  }

  private Optional<ModelFile> resource(String name) {
    return Optional.ofNullable(classLoader.getResource(name)).map(url -> read(name, url));
  }

  private Path modelFile(Path location) {
    if (!Files.isDirectory(location)) {
      return existing(location, "");
    }
    List<String> names = namesIn(location);
    if (names.contains("model.onnx")) {
      return location.resolve("model.onnx");
    }
    List<String> models = names.stream().filter(name -> name.endsWith(".onnx")).toList();
    if (models.size() == 1) {
      return location.resolve(models.get(0));
    }
    if (models.size() > 1) {
      throw failures.failure(
          ErrorKind.INVALID,
          "Folder '" + shown(location) + "' holds " + models.size() + " models, " + listed(models)
              + ": give the one to load, or name it model.onnx");
    }
    if (names.contains(ModelFiles.SAVED_MODEL)) {
      return location.resolve(ModelFiles.SAVED_MODEL);
    }
    List<String> others =
        names.stream().filter(name -> isModel(location.resolve(name))).toList();
    if (others.size() == 1) {
      return location.resolve(others.get(0));
    }
    if (names.contains(ONNX) && Files.isDirectory(location.resolve(ONNX))) {
      throw failures.failure(
          ErrorKind.NOT_FOUND,
          "Folder '" + shown(location)
              + "' holds no .onnx file itself, only a folder 'onnx': give the model in that, and name"
              + " its tokenizer, if it has one, in the label 'tokenizer'");
    }
    throw failures.failure(
        ErrorKind.NOT_FOUND,
        "Folder '" + shown(location) + "' holds no .onnx file, but "
            + (names.isEmpty() ? "nothing" : listed(names))
            + ": put model.onnx there, or give the file itself");
  }

  /** Whether a file is recognised as a model by its content, so that a README.md is not taken for one. */
  private static boolean isModel(Path file) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return ModelFormat.of(in.readNBytes(Fingerprint.HEAD)).isModel();
    } catch (IOException e) {
      return false;
    }
  }

  /** The files of a folder, without hidden ones and what macOS adds to an archive, which has the names of the others. */
  private List<String> namesIn(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.startsWith(".") && !name.equals("__MACOSX"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw unreadable(folder.toString(), e);
    }
  }

  private static String listed(List<String> names) {
    return String.join(", ", names.subList(0, Math.min(5, names.size())))
        + (names.size() > 5 ? ", ..." : "");
  }

  private Path existing(Path file, String why) {
    String role = why.isEmpty() ? "" : ", which " + why;
    if (Files.notExists(file)) {
      throw failures.failure(
          ErrorKind.NOT_FOUND,
          "There is no file '" + file + "'" + role
              + ": check the path, and that this process sees that file system");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw failures.failure(
          ErrorKind.INVALID, "'" + file + "'" + role + " is not a file: give the file itself");
    }
    return file;
  }

  private Path path(URI uri) {
    try {
      return Path.of(uri).normalize();
    } catch (IllegalArgumentException | FileSystemNotFoundException e) {
      throw failures.failure(
          ErrorKind.INVALID,
          "'" + Redacted.uri(uri) + "' is no location of a file on this machine ("
              + Failures.reason(e)
              + "): use one such as Path.toUri() gives, file:///models/iris.onnx",
          e);
    }
  }

  private static Optional<Path> unpacked(URL url) {
    try {
      return "file".equals(url.getProtocol())
          ? Optional.of(Path.of(url.toURI()))
          : Optional.empty();
    } catch (URISyntaxException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private String resourceName(URI uri) {
    return name(uri).replaceFirst("^/+", "");
  }

  private String name(URI uri) {
    String name = uri.getSchemeSpecificPart();
    if (name.isBlank() || name.equals("/")) {
      throw failures.failure(
          ErrorKind.INVALID,
          "'" + Redacted.uri(uri) + "' has no name: write one after " + uri.getScheme() + ":");
    }
    return name;
  }

  private ModelFile read(Path path) {
    return read(path.toString(), () -> ModelFile.onDisk(path, shown(path), fingerprints));
  }

  private ModelFile read(String name, URL url) {
    return read(url.toString(), () -> ModelFile.resource(name, url, fingerprints));
  }

  private ModelFile read(String location, Reading reading) {
    try {
      ModelFile before = known.get(location);
      if (before != null && before.isUnchanged()) {
        return checkNotEmpty(before);
      }
      ModelFile file = reading.read();
      if (file.isSettled(Instant.now().minus(MIN_AGE))) {
        known.put(location, file);
      } else {
        known.remove(location);
      }
      return checkNotEmpty(file);
    } catch (IOException e) {
      throw unreadable(location, e);
    }
  }

  private interface Reading {
    ModelFile read() throws IOException;
  }

  private ModelFile checkNotEmpty(ModelFile file) {
    if (file.size() == 0) {
      throw failures.failure(
          ErrorKind.INVALID,
          file + " is empty: a copy or download of it did not finish, so fetch it again");
    }
    return file;
  }

  private ServingException unreadable(String location, IOException cause) {
    if (cause instanceof NoSuchFileException) {
      return failures.failure(
          ErrorKind.NOT_FOUND,
          "There is no file '" + location + "' any more: check the path",
          cause);
    }
    if (cause instanceof AccessDeniedException) {
      return failures.failure(
          ErrorKind.UNAUTHORIZED,
          "'" + location + "' may not be read by this process (user '"
              + System.getProperty("user.name") + "'): let it read the file",
          cause);
    }
    return failures.failure(
        ErrorKind.INVALID,
        "'" + location + "' could not be read: " + Failures.reason(cause),
        cause);
  }
}
