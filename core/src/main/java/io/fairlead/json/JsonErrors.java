package io.fairlead.json;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.InvalidNullException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Says what Jackson found in the words of the grammar. */
final class JsonErrors {
  private final String subject;

  JsonErrors(Class<?> type) {
    this.subject = type.getSimpleName();
  }

  InvalidValueException nothing() {
    return new InvalidValueException(
        subject, List.of(new Problem("JSON", "must be an object", "null")));
  }

  InvalidValueException translate(JsonProcessingException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof InvalidValueException invalid) {
        String path = path(e);
        return new InvalidValueException(
            subject,
            invalid.problems().stream()
                .map(problem -> path.isEmpty() ? problem : problem.under(path))
                .toList(),
            e);
      }
    }
    return new InvalidValueException(subject, List.of(problem(e)), e);
  }

  private static Problem problem(JsonProcessingException e) {
    String path = path(e);
    if (e instanceof UnrecognizedPropertyException unknown) {
      String known = unknown.getKnownPropertyIds() == null
          ? ""
          : "; there are: "
              + unknown.getKnownPropertyIds().stream()
                  .map(String::valueOf)
                  .collect(Collectors.joining(", "));
      return new Problem(
          path, "is not a field of " + unknown.getReferringClass().getSimpleName() + known, "");
    }
    if (e instanceof InvalidNullException) {
      return new Problem(path, "must not be null", "");
    }
    if (e instanceof InvalidFormatException format) {
      return new Problem(path, rule(format), '"' + String.valueOf(format.getValue()) + '"');
    }
    if (e instanceof MismatchedInputException mismatched) {
      return mismatched(path, mismatched);
    }
    if (e instanceof JsonMappingException) {
      return new Problem(path, "cannot be read: " + e.getOriginalMessage(), "");
    }
    JsonLocation at = e.getLocation();
    return new Problem(
        "JSON",
        "must be well-formed: " + firstLine(e.getOriginalMessage())
            + (at == null ? "" : ", at line " + at.getLineNr() + ", column " + at.getColumnNr()),
        "");
  }

  private static Problem mismatched(String path, MismatchedInputException e) {
    String message = String.valueOf(e.getOriginalMessage());
    if (message.startsWith("Missing required creator property")) {
      return new Problem(path, "is missing", "");
    }
    return new Problem(
        path.isEmpty() ? "JSON" : path, "must be " + described(e.getTargetType()), got(message));
  }

  /** Jackson keeps the token that it met only in its message. */
  private static String got(String message) {
    for (String token :
        List.of("String", "Integer", "Floating-point", "Boolean", "Array", "Object", "null")) {
      if (message.contains("from " + token + " value")
          || message.contains("Cannot coerce " + token)) {
        return "a value of type " + token.toLowerCase(Locale.ROOT);
      }
    }
    return "another type";
  }

  private static String rule(InvalidFormatException format) {
    Class<?> target = format.getTargetType();
    String message = String.valueOf(format.getOriginalMessage());
    int ours = message.indexOf("must be ");
    if (ours >= 0) {
      return message.substring(ours);
    }
    if (target != null && target.isEnum()) {
      return "must be one of "
          + java.util.Arrays.stream(target.getEnumConstants())
              .map(String::valueOf)
              .collect(Collectors.joining(", "));
    }
    return "must be " + described(target);
  }

  private static String described(@Nullable Class<?> type) {
    if (type == null) {
      return "of another type";
    }
    if (type == int.class || type == long.class || type == Integer.class || type == Long.class) {
      return "a whole number";
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type == String.class
        || type == java.net.URI.class
        || type == java.time.Duration.class
        || type.isEnum()) {
      return "a string";
    }
    if (java.util.Collection.class.isAssignableFrom(type)) {
      return "an array";
    }
    return "an object";
  }

  private static String path(JsonProcessingException e) {
    if (!(e instanceof JsonMappingException mapping)) {
      return "";
    }
    StringBuilder path = new StringBuilder();
    for (Reference reference : mapping.getPath()) {
      if (reference.getFieldName() == null) {
        path.append('[').append(reference.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(reference.getFieldName());
      }
    }
    return path.toString();
  }

  private static String firstLine(String message) {
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }
}
