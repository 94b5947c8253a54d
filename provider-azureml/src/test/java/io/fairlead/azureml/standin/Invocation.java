package io.fairlead.azureml.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;

/** A request that reached a deployment. */
public final class Invocation {
  private final String endpoint;
  private final String deployment;
  private final String path;
  private final Map<String, String> headers;
  private final byte[] body;

  Invocation(
      String endpoint, String deployment, String path, Map<String, String> headers, byte[] body) {
    this.endpoint = endpoint;
    this.deployment = deployment;
    this.path = path;
    this.headers = Map.copyOf(headers);
    this.body = body;
  }

  /** {@return the endpoint that was asked} */
  public String endpoint() {
    return endpoint;
  }

  /** {@return the deployment that answered} */
  public String deployment() {
    return deployment;
  }

  /** {@return the path below the endpoint, such as {@code /score}} */
  public String path() {
    return path;
  }

  /** {@return the request's headers, their names in lower case} */
  public Map<String, String> headers() {
    return headers;
  }

  /** {@return the request's body} */
  public byte[] body() {
    return body.clone();
  }

  /** {@return the request's body as text} */
  public String text() {
    return new String(body, UTF_8);
  }
}
