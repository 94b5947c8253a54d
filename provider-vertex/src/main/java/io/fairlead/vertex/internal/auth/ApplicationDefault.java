package io.fairlead.vertex.internal.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A description of the application default credentials: where they come from, or why each source has none.
 *
 * <p>Google's library looks for them in this order, and its message does not say what it saw.
 */
public final class ApplicationDefault {
  private static final String KEY = "GOOGLE_APPLICATION_CREDENTIALS";
  private static final String LOGIN = "run 'gcloud auth application-default login'";
  private static final String METADATA = "GCE_METADATA_HOST";
  private static final String USUAL_METADATA = "metadata.google.internal";
  private static final List<String> TYPES = List.of(
      "service_account",
      "external_account",
      "external_account_authorized_user",
      "impersonated_service_account",
      "authorized_user",
      "gdch_service_account");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, String> environment;
  private final Path home;

  /** Creates a description of an environment. */
  public ApplicationDefault(Map<String, String> environment, Path home) {
    this.environment = environment;
    this.home = home;
  }

  /** {@return those of this process} */
  public static ApplicationDefault ofThisProcess() {
    return new ApplicationDefault(System.getenv(), Path.of(System.getProperty("user.home", ".")));
  }

  private Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
  }

  /** {@return gcloud's file, in the folder of its configuration} */
  private Path gcloud() {
    Path folder = variable("CLOUDSDK_CONFIG")
        .map(Path::of)
        .orElseGet(() -> isWindows()
            ? Path.of(variable("APPDATA").orElse("."), "gcloud")
            : home.resolve(".config").resolve("gcloud"));
    return folder.resolve("application_default_credentials.json");
  }

  private static boolean isWindows() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("windows");
  }

  /** {@return the source that Google's library takes, as a phrase; reads no file} */
  public String source() {
    String what = "the application default credentials, ";
    Optional<String> key = variable(KEY);
    if (key.isPresent()) {
      return what + KEY + "=" + key.get();
    }
    try {
      Path gcloud = gcloud();
      if (Files.isRegularFile(gcloud)) {
        return what + "gcloud's " + gcloud;
      }
    } catch (InvalidPathException e) {
      return what + "of CLOUDSDK_CONFIG=" + variable("CLOUDSDK_CONFIG").orElse("");
    }
    return what + "the metadata server at " + variable(METADATA).orElse(USUAL_METADATA);
  }

  /** {@return for each source why it has none, and what to do, as one sentence} */
  public String explained() {
    List<String> sources = new ArrayList<>();
    Optional<String> key = variable(KEY);
    if (key.isPresent()) {
      sources.add(KEY + " names " + key.get() + ", " + state(key.get()));
      sources.add("the other sources are not looked at where it is set: unset it to use them");
      return String.join("; ", sources);
    }
    sources.add(
        KEY
            + " is not set: set it to the file of a service account's key, or of the configuration of workload identity federation");
    sources.add(gcloudState());
    sources.add(
        variable("NO_GCE_CHECK").filter("true"::equalsIgnoreCase).isPresent()
            ? "the metadata server was not asked, because NO_GCE_CHECK is set"
            : "the metadata server at " + variable(METADATA).orElse(USUAL_METADATA)
                + " did not answer: it does on Google Cloud only, for machines and pods with a service account");
    return String.join("; ", sources);
  }

  private String gcloudState() {
    try {
      Path gcloud = gcloud();
      return Files.isRegularFile(gcloud)
          ? gcloud + ", " + state(gcloud.toString()) + ": " + LOGIN
          : gcloud + " does not exist: " + LOGIN;
    } catch (InvalidPathException e) {
      return "CLOUDSDK_CONFIG is no path";
    }
  }

  /** {@return what is wrong with a file, as the rest of a sentence; none of its content but the type} */
  private static String state(String name) {
    JsonNode json;
    try {
      Path file = Path.of(name);
      if (!Files.exists(file)) {
        return "which does not exist";
      }
      if (!Files.isRegularFile(file)) {
        return "which is no file";
      }
      json = JSON.readTree(file.toFile());
    } catch (InvalidPathException e) {
      return "which is no path";
    } catch (IOException e) {
      return "which cannot be read as JSON";
    }
    String type = json.path("type").asText();
    if (!TYPES.contains(type)) {
      return "whose type is '" + type + "', none of " + String.join(", ", TYPES);
    }
    Optional<String> token = Optional.of(
            json.path("credential_source").path("file").asText())
        .filter(file -> !file.isEmpty() && !Files.exists(Path.of(file)));
    return token
        .map(missing ->
            "of type " + type + ", whose token is to be in " + missing + ", which does not exist")
        .orElse("of type " + type);
  }
}
