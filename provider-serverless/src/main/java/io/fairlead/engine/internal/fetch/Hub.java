package io.fairlead.engine.internal.fetch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.internal.fetch.RemoteFile.Hash;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The Hugging Face hub, or a mirror of it, as one fetch asks it. */
public final class Hub {
  private static final Pattern LOCATION =
      Pattern.compile("/(?<name>[\\w.-]+)(@(?<revision>[^/]+))?(/(?<file>.+))?");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern TEXT_FILE = Pattern.compile(
      "tokenizer\\.json|tokenizer_config\\.json|config\\.json|modules\\.json"
          + "|config_sentence_transformers\\.json|sentence_[\\w-]+_config\\.json|\\d+_\\w+/config\\.json");
  private static final List<String> USUAL_MODELS = List.of("onnx/model.onnx", "model.onnx");
  private static final String ONNX = "onnx";
  private static final int MOST_LISTED = 8;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI endpoint;
  private final Web web;

  /**
   * Creates a hub.
   *
   * @param endpoint the hub or the mirror, such as {@code https://huggingface.co}
   */
  public Hub(URI endpoint, Web web) {
    this.endpoint = endpoint;
    this.web = web;
  }

  /**
   * What an artifact's location says.
   *
   * @param id the repository, as {@code org/name}
   * @param revision a branch, a tag or a commit
   * @param file the model's file in it; empty for the usual one
   */
  public record Place(String id, String revision, String file) {
    /**
     * {@return the place of a location such as {@code hf://org/name@revision/onnx/model.onnx}}
     *
     * @param revision the revision if the location has none
     * @throws NoSuchFileException if it is no such location
     */
    public static Place of(URI location, String revision) throws NoSuchFileException {
      Matcher path = LOCATION.matcher(String.valueOf(location.getRawPath()));
      String organization = location.getRawAuthority();
      if (organization == null || !path.matches()) {
        throw new NoSuchFileException(
            location.toString(), null, "it is no location such as hf://ORG/NAME@REVISION/FILE");
      }
      return new Place(
          organization + "/" + path.group("name"),
          Optional.ofNullable(path.group("revision")).map(Hub::decoded).orElse(revision),
          Optional.ofNullable(path.group("file")).map(Hub::decoded).orElse(""));
    }

    /** {@return whether the revision is a commit, which never changes} */
    public boolean isCommit() {
      return COMMIT.matcher(revision).matches();
    }

    public Place at(String newRevision) {
      return new Place(id, newRevision, file);
    }
  }

  /**
   * A revision of a repository.
   *
   * @param commit its commit
   * @param files the files in it, by their paths
   */
  public record Revision(String commit, Map<String, RemoteFile> files) {}

  /** {@return a revision, with all its files} */
  public Revision revision(Place place) throws IOException {
    URI at =
        at("/api/models/" + place.id() + "/revision/" + encoded(place.revision()) + "?blobs=true");
    JsonNode answer;
    try {
      answer = JSON.readTree(web.text(at));
    } catch (HttpStatusException e) {
      throw explained(e, place, "");
    }
    String commit = answer.path("sha").asText();
    if (!COMMIT.matcher(commit).matches()) {
      throw new IOException("the answer of " + endpoint + " has no commit: it is no hub");
    }
    Map<String, RemoteFile> files = new TreeMap<>();
    for (JsonNode sibling : answer.path("siblings")) {
      String path = sibling.path("rfilename").asText();
      files.put(path, file(place.at(commit), path, sibling));
    }
    return new Revision(commit, files);
  }

  private RemoteFile file(Place place, String path, JsonNode listed) {
    URI at = at("/" + place.id() + "/resolve/" + place.revision() + "/"
        + Stream.of(path.split("/", -1)).map(Hub::encoded).collect(Collectors.joining("/")));
    String sha256 = listed.path("lfs").path("sha256").asText();
    String blob = listed.path("blobId").asText();
    Optional<Hash> hash = SHA256.matcher(sha256).matches()
        ? Optional.of(new Hash(Hash.Kind.SHA256, sha256))
        : COMMIT.matcher(blob).matches() && listed.path("lfs").isMissingNode()
            ? Optional.of(new Hash(Hash.Kind.GIT, blob))
            : Optional.empty();
    long size = listed.path("lfs").path("size").asLong(listed.path("size").asLong(-1));
    return new RemoteFile(at, path, size, hash);
  }

