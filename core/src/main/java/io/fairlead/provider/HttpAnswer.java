package io.fairlead.provider;

import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.util.List;

/**
 * An answer over HTTP that is not an error.
 *
 * @param status the status code
 * @param headers the headers, whose names have no case
 * @param body the body, or its pieces
 */
public record HttpAnswer<B>(int status, HttpHeaders headers, B body) {
  private static final String UNKNOWN_TYPE = "application/octet-stream";

  static <B> HttpAnswer<B> of(HttpResponse<?> response, B body) {
    return new HttpAnswer<>(response.statusCode(), response.headers(), body);
  }

  /**
   * {@return the first value of a header}
   *
   * @param absent what is returned if there is none
   */
  public String header(String name, String absent) {
    return first(headers, name, absent);
  }

  /** {@return the content type of the body; that of any bytes if the answer has none} */
  public String contentType() {
    return header("Content-Type", UNKNOWN_TYPE);
  }

  /** Without an Optional, because it is read for each request. */
  static String first(HttpHeaders headers, String name, String absent) {
    List<String> values = headers.map().get(name);
    return values == null || values.isEmpty() ? absent : values.get(0);
  }

  /** {@return the status only: headers and bodies may be confidential} */
  @Override
  public String toString() {
    return "HttpAnswer[" + status + "]";
  }
}
