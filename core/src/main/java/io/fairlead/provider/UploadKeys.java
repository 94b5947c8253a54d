package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.util.Optional;

/**
 * The keys of uploads in a store: {@code PREFIX/HASH}, the folder of a model's files.
 *
 * @param prefix the prefix of all keys, which ends with {@code /}
 * @param digits how many hexadecimal digits of the hash of the content are in a key
 */
public record UploadKeys(String prefix, int digits) {
  private static final int FEWEST = 32;
  private static final int ALL = 64;
  private static final String DIGITS = "0123456789abcdef";

  public UploadKeys {
    requireNonNull(prefix, "prefix");
    Problems.in("UploadKeys")
        .check(prefix.endsWith("/"), "prefix", "must end with /", prefix)
        .check(
            digits >= FEWEST && digits <= ALL,
            "digits",
            "must be from " + FEWEST + " to " + ALL,
            digits)
        .throwIfAny();
  }

  /** {@return the key of a model of this content} */
  public String of(String sha256) {
    return prefix + sha256.substring(0, digits);
  }

  /** {@return whether this is a key} */
  public boolean isKey(String key) {
    return key.length() == prefix.length() + digits
        && key.startsWith(prefix)
        && key.chars().skip(prefix.length()).allMatch(digit -> DIGITS.indexOf(digit) >= 0);
  }

  /** {@return the key of an upload that has an object of this name; empty if none has} */
  public Optional<String> ofObject(String name) {
    int end = prefix.length() + digits;
    return name.length() > end + 1 && name.charAt(end) == '/' && isKey(name.substring(0, end))
        ? Optional.of(name.substring(0, end))
        : Optional.empty();
  }
}
