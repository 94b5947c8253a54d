package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.util.Optional;

/**
 * Where a deployment is.
 *
 * @param id the platform's own name of what has the public name, such as an ARN on AWS or a resource name on Google
 *     Cloud
 * @param url where it answers over HTTP; empty if it does not, or not by a URL of its own
 * @param console its page for people in the platform's web console, if it has one
 */
public record Location(String id, Optional<URI> url, Optional<URI> console) {
  public Location {
    requireNonNull(id, "id");
    requireNonNull(url, "url");
    requireNonNull(console, "console");
  }

  /** {@return a location without a URL and a console} */
  public static Location of(String id) {
    return new Location(id, Optional.empty(), Optional.empty());
  }

  public Location withUrl(URI newUrl) {
    return new Location(id, Optional.of(newUrl), console);
  }

  public Location withConsole(URI newConsole) {
    return new Location(id, url, Optional.of(newConsole));
  }

  /** {@return the location as one line, of what is known} */
  @Override
  public String toString() {
    return "Location[" + id
        + url.map(known -> ", " + known).orElse("")
        + console.map(known -> ", " + known).orElse("") + "]";
  }
}
