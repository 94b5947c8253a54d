package io.fairlead.azureml.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.contract.Held;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What goes back: a status, headers, and a body in one or more pieces. */
final class Answer {
  private final int status;
  private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private final List<byte[]> pieces;

  /** What holds all but the first piece. */
  private @Nullable Held held;

  private boolean broken;

  private Answer(int status, List<byte[]> pieces) {
    this.status = status;
    this.pieces = pieces;
  }

  static Answer json(int status, JsonNode body) {
    return of(status, "application/json; charset=utf-8", Json.bytes(body));
  }

  static Answer xml(int status, String text) {
    return of(
        status,
        "application/xml",
        ("\uFEFF<?xml version=\"1.0\" encoding=\"utf-8\"?>" + text).getBytes(UTF_8));
  }

  static Answer empty(int status) {
    return new Answer(status, List.of());
  }

  static Answer of(int status, String contentType, byte[] body) {
    return pieces(status, contentType, List.of(body));
  }

  static Answer pieces(int status, String contentType, List<byte[]> pieces) {
    return new Answer(status, List.copyOf(pieces)).with("Content-Type", contentType);
  }

  /** {@return one that differs in its body only} */
  Answer withBody(byte[] body) {
    Answer other = new Answer(status, body.length == 0 ? List.of() : List.of(body));
    other.headers.putAll(headers);
    return other;
  }

  Answer with(String header, String value) {
    headers.put(header, value);
    return this;
  }

  /** Keeps all but the first piece until a test releases it. */
  Answer held(@Nullable Held hold) {
    held = hold;
    return this;
  }

  /** Ends without its end: the connection breaks after the last piece. */
  Answer broken(boolean isBroken) {
    broken = isBroken;
    return this;
  }

  int status() {
    return status;
  }

  Map<String, String> headers() {
    return headers;
  }

  @Nullable
  String header(String name) {
    return headers.get(name);
  }

  List<byte[]> pieces() {
    return pieces;
  }

  @Nullable
  Held held() {
    return held;
  }

  boolean isBroken() {
    return broken;
  }

  byte[] body() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    pieces.forEach(all::writeBytes);
    return all.toByteArray();
  }
}
