package io.fairlead.azureml.internal;

import io.fairlead.grammar.Problems;
import java.net.URI;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The forms of locations and references that Azure ML reads. */
final class Locations {
  /** The scheme of what is in the workspace or in a registry already. */
  static final String SCHEME = "azureml";

  private static final String HUB = "hf";
  private static final String REGISTRIES = SCHEME + "://registries/";
  private static final String NEWEST = "/labels/latest";

  private static final Pattern OF_WORKSPACE =
      Pattern.compile(SCHEME + ":(?!/)([^:/@]+)[:/]([^:/@]+)");
  private static final Pattern MODEL = ofRegistry("models");
  private static final Pattern ENVIRONMENT = ofRegistry("environments");
  private static final Pattern FILES =
      Pattern.compile("azureml://subscriptions/.+/datastores/[^/]+/paths/.+"
          + "|azureml://datastores/[^/]+/paths/.+"
          + "|azureml://jobs/.+"
          + "|https://[^/]+\\.blob\\.[^/]+/[^/]+/.+");
  private static final Pattern OF_HUB = Pattern.compile("hf://[^/@?#]+/[^/@?#]+");

  private Locations() {}

  private static Pattern ofRegistry(String assets) {
    return Pattern.compile(
        REGISTRIES + "[^/]+/" + assets + "/[^/]+/(versions/[^/]+|labels/latest)");
  }

  static boolean isLocal(URI uri) {
    return "file".equals(uri.getScheme());
  }

  /** {@return whether it is of the Hugging Face hub} */
  static boolean isOfHub(URI uri) {
    return HUB.equals(uri.getScheme());
  }

  static boolean isOfRegistry(String reference) {
    return reference.startsWith(REGISTRIES);
  }

  /** {@return whether a reference is to whichever version is the newest} */
  static boolean isNewest(String reference) {
    return reference.endsWith(NEWEST);
  }

  /** {@return whether a version is one of those that a reference to the newest is to} */
  static boolean isOneOf(String newest, String version) {
    String all = newest.substring(0, newest.length() - NEWEST.length()) + "/";
    return version.regionMatches(true, 0, all, 0, all.length());
  }

  /** {@return the reference of a model that is registered in the workspace or in a registry; empty if it is none} */
  static Optional<String> registeredModel(String location) {
    return registered(location, MODEL);
  }

  /** {@return the reference of an environment that is registered; empty if it is the reference of an image} */
  static Optional<String> registeredEnvironment(String image) {
    return registered(image, ENVIRONMENT);
  }

  private static Optional<String> registered(String location, Pattern ofRegistry) {
    Matcher ofWorkspace = OF_WORKSPACE.matcher(location);
    if (ofWorkspace.matches()) {
      return Optional.of(ofWorkspace.group(1) + ":" + ofWorkspace.group(2));
    }
    return Optional.of(location).filter(text -> ofRegistry.matcher(text).matches());
  }

  /** {@return how a reference is written in the grammar: the inverse of {@link #registeredModel}} */
  static String written(String reference) {
    return reference.startsWith(SCHEME + "://") ? reference : SCHEME + ":" + reference;
  }

  /** {@return the model of the hub as a registry has it} */
  static String ofHub(URI model, String registry, Optional<String> version) {
    String id = model.getAuthority() + model.getPath();
    String name = id.replace('/', '-').replace('_', '-').toLowerCase(java.util.Locale.ROOT);
    return REGISTRIES + registry + "/models/" + name
        + version.map(number -> "/versions/" + number).orElse(NEWEST);
  }

  static void checkHub(URI model, Problems problems) {
    problems.check(
        OF_HUB.matcher(model.toString()).matches(),
        "artifact.weights",
        "must be hf://ORG/NAME: registries have models of the hub as a whole, in versions of their own",
        model);
  }

  /** Notes files that Azure ML cannot read, or not without a secret. */
  static void checkFiles(String field, URI files, String otherwise, Problems problems) {
    String location = files.toString();
    problems.check(
        FILES.matcher(location).matches(),
        field,
        "must be files of this machine, at azureml://datastores/NAME/paths/... or in blob storage"
            + otherwise,
        files.getScheme() + ":");
    problems.check(
        !location.startsWith("https:") || files.getRawQuery() == null,
        field,
        "must be without a signature: everybody who may read the model would see it, and Azure ML reads blobs as the "
            + "identity of the endpoint");
  }
}