  /** A mirror may have a path of its own, before that of the hub. */
  private URI at(String path) {
    return URI.create(endpoint.toString().replaceFirst("/+$", "") + path);
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /**
   * {@return the files of a revision that its model needs, as the entries of a folder with the model in its root}
   *
   * @throws NoSuchFileException if there is no model, or which one is open
   */
  public List<TarStream.Entry> model(Place place, Revision revision) throws IOException {
    String model = modelFile(place, revision.files().keySet());
    int slash = model.lastIndexOf('/');
    String folder = model.substring(0, slash + 1);
    String name = model.substring(slash + 1);
    Map<String, String> wanted = new TreeMap<>();
    for (String path : revision.files().keySet()) {
      // As most exporters call external data.
      String own = path.startsWith(folder) ? path.substring(folder.length()) : "";
      if (own.startsWith(name) || own.equals(name.replaceFirst("\\.onnx$", ".data"))) {
        wanted.put(own, path);
      }
    }
    List<String> folders = (folder.equals(ONNX + "/") || folder.endsWith("/" + ONNX + "/"))
        ? List.of(folder.substring(0, folder.length() - ONNX.length() - 1), folder)
        : List.of(folder);
    for (String base : folders) {
      for (String path : revision.files().keySet()) {
        if (path.startsWith(base)
            && TEXT_FILE.matcher(path.substring(base.length())).matches()) {
          wanted.put(path.substring(base.length()), path);
        }
      }
    }
    List<TarStream.Entry> entries = new ArrayList<>();
    for (Map.Entry<String, String> one : wanted.entrySet()) {
      RemoteFile listed = revision.files().get(one.getValue());
      if (listed != null) {
        RemoteFile file = listed.size() >= 0 ? listed : measured(listed, place);
        entries.add(new TarStream.Entry(
            one.getKey(),
            file.size(),
            () -> file.open(web, answers(place, file, revision.commit()))));
      }
    }
    return entries;
  }

  private static String modelFile(Place place, Collection<String> paths) throws IOException {
    if (!place.file().isEmpty()) {
      if (paths.contains(place.file())) {
        return place.file();
      }
      throw new NoSuchFileException(
          place.file(),
          null,
          place.id() + " has no file '" + place.file() + "'" + listed(models(paths)));
    }
    for (String usual : USUAL_MODELS) {
      if (paths.contains(usual)) {
        return usual;
      }
    }
    List<String> models = models(paths);
    if (models.size() == 1) {
      return models.get(0);
    }
    throw new NoSuchFileException(
        place.id(),
        null,
        models.isEmpty()
            ? place.id() + " has no ONNX model: take a repository with one, or export it with"
                + " 'optimum-cli export onnx'"
            : place.id() + " has several models" + listed(models) + "; name one, as in hf://"
                + place.id() + "/" + models.get(0));
  }

  private static List<String> models(Collection<String> paths) {
    return paths.stream().filter(path -> path.endsWith(".onnx")).sorted().toList();
  }

  private static String listed(Collection<String> models) {
    return models.isEmpty()
        ? ""
        : ": " + models.stream().limit(MOST_LISTED).collect(Collectors.joining(", "))
            + (models.size() > MOST_LISTED ? ", ..." : "");
  }

  /** A file whose size a mirror has not listed. */
  private RemoteFile measured(RemoteFile file, Place place) throws IOException {
    try (Web.Answer answer = web.head(file.at())) {
      String linked = answer.header("X-Linked-Size").orElse("");
      long size = linked.matches("\\d{1,18}") ? Long.parseLong(linked) : answer.length();
      if (size < 0) {
        throw new IOException(endpoint + " does not say how large " + file.shown() + " is");
      }
      return new RemoteFile(file.at(), file.shown(), size, file.hash());
    } catch (HttpStatusException e) {
      throw explained(e, place, file.shown());
    }
  }

  private RemoteFile.Server answers(Place place, RemoteFile file, String commit) {
    return new RemoteFile.Server() {
      @Override
      public Optional<Hash> hash(Web.Answer answer) throws IOException {
        return Hub.hash(answer, file, commit);
      }

      @Override
      public IOException explained(HttpStatusException e) {
        return Hub.this.explained(e, place, file.shown());
      }
    };
  }

  /** {@return the hash that an answer gives; checks that it is the listed one, and that the commit is} */
  private static Optional<Hash> hash(Web.Answer answer, RemoteFile file, String commit)
      throws IOException {
    String actual = answer.header("X-Repo-Commit").orElse(commit);
    if (!actual.equals(commit)) {
      throw new IOException(
          file.shown() + " came from commit " + actual + ", and not from " + commit);
    }
    Optional<Hash> given = etag(answer, "X-Linked-Etag").or(() -> etag(answer, "ETag"));
    if (given.isPresent()
        && file.hash().isPresent()
        && given.get().kind() == file.hash().get().kind()
        && !given.equals(file.hash())) {
      throw new IOException(file.shown() + " is to have the " + given.get().kind() + " "
          + given.get().value() + ", and was listed with " + file.hash().get().value());
    }
    return given;
  }

  private static Optional<Hash> etag(Web.Answer answer, String header) {
    String value = answer.header(header).orElse("").replaceFirst("^W/", "").replace("\"", "");
    return SHA256.matcher(value).matches()
        ? Optional.of(new Hash(Hash.Kind.SHA256, value))
        : COMMIT.matcher(value).matches()
            ? Optional.of(new Hash(Hash.Kind.GIT, value))
            : Optional.empty();
  }

  /** {@return the exception of a status, as fetchers throw it} */
  private IOException explained(HttpStatusException e, Place place, String file) {
    String reason = String.valueOf(e.getMessage());
    if (e.status() == 401 || e.status() == 403) {
      boolean gated = e.code().equals("GatedRepo");
      return new AccessDeniedException(
          place.id(),
          null,
          reason
              + (gated
                  ? "; accept the conditions of " + at("/" + place.id())
                      + " and give HuggingFaceFetcher.withToken a token that may read it"
                  : "; the hub says so of repositories that do not exist, too: check " + place.id()
                      + ", or give HuggingFaceFetcher.withToken a token that may read it"));
    }
    if (e.status() == 404 || e.status() == 410) {
      return new NoSuchFileException(
          place.id(),
          null,
          reason
              + switch (e.code()) {
                case "RevisionNotFound" ->
                  "; " + place.id() + " has no revision '" + place.revision() + "'";
                case "EntryNotFound" -> "; " + place.id() + " has no file '" + file + "'";
                default ->
                  "; is " + place.id() + " '" + place.revision() + "' on " + endpoint + "?";
              });
    }
    return e;
  }
}
